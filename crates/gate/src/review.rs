//! Review: what would be installed? The install plan is written before anything is.

use orgpatch_aws::steps;
use orgpatch_aws::store::Store;
use orgpatch_core::contract::{
    Decision, GateAnswer, GateRequest, InstallOrder, InstallTarget, Phase, StepSettings, Target, TargetRecord,
};
use orgpatch_core::error::RunError;
use orgpatch_core::input::Operation;
use orgpatch_core::reason::Reason;
use orgpatch_core::{gate, keys, promotion};

/// Puts the install plan together from the records of the scan.
pub async fn review(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let skip = |code, text| Ok(GateAnswer { decision: Decision::Skip, reason: Reason::new(code, text) });
    match settings.operation {
        Operation::Install => {}
        Operation::Scan => return skip("scan-run", "a scan run installs nothing"),
        Operation::PreviewBaselines | Operation::RestoreBaselines => {
            return skip("baselines-only", "a run about baselines installs nothing");
        }
    }
    let (run_id, step) = (&request.run_id, &request.step);
    let baselines = &steps::baselines(store, run_id, settings).await?;
    let tested = &steps::tested(store, run_id, settings).await?;
    let targets: Vec<Target> = store.get(&keys::targets(run_id, step)).await?;
    let found: Vec<Option<(Target, InstallOrder)>> = Store::for_each(targets, |target| async move {
        let scan: Option<TargetRecord> = store.find(&keys::record(run_id, step, Phase::Scan, &target)).await?;
        let Some(mut order) = scan.and_then(|scan| gate::order(&scan, settings.reboot)) else {
            return Ok(None);
        };
        if let Some(promotion) = &settings.promotion {
            order = promotion::review(order, tested, promotion.untested, baselines);
        }
        store.write_once(&keys::of_target(run_id, step, keys::Folder::InstallPlan, &target), &order).await?;
        Ok(Some((target, order)))
    })
    .await?;
    let found: Vec<(Target, InstallOrder)> = found.into_iter().flatten().collect();
    let targets: Vec<InstallTarget> = found
        .iter()
        .filter(|(_, order)| !order.instances.is_empty())
        .map(|(target, order)| InstallTarget { target: target.clone(), hold_back: !order.hold_back.is_empty() })
        .collect();
    let orders: Vec<InstallOrder> = found.into_iter().map(|(_, order)| order).collect();
    let instances: usize = orders.iter().map(|order| order.instances.len()).sum();
    let plan = gate::install_plan(step, orders)
        .map_err(|error| RunError::BrokenRun(format!("the install plan cannot be written: {error}")))?;
    store.write_once(&keys::install_plan(run_id, step), &plan).await?;
    store.write_once(&keys::install_targets(run_id, step), &targets).await?;
    if targets.is_empty() {
        return skip(
            "nothing-to-install",
            "nothing that may be installed is missing on any instance that could be asked",
        );
    }
    Ok(GateAnswer {
        decision: Decision::Install,
        reason: Reason::new(
            "work",
            format!(
                "{instances} instances in {} targets have something to install; plan {}",
                targets.len(),
                plan.sha256
            ),
        ),
    })
}
