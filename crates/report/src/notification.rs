//! A run in a few lines: the answer to the state machine, and the notification for people.

use std::fmt::Write as _;

use orgpatch_engine::gate::CaughtError;
use orgpatch_model::english::counted;
use orgpatch_model::error::{HALTED, REPORT_UNWRITTEN, RunError};
use orgpatch_model::outcome::RunDecision;
use orgpatch_model::reason::ReasonCode;
use orgpatch_model::text::plain;
use orgpatch_records::keys;
use orgpatch_records::messages::ReportAnswer;

use super::{
    HaltReport, Head, Highlights, OpenCommand, closed_run, earlier_stages, matched_nothing, readiness, small_account,
};

/// The longest subject that SNS accepts, in characters: less than 100 (API reference of `Publish`).
const MAX_SUBJECT: usize = 99;

/// The longest message, in bytes. People read no more on a telephone, and Step Functions would lose one of more than 256 KiB.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// So many commands that had not ended are listed.
const OPEN_SHOWN: usize = 5;

/// A longer reason of a run is cut in the message, in characters. It may have words of a service or an account in it.
const LONGEST_REASON: usize = 1_000;

/// A longer line about an instance is cut in the message, in characters.
const LONGEST_LINE: usize = 300;

/// Cuts a subject that SNS would refuse.
fn subject(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_SUBJECT));
    text
}

/// Returns the answer about a run whose report cannot be written. What the run did stands in its records.
#[must_use]
pub fn without_report(run_id: &str, why: &CaughtError, bucket: &str) -> ReportAnswer {
    let cause = format!("the report cannot be written: {}", plain(&why.sentence(), LONGEST_REASON));
    ReportAnswer {
        decision: RunDecision::Error,
        error: REPORT_UNWRITTEN.to_owned(),
        message: format!(
            "Run {run_id}: {cause}\n\nThe run itself is over, and patches may be installed. What it did stands in its records: s3://{bucket}/{}\nRepair the cause and start the next run. It installs nothing twice.",
            keys::of_run(run_id)
        ),
        cause,
        subject: subject(format!("orgpatch run {run_id} has NO REPORT")),
        report_key: String::new(),
        report_keys: Vec::new(),
    }
}

/// Returns the answer of a run that was closed by another execution, and then continued. Its report stays as it is.
#[must_use]
pub fn closed(run_id: &str) -> ReportAnswer {
    let error = RunError::RunClosed { run: run_id.to_owned() };
    ReportAnswer {
        decision: RunDecision::Error,
        error: error.name().to_owned(),
        cause: error.to_string(),
        subject: subject(format!("orgpatch run {run_id} was closed before, and is not continued")),
        message: error.to_string(),
        report_key: String::new(),
        report_keys: Vec::new(),
    }
}

impl Head {
    /// Returns the answer to the state machine, with the text of the notification.
    #[must_use]
    pub fn answer(&self, highlights: &Highlights, bucket: &str, manifest_sha256: &str) -> ReportAnswer {
        let run = &self.run;
        let word = match run.decision {
            RunDecision::Advanced if self.reached_nothing() => "REACHED NOTHING",
            RunDecision::Advanced => self.advanced(),
            RunDecision::Halted => "HALTED",
            RunDecision::Error if run.reason.code == ReasonCode::ErrorRunStopped => "was STOPPED",
            RunDecision::Error => "ended with an ERROR",
        };
        let at = self.halt.as_ref().map(|halt| format!(" in stage {}", halt.stage)).unwrap_or_default();
        let only = self.only().map(|only| format!(" ({only})")).unwrap_or_default();
        ReportAnswer {
            decision: run.decision,
            error: match run.decision {
                RunDecision::Advanced => String::new(),
                RunDecision::Halted => HALTED.to_owned(),
                RunDecision::Error => run.reason.code.to_string(),
            },
            // Under the name of the error, which says that the run halted.
            cause: match run.decision {
                RunDecision::Halted => run.reason.text.replacen("halted at ", "", 1),
                _ => run.reason.text.clone(),
            },
            subject: subject(format!("orgpatch {} of plan {} {word}{at}{only}", run.operation, run.plan)),
            message: self.message(highlights, bucket, manifest_sha256),
            report_key: keys::report(&run.id),
            report_keys: keys::REPORT_FILES.iter().map(|name| keys::report_file(&run.id, name)).collect(),
        }
    }

    fn message(&self, highlights: &Highlights, bucket: &str, manifest_sha256: &str) -> String {
        let run = &self.run;
        let mut text = format!("Run {}: {}\n", run.id, plain(&run.reason.text, LONGEST_REASON));
        let _ = writeln!(text, "From {} to {}.\n", run.told(run.started_at), run.told(run.finished_at));
        if let Some(halt) = &self.halt {
            text.push_str(&after_a_halt(halt));
        } else if self.run.decision == RunDecision::Error && !self.run.reason.code.action().is_empty() {
            let _ = writeln!(text, "What to do: {}\n", self.run.reason.code.action());
        }
        if let Some(sentence) = closed_run::sentence(&self.run) {
            let _ = writeln!(text, "{sentence}");
        }
        open_commands(&mut text, highlights);
        for sentence in highlights.about_what_was_seen(&self.run) {
            let _ = writeln!(text, "{sentence}");
        }
        for step in &self.steps {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}: {}", step.id, highlights.counted(&self.run, step));
            if let Some(promotion) = &step.promotion {
                let _ = write!(text, "{}", promotion.sentence());
            }
        }
        for sentence in earlier_stages::sentences(&self.run) {
            let _ = writeln!(text, "{}", plain(&sentence, LONGEST_REASON));
        }
        for sentence in highlights.about_installs() {
            let _ = writeln!(text, "{sentence}");
        }
        for sentence in highlights.about_baselines(&self.run) {
            let _ = writeln!(text, "{sentence}");
        }
        for sentence in highlights.about_other_plans(&self.run) {
            let _ = writeln!(text, "{}", plain(&sentence, LONGEST_REASON));
        }
        let Highlights { targets, not_reached, with_conflicts, left_alone, .. } = highlights;
        if *left_alone > 0 {
            let (were, them) = if *left_alone == 1 { ("was", "it") } else { ("were", "them") };
            let skipped = counted(*left_alone, "instance");
            let _ = writeln!(text, "{skipped} {were} skipped because another tool may patch {them}.");
        }
        if with_conflicts > left_alone {
            let _ = writeln!(text, "Another tool may patch {} in all.", counted(*with_conflicts, "instance"));
        }
        if highlights.left_out.all > 0 {
            let (all, reasons) = (counted(highlights.left_out.all, "instance"), highlights.left_out_by_reason());
            let _ = writeln!(text, "Left out: {all} ({reasons}). summary.md names them.");
        }
        if not_reached.all() > 0 {
            let (all, kinds) = (not_reached.all(), highlights.not_reached_by_outcome());
            let _ = writeln!(text, "Not reached: {all} of {} ({kinds}).", counted(*targets, "target"));
        }
        // After a halt only what concerns it.
        let causes = self.halt.as_ref().map_or(&self.readiness.first_to_fix, |halt| &halt.first_to_fix);
        text.push_str(&readiness::sentences(causes));
        for sentence in matched_nothing::sentences(&self.run) {
            let _ = writeln!(text, "{}", plain(&sentence, LONGEST_REASON));
        }
        if let Some(sentence) = small_account::sentence(&self.run) {
            let _ = writeln!(text, "{sentence}");
        }
        if let Some(comparison) = &self.comparison {
            let _ = writeln!(text, "\n{}", comparison.sentence());
        }
        let mut end = String::new();
        let _ = writeln!(end, "\nReport: s3://{bucket}/{}", keys::report_file(&self.run.id, keys::REPORT_FILES[0]));
        let _ = writeln!(end, "In the same folder: {}", keys::REPORT_FILES[1..].join(", "));
        let _ = write!(end, "SHA-256 of manifest.json there, for `orgpatch verify {}`: {manifest_sha256}", self.run.id);
        bounded(&text, &end)
    }
}

/// Adds the commands that had not ended.
fn open_commands(text: &mut String, highlights: &Highlights) {
    let open = &highlights.open_commands;
    let Some(sentence) = closed_run::about(open) else { return };
    let _ = writeln!(text, "{sentence}:");
    for command in open.first.iter().take(OPEN_SHOWN) {
        let OpenCommand { account_id, region, instance_id, .. } = command;
        let _ = writeln!(text, "  {account_id} {region} {instance_id}: {}", command.cancel());
    }
    let more = open.all - open.first.len().min(OPEN_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "  … and {more} more: openCommand in instances.csv");
    }
}

/// Returns what to look at after a halt, whether later steps were touched, and how to go on. No line begins with what may be a name of
/// an account.
fn after_a_halt(halt: &HaltReport) -> String {
    let mut text = String::new();
    if halt.all_instances + halt.all_targets > 0 {
        text.push_str("Look at:\n");
    }
    for line in halt.to_look_at() {
        let _ = writeln!(text, "  - {}", plain(&line, LONGEST_LINE));
    }
    if let Some(more) = halt.more() {
        let _ = writeln!(text, "  {more}");
    }
    let _ = writeln!(text, "{}", halt.later_steps);
    text.push_str("What to do:\n");
    for (number, sentence) in (1..).zip(&halt.what_to_do) {
        let _ = writeln!(text, "  {number}. {sentence}");
    }
    if let Some(command) = &halt.command {
        let _ = writeln!(text, "The command that starts the run again:\n  {command}");
    }
    text.push('\n');
    text
}

/// Joins a text of whole lines and the end of a message. What is too long is cut behind a line. The end stays: it says where
/// the rest is.
fn bounded(text: &str, end: &str) -> String {
    const CUT: &str = "… cut here; the report has the rest\n";
    if text.len() + end.len() <= LONGEST_MESSAGE {
        return format!("{text}{end}");
    }
    let room = LONGEST_MESSAGE.saturating_sub(CUT.len() + end.len());
    let kept = &text[..text.floor_char_boundary(room)];
    let lines = kept.rfind('\n').map_or("", |last| &kept[..=last]);
    format!("{lines}{CUT}{end}")
}

#[cfg(test)]
mod tests {
    use orgpatch_engine::readiness::Status;
    use orgpatch_model::reason::ReasonCode;

    use super::*;
    use crate::fixtures;

    const HOSTILE: &str = "X\r\n\nACTION REQUIRED: renew it at https://e.example/renew or www.e.example\u{2028}now";

    #[test]
    fn foreign_text_writes_no_line_and_no_link_of_a_message() {
        let mut report = fixtures::report();
        report.head.run.reason.text = HOSTILE.to_owned();
        let halt = report.head.halt.as_mut().expect("a halt");
        for instance in &mut halt.instances {
            (instance.name, instance.reason.text) = (Some(HOSTILE.to_owned()), HOSTILE.to_owned());
        }
        halt.first_to_fix.clone_from(&report.head.readiness.first_to_fix);
        for cause in &mut halt.first_to_fix {
            (cause.status, cause.text) = (Status::Fail, HOSTILE.to_owned());
        }
        let told = report.head.answer(&report.highlights(), "b", "0123").message;
        assert!(told.matches("ACTION REQUIRED").count() > 2, "{told}");
        let caught = CaughtError { error: "Unavailable".into(), cause: HOSTILE.into() };
        for message in [told, without_report("night", &caught, "b").message] {
            assert!(message.contains("ACTION REQUIRED"), "{message}");
            assert!(!message.replace("s3://", "").contains("://") && !message.contains("www."), "{message}");
            let is_foreign = |line: &str| HOSTILE.lines().any(|part| !part.is_empty() && line.trim().starts_with(part));
            let lines = || message.split(['\r', '\n', '\u{2028}']);
            assert!(!lines().any(|line| is_foreign(line) || line.trim().starts_with(['X', 'n'])), "{message}");
        }
    }

    #[test]
    fn a_run_of_some_stages_is_called_that() {
        let mut report = fixtures::report();
        let subject = |report: &crate::Report| report.head.answer(&report.highlights(), "b", "0123").subject;
        assert_eq!(subject(&report), "orgpatch install of plan monthly HALTED in stage production");
        (report.head.run.decision, report.head.halt) = (RunDecision::Advanced, None);
        report.head.run.stages_not_in_run = vec!["staging".into()];
        assert_eq!(
            report.head.only().as_deref(),
            Some("stages test, production only; 1 stage not run; 1 of 3 targets not seen")
        );
        report.head.steps.truncate(1);
        report.head.run.stages_not_in_run.push("production".into());
        assert_eq!(
            subject(&report),
            "orgpatch install of plan monthly advanced through all steps (stage test only; 2 stages not run)"
        );
        report.head.run.readiness_only = true;
        assert!(subject(&report).contains("checked readiness in all steps (stage test only"), "{}", subject(&report));
    }

    #[test]
    fn the_first_lines_after_a_halt_say_what_to_look_at_and_what_to_do() {
        let report = fixtures::report();
        let message = report.head.answer(&report.highlights(), "b", "0123").message;
        let (first, _) = message.split_once("\n01-test-1").expect("the steps");
        insta::assert_snapshot!(first);
    }

    #[test]
    fn a_headline_of_success_says_what_was_not_seen() {
        let mut report = fixtures::report();
        assert_eq!(report.head.only(), None, "a halt claims nothing");
        (report.head.run.decision, report.head.halt) = (RunDecision::Advanced, None);
        let told = "advanced through all steps (1 of 3 targets not seen)";
        let subject = report.head.answer(&report.highlights(), "b", "0123").subject;
        assert!(subject.ends_with(told), "{subject}");
        let summary = crate::summary::markdown(&report.head, &report.highlights());
        assert!(summary.contains(told), "{summary}");
    }

    #[test]
    fn a_halt_is_called_that_once() {
        let report = fixtures::report();
        let ReportAnswer { error, cause, message, .. } = report.head.answer(&report.highlights(), "b", "0123");
        let halts = |text: &str| text.to_lowercase().matches("halted").count();
        assert_eq!(halts(&format!("{error}: {cause}")), 1, "{error}: {cause}");
        assert_eq!(halts(&message), 1, "{message}");
    }

    #[test]
    fn advice_about_readiness_concerns_the_halt() {
        let mut report = fixtures::report();
        for cause in &mut report.head.readiness.first_to_fix {
            cause.status = Status::Fail;
        }
        let told = |report: &crate::Report| report.head.answer(&report.highlights(), "b", "0123").message;
        let about_the_halt = report.head.halt.as_mut().expect("a halt");
        about_the_halt.first_to_fix.clear();
        assert!(!told(&report).contains("What to fix first"), "{}", told(&report));
        report.head.halt = None;
        assert!(told(&report).contains("What to fix first"), "{}", told(&report));
    }

    #[test]
    fn an_error_comes_with_what_to_do() {
        let mut report = fixtures::report();
        (report.head.run.decision, report.head.halt) = (RunDecision::Error, None);
        report.head.run.reason.code = ReasonCode::of_error("Throttled");
        let message = report.head.answer(&report.highlights(), "b", "0123").message;
        let action = report.head.run.reason.code.action();
        assert!(!action.is_empty() && message.contains(&format!("What to do: {action}")), "{message}");
    }

    #[test]
    fn a_long_message_is_cut_behind_a_line_and_says_so() {
        let mut report = fixtures::report();
        let step = report.head.steps[0].clone();
        report.head.steps.extend(std::iter::repeat_n(step, 1_000));
        let message = report.head.answer(&report.highlights(), "b", "0123").message;
        assert!((LONGEST_MESSAGE - 200..=LONGEST_MESSAGE).contains(&message.len()), "{} bytes", message.len());
        let (kept, rest) =
            message.split_once("… cut here; the report has the rest\n\nReport: s3://b/").expect("its end");
        assert!(kept.ends_with('\n') && rest.ends_with(": 0123"), "{message}");
        let whole = fixtures::report().head.answer(&report.highlights(), "b", "0123").message;
        assert!(kept.lines().last().is_some_and(|last| whole.contains(last)), "{message}");
    }
}
