//! Looks, right before sending, for patch commands of other tools that run on the instances.

use jiff::Timestamp;
use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::competing::CompetingPatchers;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::dispatch::Busy;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::competing;
use orgpatch_engine::competing::{Action, Moment};
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::error::RunError;
use orgpatch_model::input::Operation;
use orgpatch_records::keys;
use orgpatch_records::keys::TargetObject;
use orgpatch_records::messages::TargetRequest;

/// Looks once. If an instance is waited for, the time of the first such look is kept, so that waiting ends even if this
/// function dies.
pub async fn look(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    member: &SdkConfig,
    instance_ids: &[String],
) -> Result<Busy, TargetError> {
    let running =
        context.sessions.target_result(&request.target, CompetingPatchers::new(member).running().await).await?;
    let busy = |waiting_since| {
        let (now, run_id, operation) = (request.now, request.run_id.as_str(), Operation::Install);
        let moment = Moment { now, expected_end: now, waiting_since, run_id, operation };
        competing::before_sending(&running, instance_ids, settings.conflicts, &moment)
    };
    let instances = busy(None);
    if instances.values().all(|decision| decision.action != Action::Wait) {
        return Ok(Busy { instances, look_again_seconds: 1 });
    }
    let since = waiting_since(context, request).await?;
    Ok(Busy { instances: busy(Some(since)), look_again_seconds: competing::look_again_seconds(since, request.now) })
}

/// Returns when this target began to wait: now, unless an earlier look has recorded it.
async fn waiting_since(context: &FunctionContext, request: &TargetRequest) -> Result<Timestamp, RunError> {
    let key = keys::of_target(&request.run_id, &request.step, &request.target, TargetObject::Waiting);
    if let Some(since) = context.store.find_once(&key).await? {
        return Ok(since);
    }
    if context.store.create(&key, &request.now).await? {
        return Ok(request.now);
    }
    context.store.get(&key).await
}
