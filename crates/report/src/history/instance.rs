//! Table `instances`: the result of an instance in a run.

use orgpatch_engine::readiness::Finding;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_model::reason::ReasonCode;
use serde::Serialize;

use super::run::InstanceColumns;
use super::time;

/// A line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    subject: InstanceColumns<'r>,
    /// Version of the SSM Agent, or null.
    agent_version: Option<&'r str>,
    /// What happened: `patched`, `failed` …
    outcome: Outcome,
    /// Code of the reason.
    reason_code: &'r ReasonCode,
    /// Text of the reason.
    reason_text: &'r str,
    /// How many patches the first scan of the run found missing, whether they are listed or not.
    missing_before: usize,
    /// How many of those that are listed were installed afterwards.
    installed: usize,
    /// How many of those that are listed were still missing.
    failed: usize,
    /// How many patches the scan after an install found missing, whether they are listed or not.
    missing_after: usize,
    /// How many patches were held back because the first stage has not installed them.
    held_back: usize,
    /// The patch baseline of the scan, or null.
    baseline_id: Option<&'r str>,
    /// Readiness findings that do not pass, as `check: status`; the words of `instances.csv`.
    findings: Vec<String>,
    /// Codes of the conflicts with other tools.
    conflicts: Vec<&'r ReasonCode>,
    /// Code of the tool that probably overwrote the result of the run's scan, or null.
    overwritten_by: Option<&'r ReasonCode>,
    /// How many installs it had, if it had two; else null.
    passes: Option<usize>,
    /// Why the outcome is by another baseline than the plan's, as a code, or null.
    judged_by: Option<&'r ReasonCode>,
    /// When the agent began the first install of the run, or null.
    install_started_at: Option<String>,
    /// When the agent ended the last install of the run, or null.
    install_finished_at: Option<String>,
    /// Since when installed patches wait for a reboot, or null.
    pending_reboot_since: Option<String>,
    /// How many security updates are out that its baseline does not approve. Systems Manager counts them for Windows only.
    available_security_updates: u32,
    /// What Systems Manager counts the instance as: `compliant`, `non-compliant`, or null if no scan has told it.
    aws_status: Option<ComplianceStatus>,
}

impl<'r> Line<'r> {
    pub(super) fn of(subject: InstanceColumns<'r>, row: &'r InstanceRow) -> Self {
        Self {
            subject,
            agent_version: row.agent_version.as_deref(),
            outcome: row.outcome,
            reason_code: &row.reason.code,
            reason_text: &row.reason.text,
            missing_before: row.count_missing_before(),
            installed: row.installed.len(),
            failed: row.failed.len(),
            missing_after: row.count_missing_after(),
            held_back: row.held_back.len(),
            baseline_id: row.baseline_id.as_deref(),
            findings: row.findings.iter().filter_map(Finding::wrong).collect(),
            conflicts: row.conflicts.iter().map(|conflict| &conflict.reason.code).collect(),
            overwritten_by: row.overwritten_by.as_ref().map(|reason| &reason.code),
            passes: Some(row.passes.len()).filter(|passes| *passes > 0),
            judged_by: row.judged_by.as_ref().map(|reason| &reason.code),
            install_started_at: row.started_at.map(time),
            install_finished_at: row.finished_at.map(time),
            pending_reboot_since: row.pending_reboot_since.map(time),
            available_security_updates: row.available_security_updates,
            aws_status: row.aws_status,
        }
    }
}
