//! Documents that are valid in a way that is easy to get wrong.

use std::collections::BTreeMap;

use super::super::{Gate, Percent, Plan, Rate, Reboot, Wave, read};
use super::{HEAD, STAGES, listed};

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|errors| panic!("{}", listed(&errors)))
}

#[test]
fn what_a_short_plan_leaves_out_has_its_default() {
    let plan = plan(&format!("{HEAD}{STAGES}"));
    assert_eq!(plan.select, super::super::Selection::default());
    assert_eq!(plan.reboot, Reboot::IfNeeded);
    assert_eq!(plan.rate, Rate { targets: 40, max_concurrency: "25%".into(), max_errors: "10%".into() });
    let stage = &plan.stages[0];
    assert_eq!(stage.gate, Gate { max_failed_percent: 0, max_unreachable_percent: 0, min_succeeded: 0 });
    assert_eq!((stage.waves.len(), stage.regions.len(), &stage.select), (0, 0, &None));
}

#[test]
fn account_ids_keep_their_digits_without_quotes() {
    let plan = plan(&format!("{HEAD}stages: [{{name: a, accounts: [012345678901, 444455556666, \"000000000001\"]}}]"));
    assert_eq!(plan.stages[0].accounts, ["012345678901", "444455556666", "000000000001"]);
}

#[test]
fn counts_and_percentages_with_and_without_quotes() {
    let text = format!(
        "{HEAD}rate: {{targets: 1000, maxConcurrency: 5, maxErrors: 0}}\n\
         stages: [{{name: a, ous: [r-abcd], waves: [1, \"2\", 7%, '50%', 30, 100%]}}]"
    );
    let plan = plan(&text);
    assert_eq!(plan.rate, Rate { targets: 1000, max_concurrency: "5".into(), max_errors: "0".into() });
    let percent = |value| Wave::Percent(Percent::new(value).expect("a percentage"));
    assert_eq!(
        plan.stages[0].waves,
        [Wave::Accounts(1), Wave::Accounts(2), percent(7), percent(50), Wave::Accounts(30), percent(100)]
    );
}

#[test]
fn anchors_and_aliases() {
    let text = format!(
        "{HEAD}stages:\n\
         - {{name: a, ous: [ou-abcd-11111111], gate: &strict {{maxFailedPercent: 7}}}}\n\
         - {{name: b, ous: [ou-abcd-22222222], gate: *strict}}\n"
    );
    assert_eq!(plan(&text).stages[1].gate.max_failed_percent, 7);
}

#[test]
fn byte_order_marks_line_ends_and_document_markers() {
    let text = format!("\u{feff}---\n{HEAD}{STAGES}...\n").replace('\n', "\r\n");
    assert_eq!(plan(&text), plan(&format!("{HEAD}{STAGES}")));
}

#[test]
fn empty_exclusions_exclude_nothing() {
    let text = format!("{HEAD}select: {{exclude: {{accounts: [], instances: [], tags: {{}}}}}}\n{STAGES}");
    assert!(plan(&text).select.exclude.is_empty());
}

#[test]
fn tag_values_are_texts_of_any_kind() {
    let text = format!("{HEAD}select: {{tags: {{\"1\": [\"true\", \"\", yes, 日本, a b]}}}}\n{STAGES}");
    let expected = ["true", "", "yes", "日本", "a b"].map(String::from).to_vec();
    assert_eq!(plan(&text).select.tags, BTreeMap::from([("1".to_owned(), expected)]));
}
