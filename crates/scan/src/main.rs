//! `scan`: lists a target's instances, says whether they are ready, and asks those of the selection what is missing.
//!
//! The same function lists the instances of a target that a halted run never came to, asks what would go in while
//! untested patches are held back, and asks again after an install, so that whatever counts as "scanned" is scanned in
//! one way. In a run about baselines it compares or restores those of the target instead, by the rules by which it makes
//! them converge before a scan.

mod baselines;
mod competing;
mod readiness;

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::ec2;
use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::dispatch;
use orgpatch_aws::member::dispatch::{Busy, Dispatch, expect_phase};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::gate::GateAnswer;
use orgpatch_engine::install::order::OrderedInstance;
use orgpatch_engine::inventory::{Eligibility, Inventory, list};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::not_attempted;
use orgpatch_engine::sending::command;
use orgpatch_model::error::RunError;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::keys::{Owner, TargetObject};
use orgpatch_records::messages::{Progress, TargetRequest};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build(Owner::Scan).await?;
    let ledger = &Ledger::new(&context.config, environment::ledger_table()?);
    lambda::run(|request| scan(context, ledger, request)).await
}

async fn scan(context: &FunctionContext, ledger: &Ledger, request: TargetRequest) -> Result<Progress, RunError> {
    let phases = [
        Phase::Inventory,
        Phase::Scan,
        Phase::PreInstallScan,
        Phase::Verify,
        Phase::PreviewBaselines,
        Phase::RestoreBaselines,
    ];
    expect_phase(&request, &phases)?;
    let settings: StepSettings = context.store.get_once(&keys::settings(&request.run_id, &request.step)).await?;
    let result = match request.phase {
        Phase::Inventory => return list(context, &request, &settings).await,
        Phase::PreviewBaselines => baselines::preview(context, &request, &settings).await,
        Phase::RestoreBaselines => baselines::restore(context, &request).await,
        _ => ask(context, ledger, &request, &settings).await,
    };
    context.record_outcome(&request, result, |_| Progress::Recorded).await
}

/// Asks the instances of the selection; before and after an install, those that it is about.
async fn ask(
    context: &FunctionContext,
    ledger: &Ledger,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Progress, TargetError> {
    let target = &request.target;
    let (asked, withheld) = match request.phase {
        Phase::PreInstallScan => {
            let planned = step_inputs::planned_install(&context.store, request).await?;
            let withheld = planned.ordered().withheld.clone();
            baselines::withheld(context, request, settings, &withheld).await?;
            (planned.instances_to_prove().map(known).collect(), withheld)
        }
        Phase::Verify => {
            let installable = step_inputs::installable(&context.store, request).await?;
            let Some(order) = installable.to_send() else {
                // Nothing was sent, and why is recorded already.
                return Ok(Progress::Done);
            };
            // An instance that got no install command needs no scan afterwards.
            let left_out = dispatch::left_out(ledger, request).await?;
            let sent = order.instances.iter().filter(|one| !left_out.contains(&one.instance_id));
            (sent.map(known).collect(), order.withheld.clone())
        }
        _ => {
            let inventory = inventory(context, request, settings).await?;
            if settings.readiness_only {
                return readiness::record(context, request, &inventory).await;
            }
            let selected = inventory.instances.into_iter().filter(|one| one.eligibility == Eligibility::Eligible);
            (selected.filter_map(|one| Some((one.os?, one.instance_id))).collect(), WithheldPatches::new())
        }
    };
    let asked: Vec<(OperatingSystem, String)> = asked;
    let member = context.sessions.session_for(&request.run_id, target).await?;
    let ssm = Ssm::new(&member);
    // The inventory has just said which instances are online; later this is unknown.
    let online = if request.phase == Phase::Scan {
        None
    } else {
        let ids: Vec<String> = asked.iter().map(|(_, id)| id.clone()).collect();
        Some(context.sessions.target_result(target, dispatch::online(&ssm, &ids).await).await?)
    };
    // A scan changes nothing, so no other command is in its way.
    let busy = &Busy::default();
    let withheld = &withheld;
    let dispatch = Dispatch { ledger, sessions: &context.sessions, ssm: &ssm, request, settings, withheld, busy };
    dispatch.send(command::batches(asked), online.as_ref()).await
}

fn known(instance: &OrderedInstance) -> (OperatingSystem, String) {
    (instance.os, instance.instance_id.clone())
}

/// Returns what is in the target. The first look is kept: a retry must ask the same instances in the same batches.
async fn inventory(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Inventory, TargetError> {
    let key = keys::of_target(&request.run_id, &request.step, &request.target, TargetObject::Inventory);
    if let Some(inventory) = context.store.find_once(&key).await? {
        return Ok(inventory);
    }
    let (mut seen, ec2) = readiness::checked_inventory(context, request, settings).await?;
    competing::detect(context, request, settings, &ec2, &mut seen).await?;
    baselines::converge(context, request, settings, &mut seen).await?;
    if context.store.create(&key, &seen).await? {
        return Ok(seen);
    }
    Ok(context.store.get(&key).await?)
}

/// What EC2 and Systems Manager say of a target.
struct Seen {
    member: SdkConfig,
    ec2: Vec<Ec2Instance>,
    managed: Vec<ManagedInstance>,
}

async fn see(context: &FunctionContext, request: &TargetRequest) -> Result<Seen, TargetError> {
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let ssm = Ssm::new(&member);
    let facts: Result<_, CallError> = tokio::try_join!(ec2::instances(&member), ssm.managed(None));
    let (ec2, managed) = context.sessions.target_result(&request.target, facts).await?;
    Ok(Seen { member, ec2, managed })
}

async fn look(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Inventory, TargetError> {
    let Seen { ec2, managed, .. } = see(context, request).await?;
    Ok(Inventory {
        at: request.now,
        instances: list::inventory(&settings.select, &ec2, &managed),
        conflict_notes: Vec::new(),
    })
}

/// Lists a target that the run never came to. Failing to enter the account does not change the record.
async fn list(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Progress, RunError> {
    let entry: GateAnswer = context.store.get_once(&keys::entry(&request.run_id, &request.step)).await?;
    let empty = Inventory { at: request.now, instances: Vec::new(), conflict_notes: Vec::new() };
    if settings.operation.is_about_baselines_only() {
        context.write_record(request, &not_attempted(request.target.clone(), &empty, &entry.reason)).await?;
        return Ok(Progress::Done);
    }
    let record = match look(context, request, settings).await {
        Ok(inventory) => not_attempted(request.target.clone(), &inventory, &entry.reason),
        Err(TargetError::Run(error)) => return Err(error),
        Err(TargetError::Outcome(_, why)) => {
            let mut record = not_attempted(request.target.clone(), &empty, &entry.reason);
            record.reason.text = format!("{}; its instances could not be listed: {}", record.reason.text, why.text);
            record
        }
    };
    context.write_record(request, &record).await?;
    Ok(Progress::Done)
}
