//! Giving back what was there before.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::*;

fn group(baseline_id: &str) -> PatchGroup {
    PatchGroup {
        operating_system: Os::AmazonLinux2023,
        group: "web servers".to_owned(),
        baseline_id: baseline_id.to_owned(),
    }
}

/// The account after a stage, and what was recorded.
fn run(name: &str, observed: Observed) -> (Observed, Previous) {
    let changes = difference(&stage(name), &observed);
    let previous = Previous::of(&changes, &observed);
    (applied(observed, &changes, &stage(name)), previous)
}

#[test]
fn what_was_the_default_is_the_default_again() {
    let (observed, previous) = run("test", untouched());
    assert_eq!(previous.defaults.len(), 2);
    let changes = restore(&previous, &observed);
    assert_snapshot!(lines(&changes), @"
    AWS-AMAZON_LINUX_2023DefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsAMAZON_LINUX_2023) becomes the default for AMAZON_LINUX_2023 instead of orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023)
    AWS-WINDOWSDefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsWINDOWS) becomes the default for WINDOWS instead of orgpatch-monthly-test-WINDOWS (pb-0new13WINDOWS)
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 stays in the account
    the baseline orgpatch-monthly-test-WINDOWS stays in the account
    ");
    let after = applied(observed, &changes, &[]);
    assert_eq!(after.defaults, untouched().defaults);
    let again = restore(&previous, &after);
    assert!(!again.iter().any(Change::is_write), "{}", lines(&again));
}

#[test]
fn patch_groups_get_back_what_they_had_or_nothing() {
    for before in [vec![], vec![group("pb-0theirs")]] {
        let mut account = untouched();
        account.baselines.push(own("pb-0theirs", "theirs", Os::AmazonLinux2023));
        account.patch_groups.clone_from(&before);
        let (observed, previous) = run("production", account);
        let changes = restore(&previous, &observed);
        if before.is_empty() {
            assert_snapshot!(lines(&changes), @r#"
            patch group "web servers" for AMAZON_LINUX_2023 no longer has the baseline orgpatch-monthly-production-AMAZON_LINUX_2023 (pb-0new13AMAZON_LINUX_2023), nor any other
            the baseline orgpatch-monthly-production-AMAZON_LINUX_2023 stays in the account
            "#);
        } else {
            assert_snapshot!(lines(&changes), @r#"
            theirs (pb-0theirs) becomes the baseline of patch group "web servers" for AMAZON_LINUX_2023 instead of orgpatch-monthly-production-AMAZON_LINUX_2023 (pb-0new13AMAZON_LINUX_2023)
            the baseline orgpatch-monthly-production-AMAZON_LINUX_2023 stays in the account
            "#);
        }
        assert_eq!(applied(observed, &changes, &[]).patch_groups, before);
    }
}

#[test]
fn what_an_operator_chose_since_then_stays() {
    let (mut observed, previous) = run("test", untouched());
    observed.baselines.push(own("pb-0theirs", "theirs", Os::Windows));
    observed.defaults.insert(Os::Windows, "pb-0theirs".to_owned());
    let changes = restore(&previous, &observed);
    assert_snapshot!(lines(&changes), @"
    AWS-AMAZON_LINUX_2023DefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsAMAZON_LINUX_2023) becomes the default for AMAZON_LINUX_2023 instead of orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023)
    theirs was made the default for WINDOWS since then, not by orgpatch; it stays
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 stays in the account
    the baseline orgpatch-monthly-test-WINDOWS stays in the account
    ");
    let codes: Vec<String> = changes.iter().filter_map(Change::reason).map(|reason| reason.code.to_string()).collect();
    assert_eq!(codes, ["baseline-changed-since", "baseline-kept", "baseline-kept"]);
}

#[test]
fn what_is_gone_or_was_never_recorded_stays_and_is_said() {
    let mut account = untouched();
    account.baselines.push(own("pb-0theirs", "theirs", Os::Windows));
    account.defaults.insert(Os::Windows, "pb-0theirs".to_owned());
    let (mut observed, mut previous) = run("test", account);
    observed.baselines.retain(|baseline| baseline.id != "pb-0theirs");
    previous.defaults.remove(&Os::AmazonLinux2023);
    let changes = restore(&previous, &observed);
    assert_snapshot!(lines(&changes), @"
    orgpatch-monthly-test-AMAZON_LINUX_2023 stays the default for AMAZON_LINUX_2023: no run recorded the previous one
    orgpatch-monthly-test-WINDOWS stays the default for WINDOWS: the previous one, pb-0theirs, no longer exists
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 stays in the account
    the baseline orgpatch-monthly-test-WINDOWS stays in the account
    ");
    assert!(!changes.iter().any(Change::is_write));
}

#[test]
fn a_predefined_baseline_is_given_back_even_if_no_list_names_it() {
    let (mut observed, previous) = run("test", untouched());
    observed.baselines.retain(|baseline| !baseline.is_predefined(ACCOUNT));
    assert_eq!(restore(&previous, &observed).iter().filter(|change| change.is_write()).count(), 2);
}

#[test]
fn several_runs_go_back_to_before_the_first() {
    // The second run is of another stage (the account moved), so that what it replaces is one of ours.
    let (observed, first) = run("test", untouched());
    let (observed, second) = run("staging", observed);
    assert!(second.is_empty());
    let recorded = first.clone().or_later(second);
    assert_eq!(recorded, first);
    let after = applied(observed.clone(), &restore(&recorded, &observed), &[]);
    assert_eq!(after.defaults, untouched().defaults);

    // A later run knows more, but of what the first has recorded the first knows best.
    let groups = |entries: &[(&str, Option<&str>)]| Previous {
        patch_groups: entries
            .iter()
            .map(|(group, id)| PreviousGroup {
                operating_system: Os::Suse,
                group: (*group).to_owned(),
                baseline_id: id.map(str::to_owned),
            })
            .collect(),
        defaults: BTreeMap::from([(Os::Suse, format!("pb-{}", entries.len()))]),
    };
    let (first, later) = (groups(&[("a", Some("pb-0theirs"))]), groups(&[("a", None), ("b", None)]));
    let both = Previous { defaults: first.defaults.clone(), ..groups(&[("a", Some("pb-0theirs")), ("b", None)]) };
    assert_eq!(first.or_later(later), both);
}

#[test]
fn a_death_between_taking_a_patch_group_and_giving_it_back_is_healed() {
    let mut account = untouched();
    account.baselines.push(own("pb-0theirs", "theirs", Os::AmazonLinux2023));
    account.patch_groups.push(group("pb-0theirs"));
    let (mut observed, first) = run("production", account.clone());
    // Dead after the group was taken from our baseline.
    observed.patch_groups.clear();
    let restored = applied(observed.clone(), &restore(&first, &observed), &[]);
    assert_eq!(restored.patch_groups, account.patch_groups);

    // Dead after the group was taken from theirs: the next run sees a group without a baseline.
    account.patch_groups.clear();
    let (observed, second) = run("production", account);
    let recorded = first.or_later(second);
    let restored = applied(observed.clone(), &restore(&recorded, &observed), &[]);
    assert_eq!(restored.patch_groups, [group("pb-0theirs")]);
}

#[test]
fn the_same_change_in_two_accounts_reads_the_same() {
    let in_account = |suffix: &str| {
        let mut account = untouched();
        let (theirs, ours) = (format!("pb-0theirs{suffix}"), format!("pb-0ours{suffix}"));
        account.baselines.push(own(&theirs, "theirs", Os::Windows));
        account.defaults.insert(Os::Windows, theirs);
        let mut outdated = own(&ours, &stage("test")[0].name, Os::AmazonLinux2023);
        outdated.tags = stage("test")[0].tags.clone();
        outdated.is_recorded = true;
        outdated.tags.insert(HASH_TAG.to_owned(), "old".to_owned());
        account.baselines.push(outdated);
        let (after, previous) = run("test", account.clone());
        let changes = difference(&stage("test"), &account).into_iter().chain(restore(&previous, &after));
        changes.collect::<Vec<Change>>()
    };
    let plain = |changes: &[Change]| lines(&changes.iter().map(Change::without_ids).collect::<Vec<_>>());
    let (one, other) = (in_account("1"), in_account("2"));
    assert_ne!(lines(&one), lines(&other));
    assert_eq!(plain(&one), plain(&other));
    assert_snapshot!(plain(&one), @"
    change orgpatch-monthly-test-AMAZON_LINUX_2023: description, global filters, approval rules, approved patches, compliance level of approved patches, non-security updates among approved patches, rejected patches, action on rejected patches, status of available security updates, sources
    tag orgpatch-monthly-test-AMAZON_LINUX_2023: orgpatch:hash=5e40e223b5d161068aeb2488b048b87f2d272092d45883da19d0610a8b83669c
    orgpatch-monthly-test-AMAZON_LINUX_2023 becomes the default for AMAZON_LINUX_2023 instead of AWS-AMAZON_LINUX_2023DefaultPatchBaseline
    create orgpatch-monthly-test-WINDOWS: 2 rules (at once), 1 approved patch
    orgpatch-monthly-test-WINDOWS, just created, becomes the default for WINDOWS instead of theirs
    AWS-AMAZON_LINUX_2023DefaultPatchBaseline becomes the default for AMAZON_LINUX_2023 instead of orgpatch-monthly-test-AMAZON_LINUX_2023
    theirs becomes the default for WINDOWS instead of orgpatch-monthly-test-WINDOWS
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 stays in the account
    the baseline orgpatch-monthly-test-WINDOWS stays in the account
    ");
}

#[test]
fn an_account_that_orgpatch_never_touched_is_left_in_peace() {
    assert_eq!(restore(&Previous::default(), &untouched()), []);
}

/// The baselines of another plan, for the same account.
fn of_emergency() -> Vec<Baseline> {
    let plan = read(&PLAN.replace("name: monthly", "name: emergency")).unwrap_or_else(|errors| panic!("{errors}"));
    desired(&plan, &plan.stages[0], None)
}

#[test]
fn what_another_plan_took_is_named_and_handed_back() {
    let monthly = after_stage("test");
    let taken = difference(&of_emergency(), &monthly);
    assert_snapshot!(lines(&taken), @"
    create orgpatch-emergency-test-AMAZON_LINUX_2023: 1 rule (at once), 1 rejected patch
    orgpatch-emergency-test-AMAZON_LINUX_2023, just created, becomes the default for AMAZON_LINUX_2023 instead of orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023) of plan monthly
    create orgpatch-emergency-test-WINDOWS: 2 rules (at once), 1 approved patch
    orgpatch-emergency-test-WINDOWS, just created, becomes the default for WINDOWS instead of orgpatch-monthly-test-WINDOWS (pb-0new13WINDOWS) of plan monthly
    ");
    assert!(taken.iter().filter_map(Change::takes_from).all(|plan| plan == "monthly"));
    assert_eq!(taken.iter().filter_map(Change::takes_from).count(), 2);
    assert_eq!(Previous::of(&taken, &monthly), Previous::default(), "what was before orgpatch stays remembered");

    let emergency = applied(monthly.clone(), &taken, &of_emergency());
    let back = hand_over("emergency", "monthly", &emergency);
    assert_snapshot!(lines(&back), @"
    orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023) becomes the default for AMAZON_LINUX_2023 instead of orgpatch-emergency-test-AMAZON_LINUX_2023 (pb-0new14AMAZON_LINUX_2023)
    orgpatch-monthly-test-WINDOWS (pb-0new13WINDOWS) becomes the default for WINDOWS instead of orgpatch-emergency-test-WINDOWS (pb-0new15WINDOWS)
    ");
    assert_eq!(applied(emergency.clone(), &back, &[]).defaults, monthly.defaults);
    assert!(hand_over("emergency", "monthly", &monthly).is_empty(), "nothing of the emergency is registered");
    // A member account can set tags; orgpatch did not create these.
    let mut untold = emergency.clone();
    for baseline in untold.baselines.iter_mut().filter(|one| one.name.contains("monthly")) {
        baseline.is_recorded = false;
    }
    assert!(!hand_over("emergency", "monthly", &untold).iter().any(Change::is_write));
    // An account that has been in two stages of the plan has two baselines.
    let mut moved = emergency;
    let mut second = moved.baselines.iter().find(|one| one.name.contains("monthly-test-WINDOWS")).expect("one").clone();
    second.id = "pb-0second".into();
    moved.baselines.push(second);
    let written = hand_over("emergency", "monthly", &moved);
    assert_eq!(written.iter().filter(|change| change.is_write()).count(), 1, "{}", lines(&written));
}

#[test]
fn a_patch_group_is_handed_back_too() {
    let before = after_stage("production");
    let plan = read(&PLAN.replace("name: monthly", "name: emergency")).unwrap_or_else(|errors| panic!("{errors}"));
    let wanted = desired(&plan, &plan.stages[2], None);
    let emergency = applied(before.clone(), &difference(&wanted, &before), &wanted);
    assert_ne!(emergency.patch_groups, before.patch_groups);
    let back = hand_over("emergency", "monthly", &emergency);
    assert_eq!(applied(emergency, &back, &[]).patch_groups, before.patch_groups);
}

/// A plan of two environments that share an account.
fn shared_plan(name: &str) -> Plan {
    let stages = ["test", "production"].map(|name| {
        format!(
            "  - {{name: {name}, ous: [r-abcd], select: {{tags: {{Env: [{name}]}}}}, baselines: {{AMAZON_LINUX_2023: \
             {{patchGroup: {name}, rules: [{{product: [\"*\"], approve: {{afterDays: 0}}}}]}}}}}}\n"
        )
    });
    let text = format!(
        "schemaVersion: 1\nname: {name}\nregions: [ap-northeast-1]\nselect: {{operatingSystems: [AMAZON_LINUX_2023]}}\nstages:\n{}",
        stages.concat()
    );
    read(&text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The account behind install runs of both its environments, and what was recorded.
fn shared() -> (Observed, Previous) {
    let plan = shared_plan("monthly");
    let (mut account, mut previous) = (untouched(), Previous::default());
    for stage in &plan.stages {
        let wanted = desired(&plan, stage, None);
        let changes = difference(&wanted, &account);
        previous = previous.or_later(Previous::of(&changes, &account));
        account = applied(account, &changes, &wanted);
    }
    (account, previous)
}

#[test]
fn a_stage_that_shares_an_account_gives_back_its_own() {
    let (account, previous) = shared();
    let place = |group: &str| BTreeSet::from([(Os::AmazonLinux2023, group.to_owned())]);
    let (ours, theirs) = previous.clone().split(&place("production"));
    let groups = |previous: &Previous| -> Vec<String> {
        previous.patch_groups.iter().map(|known| known.group.clone()).collect()
    };
    assert_eq!((groups(&ours), groups(&theirs)), (vec!["test".to_owned()], vec!["production".to_owned()]));
    let changes = restore(&ours, &account.clone().without_groups(&place("production")));
    assert_snapshot!(lines(&changes), @r#"
    patch group "test" for AMAZON_LINUX_2023 no longer has the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023), nor any other
    the baseline orgpatch-monthly-production-AMAZON_LINUX_2023 stays in the account
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 stays in the account
    "#);
    let after = applied(account.clone(), &changes, &[]);
    assert_eq!(after.patch_groups.len(), 1, "the other stage's group keeps its baseline");
    // The other stage's turn, with what is still recorded.
    let (ours, _) = theirs.split(&place("test"));
    let of_production = after.clone().without_groups(&place("test"));
    assert_eq!(applied(after, &restore(&ours, &of_production), &[]).patch_groups, []);
    let (all, none) = previous.clone().split(&BTreeSet::new());
    assert_eq!((all, none), (previous, Previous::default()), "an account that no other stage has");
}

#[test]
fn a_plan_that_shares_accounts_hands_over_stage_by_stage() {
    let (account, _) = shared();
    let emergency = shared_plan("emergency");
    let mut taken = account.clone();
    for stage in &emergency.stages {
        let wanted = desired(&emergency, stage, None);
        taken = applied(taken.clone(), &difference(&wanted, &taken), &wanted);
    }
    assert_ne!(taken.patch_groups, account.patch_groups);
    let back = hand_over("emergency", "monthly", &taken);
    assert_eq!(applied(taken, &back, &[]).patch_groups, account.patch_groups, "{}", lines(&back));
}
