//! Reads everything that the bucket holds about the targets of a step, for the gate and for the report: one target after
//! the other, so that they never have more than a few in memory.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use orgpatch_engine::baselines::BaselineRecord;
use orgpatch_engine::gate::CaughtError;
use orgpatch_engine::install::Installable;
use orgpatch_engine::results::reconcile::RecordedTarget;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Target;
use orgpatch_records::keys;
use orgpatch_records::keys::Folder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::store::bucket::{CONCURRENCY, Store};

/// So many KiB of records may be in memory or on their way; a target with more than that is read alone. As values they take
/// about three times as much.
const READ_AHEAD_KIB: u32 = 16 * 1024;

/// What tells what became of instances.
pub const RESULTS: &[Folder] =
    &[Folder::Inventory, Folder::Scan, Folder::InstallPlan, Folder::Cleared, Folder::Install];
/// The same, and what was done to baselines.
pub const RESULTS_AND_BASELINES: &[Folder] =
    &[Folder::Inventory, Folder::Scan, Folder::InstallPlan, Folder::Cleared, Folder::Install, Folder::Baselines];

/// Hands every target of a step, in the order of the step, to `work`, with what those folders hold about it. Some are read at
/// the same time. One listing says what exists; only that is read.
pub async fn each_target(
    store: &Store,
    run_id: &str,
    step: &str,
    wanted: &[Folder],
    work: impl AsyncFnMut(RecordedTarget) -> Result<(), RunError>,
) -> Result<(), RunError> {
    each_prepared(store, run_id, step, wanted, async |facts| Ok(facts), work).await
}

/// The same, with something done for some targets at the same time before they are handed on.
pub async fn each_prepared<T>(
    store: &Store,
    run_id: &str,
    step: &str,
    wanted: &[Folder],
    prepare: impl AsyncFn(RecordedTarget) -> Result<T, RunError>,
    mut work: impl AsyncFnMut(T) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let targets: Vec<Target> = store.get(&keys::targets(run_id, step)).await?;
    let mut recorded = Recorded::of(store, run_id, step, wanted).await?;
    let child_errors = &mut child_errors(store, &recorded.failed_children).await?;
    let room = Arc::new(Semaphore::new(READ_AHEAD_KIB as usize));
    // Room is given in the order of the targets: so the one that comes next always has some, whatever the others wait for.
    let admitted = stream::iter(targets).then(|target| {
        let objects = recorded.take(&target);
        let child_error = child_errors.remove(&(target.account_id.clone(), target.region.clone()));
        let room = Arc::clone(&room).acquire_many_owned(objects.kib().min(READ_AHEAD_KIB));
        async move { (Reader { store, run_id, step, target, objects }, child_error, room.await) }
    });
    let prepare = &prepare;
    let prepared = admitted.map(|(reader, child_error, room)| async move {
        let room = room.map_err(|closed| RunError::Unavailable(closed.to_string()))?;
        Ok::<_, RunError>((prepare(reader.facts(child_error).await?).await?, room))
    });
    let mut prepared = pin!(prepared.buffered(CONCURRENCY));
    while let Some((target, room)) = prepared.try_next().await? {
        work(target).await?;
        drop(room);
    }
    Ok(())
}

/// Reads what is recorded of one target.
struct Reader<'r> {
    store: &'r Store,
    run_id: &'r str,
    step: &'r str,
    target: Target,
    objects: Objects,
}

impl Reader<'_> {
    async fn facts(self, child_error: Option<String>) -> Result<RecordedTarget, RunError> {
        let scan = self.find(Folder::Scan).await?;
        let inventory = if scan.is_none() { self.find(Folder::Inventory).await? } else { None };
        let approved = self.find(Folder::Cleared).await?;
        let planned = if approved.is_none() { self.find(Folder::InstallPlan).await? } else { None };
        let order = Installable::recorded(planned, approved).map(Installable::into_ordered);
        let install = self.find(Folder::Install).await?;
        let baselines: Option<BaselineRecord> = self.find(Folder::Baselines).await?;
        Ok(RecordedTarget {
            target: self.target,
            inventory,
            scan,
            order,
            install,
            child_error,
            baseline_changes: baselines.map(|record| record.changes).unwrap_or_default(),
        })
    }

    async fn find<T: DeserializeOwned>(&self, folder: Folder) -> Result<Option<T>, RunError> {
        if self.objects.bytes(folder) == 0 {
            return Ok(None);
        }
        self.store.find(&keys::of_target(self.run_id, self.step, folder, &self.target)).await
    }
}

/// What exists of a step. About a hundred bytes for a target, where its keys alone would be seven hundred.
struct Recorded {
    of_targets: HashMap<Box<str>, Objects>,
    failed_children: Vec<String>,
}

impl Recorded {
    async fn of(store: &Store, run_id: &str, step: &str, wanted: &[Folder]) -> Result<Self, RunError> {
        let prefix = keys::step(run_id, step);
        let mut of_targets: HashMap<Box<str>, Objects> = HashMap::new();
        let mut failed_children = Vec::new();
        store
            .each_object(&prefix, |key, bytes| match key.strip_prefix(&prefix).and_then(keys::folder_and_place) {
                Some((folder, place)) if wanted.contains(&folder) => {
                    of_targets.entry(place.into()).or_default().set(folder, bytes);
                }
                None if is_list_of_failed_children(key) => failed_children.push(key.to_owned()),
                _ => {}
            })
            .await?;
        Ok(Self { of_targets, failed_children })
    }

    fn take(&mut self, target: &Target) -> Objects {
        self.of_targets.remove(keys::target_file(target).as_str()).unwrap_or_default()
    }
}

/// The objects of a target: how large they are, by folder.
#[derive(Default)]
struct Objects([u32; Folder::ALL.len()]);

impl Objects {
    fn set(&mut self, folder: Folder, bytes: u64) {
        // An object that is there is not nothing, even if a list should not tell its size.
        self.0[folder as usize] = u32::try_from(bytes).unwrap_or(u32::MAX).max(1);
    }

    /// 0 if there is none.
    fn bytes(&self, folder: Folder) -> u32 {
        self.0[folder as usize]
    }

    fn kib(&self) -> u32 {
        self.0.iter().map(|bytes| bytes.div_ceil(1024)).fold(0, u32::saturating_add)
    }
}

/// A failed child as the state machine's ResultWriter describes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FailedChild {
    input: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    cause: String,
}

#[derive(Deserialize)]
struct ChildInput {
    target: Target,
}

/// The files `FAILED_n.json` of the step's Maps.
fn is_list_of_failed_children(key: &str) -> bool {
    key.contains("/children/") && key.rsplit('/').next().is_some_and(|name| name.starts_with("FAILED_"))
}

/// The errors of children that failed, by account and Region.
async fn child_errors(store: &Store, files: &[String]) -> Result<HashMap<(String, String), String>, RunError> {
    let mut errors = HashMap::new();
    for file in files {
        for child in store.get::<Vec<FailedChild>>(file).await? {
            // A child whose input is not one of ours cannot be told apart; its target is still found missing.
            let Ok(input) = serde_json::from_str::<ChildInput>(&child.input) else {
                continue;
            };
            let error = CaughtError { error: child.error, cause: child.cause };
            errors.insert((input.target.account_id, input.target.region), error.sentence());
        }
    }
    Ok(errors)
}
