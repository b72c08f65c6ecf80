//! Enter: decides whether the step may start. A frozen step gets its baselines here, because only now is it known when
//! the first stage was scanned.

use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::gate::{GateDecision, GateRecord, StepTally};
use orgpatch_engine::planner::{RunDocument, StepSettings};
use orgpatch_engine::{gate, planner};
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::{Answered, GateRequest};

use crate::stage_memory;

/// Reads the gate decision of every earlier step, and decides.
pub async fn enter(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<Answered, RunError> {
    let records: Vec<Option<GateRecord>> = Store::for_each(
        settings.earlier_steps.iter().map(|step| keys::of_step(&request.run_id, step, StepObject::Gate)).collect(),
        |key| async move { store.find(&key).await },
    )
    .await?;
    let earlier = settings.earlier_steps.iter().map(String::as_str).zip(records.iter().map(Option::as_ref));
    let mut answered = request.answered(gate::enter(earlier));
    if answered.answer.decision == GateDecision::Go {
        stage_memory::begin(store, request, settings).await?;
        stage_memory::recall_tested(store, request, settings).await?;
        if settings.is_frozen() {
            answered = freeze(store, request, settings, answered).await?;
        }
    }
    if answered.answer.decision == GateDecision::Halt {
        let key = keys::of_step(&request.run_id, &request.step, StepObject::Entry);
        store.write_decision(&key, &answered.answer).await?;
    }
    Ok(answered)
}

/// Writes the baselines of a frozen step, or the decision that it does not start.
async fn freeze(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    mut go: Answered,
) -> Result<Answered, RunError> {
    let tested = step_inputs::tested(store, &request.run_id, settings).await?;
    let scanned_at = match gate::frozen_to(settings.operation, tested.scanned_at, request.now) {
        Ok(scanned_at) => scanned_at,
        Err(halt) => {
            let record = GateRecord::of(settings, request.now, &halt, StepTally::default());
            store.write_decision(&keys::of_step(&request.run_id, &request.step, StepObject::Gate), &record).await?;
            return Ok(request.answered(halt));
        }
    };
    let run: RunDocument = store.get_unchanged(&keys::run(&request.run_id), &settings.run_sha256).await?;
    let baselines = planner::frozen_baselines(&run, &request.step, scanned_at)?;
    let key = keys::of_step(&request.run_id, &request.step, StepObject::FrozenBaselines);
    go.hashes.frozen_baselines = Some(store.write_decision(&key, &baselines).await?);
    Ok(go)
}
