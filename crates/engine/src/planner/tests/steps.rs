//! Stages, claims, exclusions and the order of accounts.

use std::collections::BTreeMap;

use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::{Approve, Untested};

use super::*;
use crate::planner::sharing::sharing;
use crate::planner::{SharingStage, check_first_stage, check_stages, unmatched};
use crate::stage_memory::StageMemory;

fn ids(resolution: &Resolution) -> Vec<String> {
    resolution
        .steps
        .iter()
        .map(|step| {
            let targets: Vec<String> = step
                .targets
                .iter()
                .map(|target| format!("{}@{}/{}", target.account_id, target.region, target.ou_path))
                .collect();
            format!("{}: {}", step.id, targets.join(" "))
        })
        .collect()
}

#[test]
fn a_stage_that_is_compared_with_the_first_one_runs_with_it() {
    let mut plan = plan(vec![stage("test", &["ou-t"]), stage("staging", &[]), stage("production", &["ou-p"])]);
    let check = |plan: &Plan, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        check_stages(plan, Some(&names)).and_then(|()| check_first_stage(plan, Some(&names), &StageMemory::default()))
    };
    let ok = |plan: &Plan| {
        assert_eq!(check_first_stage(plan, None, &StageMemory::default()), Ok(()));
        for names in [&["test"][..], &["production", "test"], &["staging"], &["test", "staging"]] {
            assert_eq!(check(plan, names), Ok(()), "{names:?}");
        }
    };
    ok(&plan);
    assert_eq!(check(&plan, &["production"]), Ok(()));
    // Frozen, or only compared.
    let of = |approve, untested| (approve, untested);
    for (approve, untested) in [
        of(Some(Approve::Frozen), None),
        of(Some(Approve::Frozen), Some(Untested::Allow)),
        of(Some(Approve::AfterDays(7)), Some(Untested::Warn)),
        of(None, Some(Untested::Allow)),
    ] {
        (plan.stages[2].approve, plan.stages[2].untested) = (approve, untested);
        ok(&plan);
        for names in [&["production"][..], &["staging", "production"]] {
            let error = check(&plan, names).expect_err("the first stage is missing");
            assert_eq!(error.name(), "FirstStageNotInRun");
            assert_eq!(
                error.to_string(),
                "stage \"production\" is compared with what stage \"test\" tested. \"test\" is not part of this run, and no install run in which it passed is remembered; name both stages"
            );
            assert!(RunError::NAMES.contains(&error.name()));
        }
    }
    // An unknown name is reported first.
    assert_eq!(check(&plan, &["production", "tset"]).expect_err("unknown").name(), "UnknownStage");
}

#[test]
fn stages_keep_the_plans_order_and_units_are_recursive() {
    let resolution = resolve(&plan(vec![stage("test", &["ou-t"]), stage("production", &["ou-p"])]), &four(), None)
        .expect("resolves");
    insta::assert_snapshot!(ids(&resolution).join("\n"), @r"
    01-test-1: 000000000001@ap-northeast-1/Test 000000000001@ap-northeast-3/Test
    02-production-1: 000000000002@ap-northeast-1/Production 000000000002@ap-northeast-3/Production 000000000003@ap-northeast-1/Production/Payments 000000000003@ap-northeast-3/Production/Payments
    ");
    assert_eq!(resolution.outside.len(), 1);
    assert_eq!(resolution.outside[0].reason.code, ReasonCode::NoStage);
}

#[test]
fn what_is_left_out_says_why() {
    let mut plan = plan(vec![stage("test", &["ou-t"]), stage("production", &["ou-p"])]);
    plan.stages[1].exclude.ous = vec!["ou-p-pay".into()];
    let resolution = resolve(&plan, &four(), Some(&["production".to_owned()])).expect("resolves");
    let outside: Vec<(&str, ReasonCode)> =
        resolution.outside.iter().map(|o| (o.account_id.as_str(), o.reason.code.clone())).collect();
    assert_eq!(
        outside,
        [
            ("000000000001", ReasonCode::StageNotInRun),
            ("000000000003", ReasonCode::ExcludedByStage),
            ("000000000009", ReasonCode::NoStage)
        ]
    );
}

#[test]
fn two_claims_are_an_error_that_names_both_unless_one_excludes_the_account() {
    let mut both = plan(vec![stage("test", &["ou-p-pay"]), stage("production", &["ou-p"])]);
    let error = resolve(&both, &four(), None).expect_err("two claims");
    assert_eq!(
        error.to_string(),
        "account 000000000003 (name-000000000003) is claimed by stage \"test\" and by stage \"production\", which cannot share it: no tag key tells their instances apart; exclude it from one of them"
    );
    both.stages[1].exclude.accounts = vec!["000000000003".into()];
    resolve(&both, &four(), None).expect("one claim is left");
}

/// A stage that selects one value of a tag.
fn environment(name: &str, ous: &[&str]) -> Stage {
    let select = Selection { tags: [("Env".to_owned(), [name].into())].into(), ..Selection::default() };
    Stage { select: Some(select), ..stage(name, ous) }
}

#[test]
fn an_account_whose_instances_a_tag_tells_apart_is_in_a_step_of_each_stage() {
    let mut production = environment("production", &["ou-p"]);
    production.regions = vec!["ap-northeast-3".into()];
    let plan = plan(vec![environment("test", &["ou-t", "ou-p-pay"]), production, environment("dr", &["ou-p-pay"])]);
    let sharing_in = |only: Option<&[String]>| {
        let Resolution { steps, shared, .. } = resolve(&plan, &four(), only).expect("resolves");
        assert_eq!(shared, BTreeMap::from([("000000000003".to_owned(), vec![0, 1, 2])]));
        let all = (0..steps.len()).flat_map(|nth| {
            let id = &steps[nth].id;
            let others = sharing(&plan, &steps, nth, &shared).into_iter();
            others.map(move |SharingStage { stage, turn, accounts, regions, .. }| {
                format!("{id}: {stage} {turn:?} {accounts:?} {regions:?}")
            })
        });
        all.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(sharing_in(None), @r#"
    01-test-1: production Later {"000000000003"} ["ap-northeast-3"]
    01-test-1: dr Later {"000000000003"} ["ap-northeast-1", "ap-northeast-3"]
    02-production-1: test Earlier("01-test-1") {"000000000003"} ["ap-northeast-1", "ap-northeast-3"]
    02-production-1: dr Later {"000000000003"} ["ap-northeast-1", "ap-northeast-3"]
    03-dr-1: test Earlier("01-test-1") {"000000000003"} ["ap-northeast-1", "ap-northeast-3"]
    03-dr-1: production Earlier("02-production-1") {"000000000003"} ["ap-northeast-3"]
    "#);
    insta::assert_snapshot!(sharing_in(Some(&["production".to_owned()])), @r#"
    01-production-1: test Never {"000000000003"} ["ap-northeast-1", "ap-northeast-3"]
    01-production-1: dr Never {"000000000003"} ["ap-northeast-1", "ap-northeast-3"]
    "#);
    let outside = resolve(&plan, &four(), Some(&["test".to_owned()])).expect("resolves").outside;
    assert_eq!(outside.len(), 2, "what a stage of the run has is not outside: {outside:?}");

    let mut two = plan.clone();
    two.stages[0].ous = vec!["ou-t".into()];
    let outside = resolve(&two, &four(), Some(&["test".to_owned()])).expect("resolves").outside;
    let of_three = outside.iter().find(|one| one.account_id == "000000000003").expect("it is outside");
    let text = "the stages \"production\", \"dr\" are not part of this run (stage-not-in-run)";
    assert_eq!(of_three.reason.to_string(), text);
}

#[test]
fn whatever_does_not_exist_is_an_error_that_names_it() {
    let unknown_unit = plan(vec![stage("test", &["ou-none"])]);
    assert_eq!(resolve(&unknown_unit, &four(), None).expect_err("unknown").name(), "UnknownOrganizationalUnit");
    let mut unknown_account = plan(vec![stage("test", &["ou-t"])]);
    unknown_account.stages[0].exclude.accounts = vec!["999999999999".into()];
    assert_eq!(resolve(&unknown_account, &four(), None).expect_err("unknown").name(), "UnknownAccount");
    let known = plan(vec![stage("test", &["ou-t"])]);
    let error = resolve(&known, &four(), Some(&["tset".to_owned()])).expect_err("unknown");
    assert_eq!(error.to_string(), "the plan has no stage \"tset\"; its stages are test");
    let mut empty = plan(vec![stage("test", &["ou-t"])]);
    empty.select.exclude.accounts = vec!["000000000001".into()];
    assert_eq!(resolve(&empty, &four(), None).expect_err("empty").name(), "StageWithoutAccounts");
}

#[test]
fn named_accounts_are_the_first_canaries_and_closed_ones_the_last() {
    let mut organization =
        organization((1..=4).map(|n| account(&format!("00000000000{n}"), &["r-1", "ou-t"])).collect());
    organization.accounts[0].state = AccountState::Suspended;
    let mut plan = plan(vec![stage("test", &["ou-t"])]);
    plan.regions.truncate(1);
    plan.stages[0].accounts = vec!["000000000004".into()];
    plan.stages[0].waves =
        vec![Wave::Accounts(1), Wave::Percent(Percent::new(50).expect("50")), Wave::Percent(Percent::ALL)];
    let steps: Vec<String> = resolve(&plan, &organization, None)
        .expect("resolves")
        .steps
        .iter()
        .map(|step| {
            format!("{} {}", step.id, step.targets.iter().map(|t| t.account_id.as_str()).collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(steps, ["01-test-1 000000000004", "02-test-2 000000000002", "03-test-3 000000000003 000000000001"]);
}

#[test]
fn a_stage_cannot_take_back_what_the_plan_excludes() {
    let mut plan = plan(vec![stage("test", &["ou-t"])]);
    plan.select.exclude.instances = vec!["i-1".into()];
    plan.select.tags = [("Patch".to_owned(), ["enabled"].into())].into();
    plan.stages[0].select =
        Some(Selection { tags: [("Env".to_owned(), ["test"].into())].into(), ..Selection::default() });
    let selection = plan.selection_of(&plan.stages[0]);
    assert_eq!(selection.exclude.instances, ["i-1"]);
    assert_eq!(selection.tags.keys().collect::<Vec<_>>(), ["Env"]);
}

#[test]
fn what_selects_or_leaves_out_nothing_is_named() {
    let mut production = stage("production", &["ou-p", "ou-empty"]);
    production.exclude.accounts = vec!["000000000001".into(), "000000000002".into()];
    production.exclude.ous = vec!["ou-t".into(), "ou-p-pay".into()];
    let mut own = Selection::default();
    own.exclude.accounts = vec!["000000000003".into(), "000000000009".into()];
    production.select = Some(own);
    let mut plan = plan(vec![stage("test", &["ou-t"]), production]);
    plan.select.exclude.accounts = vec!["000000000009".into(), "000000000001".into()];
    let found = |only: &[&str]| {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        unmatched(&plan, &four(), Some(&only)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        found(&["test", "production"]),
        [
            "excluded account 000000000009",
            "OU ou-empty of stage production",
            "excluded account 000000000001 of stage production",
            "excluded OU ou-t of stage production",
            "excluded account 000000000009 of stage production",
        ]
    );
    assert_eq!(found(&["test"]), ["excluded account 000000000009"], "other stages have nights of their own");
}
