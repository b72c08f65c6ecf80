use std::collections::{BTreeMap, BTreeSet};

use orgpatch_model::patch::{ComplianceStatus, PatchDisposition};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::baselines::ComparedBaseline;
use crate::fixtures::{compliance, order, ordered, seen, target};
use crate::inventory::InventoryInstance;

/// Package and version of each patch that is missing.
type Missing = BTreeMap<u8, u8>;

fn patches(missing: &Missing) -> Vec<Patch> {
    let patch = |(id, version): (&u8, &u8)| Patch {
        id: format!("package-{id:02}"),
        title: format!("package-{id:02}:{version}"),
        classification: String::new(),
        severity: String::new(),
        state: PatchDisposition::Missing,
        cve_ids: Vec::new(),
        more_cve_ids: 0,
    };
    missing.iter().map(patch).collect()
}

fn missing() -> impl Strategy<Value = Missing> {
    btree_map(0..30_u8, 0..3_u8, 0..20)
}

fn ids(patches: &[Patch]) -> BTreeSet<&str> {
    patches.iter().map(|patch| patch.id.as_str()).collect()
}

/// The result of an install: with a command if it was sent.
fn install(answer: InvocationResult, command_id: Option<&str>) -> BTreeMap<String, CommandResult> {
    let at = Timestamp::UNIX_EPOCH;
    let command_id = command_id.map(str::to_owned);
    BTreeMap::from([(
        "i-1".to_owned(),
        CommandResult { answer, command_id, sent_at: at, seen_at: at, started_at: None, finished_at: None },
    )])
}

/// The row of an instance that lacks three listed patches and nine more before, and the second of them afterwards, of six.
fn row_after(install: &BTreeMap<String, CommandResult>) -> InstanceRow {
    row_with(install, true)
}

/// The same, or without the scan afterwards.
fn row_with(install: &BTreeMap<String, CommandResult>, is_scanned: bool) -> InstanceRow {
    let seen = seen("i-1", Some(OperatingSystem::AmazonLinux2023));
    let reason = Reason::new(ReasonCode::StillMissing, "x");
    let listed = three();
    let order = order(OrderedInstance { missing: listed.clone(), more: 9, ..ordered(&reason) });
    let before = InstanceRow {
        missing_before: listed,
        more_missing_before: 9,
        ..row(&target(), &seen, Outcome::Missing, reason.clone())
    };
    let evidence = ComplianceRow { missing: 6, ..compliance() };
    let judged = Judged {
        verdict: Verdict { outcome: Outcome::Failed, reason },
        evidence: is_scanned.then_some(evidence),
        overwritten_by: None,
    };
    // Of the six patches that are still missing only the second is listed.
    let left = PatchList::of(patches(&(2..8).map(|id| (id, 0)).collect()), 1);
    let left = HashMap::from([("i-1".to_owned(), left)]);
    let rows = install_rows(
        vec![before],
        &order,
        &[install],
        &BTreeMap::from([("i-1".to_owned(), judged)]),
        if is_scanned { left } else { HashMap::new() },
    );
    let [row] = &rows[..] else { panic!("one row") };
    row.clone()
}

fn three() -> Vec<Patch> {
    patches(&Missing::from([(1, 0), (2, 0), (3, 0)]))
}

#[test]
fn the_row_of_an_install_counts_what_its_lists_do_not_name() {
    let (row, listed) = (row_after(&install(InvocationResult::Succeeded, Some("c-1"))), three());
    assert_eq!((row.count_missing_before(), row.count_missing_after()), (12, 6));
    assert_eq!(row.installed, listed[..1]);
    assert_eq!(row.failed, listed[1..], "nothing rules out that the third is missing");
}

#[test]
fn a_row_has_what_systems_manager_counts_and_its_outcome_is_not_changed_by_it() {
    let (id, seen) = ("i-1".to_owned(), seen("i-1", Some(OperatingSystem::Windows)));
    let reason = Reason::new(ReasonCode::NothingMissing, "x");
    let judged = |state: Option<(u32, ComplianceStatus)>| {
        let evidence = state.map(|(available_security_updates, status)| ComplianceRow {
            available_security_updates,
            aws_status: Some(status),
            ..compliance()
        });
        let verdict = Verdict { outcome: Outcome::Compliant, reason: reason.clone() };
        BTreeMap::from([(id.clone(), Judged { verdict, evidence, overwritten_by: None })])
    };
    let (now, withheld) = (Timestamp::UNIX_EPOCH, WithheldPatches::new());
    let view = View { run_id: "run", target: &target(), withheld: &withheld, now, time_over: None };
    let inventory = Inventory { at: now, instances: vec![seen], conflict_notes: Vec::new(), matching: None };
    let counted = |row: &InstanceRow| (row.available_security_updates, row.aws_status, row.outcome);
    let found = judged(Some((2, ComplianceStatus::NonCompliant)));
    let scanned = scan_rows(view, &inventory, &BTreeMap::new(), &found, HashMap::new());
    assert_eq!(counted(&scanned[0]), (2, Some(ComplianceStatus::NonCompliant), Outcome::Compliant));
    let order = order(ordered(&reason));
    let after = |found| counted(&install_rows(scanned.clone(), &order, &[], &found, HashMap::new())[0]);
    assert_eq!(
        after(judged(Some((0, ComplianceStatus::Compliant)))),
        (0, Some(ComplianceStatus::Compliant), Outcome::Compliant)
    );
    assert_eq!(
        after(judged(None)),
        (2, Some(ComplianceStatus::NonCompliant), Outcome::Compliant),
        "the last one stands"
    );
}

#[test]
fn an_install_that_was_not_sent_brought_nothing_and_failed_at_nothing() {
    let reason = |code| Reason::new(code, "x");
    for answer in [
        InvocationResult::StoppedBeforeTurn(reason(ReasonCode::MaxErrors)),
        InvocationResult::None(reason(ReasonCode::Deadline)),
    ] {
        let row = row_after(&install(answer.clone(), None));
        assert!(row.failed.is_empty() && row.installed.is_empty(), "{answer:?}: {row:?}");
        assert_eq!(row.count_missing_after(), 6, "what is missing stays");
        let row = row_with(&install(answer, None), false);
        assert_eq!(
            (row.missing_after, row.more_missing_after),
            (three(), 9),
            "nothing was sent, so nothing has changed"
        );
    }
    let sent = row_with(&install(InvocationResult::Offline(reason(ReasonCode::AgentOffline)), Some("c-1")), false);
    assert_eq!(sent.count_missing_after(), 0, "what was installed is not known");
    let row = row_after(&install(InvocationResult::None(reason(ReasonCode::Deadline)), Some("c-1")));
    assert_eq!(row.failed, three()[1..], "an install that was sent may have failed");
}

#[test]
fn an_instance_waits_for_a_reboot_since_the_first_install_that_left_it_waiting() {
    let at = |second| Timestamp::from_second(second).expect("a time");
    let (id, seen) = ("i-1".to_owned(), seen("i-1", Some(OperatingSystem::AmazonLinux2023)));
    let reason = Reason::new(ReasonCode::PendingReboot, "x");
    let judged = |pending_reboot, last: Option<i64>| {
        let last_no_reboot_install = last.map(at);
        let evidence =
            ComplianceRow { ended_at: at(900), missing: 1, pending_reboot, last_no_reboot_install, ..compliance() };
        let verdict = Verdict { outcome: Outcome::Missing, reason: reason.clone() };
        BTreeMap::from([(id.clone(), Judged { verdict, evidence: Some(evidence), overwritten_by: None })])
    };
    let withheld = WithheldPatches::new();
    let view = View { run_id: "run", target: &target(), withheld: &withheld, now: at(1_000), time_over: None };
    let never = InventoryInstance { never_reboot: Some(reason.clone()), ..seen.clone() };
    let inventory = |one| Inventory { at: at(0), instances: vec![one], conflict_notes: Vec::new(), matching: None };
    // An install may reboot it, so what it waits for came after the last one that did not.
    let rows = scan_rows(view, &inventory(seen), &BTreeMap::new(), &judged(2, Some(100)), HashMap::new());
    assert_eq!(rows[0].pending_reboot_since, None);
    let inventory = inventory(never);
    let scanned = |pending, last| scan_rows(view, &inventory, &BTreeMap::new(), &judged(pending, last), HashMap::new());
    let order = order(OrderedInstance { never_reboot: Some(reason.clone()), ..ordered(&reason) });
    let after = |before, pending, last| {
        let rows = install_rows(before, &order, &[], &judged(pending, last), HashMap::new());
        rows[0].pending_reboot_since
    };
    assert_eq!(scanned(2, Some(100))[0].pending_reboot_since, Some(at(100)));
    assert_eq!(scanned(0, Some(100))[0].pending_reboot_since, None, "it was rebooted since");
    assert_eq!(scanned(2, None)[0].pending_reboot_since, None, "that is not known");
    assert_eq!(after(scanned(0, Some(100)), 1, Some(800)), Some(at(800)), "this install left it waiting");
    assert_eq!(after(scanned(2, Some(100)), 3, Some(800)), Some(at(100)), "it waited before");
    assert_eq!(after(scanned(2, Some(100)), 0, Some(100)), None, "the install rebooted it");
}

proptest! {
    #[test]
    fn no_patch_is_called_installed_that_is_still_missing(
        before in missing(),
        after in missing(),
        most in 0..25_usize,
    ) {
        let (before, after) = (patches(&before), patches(&after));
        let (ordered, _) = PatchList::of(before.clone(), most).into_parts();
        let left = PatchList::of(after.clone(), most);
        let (failed, installed) = failed_and_installed(&ordered, &left);
        prop_assert!(ids(&installed).is_disjoint(&ids(&after)), "{installed:?} of {after:?}");
        prop_assert_eq!(failed.len() + installed.len(), ordered.len(), "every listed patch is one of both");
        // As long as the list is complete, nothing else is called failed.
        if after.len() <= most {
            prop_assert!(ids(&failed).is_subset(&ids(&after)), "{failed:?} of {after:?}");
        }
    }

    #[test]
    fn the_list_is_the_beginning_and_the_number_is_the_rest_whatever_the_pages(
        all in missing().prop_map(|missing| patches(&missing)).prop_shuffle(),
        sizes in vec(1..7_usize, 20),
        most in 0..25_usize,
    ) {
        let mut list = PatchList::default();
        let mut rest = all.clone();
        for size in sizes {
            let later = rest.split_off(size.min(rest.len()));
            list.add(std::mem::replace(&mut rest, later), most);
        }
        let mut sorted = all;
        sorted.sort();
        let more = sorted.split_off(most.min(sorted.len())).len();
        let (listed, counted) = list.into_parts();
        prop_assert_eq!((listed, counted as usize), (sorted, more));
    }
}

#[test]
fn a_row_of_a_system_that_could_not_be_compared_is_marked_and_no_other() {
    let by = |code| Reason::new(code, "x");
    let systems = [OperatingSystem::AmazonLinux2023, OperatingSystem::Ubuntu];
    let marked = |not_compared: &[OperatingSystem], is_scanned: bool| {
        let verdict = Verdict { outcome: Outcome::Compliant, reason: by(ReasonCode::NothingMissing) };
        let mut rows =
            systems.map(|os| row(&target(), &seen(os.name(), Some(os)), verdict.outcome, verdict.reason.clone()));
        let judged = Judged { verdict, evidence: is_scanned.then(compliance), overwritten_by: None };
        let judged = systems.map(|os| (os.name().to_owned(), judged.clone())).into();
        let mark = |os: &OperatingSystem| (*os, by(ReasonCode::BaselineNotCompared));
        let not_compared = not_compared.iter().map(mark).collect();
        mark_judged_by(&mut rows, &judged, &CheckedBaselines { compared: Vec::new(), not_compared });
        rows.map(|row| row.judged_by.map(|by| by.code))
    };
    assert_eq!(marked(&[], true), [None, None]);
    assert_eq!(marked(&systems[1..], true), [None, Some(ReasonCode::BaselineNotCompared)]);
    assert_eq!(marked(&systems, false), [None, None], "without a result there is nothing to mark");
}

#[test]
fn the_earlier_day_of_a_frozen_baseline_is_no_mark_of_a_scan_run() {
    let os = OperatingSystem::AmazonLinux2023;
    let verdict = Verdict { outcome: Outcome::Compliant, reason: Reason::new(ReasonCode::NothingMissing, "x") };
    let judged = Judged { verdict: verdict.clone(), evidence: Some(compliance()), overwritten_by: None };
    let judged = BTreeMap::from([(os.name().to_owned(), judged)]);
    let marked = |id: &str, is_of_earlier_day| {
        let mut rows = [row(&target(), &seen(os.name(), Some(os)), verdict.outcome, verdict.reason.clone())];
        let planned = ComparedBaseline {
            operating_system: os,
            name: "orgpatch-monthly-production-AMAZON_LINUX_2023".into(),
            id: Some(id.into()),
            patch_groups: Vec::new(),
            is_as_planned: false,
            is_of_earlier_day,
            default: None,
            others: Vec::new(),
        };
        let checked = CheckedBaselines { compared: vec![planned], not_compared: BTreeMap::new() };
        mark_judged_by(&mut rows, &judged, &checked);
        let [row] = rows;
        row.judged_by.map(|by| by.code)
    };
    let own = compliance().baseline_id;
    assert_eq!([false, true].map(|earlier| marked(&own, earlier)), [Some(ReasonCode::OutdatedBaseline), None]);
    assert_eq!(marked("pb-0another", true), Some(ReasonCode::AnotherBaseline));
}
