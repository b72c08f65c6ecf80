//! Asks Organizations whether the account of a target still belongs to the stage, when the step begins.

use std::time::Duration;

use orgpatch_aws::clients::organizations::Accounts;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_engine::planner::Membership;
use orgpatch_model::error::RunError;
use orgpatch_model::reason::Reason;
use orgpatch_model::target::Phase;
use orgpatch_records::keys::TargetObject;
use orgpatch_records::messages::TargetRequest;

/// How long Organizations may take to answer, with all tries: other tools of the organization use up the same rate. It leaves the
/// function time for the account.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns why the account does not belong to the stage any more; None if it does.
///
/// A failure to ask stops nothing: the step goes on as planned, and the report says of the target that it was not asked.
pub async fn left(
    context: &FunctionContext,
    accounts: &Accounts,
    request: &TargetRequest,
) -> Result<Option<Reason>, RunError> {
    // What was scanned in a step is installed in it.
    let begins = request.phase != Phase::Install && request.closing.is_none();
    if !begins || !request.target.account_state.can_be_entered() {
        return Ok(None);
    }
    let settings = context.settings(request).await?;
    // A run that began under an earlier version.
    let Some(claim) = &settings.claim else { return Ok(None) };
    let account_id = &request.target.account_id;
    let why = match tokio::time::timeout(PATIENCE, accounts.find(account_id)).await {
        Ok(Ok(found)) => match claim.membership(account_id, found.as_ref()) {
            Membership::Holds => return Ok(None),
            Membership::Left(reason) => return Ok(Some(reason)),
            Membership::NotSaid => "its answer has no path of the account".to_owned(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer in {} seconds", PATIENCE.as_secs()),
    };
    tracing::warn!(run = request.run_id, step = request.step, account = account_id, why, "Organizations was not asked");
    let text =
        format!("whether the account still belongs to the stage could not be asked of AWS Organizations ({why})");
    // A repetition may have other words for it.
    context.store.create(&request.key(TargetObject::StageNotAsked), &text).await?;
    Ok(None)
}
