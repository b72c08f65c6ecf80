//! Detects competing patchers in a target, once, before anything is sent, and keeps the conflicts in the inventory.

use jiff::Timestamp;
use orgpatch_aws::clients::competing::CompetingPatchers;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::competing;
use orgpatch_engine::competing::Moment;
use orgpatch_engine::inventory::Inventory;
use orgpatch_engine::inventory::competing::attach;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::sending::command;
use orgpatch_model::input::Operation;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::target::Phase;
use orgpatch_records::messages::TargetRequest;

/// An answer may come so long after its time limit, in seconds.
const LATE_ANSWER_SECONDS: i64 = 3_600;

/// Detects the conflicts of the instances that the plan selects, whether they are ready or not, and attaches them to the
/// inventory.
pub async fn detect(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    ec2: &[Ec2Instance],
    inventory: &mut Inventory,
) -> Result<(), TargetError> {
    let selected = inventory.selected_ids();
    if selected.is_empty() {
        return Ok(());
    }
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let expected_end = expected_end(request, selected.len(), settings);
    let instances: Vec<&Ec2Instance> = ec2.iter().filter(|one| selected.contains(one.id.as_str())).collect();
    let facts = context
        .sessions
        .target_result(
            &request.target,
            CompetingPatchers::new(&member).facts(request.now..expected_end, &instances, &request.run_id).await,
        )
        .await?;
    let moment = Moment {
        now: request.now,
        expected_end,
        waiting_since: None,
        run_id: &request.run_id,
        // A scan run shows what an install would meet.
        operation: Operation::Install,
    };
    let detected = competing::detect(&facts, &instances, settings.conflicts, &moment);
    attach(inventory, detected, settings.operation);
    Ok(())
}

/// Returns the latest end of an install in this target: every instance uses its time limit, in turn, and one answer is late.
/// Nothing is awaited after the deadline.
fn expected_end(request: &TargetRequest, instances: usize, settings: &StepSettings) -> Timestamp {
    let turns = instances.div_ceil(settings.rate.max_concurrency.of(instances));
    let seconds =
        i64::try_from(turns).unwrap_or(i64::MAX).saturating_mul(command::time_limit_seconds(Phase::Install).into());
    let end = request.now.as_second().saturating_add(seconds).saturating_add(LATE_ANSWER_SECONDS);
    Timestamp::from_second(end).unwrap_or(Timestamp::MAX).min(request.deadline)
}
