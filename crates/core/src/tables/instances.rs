//! `instances.csv`: a line per instance.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::Value;

use super::Table;
use crate::contract::InstanceRow;
use crate::report::TargetReport;

/// The columns, in their order. Those named as in `report.json` mean the same; lists of patches are numbers here, and
/// `patches.csv` names them.
pub const COLUMNS: [&str; 22] = [
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
        let findings = findings(&serde_json::to_value(&row.findings)?);
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

/// What was found wrong, as `check: status`; a finding that is a bare reason by its code. Read from what is written to
/// `report.json`, so that the table follows the findings as they grow.
fn findings(findings: &Value) -> String {
    let text = |finding: &Value| {
        let field = |name: &str| finding.get(name).and_then(Value::as_str);
        match (field("check"), field("status")) {
            (Some(_), Some("pass")) => None,
            (Some(check), Some(status)) => Some(format!("{check}: {status}")),
            _ => field("code").map(str::to_owned),
        }
    };
    let found: Vec<String> = findings.as_array().into_iter().flatten().filter_map(text).collect();
    found.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn findings_are_named_by_what_is_wrong() {
        let found = json!([
            {"check": "agent", "status": "pass", "evidence": "3.3"},
            {"check": "endpoints", "status": "fail", "evidence": "none"},
            {"check": "python", "status": "unknown", "evidence": "not known"},
            {"code": "stopped", "text": "the instance is stopped"},
        ]);
        assert_eq!(findings(&found), "endpoints: fail, python: unknown, stopped");
        assert_eq!(findings(&json!([])), "");
    }
}
