//! What is sent: batches of instances, the parameters of AWS-RunPatchBaseline, and when to look again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::target::{Phase, Target};
use orgpatch_plan::{Rate, Reboot};
use uuid::Uuid;

/// The one document that orgpatch runs.
pub const DOCUMENT: &str = "AWS-RunPatchBaseline";

/// SendCommand takes at most so many instance ids (botocore 1.43.11).
pub const MAX_INSTANCES: usize = 50;

/// A command's `Comment` takes at most so many characters (botocore 1.43.11).
const MAX_COMMENT: usize = 100;

/// Letters of the key that tells the batches of a run apart in their comments.
const COMMENT_KEY: usize = 24;

/// How long each step of AWS-RunPatchBaseline may take on an instance (its document, version of 2021).
const DOCUMENT_TIMEOUT_SECONDS: u32 = 7_200;

/// Instances that go into one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Unique in its target and phase: `<OPERATING_SYSTEM>-<nn>`, halves of it with `a` or `b` behind.
    pub id: String,
    /// Their operating system; a snapshot is of one operating system.
    pub os: OperatingSystem,
    /// Instance ids, sorted, at most [`MAX_INSTANCES`].
    pub instance_ids: Vec<String>,
}

impl Batch {
    /// The batch in two halves; None if it cannot be halved.
    #[must_use]
    pub fn halves(&self) -> Option<[Self; 2]> {
        let middle = self.instance_ids.len().div_ceil(2);
        let (first, second) = self.instance_ids.split_at(middle);
        (!second.is_empty()).then(|| {
            [("a", first), ("b", second)].map(|(suffix, ids)| Self {
                id: format!("{}{suffix}", self.id),
                os: self.os,
                instance_ids: ids.to_vec(),
            })
        })
    }
}

/// Puts instances into batches: one operating system each, at most [`MAX_INSTANCES`]. The same instances, in any
/// order, always give the same batches; a retry relies on that.
#[must_use]
pub fn batches(instances: impl IntoIterator<Item = (OperatingSystem, String)>) -> Vec<Batch> {
    let mut by_os: BTreeMap<OperatingSystem, Vec<String>> = BTreeMap::new();
    for (os, id) in instances {
        by_os.entry(os).or_default().push(id);
    }
    by_os
        .into_iter()
        .flat_map(|(os, mut ids)| {
            ids.sort();
            ids.dedup();
            let chunks: Vec<Batch> = ids
                .chunks(MAX_INSTANCES)
                .enumerate()
                .map(|(index, chunk)| Batch { id: format!("{os}-{:02}", index + 1), os, instance_ids: chunk.to_vec() })
                .collect();
            chunks
        })
        .collect()
}

/// The snapshot of the approved patches: the same for every command of a run to one account, Region and operating
/// system, so that the scan before, the install and the scan afterwards speak of the same patches.
///
/// A snapshot keeps the baseline as it was. Where the baseline is changed to hold patches back, what comes afterwards
/// therefore has another one.
///
/// Systems Manager keeps a snapshot for three days at the most; a target's phases lie within one step, which is
/// far shorter.
#[must_use]
pub fn snapshot_id(run_id: &str, target: &Target, os: OperatingSystem, held_back: &WithheldPatches) -> String {
    let mut name = format!("orgpatch/{run_id}/{}/{}/{os}", target.account_id, target.region);
    for entry in held_back.get(&os).into_iter().flatten() {
        name += "/without ";
        name += entry;
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// The comment by which a command is found again: a key of run, step, target, phase and batch, then the run for
/// people to read.
#[must_use]
pub fn comment(run_id: &str, step: &str, target: &Target, phase: Phase, batch_id: &str) -> String {
    let place = format!("{run_id}/{step}/{}/{}/{}/{batch_id}", target.account_id, target.region, phase.name());
    let key = sha256_hex(place);
    let mut comment = format!("orgpatch {} {run_id}", &key[..COMMENT_KEY]);
    comment.truncate(MAX_COMMENT);
    comment
}

/// True if a command's `Comment` is of that run: a long run id is cut off in it.
#[must_use]
pub fn is_comment_of(comment: &str, run_id: &str) -> bool {
    let Some((key, run)) = comment.strip_prefix("orgpatch ").and_then(|rest| rest.split_once(' ')) else {
        return false;
    };
    let cut_off = comment.len() == MAX_COMMENT && run_id.starts_with(run);
    key.len() == COMMENT_KEY && !run.is_empty() && (run == run_id || cut_off)
}

/// One SendCommand, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRequest {
    /// Instance ids.
    pub instance_ids: Vec<String>,
    /// Parameters of the document.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// `Comment`.
    pub comment: String,
    /// `MaxConcurrency`.
    pub max_concurrency: String,
    /// `MaxErrors`.
    pub max_errors: String,
    /// `TimeoutSeconds`: how long to wait for an instance to begin.
    pub timeout_seconds: u32,
}

/// The command for a batch. A scan goes on whatever fails, since it touches nothing and one broken instance must
/// not hide the others; an install stops after the plan's `maxErrors`.
#[must_use]
pub fn request(
    phase: Phase,
    batch: &Batch,
    snapshot_id: &str,
    comment: String,
    reboot: Reboot,
    rate: &Rate,
) -> CommandRequest {
    let installs = phase == Phase::Install;
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    parameters.insert("Operation".into(), vec![if installs { "Install" } else { "Scan" }.into()]);
    parameters.insert("SnapshotId".into(), vec![snapshot_id.into()]);
    if installs {
        let option = match reboot {
            Reboot::IfNeeded => "RebootIfNeeded",
            Reboot::Never => "NoReboot",
        };
        parameters.insert("RebootOption".into(), vec![option.into()]);
    }
    CommandRequest {
        instance_ids: batch.instance_ids.clone(),
        parameters,
        comment,
        max_concurrency: rate.max_concurrency.to_string(),
        max_errors: if installs { rate.max_errors.to_string() } else { "100%".into() },
        timeout_seconds: delivery_timeout_seconds(phase),
    }
}

/// Returns how long an instance may take to begin, in seconds: half an hour for an install, ten minutes for a scan.
/// `maxConcurrency` makes instances wait for each other on the service's side, not on theirs.
fn delivery_timeout_seconds(phase: Phase) -> u32 {
    if phase == Phase::Install { 1_800 } else { 600 }
}

/// Returns how long after sending a command an answer may still come, in seconds. Systems Manager itself gives up
/// after the delivery time-out plus the document's own. One hour is added for late answers.
#[must_use]
pub fn deadline_seconds(phase: Phase, rounds: u32) -> u32 {
    // MaxConcurrency lets instances go in rounds, each of which may take the full time.
    (delivery_timeout_seconds(phase) + DOCUMENT_TIMEOUT_SECONDS) * rounds.max(1) + 3_600
}

/// In how many rounds a command works through its instances under that `MaxConcurrency`.
#[must_use]
pub fn rounds(instances: usize, max_concurrency: &str) -> u32 {
    let width = match max_concurrency.strip_suffix('%') {
        Some(percent) => instances * percent.parse::<usize>().unwrap_or(100) / 100,
        None => max_concurrency.parse().unwrap_or(1),
    };
    u32::try_from(instances.div_ceil(width.max(1))).unwrap_or(u32::MAX)
}

/// Returns when to look at a command again, in seconds. Waits grow with its age: an hour-long install costs about ten
/// looks, and no result is later than three quarters of its age, or ten minutes.
#[must_use]
pub fn next_look_seconds(sent_at: Timestamp, now: Timestamp) -> u32 {
    let age = now.as_second().saturating_sub(sent_at.as_second()).max(0);
    u32::try_from(age * 3 / 4).unwrap_or(u32::MAX).clamp(FIRST_LOOK_SECONDS, MAX_LOOK_SECONDS)
}

/// The first look: a scan takes about half a minute after it was delivered, so a look at half a minute would nearly
/// always come in vain.
pub const FIRST_LOOK_SECONDS: u32 = 40;

/// However long an install takes, its end is not noticed later than this.
const MAX_LOOK_SECONDS: u32 = 600;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::target;

    #[test]
    fn an_hour_long_install_costs_about_ten_looks() {
        let sent: Timestamp = "2026-11-10T00:00:00Z".parse().expect("a time");
        let (mut age, mut looks) = (0, 0);
        while age < 3_600 {
            let now = Timestamp::from_second(sent.as_second() + age).expect("a time");
            age += i64::from(next_look_seconds(sent, now));
            looks += 1;
        }
        assert!((9..=12).contains(&looks), "{looks} looks");
    }

    #[test]
    fn comments_fit_and_tell_every_batch_apart() {
        let long = "r".repeat(80);
        let one = comment(&long, "01-test-1", &target(), Phase::Install, "WINDOWS-01");
        let other = comment(&long, "01-test-1", &target(), Phase::Install, "WINDOWS-02");
        let verify = comment(&long, "01-test-1", &target(), Phase::Verify, "WINDOWS-01");
        assert!(one.len() <= MAX_COMMENT);
        assert!(one != other && one != verify);
        for run in [long.as_str(), "run-1"] {
            let comment = comment(run, "01-test-1", &target(), Phase::Install, "WINDOWS-01");
            assert!(is_comment_of(&comment, run));
            assert!(!is_comment_of(&comment, "run-2"));
            assert!(!is_comment_of(&comment, "run"), "only a comment that is full can be cut off");
        }
        assert!(!is_comment_of("Patch now", "run-1") && !is_comment_of("orgpatch  run-1", "run-1"));
    }

    #[test]
    fn a_scan_never_carries_what_an_install_does() {
        let batch = Batch { id: "WINDOWS-01".into(), os: OperatingSystem::Windows, instance_ids: vec!["i-1".into()] };
        let scan = request(Phase::Verify, &batch, "s", "c".into(), Reboot::IfNeeded, &Rate::default());
        assert_eq!(scan.parameters["Operation"], ["Scan"]);
        assert!(!scan.parameters.contains_key("RebootOption"));
        let install = request(Phase::Install, &batch, "s", "c".into(), Reboot::Never, &Rate::default());
        assert_eq!(install.parameters["Operation"], ["Install"]);
        assert_eq!(install.parameters["RebootOption"], ["NoReboot"]);
        assert_eq!((install.max_concurrency.as_str(), install.max_errors.as_str()), ("25%", "10%"));
    }

    #[test]
    fn rounds_follow_the_width_of_the_command() {
        assert_eq!(rounds(50, "25%"), 5);
        assert_eq!(rounds(3, "25%"), 3);
        assert_eq!(rounds(50, "50"), 1);
        assert_eq!(rounds(1, "1"), 1);
    }

    proptest! {
        #[test]
        fn batches_lose_nothing_and_do_not_depend_on_the_order(mut ids in proptest::collection::hash_set("[0-9a-f]{6}", 0..200).prop_map(|set| set.into_iter().collect::<Vec<_>>())) {
            let os_of = |id: &String| if id < &"8".to_owned() { OperatingSystem::Windows } else { OperatingSystem::Ubuntu };
            let there = batches(ids.iter().map(|id| (os_of(id), id.clone())));
            ids.reverse();
            let back = batches(ids.iter().map(|id| (os_of(id), id.clone())));
            prop_assert_eq!(&there, &back);
            prop_assert!(there.iter().all(|batch| batch.instance_ids.len() <= MAX_INSTANCES));
            let mut seen: Vec<String> = there.into_iter().flat_map(|batch| batch.instance_ids).collect();
            seen.sort();
            ids.sort();
            prop_assert_eq!(seen, ids);
        }

        #[test]
        fn halves_lose_nothing(n in 0_usize..=50) {
            let batch = Batch { id: "x".into(), os: OperatingSystem::Suse, instance_ids: (0..n).map(|i| i.to_string()).collect() };
            match batch.halves() {
                None => prop_assert!(n < 2),
                Some([a, b]) => {
                    prop_assert!(!a.instance_ids.is_empty() && !b.instance_ids.is_empty());
                    prop_assert_eq!([a.instance_ids, b.instance_ids].concat(), batch.instance_ids);
                }
            }
        }
    }
}
