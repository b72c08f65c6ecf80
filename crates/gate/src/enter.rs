//! Enter: decides whether the step may start. A frozen step gets its baselines here, because only now is it known when
//! the first stage was scanned.

use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::gate::{GateAnswer, GateDecision, GateRecord};
use orgpatch_engine::planner::{RunDocument, StepSettings};
use orgpatch_engine::{gate, planner};
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::Counts;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::GateRequest;

/// Reads the gate decision of every earlier step, and decides.
pub async fn enter(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let records: Vec<Option<GateRecord>> = Store::for_each(
        settings.earlier_steps.iter().map(|step| keys::of_step(&request.run_id, step, StepObject::Gate)).collect(),
        |key| async move { store.find(&key).await },
    )
    .await?;
    let earlier = settings.earlier_steps.iter().map(String::as_str).zip(records.iter().map(Option::as_ref));
    let mut answer = gate::enter(earlier);
    if answer.decision == GateDecision::Go && settings.is_frozen() {
        answer = freeze(store, request, settings, answer).await?;
    }
    if answer.decision == GateDecision::Halt {
        store.write_once(&keys::of_step(&request.run_id, &request.step, StepObject::Entry), &answer).await?;
    }
    Ok(answer)
}

/// Writes the baselines of a frozen step. Where the first stage advanced without having been scanned (no account could
/// be entered, and its gate did not mind) there is nothing to be frozen to, and the step does not start.
async fn freeze(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    go: GateAnswer,
) -> Result<GateAnswer, RunError> {
    let tested = step_inputs::tested(store, &request.run_id, settings).await?;
    let Some(scanned_at) = tested.scanned_at else {
        let text = "this stage gets what the first stage was judged on, but nothing was scanned there";
        let halt = GateAnswer { decision: GateDecision::Halt, reason: Reason::new(ReasonCode::NothingTested, text) };
        // It is this step that halts the run, so it has a decision of its own like any other that does.
        let record = GateRecord {
            step: request.step.clone(),
            at: request.now,
            decision: halt.decision,
            reason: halt.reason.clone(),
            counts: Counts::default(),
            limits: settings.gate,
        };
        store.write_once(&keys::of_step(&request.run_id, &request.step, StepObject::Gate), &record).await?;
        return Ok(halt);
    };
    let run: RunDocument = store.get(&keys::run(&request.run_id)).await?;
    let baselines = planner::frozen_baselines(&run, &request.step, scanned_at)?;
    store.write_once(&keys::of_step(&request.run_id, &request.step, StepObject::FrozenBaselines), &baselines).await?;
    Ok(go)
}
