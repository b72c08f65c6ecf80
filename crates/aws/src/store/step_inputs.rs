//! What the functions of a step read before they act.

pub mod to_send;

use orgpatch_engine::baselines::Baseline;
use orgpatch_engine::install::Installable;
use orgpatch_engine::install::second_pass::FirstPass;
use orgpatch_engine::inventory::chunks::Chunks;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::promotion::TestedSet;
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::keys::{ChunkObject, StepObject, TargetObject};
use orgpatch_records::messages::{StepHashes, TargetRequest};
use serde::Deserialize;

use crate::store::bucket::Store;

/// Returns the settings of a step, if they are what the planner wrote. Otherwise it is [`RunError::RecordsChanged`].
pub async fn settings(store: &Store, run_id: &str, step: &str, hashes: &StepHashes) -> Result<StepSettings, RunError> {
    store.get_unchanged(&keys::of_step(run_id, step, StepObject::Settings), &hashes.settings).await
}

/// The baselines of a step that has begun: those of a frozen step are known only since then, and must be what the gate wrote.
pub async fn baselines(
    store: &Store,
    run_id: &str,
    settings: &StepSettings,
    hashes: &StepHashes,
) -> Result<Vec<Baseline>, RunError> {
    if !settings.is_frozen() {
        return Ok(settings.baselines.clone());
    }
    let key = keys::of_step(run_id, &settings.step, StepObject::FrozenBaselines);
    let sha256 = hashes.frozen_baselines.as_deref();
    let sha256 = sha256.ok_or_else(|| RunError::BrokenRun(format!("{key} has no hash")))?;
    store.get_unchanged(&key, sha256).await
}

/// Returns where the chunks of a target begin.
pub async fn chunks(store: &Store, request: &TargetRequest) -> Result<Chunks, RunError> {
    store.get_once(&request.key(TargetObject::Chunks)).await
}

/// Returns the ids of the instances that another step of the run listed of a target, as far as it came.
pub async fn listed_in(store: &Store, step: &str, request: &TargetRequest) -> Result<Vec<String>, RunError> {
    let (run, target) = (&request.run_id, &request.target);
    let chunks: Option<Chunks> = store.find(&keys::of_target(run, step, target, TargetObject::Chunks)).await?;
    let of_chunk = |chunk| async move {
        let key = keys::of_chunk(run, step, target, ChunkObject::Inventory, chunk);
        let listed: Option<Listed> = store.find(&key).await?;
        Ok(listed.into_iter().flat_map(|listed| listed.instances).map(|one| one.instance_id))
    };
    let chunks = chunks.map_or(0, |chunks| chunks.count());
    Ok(Store::for_each((1..=chunks).collect(), of_chunk).await?.into_iter().flatten().collect())
}

/// An inventory, of which only the ids are read.
#[derive(Deserialize)]
struct Listed {
    instances: Vec<ListedInstance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedInstance {
    instance_id: String,
}

/// Returns what the install plan has for a chunk of a target, before any pre-install scan; None if it has nothing.
pub async fn planned_install(
    store: &Store,
    request: &TargetRequest,
    chunk: u32,
) -> Result<Option<Installable>, RunError> {
    let order = store.find_once(&request.chunk_key(ChunkObject::Order, chunk)).await?;
    Ok(order.map(|order| Installable::of(order, None)))
}

/// Returns what may be installed in a chunk of a target. The approved order is read only where patches are withheld.
pub async fn installable(store: &Store, request: &TargetRequest, chunk: u32) -> Result<Option<Installable>, RunError> {
    let planned = planned_install(store, request, chunk).await?;
    let Some(planned) = planned else { return Ok(None) };
    if !planned.needs_pre_install_scan() {
        return Ok(Some(planned));
    }
    let approved = store.find_once(&request.chunk_key(ChunkObject::Approved, chunk)).await?;
    Ok(Some(Installable::of(planned.into_ordered(), approved)))
}

/// Returns what the first pass of a chunk's install came to and what the second one installs; None if none of its instances
/// gets a second pass.
pub async fn first_pass(store: &Store, request: &TargetRequest, chunk: u32) -> Result<Option<FirstPass>, RunError> {
    store.find_once(&request.chunk_key(ChunkObject::FirstPass, chunk)).await
}

/// Returns what the first stage of the plan installed, as later steps see it. It is empty if the plan compares
/// nothing.
pub async fn tested(store: &Store, run_id: &str, settings: &StepSettings) -> Result<TestedSet, RunError> {
    let mut tested = TestedSet::default();
    for step in settings.promotion.iter().flat_map(|promotion| &promotion.tested_in) {
        tested = tested.merge(store.get_once(&keys::of_step(run_id, step, StepObject::Tested)).await?);
    }
    Ok(tested)
}
