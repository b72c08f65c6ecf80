//! Shows the mistakes of a plan in their lines, as compilers do, or as one JSON document.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use orgpatch_model::digest::sha256_hex;
use orgpatch_plan::{ChangedDefault, Plan, PlanError, PlanErrors};
use serde::Serialize;

use crate::plan_file::PlanFile;

/// The result of a validation, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateResult {
    plan: String,
    valid: bool,
    /// SHA-256 of a valid plan, for `planSha256` in the input of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    errors: Vec<PlanError>,
    /// What the plan meant under an earlier build and does not mean any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed_defaults: Vec<ChangedDefault>,
    /// What probably does not mean what it says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<PlanError>,
    /// What the sources of the plan mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cautions: Vec<String>,
}

impl ValidateResult {
    /// Returns the result for a valid plan.
    pub fn of_plan(file: &PlanFile, plan: &Plan) -> Self {
        Self {
            plan: file.name.clone(),
            valid: true,
            sha256: Some(sha256_hex(&file.text)),
            errors: Vec::new(),
            changed_defaults: orgpatch_plan::changed_defaults(plan),
            warnings: file.warnings.clone(),
            cautions: plan.cautions(),
        }
    }

    /// Returns the result for a plan with mistakes.
    pub fn of_mistakes(file: &PlanFile, errors: &PlanErrors) -> Self {
        Self {
            plan: file.name.clone(),
            valid: false,
            sha256: None,
            errors: errors.iter().cloned().collect(),
            changed_defaults: Vec::new(),
            warnings: Vec::new(),
            cautions: Vec::new(),
        }
    }
}

/// Returns the JSON document of the results: the list of them if several plans were given, and otherwise the result itself. Of a
/// plan that could not be read there is none.
pub fn document(results: &[ValidateResult], is_list: bool) -> String {
    let document = match results {
        several if is_list => serde_json::to_string_pretty(several),
        [one, ..] => serde_json::to_string_pretty(one),
        [] => return String::new(),
    };
    document.expect("texts and numbers are always JSON") + "\n"
}

/// Returns the mistakes of a plan in their lines, for people.
pub fn in_lines(file: &PlanFile, errors: &PlanErrors) -> String {
    snippets(&file.name, &file.text, errors, &renderer(&io::stdout()))
}

/// Returns a renderer with colours for a terminal, unless `NO_COLOR` is set.
pub fn renderer(stream: &impl IsTerminal) -> Renderer {
    if stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
}

/// Returns the warnings about a plan in their lines.
pub fn warnings(file: &PlanFile, renderer: &Renderer) -> String {
    let shown = |warning| snippet(Level::WARNING, &file.name, &file.text, warning, renderer) + "\n\n";
    file.warnings.iter().map(shown).collect()
}

fn snippets(name: &str, text: &str, errors: &PlanErrors, renderer: &Renderer) -> String {
    let mut output = String::new();
    for error in errors {
        // Writing into a string cannot fail.
        let _ = writeln!(output, "{}\n", snippet(Level::ERROR, name, text, error, renderer));
    }
    let count = errors.iter().len();
    let _ = writeln!(output, "{name}: {count} mistake{}", if count == 1 { "" } else { "s" });
    output
}

fn snippet(level: Level<'_>, name: &str, text: &str, error: &PlanError, renderer: &Renderer) -> String {
    let title = match error.path.as_str() {
        "" => error.problem.clone(),
        path => format!("{path}: {}", error.problem),
    };
    // Only the lines around the mistake: searching the whole document for each mistake would be slow if there are many.
    let spans = || error.related.iter().map(|related| &related.span).chain([&error.span]);
    let first = spans().map(|span| span.start).min().unwrap_or_default();
    let last = spans().map(|span| span.end).max().unwrap_or_default();
    let start = text[..first].rfind('\n').map_or(0, |line_end| line_end + 1);
    let end = text[last..].find('\n').map_or(text.len(), |line_end| last + line_end);
    let line = error.related.as_ref().map_or(error.line, |related| related.line.min(error.line));
    let within = |span: &std::ops::Range<usize>| span.start - start..span.end - start;

    // A carriage return would be shown as a character; a space in its place keeps the columns.
    let snippet = Snippet::source(text[start..end].replace('\r', " "))
        .path(name)
        .line_start(line)
        .annotation(AnnotationKind::Primary.span(within(&error.span)))
        .annotations(
            error
                .related
                .iter()
                .map(|related| AnnotationKind::Context.span(within(&related.span)).label(related.text.as_str())),
        );
    let report =
        level.primary_title(title).element(snippet).element(Level::HELP.message(format!("valid: {}", error.valid)));
    renderer.render(&[report])
}

#[cfg(test)]
mod tests {
    use annotate_snippets::Renderer;
    use insta::assert_snapshot;
    use orgpatch_plan::{PlanErrors, read};

    use super::{ValidateResult, document, snippets};
    use crate::plan_file::PlanFile;

    const PLAN: &str = "\
schemaVersion: 1
name: monthly
regions: [ap-northeast-1]
stages:
  - name: test # テスト
    ous: [ou-abcd-11111111]
    gate: {maxFailedPercent: 120}
  - name: production
    ous: [ou-abcd-11111111]
";

    fn errors_of(text: &str) -> PlanErrors {
        read(text).expect_err("mistakes")
    }

    fn in_lines(text: &str) -> String {
        snippets("monthly.yaml", text, &errors_of(text), &Renderer::plain())
    }

    #[test]
    fn mistakes_are_shown_in_their_lines() {
        assert_snapshot!(in_lines(PLAN), @r#"
        error: stages[0].gate.maxFailedPercent: 120 is over 100
         --> monthly.yaml:7:30
          |
        7 |     gate: {maxFailedPercent: 120}
          |                              ^^^
          |
          = help: valid: a whole number from 0 to 100

        error: stages[1].ous[0]: "ou-abcd-11111111" is in two stages: "test" in line 6 and "production" here
         --> monthly.yaml:9:11
          |
        6 |     ous: [ou-abcd-11111111]
          |           ---------------- first named here
        ...
        9 |     ous: [ou-abcd-11111111]
          |           ^^^^^^^^^^^^^^^^
          |
          = help: valid: each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key

        monthly.yaml: 2 mistakes
        "#);
    }

    #[test]
    fn mistakes_without_a_line_of_their_own() {
        assert_snapshot!(in_lines(""), @"
        error: the document is empty
         --> monthly.yaml:1:1
          |
        1 |
          | ^
          |
          = help: valid: a plan, which begins with schemaVersion: 1

        monthly.yaml: 1 mistake
        ");
        assert_snapshot!(in_lines("name: [monthly\n"), @"
        error: this is not YAML: while parsing a flow sequence, expected ',' or ']'
         --> monthly.yaml:2:1
          |
        2 |
          | ^
          |
          = help: valid: a YAML document

        monthly.yaml: 1 mistake
        ");
    }

    #[test]
    fn line_ends_and_byte_order_marks_do_not_move_the_marks() {
        let windows = in_lines(&format!("\u{feff}{PLAN}").replace('\n', "\r\n"));
        let lines = windows.lines().map(str::trim_end);
        assert!(lines.eq(in_lines(PLAN).lines().map(str::trim_end)), "{windows}");
    }

    #[test]
    fn results_for_programs() {
        let file = PlanFile { name: "monthly.yaml".to_owned(), text: PLAN.to_owned(), warnings: Vec::new() };
        assert_snapshot!(document(&[ValidateResult::of_mistakes(&file, &errors_of(PLAN))], false), @r#"
        {
          "plan": "monthly.yaml",
          "valid": false,
          "errors": [
            {
              "line": 7,
              "column": 30,
              "path": "stages[0].gate.maxFailedPercent",
              "problem": "120 is over 100",
              "valid": "a whole number from 0 to 100"
            },
            {
              "line": 9,
              "column": 11,
              "path": "stages[1].ous[0]",
              "problem": "\"ou-abcd-11111111\" is in two stages: \"test\" in line 6 and \"production\" here",
              "valid": "each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key",
              "related": {
                "line": 6,
                "column": 11,
                "text": "first named here"
              }
            }
          ]
        }
        "#);
        let text = "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\n\
            stages: [{name: test, ous: [r-abcd], passes: 1, deadline: 16h}]\n";
        let valid = PlanFile { text: text.to_owned(), ..file };
        let plan = read(text).expect("a plan");
        let sha256 = orgpatch_model::digest::sha256_hex(text);
        let document = document(&[ValidateResult::of_plan(&valid, &plan)], false);
        assert_snapshot!(document.replace(&sha256, "HASH"), @r#"
        {
          "plan": "monthly.yaml",
          "valid": true,
          "sha256": "HASH",
          "errors": []
        }
        "#);
    }
}
