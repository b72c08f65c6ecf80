//! The start of a run: check everything, take the lock, write everything down.

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::executions::Executions;
use orgpatch_aws::clients::organizations;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::{Ledger, LockHolder, Write};
use orgpatch_engine::planner::{Promotion, RunDocument, Step, StepSettings, StepSummary};
use orgpatch_engine::{baselines, planner};
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_model::input::RunInput;
use orgpatch_model::target::Phase;
use orgpatch_plan::Plan;
use orgpatch_records::keys;
use orgpatch_records::messages::{StartAnswer, StartRequest, StepHead};

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

/// Every check comes before the lock, and the lock before the first object of the run.
pub async fn start(context: &StartContext, request: StartRequest) -> Result<StartAnswer, RunError> {
    let input = RunInput::read(&request.input)?;
    let (plan, plan_sha256) = read_plan(&context.store, &input.plan).await?;
    let only = input.stages.as_deref();
    planner::check_stages(&plan, only)?;
    if input.scans() {
        planner::check_first_stage(&plan, only)?;
    }
    let organization = organizations::read(&context.config, &planner::units_of(&plan)).await?;
    let resolution = planner::resolve(&plan, &organization, only)?;
    take_lock(context, &request).await?;

    let run = RunDocument {
        schema_version: 1,
        run_id: request.run_id,
        started_at: request.now,
        input,
        plan_sha256,
        plan,
        organization_id: organization.id,
        steps: resolution.steps.iter().map(summary).collect(),
        accounts_outside_plan: resolution.outside,
    };
    let steps = write(&context.store, &run, &resolution.steps).await?;
    Ok(StartAnswer { steps })
}

async fn read_plan(store: &Store, name: &str) -> Result<(Plan, String), RunError> {
    let text = store
        .text(&keys::plan(name))
        .await?
        .ok_or_else(|| RunError::PlanNotFound { plan: name.to_owned(), bucket: store.bucket().to_owned() })?;
    let plan = orgpatch_plan::read(&text)
        .map_err(|errors| RunError::InvalidPlan(format!("plan {name:?} is not valid: {errors}")))?;
    if plan.name != name {
        return Err(RunError::InvalidPlan(format!(
            "plans/{name}.yaml holds the plan {:?}; its `name` must be {name:?}",
            plan.name
        )));
    }
    Ok((plan, sha256_hex(&text)))
}

/// One run at a time: two could otherwise patch the same instance. A holder that is no longer running (it was
/// stopped, or its report failed) does not hold the lock for ever.
async fn take_lock(context: &StartContext, request: &StartRequest) -> Result<(), RunError> {
    let own = LockHolder { run_id: request.run_id.clone(), execution_arn: request.execution_arn.clone() };
    if context.ledger.take_lock(&own, None, request.now).await? == Write::Done {
        return Ok(());
    }
    let holder = context.ledger.lock_holder().await?;
    let running = |run_id: String| Err(RunError::RunInProgress { run: run_id });
    match holder {
        // A retry of this very function.
        Some(holder) if holder == own => Ok(()),
        Some(holder) if context.executions.is_running(&holder.execution_arn).await? => running(holder.run_id),
        holder => match context.ledger.take_lock(&own, holder.as_ref(), request.now).await? {
            Write::Done => Ok(()),
            Write::TooLate => running(holder.map_or_else(|| "another".to_owned(), |holder| holder.run_id)),
        },
    }
}

/// Writes the steps first and `run.json` last: a run whose `run.json` exists is complete.
async fn write(store: &Store, run: &RunDocument, steps: &[Step]) -> Result<Vec<StepHead>, RunError> {
    let mut heads = Vec::with_capacity(steps.len());
    let mut earlier_steps: Vec<String> = Vec::new();
    let tested_in: Vec<String> =
        steps.iter().filter(|step| step.stage_index == 0).map(|step| step.id.clone()).collect();
    for step in steps {
        let stage = &run.plan.stages[step.stage_index];
        // A run about baselines scans nothing: what it shows of a frozen stage is what a scan of the first stage at this
        // moment would come to. A run about readiness leaves baselines as they are.
        let scans = run.input.scans();
        let frozen = scans && run.plan.is_frozen(stage);
        let cutoff = baselines::cutoff(&run.plan, run.started_at);
        let settings = StepSettings {
            step: step.id.clone(),
            plan: run.plan.name.clone(),
            operation: run.input.operation,
            readiness_only: run.input.readiness_only,
            select: planner::selection_of(&run.plan, stage),
            reboot: run.plan.reboot,
            rate: run.plan.rate.clone(),
            gate: stage.gate,
            conflicts: run.plan.conflict_settings(stage),
            baselines: if frozen || run.input.readiness_only {
                Vec::new()
            } else {
                baselines::desired(&run.plan, stage, Some(cutoff))
            },
            promotion: run.plan.untested(stage).filter(|_| scans).map(|untested| Promotion {
                tested_in: tested_in.clone(),
                frozen,
                untested,
            }),
            is_first_stage: step.stage_index == 0,
            earlier_steps: earlier_steps.clone(),
        };
        store.write_once(&keys::settings(&run.run_id, &step.id), &settings).await?;
        store.write_once(&keys::targets(&run.run_id, &step.id), &step.targets).await?;
        earlier_steps.push(step.id.clone());
        heads.push(StepHead {
            id: step.id.clone(),
            max_concurrency: run.plan.rate.targets,
            scan_phase: Phase::of_all_targets(run.input.operation),
            targets_key: keys::targets(&run.run_id, &step.id),
            install_targets_key: keys::install_targets(&run.run_id, &step.id),
            scan_children: keys::children(&run.run_id, &step.id, "scan"),
            install_children: keys::children(&run.run_id, &step.id, "install"),
        });
    }
    store.write_once(&keys::run(&run.run_id), run).await?;
    Ok(heads)
}

fn summary(step: &Step) -> StepSummary {
    StepSummary {
        id: step.id.clone(),
        stage: step.stage.clone(),
        wave: step.wave,
        accounts: step.accounts,
        targets: step.targets.len(),
    }
}
