//! Reads everything that the bucket holds about the targets of a step, for the gate and for the report: one chunk of a target
//! after the other, so that they never have more than a few in memory.
//!
//! One listing of the step says what exists, and only that is read. `targets.json` is in the order of the plan and the
//! listing in the order of keys. So the listing is read first, as it comes, into a hundred bytes per target; then the targets
//! are read in their order. One listing per target would keep nothing at all, but it is a call per target where this is a
//! call per thousand objects.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use orgpatch_engine::baselines::{BaselineRecord, Change, RefusedChanges, with_refusals};
use orgpatch_engine::gate::{CaughtError, GateRecord};
use orgpatch_engine::install::Installable;
use orgpatch_engine::inventory::chunks::{Chunk, Chunks};
use orgpatch_engine::planner::{StepSettings, StepSummary};
use orgpatch_engine::results::TargetRecord;
use orgpatch_engine::results::reconcile::{KnownTarget, RecordedTarget, earliest};
use orgpatch_model::error::RunError;
use orgpatch_model::target::Target;
use orgpatch_records::keys;
use orgpatch_records::keys::{ChunkObject, OfTarget, StepObject, TargetObject};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::store::bucket::{CONCURRENCY, Store};

/// So many KiB of records may be in memory or on their way; a chunk with more than that is read alone. As values they take
/// about three times as much.
const READ_AHEAD_KIB: u32 = 16 * 1024;

/// Returns the gate decisions about the steps of a run, in their order; None for steps without one.
pub async fn gates(store: &Store, run_id: &str, steps: &[StepSummary]) -> Result<Vec<Option<GateRecord>>, RunError> {
    let keys = steps.iter().map(|step| keys::of_step(run_id, &step.id, StepObject::Gate)).collect();
    Store::for_each(keys, |key: String| async move { store.find(&key).await }).await
}

/// What is to be read about each target of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The record of its scan.
    Scan,
    /// The same, of targets with more than one chunk. The others are passed over.
    ScanOfLarge,
    /// Every record about its instances and baselines.
    Records,
    /// The result that Judge has written; the records of a target of which it has written none.
    Results,
}

impl Wanted {
    fn includes(self, object: OfTarget) -> bool {
        use {ChunkObject as Chunk, TargetObject as Whole};
        match object {
            OfTarget::Whole(Whole::AppliedBaselines | Whole::WithholdingBaselines | Whole::AppliedWithholding) => false,
            OfTarget::Chunk(Chunk::Result, _) => self == Self::Results,
            OfTarget::Chunk(Chunk::Scan | Chunk::Inventory, _) => true,
            OfTarget::Whole(object) if Whole::SCAN_RECORDS.contains(&object) => true,
            _ => !self.is_scan(),
        }
    }

    fn is_scan(self) -> bool {
        matches!(self, Self::Scan | Self::ScanOfLarge)
    }

    /// Returns how many chunks a target must have to be read.
    fn least_chunks(self) -> u32 {
        if self == Self::ScanOfLarge { 2 } else { 1 }
    }
}

/// The targets of a step of a run.
#[derive(Debug, Clone, Copy)]
pub struct StepTargets<'s> {
    run_id: &'s str,
    step: &'s str,
    /// What `targets.json` must be; None for a reader that decides nothing.
    sha256: Option<&'s str>,
}

impl<'s> StepTargets<'s> {
    /// The targets that the planner wrote. If the object has changed since, reading them is [`RunError::RecordsChanged`].
    #[must_use]
    pub fn unchanged(run_id: &'s str, settings: &'s StepSettings) -> Self {
        Self { run_id, step: &settings.step, sha256: Some(&settings.targets_sha256) }
    }

    /// The targets as the bucket has them.
    #[must_use]
    pub fn as_they_are(run_id: &'s str, step: &'s str) -> Self {
        Self { run_id, step, sha256: None }
    }

    async fn read(self, store: &Store) -> Result<Vec<Target>, RunError> {
        let key = keys::of_step(self.run_id, self.step, StepObject::Targets);
        match self.sha256 {
            Some(sha256) => store.get_unchanged(&key, sha256).await,
            None => store.get(&key).await,
        }
    }
}

/// Hands every chunk of every target of a step, in the order of the step, to `work`, with what is known of it. A target of
/// which nothing exists has one chunk. Some are read at the same time.
pub async fn each_target(
    store: &Store,
    of: StepTargets<'_>,
    wanted: Wanted,
    work: impl AsyncFnMut(KnownTarget) -> Result<(), RunError>,
) -> Result<(), RunError> {
    each_prepared(store, of, wanted, async |target| Ok(target), work).await
}

/// The same, with something done for some chunks at the same time before they are handed on.
pub async fn each_prepared<T>(
    store: &Store,
    of: StepTargets<'_>,
    wanted: Wanted,
    prepare: impl AsyncFn(KnownTarget) -> Result<T, RunError>,
    mut work: impl AsyncFnMut(T) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let targets = of.read(store).await?;
    let StepTargets { run_id, step, .. } = of;
    let Listing { of_targets, failed_children } = Listing::read(store, run_id, step, wanted, &targets).await?;
    let child_errors = &child_errors(store, &failed_children).await?;
    let chunks = targets.iter().zip(of_targets).flat_map(|(target, objects)| {
        let chunks = Chunk::all(objects.chunks()).filter(move |chunk| chunk.of.get() >= wanted.least_chunks());
        chunks.map(move |chunk| (target, objects, chunk))
    });
    let room = Arc::new(Semaphore::new(READ_AHEAD_KIB as usize));
    // Room is given in the order of the chunks: so the one that comes next always has some, whatever the others wait for.
    let admitted = stream::iter(chunks).then(|(target, objects, chunk)| {
        let child_error = child_errors.get(&(target.account_id.clone(), target.region.clone())).cloned();
        let room = Arc::clone(&room).acquire_many_owned(objects.kib_of_chunk().min(READ_AHEAD_KIB));
        async move { (Reader { store, run_id, step, target, objects, chunk, wanted }, child_error, room.await) }
    });
    let prepare = &prepare;
    let prepared = admitted.map(|(reader, child_error, room)| async move {
        let room = room.map_err(|closed| RunError::Unavailable(closed.to_string()))?;
        Ok::<_, RunError>((prepare(reader.read(child_error).await?).await?, room))
    });
    let mut prepared = pin!(prepared.buffered(CONCURRENCY));
    while let Some((target, room)) = prepared.try_next().await? {
        work(target).await?;
        drop(room);
    }
    Ok(())
}

/// Reads what is known of one chunk of a target.
struct Reader<'r> {
    store: &'r Store,
    run_id: &'r str,
    step: &'r str,
    target: &'r Target,
    objects: Objects,
    chunk: Chunk,
    wanted: Wanted,
}

impl Reader<'_> {
    async fn read(self, child_error: Option<String>) -> Result<KnownTarget, RunError> {
        if let Some(result) = self.find_chunk(ChunkObject::Result).await? {
            return Ok(KnownTarget::Judged(Box::new(result)));
        }
        let scan = self.record(ChunkObject::Scan, &TargetObject::SCAN_RECORDS).await?;
        let has_rows = scan.as_ref().is_some_and(|scan| !scan.instances.is_empty());
        let inventory =
            if has_rows || self.wanted.is_scan() { None } else { self.find_chunk(ChunkObject::Inventory).await? };
        let approved = self.find_chunk(ChunkObject::Approved).await?;
        let planned = if approved.is_none() { self.find_chunk(ChunkObject::Order).await? } else { None };
        let order = Installable::recorded(planned, approved).map(Installable::into_ordered);
        let first_pass = self.find_chunk(ChunkObject::FirstPass).await?;
        let install = self.record(ChunkObject::Install, &TargetObject::INSTALL_RECORDS).await?;
        let baseline_changes = if self.chunk.is_first() { self.baseline_changes().await? } else { None };
        Ok(KnownTarget::Recorded(Box::new(RecordedTarget {
            target: self.target.clone(),
            chunk: self.chunk,
            inventory,
            scan,
            is_scanned_whole: self.objects.is_scanned_whole(),
            order,
            first_pass,
            install,
            child_error,
            unlisted_chunks: self.unlisted_chunks().await?,
            note: self.find(TargetObject::StageNotAsked).await?,
            are_baselines_compared: baseline_changes.is_some(),
            baseline_changes: baseline_changes.unwrap_or_default(),
        })))
    }

    /// Returns how many chunks of the target have no inventory, because `scan` did not come to its end.
    async fn unlisted_chunks(&self) -> Result<u32, RunError> {
        if self.objects.is_scanned_whole() {
            return Ok(0);
        }
        let chunks: Option<Chunks> = self.find(TargetObject::Chunks).await?;
        Ok(chunks.map_or(0, |chunks| chunks.count().saturating_sub(self.objects.chunks)))
    }

    /// Returns what was done to the baselines of the target, or how they differ from the plan; None if they were not looked at.
    async fn baseline_changes(&self) -> Result<Option<Vec<Change>>, RunError> {
        let Some(baselines) = self.find::<BaselineRecord>(TargetObject::Baselines).await? else {
            return Ok(None);
        };
        let refused: Option<RefusedChanges> = self.find(TargetObject::RefusedBaselines).await?;
        Ok(Some(with_refusals(baselines.changes, &refused.map(|refused| refused.refusals).unwrap_or_default())))
    }

    /// The record of the chunk, or of the whole target if a function has ended the work on it.
    async fn record(&self, chunk: ChunkObject, whole: &[TargetObject]) -> Result<Option<TargetRecord>, RunError> {
        let mut records = Vec::from_iter(self.find_chunk(chunk).await?);
        for object in whole {
            records.extend(self.find(*object).await?);
        }
        Ok(earliest(records))
    }

    async fn find_chunk<T: DeserializeOwned>(&self, object: ChunkObject) -> Result<Option<T>, RunError> {
        if !self.objects.has_chunks(object) {
            return Ok(None);
        }
        let chunk = self.chunk.number.get();
        self.store.find(&keys::of_chunk(self.run_id, self.step, self.target, object, chunk)).await
    }

    async fn find<T: DeserializeOwned>(&self, object: TargetObject) -> Result<Option<T>, RunError> {
        if !self.objects.has(object) {
            return Ok(None);
        }
        self.store.find(&keys::of_target(self.run_id, self.step, self.target, object)).await
    }
}

/// What exists of a step.
struct Listing {
    /// The objects of each target, in the order of the targets.
    of_targets: Vec<Objects>,
    failed_children: Vec<String>,
}

impl Listing {
    async fn read(
        store: &Store,
        run_id: &str,
        step: &str,
        wanted: Wanted,
        targets: &[Target],
    ) -> Result<Self, RunError> {
        let mut merge = Merge::new(targets);
        let mut failed_children = Vec::new();
        let prefix = keys::step(run_id, step);
        store
            .each_object(&prefix, |key, bytes| match key.strip_prefix(&prefix).and_then(keys::place_and_object) {
                Some((place, object)) if wanted.includes(object) => merge.add(place, object, bytes),
                None if is_list_of_failed_children(key) => failed_children.push(key.to_owned()),
                _ => {}
            })
            .await?;
        Ok(Self { of_targets: merge.of_targets, failed_children })
    }
}

/// Joins a listing, which is in the order of keys, with targets in an order of their own.
struct Merge<'t> {
    targets: &'t [Target],
    /// The numbers of the targets, in the order of their keys.
    sorted: Vec<u32>,
    of_targets: Vec<Objects>,
    /// Where in `sorted` the target is whose objects come now.
    at: usize,
}

impl<'t> Merge<'t> {
    fn new(targets: &'t [Target]) -> Self {
        let mut sorted: Vec<u32> = (0..).take(targets.len()).collect();
        sorted.sort_unstable_by_key(|number| place(&targets[*number as usize]));
        Self { targets, sorted, of_targets: vec![Objects::default(); targets.len()], at: 0 }
    }

    /// The next object of the listing. One of a target that the step does not have is passed over.
    fn add(&mut self, place_of_object: (&str, &str), object: OfTarget, bytes: u64) {
        let place_at = |at: usize| self.sorted.get(at).map(|number| place(&self.targets[*number as usize]));
        if place_at(self.at) != Some(place_of_object) {
            // The next target, as a rule; another one if there are targets of which nothing exists. A search finds it
            // whatever the order of the listing.
            let found =
                self.sorted.binary_search_by(|number| place(&self.targets[*number as usize]).cmp(&place_of_object));
            match found {
                Ok(at) => self.at = at,
                Err(_) => return,
            }
        }
        self.of_targets[self.sorted[self.at] as usize].add(object, bytes);
    }
}

fn place(target: &Target) -> (&str, &str) {
    (&target.account_id, &target.region)
}

/// Which objects of a target exist, and how much there is to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Objects {
    /// A bit for each kind of object about the whole target.
    whole: u16,
    /// A bit for each kind of object of which a chunk exists.
    of_chunks: u16,
    /// The highest number of a chunk.
    chunks: u32,
    /// How many chunks the record of the scan has, and how many have a result.
    scanned_chunks: u32,
    judged_chunks: u32,
    /// The sizes of the objects about the whole target together.
    whole_kib: u32,
    /// Of each kind of object the size of the largest chunk.
    largest_kib: [u32; ChunkObject::ALL.len()],
}

const _: () = assert!(TargetObject::ALL.len() <= u16::BITS as usize, "a kind of object has no bit");
const _: () = assert!(ChunkObject::ALL.len() <= u16::BITS as usize, "a kind of object has no bit");

impl Objects {
    fn add(&mut self, object: OfTarget, bytes: u64) {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        match object {
            OfTarget::Whole(object) => {
                self.whole |= 1 << object as u16;
                self.whole_kib = self.whole_kib.saturating_add(kib);
            }
            OfTarget::Chunk(object, chunk) => {
                self.of_chunks |= 1 << object as u16;
                self.chunks = self.chunks.max(chunk);
                self.scanned_chunks += u32::from(object == ChunkObject::Scan);
                self.judged_chunks += u32::from(object == ChunkObject::Result);
                let largest = &mut self.largest_kib[object as usize];
                *largest = (*largest).max(kib);
            }
        }
    }

    fn has(self, object: TargetObject) -> bool {
        self.whole & (1 << object as u16) != 0
    }

    /// Returns true if the object exists of at least one chunk.
    fn has_chunks(self, object: ChunkObject) -> bool {
        self.of_chunks & (1 << object as u16) != 0
    }

    fn chunks(self) -> u32 {
        self.chunks.max(1)
    }

    fn is_scanned_whole(self) -> bool {
        self.chunks > 0 && self.scanned_chunks == self.chunks
    }

    /// Returns how many KiB are read of a chunk of the target at the most. Chunks may have very different sizes, so the largest
    /// counts; and while a result is missing, any chunk may be read from its records.
    fn kib_of_chunk(self) -> u32 {
        let result = self.largest_kib[ChunkObject::Result as usize];
        if self.judged_chunks == self.chunks() {
            return result;
        }
        let records = self.largest_kib.iter().fold(self.whole_kib, |sum, kib| sum.saturating_add(*kib));
        records.saturating_sub(result).max(result)
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

#[cfg(test)]
mod tests {
    use orgpatch_model::organization::AccountState;

    use super::*;

    fn target(account_id: &str, region: &str) -> Target {
        Target {
            account_id: account_id.into(),
            account_name: "shop".into(),
            account_state: AccountState::Active,
            ou_path: String::new(),
            region: region.into(),
            stage: "test".into(),
            wave: 1,
        }
    }

    #[test]
    fn a_listing_is_joined_with_targets_in_any_order() {
        use {ChunkObject as Of, OfTarget::Chunk, OfTarget::Whole};
        // The plan names 3 first, and nothing exists of 2.
        let targets = [target("3", "b"), target("3", "a"), target("1", "a"), target("2", "a")];
        let mut merge = Merge::new(&targets);
        let listed = [
            (("0", "a"), Chunk(Of::Scan, 1), 1),
            (("1", "a"), Chunk(Of::Inventory, 1), 10),
            (("1", "a"), Chunk(Of::Inventory, 2), 10),
            (("1", "a"), Chunk(Of::Scan, 1), 2048),
            (("3", "a"), Chunk(Of::Scan, 1), 4096),
            (("3", "b"), Chunk(Of::Result, 1), 5000),
            (("3", "b"), Chunk(Of::Scan, 1), 1),
            (("3", "b"), Whole(TargetObject::Baselines), 1),
            // A bucket that does not list in order.
            (("1", "a"), Whole(TargetObject::InstallEndedByScan), 1025),
        ];
        for (place, object, bytes) in listed {
            merge.add(place, object, bytes);
        }
        let shown: Vec<String> = targets
            .iter()
            .zip(&merge.of_targets)
            .map(|(target, objects)| {
                let whole = TargetObject::ALL.into_iter().filter(|one| objects.has(*one)).map(TargetObject::file);
                let chunks = Of::ALL.into_iter().filter(|one| objects.has_chunks(*one)).map(Of::folder);
                let existing: Vec<&str> = whole.chain(chunks).collect();
                let (count, kib) = (objects.chunks(), objects.kib_of_chunk());
                let end = if objects.is_scanned_whole() { ", scanned" } else { "" };
                let Target { account_id, region, .. } = target;
                format!("{account_id} {region}: {} ({count} chunks of {kib} KiB{end})", existing.join(" "))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "3 b: baselines.json scan result (1 chunks of 5 KiB, scanned)",
                "3 a: scan (1 chunks of 4 KiB, scanned)",
                // The whole record has 2 KiB, an inventory 1, and the one chunk of the scan 2.
                "1 a: install-ended-by-scan.json inventory scan (2 chunks of 5 KiB)",
                "2 a:  (1 chunks of 0 KiB)",
            ]
        );
        assert!(size_of::<Objects>() <= 100, "what the head of this file says");
    }

    #[test]
    fn the_largest_chunk_says_how_much_room_is_needed_and_records_count_until_all_is_judged() {
        let mut objects = Objects::default();
        for (chunk, kib) in [(1, 1), (2, 700), (3, 1)] {
            objects.add(OfTarget::Chunk(ChunkObject::Scan, chunk), kib * 1024);
            objects.add(OfTarget::Chunk(ChunkObject::Order, chunk), 2 * 1024);
        }
        assert_eq!(objects.kib_of_chunk(), 702);
        objects.add(OfTarget::Chunk(ChunkObject::Result, 1), 1024);
        assert_eq!(objects.kib_of_chunk(), 702, "two chunks have no result yet");
        for chunk in [2, 3] {
            objects.add(OfTarget::Chunk(ChunkObject::Result, chunk), 9 * 1024);
        }
        assert_eq!(objects.kib_of_chunk(), 9);
    }

    #[test]
    fn only_what_is_wanted_is_read() {
        let read = |wanted: Wanted| {
            let whole = TargetObject::ALL.map(OfTarget::Whole).into_iter().filter(|one| wanted.includes(*one)).count();
            let chunks = ChunkObject::ALL.into_iter().filter(|one| wanted.includes(OfTarget::Chunk(*one, 1))).count();
            (whole, chunks)
        };
        assert_eq!((read(Wanted::Scan), read(Wanted::Records), read(Wanted::Results)), ((2, 2), (9, 6), (9, 7)));
    }
}
