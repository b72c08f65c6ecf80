//! `report`: everything about a run in one document, whatever became of it, and its lines for
//! the history of all runs, and its metrics. Releases the run lock.

mod history;
mod metrics;

use orgpatch_aws::lambda::{self, Error};
use orgpatch_aws::ledger::Ledger;
use orgpatch_aws::store::Store;
use orgpatch_aws::{facts, settings};
use orgpatch_core::contract::{Decision, GateRecord, ReportAnswer, ReportRequest, RunDocument, StepSummary};
use orgpatch_core::error::RunError;
use orgpatch_core::keys;
use orgpatch_core::outcome::TargetOutcome;
use orgpatch_core::reason::Reason;
use orgpatch_core::reconcile::{StepEnd, reconcile};
use orgpatch_core::report::{Report, StepResult};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let config = lambda::sdk_config().await;
    let store = &Store::new(&config, settings::runs_bucket()?);
    let ledger = &Ledger::new(&config, settings::ledger_table()?);
    let namespace = &settings::metrics_namespace()?;
    lambda::run(|request| answer(store, ledger, namespace, request)).await
}

async fn answer(
    store: &Store,
    ledger: &Ledger,
    namespace: &str,
    request: ReportRequest,
) -> Result<ReportAnswer, RunError> {
    let run: RunDocument = store.get(&keys::run(&request.run_id)).await?;
    let mut cut =
        request.error.as_ref().map(|error| Reason::new("run-broken", format!("the run broke: {}", error.sentence())));
    let mut results = Vec::with_capacity(run.steps.len());
    for summary in &run.steps {
        let result = step(store, &run, summary, cut.as_ref()).await?;
        if let Some(gate) = result.gate.as_ref().filter(|gate| gate.decision == Decision::Halt) {
            cut = Some(Reason::new("halted", format!("the run halted at step {}: {}", gate.step, gate.reason.text)));
        }
        results.push(result);
    }
    let report = Report::assemble(run, results, request.error.as_ref(), request.now);
    store.write(&keys::report(&request.run_id), &report).await?;
    history::write(store, &report).await?;
    ledger.release_lock(&request.run_id).await?;
    // Last of all: a retry after a failure counts the run once.
    metrics::write(&report, namespace);
    tracing::info!(run = request.run_id, decision = ?report.run.decision, instances = report.instances.len(), "reported");
    Ok(report.answer(store.bucket()))
}

/// What became of a step. `cut` is what ended the run before it, if something did.
async fn step(
    store: &Store,
    run: &RunDocument,
    summary: &StepSummary,
    cut: Option<&Reason>,
) -> Result<StepResult, RunError> {
    let gate: Option<GateRecord> = store.find(&keys::gate(&run.run_id, &summary.id)).await?;
    let end = match (&gate, cut) {
        (Some(_), _) => StepEnd::Over,
        (None, Some(reason)) => StepEnd::Cut(reason.clone()),
        (None, None) => StepEnd::Cut(Reason::new("never-judged", "the step was never judged")),
    };
    let facts = facts::of_step(store, &run.run_id, &summary.id).await?;
    let begun = facts.iter().any(|facts| {
        facts.inventory.is_some() || facts.scan.as_ref().is_some_and(|scan| scan.outcome != TargetOutcome::NotAttempted)
    });
    let baseline_changes = facts::baseline_changes(store, &run.run_id, &summary.id).await?;
    Ok(StepResult {
        summary: summary.clone(),
        baseline_changes,
        gate,
        begun,
        targets: facts.into_iter().map(|facts| reconcile(facts, &end, run.input.operation)).collect(),
    })
}
