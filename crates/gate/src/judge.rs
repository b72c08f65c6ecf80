//! Judge: may the next step start? What the first stage installed is recorded here, whatever the answer.

use orgpatch_aws::facts;
use orgpatch_aws::store::Store;
use orgpatch_core::Timestamp;
use orgpatch_core::contract::{GateAnswer, GateRecord, GateRequest, StepSettings};
use orgpatch_core::error::RunError;
use orgpatch_core::input::Operation;
use orgpatch_core::outcome::{Counts, TargetOutcome};
use orgpatch_core::promotion::TestedSet;
use orgpatch_core::reconcile::{StepEnd, TargetResult, reconcile};
use orgpatch_core::{gate, keys};

/// Measures the step against its gate.
pub async fn judge(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let facts = facts::of_step(store, &request.run_id, &request.step).await?;
    let scans = facts.iter().filter_map(|facts| facts.scan.as_ref());
    let scanned_at = scans.filter(|scan| scan.outcome == TargetOutcome::Reached).map(|scan| scan.at).max();
    let results: Vec<TargetResult> =
        facts.into_iter().map(|facts| reconcile(facts, &StepEnd::Over, settings.operation)).collect();
    let lost = results.iter().filter(|result| result.outcome == TargetOutcome::Error).count();
    let counts: Counts = results.iter().flat_map(|result| &result.instances).map(|row| row.outcome).collect();
    if settings.is_first_stage {
        record_tested(store, request, settings, &results, scanned_at).await?;
    }
    let answer = gate::judge(settings.operation, &counts, lost, &settings.gate, request.error.as_ref());
    let record = GateRecord {
        step: request.step.clone(),
        at: request.now,
        decision: answer.decision,
        reason: answer.reason.clone(),
        counts,
        limits: settings.gate,
    };
    store.write_once(&keys::gate(&request.run_id, &request.step), &record).await?;
    Ok(answer)
}

/// Writes the tested set for the later steps of this run, and remembers it for later runs of the plan.
async fn record_tested(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    results: &[TargetResult],
    scanned_at: Option<Timestamp>,
) -> Result<(), RunError> {
    let memory = keys::tested_memory(&settings.plan);
    let earlier: TestedSet = store.find(&memory).await?.unwrap_or_default();
    let rows = results.iter().flat_map(|result| &result.instances);
    let tested = TestedSet::of_step(rows, scanned_at, earlier, request.now);
    store.write_once(&keys::tested(&request.run_id, &request.step), &tested).await?;
    if settings.operation == Operation::Install {
        store.write(&memory, &tested).await?;
    }
    Ok(())
}
