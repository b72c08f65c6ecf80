//! What a scan says about the baselines that it finds.

use std::collections::{BTreeMap, HashMap};

use insta::assert_snapshot;
use orgpatch_model::reason::ReasonCode;

use super::*;

const LINUX: Os = Os::AmazonLinux2023;

/// Returns what is found of the baseline for Amazon Linux 2023.
fn found(observed: &Observed) -> ComparedBaseline {
    let linux = &stage("test")[0];
    let changes = difference(std::slice::from_ref(linux), observed);
    ComparedBaseline::of(linux, observed, &changes, false)
}

fn by(baseline_id: &str) -> Deciding<'_> {
    Deciding { baseline_id, patch_group: None }
}

fn text(observed: &Observed, baseline_id: &str) -> String {
    judged_by(&[found(observed)], LINUX, by(baseline_id)).map_or_else(|| "the plan's".to_owned(), |why| why.to_string())
}

#[test]
fn a_row_says_which_baseline_judged_it_unless_it_is_the_plans() {
    let done = after_stage("test");
    let ours = found(&done).id.expect("it was created");
    assert_eq!(text(&done, &ours), "the plan's");
    assert_eq!(text(&done, &format!("arn:aws:ssm:ap-northeast-1:{ACCOUNT}:patchbaseline/{ours}")), "the plan's");
    let mut outdated = done.clone();
    let definition = there(&mut outdated, &ours).definition.as_mut().expect("a definition");
    definition.rejected_patches.push("withheld".to_owned());
    let lines = [
        text(&untouched(), "pb-0awsAMAZON_LINUX_2023"),
        text(&done, "pb-0web"),
        text(&outdated, &ours),
        text(&outdated, "pb-0web"),
    ];
    assert_snapshot!(lines.join("\n"), @"
    it was judged by AWS-AMAZON_LINUX_2023DefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsAMAZON_LINUX_2023); the account does not have the plan's baseline orgpatch-monthly-test-AMAZON_LINUX_2023 (another-baseline)
    it was judged by pb-0web and not by the plan's baseline orgpatch-monthly-test-AMAZON_LINUX_2023 (another-baseline)
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 judged it as the account has it, which differs from the plan (outdated-baseline)
    it was judged by pb-0web and not by the plan's baseline orgpatch-monthly-test-AMAZON_LINUX_2023 (another-baseline)
    ");
    // The plan has no baseline for it, so that whichever the account has is right.
    assert_eq!(judged_by(&[found(&done)], Os::Windows, by("pb-0web")), None);
    assert_eq!(judged_by(&[], LINUX, by("pb-0web")), None);
}

#[test]
fn a_baseline_that_is_not_ours_is_not_the_plans() {
    let mut observed = untouched();
    let mut tagged = own("pb-0tagged", &stage("test")[0].name, LINUX);
    tagged.tags = stage("test")[0].tags.clone();
    observed.defaults.insert(LINUX, tagged.id.clone());
    observed.baselines.push(tagged);
    let found = found(&observed);
    assert_eq!((found.id.clone(), found.is_as_planned), (None, false));
    let why = judged_by(&[found], LINUX, by("pb-0tagged")).expect("a reason");
    assert_eq!(why.code, ReasonCode::AnotherBaseline);
}

#[test]
fn the_reason_names_the_deciding_baseline_and_the_patch_group() {
    let mut observed = after_stage("test");
    observed.baselines.push(own("pb-0web", "theirs-web", LINUX));
    let compared = found(&observed);
    let text = |patch_group| {
        let deciding = Deciding { baseline_id: "pb-0web", patch_group };
        judged_by(std::slice::from_ref(&compared), LINUX, deciding).expect("a reason").text
    };
    assert_snapshot!([text(Some("web")), text(None)].join("\n"), @r#"
    it was judged by theirs-web (pb-0web) and not by the plan's baseline orgpatch-monthly-test-AMAZON_LINUX_2023; its patch group is "web"
    it was judged by theirs-web (pb-0web) and not by the plan's baseline orgpatch-monthly-test-AMAZON_LINUX_2023
    "#);
}

#[test]
fn what_to_do_depends_on_the_patch_groups_of_plan_and_instance() {
    let plain = found(&after_stage("test"));
    let grouped = ComparedBaseline { patch_groups: vec!["prod".into(), "web".into()], ..plain.clone() };
    let how = |one: &ComparedBaseline, group| how_to_decide(std::slice::from_ref(one), LINUX, group);
    let all = [
        how(&plain, Some("web")),
        how(&plain, None),
        how(&grouped, Some("prd")),
        how(&grouped, None),
        how(&grouped, Some("prod")),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    to change that, remove its tag Patch Group or PatchGroup, or give the plan's baseline that patch group; or say conflicts: {otherBaseline: warn} in the plan
    to change that, find out what registered another default baseline during the run; or say conflicts: {otherBaseline: warn} in the plan
    to change that, give it the tag Patch Group (or PatchGroup) with the value "prod" or "web"; or say conflicts: {otherBaseline: warn} in the plan
    to change that, give it the tag Patch Group (or PatchGroup) with the value "prod" or "web"; or say conflicts: {otherBaseline: warn} in the plan
    to change that, find out what registered another baseline for its patch group during the run; or say conflicts: {otherBaseline: warn} in the plan
    "#);
}

#[test]
fn after_the_changes_the_new_baseline_is_the_plans_and_a_refused_one_is_not() {
    let compared = [found(&untouched())];
    assert_eq!(compared[0].id, None, "it is not there yet");
    let created = [(compared[0].name.clone(), "pb-0new".to_owned())].into();
    let at = (&crate::fixtures::target(), jiff::Timestamp::UNIX_EPOCH);
    let scan = AppliedBaselines::new(at, &compared, &created, BTreeMap::new());
    let judged = |applied: &[ComparedBaseline], id| judged_by(applied, LINUX, by(id)).map(|why| why.code);
    assert_eq!(judged(&scan.baselines, "pb-0new"), None);
    assert_eq!(judged(&scan.baselines, "pb-0web"), Some(ReasonCode::AnotherBaseline));
    let change = Change::QuotaReached { operating_system: LINUX, name: "x".into(), baselines: 50 };
    let refusal = Refusal::new(LINUX, &change, "AccessDeniedException");
    let blocked = [(LINUX, refusal.reason)].into();
    assert_eq!(AppliedBaselines::new(at, &compared, &created, blocked).baselines, []);
    // It was deleted during the run, and made anew when patches were to be withheld.
    let again = [(compared[0].name.clone(), "pb-0again".to_owned())].into();
    let withholding = AppliedBaselines::new(at, &compared, &again, BTreeMap::new());
    let in_install = AppliedBaselines::in_install(Some(scan.clone()), Some(withholding));
    assert_eq!(judged(&in_install, "pb-0again"), None);
    assert_eq!(judged(&in_install, "pb-0new"), Some(ReasonCode::AnotherBaseline));
    assert_eq!(AppliedBaselines::in_install(Some(scan.clone()), None), scan.baselines);
}

#[test]
fn a_later_try_holds_to_what_an_earlier_one_decided() {
    let compared = [found(&after_stage("test"))];
    let at = (&crate::fixtures::target(), jiff::Timestamp::UNIX_EPOCH);
    let blocked = [(Os::Ubuntu, Refusal::of_look(Os::Ubuntu, "denied").reason)].into();
    let applied = AppliedBaselines::new(at, &compared, &HashMap::new(), blocked);
    let later = applied.blocked_of([LINUX, Os::Ubuntu, Os::Windows]);
    assert_eq!(later.keys().copied().collect::<Vec<_>>(), [Os::Ubuntu, Os::Windows]);
    assert!(later[&Os::Ubuntu].text.contains("denied"));
    // A baseline that could not be made has no id, and nothing is compared with it.
    let none = AppliedBaselines::new(at, &[found(&untouched())], &HashMap::new(), BTreeMap::new());
    assert_eq!(none.baselines, []);
}
