//! Before a target is scanned, its baselines become what the plan says: compliance is recorded against them.

use orgpatch_aws::baselines::Baselines;
use orgpatch_aws::house::House;
use orgpatch_aws::member::TargetError;
use orgpatch_core::baseline::{Baseline, BaselineRecord, Change, Previous, blocked, difference};
use orgpatch_core::contract::{HoldBack, Inventory, Standing, StepSettings, TargetRequest};
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
    let key = keys::baselines(&request.run_id, &request.step, &request.target);
    let changes = change(house, request, &desired, &key).await?;
    selection::hold_back(&mut inventory.instances, &blocked(&changes));
    Ok(())
}

/// Puts what is not tested on the lists of rejected patches. Whether that worked is not asked here: the scan behind it
/// shows what would really go in.
pub async fn hold_back(
    house: &House,
    request: &TargetRequest,
    settings: &StepSettings,
    hold_back: &HoldBack,
) -> Result<(), TargetError> {
    let holding = |baseline: &Baseline| Some(baseline.holding_back(hold_back.get(&baseline.operating_system)?));
    let desired: Vec<Baseline> = settings.baselines.iter().filter_map(holding).collect();
    let key = keys::holding_baselines(&request.run_id, &request.step, &request.target);
    change(house, request, &desired, &key).await.map(|_| ())
}

/// Applies only what differs, and records it under `key` first.
async fn change(
    house: &House,
    request: &TargetRequest,
    desired: &[Baseline],
    key: &str,
) -> Result<Vec<Change>, TargetError> {
    let member = house.members.enter(&request.run_id, &request.target).await?;
    let baselines = Baselines::new(&member);
    let observed = house.members.judged(&request.target, baselines.observe(desired).await).await?;
    let changes = difference(desired, &observed);

    // Before the first change, and once: a retry that finds half of it done would record our own baseline as what
    // was the default before.
    let record = BaselineRecord {
        target: request.target.clone(),
        at: request.now,
        previous: Previous::of(&changes, &observed),
        changes,
    };
    house.store.write_once(key, &record).await?;
    for change in record.changes.iter().filter(|change| change.is_write()) {
        tracing::info!(
            run = request.run_id,
            account = request.target.account_id,
            region = request.target.region,
            "{change}"
        );
    }
    let token = format!("{}/{}/{}", request.run_id, request.target.account_id, request.target.region);
    house.members.judged(&request.target, baselines.apply(&record.changes, &token).await).await?;
    Ok(record.changes)
}
