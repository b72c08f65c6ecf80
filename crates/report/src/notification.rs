//! A run in a few lines: the answer to the state machine, and the notification for people.

use std::fmt::Write as _;

use orgpatch_engine::gate::CaughtError;
use orgpatch_model::english::counted;
use orgpatch_model::error::{HALTED, REPORT_UNWRITTEN};
use orgpatch_model::outcome::RunDecision;
use orgpatch_model::text::plain;
use orgpatch_records::keys;
use orgpatch_records::messages::ReportAnswer;

use super::{Head, Highlights, earlier_stages, matched_nothing, small_account};

/// The longest subject that SNS accepts, in characters: less than 100 (API reference of `Publish`).
const MAX_SUBJECT: usize = 99;

/// The longest message, in bytes. People read no more on a telephone, and Step Functions would lose one of more than 256 KiB.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// A longer reason of a run is cut in the message, in characters. It may have words of a service or an account in it.
const LONGEST_REASON: usize = 1_000;

/// Returns the answer about a run whose report cannot be written. What the run did stands in its records.
#[must_use]
pub fn without_report(run_id: &str, why: &CaughtError, bucket: &str) -> ReportAnswer {
    let mut subject = format!("orgpatch run {run_id} has NO REPORT");
    subject.truncate(subject.floor_char_boundary(MAX_SUBJECT));
    let cause = format!("the report cannot be written: {}", plain(&why.sentence(), LONGEST_REASON));
    ReportAnswer {
        decision: RunDecision::Error,
        error: REPORT_UNWRITTEN.to_owned(),
        message: format!(
            "Run {run_id}: {cause}\n\nThe run itself is over, and patches may be installed. What it did stands in its records: s3://{bucket}/{}\nRepair the cause and start the next run. It installs nothing twice.",
            keys::of_run(run_id)
        ),
        cause,
        subject,
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
            RunDecision::Error => "ended with an ERROR",
        };
        let only = self.only().map(|only| format!(" ({only})")).unwrap_or_default();
        let mut subject = format!("orgpatch {} of plan {} {word}{only}", run.operation, run.plan);
        subject.truncate(subject.floor_char_boundary(MAX_SUBJECT));
        ReportAnswer {
            decision: run.decision,
            error: match run.decision {
                RunDecision::Advanced => String::new(),
                RunDecision::Halted => HALTED.to_owned(),
                RunDecision::Error => run.reason.code.to_string(),
            },
            cause: run.reason.text.clone(),
            subject,
            message: self.message(highlights, bucket, manifest_sha256),
            report_key: keys::report(&run.id),
            report_keys: keys::REPORT_FILES.iter().map(|name| keys::report_file(&run.id, name)).collect(),
        }
    }

    fn message(&self, highlights: &Highlights, bucket: &str, manifest_sha256: &str) -> String {
        let mut text = format!("Run {}: {}\n\n", self.run.id, plain(&self.run.reason.text, LONGEST_REASON));
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
        if let Some(sentence) = highlights.about_baselines(&self.run) {
            let _ = writeln!(text, "{sentence}");
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
        if not_reached.all() > 0 {
            let (all, kinds) = (not_reached.all(), highlights.not_reached_by_outcome());
            let _ = writeln!(text, "{all} of {targets} targets were not reached: {kinds}.");
        }
        text.push_str(&self.readiness.sentences());
        if let Some(sentence) = matched_nothing::sentence(&self.run) {
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

    use super::*;
    use crate::fixtures;

    const HOSTILE: &str = "X\r\n\nACTION REQUIRED: renew it at https://e.example/renew or www.e.example\u{2028}now";

    #[test]
    fn foreign_text_writes_no_line_and_no_link_of_a_message() {
        let mut report = fixtures::report();
        report.head.run.reason.text = HOSTILE.to_owned();
        for cause in &mut report.head.readiness.first_to_fix {
            (cause.status, cause.text) = (Status::Fail, HOSTILE.to_owned());
        }
        let told = report.head.answer(&report.highlights(), "b", "0123").message;
        assert!(told.matches("ACTION REQUIRED").count() > 1, "{told}");
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
        assert_eq!(subject(&report), "orgpatch install of plan monthly HALTED");
        report.head.run.decision = RunDecision::Advanced;
        report.head.run.stages_not_in_run = vec!["staging".into()];
        assert_eq!(report.head.only().as_deref(), Some("stages test, production only; 1 stage not run"));
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
