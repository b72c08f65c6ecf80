//! What the state machine does with the targets of a step after the gate has answered.

use jiff::{SignedDuration, Timestamp};
use orgpatch_engine::gate::{GateAnswer, GateDecision};
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::{AfterTargets, GateRequest, Question, StepHashes, TargetsWork};

/// Returns the work on targets that follows that answer; None if there is none. The deadline of a step is counted from the
/// moment at which it was entered.
pub fn after(
    request: &GateRequest,
    answer: &GateAnswer,
    hashes: StepHashes,
    settings: &StepSettings,
) -> Result<Option<TargetsWork>, RunError> {
    let (phase, targets, children, then) = match (request.question, answer.decision) {
        (Question::Enter, GateDecision::Go) => {
            let phase = Phase::of_all_targets(settings.operation);
            (phase, StepObject::Targets, "scan", AfterTargets::Review)
        }
        // The step does not start: its instances are only listed.
        (Question::Enter, _) => (Phase::Inventory, StepObject::Targets, "scan", AfterTargets::End),
        (Question::Review, GateDecision::Install) => {
            (Phase::Install, StepObject::InstallTargets, "install", AfterTargets::Judge)
        }
        _ => return Ok(None),
    };
    let deadline = match request.question {
        Question::Enter => deadline(request.now, settings)?,
        _ => request.deadline.ok_or_else(|| RunError::InvalidInput("a review needs the step's deadline".to_owned()))?,
    };
    Ok(Some(TargetsWork {
        phase,
        targets_key: keys::of_step(&request.run_id, &request.step, targets),
        children: keys::children(&request.run_id, &request.step, children),
        deadline,
        then,
        hashes,
    }))
}

fn deadline(entered: Timestamp, settings: &StepSettings) -> Result<Timestamp, RunError> {
    let working_time = SignedDuration::from_secs(settings.deadline_seconds.into());
    entered.checked_add(working_time).map_err(|error| RunError::BrokenRun(format!("the step's deadline: {error}")))
}
