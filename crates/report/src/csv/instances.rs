//! `instances.csv`: a line per instance.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use orgpatch_engine::readiness::Finding;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_plan::local;

use super::{Lines, which};
use crate::TargetReport;

/// The columns after those that identify the instance, in their order. Columns with names of `report.json` have the same
/// meaning. Lists of patches are numbers here; `patches.csv` names the patches. `missingBefore` and `missingAfter` include
/// those that are not listed, of which there are `moreMissingBefore` and `moreMissingAfter`. `passes` is the outcome of each
/// of two installs, separated by blanks. `judgedBy` is a code, `neverReboot` is the text of the reason. The local times are those of the
/// plan's `timeZone`; without one they are empty.
pub const COLUMNS: [&str; 29] = [
    "agentVersion",
    "outcome",
    "reasonCode",
    "reason",
    "findings",
    "missingBefore",
    "installed",
    "failed",
    "missingAfter",
    "installedUntested",
    "heldBack",
    "baselineId",
    "commandIds",
    "conflicts",
    "overwrittenBy",
    "availabilityZone",
    "passes",
    "moreMissingBefore",
    "moreMissingAfter",
    "judgedBy",
    "openCommand",
    "startedAt",
    "finishedAt",
    "startedAtLocal",
    "finishedAtLocal",
    "neverReboot",
    "pendingRebootSince",
    "availableSecurityUpdates",
    "awsStatus",
];

/// Writes the line of an instance.
pub fn line(
    lines: &mut Lines<impl Write>,
    target: &TargetReport,
    row: &InstanceRow,
    zone: Option<&TimeZone>,
) -> io::Result<()> {
    let wave = row.wave.to_string();
    let findings = findings(&row.findings);
    let missing = [row.count_missing_before(), row.count_missing_after()].map(|n| n.to_string());
    let [missing_before, missing_after] = &missing;
    let patches =
        [&row.installed, &row.failed, &row.installed_untested, &row.held_back].map(|patches| patches.len().to_string());
    let [installed, failed, installed_untested, held_back] = &patches;
    let [more_before, more_after] = [row.more_missing_before, row.more_missing_after].map(|more| more.to_string());
    let commands = row.command_ids.join(" ");
    let conflicts: Vec<_> = row.conflicts.iter().map(|conflict| conflict.reason.code.name()).collect();
    let conflicts = conflicts.join(", ");
    let reason_code = row.reason.code.name();
    let overwritten_by = row.overwritten_by.as_ref().map(|reason| reason.code.name()).unwrap_or_default();
    let judged_by = row.judged_by.as_ref().map(|reason| reason.code.name()).unwrap_or_default();
    let pending_since = row.pending_reboot_since.map(|at| at.to_string()).unwrap_or_default();
    let available = row.available_security_updates.to_string();
    let passes: Vec<&str> = row.passes.iter().map(|pass| pass.outcome.name()).collect();
    let passes = passes.join(" ");
    let times = [row.started_at, row.finished_at];
    let [started_at, finished_at] = times.map(|at| at.map(|at| format!("{at:.0}")).unwrap_or_default());
    let [started_there, finished_there] =
        times.map(|at| at.zip(zone).map(|(at, zone)| local(at, zone)).unwrap_or_default());
    let cells: [&str; COLUMNS.len()] = [
        row.agent_version.as_deref().unwrap_or_default(),
        row.outcome.name(),
        &reason_code,
        &row.reason.text,
        &findings,
        missing_before,
        installed,
        failed,
        missing_after,
        installed_untested,
        held_back,
        row.baseline_id.as_deref().unwrap_or_default(),
        &commands,
        &conflicts,
        &overwritten_by,
        row.availability_zone.as_deref().unwrap_or_default(),
        &passes,
        &more_before,
        &more_after,
        &judged_by,
        row.open_command.as_deref().unwrap_or_default(),
        &started_at,
        &finished_at,
        &started_there,
        &finished_there,
        row.never_reboot.as_ref().map(|reason| reason.text.as_str()).unwrap_or_default(),
        &pending_since,
        &available,
        row.aws_status.map(ComplianceStatus::name).unwrap_or_default(),
    ];
    lines.add(which(target, row, &wave).into_iter().chain(cells))
}

/// Returns the findings that do not pass, as `check: status`.
fn findings(findings: &[Finding]) -> String {
    findings.iter().filter_map(Finding::wrong).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn findings_are_named_by_what_is_wrong() {
        let finding = |check: &str, status: &str| {
            let finding = json!({"check": check, "status": status, "severity": "high", "evidence": "x", "causes": []});
            serde_json::from_value::<Finding>(finding).expect("a finding")
        };
        let found = [finding("agent", "pass"), finding("endpoints", "fail"), finding("python", "unknown")];
        assert_eq!(findings(&found), "endpoints: fail, python: unknown");
        assert_eq!(findings(&[]), "");
    }
}
