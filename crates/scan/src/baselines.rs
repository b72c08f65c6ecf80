//! The baselines of a target: before it is scanned they become what the plan says, since compliance is recorded against
//! them. A run about baselines only shows the difference, or gives back what was there before.

mod preview;
mod restore;

use orgpatch_aws::clients::baselines::Baselines;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::baselines::{
    Baseline, BaselineRecord, Change, Previous, Refusal, RefusedChanges, blocked, difference, with_refusals,
};
use orgpatch_engine::inventory::{Eligibility, Inventory, list};
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::reconcile::without_instances;
use orgpatch_model::english;
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::Reason;
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
    let Some((baselines, record)) = compare(context, request, settings, inventory).await? else {
        return Ok(());
    };
    // Before the first change, and once: a retry that finds half of it done would record our own baseline as what
    // was the default before.
    write(context, request, &record).await?;
    remember(context, request, &record.previous).await?;
    let refusals = apply(context, request, &baselines, &record.changes).await?;
    list::skip_blocked(&mut inventory.instances, &blocked(&with_refusals(record.changes, &refusals)));
    write_refusals(context, request, &refusals).await
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
    let (baselines, record) = difference_to(context, request, &desired).await?;
    let key = request.key(TargetObject::WithholdingBaselines);
    context.store.write_once(&key, &record).await?;
    log(request, &record.changes);
    let made = baselines.apply_all(&record.changes, &token(request)).await;
    context.sessions.target_result(&request.target, made).await
}

/// Returns what is left to do for the operating systems that the target has to scan; None if the plan has a baseline
/// for none of them.
async fn compare(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    inventory: &Inventory,
) -> Result<Option<(Baselines, BaselineRecord)>, TargetError> {
    let selected =
        |os| inventory.instances.iter().any(|one| one.os == Some(os) && one.eligibility == Eligibility::Eligible);
    let mut desired = wanted(context, request, settings).await?;
    desired.retain(|baseline| selected(baseline.operating_system));
    if desired.is_empty() {
        return Ok(None);
    }
    difference_to(context, request, &desired).await.map(Some)
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
    desired: &[Baseline],
) -> Result<(Baselines, BaselineRecord), TargetError> {
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let baselines = Baselines::new(&member);
    let observed = context.sessions.target_result(&request.target, baselines.observe(desired).await).await?;
    let changes = difference(desired, &observed);
    let previous = Previous::of(&changes, &observed);
    Ok((baselines, BaselineRecord { target: request.target.clone(), at: request.now, previous, changes }))
}

async fn write(context: &FunctionContext, request: &TargetRequest, record: &BaselineRecord) -> Result<(), TargetError> {
    let key = request.key(TargetObject::Baselines);
    Ok(context.store.write_once(&key, record).await?)
}

/// Keeps what was there before, for `restore-baselines`, until that has given it back. Only one run at a time writes
/// the object.
async fn remember(context: &FunctionContext, request: &TargetRequest, previous: &Previous) -> Result<(), TargetError> {
    if previous.is_empty() {
        return Ok(());
    }
    let key = keys::earlier_baselines(&request.target);
    let known: Previous = context.store.find(&key).await?.unwrap_or_default();
    let both = known.clone().or_later(previous.clone());
    if both != known {
        context.store.write(&key, &both).await?;
    }
    Ok(())
}

/// Keeps what AWS refused, so that the report shows only changes that were made as made.
async fn write_refusals(
    context: &FunctionContext,
    request: &TargetRequest,
    refusals: &[Refusal],
) -> Result<(), TargetError> {
    if refusals.is_empty() {
        return Ok(());
    }
    let record = RefusedChanges { target: request.target.clone(), refusals: refusals.to_vec() };
    Ok(context.store.write_once(&request.key(TargetObject::RefusedBaselines), &record).await?)
}

/// Makes the changes and returns what AWS refused.
async fn apply(
    context: &FunctionContext,
    request: &TargetRequest,
    baselines: &Baselines,
    changes: &[Change],
) -> Result<Vec<Refusal>, TargetError> {
    log(request, changes);
    let applied = baselines.apply(changes, &token(request)).await;
    let refusals = context.sessions.target_result(&request.target, applied).await?;
    for refusal in &refusals {
        tracing::warn!(run = request.run_id, account = request.target.account_id, "{}", refusal.reason.text);
    }
    Ok(refusals)
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

/// Returns how many calls those changes are, in words.
fn counted(changes: &[Change]) -> String {
    english::counted(changes.iter().filter(|change| change.is_write()).count(), "change")
}
