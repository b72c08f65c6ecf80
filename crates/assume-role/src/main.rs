//! `assume-role`: checks that the account of a target still belongs to the stage when the step begins, that orgpatch can enter it, and
//! that the Region is enabled there.
//!
//! It keeps no session. Each later function assumes the role again.
//!
//! If a function fails on a target for good, the state machine calls this one to record it: it has the least to do.

mod belongs;

use std::time::Duration;

use orgpatch_aws::clients::call::{CallError, Kind};
use orgpatch_aws::clients::ec2;
use orgpatch_aws::clients::ec2::RegionStatus;
use orgpatch_aws::clients::organizations::Accounts;
use orgpatch_aws::lambda::{self, Error};
use orgpatch_aws::member::context::{FunctionContext, expect_phase};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::phases;
use orgpatch_engine::phases::Next;
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;
use orgpatch_records::keys::Owner;
use orgpatch_records::messages::TargetRequest;

/// How long a Region may take to hear of new credentials: IAM is eventually consistent, by seconds.
const NEWS_OF_CREDENTIALS: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build(Owner::AssumeRole).await?;
    let accounts = &Accounts::new(&context.config);
    lambda::run(|request| assume_role(context, accounts, request)).await
}

async fn assume_role(context: &FunctionContext, accounts: &Accounts, request: TargetRequest) -> Result<Next, RunError> {
    if let Some(failure) = &request.failure {
        return context.record_failure(&request, failure).await;
    }
    let entered =
        [Phase::Scan, Phase::Install, Phase::PreviewBaselines, Phase::ApplyBaselines, Phase::RestoreBaselines];
    if request.phase == Phase::Inventory {
        // The record of a target that the run does not come to is the same whether its account can be entered or not.
        return Ok(phases::entered(request.phase));
    }
    expect_phase(&request, &entered)?;
    let result = match belongs::left(context, accounts, &request).await? {
        Some(reason) => Err(TargetError::Outcome(TargetOutcome::Skipped, reason)),
        None => reach(context, &request).await,
    };
    context.answer(&request, result).await
}

async fn reach(context: &FunctionContext, request: &TargetRequest) -> Result<Next, TargetError> {
    let target = &request.target;
    let there = context.sessions.session_for(&request.run_id, target).await?;
    let status = match ec2::region_status(&there, &target.region).await {
        Ok(status) => status,
        Err(error) => status_from_home(context, request, error).await?,
    };
    let why = match status {
        RegionStatus::Enabled => {
            return Ok(phases::entered(request.phase));
        }
        RegionStatus::NotOptedIn => "is not enabled in the account",
        RegionStatus::Unknown => "does not exist, or this account cannot see it",
    };
    let reason = Reason::new(ReasonCode::RegionDisabled, format!("Region {} {why}", target.region));
    Err(TargetError::Outcome(TargetOutcome::RegionDisabled, reason))
}

/// Asks orgpatch's own Region about one that answered with an error.
///
/// The target's Region comes first, since a service control policy may forbid orgpatch's own one to the account. But a Region
/// that is not enabled, or does not exist, cannot say so itself.
async fn status_from_home(
    context: &FunctionContext,
    request: &TargetRequest,
    error: CallError,
) -> Result<RegionStatus, TargetError> {
    let target = &request.target;
    if matches!(error.kind, Kind::Denied | Kind::RegionDisabled | Kind::Credentials | Kind::Lost) {
        let home = context.sessions.home_session_for(&request.run_id, target).await?;
        match ec2::region_status(&home, &target.region).await {
            Ok(status @ (RegionStatus::NotOptedIn | RegionStatus::Unknown)) => return Ok(status),
            Err(home) if error.kind == Kind::Credentials && home.kind == Kind::Denied => {
                return without_home(context, request).await;
            }
            // What the target's own Region has said is what counts, whether home may be asked or not.
            Ok(RegionStatus::Enabled) | Err(_) => {}
        }
    }
    Err(context.sessions.target_error(target, error).await)
}

/// Asks a Region that has refused the credentials once more, because it cannot be asked from home whether it is enabled. One
/// that is refuses them only as long as it has not heard of them.
async fn without_home(context: &FunctionContext, request: &TargetRequest) -> Result<RegionStatus, TargetError> {
    let target = &request.target;
    tokio::time::sleep(NEWS_OF_CREDENTIALS).await;
    context.sessions.forget(&target.account_id).await;
    let there = context.sessions.session_for(&request.run_id, target).await?;
    let answer = ec2::region_status(&there, &target.region).await.map_err(|error| match error.kind {
        Kind::Credentials => CallError { kind: Kind::RegionDisabled, ..error },
        _ => error,
    });
    context.sessions.target_result(target, answer).await
}
