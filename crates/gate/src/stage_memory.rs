//! What the plan remembers of its stages between runs. Only one run works at a time, so that its gate alone writes here.

use jiff::Timestamp;
use orgpatch_aws::store::bucket::Store;
use orgpatch_engine::gate::{GateDecision, GateRecord};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::promotion::TestedSet;
use orgpatch_engine::stage_memory::{StageEnd, StageMemory};
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::Counts;
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::GateRequest;

/// Remembers that the run begins the stage, when its first wave does. A run that is stopped after it leaves the stage as begun
/// and not ended.
pub async fn begin(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<(), RunError> {
    let Some(step) = settings.stage_step.as_ref().filter(|step| step.earlier_waves.is_empty()) else { return Ok(()) };
    change(store, settings, |memory| memory.begin(step, &request.run_id, request.now)).await
}

/// Remembers how the stage ended, if this decision ends it. `waves` are the decisions about the earlier waves of the stage.
pub async fn end(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    waves: &[GateRecord],
    decided: &GateRecord,
    scanned_at: Option<Timestamp>,
) -> Result<(), RunError> {
    let Some(step) = &settings.stage_step else { return Ok(()) };
    let (mut counts, mut pending_as_planned) = (Counts::default(), 0);
    for wave in waves.iter().chain([decided]) {
        counts.merge(&wave.counts);
        pending_as_planned += wave.pending_as_planned;
    }
    let end = StageEnd {
        at: decided.at,
        advanced: decided.decision == GateDecision::Advance,
        reason: decided.reason.clone(),
        counts,
        pending_as_planned,
    };
    change(store, settings, |memory| memory.end(step, &settings.gate, &request.run_id, end, scanned_at)).await
}

async fn change(store: &Store, settings: &StepSettings, change: impl FnOnce(&mut StageMemory)) -> Result<(), RunError> {
    let key = keys::stage_memory(&settings.plan);
    let mut memory: StageMemory = store.find(&key).await?.unwrap_or_default();
    change(&mut memory);
    store.write(&key, &memory).await
}

/// Writes the tested set of a step whose first stage is not part of the run: what earlier runs of the plan have tested, and when
/// the first stage was scanned in the last one in which it passed.
pub async fn recall_tested(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<(), RunError> {
    let Some(scanned_at) = settings.promotion.as_ref().and_then(|promotion| promotion.tested_before) else {
        return Ok(());
    };
    let mut tested: TestedSet = store.find(&keys::tested_memory(&settings.plan)).await?.unwrap_or_default();
    tested.scanned_at = Some(scanned_at);
    store.write_once(&keys::of_step(&request.run_id, &request.step, StepObject::Tested), &tested).await
}
