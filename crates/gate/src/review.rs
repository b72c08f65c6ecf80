//! Review: writes down what would be installed, before anything is.

use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::step_records::Wanted;
use orgpatch_aws::store::upload::written;
use orgpatch_aws::store::{step_inputs, step_records};
use orgpatch_engine::gate::{GateAnswer, GateDecision};
use orgpatch_engine::install::plan;
use orgpatch_engine::install::plan::InstallPlan;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::KnownTarget;
use orgpatch_engine::{gate, promotion};
use orgpatch_model::error::RunError;
use orgpatch_model::input::Operation;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use orgpatch_records::keys;
use orgpatch_records::keys::{StepObject, TargetObject};
use orgpatch_records::messages::GateRequest;

/// In errors.
const WHAT: &str = "the install plan";

/// Puts the install plan together from the records of the scan.
pub async fn review(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let skip = |code, text| Ok(GateAnswer { decision: GateDecision::Skip, reason: Reason::new(code, text) });
    match settings.operation {
        Operation::Install => {}
        Operation::Scan => return skip(ReasonCode::ScanRun, "a scan run installs nothing"),
        Operation::PreviewBaselines | Operation::RestoreBaselines => {
            return skip(ReasonCode::BaselinesOnly, "a run about baselines installs nothing");
        }
    }
    let (run_id, step) = (&request.run_id, &request.step);
    let baselines = &step_inputs::baselines(store, run_id, settings).await?;
    let tested = &step_inputs::tested(store, run_id, settings).await?;
    let order = async |target: KnownTarget| {
        // Nothing is judged before the install, and results are not asked for.
        let KnownTarget::Recorded(facts) = target else { return Ok(None) };
        let Some(order) = facts.scan.as_ref().and_then(|scan| gate::order(scan, settings.reboot)) else {
            return Ok(None);
        };
        let order = plan::sorted(match &settings.promotion {
            Some(promotion) => promotion::review(order, tested, promotion.untested, baselines),
            None => order,
        });
        let key = keys::of_target(run_id, step, &facts.target, TargetObject::Order);
        store.write_once(&key, &order).await?;
        Ok(Some((facts.target, order)))
    };

    let mut upload = store.upload_once(keys::of_step(run_id, step, StepObject::InstallPlan), "application/json");
    let mut plan = written(WHAT, InstallPlan::begin(&mut upload, step))?;
    let (mut targets, mut instances): (Vec<Target>, usize) = (Vec::new(), 0);
    let reviewed = step_records::each_prepared(store, run_id, step, Wanted::Scan, order, async |reviewed| {
        let Some((target, order)) = reviewed else { return Ok(()) };
        written(WHAT, plan.add(&mut upload, &order))?;
        instances += order.instances.len();
        if !order.instances.is_empty() {
            targets.push(target);
        }
        upload.settle().await
    });
    if let Err(error) = reviewed.await {
        upload.give_up().await;
        return Err(error);
    }
    let sha256 = written(WHAT, plan.end(&mut upload))?;
    upload.end().await?;
    store.write_once(&keys::of_step(run_id, step, StepObject::InstallTargets), &targets).await?;
    if targets.is_empty() {
        return skip(
            ReasonCode::NothingToInstall,
            "nothing that may be installed is missing on any instance that could be asked",
        );
    }
    let text = format!("{instances} instances in {} targets have something to install; plan {sha256}", targets.len());
    Ok(GateAnswer { decision: GateDecision::Install, reason: Reason::new(ReasonCode::Work, text) })
}
