//! What a scan says about the baselines that it finds.

use insta::assert_snapshot;
use orgpatch_model::reason::ReasonCode;

use super::*;

const LINUX: Os = Os::AmazonLinux2023;

/// Returns what is found of the baseline for Amazon Linux 2023.
fn found(observed: &Observed) -> ComparedBaseline {
    let linux = &stage("test")[0];
    let changes = difference(std::slice::from_ref(linux), observed);
    ComparedBaseline::of(linux, observed, &changes)
}

fn text(observed: &Observed, baseline_id: &str) -> String {
    judged_by(&[found(observed)], LINUX, baseline_id).map_or_else(|| "the plan's".to_owned(), |why| why.to_string())
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
    assert_eq!(judged_by(&[found(&done)], Os::Windows, "pb-0web"), None);
    assert_eq!(judged_by(&[], LINUX, "pb-0web"), None);
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
    let why = judged_by(&[found], LINUX, "pb-0tagged").expect("a reason");
    assert_eq!(why.code, ReasonCode::AnotherBaseline);
}
