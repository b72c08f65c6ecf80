//! One look at a target's commands: the facts are fetched here, what they mean is decided in the core.

use std::collections::{BTreeMap, HashMap};

use futures::stream::{self, StreamExt, TryStreamExt};
use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::{IntentScope, Ledger};
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::inventory::Inventory;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::promotion;
use orgpatch_engine::results::command_results::CommandResult;
use orgpatch_engine::results::instance_results::{Evidence, Judged, View};
use orgpatch_engine::results::invocation::InvocationResult;
use orgpatch_engine::results::{InstanceRow, TargetRecord, command_results, instance_results};
use orgpatch_engine::sending::intent::IntentState;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::patch::{Patch, WithheldPatches};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::keys::TargetObject;
use orgpatch_records::messages::{Progress, TargetRequest};

/// So many calls are under way at the same time in one target; Systems Manager's limits are not documented, and
/// this is what one operator with a few consoles makes.
const CONCURRENCY: usize = 8;

/// A compliance row that is not there yet is looked for after so many seconds.
const ROW_LOOK_SECONDS: u32 = 60;

/// Looks once, and writes the target's record if everything is final.
pub async fn collect(
    context: &FunctionContext,
    ledger: &Ledger,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Progress, TargetError> {
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let look = Look { context, ledger, request, settings, ssm: Ssm::new(&member) };
    match request.phase {
        Phase::Install => {
            let asked = look.asked(Phase::Install).await?;
            Ok(look.still_running(&asked).unwrap_or(Progress::Done))
        }
        Phase::PreInstallScan => look.before_install().await,
        Phase::Verify => look.after_install().await,
        // `expect_phase` refuses the other phases.
        Phase::Inventory | Phase::Scan | Phase::PreviewBaselines | Phase::RestoreBaselines => look.after_scan().await,
    }
}

struct Look<'a> {
    context: &'a FunctionContext,
    ledger: &'a Ledger,
    request: &'a TargetRequest,
    settings: &'a StepSettings,
    ssm: Ssm,
}

impl Look<'_> {
    async fn after_scan(&self) -> Result<Progress, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let asked = self.asked(Phase::Scan).await?;
        if let Some(running) = self.still_running(&asked) {
            return Ok(running);
        }
        let inventory: Inventory = store
            .get_once(&keys::of_target(&request.run_id, &request.step, &request.target, TargetObject::Inventory))
            .await?;
        let evidence = self.evidence(&asked).await?;
        let withheld = WithheldPatches::new();
        let view = self.view(&withheld);
        let Some(judged) = instance_results::judge_scan(view, &inventory, &asked, &evidence) else {
            return Ok(Progress::Running { wait_seconds: ROW_LOOK_SECONDS });
        };
        let patches = self.patches(&judged).await?;
        let rows = instance_results::scan_rows(view, &inventory, &asked, &judged, &patches);
        self.write(rows, inventory.conflict_notes).await
    }

    /// Writes what is left of the order: the instances for which the scan has shown that only tested patches would go
    /// in.
    async fn before_install(&self) -> Result<Progress, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let asked = self.asked(Phase::PreInstallScan).await?;
        if let Some(running) = self.still_running(&asked) {
            return Ok(running);
        }
        let order = step_inputs::planned_install(store, request).await?.into_ordered();
        let evidence = self.evidence(&asked).await?;
        let Some(judged) =
            instance_results::judge_pre_install_scan(self.view(&order.withheld), &order, &asked, &evidence)
        else {
            return Ok(Progress::Running { wait_seconds: ROW_LOOK_SECONDS });
        };
        let patches = self.patches(&judged).await?;
        let tested = step_inputs::tested(store, &request.run_id, self.settings).await?;
        let order = promotion::cleared(order, &tested, &mut instance_results::held(judged, &patches));
        store
            .write_once(
                &keys::of_target(&request.run_id, &request.step, &request.target, TargetObject::Approved),
                &order,
            )
            .await?;
        Ok(Progress::Done)
    }

    async fn after_install(&self) -> Result<Progress, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let verified = self.asked(Phase::Verify).await?;
        if let Some(running) = self.still_running(&verified) {
            return Ok(running);
        }
        let installable = step_inputs::installable(store, request).await?;
        let Some(order) = installable.to_send() else {
            // Nothing was sent, and why is recorded already.
            return Ok(Progress::Done);
        };
        let scanned: TargetRecord =
            store.get(&keys::of_target(&request.run_id, &request.step, &request.target, TargetObject::Scan)).await?;
        let installed = self.asked(Phase::Install).await?;
        let evidence = self.evidence(&verified).await?;
        let view = self.view(&order.withheld);
        let Some(judged) =
            instance_results::judge_install(view, order, &scanned.instances, &installed, &verified, &evidence)
        else {
            return Ok(Progress::Running { wait_seconds: ROW_LOOK_SECONDS });
        };
        let patches = self.patches(&judged).await?;
        let rows =
            instance_results::install_rows(scanned.instances, order, &[&installed, &verified], &judged, &patches);
        self.write(rows, Vec::new()).await
    }

    /// One answer per instance of the phase's commands.
    async fn asked(&self, phase: Phase) -> Result<BTreeMap<String, CommandResult>, TargetError> {
        let request = self.request;
        let scope = IntentScope::of(&request.run_id, &request.step, &request.target, phase);
        let intents = self.ledger.intents(&scope).await?;
        let commands: Vec<String> = intents
            .iter()
            .filter_map(|intent| match &intent.state {
                IntentState::Sent { command_id } => Some(command_id.clone()),
                _ => None,
            })
            .collect();
        let invocations =
            self.all(commands, |id| async move { Ok((id.clone(), self.ssm.invocations(&id).await?)) }).await?;
        let invocations: HashMap<_, _> = invocations.into_iter().collect();
        Ok(command_results::answers(
            phase,
            &intents,
            &invocations,
            &self.settings.rate.max_concurrency.to_string(),
            request.now,
        ))
    }

    fn still_running(&self, asked: &BTreeMap<String, CommandResult>) -> Option<Progress> {
        command_results::next_look_seconds(asked, self.request.now)
            .map(|wait_seconds| Progress::Running { wait_seconds })
    }

    /// The compliance rows of the instances whose scan ended with success; the others have none of this run.
    async fn evidence(&self, asked: &BTreeMap<String, CommandResult>) -> Result<Evidence, TargetError> {
        let answered = asked.iter().filter(|(_, asked)| asked.answer == InvocationResult::Succeeded);
        let ids: Vec<String> = answered.map(|(id, _)| id.clone()).collect();
        match self.ssm.patch_states(&ids).await {
            Ok(states) => Ok(Evidence::new(states)),
            Err(error) => Err(self.context.sessions.target_error(&self.request.target, error).await),
        }
    }

    /// The patches of the instances that lack some; the API gives them one instance at a time.
    async fn patches(&self, judged: &BTreeMap<String, Judged>) -> Result<HashMap<String, Vec<Patch>>, TargetError> {
        let ids: Vec<String> =
            judged.iter().filter(|(_, judged)| judged.has_patches_to_list()).map(|(id, _)| id.clone()).collect();
        let patches = self.all(ids, |id| async move { Ok((id.clone(), self.ssm.patches_to_do(&id).await?)) }).await?;
        Ok(patches.into_iter().collect())
    }

    async fn all<I, T, F>(&self, items: Vec<I>, call: impl Fn(I) -> F) -> Result<Vec<T>, TargetError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let all = stream::iter(items.into_iter().map(call)).buffer_unordered(CONCURRENCY).try_collect().await;
        self.context.sessions.target_result(&self.request.target, all).await
    }

    async fn write(&self, instances: Vec<InstanceRow>, conflict_notes: Vec<Reason>) -> Result<Progress, TargetError> {
        let request = self.request;
        let record = TargetRecord {
            target: request.target.clone(),
            outcome: TargetOutcome::Reached,
            reason: Reason::new(ReasonCode::Reached, "every instance has its own outcome"),
            at: request.now,
            instances,
            conflict_notes,
        };
        self.context.write_record(request, &record).await?;
        Ok(Progress::Done)
    }

    fn view<'v>(&'v self, withheld: &'v WithheldPatches) -> View<'v> {
        View { run_id: &self.request.run_id, target: &self.request.target, withheld, now: self.request.now }
    }
}
