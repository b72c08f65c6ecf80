//! Frozen stages: valid plans, mistakes in others, and what is done with untested patches.

use insta::assert_snapshot;
use orgpatch_model::operating_system::OperatingSystem as Os;

use super::super::{Approve, Plan, Untested, read};
use super::{HEAD, listed, mistakes};

const TEST: &str = "  - {name: test, ous: [ou-abcd-11111111], approve: {afterDays: 0}}\n";
const RULES: &str = "{rules: [{product: [\"*\"]}]}";

/// A plan with baselines for these operating systems; its stages begin in line 7.
fn text(systems: &str, stages: &str) -> String {
    let baselines: Vec<String> = systems.split(", ").map(|os| format!("{os}: {RULES}")).collect();
    format!(
        "{HEAD}select: {{operatingSystems: [{systems}]}}\nbaselines: {{{}}}\nstages:\n{}\n",
        baselines.join(", "),
        stages.trim_matches('\n')
    )
}

fn bad(systems: &str, stages: &str) -> String {
    mistakes(&text(systems, stages))
}

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|errors| panic!("{}", listed(&errors)))
}

/// Returns what each stage does with untested patches.
fn untested(plan: &Plan) -> Vec<Option<Untested>> {
    plan.stages.iter().map(|stage| plan.untested(stage)).collect()
}

#[test]
fn a_frozen_stage_warns_unless_it_says_otherwise() {
    let plan = plan(&text(
        "AMAZON_LINUX_2023, UBUNTU",
        &format!(
            "{TEST}  - {{name: dated, ous: [ou-abcd-22222222], approve: {{until: 2026-11-30}}}}
  - {{name: compared, ous: [ou-abcd-33333333], approve: {{afterDays: 3}}, untested: block}}
  - {{name: frozen, ous: [ou-abcd-44444444], approve: {{frozen: true}}}}
  - {{name: strict, ous: [ou-abcd-55555555], approve: {{frozen: true}}, untested: block}}
  - {{name: lax, ous: [ou-abcd-66666666], approve: {{frozen: true}}, untested: allow}}"
        ),
    ));
    let (allow, warn, block) = (Some(Untested::Allow), Some(Untested::Warn), Some(Untested::Block));
    assert_eq!(untested(&plan), [None, None, block, warn, block, allow]);
    let frozen: Vec<bool> = plan.stages.iter().map(|stage| plan.is_frozen(stage)).collect();
    assert_eq!(frozen, [false, false, false, true, true, true]);
    assert_eq!(plan.stages[3].approve, Some(Approve::Frozen));
    assert_eq!((plan.stages[3].untested, plan.stages[5].untested), (None, allow));
}

#[test]
fn one_frozen_rule_makes_a_stage_frozen_if_it_holds_there() {
    // The stage that does not select the baseline's operating system has nothing of it, neither has the first.
    let text = format!(
        "{HEAD}baselines:
  SUSE: {RULES}
  WINDOWS: {{rules: [{{product: [a], approve: {{frozen: true}}}}, {{product: [b]}}]}}
stages:
  - {{name: test, ous: [ou-abcd-11111111], approve: {{afterDays: 0}}, select: {{operatingSystems: [SUSE]}}}}
  - {{name: other, ous: [ou-abcd-22222222], approve: {{afterDays: 3}}, select: {{operatingSystems: [WINDOWS, SUSE]}}}}
  - {{name: without, ous: [ou-abcd-33333333], approve: {{afterDays: 3}}, select: {{operatingSystems: [SUSE]}}}}
  - name: replaced
    ous: [ou-abcd-44444444]
    approve: {{afterDays: 3}}
    select: {{operatingSystems: [WINDOWS]}}
    baselines: {{WINDOWS: {RULES}}}
"
    );
    assert_eq!(untested(&plan(&text)), [None, Some(Untested::Warn), None, None]);
}

#[test]
fn stages_that_only_compare_need_no_baselines() {
    let text = format!(
        "{HEAD}stages:
  - {{name: test, ous: [ou-abcd-11111111]}}
  - {{name: a, ous: [ou-abcd-22222222], untested: warn}}
  - {{name: b, ous: [ou-abcd-33333333], untested: allow}}
  - {{name: c, ous: [ou-abcd-44444444]}}
"
    );
    assert_eq!(untested(&plan(&text)), [None, Some(Untested::Warn), Some(Untested::Allow), None]);
}

#[test]
fn a_stage_of_debian_and_ubuntu_alone_can_be_frozen() {
    let stages = "
  - {name: test, ous: [ou-abcd-11111111]}
  - {name: production, ous: [ou-abcd-22222222], approve: {frozen: true}, untested: block}";
    let plan = plan(&text("DEBIAN, UBUNTU", stages));
    assert!(plan.is_frozen(&plan.stages[1]));
    assert_eq!(untested(&plan), [None, Some(Untested::Block)]);
    let systems: Vec<Os> = plan.baselines_of(&plan.stages[1]).map(|(os, _)| os).collect();
    assert_eq!(systems, [Os::Debian, Os::Ubuntu]);
}

#[test]
fn what_is_seldom_meant_is_said() {
    let text = format!(
        "{HEAD}baselines:
  SUSE: {RULES}
  UBUNTU: {RULES}
  WINDOWS: {{rules: [{{product: [a], approve: {{afterDays: 0}}}}, {{product: [b]}}]}}
select: {{operatingSystems: [SUSE, UBUNTU, WINDOWS]}}
stages:
  - {{name: test, ous: [ou-abcd-11111111], approve: {{afterDays: 0}}, select: {{operatingSystems: [WINDOWS]}}}}
  - {{name: dated, ous: [ou-abcd-22222222], approve: {{afterDays: 3}}}}
  - {{name: warned, ous: [ou-abcd-33333333], approve: {{frozen: true}}}}
  - {{name: blocked, ous: [ou-abcd-44444444], approve: {{frozen: true}}, untested: block}}
  - name: fine
    ous: [ou-abcd-55555555]
    approve: {{frozen: true}}
    untested: block
    select: {{operatingSystems: [WINDOWS]}}
    baselines: {{WINDOWS: {RULES}}}
"
    );
    let plan = plan(&text);
    let said: Vec<String> = plan
        .stages
        .iter()
        .map(|stage| {
            let cautions = plan.promotion_cautions(stage);
            let lines: Vec<String> =
                cautions.into_iter().map(|caution| format!("{}: {}", caution.code, caution.text)).collect();
            format!("{}\n{}", stage.name, lines.join("\n"))
        })
        .collect();
    assert_snapshot!(said.join("\n"), @r#"
    test

    dated

    warned
    never-tested: SUSE, UBUNTU: not selected by stage "test", so patches for it are never tested
    blocked
    never-tested: SUSE, UBUNTU: not selected by stage "test", so patches for it are never tested
    own-dates-held-back: WINDOWS: rules with an approve of their own can approve patches that stage "test" has not installed; untested: block holds those back, too
    fine
    "#);
    // Where the first stage selects everything there is nothing that is never tested.
    let all = format!(
        "{HEAD}stages:\n{}  - {{name: b, ous: [ou-abcd-22222222], untested: warn}}\n",
        TEST.replace(", approve: {afterDays: 0}", "")
    );
    let all = read(&all).expect("a plan");
    assert_eq!(all.promotion_cautions(&all.stages[1]), []);
}

#[test]
fn frozen_is_true_or_absent_in_records_too() {
    let of = |json: &str| serde_json::from_str::<Approve>(json).ok();
    assert_eq!(of(r#"{"frozen": true}"#), Some(Approve::Frozen));
    for wrong in
        [r#"{"frozen": false}"#, r#"{"frozen": true, "afterDays": 0}"#, r#"{"frozen": false, "afterDays": 0}"#, "{}"]
    {
        assert_eq!(of(wrong), None, "{wrong}");
    }
}

#[test]
fn a_first_stage_that_is_frozen() {
    assert_snapshot!(bad("AMAZON_LINUX_2023", "
  - {name: test, ous: [ou-abcd-11111111], approve: {frozen: true}, untested: warn}
  - {name: production, ous: [ou-abcd-22222222], approve: {frozen: true}}
"), @r#"
    line 7, column 52: stages[0].approve: "test" is the first stage, so there is no stage before it to which it could be frozen; valid: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}
    line 7, column 78: stages[0].untested: "test" is the first stage, so there is no stage before it to compare it with; valid: no such field: what the first stage installs is the tested set
    "#);
    // What is wrong elsewhere in the stage does not hide it.
    assert_snapshot!(bad("AMAZON_LINUX_2023", "
  - {name: test, ous: [ou-abcd-11111111], approve: {frozen: true}, untested: bock, select: {operatingSystems: []}}
"), @r#"
    line 7, column 52: stages[0].approve: "test" is the first stage, so there is no stage before it to which it could be frozen; valid: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}
    line 7, column 78: stages[0].untested: "bock" is not known (did you mean block?); valid: allow, warn, block
    line 7, column 111: stages[0].select.operatingSystems: the list is empty; valid: a list of ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS; or no such field, for all of them
    "#);
    // Nor does the first stage have to be called by a valid name.
    assert_snapshot!(bad("AMAZON_LINUX_2023", "
  - {name: t t, ous: [ou-abcd-11111111], approve: {frozen: true}}
"), @r#"
    line 7, column 12: stages[0].name: "t t" is not valid; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 7, column 51: stages[0].approve: stages[0] is the first stage, so there is no stage before it to which it could be frozen; valid: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}
    "#);
}

#[test]
fn frozen_rules_of_the_first_stage() {
    let stages = "
  - {name: test, ous: [ou-abcd-11111111], approve: {afterDays: 0}}
  - {name: production, ous: [ou-abcd-22222222], approve: {afterDays: 7}}";
    let rules =
        "{rules: [{product: [a]}, {product: [b], approve: {frozen: true}}, {product: [c], approve: {frozen: true}}]}";
    // Of the plan: said once, for the stage that cannot have it.
    assert_snapshot!(mistakes(&text("SUSE, WINDOWS", stages).replacen(RULES, rules, 1)), @r#"
    line 5, column 77: baselines.SUSE.rules[1].approve.frozen: "test" is the first stage and has this rule of SUSE: there is no stage before it to which it could be frozen; valid: approve: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}, or no such field; later stages are frozen by their own approve, or by rules in baselines of their own
    line 5, column 118: baselines.SUSE.rules[2].approve.frozen: "test" is the first stage and has this rule of SUSE: there is no stage before it to which it could be frozen; valid: approve: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}, or no such field; later stages are frozen by their own approve, or by rules in baselines of their own
    "#);
    // Of the stage itself.
    assert_snapshot!(bad("SUSE", &format!("
  - {{name: test, ous: [ou-abcd-11111111], approve: {{afterDays: 0}}, baselines: {{SUSE: {rules}}}}}
  - {{name: production, ous: [ou-abcd-22222222], approve: {{afterDays: 7}}, baselines: {{SUSE: {rules}}}}}
")), @r#"
    line 7, column 144: stages[0].baselines.SUSE.rules[1].approve.frozen: "test" is the first stage and has this rule of SUSE: there is no stage before it to which it could be frozen; valid: approve: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}, or no such field; later stages are frozen by their own approve, or by rules in baselines of their own
    line 7, column 185: stages[0].baselines.SUSE.rules[2].approve.frozen: "test" is the first stage and has this rule of SUSE: there is no stage before it to which it could be frozen; valid: approve: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}, or no such field; later stages are frozen by their own approve, or by rules in baselines of their own
    "#);
}

#[test]
fn what_says_when_says_it_once() {
    let of =
        |approve: &str| bad("SUSE", &format!("{TEST}  - {{name: b, ous: [ou-abcd-22222222], approve: {approve}}}"));
    assert_snapshot!(of("{frozen: false}"), @"line 8, column 58: stages[1].approve.frozen: frozen: false does not say when; valid: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}");
    assert_snapshot!(of("{frozen: yes}"), @r#"line 8, column 58: stages[1].approve.frozen: "yes" is neither true nor false; valid: true, false"#);
    assert_snapshot!(of("{frozen: \"true\"}"), @r#"line 8, column 58: stages[1].approve.frozen: "true" is text because of its quotes; valid: true, false"#);
    assert_snapshot!(of("{frozen: }"), @"line 8, column 50: stages[1].approve.frozen: there is no value; valid: true, false");
    assert_snapshot!(of("{frozen: true, afterDays: 0}"), @"line 8, column 58: stages[1].approve.frozen: afterDays and frozen exclude each other; valid: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}");
    assert_snapshot!(of("{until: 2026-11-30, frozen: false, afterDays: 0}"), @"
    line 8, column 57: stages[1].approve.until: afterDays and until exclude each other; valid: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}
    line 8, column 77: stages[1].approve.frozen: afterDays and frozen exclude each other; valid: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}
    ");
    assert_snapshot!(of("{Frozen: true}"), @r#"line 8, column 50: stages[1].approve.Frozen: unknown field "Frozen" (did you mean frozen?); valid: afterDays, until, frozen"#);
}

#[test]
fn untested_that_is_none() {
    let of = |untested: &str| {
        bad(
            "SUSE",
            &format!("{TEST}  - {{name: b, ous: [ou-abcd-22222222], approve: {{frozen: true}}, untested: {untested}}}"),
        )
    };
    assert_snapshot!(of("Warn"), @r#"line 8, column 75: stages[1].untested: "Warn" is not known (did you mean warn?); valid: allow, warn, block"#);
    assert_snapshot!(of("skip"), @r#"line 8, column 75: stages[1].untested: "skip" is not known; valid: allow, warn, block"#);
    assert_snapshot!(of("true"), @r#"line 8, column 75: stages[1].untested: true is a boolean in YAML; valid: allow, warn, block (as text in quotes: "true")"#);
    assert_snapshot!(of("[block]"), @"line 8, column 75: stages[1].untested: a list is not a text; valid: allow, warn, block");
}

#[test]
fn frozen_without_baselines() {
    assert_snapshot!(mistakes(&format!("{HEAD}stages:
  - {{name: test, ous: [ou-abcd-11111111]}}
  - {{name: a, ous: [ou-abcd-22222222], approve: {{frozen: true}}}}
  - {{name: b, ous: [ou-abcd-33333333], untested: block}}
  - {{name: c, ous: [ou-abcd-44444444], approve: {{frozen: true}}, untested: block}}
")), @r#"
    line 6, column 49: stages[1].approve: there are no baselines, so nothing could be frozen; valid: baselines with rules, in the plan or in the stage; or untested: allow or warn instead, which compares what is missing with the tested set, whatever baselines the accounts have
    line 7, column 50: stages[2].untested: the stage "b" has no baseline of the plan, and only those can hold patches back; valid: allow, warn; or baselines, in the plan or in the stage
    line 8, column 49: stages[3].approve: there are no baselines, so nothing could be frozen; valid: baselines with rules, in the plan or in the stage; or untested: allow or warn instead, which compares what is missing with the tested set, whatever baselines the accounts have
    line 8, column 75: stages[3].untested: the stage "c" has no baseline of the plan, and only those can hold patches back; valid: allow, warn; or baselines, in the plan or in the stage
    "#);
    // Said once, as what it is: an operating system without a baseline.
    assert_snapshot!(bad("SUSE", &format!("{TEST}
  - {{name: b, ous: [ou-abcd-22222222], select: {{operatingSystems: [WINDOWS]}}, approve: {{frozen: true}}, untested: block}}
")), @r#"line 9, column 67: stages[1].select.operatingSystems: the stage "b" selects WINDOWS, for which there is no baseline, although SUSE has one; valid: baselines for WINDOWS"#);
}

#[test]
fn frozen_rules_of_debian_and_ubuntu() {
    assert_snapshot!(bad("UBUNTU", "
  - {name: test, ous: [ou-abcd-11111111]}
  - name: b
    ous: [ou-abcd-22222222]
    baselines: {UBUNTU: {rules: [{product: [\"*\"], approve: {frozen: true}}]}}
"), @"line 10, column 60: stages[1].baselines.UBUNTU.rules[0].approve: UBUNTU has no approval dates: its packages carry no release date, so the tested set alone decides there; valid: no such field; approve: {frozen: true} or untested: block in the stage compares with the tested set");
}

#[test]
fn stages_that_say_nothing_are_told_what_they_may_say() {
    assert_snapshot!(bad("SUSE", "
  - {name: test, ous: [ou-abcd-11111111]}
  - {name: b, ous: [ou-abcd-22222222]}
"), @r#"
    line 7, column 5: stages[0]: the stage "test" does not say when patches are approved, which the rules of SUSE need; valid: approve: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}, in the stage or in each rule
    line 8, column 5: stages[1]: the stage "b" does not say when patches are approved, which the rules of SUSE need; valid: approve: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}, in the stage or in each rule
    "#);
}
