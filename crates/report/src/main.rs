//! `report`: everything about a run as a page, tables, a summary and one document, whatever became of it; its lines for
//! the history of all runs, and its metrics. Releases the run lock.

mod history;
mod metrics;
mod write;

use orgpatch_aws::lambda::{self, Error};
use orgpatch_aws::ledger::Ledger;
use orgpatch_aws::store::Store;
use orgpatch_aws::{facts, settings};
use orgpatch_core::comparison::Earlier;
use orgpatch_core::contract::{Decision, GateRecord, LatestRun, ReportAnswer, ReportRequest, RunDocument, StepSummary};
use orgpatch_core::error::RunError;
use orgpatch_core::outcome::TargetOutcome;
use orgpatch_core::reason::Reason;
use orgpatch_core::reconcile::{StepEnd, TargetResult, reconcile};
use orgpatch_core::report::{Report, StepResult};
use orgpatch_core::{comparison, keys, latest};

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
    let known: Option<LatestRun> = store.find(&keys::latest(&run.plan.name)).await?;
    let earlier = earlier(store, &run, known.as_ref()).await?;
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
    let mut report = Report::assemble(run, results, request.error.as_ref(), request.now);
    report.comparison = earlier.map(|earlier| comparison::compare(&earlier, &report));
    let instances = report.instances.len();
    history::write(store, &report).await?;
    let report = write::all(store, report).await?;
    if let Some(latest) = latest::after(&report.run, known) {
        store.write(&keys::latest(&report.run.plan), &latest).await?;
    }
    ledger.release_lock(&request.run_id).await?;
    // Last of all: a retry after a failure counts the run once.
    metrics::write(&report, namespace);
    tracing::info!(run = request.run_id, decision = ?report.run.decision, instances, "reported");
    Ok(report.answer(store.bucket()))
}

/// The report of the run of the plan before; None if there is none, or none that can be read any more. Read before
/// anything else: its text is as large as what this function writes, and gone when that begins.
async fn earlier(store: &Store, run: &RunDocument, known: Option<&LatestRun>) -> Result<Option<Earlier>, RunError> {
    if run.input.operation.is_about_baselines_only() {
        return Ok(None);
    }
    let before = known.and_then(|known| latest::before(&run.run_id, run.started_at, known));
    let Some(before) = before else { return Ok(None) };
    match store.find(&keys::report(before)).await {
        // Of another version, or cut short by hand: no reason to have no report of this run.
        Err(RunError::BrokenRun(why)) => {
            tracing::warn!(run = run.run_id, before, "not compared: {why}");
            Ok(None)
        }
        found => found,
    }
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
    let targets = facts::map_step(store, &run.run_id, &summary.id, |facts| {
        let scanned = facts.scan.as_ref().is_some_and(|scan| scan.outcome != TargetOutcome::NotAttempted);
        let begun = facts.inventory.is_some() || scanned;
        (begun, reconcile(facts, &end, run.input.operation))
    });
    let (begun, targets): (Vec<bool>, Vec<TargetResult>) = targets.await?.into_iter().unzip();
    let baseline_changes = facts::baseline_changes(store, &run.run_id, &summary.id).await?;
    let begun = begun.contains(&true);
    Ok(StepResult { summary: summary.clone(), gate, begun, targets, baseline_changes })
}
