//! `summary.md`: the run on one screen, as Markdown for chat and tickets.
//!
//! Foreign text (names, reasons) is shown as text: nothing in it becomes a link, a mention, a cell or a command.

use std::fmt::Write as _;

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::english::counted;
use orgpatch_model::outcome::RunDecision;
use orgpatch_model::reason::ReasonCode;
use orgpatch_model::text::{WORD_JOINER, begins_a_link, visible};

use crate::comparison::Comparison;
use crate::{HaltReport, Head, Highlights, Shortlist, StepDecision};
use crate::{closed_run, earlier_stages, matched_nothing, small_account};

/// How many instances of each kind of change are named. The page has all.
const LONGEST_LIST: usize = 20;
/// A foreign text that is longer than this number of characters is cut.
const LONGEST_TEXT: usize = 300;

/// Returns the summary of a run.
#[must_use]
pub fn markdown(head: &Head, highlights: &Highlights) -> String {
    let mut out = String::new();
    heading(&mut out, head, highlights);
    if let Some(halt) = &head.halt {
        after_a_halt(&mut out, halt);
    }
    steps(&mut out, head, highlights);
    open_commands(&mut out, highlights);
    instances(&mut out, highlights);
    left_out(&mut out, highlights);
    targets(&mut out, highlights);
    compared(&mut out, head.comparison.as_ref());
    out
}

/// Writing to a String cannot fail.
macro_rules! line {
    ($out:expr) => { $out.push('\n') };
    ($out:expr, $($text:tt)*) => { let _ = writeln!($out, $($text)*); };
}

fn heading(out: &mut String, head: &Head, highlights: &Highlights) {
    let run = &head.run;
    let word = match run.decision {
        RunDecision::Advanced if head.reached_nothing() => "**reached nothing**",
        RunDecision::Advanced => head.advanced(),
        RunDecision::Halted => "**halted**",
        RunDecision::Error if run.reason.code == ReasonCode::ErrorRunStopped => "**was stopped**",
        RunDecision::Error => "**ended with an error**",
    };
    let only = head.only().map(|only| format!(" ({})", text(&only))).unwrap_or_default();
    line!(out, "# {} of plan {} {word}{only}", run.operation, text(&run.plan));
    line!(out);
    line!(out, "{} (`{}`)", text(&run.reason.text), code(&run.reason.code.name()));
    line!(out);
    line!(out, "- Run: `{}`", code(&run.id));
    line!(out, "- Started: {}, ended: {}", run.told(run.started_at), run.told(run.finished_at));
    line!(out, "- Started by: {}", text(&run.started_by));
    if let Some(comment) = &run.comment {
        line!(out, "- Comment: {}", text(comment));
    }
    if let Some(sentence) = closed_run::sentence(run) {
        line!(out, "- {sentence}");
    }
    for sentence in earlier_stages::sentences(run) {
        line!(out, "- {}", text(&sentence));
    }
    let counts: Vec<String> = run.counts.iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    line!(out, "- Instances: {counts}");
    for sentence in highlights.about_what_was_seen(run) {
        line!(out, "- {}", text(&sentence));
    }
    for sentence in highlights.about_installs() {
        line!(out, "- {}", text(&sentence));
    }
    for sentence in highlights.about_baselines(run) {
        line!(out, "- {}", text(&sentence));
    }
    for sentence in highlights.about_other_plans(run) {
        line!(out, "- {}", text(&sentence));
    }
    for sentence in matched_nothing::sentences(run) {
        line!(out, "- {}", text(&sentence));
    }
    if let Some(sentence) = small_account::sentence(run) {
        line!(out, "- {sentence}");
    }
}

/// Writes what to look at after a halt, whether later steps were touched, and how to go on.
fn after_a_halt(out: &mut String, halt: &HaltReport) {
    line!(out);
    line!(out, "## What to do");
    line!(out);
    for one in halt.to_look_at() {
        line!(out, "- {}", text(&one));
    }
    if let Some(more) = halt.more() {
        line!(out, "- {more}");
    }
    line!(out);
    line!(out, "{}", text(&halt.later_steps));
    line!(out);
    for (number, sentence) in (1..).zip(&halt.what_to_do) {
        line!(out, "{number}. {}", text(sentence));
    }
    if let Some(command) = &halt.command {
        line!(out);
        line!(out, "```");
        line!(out, "{}", code(command));
        line!(out, "```");
    }
}

fn steps(out: &mut String, head: &Head, highlights: &Highlights) {
    line!(out);
    line!(out, "| step | decision | instances | reason |");
    line!(out, "|---|---|---|---|");
    for step in &head.steps {
        let decision = match step.decision {
            StepDecision::Advance => "advance",
            StepDecision::Halt => "**halt**",
            StepDecision::NotAttempted => "not attempted",
            StepDecision::Error => "**error**",
        };
        let counts = highlights.counted(&head.run, step);
        line!(out, "| {} | {decision} | {counts} | {} |", text(&step.id), text(&step.reason.text));
    }
}

/// Writes the commands that had not ended.
fn open_commands(out: &mut String, highlights: &Highlights) {
    let open = &highlights.open_commands;
    let Some(sentence) = closed_run::about(open) else { return };
    line!(out);
    line!(out, "## Commands that had not ended");
    line!(out);
    line!(out, "{sentence}.");
    line!(out);
    line!(out, "| account | instance | to cancel its command |");
    line!(out, "|---|---|---|");
    for command in &open.first {
        line!(
            out,
            "| {} | `{}` | `{}` |",
            text(&command.account_id),
            code(&command.instance_id),
            code(&command.cancel())
        );
    }
    more(out, open.more(), "openCommand in instances.csv");
}

/// Writes the instances that need attention: counts by reason, then the first instances.
fn instances(out: &mut String, highlights: &Highlights) {
    let mut counts = String::new();
    for ((outcome, reason), n) in &highlights.reasons {
        line!(counts, "- {n} {outcome}: `{}`", code(&reason.name()));
    }
    table(out, "to look at", &counts, &highlights.to_look_at);
}

/// Writes the instances to which nothing was sent: counts by reason, then who and why.
fn left_out(out: &mut String, highlights: &Highlights) {
    let by_reason = format!("By reason: {}.\n", highlights.left_out_by_reason());
    table(out, "left out", &by_reason, &highlights.left_out);
}

/// Writes the first instances of a list as a table, below a heading that says how many there are, and lines of counts. Nothing if there
/// are none.
fn table(out: &mut String, what: &str, counts: &str, list: &Shortlist<InstanceRow>) {
    if list.all == 0 {
        return;
    }
    line!(out);
    line!(out, "## {} {what}", counted(list.all, "instance"));
    line!(out);
    line!(out, "{counts}");
    line!(out, "| instance | account | Region | stage | outcome | reason |");
    line!(out, "|---|---|---|---|---|---|");
    for row in &list.first {
        let name = row.name.as_deref().map(|name| format!(" {}", text(name))).unwrap_or_default();
        line!(
            out,
            "| `{}`{name} | {} | {} | {} | {} | {} |",
            code(&row.instance_id),
            text(&row.account_id),
            text(&row.region),
            text(&row.stage),
            row.outcome,
            text(&row.reason.text),
        );
    }
    more(out, list.more(), "instances.csv");
}

fn targets(out: &mut String, highlights: &Highlights) {
    let list = &highlights.away;
    if list.all == 0 {
        return;
    }
    line!(out);
    line!(out, "## {} of {} not reached", list.all, counted(highlights.targets, "target"));
    line!(out);
    line!(out, "By outcome: {}.", highlights.not_reached_by_outcome());
    line!(out);
    line!(out, "| account | Region | outcome | reason |");
    line!(out, "|---|---|---|---|");
    for target in &list.first {
        line!(
            out,
            "| {} {} | {} | {} | {} |",
            text(&target.account_id),
            text(&target.account_name),
            text(&target.region),
            target.outcome,
            text(&target.reason.text),
        );
    }
    more(out, list.more(), "report.html");
}

/// Writes what changed since the previous run.
fn compared(out: &mut String, comparison: Option<&Comparison>) {
    let Some(comparison) = comparison else { return };
    line!(out);
    line!(out, "## Since run `{}`", code(&comparison.run_id));
    line!(out);
    if !comparison.stages.is_empty() {
        line!(
            out,
            "Compared: {}. Only one of the two runs worked on the other stages.",
            text(&comparison.stages.join(", "))
        );
        line!(out);
    }
    for (what, list) in [
        ("newly failing", &comparison.newly_failing),
        ("fixed", &comparison.fixed),
        ("new", &comparison.new),
        ("gone", &comparison.gone),
    ] {
        let shown: Vec<String> =
            list.iter().take(LONGEST_LIST).map(|one| format!("`{}`", code(&one.instance_id))).collect();
        let rest = if list.len() > LONGEST_LIST { ", …" } else { "" };
        let names = if shown.is_empty() { String::new() } else { format!(": {}{rest}", shown.join(", ")) };
        line!(out, "- {} {what}{names}", list.len());
    }
}

fn more(out: &mut String, rest: usize, file: &str) {
    if rest > 0 {
        line!(out);
        line!(out, "… and {rest} more: see {file}.");
    }
}

/// Escapes foreign text: every sign with a meaning in Markdown, HTML or a chat is escaped or followed by a word joiner, and
/// signs that change the direction of the line are left out.
fn text(foreign: &str) -> String {
    let foreign = visible(foreign);
    let mut out = String::with_capacity(foreign.len());
    for (n, (at, c)) in foreign.char_indices().enumerate() {
        if n == LONGEST_TEXT {
            out.push('…');
            break;
        }
        // A bare address would become a link, with its scheme or without it.
        if begins_a_link(&foreign[..at], c, &foreign[at + c.len_utf8()..]) {
            out.push(WORD_JOINER);
        }
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Chats and trackers notify a person whose name follows an @.
            '@' => out.push_str("@\u{2060}"),
            // Braces begin a macro in a tracker, such as {html} in Jira.
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '|' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// Prepares text for a code span: text of orgpatch, or a name whose characters AWS restricts.
fn code(name: &str) -> String {
    visible(name).chars().filter(|c| !matches!(c, '`' | '|') && !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use orgpatch_model::outcome::Outcome;
    use orgpatch_model::reason::{Reason, ReasonCode};

    use super::*;
    use crate::comparison::Comparing;
    use crate::{Report, fixtures};

    fn summary(report: &Report) -> String {
        markdown(&report.head, &report.highlights())
    }

    #[test]
    fn the_summary_of_a_halted_run() {
        insta::assert_snapshot!(summary(&fixtures::report()));
    }

    #[test]
    fn times_have_seconds() {
        let mut report = fixtures::report();
        report.head.run.started_at = jiff::Timestamp::from_nanosecond(1_123_456_789).expect("a time");
        assert!(summary(&report).contains("- Started: 1970-01-01 00:00:01 UTC, ended"), "{}", summary(&report));
    }

    #[test]
    fn who_was_left_out_is_listed_with_the_reason() {
        let mut report = fixtures::report();
        let row = report.instances[0].clone();
        let left_out = |id: usize, outcome, code| {
            let mut row = row.clone();
            row.instance_id = format!("i-{id:017}");
            (row.outcome, row.reason) = (outcome, Reason::new(code, "the reason"));
            row
        };
        report.instances.push(left_out(90, Outcome::NotAttempted, ReasonCode::MaxErrors));
        report.instances.push(left_out(91, Outcome::Skipped, ReasonCode::ConflictPatchPolicy));
        report.instances.push(left_out(92, Outcome::Skipped, ReasonCode::NotSelectedByTags));
        report.instances.push(left_out(93, Outcome::NotAttempted, ReasonCode::Halted));
        report.instances.extend((100..120).map(|id| left_out(id, Outcome::Skipped, ReasonCode::ExcludedByTag)));
        let summary = summary(&report);
        let (_, listed) = summary.split_once("## 22 instances left out").expect("a section");
        let (listed, _) = listed.split_once("… and 2 more: see instances.csv.").expect("how many more");
        assert!(listed.contains("By reason: 1 conflict-patch-policy, 20 excluded-by-tag, 1 max-errors."), "{listed}");
        assert!(listed.contains("`i-00000000000000090`") && listed.contains("the reason"), "{listed}");
        assert!(!listed.contains("00092") && !listed.contains("00093"), "{listed}");
        let message = report.head.answer(&report.highlights(), "b", "0123").message;
        assert!(message.contains("Left out: 22 instances (1 conflict-patch-policy, 20"), "{message}");
    }

    #[test]
    fn the_summary_says_what_changed() {
        let mut report = fixtures::report();
        let mut before = report.clone();
        before.instances[0].outcome = Outcome::Failed;
        before.instances[1].instance_id = "i-9".into();
        let before = serde_json::from_value(serde_json::to_value(before).expect("JSON")).expect("a part of a report");
        let mut comparing = Comparing::with(before);
        for target in report.clone().into_reported() {
            comparing.add(&target);
        }
        report.head.comparison = comparing.end(&report.head.steps);
        let summary = summary(&report);
        let (_, compared) = summary.split_once("## Since").expect("a section");
        insta::assert_snapshot!(compared);
        let message = report.head.answer(&report.highlights(), "b", "0123").message;
        assert!(message.contains("0 newly failing, 1 fixed, 1 new, 1 gone"), "{message}");
    }

    #[test]
    fn foreign_text_is_text() {
        let shown =
            ["<b>&", "[a](b)", "a|b\r\nc", "@all", "`x`", "https://e.example", "\u{202e}abc", "# *_~!"].map(text);
        assert_eq!(text("{html}"), "\\{html\\}");
        assert_eq!(text("WWW.1.example"), "WWW\u{2060}.1\u{2060}.example");
        assert_eq!(text("e.example/login"), "e\u{2060}.example/login");
        for hidden in ["www\u{200b}.e.example", "w\u{200b}ww.e.example", "https:\u{200b}//e.example"] {
            let shown = text(hidden);
            assert!(!shown.contains("www.") && !shown.contains("://"), "{shown:?}");
        }
        insta::assert_debug_snapshot!(shown);
        assert_eq!(text(&"x".repeat(10_000)).chars().count(), LONGEST_TEXT + 1);
    }

    #[test]
    fn a_long_list_says_where_the_rest_is() {
        let mut report = fixtures::report();
        let row = report.instances.iter().find(|row| row.outcome == Outcome::Failed).expect("one").clone();
        report.instances.extend(std::iter::repeat_n(row, 30));
        let summary = summary(&report);
        assert!(summary.contains("## 32 instances to look at"), "{summary}");
        assert!(summary.contains("… and 12 more: see instances.csv."), "{summary}");
    }
}
