//! `scan`: lists a target's instances, says whether they are ready, and asks those of the selection what is missing.
//!
//! The same function lists the instances of a target that a halted run never came to, asks what would go in while
//! untested patches are held back, and asks again after an install, so that whatever counts as "scanned" is scanned in
//! one way. In a run about baselines it compares or restores those of the target instead, by the rules by which it makes
//! them converge before a scan.

mod baselines;
mod conflicts;
mod readiness;

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::ec2;
use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::member::context::House;
use orgpatch_aws::member::dispatch;
use orgpatch_aws::member::dispatch::{Busy, Dispatch, expect_phase};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::gate::GateAnswer;
use orgpatch_engine::install::order::{InstallOrder, OrderedInstance};
use orgpatch_engine::inventory::{Inventory, Standing, list};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::not_attempted;
use orgpatch_engine::sending::command;
use orgpatch_model::error::RunError;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::HoldBack;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::messages::{Progress, TargetRequest};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let house = &House::build().await?;
    let ledger = &Ledger::new(&house.config, environment::ledger_table()?);
    lambda::run(|request| scan(house, ledger, request)).await
}

async fn scan(house: &House, ledger: &Ledger, request: TargetRequest) -> Result<Progress, RunError> {
    let phases =
        [Phase::Inventory, Phase::Scan, Phase::Hold, Phase::Verify, Phase::PreviewBaselines, Phase::RestoreBaselines];
    expect_phase(&request, &phases)?;
    let settings: StepSettings = house.store.get(&keys::settings(&request.run_id, &request.step)).await?;
    let result = match request.phase {
        Phase::Inventory => return list(house, &request, &settings).await,
        Phase::PreviewBaselines => baselines::preview(house, &request, &settings).await,
        Phase::RestoreBaselines => baselines::restore(house, &request).await,
        _ => ask(house, ledger, &request, &settings).await,
    };
    house.settle(&request, result, |_| Progress::Recorded).await
}

/// Asks the instances of the selection; before and after an install, those that it is about.
async fn ask(
    house: &House,
    ledger: &Ledger,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Progress, TargetError> {
    let target = &request.target;
    let (asked, hold_back) = match request.phase {
        Phase::Hold => {
            let order: InstallOrder = house
                .store
                .get(&keys::of_target(&request.run_id, &request.step, keys::Folder::InstallPlan, target))
                .await?;
            baselines::hold_back(house, request, settings, &order.hold_back).await?;
            let held = order.instances.into_iter().filter(|one| order.hold_back.contains_key(&one.os));
            (held.map(known).collect(), order.hold_back)
        }
        Phase::Verify => match step_inputs::order(&house.store, request).await? {
            // What was not installed need not be proved.
            Some(order) => {
                let left_out = dispatch::left_out(ledger, request).await?;
                let sent = order.instances.into_iter().filter(|one| !left_out.contains(&one.instance_id));
                (sent.map(known).collect(), order.hold_back)
            }
            // What held it up is recorded already.
            None => return Ok(Progress::Done),
        },
        _ => {
            let inventory = inventory(house, request, settings).await?;
            if settings.readiness_only {
                return readiness::record(house, request, &inventory).await;
            }
            let selected = inventory.instances.into_iter().filter(|one| one.standing == Standing::Selected);
            (selected.filter_map(|one| Some((one.os?, one.instance_id))).collect(), HoldBack::new())
        }
    };
    let asked: Vec<(OperatingSystem, String)> = asked;
    let member = house.members.enter(&request.run_id, target).await?;
    let ssm = Ssm::new(&member);
    // The inventory has just said who is online; later nobody knows.
    let online = if request.phase == Phase::Scan {
        None
    } else {
        let ids: Vec<String> = asked.iter().map(|(_, id)| id.clone()).collect();
        Some(house.members.judged(target, dispatch::online(&ssm, &ids).await).await?)
    };
    // A scan touches nothing, so nobody is in its way.
    let busy = &Busy::default();
    let hold_back = &hold_back;
    let dispatch = Dispatch { ledger, members: &house.members, ssm: &ssm, request, settings, hold_back, busy };
    dispatch.send(command::batches(asked), online.as_ref()).await
}

fn known(instance: OrderedInstance) -> (OperatingSystem, String) {
    (instance.os, instance.instance_id)
}

/// What is in the target. The first look is kept: a retry must ask the same instances in the same batches.
async fn inventory(house: &House, request: &TargetRequest, settings: &StepSettings) -> Result<Inventory, TargetError> {
    let key = keys::of_target(&request.run_id, &request.step, keys::Folder::Inventory, &request.target);
    if let Some(inventory) = house.store.find(&key).await? {
        return Ok(inventory);
    }
    let (mut seen, ec2) = readiness::look(house, request, settings).await?;
    conflicts::find(house, request, settings, &ec2, &mut seen).await?;
    baselines::converge(house, request, settings, &mut seen).await?;
    if house.store.create(&key, &seen).await? {
        return Ok(seen);
    }
    Ok(house.store.get(&key).await?)
}

/// What EC2 and Systems Manager say of a target.
struct Seen {
    member: SdkConfig,
    ec2: Vec<Ec2Instance>,
    managed: Vec<ManagedInstance>,
}

async fn see(house: &House, request: &TargetRequest) -> Result<Seen, TargetError> {
    let member = house.members.enter(&request.run_id, &request.target).await?;
    let ssm = Ssm::new(&member);
    let facts: Result<_, CallError> = tokio::try_join!(ec2::instances(&member), ssm.managed(None));
    let (ec2, managed) = house.members.judged(&request.target, facts).await?;
    Ok(Seen { member, ec2, managed })
}

async fn look(house: &House, request: &TargetRequest, settings: &StepSettings) -> Result<Inventory, TargetError> {
    let Seen { ec2, managed, .. } = see(house, request).await?;
    Ok(Inventory {
        at: request.now,
        instances: list::inventory(&settings.select, &ec2, &managed),
        conflict_notes: Vec::new(),
    })
}

/// Lists a target that the run never came to. A door that does not open changes nothing about that.
async fn list(house: &House, request: &TargetRequest, settings: &StepSettings) -> Result<Progress, RunError> {
    let entry: GateAnswer = house.store.get(&keys::entry(&request.run_id, &request.step)).await?;
    let key = keys::record(&request.run_id, &request.step, request.phase, &request.target);
    let empty = Inventory { at: request.now, instances: Vec::new(), conflict_notes: Vec::new() };
    if settings.operation.is_about_baselines_only() {
        house.store.write_once(&key, &not_attempted(request.target.clone(), &empty, &entry.reason)).await?;
        return Ok(Progress::Done);
    }
    let record = match look(house, request, settings).await {
        Ok(inventory) => not_attempted(request.target.clone(), &inventory, &entry.reason),
        Err(TargetError::Run(error)) => return Err(error),
        Err(TargetError::Outcome(_, why)) => {
            let mut record = not_attempted(request.target.clone(), &empty, &entry.reason);
            record.reason.text = format!("{}; its instances could not be listed: {}", record.reason.text, why.text);
            record
        }
    };
    house.store.write_once(&key, &record).await?;
    Ok(Progress::Done)
}
