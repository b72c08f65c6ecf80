//! The run lock: one run at a time, because two runs could patch the same instance. A run that ended without a report is closed
//! before the next one begins.

use jiff::Timestamp;
use orgpatch_aws::store::ledger::{LockHolder, Write};
use orgpatch_engine::run_lock;
use orgpatch_engine::run_lock::Holder;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_records::keys;

use crate::start::StartContext;

/// Whether an execution has the lock, or what is in its way.
pub enum Lock {
    /// It has it, or may take it.
    Free,
    /// A run that is still in progress has it.
    Held(Holder),
    /// A run that ended without a report is being closed.
    Closing {
        /// The run.
        run_id: String,
        /// Look again after so many seconds.
        wait_seconds: u32,
    },
}

/// Takes the run lock for `own`, or returns what is in the way. The lock is taken from an execution that no longer runs: an operator
/// stopped it, or its report failed.
pub async fn take(
    context: &StartContext,
    own: &LockHolder,
    machine_arn: &str,
    now: Timestamp,
) -> Result<Lock, RunError> {
    if context.ledger.take_lock(own, None, now).await? == Write::Done {
        return Ok(Lock::Free);
    }
    let held = context.ledger.lock_held_since().await?;
    let from = match held {
        // A retry of this function.
        Some((holder, _)) if holder.execution_arn == own.execution_arn => return Ok(Lock::Free),
        Some((holder, since)) => match in_the_way(context, own, &holder, since, machine_arn, now).await? {
            Lock::Free => Some(holder),
            lock => return Ok(lock),
        },
        None => None,
    };
    match context.ledger.take_lock(own, from.as_ref(), now).await? {
        Write::Done => Ok(Lock::Free),
        Write::TooLate => Err(RunError::Unavailable("another run has taken the run lock at this moment".to_owned())),
    }
}

/// Returns the other run that holds the lock and is in progress, without taking the lock.
pub async fn other(context: &StartContext, own: &LockHolder) -> Result<Option<Holder>, RunError> {
    match context.ledger.lock_holder().await? {
        Some(holder) if holder.execution_arn == own.execution_arn || holder.closes.is_some() => Ok(None),
        Some(holder) if context.executions.is_running(&holder.execution_arn).await? => Ok(Some(of(&holder))),
        _ => Ok(None),
    }
}

/// Returns whether the lock may be taken from its holder.
async fn in_the_way(
    context: &StartContext,
    own: &LockHolder,
    holder: &LockHolder,
    since: Timestamp,
    machine_arn: &str,
    now: Timestamp,
) -> Result<Lock, RunError> {
    let runs = context.executions.is_running(&holder.execution_arn).await?;
    let run_id = holder.closes.as_ref().unwrap_or(&holder.run_id);
    let closing_since = match (&holder.closes, runs) {
        (None, true) => return Ok(Lock::Held(of(holder))),
        (Some(_), true) => Some(since),
        (_, false) if own.closes.as_ref() == Some(run_id) => None,
        // Also where what was to close it has failed, or was stopped: it is tried once more.
        (_, false) if is_unreported(context, run_id).await? => {
            context.executions.start_closing(machine_arn, &closing_name(run_id), run_id).await?
        }
        (_, false) => None,
    };
    let wait = closing_since.and_then(|since| run_lock::wait_for_closing(since, now));
    Ok(wait.map_or(Lock::Free, |wait_seconds| Lock::Closing { run_id: run_id.clone(), wait_seconds }))
}

/// Returns true if the run had begun and has no report.
async fn is_unreported(context: &StartContext, run_id: &str) -> Result<bool, RunError> {
    let store = &context.store;
    Ok(store.exists(&keys::run(run_id)).await? && !store.exists(&keys::manifest(run_id)).await?)
}

/// Returns the name of the execution that a later run starts to close a run: always the same one, so that it is started once.
fn closing_name(run_id: &str) -> String {
    format!("close-{}", &sha256_hex(run_id)[..32])
}

fn of(holder: &LockHolder) -> Holder {
    Holder { run_id: holder.run_id.clone(), operation: holder.operation }
}
