//! The baselines of a target. In an install run they become what the plan says before the first scan, since compliance is
//! recorded against them. A scan run only compares them. A run about baselines shows the difference, makes it go away, or gives
//! back what was there before.

mod apply;
mod preview;
mod restore;

use std::collections::BTreeMap;

pub use apply::apply;
use orgpatch_aws::clients::baselines::{Applied, Baselines, Looked};
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::baselines::{
    AppliedBaselines, Baseline, BaselineMemory, BaselineRecord, Change, ComparedBaseline, Observed, Previous, Refusal,
    RefusedChanges, blocked, difference, not_compared, with_refusals,
};
use orgpatch_engine::inventory::{Eligibility, Inventory, list};
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::without_instances;
use orgpatch_model::english;
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::AllowedSources;
use orgpatch_records::keys;
use orgpatch_records::keys::TargetObject;
use orgpatch_records::messages::TargetRequest;
pub use preview::preview;
pub use restore::restore;

/// Compares and changes only what differs, for the operating systems that the target has to scan. Instances of an
/// operating system whose baseline cannot be as the plan wants it, or whose change AWS refuses, are held back; the others
/// go on.
pub async fn converge(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    inventory: &mut Inventory,
) -> Result<(), TargetError> {
    let key = request.key(TargetObject::AppliedBaselines);
    if let Some(applied) = context.store.find_once::<AppliedBaselines>(&key).await? {
        // An earlier try decided which operating systems have the plan's baseline. Results are compared with what it wrote.
        let wanted = wanted(context, request, settings).await?;
        let wanted = wanted.iter().map(|baseline| baseline.operating_system);
        list::skip_blocked(&mut inventory.instances, &applied.blocked_of(wanted));
        return Ok(());
    }
    let Some(found) = compare(context, request, settings, inventory).await? else {
        return Ok(());
    };
    let (changes, compared) = (found.record.changes.clone(), found.record.compared.clone());
    let Applied { created, refusals } = found.change(context, request).await?;
    let blocked = blocked(&with_refusals(changes, &refusals));
    let applied = AppliedBaselines::new((&request.target, request.now), &compared, &created, blocked);
    context.store.write_once(&key, &applied).await?;
    list::skip_blocked(&mut inventory.instances, &applied.blocked);
    Ok(())
}

/// Records how the baselines differ from the plan, and changes nothing in the account. Returns the differences, with what AWS
/// refused to show.
pub async fn record_difference(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    inventory: &Inventory,
) -> Result<Option<Vec<Change>>, TargetError> {
    let Some(found) = compare(context, request, settings, inventory).await? else {
        return Ok(None);
    };
    write(context, request, TargetObject::Baselines, &found.record).await?;
    warn_and_write_refusals(context, request, &found.refusals).await?;
    Ok(Some(with_refusals(found.record.changes, &found.refusals)))
}

/// Puts what is not tested on the lists of rejected patches. If AWS refuses that, nothing is installed in the target. Whether
/// it worked is not asked here: the scan behind it shows what would really go in. Only baselines of ours change, so that
/// there is nothing to give back.
pub async fn withhold(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    withheld: &WithheldPatches,
) -> Result<(), TargetError> {
    let holding = |baseline: &Baseline| Some(baseline.withholding(withheld.get(&baseline.operating_system)?));
    let baselines = wanted(context, request, settings).await?;
    let desired: Vec<Baseline> = baselines.iter().filter_map(holding).collect();
    let found = difference_to(context, request, settings, desired).await?;
    let compared = found.record.compared.clone();
    let Applied { created, .. } = found.change_all(context, request).await?;
    let applied = AppliedBaselines::new((&request.target, request.now), &compared, &created, BTreeMap::new());
    Ok(context.store.write_once(&request.key(TargetObject::AppliedWithholding), &applied).await?)
}

/// Returns what is left to do for the operating systems that the target has to scan; None if the plan has a baseline
/// for none of them.
async fn compare(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    inventory: &Inventory,
) -> Result<Option<Found>, TargetError> {
    let selected =
        |os| inventory.instances.iter().any(|one| one.os == Some(os) && one.eligibility == Eligibility::Eligible);
    let mut desired = wanted(context, request, settings).await?;
    desired.retain(|baseline| selected(baseline.operating_system));
    if desired.is_empty() {
        return Ok(None);
    }
    difference_to(context, request, settings, desired).await.map(Some)
}

/// Returns the baselines that the target must have. Their sources are checked again, by what the stack allows: packages from
/// there are installed by root.
async fn wanted(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Vec<Baseline>, TargetError> {
    let baselines = step_inputs::baselines(&context.store, &request.run_id, settings, &request.hashes).await?;
    let allowed = AllowedSources::read(&request.allowed_patch_sources).map_err(RunError::InvalidInput)?;
    for Baseline { operating_system, definition, .. } in &baselines {
        let checked = allowed.check(*operating_system, &definition.sources);
        checked.map_err(|error| RunError::RecordsChanged(format!("a baseline of the step is not allowed: {error}")))?;
    }
    Ok(baselines)
}

async fn difference_to(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    desired: Vec<Baseline>,
) -> Result<Found, TargetError> {
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let (baselines, memory) = (Baselines::new(&member), remembered(context, request).await?);
    let looked = baselines.observe(&desired, memory.is_of_earlier_version()).await;
    let Looked { observed, mut refusals, is_incomplete } =
        context.sessions.target_result(&request.target, looked).await?;
    if is_incomplete && memory.is_of_earlier_version() {
        // The list of what orgpatch created is made from all baselines once. Made from some of them, it would disown the others.
        let is_refused = |os| refusals.iter().any(|refusal| refusal.operating_system == os);
        let others = desired.iter().map(|baseline| baseline.operating_system).filter(|os| !is_refused(*os));
        let others: Vec<Refusal> = others.map(|os| Refusal::of_look(os, "not every baseline could be read")).collect();
        refusals.extend(others);
    }
    let observed = observed.recognized(&memory);
    let mut desired = desired;
    desired.retain(|baseline| refusals.iter().all(|refusal| refusal.operating_system != baseline.operating_system));
    let changes = difference(&desired, &observed);
    let is_frozen = settings.is_frozen();
    let compared =
        desired.iter().map(|baseline| ComparedBaseline::of(baseline, &observed, &changes, is_frozen)).collect();
    let previous = Previous::of(&changes, &observed);
    let (target, not_compared) = (request.target.clone(), not_compared(&refusals));
    let record = BaselineRecord { target, at: request.now, previous, changes, compared, not_compared };
    Ok(Found { baselines, desired, memory, observed, record, refusals, is_incomplete })
}

/// What a target has, and what is to be done about it.
struct Found {
    baselines: Baselines,
    /// What it should have. The record does not hold the sources of a baseline whole.
    desired: Vec<Baseline>,
    /// What earlier runs remembered.
    memory: BaselineMemory,
    observed: Observed,
    record: BaselineRecord,
    /// What AWS refused to show. Nothing is wanted of these operating systems.
    refusals: Vec<Refusal>,
    /// True if AWS refused to show something, of these operating systems or of others.
    is_incomplete: bool,
}

impl Found {
    /// Makes the changes and returns what was created and what AWS refused.
    async fn change(self, context: &FunctionContext, request: &TargetRequest) -> Result<Applied, TargetError> {
        // Before the first change, and once: a retry that finds half of it done would record our own baseline as what
        // was the default before.
        write(context, request, TargetObject::Baselines, &self.record).await?;
        let memory = self.expect(context, request).await?;
        let made = self.baselines.apply(&self.record.changes, &self.desired, &token(request)).await;
        let mut applied = context.sessions.target_result(&request.target, made).await?;
        remember(context, request, &memory, &memory.clone().after(&applied.created, self.is_incomplete)).await?;
        applied.refusals = self.refusals.into_iter().chain(applied.refusals).collect();
        warn_and_write_refusals(context, request, &applied.refusals).await?;
        Ok(applied)
    }

    /// Makes the changes and returns what was created. Fails if AWS refuses one, or a look.
    async fn change_all(self, context: &FunctionContext, request: &TargetRequest) -> Result<Applied, TargetError> {
        if !self.refusals.is_empty() {
            return Err(refused(&[], &self.refusals));
        }
        write(context, request, TargetObject::WithholdingBaselines, &self.record).await?;
        let memory = self.expect(context, request).await?;
        let made = self.baselines.apply_all(&self.record.changes, &self.desired, &token(request)).await;
        let applied = context.sessions.target_result(&request.target, made).await?;
        remember(context, request, &memory, &memory.clone().after(&applied.created, self.is_incomplete)).await?;
        Ok(applied)
    }

    /// Remembers what will be replaced and created, before it is: a function that dies in between finds its own again.
    async fn expect(&self, context: &FunctionContext, request: &TargetRequest) -> Result<BaselineMemory, TargetError> {
        log(request, &self.record.changes);
        if self.is_incomplete && self.memory.is_of_earlier_version() {
            return Ok(self.memory.clone());
        }
        let memory = self.memory.clone().before(&self.record.changes, &self.observed, self.is_incomplete);
        remember(context, request, &self.memory, &memory).await?;
        Ok(memory)
    }
}

/// Returns what earlier runs remembered of the target.
async fn remembered(context: &FunctionContext, request: &TargetRequest) -> Result<BaselineMemory, TargetError> {
    Ok(context.store.find(&keys::earlier_baselines(&request.target)).await?.unwrap_or_default())
}

/// Writes what is to be remembered of the target, if it differs from what is written. Only one run at a time does so.
async fn remember(
    context: &FunctionContext,
    request: &TargetRequest,
    written: &BaselineMemory,
    memory: &BaselineMemory,
) -> Result<(), TargetError> {
    if memory != written {
        context.store.write(&keys::earlier_baselines(&request.target), memory).await?;
    }
    Ok(())
}

/// Writes the record of this step. The first one stands: a retry finds less to do.
async fn write(
    context: &FunctionContext,
    request: &TargetRequest,
    object: TargetObject,
    record: &BaselineRecord,
) -> Result<(), TargetError> {
    Ok(context.store.write_once(&request.key(object), record).await?)
}

/// Keeps what AWS refused, so that the report shows only changes that were made as made. The first record stands.
async fn warn_and_write_refusals(
    context: &FunctionContext,
    request: &TargetRequest,
    refusals: &[Refusal],
) -> Result<(), TargetError> {
    for refusal in refusals {
        tracing::warn!(run = request.run_id, account = request.target.account_id, "{}", refusal.reason.text);
    }
    if refusals.is_empty() {
        return Ok(());
    }
    let record = RefusedChanges { target: request.target.clone(), refusals: refusals.to_vec() };
    Ok(context.store.write_once(&request.key(TargetObject::RefusedBaselines), &record).await?)
}

fn log(request: &TargetRequest, changes: &[Change]) {
    for change in changes.iter().filter(|change| change.is_write()) {
        tracing::info!(
            run = request.run_id,
            account = request.target.account_id,
            region = request.target.region,
            "{change}"
        );
    }
}

/// Identifies the run and target, so that a retry does not create a baseline again.
fn token(request: &TargetRequest) -> String {
    format!("{}/{}/{}", request.run_id, request.target.account_id, request.target.region)
}

/// The record of a target in a run about baselines: no instance is in it.
async fn recorded(context: &FunctionContext, request: &TargetRequest, reason: Reason) -> Result<Next, TargetError> {
    let record = without_instances(request.target.clone(), TargetOutcome::Reached, reason, request.now);
    context.write_record(request, &record).await?;
    Ok(Next::done(request.phase, request.pass))
}

/// Ends a target of a run about baselines: as an error if AWS refused something, and otherwise with the reason that `told` gives for
/// what was made.
async fn ended(
    context: &FunctionContext,
    request: &TargetRequest,
    changes: Vec<Change>,
    refusals: &[Refusal],
    told: impl FnOnce(&[Change]) -> Reason,
) -> Result<Next, TargetError> {
    let made = with_refusals(changes, refusals);
    if !refusals.is_empty() {
        return Err(refused(&made, refusals));
    }
    recorded(context, request, told(&made)).await
}

/// Returns the end of a target in which AWS refused something. The changes of the other operating systems are made.
fn refused(made: &[Change], refusals: &[Refusal]) -> TargetError {
    let reasons: Vec<&str> = refusals.iter().map(|refusal| refusal.reason.text.as_str()).collect();
    let text = format!("{} made; {}", counted(made), reasons.join("; "));
    TargetError::Outcome(TargetOutcome::Error, Reason::new(ReasonCode::BaselineRefused, text))
}

/// Returns how many calls those changes are, in words.
fn counted(changes: &[Change]) -> String {
    english::counted(changes.iter().filter(|change| change.is_write()).count(), "change")
}

/// The reason of a target for which there is nothing to compare.
fn nothing_to_compare(settings: &StepSettings) -> Reason {
    if settings.baselines.is_empty() {
        return Reason::new(
            ReasonCode::NoBaselines,
            "the plan has no baselines here: those that the account has are used as they are",
        );
    }
    Reason::new(
        ReasonCode::NothingToScan,
        "no instance could be asked for which the plan has a baseline, so a run would change none",
    )
}
