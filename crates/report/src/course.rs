//! Decides from the gates how a run and each of its steps ended. This is known before the first target is read, so each
//! target can be written as soon as it is read.

use orgpatch_engine::gate::{CaughtError, GateDecision, GateRecord};
use orgpatch_engine::planner::StepSummary;
use orgpatch_engine::results::reconcile::StepEnd;
use orgpatch_model::error::RUN_STOPPED;
use orgpatch_model::outcome::RunDecision;
use orgpatch_model::reason::{Reason, ReasonCode};

/// Returns how the run ended. An error wins over a halt, and a step without a gate decision is an error.
pub(super) fn ending(
    steps: &[StepSummary],
    gates: &[Option<GateRecord>],
    error: Option<&CaughtError>,
) -> (RunDecision, Reason) {
    let halted = gates.iter().flatten().find(|gate| gate.decision != GateDecision::Advance);
    let unjudged = steps.iter().zip(gates).find(|(_, gate)| gate.is_none());
    match (error, halted, unjudged) {
        (Some(error), _, _) => {
            let text = if is_stop(error) { error.message() } else { error.sentence() };
            (RunDecision::Error, Reason::new(ReasonCode::of_error(&error.error), text))
        }
        (None, Some(gate), _) => {
            let text = format!("halted at step {}: {}", gate.step, gate.reason.text);
            (RunDecision::Halted, Reason::new(gate.reason.code.clone(), text))
        }
        (None, None, Some((step, _))) => (
            RunDecision::Error,
            Reason::new(ReasonCode::ErrorBrokenRun, format!("the gate of step {} never decided", step.id)),
        ),
        (None, None, None) => {
            (RunDecision::Advanced, Reason::new(ReasonCode::AllStepsAdvanced, "every step passed its gate"))
        }
    }
}

/// Returns how each step ended. A step with a gate decision is over; any other was cut by what ended the run.
pub(super) fn ends(gates: &[Option<GateRecord>], error: Option<&CaughtError>) -> Vec<StepEnd> {
    let mut cut = error.map(|error| {
        if is_stop(error) {
            return Reason::new(ReasonCode::RunEnded, error.message());
        }
        Reason::new(ReasonCode::RunBroken, format!("the run ended with an error: {}", error.sentence()))
    });
    gates
        .iter()
        .map(|gate| match gate {
            Some(gate) => {
                if gate.decision == GateDecision::Halt {
                    let text = format!("the run halted at step {}: {}", gate.step, gate.reason.text);
                    cut = Some(Reason::new(ReasonCode::Halted, text));
                }
                StepEnd::Over
            }
            None => StepEnd::Cut(
                cut.clone()
                    .unwrap_or_else(|| Reason::new(ReasonCode::NeverJudged, "the gate of the step never decided")),
            ),
        })
        .collect()
}

/// Returns true if an operator ended the run.
fn is_stop(error: &CaughtError) -> bool {
    error.error == RUN_STOPPED
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orgpatch_model::outcome::{Counts, TargetCounts};
    use orgpatch_plan::Gate;

    use super::*;

    /// Returns three steps with the given gate decisions.
    fn run(said: [Option<GateDecision>; 3]) -> (Vec<StepSummary>, Vec<Option<GateRecord>>) {
        let ids = ["01-test-1", "02-staging-1", "03-production-1"];
        let step = |id: &str| StepSummary { id: id.into(), stage: id.into(), wave: 1, accounts: 1, targets: 0 };
        let gate = |id: &str, decision| GateRecord {
            step: id.into(),
            at: Timestamp::UNIX_EPOCH,
            decision,
            reason: Reason::new(ReasonCode::TooManyFailed, "because"),
            counts: Counts::default(),
            targets: TargetCounts::default(),
            pending_as_planned: 0,
            limits: Gate::default(),
            skipped: None,
        };
        let gates = ids.iter().zip(said).map(|(id, decision)| Some(gate(id, decision?))).collect();
        (ids.map(step).into(), gates)
    }

    const ADVANCE: Option<GateDecision> = Some(GateDecision::Advance);
    const HALT: Option<GateDecision> = Some(GateDecision::Halt);

    fn broken() -> CaughtError {
        CaughtError { error: "States.Timeout".into(), cause: String::new() }
    }

    #[test]
    fn a_run_ends_as_its_worst_step_or_its_error() {
        let ends = |said, error: Option<&CaughtError>| {
            let (steps, gates) = run(said);
            let (decision, reason) = ending(&steps, &gates, error);
            (decision, reason.code.to_string())
        };
        assert_eq!(ends([ADVANCE; 3], None), (RunDecision::Advanced, "all-steps-advanced".to_owned()));
        assert_eq!(ends([ADVANCE, HALT, None], None), (RunDecision::Halted, "too-many-failed".to_owned()));
        assert_eq!(ends([ADVANCE, None, None], None), (RunDecision::Error, "BrokenRun".to_owned()));
        assert_eq!(ends([ADVANCE, HALT, None], Some(&broken())), (RunDecision::Error, "States.Timeout".to_owned()));
    }

    #[test]
    fn what_is_not_judged_was_cut_by_what_came_before() {
        let code = |end: StepEnd| match end {
            StepEnd::Over => "over".to_owned(),
            StepEnd::Cut(reason) => reason.code.to_string(),
        };
        let shown = |said, error: Option<&CaughtError>| {
            ends(&run(said).1, error).into_iter().map(code).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown([ADVANCE; 3], None), "over over over");
        assert_eq!(shown([ADVANCE, HALT, None], None), "over over halted");
        assert_eq!(shown([ADVANCE, None, None], Some(&broken())), "over run-broken run-broken");
        let stopped = CaughtError { error: RUN_STOPPED.into(), cause: "the execution was stopped".into() };
        assert_eq!(shown([ADVANCE, None, None], Some(&stopped)), "over run-ended run-ended");
        let (steps, gates) = run([ADVANCE, None, None]);
        let (decision, reason) = ending(&steps, &gates, Some(&stopped));
        assert_eq!((decision, reason.text.as_str()), (RunDecision::Error, "the execution was stopped"));
        assert_eq!(shown([ADVANCE, None, None], None), "over never-judged never-judged");
    }
}
