//! `assume-role`: checks that orgpatch can enter the account of a target, and that the Region is enabled there.
//!
//! It keeps no session. Each later function assumes the role again.
//!
//! If a function fails on a target for good, the state machine calls this one to record it: it has the least to do.

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
    if let Some(failure) = &request.failure {
        return context.record_failure(&request, failure).await;
    }
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
    let member = context.sessions.home_session_for(&request.run_id, target).await?;
    let status = context.sessions.target_result(target, ec2::region_status(&member, &target.region).await).await?;
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
