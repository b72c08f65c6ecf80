//! `scan`: lists a target's instances, says whether they are ready, and asks those of the selection what is missing.
//!
//! The same function lists the instances of a target that a halted run never came to, asks what would go in while
//! untested patches are held back, and asks again after an install, so that whatever counts as "scanned" is scanned in
//! one way. In a run about baselines it compares, applies or restores those of the target instead, by the rules by which it
//! makes them converge before the first scan of an install run.

mod baselines;
mod competing;
mod inventory;

use std::collections::HashSet;

use inventory::Progress;
use orgpatch_aws::lambda::{self, Error, TimeLeft, environment};
use orgpatch_aws::member::Paces;
use orgpatch_aws::member::context::{FunctionContext, expect_phase};
use orgpatch_aws::member::sending::{Receiver, Sender};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::{IntentScope, Ledger};
use orgpatch_aws::store::step_inputs::to_send;
use orgpatch_engine::gate::GateAnswer;
use orgpatch_engine::phases::{Next, NextFunction};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::{not_asked, not_attempted};
use orgpatch_engine::sending::intent::End;
use orgpatch_model::error::RunError;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::target::{Pass, Phase};
use orgpatch_records::keys;
use orgpatch_records::keys::{Owner, StepObject};
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
            Phase::ApplyBaselines,
            Phase::RestoreBaselines,
        ];
        expect_phase(&request, &phases)?;
        self.ledger.expect_lock(request.lock_holder()).await?;
        let context = &self.context;
        let settings = context.settings(&request).await?;
        let result = match request.phase {
            Phase::Inventory => return list(context, &request, &settings, time).await,
            Phase::PreviewBaselines => baselines::preview(context, &request, &settings).await,
            Phase::ApplyBaselines => baselines::apply(context, &request, &settings).await,
            Phase::RestoreBaselines => baselines::restore(context, &request, &settings).await,
            Phase::Scan if settings.readiness_only => record_readiness(context, &request, &settings, time).await,
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
                let planned = to_send::planned(&context.store, request).await?;
                let withheld = planned.ordered().withheld.clone();
                baselines::withhold(context, request, settings, &withheld).await?;
                (planned.instances_to_prove().map(Receiver::from).collect(), withheld)
            }
            Phase::Verify => self.installed(request).await?,
            _ => match inventory::take(context, request, settings, time).await? {
                Progress::Complete => (inventory::eligible(&context.store, request).await?, WithheldPatches::new()),
                Progress::Unfinished => return Ok(goes_on(request)),
            },
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
        let first = to_send::installable(store, request).await?.into_ordered();
        let order = match request.pass {
            Pass::First => first,
            Pass::Second => to_send::second_pass(store, request, &first).await?,
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
        let installed = order.instances.iter().filter(|one| ended.contains(&one.instance_id));
        Ok((installed.map(Receiver::from).collect(), order.withheld))
    }
}

/// The function goes on in its next invocation, at once.
fn goes_on(request: &TargetRequest) -> Next {
    Next::again(NextFunction::Scan, (request.phase, request.pass), 0)
}

/// Records the target with its findings only. No command is sent.
async fn record_readiness(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    time: TimeLeft,
) -> Result<Next, TargetError> {
    match inventory::take(context, request, settings, time).await? {
        Progress::Complete => {}
        Progress::Unfinished => return Ok(goes_on(request)),
    }
    context.write_record(request, &not_asked(request.target.clone(), request.now)).await?;
    Ok(Next::done(request.phase, request.pass))
}

/// Lists a target that the run never came to. Failing to enter the account does not change the record.
async fn list(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    time: TimeLeft,
) -> Result<Next, RunError> {
    let entry: GateAnswer =
        context.store.get_once(&keys::of_step(&request.run_id, &request.step, StepObject::Entry)).await?;
    let mut reason = entry.reason;
    if !settings.operation.is_about_baselines_only() {
        match inventory::list(context, request, settings, time).await {
            Ok(Progress::Complete) => {}
            Ok(Progress::Unfinished) => return Ok(goes_on(request)),
            Err(TargetError::Run(error)) => return Err(error),
            Err(TargetError::Outcome(_, why)) => {
                reason.text = format!("{}; its instances could not be listed: {}", reason.text, why.text);
            }
        }
    }
    context.write_record(request, &not_attempted(request.target.clone(), reason, request.now)).await?;
    Ok(Next::done(request.phase, request.pass))
}
