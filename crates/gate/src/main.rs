//! `gate`: may a step start, what would it install, may the next one start?

use lambda::Error;
use orgpatch_aws::store::Store;
use orgpatch_aws::{facts, lambda, settings};
use orgpatch_core::contract::{
    Decision, GateAnswer, GateRecord, GateRequest, InstallOrder, Phase, Question, StepSettings, Target, TargetRecord,
};
use orgpatch_core::error::RunError;
use orgpatch_core::input::Operation;
use orgpatch_core::outcome::{Counts, TargetOutcome};
use orgpatch_core::reason::Reason;
use orgpatch_core::reconcile::{StepEnd, TargetResult, reconcile};
use orgpatch_core::{gate, keys};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let config = lambda::sdk_config().await;
    let store = &Store::new(&config, settings::runs_bucket()?);
    lambda::run(|request| answer(store, request)).await
}

async fn answer(store: &Store, request: GateRequest) -> Result<GateAnswer, RunError> {
    let settings: StepSettings = store.get(&keys::settings(&request.run_id, &request.step)).await?;
    let answer = match request.question {
        Question::Enter => enter(store, &request, &settings).await,
        Question::Review => review(store, &request, &settings).await,
        Question::Judge => judge(store, &request, &settings).await,
    }?;
    tracing::info!(run = request.run_id, step = request.step, decision = ?answer.decision, reason = answer.reason.code, "decided");
    Ok(answer)
}

async fn enter(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let records: Vec<Option<GateRecord>> = Store::for_each(
        settings.earlier_steps.iter().map(|step| keys::gate(&request.run_id, step)).collect(),
        |key| async move { store.find(&key).await },
    )
    .await?;
    let earlier = settings.earlier_steps.iter().map(String::as_str).zip(records.iter().map(Option::as_ref));
    let answer = gate::enter(earlier);
    if answer.decision == Decision::Halt {
        store.write_once(&keys::entry(&request.run_id, &request.step), &answer).await?;
    }
    Ok(answer)
}

async fn review(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let skip = |code, text| Ok(GateAnswer { decision: Decision::Skip, reason: Reason::new(code, text) });
    match settings.operation {
        Operation::Install => {}
        Operation::Scan => return skip("scan-run", "a scan run installs nothing"),
        Operation::PreviewBaselines | Operation::RestoreBaselines => {
            return skip("baselines-only", "a run about baselines installs nothing");
        }
    }
    let (run_id, step) = (&request.run_id, &request.step);
    let targets: Vec<Target> = store.get(&keys::targets(run_id, step)).await?;
    let found: Vec<Option<(Target, InstallOrder)>> = Store::for_each(targets, |target| async move {
        let scan: Option<TargetRecord> = store.find(&keys::record(run_id, step, Phase::Scan, &target)).await?;
        let Some(order) = scan.and_then(|scan| gate::order(&scan, settings.reboot)) else {
            return Ok(None);
        };
        store.write_once(&keys::install_order(run_id, step, &target), &order).await?;
        Ok(Some((target, order)))
    })
    .await?;
    let (targets, orders): (Vec<Target>, Vec<InstallOrder>) = found.into_iter().flatten().unzip();
    let instances: usize = orders.iter().map(|order| order.instances.len()).sum();
    let plan = gate::install_plan(step, orders)
        .map_err(|error| RunError::BrokenRun(format!("the install plan cannot be written: {error}")))?;
    store.write_once(&keys::install_plan(run_id, step), &plan).await?;
    store.write_once(&keys::install_targets(run_id, step), &targets).await?;
    if targets.is_empty() {
        return skip("nothing-to-install", "nothing is missing on any instance that could be asked");
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

async fn judge(store: &Store, request: &GateRequest, settings: &StepSettings) -> Result<GateAnswer, RunError> {
    let facts = facts::of_step(store, &request.run_id, &request.step).await?;
    let results: Vec<TargetResult> =
        facts.into_iter().map(|facts| reconcile(facts, &StepEnd::Over, settings.operation)).collect();
    let lost = results.iter().filter(|result| result.outcome == TargetOutcome::Error).count();
    let counts: Counts = results.iter().flat_map(|result| &result.instances).map(|row| row.outcome).collect();
    let answer = gate::judge(settings.operation, &counts, lost, &settings.gate, request.error.as_ref());
    let record = GateRecord {
        step: request.step.clone(),
        at: request.now,
        decision: answer.decision,
        reason: answer.reason.clone(),
        counts,
        limits: settings.gate,
    };
    store.write_once(&keys::gate(&request.run_id, &request.step), &record).await?;
    Ok(answer)
}
