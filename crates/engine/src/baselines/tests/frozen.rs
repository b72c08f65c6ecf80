//! Frozen stages: the date that they get, and patches that their baselines hold back.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use orgpatch_plan::{Approve, RejectedAction};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The plan with a frozen production stage, in which definition updates do not wait.
fn frozen() -> Plan {
    let text = PLAN
        .replace("    approve: {until: 2026-11-30}\n    select: {operatingSystems: [AMAZON_LINUX_2023]}\n", "")
        .replace(
            "    baselines: {AMAZON_LINUX_2023: {rules: [{product: [\"*\"]}], patchGroup: web servers}}\n",
            "    approve: {frozen: true}\n",
        );
    read(&text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// Days and date of every rule, system by system.
fn approvals(baselines: &[Baseline]) -> Vec<(Option<u16>, Option<Date>)> {
    let rules = baselines.iter().flat_map(|baseline| &baseline.definition.approval_rules);
    rules.map(|rule| (rule.approve_after_days, rule.approve_until_date)).collect()
}

#[test]
fn frozen_rules_get_the_cut_off_date_and_the_others_their_own() {
    let plan = frozen();
    let of = |stage: usize, cutoff| approvals(&desired(&plan, &plan.stages[stage], cutoff));
    let day = Some(date("2026-11-23"));
    assert_eq!(of(2, day), [(None, day), (Some(0), None), (None, day)]);
    // Not known yet.
    assert_eq!(of(2, None), [(None, None), (Some(0), None), (None, None)]);
    // Stages that are not frozen do not care.
    assert_eq!(of(1, day), of(1, None));
}

#[test]
fn a_frozen_rule_in_a_stage_of_days() {
    let text = PLAN.replace(
        "{rules: [{product: [\"*\"]}], patchGroup: web servers}",
        "{rules: [{product: [\"*\"]}, {product: [a], approve: {frozen: true}}]}",
    );
    let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let day = Some(date("2026-11-01"));
    let approved = approvals(&desired(&plan, &plan.stages[2], day));
    assert_eq!(approved, [(None, Some(date("2026-11-30"))), (None, day)]);
}

#[test]
fn another_day_is_another_hash() {
    let plan = frozen();
    let hashes = |day| -> Vec<String> {
        desired(&plan, &plan.stages[2], day)
            .into_iter()
            .map(|mut baseline| baseline.tags.remove(HASH_TAG).expect("a hash"))
            .collect()
    };
    let (one, other) = (hashes(Some(date("2026-11-22"))), hashes(Some(date("2026-11-23"))));
    assert!(one[0] != other[0] && one[1] != other[1]);
}

#[test]
fn systems_without_dates_get_a_delay_without_effect() {
    let text = PLAN
        .replace("[AMAZON_LINUX_2023, WINDOWS]", "[AMAZON_LINUX_2023, UBUNTU, WINDOWS]")
        .replace("  WINDOWS:\n", "  UBUNTU: {rules: [{priority: [Required]}]}\n  WINDOWS:\n")
        .replace("approve: {afterDays: 3}", "approve: {frozen: true}");
    let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let all = desired(&plan, &plan.stages[1], Some(date("2026-11-23")));
    let ubuntu = all.iter().find(|baseline| baseline.operating_system == Os::Ubuntu).expect("one");
    assert_eq!(approvals(std::slice::from_ref(ubuntu)), [(Some(0), None)]);
    assert!(ubuntu.to_string().ends_with("1 rule"), "{ubuntu}");
}

#[test]
fn the_day_is_that_of_the_first_stages_scan_less_its_delay() {
    let on = |approve: Option<Approve>, at: &str| {
        let mut plan = frozen();
        plan.stages[0].approve = approve;
        cutoff(&plan, at.parse().expect("a time")).to_string()
    };
    let days = |days| Some(Approve::AfterDays(days));
    assert_eq!(on(days(0), "2026-11-23T02:00:00Z"), "2026-11-23");
    assert_eq!(on(days(3), "2026-11-23T02:00:00Z"), "2026-11-20");
    assert_eq!(on(days(360), "2024-12-30T00:00:00Z"), "2024-01-05");
    let until = Some(Approve::Until(date("2026-11-15")));
    assert_eq!(on(until, "2026-11-14T23:59:59Z"), "2026-11-14");
    assert_eq!(on(until, "2026-11-15T00:00:00Z"), "2026-11-15");
    assert_eq!(on(until, "2027-01-01T00:00:00Z"), "2026-11-15");
    // Each rule of the first stage says it itself.
    assert_eq!(on(None, "2026-11-23T23:59:59.999Z"), "2026-11-23");
    // The day of UTC, wherever the clock hangs.
    assert_eq!(on(days(0), "2026-11-24T08:30:00+09:00"), "2026-11-23");
}

#[test]
fn without_a_day_a_frozen_baseline_stays_as_it_is() {
    let plan = frozen();
    let undated = desired(&plan, &plan.stages[2], None);
    let day = desired(&plan, &plan.stages[2], Some(date("2026-11-20")));
    for account in [untouched(), applied(untouched(), &difference(&day, &untouched()), &day)] {
        let changes = difference(&undated, &account);
        let codes: Vec<String> =
            changes.iter().filter_map(Change::reason).map(|reason| reason.code.to_string()).collect();
        assert_eq!(codes, ["baseline-frozen", "baseline-frozen"], "{}", lines(&changes));
        assert!(!changes.iter().any(Change::is_write));
    }
}

#[test]
fn a_baseline_of_an_earlier_day_is_told_from_one_that_was_changed() {
    // The last rule has a day of its own.
    let text = PLAN.replace("approve: {until: 2026-11-30}", "approve: {frozen: true}").replace(
        "{rules: [{product: [\"*\"]}], patchGroup: web servers}",
        "{rules: [{product: [\"*\"]}, {product: [a]}, {product: [b], approve: {until: 2026-11-21}}]}",
    );
    let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let on = |day: &str| desired(&plan, &plan.stages[2], Some(date(day)));
    let (then, now) = (on("2026-11-20"), on("2026-11-23"));
    let account = applied(untouched(), &difference(&then, &untouched()), &then);
    let id = {
        let found = account.baselines.iter().find(|one| one.name == then[0].name).expect("it was created");
        found.id.clone()
    };
    let compared = |wanted: &Baseline, account: &Observed, is_frozen| {
        let changes = difference(std::slice::from_ref(wanted), account);
        let compared = ComparedBaseline::of(wanted, account, &changes, is_frozen);
        (compared.is_as_planned, compared.is_of_earlier_day)
    };
    let changed = |change: fn(&mut Definition)| {
        let mut account = account.clone();
        change(there(&mut account, &id).definition.as_mut().expect("a definition"));
        compared(&now[0], &account, true)
    };
    assert_eq!(compared(&then[0], &account, true), (true, false));
    assert_eq!(compared(&now[0], &account, true), (false, true));
    assert_eq!(compared(&now[0], &account, false), (false, false), "a step that is not frozen");
    assert_eq!(compared(&on("2026-11-19")[0], &account, true), (false, false), "the account has a later day");
    assert_eq!(changed(|definition| definition.rejected_patches.push("withheld".into())), (false, false));
    assert_eq!(changed(|definition| definition.approval_rules.clear()), (false, false));
    assert_eq!(changed(|definition| definition.approval_rules[0].approve_until_date = None), (false, false));
    let own = |rule: &&mut PatchRule| rule.approve_until_date == Some(date("2026-11-21"));
    let mut moved = account.clone();
    let rules = &mut there(&mut moved, &id).definition.as_mut().expect("a definition").approval_rules;
    rules.iter_mut().find(own).expect("a rule with a day of its own").approve_until_date = Some(date("2026-11-10"));
    assert_eq!(compared(&now[0], &moved, true), (false, false), "one of its days was changed, too");
    // Its definition was not read.
    let mut unread = account.clone();
    there(&mut unread, &id).definition = None;
    assert_eq!(compared(&now[0], &unread, true), (false, false));
}

#[test]
fn people_read_that_a_baseline_is_frozen() {
    let plan = frozen();
    let shown =
        |cutoff| -> Vec<String> { desired(&plan, &plan.stages[2], cutoff).iter().map(ToString::to_string).collect() };
    assert_eq!(
        shown(None),
        [
            "orgpatch-monthly-production-AMAZON_LINUX_2023: 1 rule (frozen to the first stage), 1 rejected patch",
            "orgpatch-monthly-production-WINDOWS: 2 rules (at once, frozen to the first stage), 1 approved patch"
        ]
    );
    assert_eq!(
        shown(Some(date("2026-11-20")))[0],
        "orgpatch-monthly-production-AMAZON_LINUX_2023: 1 rule (if released until 2026-11-20), 1 rejected patch"
    );
}

#[test]
fn held_back_patches_join_the_rejected_ones() {
    let plain = stage("test").remove(0);
    assert_eq!((plain.definition.rejected_patches.len(), plain.room_for_rejected()), (1, 49));
    let held = plain.withholding(&["zlib".to_owned(), "bash".to_owned(), "kernel*".to_owned(), "bash".to_owned()]);
    assert_eq!(held.definition.rejected_patches, ["bash", "kernel*", "zlib"]);
    assert_eq!(held.definition.rejected_patches_action, RejectedAction::Block);
    assert_eq!(held.room_for_rejected(), 47);
    assert_eq!(held.tags[HASH_TAG], held.hash());
    assert_ne!(held.hash(), plain.hash());
    assert_eq!((&held.name, &held.tags[PLAN_TAG]), (&plain.name, &plain.tags[PLAN_TAG]));
    // Nothing to hold back: not even the action changes.
    assert_eq!(plain.withholding(&[]), plain);
    assert_eq!(plain.definition.rejected_patches_action, RejectedAction::AllowAsDependency);
}

#[test]
fn a_full_list_has_no_room() {
    let many: Vec<String> = (0..60).map(|n| format!("p{n}")).collect();
    let plain = stage("test").remove(0);
    assert_eq!(plain.withholding(&many[..49]).room_for_rejected(), 0);
    assert_eq!(plain.withholding(&many).room_for_rejected(), 0);
}

proptest! {
    #[test]
    fn nothing_is_frozen_to_a_day_after_the_scan(seconds in 0..4_000_000_000_i64, days in 0..=360_u16, year in 1970..2200_i16) {
        let at = Timestamp::from_second(seconds).expect("a time");
        let day = jiff::tz::Offset::UTC.to_datetime(at).date();
        let mut plan = frozen();
        plan.stages[0].approve = Some(Approve::AfterDays(days));
        // The release of that day is as old as the delay asks for, and that of the day after is not.
        prop_assert_eq!(cutoff(&plan, at) + i64::from(days).days(), day);
        let until = Date::new(year, 1, 1).expect("a date");
        plan.stages[0].approve = Some(Approve::Until(until));
        prop_assert!(cutoff(&plan, at) <= day && cutoff(&plan, at) <= until);
        prop_assert!(cutoff(&plan, at) == day || cutoff(&plan, at) == until);
    }

    #[test]
    fn holding_back_twice_or_in_another_order_is_the_same(
        (one, other) in vec("[a-z]{1,3}", 0..8).prop_flat_map(|patches| (Just(patches.clone()), Just(patches).prop_shuffle())),
        at in any::<prop::sample::Index>(),
    ) {
        let plain = stage("test").remove(0);
        let held = plain.withholding(&one);
        prop_assert_eq!(&held, &plain.withholding(&other));
        prop_assert_eq!(&held, &held.withholding(&other));
        let (first, rest) = one.split_at(at.index(one.len() + 1));
        prop_assert_eq!(&held, &plain.withholding(first).withholding(rest));
        prop_assert!(one.iter().all(|patch| held.definition.rejected_patches.contains(patch)));
        prop_assert_eq!(&held.tags[HASH_TAG], &held.hash());
    }
}
