//! The run lock: one run at a time, because two runs could patch the same instance.

use orgpatch_aws::store::ledger::{LockHolder, Write};
use orgpatch_model::error::RunError;
use orgpatch_records::messages::StartRequest;

use crate::start::StartContext;

/// Takes the run lock for this execution, or from an execution that no longer runs: an operator stopped it, or its report
/// failed. An execution that still runs keeps it, which is [`RunError::RunInProgress`].
pub async fn take(context: &StartContext, request: &StartRequest) -> Result<(), RunError> {
    let own = LockHolder { run_id: request.run_id.clone(), execution_arn: request.execution_arn.clone() };
    if context.ledger.take_lock(&own, None, request.now).await? == Write::Done {
        return Ok(());
    }
    let holder = context.ledger.lock_holder().await?;
    let running = |run_id: String| Err(RunError::RunInProgress { run: run_id });
    match holder {
        // A retry of this function.
        Some(holder) if holder == own => Ok(()),
        Some(holder) if context.executions.is_running(&holder.execution_arn).await? => running(holder.run_id),
        holder => match context.ledger.take_lock(&own, holder.as_ref(), request.now).await? {
            Write::Done => Ok(()),
            Write::TooLate => running(holder.map_or_else(|| "another".to_owned(), |holder| holder.run_id)),
        },
    }
}
