//! Test data that several tests start from.

use std::path::Path;

use jiff::Timestamp;
use orgpatch_engine::gate::{GateDecision, GateRecord};
use orgpatch_engine::inventory::chunks::Chunk;
use orgpatch_engine::inventory::{Eligibility, InventoryInstance};
use orgpatch_engine::planner::{RunDocument, StepSummary};
use orgpatch_engine::results::reconcile::{KnownTarget, RecordedTarget};
use orgpatch_engine::results::{InstanceRow, PassResult, TargetRecord, reconcile};
use orgpatch_model::operating_system::{OperatingSystem, Platform};
use orgpatch_model::organization::AccountState;
use orgpatch_model::outcome::{Counts, Outcome, TargetCounts, TargetOutcome};
use orgpatch_model::patch::{Patch, PatchDisposition};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use orgpatch_plan::Gate;
use serde_json::json;

use crate::{Assembly, Report};

/// The execution of the run.
const EXECUTION_ARN: &str = "arn:aws:states:ap-northeast-1:111111111111:execution:orgpatch-patch-run:monthly-2026-11";

/// Returns a target of the first wave of stage `test`.
pub fn target() -> Target {
    Target {
        account_id: "222200000001".into(),
        account_name: "shop-test".into(),
        account_state: AccountState::Active,
        ou_path: "Test".into(),
        region: "ap-northeast-1".into(),
        stage: "test".into(),
        wave: 1,
    }
}

/// Returns a report of two steps with an instance per situation, two of them with hostile names.
pub fn report() -> Report {
    report_of(|records| KnownTarget::Recorded(Box::new(records)))
}

/// The same, of what `known` makes of the records of a target.
pub fn report_of(known: impl Fn(RecordedTarget) -> KnownTarget) -> Report {
    let [test, production] = ["test", "production"].map(|stage| Target {
        account_id: if stage == "test" { "222200000001" } else { "444400000001" }.into(),
        account_name: if stage == "test" { "決済-test" } else { "=cmd|' /C calc'!A0" }.into(),
        ou_path: if stage == "test" { "Test" } else { "Production/支払い" }.into(),
        stage: stage.into(),
        ..target()
    });
    let locked = Target { account_id: "444400000002".into(), account_name: "locked-prod".into(), ..production.clone() };
    let openssl = patch("openssl.x86_64", "openssl.x86_64:1:3.0.8-1", PatchDisposition::Missing);
    let kernel = patch("kernel.x86_64", "kernel.x86_64:0:6.1.119", PatchDisposition::Missing);
    let (id, name) = ("i-00000000000000001", Some("受注サーバー"));
    let mut patched = instance(&test, id, name, Outcome::Patched, ReasonCode::ProvedByScan);
    patched.missing_before = vec![openssl.clone(), kernel.clone()];
    patched.installed = patched.missing_before.clone();
    patched.command_ids = vec!["c-1".into(), "c-2".into()];
    patched.baseline_id = Some("pb-1".into());
    let (id, name) = ("i-00000000000000002", Some("=1+1,\"x\"\r\n@y"));
    let mut failed = instance(&production, id, name, Outcome::Failed, ReasonCode::StillMissing);
    failed.missing_before = vec![openssl.clone(), kernel.clone()];
    failed.installed = vec![openssl.clone()];
    failed.installed_untested = vec![openssl];
    failed.failed = vec![kernel.clone()];
    failed.missing_after = vec![Patch { state: PatchDisposition::Failed, ..kernel }];
    failed.reason.text = "1 patch is still missing: <script>alert(1)</script> | `x` @all \u{202e}".into();
    failed.findings = parsed(json!([
        {"check": "agent", "status": "pass", "severity": "info", "evidence": "SSM Agent 3.3.987.0 is new enough."},
        {"check": "endpoints", "status": "warn", "severity": "medium", "evidence": "vpc-1 has no ssmmessages endpoint.",
         "fix": "Create it.", "causes": [{"text": "vpc-1 has no ssmmessages endpoint", "fix": "Create it."}]}
    ]));
    failed.conflicts = parsed(json!([
        {"action": "warn", "reason": {"code": "conflict-association", "text": "an association scans this instance too"}}
    ]));
    failed.overwritten_by = Some(Reason::new(ReasonCode::Association, "probably by that association"));
    let unready = instance(&production, "i-00000000000000003", None, Outcome::NotReady, ReasonCode::Unmanaged);
    let twice = installed_twice(&production);
    let facts = |target: &Target, outcome, instances| RecordedTarget {
        chunk: Chunk::ONLY,
        is_scanned_whole: true,
        unlisted_chunks: 0,
        note: None,
        target: target.clone(),
        inventory: None,
        scan: Some(TargetRecord {
            target: target.clone(),
            outcome,
            reason: Reason::new(ReasonCode::Reached, "because"),
            at: Timestamp::UNIX_EPOCH,
            instances,
            conflict_notes: Vec::new(),
            matching: None,
            rules: Vec::new(),
        }),
        order: None,
        first_pass: None,
        install: None,
        child_error: None,
        baseline_changes: Vec::new(),
        are_baselines_compared: false,
    };
    let step =
        |id: &str, stage: &str| StepSummary { id: id.into(), stage: stage.into(), wave: 1, accounts: 1, targets: 1 };
    let steps = [step("01-test-1", "test"), step("02-production-1", "production")];
    let gates = vec![Some(gate(&steps[0], GateDecision::Advance)), Some(gate(&steps[1], GateDecision::Halt))];
    let plan = "{schemaVersion: 1, name: monthly, regions: [ap-northeast-1], stages: [{name: test, ous: [ou-abcd-11111111]}, {name: production, ous: [ou-abcd-33333333]}]}";
    let run = RunDocument {
        schema_version: 1,
        run_id: "monthly-2026-11".into(),
        started_at: Timestamp::UNIX_EPOCH,
        input: serde_json::from_value(json!({"operation": "install", "plan": "monthly", "comment": "CHG-4711"}))
            .expect("an input"),
        plan_sha256: "0".repeat(64),
        plan: orgpatch_plan::read(plan).expect("a plan"),
        organization_id: "o-abcdefghij".into(),
        steps: steps.into(),
        accounts_outside_plan: vec![],
        earlier_stages: vec![],
        matched_nothing: Vec::new(),
        lambda_concurrency: None,
    };
    let started_by = "arn:aws:sts::111111111111:assumed-role/Operators/kana@example.com".into();
    let baseline_changes = parsed(json!([{"change": "register-default", "operatingSystem": "AMAZON_LINUX_2023",
        "baseline": {"existing": {"id": "pb-1", "name": "orgpatch-monthly-test-AMAZON_LINUX_2023"}}}]));
    let mut assembly =
        Assembly::new(run, gates, None, started_by, EXECUTION_ARN, Timestamp::from_second(3600).expect("a time"));
    let mut add = |step, records| assembly.add(step, known(records));
    // The second target has two chunks.
    let [first, second] = [1, 2].map(|number| Chunk::all(2).nth(number - 1).expect("two chunks"));
    let production =
        |chunk, instances| RecordedTarget { chunk, ..facts(&production, TargetOutcome::Reached, instances) };
    let added = [
        add(0, RecordedTarget { baseline_changes, ..facts(&test, TargetOutcome::Reached, vec![patched]) }),
        add(1, production(first, vec![failed, unready])),
        add(1, production(second, vec![twice])),
        add(1, facts(&locked, TargetOutcome::AccessDenied, vec![])),
    ];
    let (head, _) = assembly.end(None);
    let (targets, instances): (Vec<_>, Vec<_>) = added.into_iter().map(|one| (one.whole, one.instances)).unzip();
    let targets = targets.into_iter().flatten().collect();
    Report { head, instances: instances.into_iter().flatten().collect(), targets }
}

/// Returns the decision about a step.
fn gate(step: &StepSummary, decision: GateDecision) -> GateRecord {
    GateRecord {
        step: step.id.clone(),
        at: Timestamp::UNIX_EPOCH,
        decision,
        reason: Reason::new(ReasonCode::TooManyFailed, "1 of 1 attempted instances failed (limit 0%)"),
        counts: Counts::default(),
        targets: TargetCounts::default(),
        pending_as_planned: 0,
        limits: Gate::default(),
        skipped: None,
    }
}

/// Returns an instance whose second install brought an update that needs the one of the first.
fn installed_twice(target: &Target) -> InstanceRow {
    let mut row = instance(target, "i-00000000000000004", Some("受注-win"), Outcome::Patched, ReasonCode::ProvedByScan);
    let [first, second] = [
        ("KB5044414", "2026-11 Servicing Stack Update (KB5044414)"),
        ("KB5044281", "2026-11 Cumulative Update (KB5044281)"),
    ]
    .map(|(id, title)| patch(id, title, PatchDisposition::Missing));
    row.os = Some(Platform::Supported(OperatingSystem::Windows));
    row.availability_zone = Some("ap-northeast-1c".into());
    row.scanned_at = Some(Timestamp::from_second(3_000).expect("a time"));
    row.missing_before = vec![first.clone()];
    row.installed = vec![first.clone(), second.clone()];
    row.command_ids = ["c-3", "c-4", "c-5", "c-6", "c-7"].map(str::to_owned).into();
    row.passes = vec![
        PassResult {
            outcome: Outcome::Failed,
            reason: Reason::new(ReasonCode::StillMissing, "1 patch is still missing"),
            installed: vec![first],
            failed: vec![],
            command_id: Some("c-4".into()),
        },
        PassResult {
            outcome: Outcome::Patched,
            reason: row.reason.clone(),
            installed: vec![second],
            failed: vec![],
            command_id: Some("c-6".into()),
        },
    ];
    row
}

fn parsed<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("what its type takes")
}

/// Compares bytes with the committed file.
pub fn assert_golden(name: &str, bytes: &[u8]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, bytes).expect("the file written");
    }
    let committed = std::fs::read(&file).unwrap_or_default();
    assert!(
        committed == bytes,
        "{name} is not what is committed; look at the difference after UPDATE_GOLDEN=1 cargo test -p orgpatch-report \
         committed_ones:\n{}",
        String::from_utf8_lossy(bytes)
    );
}

/// Returns a row with that outcome.
pub fn instance(target: &Target, id: &str, name: Option<&str>, outcome: Outcome, code: ReasonCode) -> InstanceRow {
    let seen = InventoryInstance {
        instance_id: id.into(),
        name: name.map(str::to_owned),
        os: Some(OperatingSystem::AmazonLinux2023),
        platform: None,
        agent_version: Some("3.3.987.0".into()),
        availability_zone: None,
        eligibility: Eligibility::Eligible,
        findings: Vec::new(),
        conflicts: Vec::new(),
        never_reboot: None,
    };
    let text = format!("the reason is {code}");
    reconcile::row(target, &seen, outcome, Reason::new(code, text))
}

fn patch(id: &str, title: &str, state: PatchDisposition) -> Patch {
    Patch {
        id: id.into(),
        title: title.into(),
        classification: "Security".into(),
        severity: "Important".into(),
        state,
        cve_ids: vec!["CVE-2026-0001".into(), "CVE-2026-0002".into()],
        more_cve_ids: 0,
    }
}
