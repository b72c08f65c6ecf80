//! Table `instances`: what became of an instance.

use orgpatch_engine::readiness::Finding;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::ReasonCode;
use serde::Serialize;

use super::run::Subject;

/// A line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    subject: Subject<'r>,
    /// Version of the SSM Agent, or null.
    agent_version: Option<&'r str>,
    /// What happened: `patched`, `failed` …
    outcome: Outcome,
    /// Why, as a code.
    reason_code: &'r ReasonCode,
    /// Why, for people.
    reason_text: &'r str,
    /// How many patches the first scan of the run found missing.
    missing_before: usize,
    /// How many of those were there afterwards.
    installed: usize,
    /// How many of those were still missing.
    failed: usize,
    /// How many the scan after an install found missing.
    missing_after: usize,
    /// How many were held back, because the first stage has not installed them.
    held_back: usize,
    /// The patch baseline it was judged by, or null.
    baseline_id: Option<&'r str>,
    /// What is not right about its readiness, as `check: status`; the words of `instances.csv`.
    findings: Vec<String>,
    /// Codes of who else patches it.
    conflicts: Vec<&'r ReasonCode>,
    /// Code of who replaced the result of the run's scan, or null.
    overwritten_by: Option<&'r ReasonCode>,
}

impl<'r> Line<'r> {
    pub(super) fn of(subject: Subject<'r>, row: &'r InstanceRow) -> Self {
        Self {
            subject,
            agent_version: row.agent_version.as_deref(),
            outcome: row.outcome,
            reason_code: &row.reason.code,
            reason_text: &row.reason.text,
            missing_before: row.missing_before.len(),
            installed: row.installed.len(),
            failed: row.failed.len(),
            missing_after: row.missing_after.len(),
            held_back: row.held_back.len(),
            baseline_id: row.baseline_id.as_deref(),
            findings: row.findings.iter().filter_map(Finding::wrong).collect(),
            conflicts: row.conflicts.iter().map(|conflict| &conflict.reason.code).collect(),
            overwritten_by: row.overwritten_by.as_ref().map(|reason| &reason.code),
        }
    }
}
