use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;

use super::*;
use crate::fixtures::{compliance, order, ordered, seen, target};
use crate::install::order::OrderedInstance;
use crate::results::reconcile;

const OS: OperatingSystem = OperatingSystem::AmazonLinux2023;

fn compared() -> Vec<ComparedBaseline> {
    vec![ComparedBaseline {
        operating_system: OS,
        name: "orgpatch-m-test-AMAZON_LINUX_2023".into(),
        id: Some("pb-plan".into()),
        patch_groups: Vec::new(),
        is_as_planned: true,
        is_of_earlier_day: false,
        default: None,
        others: Vec::new(),
    }]
}

/// The result of a scan by that baseline. None: no result that can be believed.
fn judged(baseline_id: Option<&str>, outcome: Outcome) -> Judged {
    let evidence =
        baseline_id.map(|id| ComplianceRow { baseline_id: id.into(), patch_group: Some("web".into()), ..compliance() });
    Judged { verdict: Verdict { outcome, reason: reason(ReasonCode::Work) }, evidence, overwritten_by: None }
}

fn reason(code: ReasonCode) -> Reason {
    Reason::new(code, "x")
}

fn row(outcome: Outcome, code: ReasonCode) -> InstanceRow {
    reconcile::row(&target(), &seen("i-1", Some(OS)), outcome, reason(code))
}

fn of(setting: SkipOrWarn, work: impl Fn(OtherBaseline<'_>, &mut [InstanceRow]), row: InstanceRow) -> InstanceRow {
    let compared = compared();
    let mut rows = [row];
    work(OtherBaseline { compared: &compared, setting }, &mut rows);
    let [row] = rows;
    row
}

/// Returns the row behind a scan by that baseline.
fn scanned(setting: SkipOrWarn, baseline_id: Option<&str>, outcome: Outcome) -> InstanceRow {
    let judged = BTreeMap::from([("i-1".to_owned(), judged(baseline_id, outcome))]);
    of(setting, |other, rows| other.after_scan(rows, &judged), row(outcome, ReasonCode::PatchesMissing))
}

/// Returns the row behind an install whose proof is by that baseline.
fn installed(setting: SkipOrWarn, baseline_id: &str, before: InstanceRow) -> InstanceRow {
    let judged = BTreeMap::from([("i-1".to_owned(), judged(Some(baseline_id), before.outcome))]);
    of(setting, |other, rows| other.after_install(rows, &judged), before)
}

fn codes(row: &InstanceRow) -> Vec<(Action, ReasonCode)> {
    row.conflicts.iter().map(|conflict| (conflict.action, conflict.reason.code.clone())).collect()
}

#[test]
fn whatever_another_baseline_finds_is_skipped_and_the_reason_names_it() {
    for outcome in [Outcome::Compliant, Outcome::Missing, Outcome::PendingReboot] {
        let row = scanned(SkipOrWarn::Skip, Some("pb-theirs"), outcome);
        assert_eq!((row.outcome, &row.reason.code), (Outcome::Skipped, &ReasonCode::ConflictOtherBaseline));
        for part in ["pb-theirs", "orgpatch-m-test-AMAZON_LINUX_2023", "\"web\"", "Patch Group", "otherBaseline: warn"]
        {
            assert!(row.reason.text.contains(part), "{part}: {}", row.reason.text);
        }
        assert_eq!(row.judged_by.as_ref().map(|by| &by.code), Some(&ReasonCode::AnotherBaseline));
        assert_eq!(codes(&row), [(Action::Skip, ReasonCode::ConflictOtherBaseline)]);
        let row = scanned(SkipOrWarn::Warn, Some("pb-theirs"), outcome);
        assert_eq!((row.outcome, &row.reason.code), (outcome, &ReasonCode::PatchesMissing), "patched and marked");
        assert_eq!(row.judged_by.as_ref().map(|by| &by.code), Some(&ReasonCode::AnotherBaseline));
        assert_eq!(codes(&row), [(Action::Warn, ReasonCode::ConflictOtherBaseline)]);
        for id in [None, Some("pb-plan"), Some("arn:aws:ssm:ap-northeast-1:222200000001:patchbaseline/pb-plan")] {
            let row = scanned(SkipOrWarn::Skip, id, outcome);
            assert_eq!((row.outcome, row.judged_by, row.conflicts), (outcome, None, Vec::new()), "{id:?}");
        }
    }
    let failed = scanned(SkipOrWarn::Skip, Some("pb-theirs"), Outcome::Failed);
    assert_eq!(failed.outcome, Outcome::Failed, "a scan that failed counts at the gate");
    assert!(failed.judged_by.is_some());
}

#[test]
fn where_the_plan_has_no_baseline_the_accounts_own_decides() {
    let judged = BTreeMap::from([("i-1".to_owned(), judged(Some("pb-theirs"), Outcome::Missing))]);
    let mut rows = [row(Outcome::Missing, ReasonCode::PatchesMissing)];
    OtherBaseline { compared: &[], setting: SkipOrWarn::Skip }.after_scan(&mut rows, &judged);
    assert_eq!(rows[0].outcome, Outcome::Missing);
    assert_eq!(rows[0].judged_by, None);
}

#[test]
fn a_graver_conflict_stays_before_it() {
    let compared = compared();
    let conflict = |action, code| Conflict { action, reason: reason(code) };
    let mut before = row(Outcome::Missing, ReasonCode::PatchesMissing);
    before.conflicts = vec![
        conflict(Action::Wait, ReasonCode::ConflictRunningCommand),
        conflict(Action::Warn, ReasonCode::ConflictMaintenanceWindow),
    ];
    let judged = BTreeMap::from([("i-1".to_owned(), judged(Some("pb-theirs"), Outcome::Missing))]);
    let places = |setting| {
        let mut rows = [before.clone()];
        OtherBaseline { compared: &compared, setting }.after_scan(&mut rows, &judged);
        codes(&rows[0]).into_iter().map(|(_, code)| code).collect::<Vec<_>>()
    };
    let (running, window, other) =
        (ReasonCode::ConflictRunningCommand, ReasonCode::ConflictMaintenanceWindow, ReasonCode::ConflictOtherBaseline);
    assert_eq!(places(SkipOrWarn::Skip), [other.clone(), running.clone(), window.clone()]);
    assert_eq!(places(SkipOrWarn::Warn), [running, window, other]);
}

#[test]
fn the_pre_install_scan_leaves_out_what_another_baseline_judges() {
    let compared = compared();
    let order = order(OrderedInstance { os: OS, ..ordered(&reason(ReasonCode::PatchesMissing)) });
    let outcome = |setting, id| {
        let mut found = BTreeMap::from([("i-1".to_owned(), judged(Some(id), Outcome::Missing))]);
        OtherBaseline { compared: &compared, setting }.before_install(&order, &mut found);
        found["i-1"].verdict.outcome
    };
    assert_eq!(outcome(SkipOrWarn::Skip, "pb-theirs"), Outcome::Skipped);
    assert_eq!(outcome(SkipOrWarn::Skip, "pb-plan"), Outcome::Missing);
    assert_eq!(outcome(SkipOrWarn::Warn, "pb-theirs"), Outcome::Missing);
    let mut left_out = row(Outcome::Skipped, ReasonCode::ConflictOtherBaseline);
    let why = left_out.reason.clone();
    mark_left_out(&mut left_out, &why);
    assert_eq!(codes(&left_out), [(Action::Skip, ReasonCode::ConflictOtherBaseline)]);
    assert_eq!(left_out.judged_by.map(|by| by.code), Some(ReasonCode::AnotherBaseline));
}

#[test]
fn an_install_is_not_proved_by_another_baseline() {
    for (outcome, code) in [
        (Outcome::Patched, ReasonCode::ProvedByScan),
        (Outcome::PendingReboot, ReasonCode::PendingReboot),
        (Outcome::Failed, ReasonCode::StillMissing),
    ] {
        let before = row(outcome, code.clone());
        let after = installed(SkipOrWarn::Skip, "pb-theirs", before.clone());
        assert_eq!((after.outcome, after.reason.code), (Outcome::Failed, ReasonCode::ConflictOtherBaseline));
        let after = installed(SkipOrWarn::Warn, "pb-theirs", before.clone());
        assert_eq!((after.outcome, after.reason.code), (outcome, code), "the plan allows it");
        assert!(after.judged_by.is_some());
        assert_eq!(installed(SkipOrWarn::Skip, "pb-plan", before.clone()), before);
    }
    let before = row(Outcome::Failed, ReasonCode::ExitCode(1));
    let after = installed(SkipOrWarn::Skip, "pb-theirs", before);
    assert_eq!(after.reason.code, ReasonCode::ExitCode(1), "it failed by itself");
}

#[test]
fn a_mark_is_of_the_last_scan() {
    let marked = scanned(SkipOrWarn::Warn, Some("pb-theirs"), Outcome::Missing);
    let again = installed(SkipOrWarn::Warn, "pb-theirs", marked.clone());
    assert_eq!(codes(&again), [(Action::Warn, ReasonCode::ConflictOtherBaseline)], "once");
    let corrected = installed(SkipOrWarn::Warn, "pb-plan", marked);
    assert_eq!((corrected.judged_by, corrected.conflicts), (None, Vec::new()));
}
