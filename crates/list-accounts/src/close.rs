//! Closing a run that ended without a report: an operator stopped its execution, or it failed outside of what it catches. The
//! execution that closes it holds the run lock in its place, sends nothing, asks once what was under way, and writes the report.
//!
//! It is started for every execution that did not succeed, and perhaps twice (EventBridge delivers at least once). What has nothing
//! to close ends quietly.

use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::LockHolder;
use orgpatch_aws::store::step_records;
use orgpatch_engine::closing::Left;
use orgpatch_engine::planner::RunDocument;
use orgpatch_engine::{closing, run_lock};
use orgpatch_model::error::RunError;
use orgpatch_model::run_name;
use orgpatch_model::target::Target;
use orgpatch_records::claim::{ClosedRun, RunClaim};
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::{RunHead, StartAnswer, StartRequest, StepHead};

use crate::lock;
use crate::lock::Lock;
use crate::start::{StartContext, held_up};

/// How long an execution may be said to run after the event of its end.
const LATEST_NEWS_SECONDS: i64 = 300;

const LOOK_AGAIN_SECONDS: u32 = 30;

/// Prepares the closing of that run, or says why there is nothing to close.
pub async fn close(context: &StartContext, request: StartRequest, run_id: String) -> Result<StartAnswer, RunError> {
    let store = &context.store;
    let nothing = |why: &str| {
        tracing::info!(run = run_id, why, "nothing to close");
        Ok(StartAnswer::NotStarted { reason: format!("run {run_id} {why}") })
    };
    // An execution with another name was refused, and was no run.
    if run_name::check(&run_id).is_err() {
        return nothing("was no run");
    }
    let Some(claim) = store.find::<RunClaim>(&keys::claim(&run_id)).await? else { return nothing("never began") };
    let waited = request.now.as_second() - request.started_at.as_second();
    let Some(ended) = context.executions.ended_by(&claim.execution_arn).await? else {
        // `DescribeExecution` is eventually consistent (Step Functions API reference), and the event may have been quicker.
        if waited < LATEST_NEWS_SECONDS {
            return Ok(StartAnswer::Wait { wait_seconds: LOOK_AGAIN_SECONDS });
        }
        return nothing("is still in progress");
    };
    if store.exists(&keys::manifest(&run_id)).await? {
        return nothing("has its report");
    }
    let own = LockHolder {
        run_id: request.run_id.clone(),
        execution_arn: request.execution_arn.clone(),
        operation: None,
        closes: Some(run_id.clone()),
    };
    match lock::take(context, &own, &request.state_machine_arn, request.now).await? {
        Lock::Free => {}
        Lock::Closing { run_id: other, .. } if other == run_id => return nothing("is being closed already"),
        Lock::Closing { wait_seconds, .. } => return Ok(StartAnswer::Wait { wait_seconds }),
        Lock::Held(holder) => {
            return held_up(run_lock::wait(&holder, waited))?
                .ok_or_else(|| RunError::Unavailable("the run lock is held".to_owned()));
        }
    }
    // Another execution may have closed it since. The lock stays with this one, from which the next run takes it.
    if store.exists(&keys::manifest(&run_id)).await? {
        return nothing("has its report");
    }
    let closed = ClosedRun { closed_by: request.run_id.clone(), at: request.now };
    store.write_once(&keys::closed(&run_id), &closed).await?;
    let Some(run) = store.find::<RunDocument>(&keys::run(&run_id)).await? else {
        // The lock stays with this execution, from which the next run takes it.
        return nothing("ended before its first step");
    };
    let gates = step_records::gates(store, &run_id, &run.steps).await?;
    let Left { step, error } = closing::left(&gates, ended);
    let steps = match step {
        Some(step) => installing(store, &run, step).await?,
        None => Vec::new(),
    };
    let RunClaim { execution_arn, started_at } = claim;
    Ok(StartAnswer::Steps {
        run: RunHead { run_id, execution_arn, started_at, closing: Some(request.run_id) },
        steps,
        error,
    })
}

/// Returns the step of that index if it had begun to install, so that the state machine asks its targets once more.
async fn installing(store: &Store, run: &RunDocument, step: usize) -> Result<Vec<StepHead>, RunError> {
    let Some(step) = run.steps.get(step) else { return Ok(Vec::new()) };
    let of_step = |object| keys::of_step(&run.run_id, &step.id, object);
    let targets: Option<Vec<Target>> = store.find(&of_step(StepObject::InstallTargets)).await?;
    if targets.is_none_or(|targets| targets.is_empty()) {
        return Ok(Vec::new());
    }
    // What the state machine knew of the settings ended with the execution. Nothing is sent by what is read now.
    let settings_sha256 = store.sha256(&of_step(StepObject::Settings)).await?;
    Ok(vec![StepHead { id: step.id.clone(), max_concurrency: run.plan.rate.targets, settings_sha256 }])
}
