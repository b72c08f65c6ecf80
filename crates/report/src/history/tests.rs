//! Compares the lines of a sample run with a golden file, and checks their keys.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::Report;

/// Returns a run with two waves of a stage, a stage that was not reached, and hostile names.
fn report(operation: &str) -> Report {
    let patch = |id: &str, title: &str, cves: &[&str]| {
        json!({"id": id, "title": title, "classification": "Security", "severity": "Important", "state": "Missing",
               "cveIds": cves})
    };
    let kernel = patch("kernel", "kernel:6.1", &["CVE-2026-1", "CVE-2026-2"]);
    let newer_kernel = patch("kernel", "kernel:6.2", &["CVE-2026-3"]);
    let (openssl, curl) = (patch("openssl", "openssl:3", &[]), patch("curl", "curl:8", &[]));
    let instance = |id: &str, stage: &str, wave: u32, outcome: &str, patches: Value| {
        let mut row = json!({
            "accountId": "222200000001", "region": "ap-northeast-1", "instanceId": id, "name": "a \"b\"\n,=c", "stage": stage,
            "wave": wave, "os": "AMAZON_LINUX_2023", "agentVersion": null, "outcome": outcome,
            "reason": {"code": "reached", "text": "because"}, "findings": [], "conflicts": [],
            "overwrittenBy": null, "missingBefore": [], "installed": [], "failed": [],
            "missingAfter": [], "installedUntested": [], "heldBack": [], "baselineId": "pb-1", "commandIds": []
        });
        for (name, list) in patches.as_object().expect("an object") {
            row[name] = list.clone();
        }
        row
    };
    let finding =
        |check: &str, status: &str| json!({"check": check, "status": status, "severity": "low", "evidence": "x"});
    let pass = |installed: Value, failed: Value| {
        json!({"outcome": "failed", "reason": {"code": "still-missing", "text": "because"}, "installed": installed,
               "failed": failed, "commandId": "c-1"})
    };
    let conflict = json!({"action": "warn", "reason": {"code": "auto-scaling", "text": "because"}});
    let target = |account: &str, stage: &str, outcome: &str, times: [Option<&str>; 2]| {
        json!({
            "accountId": account, "accountName": "shop", "ouPath": "Apps/Test", "region": "ap-northeast-1", "stage": stage,
            "wave": 1, "outcome": outcome, "reason": {"code": "reached", "text": "because"}, "scannedAt": times[0],
            "installedAt": times[1]
        })
    };
    let step = |id: &str, stage: &str| {
        json!({"id": id, "stage": stage, "wave": 1, "decision": "halt", "reason": {"code": "reached", "text": "because"},
               "counts": {}, "promotion": null})
    };
    let report = json!({
        "schemaVersion": 1,
        "run": {
            "id": "night", "plan": "monthly", "planSha256": "00", "operation": operation, "comment": null,
            // In most of the world's time zones this is another day than in UTC.
            "startedAt": "2026-11-10T23:59:59.5Z", "finishedAt": "2026-11-11T03:00:00Z", "decision": "halted",
            "reason": {"code": "reached", "text": "because"}, "counts": {}
        },
        "steps": [step("01-test-1", "test"), step("02-test-2", "test"), step("03-production-1", "production")],
        "targets": [
            target("222200000001", "test", "reached", [Some("2026-11-11T00:10:00Z"), Some("2026-11-11T02:00:00Z")]),
            target("222200000002", "test", "access-denied", [None, None]),
        ],
        "instances": [
            instance("i-1", "test", 1, "failed", json!({
                "findings": [finding("agent", "pass"), finding("endpoints", "warn")], "conflicts": [conflict],
                "overwrittenBy": {"code": "association", "text": "because"},
                "missingBefore": [kernel, openssl, curl], "installed": [openssl], "failed": [kernel],
                "missingAfter": [newer_kernel, kernel, curl], "heldBack": [curl],
                "passes": [pass(json!([openssl]), json!([kernel])), pass(json!([]), json!([newer_kernel]))]
            })),
            instance("i-2", "test", 1, "compliant", json!({
                "judgedBy": {"code": "another-baseline", "text": "because"}, "availableSecurityUpdates": 2,
                "awsStatus": "non-compliant"
            })),
        ],
        "accountsOutsidePlan": []
    });
    serde_json::from_value(report).expect("a report")
}

/// Returns the lines of a table about a stage.
fn lines(table: HistoryTable, report: &Report, stage: &str) -> String {
    let mut lines = Vec::new();
    for target in report.clone().into_reported().filter(|one| one.target.stage == stage) {
        table.lines(&mut lines, &report.head.run, &target).expect("a Vec takes everything");
    }
    String::from_utf8(lines).expect("JSON is UTF-8")
}

#[test]
fn every_table_has_the_columns_that_queries_rely_on() {
    let report = report("install");
    let mut all = String::new();
    for table in HistoryTable::ALL {
        for stage in ["test", "production"] {
            // Writing to a String cannot fail.
            let _ = write!(all, "{}\n{}\n", table.key(&report.head.run, stage), lines(table, &report, stage));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_run_about_baselines_leaves_no_history() {
    for operation in orgpatch_model::input::Operation::ALL {
        let has_history = has(&report(operation.name()).head.run);
        assert_eq!(has_history, matches!(operation.name(), "scan" | "install"), "{operation}");
    }
}

#[test]
fn the_template_has_the_tables_columns() {
    // A query cannot see a field that a line has and the Glue table does not have.
    let template = include_str!("../../../../template.yaml");
    let report = report("install");
    for table in HistoryTable::ALL {
        let lines = lines(table, &report, "test");
        let first = lines.lines().next().expect("a line");
        let Ok(Value::Object(line)) = serde_json::from_str::<Value>(first) else { panic!("not an object") };
        let name = format!("\n          Name: {}\n", table.name());
        let text = template.split(&name).nth(1).expect("the table").split("\n  History").next().expect("its text");
        for column in line.keys() {
            assert!(text.contains(&format!("{{Name: {column}, Type: ")), "{} has no column {column}", table.name());
        }
    }
}
