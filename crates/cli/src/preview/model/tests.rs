//! The preview of a made-up organization, as text and as JSON.

use std::path::Path;

use insta::assert_snapshot;
use orgpatch_model::organization::Account;
use orgpatch_plan::read;
use serde_json::Value;

use super::super::text::render;
use super::*;

const PLAN: &str = r#"
schemaVersion: 1
name: monthly
regions: [ap-northeast-1, ap-northeast-3]
select:
  tags: {Patch: [enabled]}
  exclude: {tags: {PatchExempt: ["true"]}}
stages:
  - name: test
    ous: [ou-abcd-11111111]
    waves: [1, "50%", "100%"]
    gate: {maxUnreachablePercent: 10, minSucceeded: 1}
  - name: production
    ous: [ou-abcd-22222222]
    accounts: ["000000000004"]
    exclude: {accounts: ["000000000005"]}
    regions: [ap-northeast-1]
    select: {operatingSystems: [WINDOWS]}
"#;

fn plan() -> Plan {
    read(PLAN).expect("a plan")
}

fn account(id: u32, name: &str, state: AccountState, units: &[&str]) -> Account {
    Account {
        id: format!("{id:012}"),
        name: name.into(),
        state,
        path: ["r-abcd"].iter().chain(units).map(|unit| (*unit).to_owned()).collect(),
    }
}

fn organization() -> Organization {
    use AccountState::{Active, Suspended};
    let (test, production, payments) = ("ou-abcd-11111111", "ou-abcd-22222222", "ou-abcd-33333333");
    Organization {
        id: "o-x".into(),
        accounts: vec![
            account(9, "management", Active, &[]),
            account(1, "shop-test", Active, &[test]),
            account(2, "old-test", Suspended, &[test]),
            account(3, "shop", Active, &[production]),
            account(4, "pay", Active, &[production, payments]),
            account(5, "pay-own-team", Active, &[production, payments]),
            account(8, "playground", Active, &["ou-abcd-44444444"]),
        ],
        unit_names: [
            (test, "Test"),
            (production, "Production"),
            (payments, "Payments"),
            ("ou-abcd-44444444", "Sandbox\n\u{1b}[31mred"),
        ]
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .into(),
    }
}

#[test]
fn the_whole_plan() {
    let preview = of(&plan(), &organization(), None, None).expect("a preview");
    assert_snapshot!(render(&preview), @r#"
    Plan monthly in organization o-x: 2 stages, 3 steps, 4 accounts, 6 targets (1 account not entered)

      Order      test → production
      Reboot     when a patch needs it
      Rate       40 targets at the same time; in each target 25% of its instances install at the same time, until more than 10% fail

    Stage 1, test: 2 accounts, 4 targets (1 account not entered)
      Select     instances with tag Patch=enabled; without those with tag PatchExempt=true
      Baselines  each account's own
      Passes     up to 2 on WINDOWS: the second where patches are still missing after the first
      Deadline   21h 50m for each step: 7 installs of 2h 30m, 2 scans of 2h 10m, one after the other
      Gate       nothing failed, at most 10 % unreachable, at least 1 instance patched or compliant

      Step 01-test-1, wave 1 of 3, up to 1 account: 1 account, 2 targets
        000000000001  shop-test  Test                 ap-northeast-1, ap-northeast-3

      Step 02-test-3, wave 3 of 3, up to 100% of the accounts: 1 account, 2 targets (1 account not entered)
        000000000002  old-test   Test                 not entered: the account is SUSPENDED; its 2 targets (ap-northeast-1, ap-northeast-3) will be inactive

      No step for wave 2: no account is left for it.

    Stage 2, production: 2 accounts, 2 targets
      Select     instances of WINDOWS with tag Patch=enabled; without those with tag PatchExempt=true
      Baselines  each account's own
      Passes     up to 2 on WINDOWS: the second where patches are still missing after the first
      Deadline   21h 50m for each step: 7 installs of 2h 30m, 2 scans of 2h 10m, one after the other
      Gate       nothing failed, nothing unreachable

      Step 03-production-1, all accounts: 2 accounts, 2 targets
        000000000004  pay        Production/Payments  ap-northeast-1
        000000000003  shop       Production           ap-northeast-1

    Left out: 3 accounts
        000000000005  pay-own-team  Production/Payments  stage "production" excludes this account
        000000000008  playground    Sandbox��[31mred     no stage of the plan claims this account
        000000000009  management    (root)               no stage of the plan claims this account

    Preview does not enter accounts, so only a run finds out which instances match.
    "#);
}

#[test]
fn one_stage_as_text_and_as_json() {
    let preview = of(&plan(), &organization(), Some(&["test".to_owned()]), None).expect("a preview");
    assert_snapshot!(render(&preview), @r#"
    Plan monthly in organization o-x: 1 stage, 2 steps, 2 accounts, 4 targets (1 account not entered)

      Order      test
      Not run    production
      Reboot     when a patch needs it
      Rate       40 targets at the same time; in each target 25% of its instances install at the same time, until more than 10% fail

    Stage 1, test: 2 accounts, 4 targets (1 account not entered)
      Select     instances with tag Patch=enabled; without those with tag PatchExempt=true
      Baselines  each account's own
      Passes     up to 2 on WINDOWS: the second where patches are still missing after the first
      Deadline   21h 50m for each step: 7 installs of 2h 30m, 2 scans of 2h 10m, one after the other
      Gate       nothing failed, at most 10 % unreachable, at least 1 instance patched or compliant

      Step 01-test-1, wave 1 of 3, up to 1 account: 1 account, 2 targets
        000000000001  shop-test  Test  ap-northeast-1, ap-northeast-3

      Step 02-test-3, wave 3 of 3, up to 100% of the accounts: 1 account, 2 targets (1 account not entered)
        000000000002  old-test   Test  not entered: the account is SUSPENDED; its 2 targets (ap-northeast-1, ap-northeast-3) will be inactive

      No step for wave 2: no account is left for it.

    Left out: 5 accounts
        000000000003  shop          Production           stage "production" is not part of this run
        000000000004  pay           Production/Payments  stage "production" is not part of this run
        000000000005  pay-own-team  Production/Payments  stage "production" excludes this account
        000000000008  playground    Sandbox��[31mred     no stage of the plan claims this account
        000000000009  management    (root)               no stage of the plan claims this account

    Preview does not enter accounts, so only a run finds out which instances match.
    "#);
    assert_snapshot!("one_stage_as_json", preview.to_json());
}

/// A plan whose second stage gets what the first one was judged on.
const FROZEN: &str = r"
schemaVersion: 1
name: frozen
regions: [ap-northeast-1]
select: {operatingSystems: [UBUNTU, WINDOWS]}
baselines:
  UBUNTU: {rules: [{priority: [Required]}]}
  WINDOWS:
    rules:
      - {classification: [DefinitionUpdates], approve: {afterDays: 0}}
      - {classification: [SecurityUpdates]}
stages:
  - name: test
    ous: [ou-abcd-11111111]
    select: {operatingSystems: [WINDOWS]}
    approve: {afterDays: 3}
  - name: production
    ous: [ou-abcd-22222222]
    approve: {frozen: true}
    untested: block
";

#[test]
fn stages_that_get_what_was_tested() {
    let plan = read(FROZEN).unwrap_or_else(|errors| panic!("{errors}"));
    let preview = of(&plan, &organization(), None, None).expect("a preview");
    assert_eq!(preview.stages[0].promotion, None);
    assert_snapshot!(render(&preview), @r#"
    Plan frozen in organization o-x: 2 stages, 2 steps, 5 accounts, 5 targets (1 account not entered)

      Order      test → production
      Reboot     when a patch needs it
      Rate       40 targets at the same time; in each target 25% of its instances install at the same time, until more than 10% fail

    Stage 1, test: 2 accounts, 2 targets (1 account not entered)
      Select     instances of WINDOWS
      Baseline   orgpatch-frozen-test-WINDOWS: 2 rules (at once, 3 days after release)
      Passes     up to 2 on WINDOWS: the second where patches are still missing after the first
      Deadline   21h 50m for each step: 7 installs of 2h 30m, 2 scans of 2h 10m, one after the other
      Gate       nothing failed, nothing unreachable, at least 1 instance of the whole stage patched or compliant

      Step 01-test-1, all accounts: 2 accounts, 2 targets (1 account not entered)
        000000000001  shop-test     Test                 ap-northeast-1
        000000000002  old-test      Test                 not entered: the account is SUSPENDED; its 1 target (ap-northeast-1) will be inactive

    Stage 2, production: 3 accounts, 3 targets
      Select     instances of UBUNTU or WINDOWS
      Baseline   orgpatch-frozen-production-UBUNTU: 1 rule
      Baseline   orgpatch-frozen-production-WINDOWS: 2 rules (at once, frozen to the first stage)
      Frozen     to patches released up to the day (UTC) on which stage test is scanned, minus 3 days; UBUNTU by the tested set alone
      Untested   block: patches that stage test has not installed are held back
      Caution    UBUNTU: not selected by stage "test", so patches for it are never tested
      Caution    WINDOWS: rules with an approve of their own can approve patches that stage "test" has not installed; untested: block holds those back, too
      Passes     up to 2 on WINDOWS: the second where patches are still missing after the first
      Deadline   24h for each step: 7 installs of 2h 30m, 3 scans of 2h 10m, one after the other
      Gate       nothing failed, nothing unreachable

      Step 02-production-1, all accounts: 3 accounts, 3 targets
        000000000003  shop          Production           ap-northeast-1
        000000000004  pay           Production/Payments  ap-northeast-1
        000000000005  pay-own-team  Production/Payments  ap-northeast-1

    Left out: 2 accounts
        000000000008  playground  Sandbox��[31mred  no stage of the plan claims this account
        000000000009  management  (root)            no stage of the plan claims this account

    Preview does not enter accounts, so only a run finds out which instances match.
    "#);
    assert_snapshot!(serde_json::to_string_pretty(&preview.stages[1].promotion).expect("JSON"), @r#"
    {
      "testedIn": "test",
      "frozen": true,
      "frozenText": "to patches released up to the day (UTC) on which stage test is scanned, minus 3 days; UBUNTU by the tested set alone",
      "untested": "block",
      "untestedText": "block: patches that stage test has not installed are held back",
      "cautions": [
        {
          "code": "never-tested",
          "text": "UBUNTU: not selected by stage \"test\", so patches for it are never tested"
        },
        {
          "code": "own-dates-held-back",
          "text": "WINDOWS: rules with an approve of their own can approve patches that stage \"test\" has not installed; untested: block holds those back, too"
        }
      ]
    }
    "#);
    // The frozen rule has neither days nor a date; the other keeps its own.
    let rules = &preview.stages[1].baselines[1].definition.approval_rules;
    let said: Vec<_> = rules.iter().map(|rule| (rule.approve_after_days, rule.approve_until_date)).collect();
    assert_eq!(said, [(Some(0), None), (None, None)]);
}

#[test]
fn the_stages_before_a_run_are_shown_as_earlier_runs_left_them() {
    let production = ["production".to_owned()];
    let shown = |earlier| {
        let preview = of(&plan(), &organization(), Some(&production), earlier).expect("a preview");
        let text = render(&preview);
        text.lines().filter(|line| line.starts_with("  Before ")).collect::<Vec<_>>().join("\n")
    };
    let stage = |more: Value| {
        let mut stage = serde_json::json!({"stage": "test", "run": "night", "at": "2026-11-11T03:00:00Z"});
        stage.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        Some(vec![serde_json::from_value(stage).expect("a stage")])
    };
    assert_snapshot!(
        [
            shown(None),
            shown(stage(serde_json::json!({}))),
            shown(stage(serde_json::json!({"planChanged": true}))),
            shown(stage(serde_json::json!({"notPassed": "run night halted there"}))),
        ].join("\n"),
        @r"
      Before     an install run starts only if each stage before its own has passed; --bucket NAME looks whether it has
      Before     test passed in run night at 2026-11-11T03:00:00Z
      Before     test passed in run night at 2026-11-11T03:00:00Z; the plan has changed since
      Before     test has NOT passed, so an install run is refused: run night halted there
    "
    );
    let all = of(&plan(), &organization(), None, None).expect("a preview");
    assert_eq!(all.earlier_stages, Some(Vec::new()), "nothing lies before the first stage");
}

#[test]
fn nothing_left_out() {
    let mut organization = organization();
    organization.accounts.truncate(2);
    organization.accounts.remove(0);
    let mut plan = plan();
    plan.stages.truncate(1);
    plan.stages[0].waves.clear();
    let text = render(&of(&plan, &organization, None, None).expect("a preview"));
    assert!(text.contains("Step 01-test-1, all accounts: 1 account, 2 targets\n"), "{text}");
    assert!(text.contains("Left out: no account of the organization\n"), "{text}");
}

#[test]
fn what_matches_no_account_is_a_warning() {
    let mut plan = plan();
    let text = |plan: &Plan| render(&of(plan, &organization(), None, None).expect("a preview"));
    assert!(!text(&plan).contains("Warning"), "{}", text(&plan));
    plan.select.exclude.accounts = vec!["000000000009".into()];
    plan.stages[1].exclude.accounts.push("000000000001".into());
    let warned = text(&plan);
    let (_, rest) = warned.split_once("Warning: ").expect("a warning");
    assert!(
        rest.starts_with(
            "these parts of the plan match nothing, and may be misspelt:\n   excluded account 000000000009\n   excluded account 000000000001 of stage production\n"
        ),
        "{warned}"
    );
}

#[test]
fn an_account_that_stages_share_is_in_each_of_them_and_counts_once() {
    let text = PLAN
        .replace("    exclude: {accounts: [\"000000000005\"]}\n", "")
        .replace(
            "ous: [ou-abcd-11111111]",
            "ous: [ou-abcd-11111111, ou-abcd-33333333]\n    select: {tags: {Env: [test]}}",
        )
        .replace("select: {operatingSystems: [WINDOWS]}", "select: {tags: {Env: [production]}}");
    let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let preview = of(&plan, &organization(), None, None).expect("a preview");
    let counts = preview.counts;
    assert_eq!((counts.accounts, counts.accounts_not_entered, counts.targets), (5, 1, 11));
    let shown = render(&preview);
    let lines: Vec<&str> = shown.lines().filter(|line| line.contains("shared with")).map(str::trim).collect();
    assert_snapshot!(lines.join("\n"), @"
    000000000004  pay           Production/Payments  ap-northeast-1, ap-northeast-3; shared with production
    000000000005  pay-own-team  Production/Payments  ap-northeast-1, ap-northeast-3; shared with production
    000000000004  pay           Production/Payments  ap-northeast-1; shared with test
    000000000005  pay-own-team  Production/Payments  ap-northeast-1; shared with test
    ");
    let alone = of(&plan, &organization(), Some(&["test".to_owned()]), None).expect("a preview");
    assert!(!render(&alone).contains("shared with"), "the other stage is not in the run");
}

#[test]
fn every_account_of_the_organization_is_in_one_place() {
    let organization = organization();
    let preview = of(&plan(), &organization, None, None).expect("a preview");
    let in_steps = preview.stages.iter().flat_map(|stage| &stage.steps).flat_map(|step| &step.accounts);
    let outside = preview.accounts_outside_plan.iter().map(|account| &account.account_id);
    let mut ids: Vec<&String> = in_steps.map(|account| &account.account_id).chain(outside).collect();
    ids.sort();
    let mut all: Vec<&String> = organization.accounts.iter().map(|account| &account.id).collect();
    all.sort();
    assert_eq!(ids, all);
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/preview.schema.json");
    let schema = schemars::schema_for!(Preview).to_value();
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, format!("{schema:#}\n")).expect("the schema written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        serde_json::from_str::<Value>(&committed).ok() == Some(schema),
        "schemas/preview.schema.json is not what the types say; to write it anew: \
         UPDATE_SCHEMAS=1 cargo test -p orgpatch the_committed_schema"
    );
}
