//! `assume-role`: checks that orgpatch can enter the account of a target, and that the Region is enabled there.
//!
//! It keeps no session. Each later function assumes the role again.

use orgpatch_aws::clients::call::{CallError, Kind};
use orgpatch_aws::clients::ec2;
use orgpatch_aws::clients::ec2::RegionStatus;
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

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build(Owner::AssumeRole).await?;
    lambda::run(|request| assume_role(context, request)).await
}

async fn assume_role(context: &FunctionContext, request: TargetRequest) -> Result<Next, RunError> {
    let entered = [Phase::Scan, Phase::Install, Phase::PreviewBaselines, Phase::RestoreBaselines];
    if request.phase == Phase::Inventory {
        // The record of a target that the run does not come to is the same whether its account can be entered or not.
        return Ok(phases::entered(request.phase));
    }
    expect_phase(&request, &entered)?;
    let result = reach(context, &request).await;
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
    if matches!(error.kind, Kind::Denied | Kind::RegionDisabled | Kind::Lost) {
        let home = context.sessions.home_session_for(&request.run_id, target).await?;
        match ec2::region_status(&home, &target.region).await {
            Ok(RegionStatus::Enabled) if error.kind == Kind::RegionDisabled => {
                // A Region refuses new credentials for a moment in the same words.
                return Err(RunError::Unavailable(error.to_string()).into());
            }
            Ok(status @ (RegionStatus::NotOptedIn | RegionStatus::Unknown)) => return Ok(status),
            // Home may be forbidden: what the target's own Region has said is what counts.
            Ok(RegionStatus::Enabled) | Err(_) => {}
        }
    }
    Err(context.sessions.target_error(target, error).await)
}
