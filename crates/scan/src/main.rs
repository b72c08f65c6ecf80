//! `scan`: lists a target's instances, says whether they are ready, and asks those of the selection what is missing.
//!
//! The same function lists the instances of a target that a halted run never came to, asks what would go in while
//! untested patches are held back, and asks again after an install, so that whatever counts as "scanned" is scanned in
//! one way. In a run about baselines it compares or restores those of the target instead, by the rules by which it makes
//! them converge before a scan.

mod baselines;
mod competing;
mod readiness;

use std::collections::HashSet;

use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::config::MemberConfig;
use orgpatch_aws::clients::ec2;
use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::lambda::{self, Error, TimeLeft, environment};
use orgpatch_aws::member::Paces;
use orgpatch_aws::member::context::{FunctionContext, expect_phase};
use orgpatch_aws::member::sending::{Receiver, Sender};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::{IntentScope, Ledger};
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::gate::GateAnswer;
use orgpatch_engine::install::order::OrderedInstance;
use orgpatch_engine::inventory::{Eligibility, Inventory, list};
use orgpatch_engine::phases::{Next, NextFunction};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::not_attempted;
use orgpatch_engine::sending::intent::End;
use orgpatch_model::error::RunError;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::target::{Pass, Phase};
use orgpatch_records::keys;
use orgpatch_records::keys::{Owner, StepObject, TargetObject};
use orgpatch_records::messages::TargetRequest;

/// What the process keeps from one invocation to the next.
struct Scan {
    context: FunctionContext,
    ledger: Ledger,
    paces: Paces,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = FunctionContext::build(Owner::Scan).await?;
    let ledger = Ledger::new(&context.config, environment::ledger_table()?);
    let scan = &Scan { context, ledger, paces: Paces::default() };
    lambda::run_in_time(|request, time| scan.answer(request, time)).await
}

impl Scan {
    async fn answer(&self, request: TargetRequest, time: TimeLeft) -> Result<Next, RunError> {
        let phases = [
            Phase::Inventory,
            Phase::Scan,
            Phase::PreInstallScan,
            Phase::Verify,
            Phase::PreviewBaselines,
            Phase::RestoreBaselines,
        ];
        expect_phase(&request, &phases)?;
        let context = &self.context;
        let settings = context.settings(&request).await?;
        let result = match request.phase {
            Phase::Inventory => return list(context, &request, &settings).await,
            Phase::PreviewBaselines => baselines::preview(context, &request, &settings).await,
            Phase::RestoreBaselines => baselines::restore(context, &request).await,
            Phase::Scan if settings.readiness_only => readiness::record(context, &request, &settings).await,
            _ => self.send(&request, &settings, time).await,
        };
        context.answer_unless_throttled(&request, NextFunction::Scan, &settings, result).await
    }

    /// Scans the instances of the selection; before and after an install, those that it is about.
    async fn send(
        &self,
        request: &TargetRequest,
        settings: &StepSettings,
        time: TimeLeft,
    ) -> Result<Next, TargetError> {
        let Self { context, ledger, paces } = self;
        let (receivers, withheld) = match request.phase {
            Phase::PreInstallScan => {
                let planned = step_inputs::planned_install(&context.store, request).await?;
                let withheld = planned.ordered().withheld.clone();
                baselines::withhold(context, request, settings, &withheld).await?;
                (planned.instances_to_prove().map(receiver).collect(), withheld)
            }
            Phase::Verify => self.installed(request).await?,
            _ => (eligible(inventory(context, request, settings).await?), WithheldPatches::new()),
        };
        let (member, order_size) =
            (&context.sessions.session_for(&request.run_id, &request.target).await?, receivers.len());
        let withheld = &withheld;
        let sender = Sender { context, ledger, paces, time, member, request, settings, withheld, order_size };
        Ok(sender.work(receivers).await?.next(request))
    }

    /// Returns the instances whose install in this pass has ended: what they have now must be proved. One that was given up
    /// may still be at work.
    async fn installed(&self, request: &TargetRequest) -> Result<(Vec<Receiver>, WithheldPatches), TargetError> {
        let store = &self.context.store;
        let order = match request.pass {
            Pass::First => step_inputs::installable(store, request).await?.into_ordered(),
            Pass::Second => step_inputs::first_pass(store, request).await?.second,
        };
        let scope = IntentScope::of(&request.run_id, &request.step, &request.target);
        let ended: HashSet<String> = self
            .ledger
            .intents(&scope)
            .await?
            .into_iter()
            .filter(|(of, intent)| {
                let has_ended = |end: &End| end.command_id.is_some() && !end.result.is_given_up();
                *of == (Phase::Install, request.pass) && intent.end().is_some_and(has_ended)
            })
            .map(|(_, intent)| intent.instance_id)
            .collect();
        let receivers = order.instances.iter().filter(|one| ended.contains(&one.instance_id)).map(receiver).collect();
        Ok((receivers, order.withheld))
    }
}

fn receiver(instance: &OrderedInstance) -> Receiver {
    Receiver {
        availability_zone: instance.availability_zone.clone(),
        instance_id: instance.instance_id.clone(),
        os: instance.os,
    }
}

fn eligible(inventory: Inventory) -> Vec<Receiver> {
    let selected = inventory.instances.into_iter().filter(|one| one.eligibility == Eligibility::Eligible);
    selected
        .filter_map(|one| {
            Some(Receiver { availability_zone: one.availability_zone, instance_id: one.instance_id, os: one.os? })
        })
        .collect()
}

/// Returns what is in the target. The first look is kept: later looks are about the same instances.
async fn inventory(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Inventory, TargetError> {
    let key = request.key(TargetObject::Inventory);
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
    member: MemberConfig,
    ec2: Vec<Ec2Instance>,
    managed: Vec<ManagedInstance>,
}

async fn see(context: &FunctionContext, request: &TargetRequest, settings: &StepSettings) -> Result<Seen, TargetError> {
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let ssm = Ssm::new(&member);
    let facts: Result<_, CallError> = tokio::try_join!(ec2::instances(&member, &settings.select), ssm.managed(None));
    let (ec2, managed) = context.sessions.target_result(&request.target, facts).await?;
    Ok(Seen { member, ec2, managed })
}

async fn look(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Inventory, TargetError> {
    let Seen { ec2, managed, .. } = see(context, request, settings).await?;
    Ok(Inventory {
        at: request.now,
        instances: list::inventory(&settings.select, &ec2, &managed),
        conflict_notes: Vec::new(),
    })
}

/// Lists a target that the run never came to. Failing to enter the account does not change the record.
async fn list(context: &FunctionContext, request: &TargetRequest, settings: &StepSettings) -> Result<Next, RunError> {
    let entry: GateAnswer =
        context.store.get_once(&keys::of_step(&request.run_id, &request.step, StepObject::Entry)).await?;
    let empty = Inventory { at: request.now, instances: Vec::new(), conflict_notes: Vec::new() };
    if settings.operation.is_about_baselines_only() {
        context.write_record(request, &not_attempted(request.target.clone(), &empty, &entry.reason)).await?;
        return Ok(Next::done(request.phase, request.pass));
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
    Ok(Next::done(request.phase, request.pass))
}
