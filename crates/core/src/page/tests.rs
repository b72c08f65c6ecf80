//! What is in the page is the report: the compact spelling is read again, as the page does it.

use proptest::prelude::*;

use super::*;
use crate::contract::{Patch, PatchDisposition};
use crate::fixtures;
use crate::outcome::Outcome;
use crate::reason::Reason;

const TEMPLATE: &str = "<script type=\"application/json\">@@REPORT_JSON@@</script><p>end</p>";

/// The text between the template's two halves.
fn embedded(report: &Report) -> String {
    let mut head = report.clone();
    let rows = std::mem::take(&mut head.instances);
    let mut bytes = Vec::new();
    write(&mut bytes, TEMPLATE, &head, &rows).expect("written");
    let page = String::from_utf8(bytes).expect("UTF-8");
    let (before, after) = TEMPLATE.split_once(PLACEHOLDER).expect("the placeholder");
    page.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).expect("the template around it").to_owned()
}

/// The report as `src/model/load.ts` reads it: numbers are looked up, lists and nulls that are not there are put back.
fn expanded(text: &str, like: &Report) -> Value {
    let mut page: Value = serde_json::from_str(text).expect("JSON");
    let dictionary = page.as_object_mut().and_then(|page| page.remove("dictionary")).expect("a dictionary");
    let like = serde_json::to_value(like).expect("JSON");
    let rows = page["instances"].as_array_mut().expect("instances");
    for (row, like) in rows.iter_mut().zip(like["instances"].as_array().expect("instances")) {
        let fields = row.as_object_mut().expect("a row");
        let entry = |value: &Value| {
            value.as_u64().map_or_else(|| value.clone(), |n| dictionary[usize::try_from(n).expect("small")].clone())
        };
        let reason = entry(&fields["reason"]);
        fields.insert("reason".to_owned(), reason);
        for list in NUMBERED {
            let entries = fields.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
            fields.insert(list.to_owned(), entries.iter().map(entry).collect());
        }
        for (name, value) in like.as_object().expect("a row") {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if empty && !fields.contains_key(name) {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
    page
}

fn assert_same(report: &Report) -> String {
    let text = embedded(report);
    assert_eq!(expanded(&text, report), serde_json::to_value(report).expect("JSON"));
    assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
    text
}

#[test]
fn the_page_holds_the_report_and_nothing_twice() {
    let mut report = fixtures::report();
    let again: Vec<InstanceRow> = report.instances.clone();
    report.instances.extend(again);
    let text = assert_same(&report);
    assert_eq!(text.matches("kernel.x86_64:0:6.1.119").count(), 2, "once missing, once failed: {text}");
}

#[test]
fn what_could_end_the_script_is_written_as_an_escape() {
    let mut report = fixtures::report();
    report.instances[0].name = Some("</script><!--<script>&\u{2028}\u{2029}\"\\\n".into());
    let text = assert_same(&report);
    assert!(
        text.contains("\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e\\u0026\\u2028\\u2029\\\"\\\\\\n"),
        "{text}"
    );
}

#[test]
fn a_template_without_its_placeholder_is_refused() {
    let report = fixtures::report();
    let error = write(Vec::new(), "<html>", &report, &[]).expect_err("refused");
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
    });
    prop::collection::vec(one, 0..3)
}

fn row() -> impl Strategy<Value = InstanceRow> {
    let lists = (patches(), patches(), patches(), patches(), patches(), patches());
    let texts = (prop::option::of(text()), text(), text(), prop::collection::vec("[ab]", 0..3));
    (lists, texts, prop::sample::select(Outcome::ALL.as_slice())).prop_map(
        |(lists, (name, code, why, commands), outcome)| {
            let mut row = fixtures::instance(&fixtures::target(), "i-1", name.as_deref(), outcome, "x");
            row.reason = Reason::new(&code, why);
            row.command_ids = commands;
            (row.missing_before, row.installed, row.failed) = (lists.0, lists.1, lists.2);
            (row.missing_after, row.installed_untested, row.held_back) = (lists.3, lists.4, lists.5);
            row
        },
    )
}

proptest! {
    #[test]
    fn whatever_the_rows_hold_the_page_holds_the_same(rows in prop::collection::vec(row(), 0..5)) {
        let mut report = fixtures::report();
        report.instances = rows;
        assert_same(&report);
    }
}
