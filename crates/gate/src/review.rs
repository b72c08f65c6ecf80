//! Review: writes down what would be installed, before anything is.

use std::collections::HashMap;

use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::step_records::{StepTargets, Wanted};
use orgpatch_aws::store::upload::written;
use orgpatch_aws::store::{step_inputs, step_records};
use orgpatch_engine::baselines::Baseline;
use orgpatch_engine::gate::{GateAnswer, GateDecision};
use orgpatch_engine::install::order::InstallOrder;
use orgpatch_engine::install::plan;
use orgpatch_engine::install::plan::InstallPlan;
use orgpatch_engine::planner::{Promotion, StepSettings};
use orgpatch_engine::promotion::TestedSet;
use orgpatch_engine::results::reconcile::{KnownTarget, RecordedTarget};
use orgpatch_engine::{gate, promotion};
use orgpatch_model::english::counted;
use orgpatch_model::error::RunError;
use orgpatch_model::input::Operation;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use orgpatch_records::keys;
use orgpatch_records::keys::{ChunkObject, StepObject};
use orgpatch_records::messages::{Answered, GateRequest, StepHashes};

/// In errors.
const WHAT: &str = "the install plan";

/// Puts the install plan together from the records of the scan.
pub async fn review(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<Answered, RunError> {
    let skip =
        |code, text| Ok(request.answered(GateAnswer { decision: GateDecision::Skip, reason: Reason::new(code, text) }));
    match settings.operation {
        Operation::Install => {}
        Operation::Scan => return skip(ReasonCode::ScanRun, "a scan run installs nothing"),
        Operation::PreviewBaselines | Operation::ApplyBaselines | Operation::RestoreBaselines => {
            return skip(ReasonCode::BaselinesOnly, "a run about baselines installs nothing");
        }
    }
    let (run_id, step) = (&request.run_id, &request.step);
    let baselines = &step_inputs::baselines(store, run_id, settings, &request.hashes).await?;
    let tested = &step_inputs::tested(store, run_id, settings).await?;
    let comparison = settings.promotion.as_ref().map(|promotion| Comparison { promotion, tested, baselines });
    let withheld = &withheld_in_large_targets(store, request, settings, comparison).await?;
    let order = async |target: KnownTarget| {
        let Some((facts, mut order)) = scanned_order(target) else { return Ok(None) };
        // All chunks of a target get the same list: there is one baseline for all of them.
        order.withheld.extend(withheld.get(&place(&facts.target)).cloned().unwrap_or_default());
        let order = plan::sorted(match comparison {
            Some(comparison) => comparison.review(order),
            None => order,
        });
        let key = keys::of_chunk(run_id, step, &facts.target, ChunkObject::Order, facts.chunk.number.get());
        store.write_decision(&key, &order).await?;
        Ok(Some((facts.target, order)))
    };

    let mut upload = store.upload_once(keys::of_step(run_id, step, StepObject::InstallPlan), "application/json");
    let mut plan = written(WHAT, InstallPlan::begin(&mut upload, step))?;
    let (mut targets, mut instances): (Vec<Target>, usize) = (Vec::new(), 0);
    let steps = StepTargets::unchanged(run_id, settings);
    let reviewed = step_records::each_prepared(store, steps, Wanted::Scan, order, async |reviewed| {
        let Some((target, order)) = reviewed else { return Ok(()) };
        written(WHAT, plan.add(&mut upload, &order))?;
        instances += order.instances.len();
        if !order.instances.is_empty() && targets.last() != Some(&target) {
            targets.push(target);
        }
        upload.settle().await
    });
    if let Err(error) = reviewed.await {
        upload.give_up().await;
        return Err(error);
    }
    let hashes = written(WHAT, plan.end(&mut upload))?;
    upload.end().await?;
    store.write_decision(&keys::of_step(run_id, step, StepObject::OrderHashes), &hashes).await?;
    store.write_decision(&keys::of_step(run_id, step, StepObject::InstallTargets), &targets).await?;
    if targets.is_empty() {
        return skip(
            ReasonCode::NothingToInstall,
            "nothing that may be installed is missing on any instance that could be asked",
        );
    }
    let sha256 = hashes.plan_sha256();
    let (instances, targets) = (counted(instances, "instance"), counted(targets.len(), "target"));
    let text = format!("to install: {instances} in {targets}; plan {sha256}");
    let answer = GateAnswer { decision: GateDecision::Install, reason: Reason::new(ReasonCode::Work, text) };
    Ok(Answered { answer, hashes: StepHashes { install_plan: Some(sha256), ..request.hashes.clone() } })
}

/// How an order is compared with what the first stage installed.
#[derive(Clone, Copy)]
struct Comparison<'a> {
    promotion: &'a Promotion,
    tested: &'a TestedSet,
    baselines: &'a [Baseline],
}

impl Comparison<'_> {
    fn review(self, order: InstallOrder) -> InstallOrder {
        promotion::review(order, self.tested, self.promotion.untested, self.baselines)
    }
}

/// Returns what is withheld in each target with more than one chunk, from all its chunks together: every chunk of the order has
/// the whole list, and it must fit into the baseline.
async fn withheld_in_large_targets(
    store: &Store,
    request: &GateRequest,
    settings: &StepSettings,
    comparison: Option<Comparison<'_>>,
) -> Result<HashMap<(String, String), WithheldPatches>, RunError> {
    let mut withheld: HashMap<(String, String), WithheldPatches> = HashMap::new();
    let Some(comparison) = comparison.filter(|one| one.promotion.withholds_untested()) else {
        return Ok(withheld);
    };
    step_records::each_target(
        store,
        StepTargets::unchanged(&request.run_id, settings),
        Wanted::ScanOfLarge,
        async |target| {
            let Some((facts, mut order)) = scanned_order(target) else { return Ok(()) };
            let place = place(&facts.target);
            order.withheld = withheld.remove(&place).unwrap_or_default();
            let order = comparison.review(order);
            if !order.withheld.is_empty() {
                withheld.insert(place, order.withheld);
            }
            Ok(())
        },
    )
    .await?;
    Ok(withheld)
}

fn place(target: &Target) -> (String, String) {
    (target.account_id.clone(), target.region.clone())
}

/// Returns what the scan of a chunk gives to install. A target whose scan ended in the middle gets nothing: part of it is unknown.
fn scanned_order(target: KnownTarget) -> Option<(Box<RecordedTarget>, InstallOrder)> {
    // Nothing is judged before the install, and results are not asked for.
    let KnownTarget::Recorded(facts) = target else { return None };
    let scan = facts.scan.as_ref().filter(|_| facts.is_scanned_whole)?;
    let order = gate::order(scan)?;
    Some((facts, order))
}
