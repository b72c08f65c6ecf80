//! Renders a report as a table for a terminal.

use std::collections::HashMap;
use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use orgpatch_model::english;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::Counts;
use orgpatch_report::{Report, matched_nothing};

use crate::preview::text::printable;

/// Renders the whole text. `all` is the number of instances of the run. Writing into a string cannot fail, so the results
/// of `writeln!` are ignored.
pub fn render(report: &Report, all: usize) -> String {
    let run = &report.head.run;
    let mut out = String::new();
    let _ = writeln!(out, "Run {}: {} of plan {}, {:.0}", run.id, run.operation, run.plan, run.finished_at);
    let _ = writeln!(out, "{}\n", printable(&run.reason.text));
    for sentence in matched_nothing::sentences(run) {
        let _ = writeln!(out, "{}\n", printable(&sentence));
    }
    let names: HashMap<&str, &str> =
        report.targets.iter().map(|target| (target.account_id.as_str(), target.account_name.as_str())).collect();
    if !report.instances.is_empty() {
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_header(["INSTANCE", "NAME", "ACCOUNT", "REGION", "STAGE", "OS", "OUTCOME", "REASON"]);
        for row in &report.instances {
            let account = names.get(row.account_id.as_str()).copied().unwrap_or_default();
            table.add_row([
                printable(&row.instance_id),
                printable(row.name.as_deref().unwrap_or_default()),
                printable(&format!("{} {account}", row.account_id)),
                printable(&row.region),
                printable(&row.stage),
                printable(row.os.as_ref().map(Platform::name).unwrap_or_default()),
                row.outcome.to_string(),
                printable(&row.reason.text),
            ]);
        }
        for line in table.lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", counted(report, all));
    out
}

/// Returns the number of shown instances, of all instances, and by outcome.
fn counted(report: &Report, all: usize) -> String {
    let counts: Counts = report.instances.iter().map(|row| row.outcome).collect();
    let counts = english::listed(counts.iter());
    let shown = report.instances.len();
    let what = if shown == all {
        english::counted(all, "instance")
    } else {
        format!("{shown} of {}", english::counted(all, "instance"))
    };
    if counts.is_empty() { what } else { format!("{what}: {counts}") }
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Returns a report of three instances in three targets.
    pub fn report() -> Report {
        let reason = |text: &str| json!({"code": "reached", "text": text});
        let target = |account: &str, name: &str, unit: &str, region: &str, stage: &str| {
            json!({"accountId": account, "accountName": name, "ouPath": unit, "region": region, "stage": stage, "wave": 1,
                "outcome": "reached", "reason": reason("reached")})
        };
        let row = |account: &str, region: &str, id: &str, stage: &str, os: &str, outcome: &str| {
            let mut row = json!({"accountId": account, "region": region, "instanceId": id, "name": "a\u{1b}[31m", "stage": stage,
                "wave": 1, "os": os, "agentVersion": null, "outcome": outcome, "reason": reason("because"), "baselineId": null});
            for list in [
                "findings",
                "conflicts",
                "missingBefore",
                "installed",
                "failed",
                "missingAfter",
                "installedUntested",
                "heldBack",
                "commandIds",
            ] {
                row[list] = Value::Array(Vec::new());
            }
            row
        };
        let report = json!({
            "schemaVersion": 1,
            "run": {"id": "monthly-1", "plan": "monthly", "planSha256": "", "operation": "install", "comment": null,
                "startedAt": "2026-11-10T00:00:00Z", "finishedAt": "2026-11-10T01:00:00Z", "decision": "halted",
                "reason": reason("halted at step 02-production-1: 1 of 2 attempted instances failed (limit 0%)"),
                "counts": {"patched": 2, "failed": 1}},
            "steps": [],
            "targets": [
                target("222222222222", "shop-test", "Test", "eu-west-1", "test"),
                target("444444444444", "shop-prod", "Production", "eu-west-1", "production"),
                target("555555555555", "pay-prod", "Production/Payments", "eu-west-2", "production"),
            ],
            "instances": [
                row("222222222222", "eu-west-1", "i-1", "test", "UBUNTU", "patched"),
                row("444444444444", "eu-west-1", "i-2", "production", "UBUNTU", "failed"),
                row("555555555555", "eu-west-2", "i-3", "production", "WINDOWS", "patched"),
            ],
            "accountsOutsidePlan": [],
        });
        serde_json::from_value(report).expect("fits its type")
    }

    #[test]
    fn a_line_per_instance_and_no_command_for_the_terminal() {
        insta::assert_snapshot!(render(&report(), 5));
    }

    #[test]
    fn what_matched_nothing_stands_behind_the_reason() {
        let mut report = report();
        let part = json!({"field": "baselines.rules", "entry": "2 of UBUNTU (priority: Needed\u{1b}[31m)",
            "rule": {"stages": ["test"], "operatingSystem": "UBUNTU", "number": 2, "filters": "priority: Needed", "instances": 3}});
        report.head.run.matched_nothing = vec![serde_json::from_value(part).expect("fits its type")];
        let text = render(&report, 3);
        let line = "Warning: 1 approval rule of the plan approved no patch that a scan found, installed or missing: rule 2 of UBUNTU";
        assert!(text.lines().any(|one| one.starts_with(line) && one.ends_with(", 3 instances scanned.")), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_report_without_instances_says_so() {
        let mut report = report();
        report.instances.clear();
        assert!(render(&report, 3).ends_with("(limit 0%)\n\n0 of 3 instances\n"), "{}", render(&report, 3));
    }
}
