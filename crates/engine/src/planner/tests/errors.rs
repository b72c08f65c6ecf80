//! What refuses a run, in the order in which it is checked.

use super::golden::golden_run;
use super::*;
use crate::planner::{PlanDocument, check_handing_over};

fn refused(plan: &str, operation: &str, more: &str) -> RunError {
    golden_run(plan, operation, more).expect_err("refused")
}

/// A plan with such stages, planned against the golden organization.
fn stages(stages: &str) -> RunError {
    let text = format!("schemaVersion: 1\nname: p\nregions: [ap-northeast-1]\nstages: {stages}\n");
    let PlanDocument { plan, .. } = PlanDocument::read("p", &text).expect("a plan");
    resolve(&plan, &super::golden::golden_organization(), None).expect_err("refused")
}

#[test]
fn a_plan_that_cannot_be_planned_is_refused_with_a_typed_error() {
    let errors = [
        refused("staged", "install", r#"{"stages": ["tset"]}"#),
        refused("frozen", "install", r#"{"stages": ["staging"]}"#),
        refused("frozen", "scan", r#"{"stages": ["test", "tset"]}"#),
        stages("[{name: test, ous: [ou-abcd-99999999]}]"),
        stages("[{name: test, ous: [ou-abcd-11111111], exclude: {ous: [ou-abcd-99999999]}}]"),
        stages(r#"[{name: test, ous: [ou-abcd-11111111], exclude: {accounts: ["999999999999"]}}]"#),
        stages(r"[{name: test, ous: [r-abcd]}, {name: production, ous: [ou-abcd-33333333]}]"),
        stages("[{name: test, ous: [ou-abcd-66666666]}]"),
    ];
    let lines: Vec<String> = errors.iter().map(|error| format!("{}: {error}", error.name())).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn places_are_handed_over_only_to_a_plan_that_takes_them() {
    let plan = |name: &str, os: &str, group: &str| {
        let text = format!(
            "schemaVersion: 1\nname: {name}\nregions: [ap-northeast-1]\nselect: {{operatingSystems: [{os}]}}\n\
             baselines: {{{os}: {{approved: [\"kernel*\"]{group}}}}}\nstages: [{{name: test, ous: [ou-abcd-11111111]}}]\n"
        );
        PlanDocument::read(name, &text).unwrap_or_else(|error| panic!("{error}")).plan
    };
    let emergency = plan("emergency", "UBUNTU", "");
    let by_group = plan("monthly", "UBUNTU", ", patchGroup: web");
    let error = check_handing_over(&emergency, &by_group).expect_err("refused").to_string();
    for part in ["UBUNTU", "as the default", "\"emergency\"", "\"monthly\"", "leave out `toPlan`"] {
        assert!(error.contains(part), "{error}");
    }
    let error = check_handing_over(&by_group, &emergency).expect_err("refused").to_string();
    assert!(error.contains("for patch group \"web\""), "{error}");
    check_handing_over(&emergency, &plan("monthly", "UBUNTU", "")).expect("the same place");
    // Where the other plan has no baseline, the target says that what is there stays.
    check_handing_over(&emergency, &plan("monthly", "DEBIAN", "")).expect("nothing to hand over");
}

#[test]
fn a_run_that_scans_nothing_needs_no_first_stage() {
    for (operation, more) in [
        ("preview-baselines", r#"{"stages": ["production"]}"#),
        ("apply-baselines", r#"{"stages": ["production"]}"#),
        ("restore-baselines", r#"{"stages": ["production"]}"#),
        ("scan", r#"{"stages": ["production"], "readinessOnly": true}"#),
    ] {
        golden_run("frozen", operation, more).unwrap_or_else(|error| panic!("{operation}: {error}"));
    }
    assert_eq!(refused("frozen", "scan", r#"{"stages": ["production"]}"#).name(), "FirstStageNotInRun");
}

#[test]
fn a_plan_document_has_the_name_of_its_object() {
    let text = "schemaVersion: 1\nname: weekly\nregions: [ap-northeast-1]\nstages: [{name: test, ous: [r-abcd]}]\n";
    let document = PlanDocument::read("weekly", text).expect("a plan");
    assert_eq!(document.sha256, orgpatch_model::digest::sha256_hex(text));
    let error = PlanDocument::read("monthly", text).expect_err("another name");
    assert_eq!(
        error,
        RunError::InvalidPlan(r#"plans/monthly.yaml holds the plan "weekly"; its `name` must be "monthly""#.to_owned())
    );
    let error = PlanDocument::read("monthly", "name: monthly").expect_err("not a plan");
    assert_eq!(error.name(), "InvalidPlan");
    assert!(error.to_string().starts_with(r#"plan "monthly" is not valid: "#), "{error}");
}
