//! Lists the instances of a target, says of each where it stands, and writes that down in chunks. Later looks are about the same
//! instances.
//!
//! What is known of every instance before it is checked takes about a kilobyte. The findings take more, and exist for one chunk
//! at a time.

use std::collections::{BTreeSet, HashMap, HashSet};

use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::config::MemberConfig;
use orgpatch_aws::clients::ec2;
use orgpatch_aws::clients::readiness;
use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::lambda::TimeLeft;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sending::Receiver;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::inventory::chunks::Chunks;
use orgpatch_engine::inventory::readiness::attach;
use orgpatch_engine::inventory::sharing::Sharing;
use orgpatch_engine::inventory::{Eligibility, Inventory, InventoryInstance, list, reboots};
use orgpatch_engine::matches;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::readiness::{Checker, TargetFacts};
use orgpatch_model::error::RunError;
use orgpatch_model::input::Operation;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};
use orgpatch_plan::Reboot;
use orgpatch_records::keys::{ChunkObject, TargetObject};
use orgpatch_records::messages::TargetRequest;

use crate::{baselines, competing};

/// So many chunks are written whatever the time, because everything that is known of the target must be read again in the next
/// invocation. They take some seconds of the minute that is kept for the end.
const CHUNKS_AT_LEAST: u32 = 200;

/// How far a function came in its time.
pub enum Progress {
    /// Every chunk is written.
    Complete,
    /// Chunks are left: the function goes on in its next invocation.
    Unfinished,
}

/// Writes what is in the target, with the findings and conflicts of each selected instance. In an install run it makes the
/// baselines converge; in a scan run it only compares them.
pub async fn take(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    time: TimeLeft,
) -> Result<Progress, TargetError> {
    let chunks: Option<Chunks> = context.store.find_once(&request.key(TargetObject::Chunks)).await?;
    if let Some(chunks) = &chunks
        // They are written in their order.
        && context.store.exists(&request.chunk_key(ChunkObject::Inventory, chunks.count())).await?
    {
        return Ok(Progress::Complete);
    }
    let Seen { member, ec2, managed } = see(context, request, settings).await?;
    let mut seen = inventory(context, request, settings, (&ec2, &managed)).await?;
    let facts = facts(context, request, &member, &seen, &ec2, managed).await?;
    competing::detect(context, request, settings, &ec2, &mut seen).await?;
    match settings.operation {
        Operation::Install => baselines::converge(context, request, settings, &mut seen).await?,
        _ => {
            baselines::record_difference(context, request, settings, &seen).await?;
        }
    }
    let chunks = match chunks {
        Some(chunks) => chunks,
        None => cut(context, request, &seen.instances).await?,
    };
    let checked = facts.as_ref().map(|facts| (Checker::new(facts, &settings.select, request.now), by_id(&ec2)));
    write(context, request, &chunks, seen, time, |instances| {
        if let Some((checker, ec2)) = &checked {
            let known = instances.iter().filter_map(|one| ec2.get(one.instance_id.as_str()).copied());
            let findings = checker.check(known);
            attach(instances, findings);
        }
    })
    .await
}

/// Writes what is in the target, and nothing else about it.
pub async fn list(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    time: TimeLeft,
) -> Result<Progress, TargetError> {
    let seen = look(context, request, settings).await?;
    let chunks = cut(context, request, &seen.instances).await?;
    write(context, request, &chunks, seen, time, |_| {}).await
}

/// Returns what is in the target.
pub async fn look(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Inventory, TargetError> {
    let Seen { ec2, managed, .. } = see(context, request, settings).await?;
    Ok(inventory(context, request, settings, (&ec2, &managed)).await?)
}

async fn inventory(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
    (ec2, managed): (&[Ec2Instance], &[ManagedInstance]),
) -> Result<Inventory, RunError> {
    let mut instances = list::inventory(&settings.select, ec2, managed);
    if let Some(sharing) = Sharing::of(settings, &request.target) {
        let mut before = HashSet::new();
        for step in sharing.earlier_steps() {
            before.extend(step_inputs::listed_in(&context.store, step, request).await?);
        }
        sharing.keep_listed(&mut instances, ec2, &before);
    }
    reboots::mark(&mut instances, ec2, settings.reboot, &settings.never_reboot);
    let matching = Some(matches::matching(&settings.select, &settings.never_reboot, ec2));
    Ok(Inventory { at: request.now, instances, conflict_notes: Vec::new(), matching })
}

/// Returns the instances that are asked.
pub async fn eligible(store: &Store, request: &TargetRequest) -> Result<Vec<Receiver>, RunError> {
    let chunks = step_inputs::chunks(store, request).await?;
    let of_chunk = |chunk| async move {
        store.find_reduced_once(&request.chunk_key(ChunkObject::Inventory, chunk), receivers).await
    };
    let receivers = Store::for_each((1..=chunks.count()).collect(), of_chunk).await?;
    Ok(receivers.into_iter().flatten().flat_map(|(receivers, _)| receivers).collect())
}

fn receivers(inventory: Inventory) -> Vec<Receiver> {
    let eligible = inventory.instances.into_iter().filter(|one| one.eligibility == Eligibility::Eligible);
    eligible
        .filter_map(|one| {
            let InventoryInstance { availability_zone, instance_id, os, .. } = one;
            // A scan reboots nothing.
            Some(Receiver { availability_zone, instance_id, os: os?, reboot: Reboot::Never })
        })
        .collect()
}

/// What EC2 and Systems Manager say of a target.
struct Seen {
    member: MemberConfig,
    ec2: Vec<Ec2Instance>,
    managed: Vec<ManagedInstance>,
}

async fn see(context: &FunctionContext, request: &TargetRequest, settings: &StepSettings) -> Result<Seen, TargetError> {
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let (ssm, named) = (Ssm::new(&member), settings.named_tags());
    let facts: Result<_, CallError> = tokio::try_join!(ec2::instances(&member, &named), ssm.managed(None));
    let (ec2, managed) = context.sessions.target_result(&request.target, facts).await?;
    Ok(Seen { member, ec2, managed })
}

/// Reads the facts around the selected instances; None if the plan selects none.
async fn facts(
    context: &FunctionContext,
    request: &TargetRequest,
    member: &MemberConfig,
    inventory: &Inventory,
    ec2: &[Ec2Instance],
    managed: Vec<ManagedInstance>,
) -> Result<Option<TargetFacts>, TargetError> {
    let selected = inventory.selected_ids();
    if selected.is_empty() {
        return Ok(None);
    }
    let vpcs = ec2.iter().filter(|one| selected.contains(one.id.as_str())).filter_map(|one| one.vpc_id.clone());
    let vpcs: BTreeSet<String> = vpcs.collect();
    let managed = managed.into_iter().filter(|node| !node.is_hybrid).collect();
    let facts = readiness::facts(member, &request.target.region, managed, &vpcs).await;
    context.sessions.target_result(&request.target, facts).await.map(Some)
}

fn by_id(ec2: &[Ec2Instance]) -> HashMap<&str, &Ec2Instance> {
    ec2.iter().map(|instance| (instance.id.as_str(), instance)).collect()
}

/// Decides where the chunks begin. The first decision stands, whatever is listed later.
async fn cut(
    context: &FunctionContext,
    request: &TargetRequest,
    instances: &[InventoryInstance],
) -> Result<Chunks, RunError> {
    let key = request.key(TargetObject::Chunks);
    let chunks = Chunks::of(instances);
    if context.store.create(&key, &chunks).await? { Ok(chunks) } else { context.store.get(&key).await }
}

/// Writes the chunks in their order, unless they are there; `prepare` adds to a chunk what is known of it only then.
async fn write(
    context: &FunctionContext,
    request: &TargetRequest,
    chunks: &Chunks,
    seen: Inventory,
    time: TimeLeft,
    prepare: impl Fn(&mut [InventoryInstance]),
) -> Result<Progress, TargetError> {
    let Inventory { at, instances, mut conflict_notes, mut matching } = seen;
    let mut new = 0;
    for (chunk, mut instances) in chunks.split(instances) {
        if new >= CHUNKS_AT_LEAST && time.is_short() {
            return Ok(Progress::Unfinished);
        }
        prepare(&mut instances);
        // The first chunk speaks for the target.
        let (conflict_notes, matching) = (std::mem::take(&mut conflict_notes), matching.take());
        let key = request.chunk_key(ChunkObject::Inventory, chunk);
        new += u32::from(context.store.create(&key, &Inventory { at, instances, conflict_notes, matching }).await?);
    }
    Ok(Progress::Complete)
}
