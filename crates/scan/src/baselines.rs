//! Before a target is scanned, its baselines become what the plan says: compliance is recorded against them.

use orgpatch_aws::baselines::Baselines;
use orgpatch_aws::house::House;
use orgpatch_aws::member::TargetError;
use orgpatch_core::baseline::{Baseline, BaselineRecord, Previous, blocked, difference};
use orgpatch_core::contract::{Inventory, Standing, StepSettings, TargetRequest};
use orgpatch_core::{keys, selection};

/// Compares and changes only what differs, for the operating systems that the target has to scan. Instances of an
/// operating system whose baseline cannot be as the plan wants it are held back.
pub async fn converge(
    house: &House,
    request: &TargetRequest,
    settings: &StepSettings,
    inventory: &mut Inventory,
) -> Result<(), TargetError> {
    let selected = |os| inventory.instances.iter().any(|one| one.os == Some(os) && one.standing == Standing::Selected);
    let desired: Vec<Baseline> =
        settings.baselines.iter().filter(|baseline| selected(baseline.operating_system)).cloned().collect();
    if desired.is_empty() {
        return Ok(());
    }
    let member = house.members.enter(&request.run_id, &request.target).await?;
    let baselines = Baselines::new(&member);
    let observed = house.members.judged(&request.target, baselines.observe(&desired).await).await?;
    let changes = difference(&desired, &observed);
    selection::hold_back(&mut inventory.instances, &blocked(&changes));

    // Before the first change, and once: a retry that finds half of it done would record our own baseline as what
    // was the default before.
    let record = BaselineRecord {
        target: request.target.clone(),
        at: request.now,
        previous: Previous::of(&changes, &observed),
        changes,
    };
    house.store.write_once(&keys::baselines(&request.run_id, &request.step, &request.target), &record).await?;
    for change in record.changes.iter().filter(|change| change.is_write()) {
        tracing::info!(
            run = request.run_id,
            account = request.target.account_id,
            region = request.target.region,
            "{change}"
        );
    }
    let token = format!("{}/{}/{}", request.run_id, request.target.account_id, request.target.region);
    house.members.judged(&request.target, baselines.apply(&record.changes, &token).await).await
}
