//! `report`: writes the report of a run as a page, CSV files, a summary and one document, however the run ended. It also
//! writes the run's lines of the history and its metrics, and releases the run lock.
//!
//! It reads the records once: each chunk of a target is written to all files when its turn comes, and then
//! dropped from memory.

mod files;
mod history;
mod manifest;
mod metrics;
mod targets;

use files::Files;
use jiff::SignedDuration;
use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_records;
use orgpatch_aws::store::step_records::{StepTargets, Wanted};
use orgpatch_engine::planner::{RunDocument, StepSummary};
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::latest_run::LatestRun;
use orgpatch_records::messages::{ReportAnswer, ReportRequest};
use orgpatch_report::comparison::{Comparing, Earlier};
use orgpatch_report::{Assembly, Head, Highlights, latest, notification, starter};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let config = lambda::sdk_config().await;
    let store = &Store::new(&config, environment::runs_bucket()?);
    let ledger = &Ledger::new(&config, environment::ledger_table()?);
    let namespace = &environment::metrics_namespace()?;
    let retention =
        environment::evidence_retention_days()?.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
    lambda::run(|request| answer(store, ledger, namespace, retention, request)).await
}

async fn answer(
    store: &Store,
    ledger: &Ledger,
    namespace: &str,
    retention: Option<SignedDuration>,
    request: ReportRequest,
) -> Result<ReportAnswer, RunError> {
    // The run's own execution was redriven.
    if request.closing.is_none() && store.exists(&keys::closed(&request.run_id)).await? {
        return Ok(notification::closed(&request.run_id));
    }
    if let Some(why) = &request.unwritten {
        ledger.release_lock(request.lock_holder()).await?;
        return Ok(notification::without_report(&request.run_id, why, store.bucket()));
    }
    let run: RunDocument = store.get(&keys::run(&request.run_id)).await?;
    let known: Option<LatestRun> = store.find(&keys::latest(&run.plan.name)).await?;
    let comparing = earlier(store, &run, known.as_ref()).await?.map(Comparing::with);
    let steps = run.steps.clone();
    let gates = step_records::gates(store, &request.run_id, &steps).await?;
    // Results of a step that was never judged come from a try of Judge that did not end: its records say more.
    let wanted: Vec<Wanted> =
        gates.iter().map(|gate| if gate.is_some() { Wanted::Results } else { Wanted::Records }).collect();
    let started_by = starter::started_by(&request.execution_arn, &request.starts, &request.scan_run_role);
    let assembly = Assembly::new(run, gates, request.error.as_ref(), started_by, &request.execution_arn, request.now)
        .closed_by(request.closing.clone());
    // 9,999 days behind a run are within the calendar.
    let evidence = &store.retaining(retention.and_then(|retention| request.now.checked_add(retention).ok()));
    let mut files = Files::begin(store, evidence, assembly.run())?;
    let written = write(store, &mut files, steps.iter().zip(wanted), assembly, comparing).await;
    let (head, highlights) = match written {
        Ok((head, highlights)) => {
            Box::pin(files.end(&head, &highlights)).await?;
            (head, highlights)
        }
        Err(error) => {
            files.give_up().await;
            return Err(error);
        }
    };
    let link = known.as_ref().and_then(|known| latest::link(&head.run.id, head.run.started_at, known));
    let manifest_sha256 = manifest::write(evidence, &head.run, link, request.now).await?;
    if let Some(latest) = latest::after(&head.run, known, &manifest_sha256) {
        store.write(&keys::latest(&head.run.plan), &latest).await?;
    }
    ledger.release_lock(request.lock_holder()).await?;
    // Last, so that a retry after a failure does not count the run twice.
    metrics::write(&head, namespace);
    tracing::info!(run = request.run_id, decision = ?head.run.decision, targets = highlights.targets, "reported");
    Ok(head.answer(&highlights, store.bucket(), &manifest_sha256))
}

/// Writes every target of every step to the files.
async fn write(
    store: &Store,
    files: &mut Files,
    steps: impl Iterator<Item = (&StepSummary, Wanted)>,
    mut assembly: Assembly,
    mut comparing: Option<Comparing>,
) -> Result<(Head, Highlights), RunError> {
    let run_id = assembly.run().id.clone();
    for (place, (step, wanted)) in steps.enumerate() {
        files.begin_stage(assembly.run(), &step.stage).await?;
        step_records::each_target(store, StepTargets::as_they_are(&run_id, &step.id), wanted, async |target| {
            let mut chunk = assembly.add(place, target);
            if let Some(comparing) = &mut comparing {
                chunk.instances.iter_mut().for_each(|row| comparing.keep_waiting(row));
                comparing.add(&chunk);
            }
            files.add(assembly.run(), &chunk).await
        })
        .await?;
    }
    Ok(assembly.end(comparing))
}

/// Returns the report of the previous run of the plan; None if there is none, or if it cannot be read.
async fn earlier(store: &Store, run: &RunDocument, known: Option<&LatestRun>) -> Result<Option<Earlier>, RunError> {
    if run.input.operation.is_about_baselines_only() {
        return Ok(None);
    }
    let before = known.and_then(|known| latest::before(&run.run_id, run.started_at, known));
    let Some(before) = before else { return Ok(None) };
    match store.find_large(&keys::report(before)).await {
        // A report of another version, or one that was edited by hand, must not prevent the report of this run.
        Err(RunError::BrokenRun(why)) => {
            tracing::warn!(run = run.run_id, before, "not compared: {why}");
            Ok(None)
        }
        found => found,
    }
}
