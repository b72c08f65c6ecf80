//! The start of a run: read, plan, take the lock, write everything down.

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::executions::Executions;
use orgpatch_aws::clients::organizations;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_engine::planner;
use orgpatch_engine::planner::{PlanDocument, PlannedRun, RunIdentity};
use orgpatch_model::error::RunError;
use orgpatch_model::input::RunInput;
use orgpatch_records::keys;
use orgpatch_records::keys::StepObject;
use orgpatch_records::messages::{StartAnswer, StartRequest, StepHead};

use crate::lock;

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

/// Plans and begins a run. Every check comes before the lock, and the lock before the first object of the run.
pub async fn start(context: &StartContext, request: StartRequest) -> Result<StartAnswer, RunError> {
    let input = RunInput::read(&request.input)?;
    let document = read_plan(&context.store, &input.plan).await?;
    planner::check_input(&document.plan, &input)?;
    let organization = organizations::read(&context.config, &planner::units_of(&document.plan)).await?;

    let identity = RunIdentity { run_id: request.run_id.clone(), now: request.now };
    let run = planner::plan(document, &organization, input, identity)?;

    lock::take(context, &request).await?;
    write(&context.store, &run).await?;
    Ok(StartAnswer { steps: run.steps.iter().map(|step| StepHead::of(&request.run_id, step)).collect() })
}

async fn read_plan(store: &Store, name: &str) -> Result<PlanDocument, RunError> {
    let text = store
        .text(&keys::plan(name))
        .await?
        .ok_or_else(|| RunError::PlanNotFound { plan: name.to_owned(), bucket: store.bucket().to_owned() })?;
    PlanDocument::read(name, &text)
}

/// Writes the steps first and `run.json` last: a run whose `run.json` exists is complete.
async fn write(store: &Store, run: &PlannedRun) -> Result<(), RunError> {
    let run_id = &run.document.run_id;
    for step in &run.steps {
        let id = &step.settings.step;
        store.write_once(&keys::of_step(run_id, id, StepObject::Settings), &step.settings).await?;
        store.write_once(&keys::of_step(run_id, id, StepObject::Targets), &step.targets).await?;
    }
    store.write_once(&keys::run(run_id), &run.document).await
}
