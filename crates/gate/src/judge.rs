//! Judge: decides whether the next step may start. Whatever the decision, it records the result of each target and what
//! the first stage installed.

use jiff::Timestamp;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_records;
use orgpatch_aws::store::step_records::{StepTargets, Wanted};
use orgpatch_engine::gate;
use orgpatch_engine::gate::{Criteria, GateAnswer, GateRecord, StepTally};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::promotion::TestedSet;
use orgpatch_engine::results::reconcile::{KnownTarget, StepEnd, TargetResult, reconcile};
use orgpatch_model::error::RunError;
use orgpatch_model::input::Operation;
use orgpatch_records::keys;
use orgpatch_records::keys::{ChunkObject, StepObject};
use orgpatch_records::messages::GateRequest;

use crate::stage_memory;

/// Measures the step against its gate.
pub async fn judge(
    store: &Store,
    ledger: &Ledger,
    request: &GateRequest,
    settings: &StepSettings,
) -> Result<GateAnswer, RunError> {
    let (run_id, step) = (&request.run_id, &request.step);
    let mut tally = StepTally::default();
    let mut tested = if settings.is_first_stage { Some(remembered(store, settings).await?) } else { None };
    let result = async |target| result(store, request, settings, target).await;
    let targets = StepTargets::unchanged(run_id, settings);
    step_records::each_prepared(store, targets, Wanted::Results, result, async |result| {
        tally.add(&result);
        if let Some(tested) = &mut tested {
            tested.add(result.reached_at, &result.instances, request.now);
        }
        Ok(())
    })
    .await?;
    // To count a large step takes minutes. A run that was stopped meanwhile passes no stage: later nights would begin behind it.
    ledger.expect_lock(request.lock_holder()).await?;
    let mut scanned_at = None;
    if let Some(mut tested) = tested {
        tested.forget(request.now);
        record_tested(store, request, settings, &tested).await?;
        scanned_at = first_stage_scanned_at(store, request, settings, &tested).await?;
    }
    let earlier = earlier_waves(store, request, settings).await?;
    let stage = settings.stage_step.as_ref().map(|step| (step, &*earlier));
    let criteria = Criteria { operation: settings.operation, gate: &settings.gate, stage };
    let answer = gate::judge(criteria, &tally, request.error.as_ref());
    let record = GateRecord::of(settings, request.now, &answer, tally);
    store.write_decision(&keys::of_step(run_id, step, StepObject::Gate), &record).await?;
    stage_memory::end(store, request, settings, &earlier, &record, scanned_at).await?;
    Ok(answer)
}

/// Returns the decisions about the earlier steps of the stage, in an install run.
async fn earlier_waves(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
) -> Result<Vec<GateRecord>, RunError> {
    let waves = settings.stage_step.iter().flat_map(|step| &step.earlier_waves);
    let keys = waves.map(|step| keys::of_step(&request.run_id, step, StepObject::Gate)).collect();
    Store::for_each(keys, |key: String| async move { store.get(&key).await }).await
}

/// The result of a chunk of a target, written once: the report shows what is counted here, and a second try of this function counts
/// what the first one has written.
async fn result(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    target: KnownTarget,
) -> Result<TargetResult, RunError> {
    let records = match target {
        KnownTarget::Judged(result) => return Ok(*result),
        KnownTarget::Recorded(records) => *records,
    };
    let result = reconcile(records, &StepEnd::Over, settings.operation);
    let chunk = result.chunk.number.get();
    let key = keys::of_chunk(&request.run_id, &request.step, &result.target, ChunkObject::Result, chunk);
    if store.create(&key, &result).await? { Ok(result) } else { store.get(&key).await }
}

/// Returns when the first stage was scanned, the latest of its waves up to this one. `tested` is the tested set of this one.
async fn first_stage_scanned_at(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    tested: &TestedSet,
) -> Result<Option<Timestamp>, RunError> {
    let mut scanned_at = tested.scanned_at;
    for wave in settings.stage_step.iter().flat_map(|step| &step.earlier_waves) {
        let earlier: TestedSet = store.get(&keys::of_step(&request.run_id, wave, StepObject::Tested)).await?;
        scanned_at = scanned_at.max(earlier.scanned_at);
    }
    Ok(scanned_at)
}

/// Reads what the first stage installed in earlier runs of the plan.
async fn remembered(store: &Store, settings: &StepSettings) -> Result<TestedSet, RunError> {
    let earlier: Option<TestedSet> = store.find(&keys::tested_memory(&settings.plan)).await?;
    Ok(earlier.map(TestedSet::of_earlier_runs).unwrap_or_default())
}

/// Writes the tested set for the later steps of this run, and remembers it for later runs of the plan.
async fn record_tested(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    tested: &TestedSet,
) -> Result<(), RunError> {
    store.write_once(&keys::of_step(&request.run_id, &request.step, StepObject::Tested), tested).await?;
    if settings.operation == Operation::Install {
        store.write(&keys::tested_memory(&settings.plan), tested).await?;
    }
    Ok(())
}
