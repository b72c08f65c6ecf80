//! The run lock: one run at a time, because two runs could patch the same instance.

use jiff::Timestamp;
use orgpatch_aws::store::ledger::{LockHolder, Write};
use orgpatch_engine::run_lock::Holder;
use orgpatch_model::error::RunError;

use crate::start::StartContext;

/// Takes the run lock for `own` and returns None. The lock is taken from an execution that no longer runs: an operator
/// stopped it, or its report failed. An execution that still runs keeps it, and is returned.
pub async fn take(context: &StartContext, own: &LockHolder, now: Timestamp) -> Result<Option<Holder>, RunError> {
    if context.ledger.take_lock(own, None, now).await? == Write::Done {
        return Ok(None);
    }
    let holder = context.ledger.lock_holder().await?;
    match &holder {
        // A retry of this function.
        Some(holder) if holder.execution_arn == own.execution_arn => return Ok(None),
        Some(other) if context.executions.is_running(&other.execution_arn).await? => return Ok(Some(of(other))),
        _ => {}
    }
    match context.ledger.take_lock(own, holder.as_ref(), now).await? {
        Write::Done => Ok(None),
        Write::TooLate => Err(RunError::Unavailable("another run has taken the run lock at this moment".to_owned())),
    }
}

/// Returns the other execution that holds the lock and still runs, without taking the lock.
pub async fn other(context: &StartContext, own: &LockHolder) -> Result<Option<Holder>, RunError> {
    match context.ledger.lock_holder().await? {
        Some(holder) if holder.execution_arn == own.execution_arn => Ok(None),
        Some(holder) if context.executions.is_running(&holder.execution_arn).await? => Ok(Some(of(&holder))),
        _ => Ok(None),
    }
}

fn of(holder: &LockHolder) -> Holder {
    Holder { run_id: holder.run_id.clone(), operation: holder.operation }
}
