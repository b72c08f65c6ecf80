//! Enter of a step in which a run ended that is now closed: its installs are asked once more. Nothing is decided, so the step stays
//! without a gate decision, and its stage has not passed.

use jiff::SignedDuration;
use orgpatch_aws::store::bucket::Store;
use orgpatch_engine::gate;
use orgpatch_engine::install::plan::OrderHashes;
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::{AfterTargets, GateReply, GateRequest, StepHashes, TargetsWork};

/// How long a target may be throttled before it is given up.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// Returns the work on the targets of the install plan.
pub async fn ask(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateReply, RunError> {
    let of_step = |object| keys::of_step(&request.run_id, &request.step, object);
    let orders: OrderHashes = store.get(&of_step(StepObject::OrderHashes)).await?;
    let deadline = request.now.checked_add(LONGEST);
    let work = TargetsWork {
        phase: Phase::Install,
        targets_key: of_step(StepObject::InstallTargets),
        children: keys::children(&request.run_id, &request.step, "closing"),
        deadline: deadline.map_err(|error| RunError::BrokenRun(format!("the time to close the run: {error}")))?,
        then: AfterTargets::End,
        hashes: StepHashes { install_plan: Some(orders.plan_sha256()), ..request.hashes.clone() },
    };
    tracing::info!(run = request.run_id, step = settings.step, "asked once more");
    Ok(GateReply { answer: gate::close(), work: Some(work) })
}
