//! What is recorded of what was there before.

use super::*;

/// The account after a stage, and what was recorded.
fn run(name: &str, observed: Observed) -> (Observed, Previous) {
    let changes = difference(&stage(name), &observed);
    let previous = Previous::of(&changes, &observed);
    (applied(observed, &changes, &stage(name)), previous)
}

#[test]
fn the_defaults_that_are_replaced_are_on_record() {
    let before = untouched().defaults;
    let (_, previous) = run("test", untouched());
    let replaced = [Os::AmazonLinux2023, Os::Windows].map(|os| (os, before[&os].clone()));
    assert_eq!(previous, Previous { defaults: BTreeMap::from(replaced), ..Previous::default() });
}

#[test]
fn patch_groups_are_on_record_with_what_they_had_or_nothing() {
    let (operating_system, group) = (Os::AmazonLinux2023, "web servers".to_owned());
    for before in [None, Some("pb-0theirs".to_owned())] {
        let mut account = untouched();
        account.baselines.push(own("pb-0theirs", "theirs", operating_system));
        account.patch_groups.extend(before.clone().map(|baseline_id| PatchGroup {
            operating_system,
            group: group.clone(),
            baseline_id,
        }));
        let (_, previous) = run("production", account);
        let expected = PreviousGroup { operating_system, group: group.clone(), baseline_id: before };
        assert_eq!(previous, Previous { patch_groups: vec![expected], ..Previous::default() });
    }
}

#[test]
fn a_baseline_of_orgpatch_is_not_on_record() {
    // The second run is of another stage (the account moved), so that what it replaces is one of ours.
    let (mut observed, _) = run("test", untouched());
    assert_eq!(run("staging", observed.clone()).1, Previous::default());

    // But a baseline that an operator chose in between is recorded.
    observed.baselines.push(own("pb-0theirs", "theirs", Os::Windows));
    observed.defaults.insert(Os::Windows, "pb-0theirs".to_owned());
    let theirs = BTreeMap::from([(Os::Windows, "pb-0theirs".to_owned())]);
    assert_eq!(run("staging", observed).1, Previous { defaults: theirs, ..Previous::default() });
}
