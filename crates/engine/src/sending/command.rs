//! What is sent: the parameters of AWS-RunPatchBaseline for one instance, its time limits, and when to look again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::target::{Pass, Phase, Target};
use orgpatch_plan::Reboot;
use uuid::Uuid;

/// The one document that orgpatch runs.
pub const DOCUMENT: &str = "AWS-RunPatchBaseline";

/// How many instances of a small target may be scanned at the same time.
const SCANS_IN_FLIGHT: usize = 50;

/// A large target is scanned in so many turns.
const TURNS_OF_SCANS: usize = 10;

/// Returns how many of a target's instances may be scanned at the same time. A scan changes nothing, so the plan has no say in it.
///
/// It grows with the target, because looks become rarer the longer a phase lasts: with 50 at a time, only 6,200 of 10,000
/// instances were scanned before the deadline of 6 hours and 50 minutes.
#[must_use]
pub fn scans_in_flight(instances: usize) -> usize {
    SCANS_IN_FLIGHT.max(instances.div_ceil(TURNS_OF_SCANS))
}

/// A command's `Comment` takes at most so many characters (botocore 1.43.11).
const MAX_COMMENT: usize = 100;

/// Letters of the key that tells the commands of a run apart in their comments.
const COMMENT_KEY: usize = 24;

/// How long each step of AWS-RunPatchBaseline may take on an instance, in seconds (its document, version of 2021). One of
/// its three steps works on an instance; the others are for other platforms.
const DOCUMENT_TIMEOUT_SECONDS: u32 = 7_200;

/// How long a late answer may still come after every time-out, in seconds.
const LATE_SECONDS: u32 = 3_600;

/// The snapshot of the approved patches: the same for every command of a stage to one account, Region and operating
/// system, so that the scan before, the install and the scan afterwards speak of the same patches.
///
/// A snapshot keeps the baseline as it was. Where the baseline is changed to hold patches back, what comes afterwards
/// therefore has another one. So has each stage of an account that several share: a snapshot is made for a patch group when its
/// first instance is scanned, which may be in an earlier stage than the one that changes the group's baseline.
///
/// Systems Manager keeps a snapshot for three days at the most; a target's phases lie within one step, which is
/// far shorter.
#[must_use]
pub fn snapshot_id(run_id: &str, target: &Target, os: OperatingSystem, held_back: &WithheldPatches) -> String {
    let Target { account_id, region, stage, .. } = target;
    let mut name = format!("orgpatch/{run_id}/{stage}/{account_id}/{region}/{os}");
    for entry in held_back.get(&os).into_iter().flatten() {
        name += "/without ";
        name += entry;
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// The comment by which a command is found again: a key of run, step, target, phase, pass and instance, then the run for
/// people to read.
#[must_use]
pub fn comment(run_id: &str, step: &str, target: &Target, (phase, pass): (Phase, Pass), instance_id: &str) -> String {
    let Target { account_id, region, .. } = target;
    let place = format!("{run_id}/{step}/{account_id}/{region}/{}/{pass}/{instance_id}", phase.name());
    let key = sha256_hex(place);
    comment_of(&key[..COMMENT_KEY], run_id)
}

fn comment_of(key: &str, run_id: &str) -> String {
    let mut comment = format!("orgpatch {key} {run_id}");
    comment.truncate(comment.floor_char_boundary(MAX_COMMENT));
    comment
}

/// True if a command's `Comment` is of that run: a long run id is cut off in it.
#[must_use]
pub fn is_comment_of(comment: &str, run_id: &str) -> bool {
    let key = comment.strip_prefix("orgpatch ").and_then(|rest| rest.split_once(' ')).map(|(key, _)| key);
    key.is_some_and(|key| key.len() == COMMENT_KEY && comment == comment_of(key, run_id))
}

/// One SendCommand, complete. It names one instance: Run Command delivers a command to one instance, then to two, four …,
/// each time waiting for those before to complete, and a command has one expiry for all its instances (Systems Manager
/// user guide, "Using concurrency controls" and "Understanding command timeout values").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRequest {
    /// Instance id.
    pub instance_id: String,
    /// Parameters of the document.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// `Comment`.
    pub comment: String,
    /// `TimeoutSeconds`: how long to wait for the instance to begin.
    pub timeout_seconds: u32,
}

/// The command of a phase for an instance.
#[must_use]
pub fn request(phase: Phase, instance_id: &str, snapshot_id: &str, comment: String, reboot: Reboot) -> CommandRequest {
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
        instance_id: instance_id.to_owned(),
        parameters,
        comment,
        timeout_seconds: delivery_timeout_seconds(phase),
    }
}

/// Returns how long an instance may take to begin, in seconds: half an hour for an install, ten minutes for a scan.
const fn delivery_timeout_seconds(phase: Phase) -> u32 {
    if matches!(phase, Phase::Install) { 1_800 } else { 600 }
}

/// Returns how long an instance may take for a command, in seconds: the time to begin and the document's own. After that
/// Systems Manager reports that it has timed out.
#[must_use]
pub const fn time_limit_seconds(phase: Phase) -> u32 {
    delivery_timeout_seconds(phase) + DOCUMENT_TIMEOUT_SECONDS
}

/// Returns when an answer to a command that was sent at that time is no longer awaited: an hour after its time limit.
#[must_use]
pub fn given_up_at(phase: Phase, sent_at: Timestamp) -> Timestamp {
    let seconds = i64::from(time_limit_seconds(phase) + LATE_SECONDS);
    Timestamp::from_second(sent_at.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

/// Returns when to look at the open commands of a phase again, in seconds; None if none is open. `sent` are the times at
/// which they were sent, `began` is when the first command of the phase was.
///
/// Waits grow with the age of the youngest command: an hour-long install costs about ten looks, and its end is seen
/// before three quarters of its age have passed again. In a phase whose instances take turns, the youngest command is
/// always young; there a look is not earlier than after a thirtieth of the phase's age. No end is seen later than
/// [`MAX_LOOK_SECONDS`].
#[must_use]
pub fn next_look_seconds(sent: impl IntoIterator<Item = Timestamp>, began: Timestamp, now: Timestamp) -> Option<u32> {
    let age = |since: Timestamp| now.as_second().saturating_sub(since.as_second()).max(0);
    let youngest = sent.into_iter().map(age).min()?;
    let seconds = (youngest * 3 / 4).max(age(began) / 30);
    Some(u32::try_from(seconds).unwrap_or(u32::MAX).clamp(FIRST_LOOK_SECONDS, MAX_LOOK_SECONDS))
}

/// The first look: a scan takes about half a minute after it was delivered, so a look at half a minute would nearly
/// always come in vain.
pub const FIRST_LOOK_SECONDS: u32 = 40;

/// However long an install takes, its end is not noticed later than this.
pub const MAX_LOOK_SECONDS: u32 = 600;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::target;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    #[test]
    fn an_hour_long_install_costs_about_ten_looks() {
        let (mut age, mut looks) = (0, 0);
        while age < 3_600 {
            age += i64::from(next_look_seconds([at(0)], at(0), at(age)).expect("open"));
            looks += 1;
        }
        assert!((9..=12).contains(&looks), "{looks} looks");
    }

    #[test]
    fn instances_that_take_turns_for_five_hours_cost_about_a_hundred_looks() {
        // Every six minutes one ends and the next is sent.
        let (mut now, mut looks) = (0, 0);
        while now < 5 * 3_600 {
            let youngest = at(now / 360 * 360);
            now += i64::from(next_look_seconds([at(0), youngest], at(0), at(now)).expect("open"));
            looks += 1;
        }
        assert!((60..=130).contains(&looks), "{looks} looks");
        assert_eq!(next_look_seconds([], at(0), at(5)), None, "nothing is open");
    }

    #[test]
    fn a_scan_of_a_target_of_any_size_ends_within_half_an_hour() {
        for instances in [1, 50, 500, 2_000, 10_000, 100_000] {
            let at_a_time = scans_in_flight(instances);
            assert!(at_a_time >= 50 && at_a_time <= instances.max(50));
            // A scan takes half a minute, and the next ones are sent when its end is seen. Sending itself is paced elsewhere.
            let (mut now, mut left) = (0, instances);
            while left > 0 {
                left = left.saturating_sub(at_a_time);
                now += i64::from(next_look_seconds([at(now)], at(0), at(now)).expect("open"));
            }
            assert!(now <= 1_800, "{instances} instances take {now} s");
        }
    }

    proptest! {
        /// No name of a run ends a function, and every name is recognised.
        #[test]
        fn comments_of_any_run_fit(run in r"\PC{1,80}") {
            let comment = comment(&run, "01-test-1", &target(), (Phase::Scan, Pass::First), "i-1");
            prop_assert!(comment.len() <= MAX_COMMENT);
            prop_assert!(is_comment_of(&comment, &run));
        }
    }

    #[test]
    fn comments_fit_and_tell_every_command_apart() {
        let long = "r".repeat(80);
        let comment = |run: &str, phase, pass, id: &str| comment(run, "01-test-1", &target(), (phase, pass), id);
        let one = comment(&long, Phase::Install, Pass::First, "i-1");
        assert!(one.len() <= MAX_COMMENT);
        let others = [
            comment(&long, Phase::Install, Pass::First, "i-2"),
            comment(&long, Phase::Verify, Pass::First, "i-1"),
            comment(&long, Phase::Install, Pass::Second, "i-1"),
        ];
        assert!(others.iter().all(|other| *other != one));
        for run in [long.as_str(), "run-1"] {
            let comment = comment(run, Phase::Install, Pass::First, "i-1");
            assert!(is_comment_of(&comment, run));
            assert!(!is_comment_of(&comment, "run-2"));
            assert!(!is_comment_of(&comment, "run"), "only a comment that is full can be cut off");
        }
        assert!(!is_comment_of("Patch now", "run-1") && !is_comment_of("orgpatch  run-1", "run-1"));
    }

    #[test]
    fn a_scan_never_carries_what_an_install_does() {
        let scan = request(Phase::Verify, "i-1", "s", "c".into(), Reboot::IfNeeded);
        assert_eq!(scan.parameters["Operation"], ["Scan"]);
        assert!(!scan.parameters.contains_key("RebootOption"));
        let install = request(Phase::Install, "i-1", "s", "c".into(), Reboot::Never);
        assert_eq!(install.parameters["Operation"], ["Install"]);
        assert_eq!(install.parameters["RebootOption"], ["NoReboot"]);
    }
}
