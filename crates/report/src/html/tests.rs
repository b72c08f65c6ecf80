//! Checks that the page contains the report: the compact spelling is expanded as the page does it.

use orgpatch_engine::results::{InstanceRow, PassResult};
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::{Patch, PatchDisposition};
use orgpatch_model::reason::{Reason, ReasonCode};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{Report, fixtures};

const TEMPLATE: &str = "<script type=\"application/json\">@@REPORT_JSON@@</script><p>end</p>";

/// Returns the text between the two halves of the template.
fn embedded(report: &Report, remembered: usize) -> String {
    let mut bytes = Vec::new();
    let mut page = HtmlPage::begin(TEMPLATE, &mut bytes).expect("written");
    page.texts = Texts::remembering(remembered);
    for row in &report.instances {
        page.instance(&mut bytes, &serde_json::to_string(row).expect("JSON")).expect("written");
    }
    page.targets(&mut bytes).expect("written");
    for target in &report.targets {
        page.target(&mut bytes, &serde_json::to_string(target).expect("JSON")).expect("written");
    }
    page.end(&mut bytes, &report.head).expect("written");
    let page = String::from_utf8(bytes).expect("UTF-8");
    let (before, after) = TEMPLATE.split_once(PLACEHOLDER).expect("the placeholder");
    page.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).expect("the template around it").to_owned()
}

/// Expands the report as `src/model/load.ts` does: numbers are looked up among the texts before them, and missing lists and
/// nulls are put back. The fields of an instance are in the order of their names, here and in the text.
fn expanded(text: &str, like: &Report) -> Value {
    let mut page: Value = serde_json::from_str(text).expect("JSON");
    let like = serde_json::to_value(like).expect("JSON");
    expand(&mut page["instances"], &like["instances"], &mut Vec::new());
    page
}

/// Expands a list of instances, or of the passes of one.
fn expand(rows: &mut Value, like: &Value, appeared: &mut Vec<Value>) {
    let likes = like.as_array().expect("a list");
    for (row, like) in rows.as_array_mut().expect("a list").iter_mut().zip(likes) {
        let fields = row.as_object_mut().expect("a row");
        for (name, value) in fields.iter_mut() {
            match value {
                passes if name == "passes" => expand(passes, &like["passes"], appeared),
                Value::Array(entries) => entries.iter_mut().for_each(|entry| put_back(entry, appeared)),
                reason if ["reason", "judgedBy", "neverReboot"].contains(&name.as_str()) => put_back(reason, appeared),
                _ => {}
            }
        }
        for (name, value) in like.as_object().expect("a row") {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if empty && !fields.contains_key(name) {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
}

fn put_back(value: &mut Value, appeared: &mut Vec<Value>) {
    match value.as_u64() {
        Some(place) => *value = appeared[usize::try_from(place).expect("small")].clone(),
        None => appeared.push(value.clone()),
    }
}

fn assert_same(report: &Report, remembered: usize) -> String {
    let text = embedded(report, remembered);
    assert_eq!(expanded(&text, report), serde_json::to_value(report).expect("JSON"));
    assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
    text
}

#[test]
fn the_page_holds_the_report_and_nothing_twice() {
    let mut report = fixtures::report();
    let again: Vec<InstanceRow> = report.instances.clone();
    report.instances.extend(again);
    let text = assert_same(&report, REMEMBERED);
    assert_eq!(text.matches("kernel.x86_64:0:6.1.119").count(), 2, "once missing, once failed: {text}");
    assert_eq!(text.matches("KB5044414").count(), 2, "id and title, of one patch in two lists and a pass: {text}");
}

#[test]
fn what_is_not_remembered_is_written_again() {
    let mut report = fixtures::report();
    let again: Vec<InstanceRow> = report.instances.clone();
    report.instances.extend(again);
    let openssl = |text: String| text.matches("openssl.x86_64:1:3.0.8-1").count();
    assert_eq!(openssl(assert_same(&report, REMEMBERED)), 1);
    let often = openssl(assert_same(&report, 0));
    assert_eq!(often, 10, "as often as in report.json");
    let few = openssl(assert_same(&report, 500));
    assert!((1..often).contains(&few), "{few}");
}

#[test]
fn what_could_end_the_script_is_written_as_an_escape() {
    let mut report = fixtures::report();
    report.instances[0].name = Some("</script><!--<script>&\u{2028}\u{2029}\"\\\n".into());
    let text = assert_same(&report, REMEMBERED);
    assert!(
        text.contains("\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e\\u0026\\u2028\\u2029\\\"\\\\\\n"),
        "{text}"
    );
}

#[test]
fn a_template_without_its_placeholder_is_refused() {
    let error = HtmlPage::begin("<html>", &mut Vec::new()).map(|_| ()).expect_err("refused");
    assert!(error.to_string().contains(PLACEHOLDER), "{error}");
}

fn text() -> impl Strategy<Value = String> {
    "[a-c<>&\"'\\\\/\n\u{2028}\u{202e}あ]{0,6}"
}

fn patches() -> impl Strategy<Value = Vec<Patch>> {
    let one = (text(), "[ab]").prop_map(|(title, id)| Patch {
        id,
        title,
        classification: "Security".into(),
        severity: String::new(),
        state: PatchDisposition::Missing,
        cve_ids: vec![],
        more_cve_ids: 0,
    });
    prop::collection::vec(one, 0..3)
}

fn row() -> impl Strategy<Value = InstanceRow> {
    let lists = (patches(), patches(), patches(), patches(), patches(), patches());
    let codes = prop::sample::select(ReasonCode::LISTED);
    let texts = (prop::option::of(text()), codes, text(), prop::collection::vec("[ab]", 0..3));
    (lists, texts, prop::sample::select(Outcome::ALL.as_slice())).prop_map(
        |(lists, (name, code, why, commands), outcome)| {
            let mut row = fixtures::instance(&fixtures::target(), "i-1", name.as_deref(), outcome, ReasonCode::Reached);
            row.reason = Reason::new(code, why);
            row.passes = vec![
                PassResult {
                    outcome,
                    reason: row.reason.clone(),
                    installed: lists.1.clone(),
                    failed: lists.2.clone(),
                    command_id: commands.first().cloned(),
                };
                commands.len()
            ];
            row.command_ids = commands;
            (row.missing_before, row.installed, row.failed) = (lists.0, lists.1, lists.2);
            (row.missing_after, row.installed_untested, row.held_back) = (lists.3, lists.4, lists.5);
            row
        },
    )
}

proptest! {
    #[test]
    fn whatever_the_rows_hold_the_page_holds_the_same(
        rows in prop::collection::vec(row(), 0..5),
        remembered in 0_usize..2_000,
    ) {
        let mut report = fixtures::report();
        report.instances = rows;
        assert_same(&report, remembered);
    }
}
