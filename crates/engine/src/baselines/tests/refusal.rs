//! Changes that AWS refuses.

use super::*;

const REFUSED: &str = "ssm:CreatePatchBaseline: ValidationException: no";

#[test]
fn a_refusal_takes_away_the_changes_behind_it_and_none_of_another_system() {
    let changes = difference(&stage("test"), &untouched());
    let [create_linux, register_linux, create_windows, register_windows] = &changes[..] else { panic!("four changes") };
    let refusal = Refusal { not_made: 2, ..Refusal::new(Os::AmazonLinux2023, create_linux, REFUSED) };
    let reason = refusal.reason.clone();
    assert_eq!(reason.code.to_string(), "baseline-refused");
    assert!(reason.text.ends_with(REFUSED), "AWS's words: {}", reason.text);
    let known = with_refusals(changes.clone(), std::slice::from_ref(&refusal));
    let refused = Change::Refused { operating_system: Os::AmazonLinux2023, not_made: 2, reason: reason.clone() };
    assert_eq!(known, [create_windows.clone(), register_windows.clone(), refused]);
    assert_eq!(blocked(&known), BTreeMap::from([(Os::AmazonLinux2023, reason)]));

    let refusal = Refusal::new(Os::AmazonLinux2023, register_linux, REFUSED);
    let known = with_refusals(changes.clone(), &[refusal]);
    assert_eq!(known[..3], [create_linux.clone(), create_windows.clone(), register_windows.clone()]);
    assert_eq!(known.iter().filter(|change| change.is_write()).count(), 3);
    assert_eq!(with_refusals(changes.clone(), &[]), changes);
}

#[test]
fn only_a_look_that_was_refused_leaves_an_operating_system_uncompared() {
    let changes = difference(&stage("test"), &untouched());
    let refusals =
        [Refusal::new(Os::AmazonLinux2023, &changes[0], REFUSED), Refusal::of_look(Os::Ubuntu, "no groups today")];
    let marks = not_compared(&refusals);
    assert_eq!(marks.keys().collect::<Vec<_>>(), [&Os::Ubuntu]);
    assert_eq!(
        marks[&Os::Ubuntu].to_string(),
        "the baseline for UBUNTU cannot be compared with the plan: AWS refused to show what the account has: no groups today \
         (baseline-not-compared)"
    );
}

#[test]
fn every_change_says_its_operating_system() {
    let mut observed = after_stage("staging");
    for baseline in observed.baselines.iter_mut().filter(|baseline| !baseline.is_predefined(ACCOUNT)) {
        baseline.tags.insert(HASH_TAG.to_owned(), "old".to_owned());
    }
    let changes = difference(&stage("staging"), &observed);
    assert_eq!(lines(&changes).matches("tag ").count(), 2);
    for change in changes.iter().filter(|change| change.is_write()) {
        assert!(change.operating_system().is_some(), "{change}");
    }
    // A record of an earlier version does not say it.
    let old = serde_json::json!({"change": "tag", "baseline": {"id": "pb-0", "name": "x"}, "tags": {}});
    assert_eq!(serde_json::from_value::<Change>(old).expect("still read").operating_system(), None);
}

#[test]
fn what_aws_owns_is_told_by_the_arn_and_not_by_the_name() {
    let owned = |id: &str, name: &str| own(id, name, Os::Windows).is_predefined(ACCOUNT);
    assert!(!owned("pb-0123456789abcdef0", "AWS-Mine"));
    assert!(!owned("arn:aws:ssm:ap-northeast-1:222200000001:patchbaseline/pb-0123456789abcdef0", "AWS-Mine"));
    assert!(owned("arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0123456789abcdef0", "AWS-Default"));
    assert!(owned("arn:aws-us-gov:ssm:us-gov-west-1:123456789012:patchbaseline/pb-0123456789abcdef0", "x"));
    // Fifty of the account's own use up the quota, whatever their names are.
    let mut full = untouched();
    full.baselines.extend((0..MAX_BASELINES).map(|n| own(&format!("pb-{n}"), &format!("AWS-{n}"), Os::Windows)));
    let changes = difference(&stage("test"), &full);
    assert!(changes.iter().all(|change| matches!(change, Change::QuotaReached { baselines: MAX_BASELINES, .. })));
}
