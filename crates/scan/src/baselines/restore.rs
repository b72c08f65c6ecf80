//! Gives back what was there before orgpatch's baselines in a target.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_aws::clients::baselines::Baselines;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::baselines;
use orgpatch_engine::baselines::{BaselineMemory, BaselineRecord, Change, Previous, Refusal};
use orgpatch_engine::inventory::sharing::Sharing;
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_records::keys::TargetObject;
use orgpatch_records::messages::TargetRequest;

use super::{counted, ended, log, recorded, remember, remembered, token, warn_and_write_refusals, write};

/// Registers again what was registered before, wherever a baseline of orgpatch is in its place. It then deletes its record
/// of that, so that a later run records afresh. If AWS refuses an operating system, the target ends as an error: the other
/// operating systems are restored, and the record of the refused one stays, so that a later run can try again.
pub async fn restore(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Next, TargetError> {
    let memory = remembered(context, request).await?;
    if let Some(to) = &settings.restore_to {
        return hand_over(context, request, settings, to, &memory).await;
    }
    let begun = begun(context, request).await?;
    let previous = begun.map_or_else(|| memory.previous.clone(), |record| record.previous);
    if previous.is_empty() {
        return recorded(context, request, nothing_to_give_back()).await;
    }
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let baselines = Baselines::new(&member);
    let observed = context.sessions.target_result(&request.target, baselines.observe_registered().await).await?;
    let observed = observed.recognized(&memory);
    let others = groups_of_others(request, settings);
    let (previous, _) = previous.split(&others);
    let (_, theirs) = memory.previous.clone().split(&others);
    if previous.is_empty() {
        return recorded(context, request, nothing_to_give_back()).await;
    }
    let changes = baselines::restore(&previous, &observed.clone().without_groups(&others));
    let record = BaselineRecord {
        target: request.target.clone(),
        at: request.now,
        previous,
        changes: changes.clone(),
        compared: Vec::new(),
        not_compared: BTreeMap::new(),
    };
    write(context, request, TargetObject::Baselines, &record).await?;
    let refusals = register(context, request, &baselines, &changes).await?;
    let systems: Vec<OperatingSystem> = refusals.iter().map(|refusal| refusal.operating_system).collect();
    let previous = record.previous.only(&systems).or_later(theirs);
    let given_back = BaselineMemory { previous, ..memory.clone().before(&[], &observed, false) };
    remember(context, request, &memory, &given_back).await?;
    warn_and_write_refusals(context, request, &refusals).await?;
    ended(context, request, changes, &refusals, restored).await
}

/// Returns the patch groups of other stages that share the target. Each stage gives back its own, in a run of its own if it is not
/// part of this one.
fn groups_of_others(request: &TargetRequest, settings: &StepSettings) -> BTreeSet<(OperatingSystem, String)> {
    Sharing::of(settings, &request.target).map(|sharing| sharing.other_groups()).unwrap_or_default()
}

fn nothing_to_give_back() -> Reason {
    let text = "no run has replaced anything here, or it was given back before; no instance was asked";
    Reason::new(ReasonCode::NothingToRestore, text)
}

/// Registers the baselines of another plan wherever those of this one are registered. What is remembered of the time before
/// orgpatch stays.
async fn hand_over(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    to: &str,
    memory: &BaselineMemory,
) -> Result<Next, TargetError> {
    let from = &settings.plan;
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let baselines = Baselines::new(&member);
    let observed = context.sessions.target_result(&request.target, baselines.observe_registered().await).await?;
    let observed = observed.recognized(memory).without_groups(&groups_of_others(request, settings));
    let left = baselines::hand_over(from, to, &observed);
    // A retry finds less to do than the first try, which has written down what it was to do.
    let changes = begun(context, request).await?.map_or_else(|| left.clone(), |record| record.changes);
    let record = BaselineRecord {
        target: request.target.clone(),
        at: request.now,
        previous: Previous::default(),
        changes: changes.clone(),
        compared: Vec::new(),
        not_compared: BTreeMap::new(),
    };
    write(context, request, TargetObject::Baselines, &record).await?;
    let refusals = register(context, request, &baselines, &left).await?;
    warn_and_write_refusals(context, request, &refusals).await?;
    ended(context, request, changes, &refusals, |made| handed_over(made, from, to)).await
}

/// Makes the changes and returns what AWS refused. Nothing is created or updated, so no baseline is wanted.
async fn register(
    context: &FunctionContext,
    request: &TargetRequest,
    baselines: &Baselines,
    changes: &[Change],
) -> Result<Vec<Refusal>, TargetError> {
    log(request, changes);
    let made = baselines.apply(changes, &[], &token(request)).await;
    Ok(context.sessions.target_result(&request.target, made).await?.refusals)
}

fn handed_over(changes: &[Change], from: &str, to: &str) -> Reason {
    if changes.iter().any(Change::is_write) {
        let text = format!("{} gave way to the baselines of plan {to}; no instance was asked", counted(changes));
        return Reason::new(ReasonCode::BaselinesRestored, text);
    }
    let text = format!(
        "no baseline of plan {from} is registered that those of plan {to} could replace; no instance was asked"
    );
    Reason::new(ReasonCode::NothingToRestore, text)
}

fn restored(changes: &[Change]) -> Reason {
    if changes.iter().any(Change::is_write) {
        let text = format!("{} gave back what was there before orgpatch; no instance was asked", counted(changes));
        return Reason::new(ReasonCode::BaselinesRestored, text);
    }
    Reason::new(
        ReasonCode::NothingToRestore,
        "nothing of orgpatch is registered where it could be replaced; no instance was asked",
    )
}

/// Returns what an earlier attempt of this step found out: it may have died after it emptied the record.
async fn begun(context: &FunctionContext, request: &TargetRequest) -> Result<Option<BaselineRecord>, TargetError> {
    let key = request.key(TargetObject::Baselines);
    Ok(context.store.find(&key).await?)
}
