//! What the bucket knows of a run that has no report.

use std::fmt::Write as _;

use jiff::Timestamp;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::step_records;
use orgpatch_engine::gate::{GateDecision, GateRecord};
use orgpatch_engine::planner::RunDocument;
use orgpatch_model::english::counted;
use orgpatch_model::error::RunError;
use orgpatch_records::claim::{ClosedRun, RunClaim};
use orgpatch_records::keys;

/// A run that has begun and has no report.
#[derive(Debug)]
pub struct Unreported {
    /// When it was planned.
    pub started_at: Timestamp,
    /// ARN of its execution.
    pub execution_arn: String,
    /// The decisions about its steps so far, such as `01-test-1 advanced`.
    pub decided: Vec<String>,
    /// How many steps it has.
    pub steps: usize,
    /// The execution that is closing it, if one is.
    pub closed_by: Option<String>,
}

impl Unreported {
    /// Reads what is there; None if no such run has begun.
    pub async fn read(store: &Store, run_id: &str) -> Result<Option<Self>, RunError> {
        let Some(claim) = store.find::<RunClaim>(&keys::claim(run_id)).await? else { return Ok(None) };
        let Some(run) = store.find::<RunDocument>(&keys::run(run_id)).await? else { return Ok(None) };
        let closed: Option<ClosedRun> = store.find(&keys::closed(run_id)).await?;
        let gates = step_records::gates(store, run_id, &run.steps).await?;
        Ok(Some(Self {
            started_at: run.started_at,
            execution_arn: claim.execution_arn,
            steps: gates.len(),
            decided: gates.iter().flatten().map(decided).collect(),
            closed_by: closed.map(|closed| closed.closed_by),
        }))
    }

    /// Returns how far the run is, as the bucket shows it.
    #[must_use]
    pub fn sentence(&self, run_id: &str) -> String {
        let mut text = format!("the run {run_id} has no report yet. It began at {:.0}", self.started_at);
        let decided = if self.decided.is_empty() { "none".to_owned() } else { self.decided.join(", ") };
        // Writing to a String cannot fail.
        let _ = write!(text, "; of {}, decided: {decided}", counted(self.steps, "step"));
        match &self.closed_by {
            Some(by) => {
                let _ =
                    write!(text, ". It ended without a report, and the execution {by} is making one from its records");
            }
            None => text.push_str(". It is still in progress, or has ended a moment ago"),
        }
        text
    }

    /// Returns what to do.
    #[must_use]
    pub fn advice(&self, run_id: &str) -> String {
        format!(
            "`aws stepfunctions describe-execution --execution-arn {}` says whether it runs. A run that was stopped, timed out or broke gets its report within minutes; if it does not, start an execution with the input {{\"operation\": \"close\", \"run\": \"{run_id}\"}}",
            self.execution_arn
        )
    }
}

fn decided(gate: &GateRecord) -> String {
    let word = if gate.decision == GateDecision::Advance { "advanced" } else { "halted" };
    format!("{} {word}", gate.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_report_is_told_from_one_that_is_not_there() {
        let mut run = Unreported {
            started_at: Timestamp::UNIX_EPOCH,
            execution_arn: "arn:x".into(),
            decided: vec!["01-test-1 advanced".into()],
            steps: 3,
            closed_by: None,
        };
        assert_eq!(
            run.sentence("night"),
            "the run night has no report yet. It began at 1970-01-01T00:00:00Z; of 3 steps, decided: 01-test-1 advanced. It is still in progress, or has ended a moment ago"
        );
        assert!(run.advice("night").contains(r#"{"operation": "close", "run": "night"}"#));
        (run.closed_by, run.decided) = (Some("close-1".into()), vec![]);
        let told = run.sentence("night");
        assert!(told.contains("decided: none. It ended without a report, and the execution close-1"), "{told}");
    }
}
