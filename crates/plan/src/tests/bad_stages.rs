//! What is wrong in the stages: names, what is named twice, waves, gates.

use insta::assert_snapshot;

use super::super::read;
use super::{HEAD, STAGES, mistakes, mistakes_in, mistakes_in_stages};

#[test]
fn no_stages() {
    assert_snapshot!(mistakes(&format!("{HEAD}stages: []\n")), @"line 4, column 9: stages: the list is empty; valid: a list of stages in the order of the run, each with a name and its ous or accounts");
    assert_snapshot!(mistakes(&format!("{HEAD}stages:\n")), @"line 4, column 1: stages: there is no value; valid: a list of stages in the order of the run, each with a name and its ous or accounts");
    assert_snapshot!(mistakes(&format!("{HEAD}stages: {{test: {{ous: [ou-abcd-11111111]}}}}\n")), @"line 4, column 9: stages: a mapping is not a list; valid: a list of stages in the order of the run, each with a name and its ous or accounts");
}

#[test]
fn stages_without_a_name_or_accounts() {
    assert_snapshot!(mistakes_in_stages("
  - {}
  - {name: empty, ous: [], accounts: []}
  - {name: a b, ous: ou-abcd-11111111}
  - test
"), @r#"
    line 5, column 5: stages[0]: the field name is missing; valid: name: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 5, column 5: stages[0]: the stage stages[0] has neither organizational units nor accounts; valid: ous: a list of organizational units, or accounts: a list of account ids, or both
    line 6, column 5: stages[1]: the stage "empty" has neither organizational units nor accounts; valid: ous: a list of organizational units, or accounts: a list of account ids, or both
    line 7, column 12: stages[2].name: "a b" is not valid; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 7, column 22: stages[2].ous: "ou-abcd-11111111" is not a list; valid: a list; each item the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd
    line 8, column 5: stages[3]: "test" is not a mapping of fields to values; valid: the fields name, ous, accounts, exclude, regions, select, baselines, approve, untested, conflicts, waves, passes, deadline, gate
    "#);
}

#[test]
fn stage_names_that_are_taken() {
    assert_snapshot!(mistakes_in_stages("
  - {name: test, ous: [ou-abcd-11111111]}
  - {name: test, ous: [ou-abcd-22222222]}
  - {name: Test, ous: [ou-abcd-33333333]}
"), @r#"
    line 6, column 12: stages[1].name: the stage name "test" is taken by "test" in line 5; valid: a name of its own for each stage; upper and lower case do not count
    line 7, column 12: stages[2].name: the stage name "Test" is taken by "test" in line 5; valid: a name of its own for each stage; upper and lower case do not count
    "#);
}

#[test]
fn ids_that_are_none() {
    assert_snapshot!(mistakes_in_stages("
  - name: test
    ous: [Test, ou-abcd-1111, r-ABCD, 12, ~]
    accounts: [12345678901, \"1111-2222-3333\"]
    exclude: {ous: [x], accounts: [1e11], regions: []}
"), @r#"
    line 6, column 11: stages[0].ous[0]: "Test" is not valid; valid: the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd
    line 6, column 17: stages[0].ous[1]: "ou-abcd-1111" is not valid; valid: the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd
    line 6, column 31: stages[0].ous[2]: "r-ABCD" is not valid; valid: the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd
    line 6, column 39: stages[0].ous[3]: 12 is a number in YAML; valid: the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd (as text in quotes: "12")
    line 6, column 43: stages[0].ous[4]: there is no value; valid: the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd
    line 7, column 16: stages[0].accounts[0]: 12345678901 is not valid; valid: an account id of 12 digits, in quotes, such as "111122223333"
    line 7, column 29: stages[0].accounts[1]: "1111-2222-3333" is not valid; valid: an account id of 12 digits, in quotes, such as "111122223333"
    line 8, column 21: stages[0].exclude.ous[0]: "x" is not valid; valid: the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd
    line 8, column 36: stages[0].exclude.accounts[0]: 1e11 is not valid; valid: an account id of 12 digits, in quotes, such as "111122223333"
    line 8, column 43: stages[0].exclude.regions: unknown field "regions": it belongs in the plan itself or stages[]; valid: accounts, ous
    "#);
}

#[test]
fn what_is_named_twice() {
    assert_snapshot!(mistakes_in_stages("
  - name: test
    ous: [ou-abcd-11111111, r-abcd, ou-abcd-11111111]
    accounts: [111122223333]
  - name: staging
    ous: [ou-abcd-11111111]
    accounts: [\"111122223333\", \"444455556666\"]
  - ous: [r-abcd]
"), @r#"
    line 6, column 37: stages[0].ous[2]: "ou-abcd-11111111" is named twice in stage "test", first in line 6; valid: each organizational unit and account once
    line 9, column 11: stages[1].ous[0]: "ou-abcd-11111111" is in two stages: "test" in line 6 and "staging" here; valid: each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key
    line 10, column 16: stages[1].accounts[0]: "111122223333" is in two stages: "test" in line 7 and "staging" here; valid: each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key
    line 11, column 5: stages[2]: the field name is missing; valid: name: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 11, column 11: stages[2].ous[0]: "r-abcd" is in two stages: "test" in line 6 and stages[2] here; valid: each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key
    "#);
}

#[test]
fn a_stage_that_excludes_what_it_names() {
    assert_snapshot!(mistakes_in_stages("
  - name: test
    exclude:
      accounts: [\"111122223333\", \"111122223333\"]
      ous: [ou-abcd-11111111, ou-abcd-99999999]
    ous: [ou-abcd-11111111]
    accounts: [111122223333]
"), @r#"
    line 7, column 18: stages[0].exclude.accounts[0]: "111122223333" is excluded from the stage that names it in line 10; valid: an id that the stage does not name itself
    line 7, column 34: stages[0].exclude.accounts[1]: "111122223333" stands twice in this list, first in line 7; valid: each value once
    line 8, column 13: stages[0].exclude.ous[0]: "ou-abcd-11111111" is excluded from the stage that names it in line 9; valid: an id that the stage does not name itself
    "#);
}

#[test]
fn waves() {
    assert_snapshot!(mistakes_in_stages("
  - {name: a, ous: [ou-abcd-11111111], waves: []}
  - {name: b, ous: [ou-abcd-22222222], waves: [0, -1, 1.5, 101%, 0%, half, 050%, ~]}
  - {name: c, ous: [ou-abcd-33333333], waves: [5, 3, 4, 50%, 9, 25%, 100%]}
  - {name: d, ous: [ou-abcd-44444444], waves: [1, 50%]}
  - {name: e, ous: [ou-abcd-55555555], waves: [1, 100%, 5]}
  - {name: f, ous: [ou-abcd-66666666], waves: 50%}
  - {name: g, ous: [ou-abcd-77777777], waves: [100%, 100%]}
"), @r#"
    line 5, column 47: stages[0].waves: the list is empty; valid: a list such as [1, "50%", "100%"]; or no such field, for all accounts at once
    line 6, column 48: stages[1].waves[0]: 0 is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 51: stages[1].waves[1]: -1 is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 55: stages[1].waves[2]: 1.5 is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 60: stages[1].waves[3]: "101%" is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 66: stages[1].waves[4]: "0%" is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 70: stages[1].waves[5]: "half" is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 76: stages[1].waves[6]: "050%" is not valid; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 6, column 82: stages[1].waves[7]: there is no value; valid: a number of accounts from 1 to 999999, or a percentage from "1%" to "100%"
    line 7, column 51: stages[2].waves[1]: the wave 3 is not more than 5 before it; valid: waves that grow, because each is a share of the whole stage
    line 7, column 65: stages[2].waves[5]: the wave 25% is not more than 50% before it; valid: waves that grow, because each is a share of the whole stage
    line 8, column 51: stages[3].waves[1]: the last wave is 50%, so accounts would be left over; valid: "100%" as the last wave
    line 9, column 57: stages[4].waves[2]: the last wave is 5, so accounts would be left over; valid: "100%" as the last wave
    line 10, column 47: stages[5].waves: "50%" is not a list; valid: a list such as [1, "50%", "100%"]; or no such field, for all accounts at once
    line 11, column 54: stages[6].waves[1]: the wave 100% is not more than 100% before it; valid: waves that grow, because each is a share of the whole stage
    "#);
}

#[test]
fn gates() {
    assert_snapshot!(mistakes_in_stages("
  - name: test
    ous: [ou-abcd-11111111]
    gate: {maxFailedPercent: 120, maxUnreachablePercent: -1, minSucceeded: 1.5}
  - name: staging
    ous: [ou-abcd-22222222]
    gate: {maxFailedPercent: 10%, maxUnreachablePercent: \"10\", minSucceeded: 010, maxFailedPercents: 1}
  - name: qa
    ous: [ou-abcd-44444444]
    gate: {maxTargetsNotReached: -1}
  - name: qa2
    ous: [ou-abcd-55555555]
    gate: {maxTargetsNotReached: 101%}
  - name: qa3
    ous: [ou-abcd-66666666]
    gate: {maxSkippedPercent: 101}
  - name: production
    ous: [ou-abcd-33333333]
    gate:
"), @r#"
    line 7, column 30: stages[0].gate.maxFailedPercent: 120 is over 100; valid: a whole number from 0 to 100
    line 7, column 58: stages[0].gate.maxUnreachablePercent: -1 is under 0; valid: a whole number from 0 to 100
    line 7, column 76: stages[0].gate.minSucceeded: 1.5 is not a whole number; valid: a whole number from 0 to 1000000
    line 10, column 30: stages[1].gate.maxFailedPercent: "10%" has a percent sign and is not a whole number; valid: a whole number from 0 to 100
    line 10, column 58: stages[1].gate.maxUnreachablePercent: "10" is text because of its quotes, not a whole number; valid: a whole number from 0 to 100
    line 10, column 78: stages[1].gate.minSucceeded: 010 is not a whole number; valid: a whole number from 0 to 1000000
    line 10, column 83: stages[1].gate.maxFailedPercents: unknown field "maxFailedPercents" (did you mean maxFailedPercent?); valid: maxFailedPercent, maxUnreachablePercent, minSucceeded, maxTargetsNotReached, maxSkippedPercent
    line 13, column 34: stages[2].gate.maxTargetsNotReached: -1 is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    line 16, column 34: stages[3].gate.maxTargetsNotReached: "101%" is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    line 19, column 31: stages[4].gate.maxSkippedPercent: 101 is over 100; valid: a whole number from 0 to 100
    line 22, column 5: stages[5].gate: there is no value; valid: the fields maxFailedPercent, maxUnreachablePercent, minSucceeded, maxTargetsNotReached, maxSkippedPercent
    "#);
}

#[test]
fn regions_and_selection_of_a_stage() {
    assert_snapshot!(mistakes_in_stages("
  - name: test
    ous: [ou-abcd-11111111]
    regions: []
    select: {tags: {Patch: on}, exclude: {ous: []}}
"), @r#"
    line 7, column 14: stages[0].regions: the list is empty; valid: a list of Regions, such as [ap-northeast-1, ap-northeast-3]
    line 8, column 28: stages[0].select.tags.Patch: "on" is not a list; valid: a list of the values that match, such as ["on"], or any for every value
    line 8, column 43: stages[0].select.exclude.ous: unknown field "ous": it belongs in stages[] or stages[].exclude; valid: accounts, instances, tags
    "#);
}

#[test]
fn more_than_a_plan_may_have() {
    let stages: Vec<String> = (0..51).map(|n| format!("  - {{name: s{n}, ous: [ou-abcd-{n:08}]}}")).collect();
    assert_snapshot!(mistakes_in_stages(&stages.join("\n")), @"line 4, column 1: stages: there are 51 stages; valid: at most 50");
    let waves: Vec<String> = (1..=21).map(|n| n.to_string()).collect();
    let stage = format!("  - {{name: test, ous: [ou-abcd-11111111], waves: [{}]}}", waves.join(", "));
    assert_snapshot!(mistakes_in_stages(&stage), @"line 5, column 50: stages[0].waves: there are 21 waves; valid: at most 20");
    let tags: Vec<String> = (0..51).map(|n| format!("k{n}: [v]")).collect();
    let long = "x".repeat(129);
    assert_snapshot!(mistakes_in_stages(&format!("
  - name: test
    ous: [ou-abcd-11111111]
    select:
      tags: {{{}}}
      exclude: {{tags: {{{long}: [{long}{long}]}}}}
", tags.join(", "))), @r#"
    line 8, column 13: stages[0].select.tags: there are 51 tag keys; valid: at most 50, as an instance has
    line 9, column 24: stages[0].select.exclude.tags["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"]: the tag key "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" has 129 characters; valid: 1 to 128 characters
    line 9, column 156: stages[0].select.exclude.tags["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"][0]: the tag value "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" has 258 characters; valid: at most 256 characters
    "#);
}

#[test]
fn mistakes_mark_their_culprit() {
    let marked = |text: &str| {
        let errors = read(text).expect_err("a mistake");
        let error = errors.iter().next_back().expect("the last mistake");
        (error.column, text[error.span.clone()].to_owned())
    };
    // Of a mapping that lacks a field the first key is marked, of a field without a value its key.
    assert_eq!(marked(&format!("{HEAD}stages:\n- ous: [r-abcd]\n")), (3, "ous".to_owned()));
    assert_eq!(marked(&format!("{HEAD}stages:\n")), (1, "stages".to_owned()));
    // Of a text over several lines only the first.
    assert_eq!(marked(&format!("{HEAD}{STAGES}reboot: \"if\n  needed\"\n")), (9, "\"if".to_owned()));
    // A byte order mark is no column.
    assert_eq!(marked(&format!("\u{feff}nam: x # é\n{}{STAGES}", HEAD.replace("name", "#"))), (1, "nam".to_owned()));
}

#[test]
fn mistakes_point_at_both_places() {
    let text = format!("{HEAD}stages:\n  - {{name: té, ous: [r-abcd]}} # é\n  - {{name: x, ous: [r-abcd]}}\r\n");
    let errors = read(&text).expect_err("two mistakes");
    let pointed: Vec<(&str, Option<&str>)> =
        errors.into_iter().map(|error| (&text[error.span], error.related.map(|related| &text[related.span]))).collect();
    assert_eq!(pointed, [("té", None), ("r-abcd", Some("r-abcd"))]);
}

#[test]
fn one_line_names_the_first_mistakes_and_counts_the_rest() {
    let errors = read(&format!("{HEAD}a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1\n")).expect_err("mistakes");
    let line = errors.to_string();
    assert!(line.starts_with("line 1, column 1: the field stages is missing; "), "{line}");
    assert!(line.ends_with(" | and 3 more"), "{line}");
    assert_eq!(errors.iter().len(), 8);
}

#[test]
fn a_document_of_nothing_but_mistakes_ends_with_their_number() {
    let text = format!("{HEAD}stages: [{}]\n", "{name: x y, ous: [a, b]}, ".repeat(50));
    assert_eq!(read(&text).expect_err("mistakes").iter().len(), 150);
    let text = format!("{HEAD}stages: [{{name: x, ous: [{}]}}]\n", "-x, ".repeat(60_000));
    let errors: Vec<String> = read(&text).expect_err("mistakes").iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 201);
    assert_snapshot!(errors[200], @"line 4, column 822: there are 59800 more mistakes, which are not listed; valid: fix the errors above, then validate again");
}

#[test]
fn more_steps_than_a_run_may_have() {
    let stage = |nth: usize, waves: usize| {
        let waves: Vec<String> = (1..waves).map(|wave| wave.to_string() + ", ").collect();
        let waves = waves.concat();
        format!("  - {{name: s{nth}, ous: [ou-abcd-{nth:08}], waves: [{waves}100%]}}\n")
    };
    let stages = |last: usize| (0..10).map(|nth| stage(nth, 20)).collect::<String>() + &stage(10, last);
    assert_snapshot!(mistakes_in_stages(&format!("\n{}", stages(1))), @"line 4, column 1: stages: the stages have 201 steps, one for each wave; valid: at most 200 steps");
    let exactly = format!("{HEAD}stages:\n{}", (0..10).map(|nth| stage(nth, 20)).collect::<String>());
    assert!(read(&exactly).is_ok());
}

#[test]
fn passes_and_deadlines() {
    let with = |fields: &str| mistakes_in_stages(&format!("- {{name: a, ous: [ou-abcd-11111111], {fields}}}"));
    assert_snapshot!(with("passes: 3, deadline: 20m"), @r#"
    line 5, column 46: stages[0].passes: 3 is over 2; valid: a whole number from 1 to 2
    line 5, column 59: stages[0].deadline: "20m" is under 30m; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m
    "#);
    assert_snapshot!(with("passes: \"2\", deadline: 73h"), @r#"
    line 5, column 46: stages[0].passes: "2" is text because of its quotes, not a whole number; valid: a whole number from 1 to 2
    line 5, column 61: stages[0].deadline: "73h" is over 72h, the time for which a snapshot of approved patches lives; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m
    "#);
    assert_snapshot!(with("passes: true, deadline: 16"), @"
    line 5, column 46: stages[0].passes: true is not a whole number; valid: a whole number from 1 to 2
    line 5, column 62: stages[0].deadline: 16 is not valid; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m
    ");
    assert_snapshot!(with("passes: [1], deadline: 16 hours"), @r#"
    line 5, column 46: stages[0].passes: a list is not a whole number; valid: a whole number from 1 to 2
    line 5, column 61: stages[0].deadline: "16 hours" is not valid; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m
    "#);
    assert_snapshot!(with("passes: 0, deadline: 2d"), @r#"
    line 5, column 46: stages[0].passes: 0 is under 1; valid: a whole number from 1 to 2
    line 5, column 59: stages[0].deadline: "2d" is not valid; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m
    "#);
    assert_snapshot!(with("passes:, deadline:"), @"
    line 5, column 38: stages[0].passes: there is no value; valid: a whole number from 1 to 2
    line 5, column 47: stages[0].deadline: there is no value; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m
    ");
    assert_snapshot!(with("deadline: [16h]"), @"line 5, column 48: stages[0].deadline: a list is not a text; valid: a time from 30m to 72h in hours and minutes, such as 16h or 1h 30m");
    assert_snapshot!(mistakes_in("passes: 2\ndeadline: 16h"), @r#"
    line 4, column 1: passes: unknown field "passes": it belongs in stages[]; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 5, column 1: deadline: unknown field "deadline": it belongs in stages[]; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    "#);
}
