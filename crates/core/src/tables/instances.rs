//! `instances.csv`: a line per instance.

use std::collections::HashMap;
use std::io::{self, Write};

use super::Table;
use crate::contract::InstanceRow;
use crate::readiness::{Finding, Status};
use crate::report::TargetReport;

/// The columns, in their order. Those named as in `report.json` mean the same; lists of patches are numbers here, and
/// `patches.csv` names them.
pub const COLUMNS: [&str; 24] = [
    "accountId",
    "accountName",
    "ouPath",
    "region",
    "stage",
    "wave",
    "instanceId",
    "name",
    "os",
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
];

/// Writes the table of those instances; `targets` knows the names of their accounts.
pub fn write<'r>(
    out: impl Write,
    targets: &[TargetReport],
    rows: impl IntoIterator<Item = &'r InstanceRow>,
) -> io::Result<()> {
    let places = Places::of(targets);
    let mut table = Table::new(out, &COLUMNS)?;
    for row in rows {
        let (account_name, ou_path) = places.names(row);
        let wave = row.wave.to_string();
        let findings = findings(&row.findings);
        let patches = [
            &row.missing_before,
            &row.installed,
            &row.failed,
            &row.missing_after,
            &row.installed_untested,
            &row.held_back,
        ]
        .map(|patches| patches.len().to_string());
        let [missing_before, installed, failed, missing_after, installed_untested, held_back] = &patches;
        let commands = row.command_ids.join(" ");
        let conflicts: Vec<&str> = row.conflicts.iter().map(|conflict| conflict.reason.code.as_str()).collect();
        let conflicts = conflicts.join(", ");
        let cells: [&str; COLUMNS.len()] = [
            &row.account_id,
            account_name,
            ou_path,
            &row.region,
            &row.stage,
            &wave,
            &row.instance_id,
            row.name.as_deref().unwrap_or_default(),
            row.os.as_deref().unwrap_or_default(),
            row.agent_version.as_deref().unwrap_or_default(),
            row.outcome.name(),
            &row.reason.code,
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
            row.overwritten_by.as_ref().map_or("", |reason| &reason.code),
        ];
        table.row(cells)?;
    }
    table.end()
}

/// Names of accounts by account and Region.
pub(super) struct Places<'t>(HashMap<(&'t str, &'t str), &'t TargetReport>);

impl<'t> Places<'t> {
    pub(super) fn of(targets: &'t [TargetReport]) -> Self {
        Self(targets.iter().map(|target| ((target.account_id.as_str(), target.region.as_str()), target)).collect())
    }

    /// Account name and path of organizational units.
    pub(super) fn names(&self, row: &InstanceRow) -> (&'t str, &'t str) {
        let target = self.0.get(&(row.account_id.as_str(), row.region.as_str()));
        target.map_or(("", ""), |target| (target.account_name.as_str(), target.ou_path.as_str()))
    }
}

/// What was found that is not simply right, as `check: status`.
fn findings(findings: &[Finding]) -> String {
    let wrong = findings.iter().filter(|finding| finding.status != Status::Pass);
    let words: Vec<String> =
        wrong.map(|finding| format!("{}: {}", finding.check.id(), finding.status.name())).collect();
    words.join(", ")
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
