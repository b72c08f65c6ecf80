//! The results of a target's scans: the facts are fetched here, what they mean is decided in the rules. The results of one chunk
//! of instances are in memory at a time.

mod rules;

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::lambda::TimeLeft;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::{IntentScope, Ledger, PhaseAndPass};
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::baselines::{AppliedBaselines, BaselineRecord, CheckedBaselines, ComparedBaseline};
use orgpatch_engine::install::order::InstallOrder;
use orgpatch_engine::install::second_pass::{SecondPassRules, after_both, second_pass};
use orgpatch_engine::inventory::Inventory;
use orgpatch_engine::matches::PlanEntry;
use orgpatch_engine::phases;
use orgpatch_engine::phases::{Next, NextFunction};
use orgpatch_engine::planner::{Promotion, StepSettings};
use orgpatch_engine::promotion;
use orgpatch_engine::promotion::TestedSet;
use orgpatch_engine::results::command_results::CommandResult;
use orgpatch_engine::results::instance_results::{Evidence, Judged, View};
use orgpatch_engine::results::other_baseline::OtherBaseline;
use orgpatch_engine::results::rules_seen::RulesSeen;
use orgpatch_engine::results::{InstanceRow, TargetRecord, command_results, instance_results};
use orgpatch_engine::sending::intent::Intent;
use orgpatch_engine::sending::invocation::InvocationResult;
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::patch::{PatchList, WithheldPatches};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::{Pass, Phase};
use orgpatch_records::keys::{ChunkObject, TargetObject};
use orgpatch_records::messages::TargetRequest;

/// So many calls are under way at the same time in one target; Systems Manager's limits are not documented, and
/// this is what one operator with a few consoles makes.
const CONCURRENCY: usize = 8;

/// A compliance row that is not there yet is looked for after so many seconds.
const ROW_LOOK_SECONDS: u32 = 60;

/// What came of each instance in a phase.
type Results = BTreeMap<String, CommandResult>;

/// Looks once, and writes the record of each chunk of the target whose results are all final.
pub async fn collect(
    context: &FunctionContext,
    ledger: &Ledger,
    request: &TargetRequest,
    settings: &StepSettings,
    time: TimeLeft,
) -> Result<Next, TargetError> {
    let scope = IntentScope::of(&request.run_id, &request.step, &request.target);
    let intents = ledger.intents(&scope).await?;
    let Some(scanned) = results(&intents, (request.phase, request.pass)) else {
        // A copy of the function that sends is not finished: it goes on first.
        return Ok(Next::again(phases::sender(request.phase), (request.phase, request.pass), 0));
    };
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let ssm = Ssm::new(&member);
    let look = Look { context, request, settings, ssm, intents, now: ledger.now()?, time };
    match request.phase {
        Phase::PreInstallScan => look.before_install(&scanned).await,
        Phase::Verify => look.after_install(&scanned).await,
        // `expect_phase` refuses the other phases.
        _ => look.after_scan(&scanned).await,
    }
}

/// Returns the results of a phase and pass; None if an instance has not ended.
fn results(intents: &[(PhaseAndPass, Intent)], wanted: PhaseAndPass) -> Option<Results> {
    command_results::results(intents.iter().filter(|(of, _)| *of == wanted).map(|(_, intent)| intent))
}

struct Look<'a> {
    context: &'a FunctionContext,
    request: &'a TargetRequest,
    settings: &'a StepSettings,
    ssm: Ssm,
    intents: Vec<(PhaseAndPass, Intent)>,
    /// The time of the ledger when the intents were read.
    now: Timestamp,
    time: TimeLeft,
}

/// What inventory and scan say of the target and not of an instance. The record of the scan keeps it.
#[derive(Default)]
struct Seen {
    conflict_notes: Vec<Reason>,
    matching: Option<Vec<PlanEntry>>,
    rules: Vec<RulesSeen>,
}

/// How a look at a chunk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChunkState {
    /// Its record is written, or it needs none.
    Recorded,
    /// Its record is written, and some of its instances get a second pass.
    AnotherPass,
    /// The result of an instance is not final.
    Open,
}

impl Look<'_> {
    async fn after_scan(&self, asked: &Results) -> Result<Next, TargetError> {
        let baselines = &self.checked_baselines().await?;
        self.each_chunk(async |chunk| {
            let (request, store) = (self.request, &self.context.store);
            let inventory: Inventory = store.get(&request.chunk_key(ChunkObject::Inventory, chunk)).await?;
            let ids = inventory.instances.iter().map(|one| one.instance_id.as_str());
            let evidence = self.evidence(ids, asked).await?;
            let withheld = WithheldPatches::new();
            let view = self.view(&withheld);
            let Some(judged) = instance_results::judge_scan(view, &inventory, asked, &evidence) else {
                return Ok(ChunkState::Open);
            };
            let patches = self.patches(&judged).await?;
            let mut rows = instance_results::scan_rows(view, &inventory, asked, &judged, patches);
            match self.settings.operation {
                Operation::Scan => instance_results::mark_judged_by(&mut rows, &judged, baselines),
                _ => self.other_baseline(&baselines.compared).after_scan(&mut rows, &judged),
            }
            let rules = rules::seen(self, baselines, &rows, &judged).await?;
            let Inventory { conflict_notes, matching, .. } = inventory;
            self.write(chunk, rows, Seen { conflict_notes, matching, rules }).await
        })
        .await
    }

    /// Writes what is left of the order: the instances for which the scan has shown that only tested patches would go
    /// in.
    async fn before_install(&self, asked: &Results) -> Result<Next, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let tested = &step_inputs::tested(store, &request.run_id, self.settings).await?;
        let compared = &self.checked_baselines().await?.compared;
        self.each_chunk(async |chunk| {
            let Some(planned) = step_inputs::planned_install(store, request, chunk).await? else {
                return Ok(ChunkState::Recorded);
            };
            let order = planned.into_ordered();
            let scanned = self.scan_record(chunk).await?;
            let evidence = self.evidence(ids(&order), asked).await?;
            let view = self.view(&order.withheld);
            let judged = instance_results::judge_pre_install_scan(view, &order, &scanned.instances, asked, &evidence);
            let Some(mut judged) = judged else { return Ok(ChunkState::Open) };
            self.other_baseline(compared).before_install(&order, &mut judged);
            let patches = self.patches(&judged).await?;
            let order = promotion::approve(order, tested, &mut instance_results::found(judged, patches));
            store.write_once(&request.chunk_key(ChunkObject::Approved, chunk), &order).await?;
            Ok(ChunkState::Recorded)
        })
        .await
    }

    async fn after_install(&self, verified: &Results) -> Result<Next, TargetError> {
        let pass = self.request.pass;
        let Some(installed) = &results(&self.intents, (Phase::Install, pass)) else {
            return Ok(Next::again(NextFunction::Install, (Phase::Install, pass), 0));
        };
        let tested = &self.only_tested().await?;
        let compared = &self.checked_baselines().await?.compared;
        self.each_chunk(async |chunk| match pass {
            Pass::First => self.after_first_pass(chunk, (installed, verified), compared, tested.as_ref()).await,
            Pass::Second => self.after_second_pass(chunk, (installed, verified), compared).await,
        })
        .await
    }

    async fn after_first_pass(
        &self,
        chunk: u32,
        (installed, verified): (&Results, &Results),
        compared: &[ComparedBaseline],
        tested: Option<&TestedSet>,
    ) -> Result<ChunkState, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let Some(installable) = step_inputs::installable(store, request, chunk).await? else {
            return Ok(ChunkState::Recorded);
        };
        let order = installable.into_ordered();
        let scanned = self.scan_record(chunk).await?;
        let Some(rows) = self.rows(&order, scanned.instances, (installed, verified), compared).await? else {
            return Ok(ChunkState::Open);
        };
        let systems = |os| self.settings.passes_of(os) > 1;
        let other_baseline = self.settings.conflicts.other_baseline;
        let rules = SecondPassRules { systems: &systems, only_tested: tested, other_baseline };
        let time_over = request.time_over(self.now).is_some();
        if let Some(pass) = second_pass(&order, &rows, installed, rules).filter(|_| !time_over) {
            store.write_once(&request.chunk_key(ChunkObject::FirstPass, chunk), &pass).await?;
            return Ok(ChunkState::AnotherPass);
        }
        self.write(chunk, rows, Seen::default()).await
    }

    async fn after_second_pass(
        &self,
        chunk: u32,
        (installed, verified): (&Results, &Results),
        compared: &[ComparedBaseline],
    ) -> Result<ChunkState, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let Some(first) = step_inputs::first_pass(store, request, chunk).await? else {
            return Ok(ChunkState::Recorded);
        };
        let again: HashSet<&str> = ids(&first.second).collect();
        let before = first.rows.iter().filter(|row| again.contains(row.instance_id.as_str())).cloned().collect();
        let Some(rows) = self.rows(&first.second, before, (installed, verified), compared).await? else {
            return Ok(ChunkState::Open);
        };
        self.write(chunk, after_both(first, rows, installed), Seen::default()).await
    }

    /// Works on the chunks of the target that are not recorded, one after the other, as long as there is time. What is final is
    /// recorded, whatever is still open elsewhere.
    async fn each_chunk(
        &self,
        mut work: impl AsyncFnMut(u32) -> Result<ChunkState, TargetError>,
    ) -> Result<Next, TargetError> {
        let count = step_inputs::chunks(&self.context.store, self.request).await?.count();
        let (mut has_worked, mut open, mut another_pass) = (false, false, false);
        // Each look begins at another chunk, so that chunks that stay open hold up no others.
        let first = self.request.look % count;
        for number in (0..count).map(|after| 1 + (first + after) % count) {
            let chunk = match self.recorded(number).await? {
                Some(chunk) => chunk,
                // One chunk at least is worked on, so that the next invocation comes further.
                None if has_worked && self.time.is_short() => {
                    return Ok(self.again(if open { ROW_LOOK_SECONDS } else { 0 }));
                }
                None => {
                    has_worked = true;
                    work(number).await?
                }
            };
            match chunk {
                ChunkState::Recorded => {}
                ChunkState::AnotherPass => another_pass = true,
                ChunkState::Open => open = true,
            }
        }
        if open {
            return Ok(self.again(ROW_LOOK_SECONDS));
        }
        Ok(phases::collected(self.request.phase, self.request.pass, another_pass))
    }

    /// Returns what an earlier try has recorded of a chunk; None if nothing. It stands, whatever is found now.
    async fn recorded(&self, chunk: u32) -> Result<Option<ChunkState>, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        let of = |object| request.chunk_key(object, chunk);
        let record = match request.phase {
            Phase::PreInstallScan => ChunkObject::Approved,
            phase => ChunkObject::record(phase),
        };
        if store.exists(&of(record)).await? {
            return Ok(Some(ChunkState::Recorded));
        }
        let may_have_first_pass = request.phase == Phase::Verify && request.pass == Pass::First;
        if may_have_first_pass && store.exists(&of(ChunkObject::FirstPass)).await? {
            return Ok(Some(ChunkState::AnotherPass));
        }
        Ok(None)
    }

    /// Returns the rows after a pass; None while a result is not final.
    async fn rows(
        &self,
        order: &InstallOrder,
        before: Vec<InstanceRow>,
        (installed, verified): (&Results, &Results),
        compared: &[ComparedBaseline],
    ) -> Result<Option<Vec<InstanceRow>>, TargetError> {
        let evidence = self.evidence(ids(order), verified).await?;
        let view = self.view(&order.withheld);
        let Some(judged) = instance_results::judge_install(view, order, &before, installed, verified, &evidence) else {
            return Ok(None);
        };
        let patches = self.patches(&judged).await?;
        let commands = [installed, verified];
        let mut rows = instance_results::install_rows(before, order, &commands, &judged, patches);
        self.other_baseline(compared).after_install(&mut rows, &judged);
        Ok(Some(rows))
    }

    /// Returns the plan's baselines as the target has them. Empty: the plan has none there, so that whichever the account has is
    /// right.
    async fn checked_baselines(&self) -> Result<CheckedBaselines, TargetError> {
        let (request, store) = (self.request, &self.context.store);
        // Those of a frozen step are not in its settings.
        if self.settings.baselines.is_empty() && !self.settings.is_frozen() {
            return Ok(CheckedBaselines::default());
        }
        if self.settings.operation == Operation::Scan {
            let found: Option<BaselineRecord> = store.find_once(&request.key(TargetObject::Baselines)).await?;
            let found =
                found.map(|BaselineRecord { compared, not_compared, .. }| CheckedBaselines { compared, not_compared });
            return Ok(found.unwrap_or_default());
        }
        let scan = store.find_once(&request.key(TargetObject::AppliedBaselines)).await?;
        let withholds = self.settings.promotion.as_ref().is_some_and(Promotion::withholds_untested);
        let withholding = if withholds && request.phase != Phase::Scan {
            store.find_once(&request.key(TargetObject::AppliedWithholding)).await?
        } else {
            None
        };
        let compared = AppliedBaselines::in_install(scan, withholding);
        Ok(CheckedBaselines { compared, ..CheckedBaselines::default() })
    }

    fn other_baseline<'b>(&self, compared: &'b [ComparedBaseline]) -> OtherBaseline<'b> {
        OtherBaseline { compared, setting: self.settings.conflicts.other_baseline }
    }

    async fn scan_record(&self, chunk: u32) -> Result<TargetRecord, TargetError> {
        Ok(self.context.store.get(&self.request.chunk_key(ChunkObject::Scan, chunk)).await?)
    }

    /// Returns the tested set where the stage withholds everything else.
    async fn only_tested(&self) -> Result<Option<TestedSet>, TargetError> {
        let withholds = self.settings.promotion.as_ref().is_some_and(Promotion::withholds_untested);
        if !withholds {
            return Ok(None);
        }
        Ok(Some(step_inputs::tested(&self.context.store, &self.request.run_id, self.settings).await?))
    }

    /// The same look again after so many seconds.
    fn again(&self, wait_seconds: u32) -> Next {
        Next::again(NextFunction::CollectResults, (self.request.phase, self.request.pass), wait_seconds)
    }

    /// The compliance rows of those of the instances whose scan ended with success; the others have none of this run.
    async fn evidence<'i>(
        &self,
        instances: impl Iterator<Item = &'i str>,
        asked: &Results,
    ) -> Result<Evidence, TargetError> {
        let has_answered = |id: &&str| asked.get(*id).is_some_and(|asked| asked.answer == InvocationResult::Succeeded);
        let ids: Vec<String> = instances.filter(has_answered).map(str::to_owned).collect();
        match self.ssm.patch_states(&ids).await {
            Ok(states) => Ok(Evidence::new(states)),
            Err(error) => Err(self.context.sessions.target_error(&self.request.target, error).await),
        }
    }

    /// The patches of the instances that lack some; the API gives them one instance at a time.
    async fn patches(&self, judged: &BTreeMap<String, Judged>) -> Result<HashMap<String, PatchList>, TargetError> {
        let ids: Vec<String> =
            judged.iter().filter(|(_, judged)| judged.has_patches_to_list()).map(|(id, _)| id.clone()).collect();
        let patches = self.all(ids, |id| async move { Ok((id.clone(), self.ssm.lacking_patches(&id).await?)) }).await?;
        Ok(patches.into_iter().collect())
    }

    async fn all<I, T, F>(&self, items: Vec<I>, call: impl Fn(I) -> F) -> Result<Vec<T>, TargetError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let all = stream::iter(items.into_iter().map(call)).buffer_unordered(CONCURRENCY).try_collect().await;
        self.context.sessions.target_result(&self.request.target, all).await
    }

    async fn write(&self, chunk: u32, instances: Vec<InstanceRow>, seen: Seen) -> Result<ChunkState, TargetError> {
        let request = self.request;
        let record = TargetRecord {
            target: request.target.clone(),
            outcome: TargetOutcome::Reached,
            reason: Reason::new(ReasonCode::Reached, "every instance has its own outcome"),
            at: request.now,
            instances,
            conflict_notes: seen.conflict_notes,
            matching: seen.matching,
            rules: seen.rules,
        };
        let key = request.chunk_key(ChunkObject::record(request.phase), chunk);
        self.context.store.write_once(&key, &record).await?;
        Ok(ChunkState::Recorded)
    }

    fn view<'v>(&'v self, withheld: &'v WithheldPatches) -> View<'v> {
        let Self { request, now, .. } = self;
        let time_over = request.time_over(*now);
        View { run_id: &request.run_id, target: &request.target, withheld, now: *now, time_over }
    }
}

fn ids(order: &InstallOrder) -> impl Iterator<Item = &str> {
    order.instances.iter().map(|one| one.instance_id.as_str())
}
