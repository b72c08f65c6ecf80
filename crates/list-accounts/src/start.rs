//! The start of a run: read, plan, take the lock, write everything down. Or: wait for another run, or end quietly.

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::executions::Executions;
use orgpatch_aws::clients::organizations;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::{Ledger, LockHolder};
use orgpatch_engine::planner;
use orgpatch_engine::planner::{PlanDocument, PlannedRun, PlannedStep, RunIdentity};
use orgpatch_engine::run_lock::{Decision, Starter};
use orgpatch_engine::stage_memory::StageMemory;
use orgpatch_model::error::RunError;
use orgpatch_model::input::{ExecutionInput, RunInput};
use orgpatch_model::run_name;
use orgpatch_plan::AllowedSources;
use orgpatch_records::claim::RunClaim;
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::{RunHead, StartAnswer, StartRequest, StepHead};

use crate::lock::Lock;
use crate::{claim, close, lock};

/// What the function has, built once per process.
pub struct StartContext {
    /// The runs bucket.
    pub store: Store,
    /// The ledger.
    pub ledger: Ledger,
    /// Executions of the state machine.
    pub executions: Executions,
    /// For AWS Organizations, which is read in one pass and has no client to keep.
    pub config: SdkConfig,
}

/// Plans and begins a run. Every check comes before the lock, and the lock before the first object of the run. What another run
/// has decided in between is looked up again under the lock.
pub async fn start(context: &StartContext, request: StartRequest) -> Result<StartAnswer, RunError> {
    run_name::check(&request.run_id)?;
    let input = match ExecutionInput::read(&request.input)? {
        ExecutionInput::Run(input) => input,
        ExecutionInput::Close { run } => return close::close(context, request, run).await,
    };
    let starter = Starter::of(&input, request.started_at, request.now);
    let own = LockHolder {
        run_id: request.run_id.clone(),
        execution_arn: request.execution_arn.clone(),
        operation: Some(input.operation),
        closes: None,
    };
    if let Some(answer) = held_up(early(context, &request, &input, &starter, &own).await?)? {
        return Ok(answer);
    }

    let document = read_plan(&context.store, &input.plan).await?;
    document.check_hash(&input)?;
    let memory = read_memory(&context.store, &input.plan).await?;
    planner::check_input(&document.plan, &input, &memory)?;
    if let Some(to) = &input.to_plan {
        planner::check_handing_over(&document.plan, &read_plan(&context.store, to).await?.plan)?;
    }
    let organization = organizations::read(&context.config, &planner::units_of(&document.plan)).await?;
    let identity = RunIdentity {
        run_id: request.run_id.clone(),
        now: request.now,
        lambda_concurrency: request.lambda_concurrency,
        allowed_sources: AllowedSources::read(&request.allowed_patch_sources).map_err(RunError::InvalidInput)?,
    };
    let plan = document.plan.name.clone();
    let run = match planner::plan(document, &organization, input, identity, &memory) {
        // The run that decides about that stage may be in progress.
        Err(refused @ RunError::EarlierStageNotPassed { .. }) => {
            return held_up(starter.decide(lock::other(context, &own).await?.as_ref()))?.ok_or(refused);
        }
        planned => planned?,
    };
    let claim = RunClaim { execution_arn: request.execution_arn.clone(), started_at: request.started_at };
    claim::check(&context.store, &request.run_id, &claim).await?;

    match lock::take(context, &own, &request.state_machine_arn, request.now).await? {
        Lock::Free => {}
        Lock::Closing { wait_seconds, .. } => return Ok(StartAnswer::Wait { wait_seconds }),
        Lock::Held(holder) => {
            if let Some(answer) = held_up(starter.decide(Some(&holder)))? {
                return Ok(answer);
            }
        }
    }
    // From here on no other run decides about the stages of the plan.
    if read_memory(&context.store, &plan).await? != memory {
        return Err(RunError::Unavailable(format!(
            "another run has decided about the stages of plan {plan:?} at this moment"
        )));
    }
    claim::make(&context.store, &request.run_id, &claim).await?;
    let RunClaim { execution_arn, started_at } = claim;
    let head = RunHead { run_id: request.run_id, execution_arn, started_at, closing: None };
    Ok(StartAnswer::Steps { run: head, steps: write(&context.store, &run).await?, error: None })
}

/// Decides what can be decided without the plan: whether this start is another execution's, and, for a run that has waited
/// and whose plan was checked before it waited, whether it has to wait on.
async fn early(
    context: &StartContext,
    request: &StartRequest,
    input: &RunInput,
    starter: &Starter,
    own: &LockHolder,
) -> Result<Decision, RunError> {
    if let Some(time) = starter.scheduled_for
        && let Some(first) = context.ledger.claim_start(input, time, own, request.now).await?
    {
        return Ok(starter.already_started(&first));
    }
    if starter.has_waited() {
        return Ok(starter.decide(lock::other(context, own).await?.as_ref()));
    }
    Ok(Decision::Go)
}

/// Returns the answer that ends this call; None: the run goes on.
pub fn held_up(decision: Decision) -> Result<Option<StartAnswer>, RunError> {
    match decision {
        Decision::Go => Ok(None),
        Decision::Wait(wait_seconds) => Ok(Some(StartAnswer::Wait { wait_seconds })),
        Decision::EndQuietly(reason) => {
            tracing::info!(reason, "the run does not start");
            Ok(Some(StartAnswer::NotStarted { reason }))
        }
        Decision::Refuse(error) => Err(error),
    }
}

async fn read_plan(store: &Store, name: &str) -> Result<PlanDocument, RunError> {
    let text = store
        .text_up_to(&keys::plan(name), orgpatch_plan::MAX_BYTES)
        .await?
        .ok_or_else(|| RunError::PlanNotFound { plan: name.to_owned(), bucket: store.bucket().to_owned() })?;
    PlanDocument::read(name, &text)
}

/// Reads what earlier runs of the plan decided about its stages.
async fn read_memory(store: &Store, plan: &str) -> Result<StageMemory, RunError> {
    Ok(store.find(&keys::stage_memory(plan)).await?.unwrap_or_default())
}

/// Writes the steps first and `run.json` last: a run whose `run.json` exists is complete. A retry writes the same; if the
/// organization has changed in between, the run is refused. Returns what the state machine needs to know of the steps: the hash of
/// the settings goes through it, so that a function that reads them can tell whether they are still those of the planner.
async fn write(store: &Store, run: &PlannedRun) -> Result<Vec<StepHead>, RunError> {
    let run_id = &run.document.run_id;
    let mut heads = Vec::with_capacity(run.steps.len());
    for PlannedStep { settings, targets, max_concurrency } in &run.steps {
        let id = &settings.step;
        let settings_sha256 = store.write_decision(&keys::of_step(run_id, id, StepObject::Settings), settings).await?;
        store.write_decision(&keys::of_step(run_id, id, StepObject::Targets), targets).await?;
        heads.push(StepHead { id: id.clone(), max_concurrency: *max_concurrency, settings_sha256 });
    }
    store.write_decision(&keys::run(run_id), &run.document).await?;
    Ok(heads)
}
