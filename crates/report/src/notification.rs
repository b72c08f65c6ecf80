//! A run in a few lines: the answer to the state machine, and the notification for people.

use std::fmt::Write as _;

use orgpatch_engine::gate::CaughtError;
use orgpatch_model::english::counted;
use orgpatch_model::error::{HALTED, REPORT_UNWRITTEN};
use orgpatch_model::outcome::RunDecision;
use orgpatch_records::keys;
use orgpatch_records::messages::ReportAnswer;

use super::plain::plain;
use super::{Head, Highlights, earlier_stages, small_account};

/// The longest subject that SNS accepts, in characters: less than 100 (API reference of `Publish`).
const MAX_SUBJECT: usize = 99;

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
            RunDecision::Advanced => "advanced through all steps",
            RunDecision::Halted => "HALTED",
            RunDecision::Error => "ended with an ERROR",
        };
        let mut subject = format!("orgpatch {} of plan {} {word}", run.operation, run.plan);
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
        if let Some(sentence) = small_account::sentence(&self.run) {
            let _ = writeln!(text, "{sentence}");
        }
        if let Some(comparison) = &self.comparison {
            let _ = writeln!(text, "\n{}", comparison.sentence());
        }
        let _ = writeln!(text, "\nReport: s3://{bucket}/{}", keys::report_file(&self.run.id, keys::REPORT_FILES[0]));
        let _ = writeln!(text, "In the same folder: {}", keys::REPORT_FILES[1..].join(", "));
        let _ =
            write!(text, "SHA-256 of manifest.json there, for `orgpatch verify {}`: {manifest_sha256}", self.run.id);
        text
    }
}
