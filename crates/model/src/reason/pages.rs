//! Two files that are generated from the list of codes: docs/reason-codes.md, and what the report page says about them.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::ReasonCode;
use super::catalogue::Help;
use super::code::{ANY_EXIT_CODE, ANY_SERVICE_ERROR};
use crate::exit_code;

/// The file of the report page; `ReasonCatalogue` in crates/report/page/src/model/reason-codes.ts.
#[derive(Serialize)]
struct Catalogue {
    codes: Vec<CodeEntry>,
    patterns: [PatternEntry; 2],
}

#[derive(Serialize)]
struct CodeEntry {
    code: ReasonCode,
    meaning: String,
    action: &'static str,
}

#[derive(Serialize)]
struct PatternEntry {
    pattern: &'static str,
    meaning: &'static str,
    action: &'static str,
}

/// Compares with the committed file.
fn assert_committed(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).expect("the file written");
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == text,
        "{file} is not what the list of reason codes says; to write it anew: \
         UPDATE_DOCS=1 cargo test -p orgpatch-model committed_reason_codes"
    );
}

#[test]
fn the_page_of_the_committed_reason_codes_is_the_list() {
    let mut text = String::from(
        "# Reason codes\n\n\
         Every outcome and every decision in a report has a reason: a code for programs and one sentence for people. The list\n\
         of codes is closed, and a code never changes its spelling or its meaning. A program that reads reports must expect\n\
         codes that a newer version of orgpatch adds.\n\n\
         This page is generated from `crates/model/src/reason/catalogue.rs`. To write it anew:\n\
         `UPDATE_DOCS=1 cargo test -p orgpatch-model committed_reason_codes`.\n",
    );
    let mut heading = "";
    for code in ReasonCode::LISTED {
        let topic = code.topic();
        if topic.title != heading {
            heading = topic.title;
            begin(&mut text, heading, topic.place);
        }
        let _ = writeln!(text, "| `{code}` | {} | {} |", code.meaning(), code.action());
    }
    for pattern in [ANY_EXIT_CODE, ANY_SERVICE_ERROR] {
        begin(&mut text, pattern.topic.title, pattern.topic.place);
        let code = |sentence: &str| sentence.replace("<n>", "`<n>`").replace("<error>", "`<error>`");
        let _ = writeln!(text, "| `{}` | {} | {} |", pattern.code, code(pattern.meaning), code(pattern.action));
        if pattern == ANY_EXIT_CODE {
            text.push_str("\nExit codes that are known:\n\n| code | meaning |\n|---|---|\n");
            for known in exit_code::meanings() {
                let (codes, meaning) = (known.codes(), &known.meaning);
                let (first, last) = (codes.start(), codes.end());
                let range = if first == last {
                    format!("`exit-code-{first}`")
                } else {
                    format!("`exit-code-{first}` to `exit-code-{last}`")
                };
                let _ = writeln!(text, "| {range} | {meaning} |");
            }
        }
    }
    assert_committed("docs/reason-codes.md", &text);
}

fn begin(text: &mut String, title: &str, place: &str) {
    let _ = write!(text, "\n## {title}\n\nWhere: {place}\n\n| code | meaning | what to do |\n|---|---|---|\n");
}

#[test]
fn what_the_report_page_says_of_the_committed_reason_codes_is_the_list() {
    let mut listed = ReasonCode::LISTED.to_vec();
    listed.sort();
    let codes = listed.into_iter().map(|code| {
        let (meaning, action) = (code.meaning().into_owned(), code.action());
        CodeEntry { code, meaning, action }
    });
    let patterns = [ANY_EXIT_CODE, ANY_SERVICE_ERROR].map(|Help { code, meaning, action, .. }| PatternEntry {
        pattern: code,
        meaning,
        action,
    });
    let catalogue = Catalogue { codes: codes.collect(), patterns };
    let text = serde_json::to_string_pretty(&catalogue).expect("JSON") + "\n";
    assert_committed("crates/report/page/src/data/reason-codes.json", &text);
}
