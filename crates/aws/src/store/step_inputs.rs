//! What the functions of a step read before they act.

use orgpatch_engine::baselines::Baseline;
use orgpatch_engine::install::order::InstallOrder;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::promotion::TestedSet;
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::keys::TargetObject;
use orgpatch_records::messages::TargetRequest;

use crate::store::bucket::Store;

/// The baselines of a step that has begun: those of a frozen step are known only since then.
pub async fn baselines(store: &Store, run_id: &str, settings: &StepSettings) -> Result<Vec<Baseline>, RunError> {
    if settings.promotion.as_ref().is_some_and(|promotion| promotion.frozen) {
        return store.get_once(&keys::frozen_baselines(run_id, &settings.step)).await;
    }
    Ok(settings.baselines.clone())
}

/// What may be installed in a target. Where patches are held back this is what the proof has left of the install plan,
/// and None while there is no proof: then nothing may be installed.
pub async fn order(store: &Store, request: &TargetRequest) -> Result<Option<InstallOrder>, RunError> {
    let (run_id, step, target) = (&request.run_id, &request.step, &request.target);
    let order: InstallOrder = store.get_once(&keys::of_target(run_id, step, target, TargetObject::Order)).await?;
    if order.withheld.is_empty() {
        return Ok(Some(order));
    }
    store.find_once(&keys::of_target(run_id, step, target, TargetObject::Approved)).await
}

/// What the first stage of the plan has installed, as the steps that come after it see it; empty where the plan
/// compares nothing.
pub async fn tested(store: &Store, run_id: &str, settings: &StepSettings) -> Result<TestedSet, RunError> {
    let mut tested = TestedSet::default();
    for step in settings.promotion.iter().flat_map(|promotion| &promotion.tested_in) {
        tested = tested.merge(store.get_once(&keys::tested(run_id, step)).await?);
    }
    Ok(tested)
}
