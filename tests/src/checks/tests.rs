//! Shows that each check can fail. A run without a fault passes all of them, and each way to spoil it is found by the
//! check that is there for it.

use orgpatch_engine::readiness::Check;
use orgpatch_model::input::Operation;
use orgpatch_records::manifest::StatedBy;
use orgpatch_report::csv::CsvFile;
use orgpatch_report::html::HtmlPage;
use orgpatch_report::{Report, summary};
use serde_json::{Value, json};

use super::*;
use crate::evidence::{Evidence, Fault, Files, IamDecision, Strike};

/// Returns the evidence of a run of two stages with an account each, in which everything is right.
fn fine() -> Evidence {
    let patch = json!({"id": "libssl3", "title": "libssl3", "classification": "Security", "severity": "Important", "state": "Missing"});
    let findings =
        Check::ALL.map(|check| json!({"check": check, "status": "pass", "severity": "info", "evidence": "x"}));
    let row = |account: &str, id: &str, stage: &str, outcome: &str, installed: Value| {
        json!({"accountId": account, "region": "eu-west-1", "instanceId": id, "name": null, "stage": stage, "wave": 1,
            "os": "UBUNTU", "agentVersion": null, "outcome": outcome, "reason": {"code": "reached", "text": "x"}, "findings": findings, "conflicts": [], "overwrittenBy": null,
            "missingBefore": installed, "installed": installed, "failed": [], "missingAfter": [], "installedUntested": [], "heldBack": [], "baselineId": null, "commandIds": [],
            "availabilityZone": null, "scannedAt": null})
    };
    let target = |account: &str, stage: &str| {
        json!({"accountId": account, "accountName": "x", "ouPath": "x", "region": "eu-west-1", "stage": stage, "wave": 1,
            "outcome": "reached", "reason": {"code": "reached", "text": "x"}, "scannedAt": "2026-11-10T00:10:00Z", "installedAt": null})
    };
    let step = |id: &str, stage: &str, counts: Value| json!({"id": id, "stage": stage, "wave": 1, "decision": "advance", "reason": {"code": "reached", "text": "x"}, "counts": counts, "targets": {"reached": 1}, "promotion": null});
    let mut report = json!({
        "schemaVersion": 1,
        "run": {"id": "r", "plan": "p", "planSha256": "", "operation": "install", "readinessOnly": false, "comment": null, "startedBy": "unknown", "startedAt": "2026-11-10T00:00:00Z",
            "finishedAt": "2026-11-10T01:00:00Z", "decision": "advanced", "reason": {"code": "reached", "text": "x"},
            "counts": {"patched": 1, "compliant": 1, "skipped": 1}},
        "steps": [step("01-test-1", "test", json!({"patched": 1, "skipped": 1})), step("02-production-1", "production", json!({"compliant": 1}))],
        "targets": [target("222222222222", "test"), target("444444444444", "production")],
        "instances": [
            row("222222222222", "i-1", "test", "patched", json!([patch])),
            row("222222222222", "i-2", "test", "skipped", json!([])),
            row("444444444444", "i-3", "production", "compliant", json!([])),
        ],
        "readiness": {"checks": {}, "firstToFix": []},
        "accountsOutsidePlan": [{"accountId": "111111111111", "accountName": "x", "ouPath": "", "reason": {"code": "no-stage", "text": "x"}}],
    });
    report["instances"][0]["startedAt"] = json!("2026-11-10T00:13:00Z");
    report["instances"][0]["finishedAt"] = json!("2026-11-10T00:14:00Z");
    let plan = "schemaVersion: 1\nname: p\nregions: [eu-west-1]\nstages: [{name: test, accounts: ['222222222222']}, {name: production, accounts: ['444444444444']}]";
    let truth = |account: &str, installs: u32, installed: &[&str], missing: &[&str]| json!({"account": account, "region": "eu-west-1", "installsStarted": installs, "installsBeside": 0, "installed": installed, "missing": missing, "rebooted": false});
    let child = json!({"executionArn": "child", "mapRunArn": "map", "events": [{}, {}, {}]});
    let parent = json!({"executionArn": "arn", "events": [
        {"mapRunStartedEventDetails": {"mapRunArn": "map"}},
        {"taskScheduledEventDetails": {"parameters": json!({"Message": "Run r: x\n\nReport: s3://b/r"}).to_string()}},
    ]});
    Evidence {
        run_id: "r".into(),
        execution: from(json!({"status": "SUCCEEDED", "executionArn": "arn", "startedAt": "2026-11-10T00:00:00Z",
            "stoppedAt": "2026-11-10T01:00:00Z"})),
        commands_in_truth: from(json!([{"account": "222222222222", "region": "eu-west-1", "operation": "Install",
            "sent": "2026-11-10T00:12:00Z", "invocations": [{"instanceId": "i-1", "ended": "2026-11-10T00:14:00Z"}]}])),
        report: Some(from(report.clone())),
        report_text: report.clone(),
        files: files(&from(report)),
        plan: orgpatch_plan::read(plan).ok(),
        operation: "install".into(),
        accounts: ["111111111111", "222222222222", "444444444444"].map(str::to_owned).into(),
        joining: std::collections::BTreeSet::new(),
        calls: calls(),
        truth: from(json!({
            "i-1": truth("222222222222", 1, &["libssl3"], &[]),
            "i-2": truth("222222222222", 0, &[], &["libssl3"]),
            "i-3": truth("444444444444", 0, &[], &[]),
        })),
        baselines: std::collections::BTreeMap::new(),
        history: from(json!([parent, child])),
        authorized: Vec::<IamDecision>::new(),
        secrets: from(json!([
            {"principal": "orgpatch-ListAccountsRole-1", "accessKeyId": "a".repeat(20), "secretAccessKey": "s".repeat(40), "sessionToken": "t".repeat(64)},
            {"principal": "orgpatch-member", "accessKeyId": "b".repeat(20), "secretAccessKey": "u".repeat(40), "sessionToken": "v".repeat(64)},
        ])),
        foreign: ["ACTION REQUIRED".to_owned()].into(),
        public_files: Vec::new(),
        objects: "/nowhere".into(),
        manifest: Some(from(
            json!({"schemaVersion": 1, "runId": "r", "plan": "p", "at": "2026-11-10T00:00:00Z", "previous": null,
            "records": {"run.json": {"sha256": "hash", "bytes": 1, "statedBy": "writer"}}}),
        )),
        object_hashes: [("run.json".to_owned(), "hash".to_owned())].into(),
        answers: vec![],
        redriven: None,
        struck: vec![Strike { operation: "dynamodb:PutItem".into(), effect: "killCaller".into() }],
        faults: vec![from::<Fault>(json!({"operation": "dynamodb:*", "killCaller": "before"}))],
        all_calls: calls(),
        is_only_run: true,
        shares_its_time: false,
    }
}

/// Returns the files that are written beside that report.
fn files(report: &Report) -> Files {
    Files {
        page: Some(page_of(report)),
        instances: Some(table_of(report, CsvFile::Instances)),
        patches: Some(table_of(report, CsvFile::Patches)),
        summary: Some(summary::markdown(&report.head, &report.highlights())),
    }
}

fn page_of(report: &Report) -> String {
    let template = "<script type=\"application/json\" id=\"report\">@@REPORT_JSON@@</script>";
    let mut bytes = Vec::new();
    let mut page = HtmlPage::begin(template, &mut bytes).expect("written");
    for row in &report.instances {
        page.instance(&mut bytes, &serde_json::to_string(row).expect("JSON")).expect("written");
    }
    page.targets(&mut bytes).expect("written");
    for target in &report.targets {
        page.target(&mut bytes, &serde_json::to_string(target).expect("JSON")).expect("written");
    }
    page.end(&mut bytes, &report.head).expect("written");
    String::from_utf8(bytes).expect("UTF-8")
}

fn table_of(report: &Report, table: CsvFile) -> String {
    let mut bytes = Vec::new();
    table.head(&mut bytes).expect("written");
    for target in report.clone().into_reported() {
        table.lines(&mut bytes, &target, None).expect("written");
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// Replaces a part of a file.
fn edit(file: &mut Option<String>, from: &str, to: &str) {
    let text = file.as_mut().expect("there is one");
    assert!(text.contains(from), "{text}");
    *text = text.replacen(from, to, 1);
}

/// Returns the commands of that run: scan, install and verification of i-1, then the scan of i-3.
fn calls() -> Vec<crate::evidence::Call> {
    let command = |account: &str, id: &str, operation: &str| {
        let mut parameters = json!({"Operation": [operation], "SnapshotId": [format!("snapshot of {account}")]});
        if operation == "Install" {
            parameters["RebootOption"] = json!(["RebootIfNeeded"]);
        }
        let request = json!({"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": [id], "Parameters": parameters,
            "Comment": "orgpatch key r"});
        json!({"caller": format!("arn:aws:iam::{account}:role/orgpatch-member"), "session": format!("orgpatch-{}-r", operation.to_lowercase()),
            "account": account, "region": "eu-west-1", "operation": "ssm:SendCommand", "request": request, "error": null})
    };
    from(json!([
        command("222222222222", "i-1", "Scan"),
        command("222222222222", "i-1", "Install"),
        command("222222222222", "i-1", "Scan"),
        command("444444444444", "i-3", "Scan"),
    ]))
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("fits its type")
}

#[test]
fn a_run_without_fault_passes() {
    assert_eq!(all(&fine()), Vec::<String>::new());
}

type Spoil = fn(&mut Evidence);

#[test]
#[allow(clippy::too_many_lines, reason = "a list")]
fn every_way_to_spoil_a_run_is_found() {
    let ways: Vec<(&str, Spoil)> = vec![
        ("has 0 rows", |e| drop(report(e).instances.remove(2))),
        ("has 2 rows", |e| {
            let again = report(e).instances[0].clone();
            report(e).instances.push(again);
        }),
        ("which does not exist", |e| report(e).instances[0].instance_id = "i-9".into()),
        ("but it is in", |e| report(e).instances[0].region = "eu-west-2".into()),
        ("its target of", |e| report(e).instances[0].wave = 2),
        ("are missing", |e| {
            truth(e, "i-1").missing.insert("x".into());
        }),
        ("no install was ever started", |e| truth(e, "i-1").installs_started = 0),
        ("nothing was installed", |e| truth(e, "i-1").installed.clear()),
        ("and really", |e| {
            truth(e, "i-1").installed.insert("x".into());
        }),
        ("is reported as skipped", |e| truth(e, "i-2").installs_started = 1),
        ("1 installs began on instance i-1 while another tool", |e| truth(e, "i-1").installs_beside = 1),
        ("2 installs were started on instance i-1", |e| truth(e, "i-1").installs_started = 2),
        ("the run says", |e| report(e).head.run.counts = orgpatch_model::outcome::Counts::default()),
        ("step 01-test-1 says of its targets", |e| {
            report(e).head.steps[0].targets = orgpatch_model::outcome::TargetCounts::default();
        }),
        ("step 01-test-1 says", |e| report(e).head.steps[0].counts = orgpatch_model::outcome::Counts::default()),
        ("neither in a step nor", |e| {
            e.accounts.insert("555555555555".into());
        }),
        ("is listed 2 times", |e| report(e).head.accounts_outside_plan[0].account_id = "222222222222".into()),
        ("accounts that do not exist", |e| {
            e.accounts.remove("111111111111");
        }),
        ("the plan has", |e| report(e).targets[0].region = "eu-west-2".into()),
        ("has targets in [\"eu-west-1\", \"eu-west-1\"]", |e| {
            let again = report(e).targets[0].clone();
            report(e).targets.push(again);
        }),
        ("not what its type writes", |e| e.report_text["extra"] = json!(1)),
        ("the install of i-1 has no end", |e| report(e).instances[0].finished_at = None),
        ("ended and never began", |e| report(e).instances[0].started_at = None),
        ("ended before it began", |e| {
            let row = &mut report(e).instances[0];
            std::mem::swap(&mut row.started_at, &mut row.finished_at);
        }),
        ("when no command of it did", |e| e.commands_in_truth.clear()),
        ("behind the end of the run: ssm:SendCommand", |e| {
            report(e).head.run.closed_by = Some("close-1".into());
            e.all_calls[0].at = e.execution.stopped_at.checked_add(jiff::SignedDuration::from_secs(1)).ok();
        }),
        ("redriven, the functions answer", |e| {
            e.redriven =
                Some([("gate".to_owned(), "None".to_owned()), ("report".to_owned(), "RunClosed".to_owned())].into());
        }),
        ("a scan run sent 1 Install", |e| e.operation = "scan".into()),
        ("a scan run called ssm:UpdatePatchBaseline", |e| {
            e.operation = "scan".into();
            e.calls[0].operation = "ssm:UpdatePatchBaseline".into();
        }),
        ("of restore-baselines called ssm:SendCommand", |e| {
            (report(e).head.run.operation, e.operation) = (Operation::RestoreBaselines, "restore-baselines".into());
        }),
        ("of preview-baselines called ssm:RegisterDefaultPatchBaseline", |e| {
            (report(e).head.run.operation, e.operation) = (Operation::PreviewBaselines, "preview-baselines".into());
            e.calls[0].operation = "ssm:RegisterDefaultPatchBaseline".into();
        }),
        ("instance i-1 of target 222222222222/eu-west-1 has 1 rows", |e| {
            report(e).head.run.operation = Operation::PreviewBaselines;
        }),
        ("in the session orgpatch-scan-another of", |e| e.calls[0].session = Some("orgpatch-scan-another".into())),
        ("in the session orgpatch-gate-r of", |e| e.calls[0].session = Some("orgpatch-gate-r".into())),
        ("without a name of", |e| e.calls[0].session = None),
        ("of arn:aws:iam::222222222222:role/orgpatch-member-look", |e| e.calls[0].caller.push_str("-look")),
        ("runs the document", |e| e.calls[0].request["DocumentName"] = json!("AWS-RunShellScript")),
        ("names 0 instances", |e| e.calls[0].request["InstanceIds"] = json!([])),
        ("names 1 instances", |e| e.calls[0].request["Targets"] = json!([])),
        ("names 2 instances", |e| e.calls[0].request["InstanceIds"] = json!(["i-1", "i-2"])),
        ("which is not there", |e| e.calls[0].request["InstanceIds"] = json!(["i-3"])),
        ("although the plan is not valid", |e| e.plan = None),
        ("has MaxConcurrency", |e| e.calls[0].request["MaxConcurrency"] = json!("50%")),
        ("has RebootOption", |e| e.calls[1].request["Parameters"]["RebootOption"] = json!(["NoReboot"])),
        ("has RebootOption", |e| e.calls[0].request["Parameters"]["RebootOption"] = json!(["RebootIfNeeded"])),
        ("has RebootOption", |e| {
            let tag = || "Role".to_owned();
            let plan = e.plan.as_mut().expect("a plan");
            plan.never_reboot.tags.insert(tag(), ["database"].into());
            e.truth.values_mut().for_each(|truth| drop(truth.tags.insert(tag(), "database".into())));
        }),
        ("has MaxErrors", |e| e.calls[1].request["MaxErrors"] = json!("100%")),
        ("judged by 2 snapshots", |e| e.calls[2].request["Parameters"]["SnapshotId"] = json!(["another"])),
        ("has snapshots []", |e| e.calls[2].request["Parameters"]["SnapshotId"] = json!([])),
        ("are shared by", |e| e.calls[3].request["Parameters"]["SnapshotId"] = json!(["snapshot of 222222222222"])),
        ("is installed by a snapshot", |e| e.calls[1].request["Parameters"]["SnapshotId"] = json!(["another"])),
        ("but not tested", |e| {
            let block = "untested: block, select: {operatingSystems: [UBUNTU]}, baselines: {UBUNTU: {rules: [{priority: ['*']}]}}";
            let plan = format!(
                "schemaVersion: 1\nname: p\nregions: [eu-west-1]\nstages: [{{name: test, accounts: ['222222222222']}}, {{name: production, accounts: ['444444444444'], {block}}}]"
            );
            e.plan = orgpatch_plan::read(&plan).ok();
            truth(e, "i-3").installed_versions.insert("libssl3".into(), "2".into());
        }),
        ("while 01-test-1 was at work", |e| e.calls.swap(2, 3)),
        ("but called ssm:SendCommand", |e| {
            e.report = None;
            e.execution.status = "FAILED".into();
        }),
        ("without manifest.json", |e| e.manifest = None),
        ("run.json has another hash", |e| drop(e.object_hashes.insert("run.json".into(), "another".into()))),
        ("manifest.json has no new.json", |e| drop(e.object_hashes.insert("new.json".into(), "x".into()))),
        ("and the bucket has not", |e| e.object_hashes.clear()),
        ("the writer of run.json stated no hash", |e| {
            let records = &mut e.manifest.as_mut().expect("a manifest").records;
            records.get_mut("run.json").expect("a record").stated_by = StatedBy::Report;
        }),
        ("but it wrote objects", |e| {
            (e.report, e.objects) = (None, env!("CARGO_MANIFEST_DIR").into());
            e.execution.status = "FAILED".into();
        }),
        ("has 1 children", |e| {
            e.report = None;
            e.execution.status = "FAILED".into();
        }),
        ("0 faults of dynamodb", |e| e.struck.clear()),
        ("0 faults of ssm with error", |e| e.faults.push(from(json!({"operation": "ssm:*", "error": "x"})))),
        ("contains a credential of orgpatch-member", |e| {
            // The file is this one, in which the word below stands once.
            e.secrets[1].session_token = "a-word-that-stands-in-this-file".into();
            e.public_files.push(concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks/tests.rs").into());
        }),
        ("of the configuration of a source", |e| {
            // The file is this one again.
            let plan = e.plan.as_mut().expect("a plan");
            plan.baselines =
                from(json!({"AMAZON_LINUX_2023": {"rules": [{"classification": ["Security"]}], "sources": [
                {"name": "own", "products": ["*"], "configuration": "gpgcheck=1\nanother-word-of-this-file"}]}}));
            e.public_files.push(concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks/tests.rs").into());
        }),
        ("no session of list-accounts", |e| drop(e.secrets.remove(0))),
        ("no session of a member role", |e| drop(e.secrets.remove(1))),
        ("would be found anywhere", |e| e.secrets[0].session_token = String::new()),
        ("no events of a Map's children", |e| e.history[1].events.clear()),
    ];
    all_are_found(ways);
}

#[test]
fn every_way_to_spoil_a_file_is_found() {
    let ways: Vec<(&str, Spoil)> = vec![
        ("without report.html", |e| e.files.page = None),
        ("without report.json", |e| {
            e.report = None;
            e.report_text = Value::Null;
        }),
        ("is not the one in report.json", |e| edit(&mut e.files.page, "\"wave\":1", "\"wave\":2")),
        ("cannot be read", |e| edit(&mut e.files.page, "\"wave\":1", "\"wave\":")),
        ("could end its element", |e| edit(&mut e.files.page, "\"UBUNTU\"", "\"<!--\"")),
        ("the first difference", |e| edit(&mut e.files.instances, "skipped", "patched")),
        ("no byte order mark", |e| edit(&mut e.files.instances, "\u{feff}", "")),
        ("missing before, report.json", |e| edit(&mut e.files.patches, "\"true\"", "\"false\"")),
        ("and it was not", |e| {
            truth(e, "i-1").installed = ["another".to_owned()].into();
        }),
        ("is a formula", |e| edit(&mut e.files.instances, "\"UBUNTU\"", "\"=UBUNTU\"")),
        ("does not say", |e| edit(&mut e.files.summary, "1 skipped", "2 skipped")),
        ("signs of HTML", |e| edit(&mut e.files.summary, "- Run", "<b>")),
        ("summary.md has \"www.\"", |e| edit(&mut e.files.summary, "- Run", "WWW.e.example")),
        ("summary.md has a line that begins with", |e| edit(&mut e.files.summary, "- Run", "ACTION REQUIRED: x")),
        ("a notification has \"://\"", |e| notify(e, "Run r: https://e.example")),
        ("a notification has a line that begins with", |e| notify(e, "Run r: x\u{2028}ACTION REQUIRED: x")),
        ("a notification has 8193 bytes", |e| notify(e, &"x".repeat(8193))),
        ("no notification in the history", |e| drop(e.history[0].events.remove(1))),
    ];
    all_are_found(ways);
}

fn notify(evidence: &mut Evidence, message: &str) {
    evidence.history[0].events[1]["taskScheduledEventDetails"]["parameters"] =
        json!({"Message": message}).to_string().into();
}

#[test]
fn what_is_wrong_about_readiness_is_found() {
    let ways: Vec<(&str, Spoil)> = vec![
        ("instance i-1 (reached) has findings [Managed", |e| drop(report(e).instances[0].findings.remove(7))),
        ("instance i-2 (reached) has findings []", |e| report(e).instances[1].findings.clear()),
        ("instance i-3 (excluded-by-tag) has findings", |e| {
            report(e).instances[2].reason.code = orgpatch_model::reason::ReasonCode::ExcludedByTag;
        }),
        ("but all its checks pass", |e| report(e).instances[1].outcome = orgpatch_model::outcome::Outcome::NotReady),
        ("about readiness called ssm:SendCommand", |e| report(e).head.run.readiness_only = true),
    ];
    all_are_found(ways);
}

/// Checks that each way to spoil a run causes the complaint that belongs to it.
fn all_are_found(ways: Vec<(&str, Spoil)>) {
    for (complaint, spoil) in ways {
        let mut evidence = fine();
        spoil(&mut evidence);
        let found = all(&evidence);
        assert!(found.iter().any(|text| text.contains(complaint)), "no complaint contains {complaint:?}: {found:?}");
    }
}

fn report(evidence: &mut Evidence) -> &mut Report {
    evidence.report.as_mut().expect("there is one")
}

fn truth<'a>(evidence: &'a mut Evidence, id: &str) -> &'a mut crate::evidence::GroundTruth {
    evidence.truth.get_mut(id).expect("there is one")
}
