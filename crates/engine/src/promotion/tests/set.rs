//! What counts as tested, and for how long.

use jiff::{SignedDuration, Timestamp};
use orgpatch_model::outcome::Outcome;

use super::*;
use crate::fixtures::{seen, target};
use crate::results::InstanceRow;
use crate::results::reconcile::row;

fn installed(os: OperatingSystem, patches: Vec<Patch>) -> InstanceRow {
    let instance = seen("i-1", Some(os));
    InstanceRow {
        installed: patches,
        ..row(&target(), &instance, Outcome::Patched, Reason::new(ReasonCode::ProvedByScan, "x"))
    }
}

fn day(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * n)
}

#[test]
fn a_patch_is_tested_in_one_version_for_one_operating_system() {
    let row = installed(OperatingSystem::AmazonLinux2023, vec![patch("openssl", "1")]);
    let set = tested_by([&row], Some(day(1)), TestedSet::default(), day(1));
    assert!(set.contains(OperatingSystem::AmazonLinux2023, &patch("openssl", "1")));
    assert!(!set.contains(OperatingSystem::AmazonLinux2023, &patch("openssl", "2")));
    assert!(!set.contains(OperatingSystem::RockyLinux, &patch("openssl", "1")));
}

#[test]
fn a_patch_whose_name_was_cut_is_never_tested() {
    let os = OperatingSystem::AmazonLinux2023;
    let kept = |title: String| Patch { title, ..patch("kernel", "1") }.within_limits("");
    let (long, other) = (kept("x".repeat(300)), kept("x".repeat(400)));
    assert_eq!(long, other, "the beginnings are the same");
    assert!(!tested_by([&installed(os, vec![long])], None, TestedSet::default(), day(0)).contains(os, &other));
}

#[test]
fn what_an_earlier_run_installed_stays_tested_for_a_while() {
    let (os, openssl, bash) = (OperatingSystem::AmazonLinux2023, patch("openssl", "1"), patch("bash", "1"));
    let first = tested_by([&installed(os, vec![openssl.clone()])], None, TestedSet::default(), day(0));
    let again = |now| tested_by([&installed(os, vec![bash.clone()])], Some(now), first.clone(), now);
    let soon = again(day(MEMORY_DAYS));
    assert!(soon.contains(os, &openssl) && soon.contains(os, &bash));
    let late = again(day(MEMORY_DAYS + 1));
    assert!(!late.contains(os, &openssl) && late.contains(os, &bash));
    assert_eq!(soon.scanned_at, Some(day(MEMORY_DAYS)), "only this run's own scan counts");
}

#[test]
fn the_steps_of_a_stage_count_together() {
    let os = OperatingSystem::AmazonLinux2023;
    let step = |name: &str, at| {
        tested_by([&installed(os, vec![patch(name, "1")])], Some(day(at)), TestedSet::default(), day(at))
    };
    let both = step("openssl", 1).merge(step("bash", 2));
    assert_eq!(both.scanned_at, Some(day(2)));
    assert!(both.contains(os, &patch("openssl", "1")) && both.contains(os, &patch("bash", "1")));
}

#[test]
fn it_is_written_and_read_as_a_list() {
    let row = installed(OperatingSystem::Windows, vec![patch("KB1", "")]);
    let set = tested_by([&row], Some(day(1)), TestedSet::default(), day(1));
    let text = serde_json::to_string(&set).expect("JSON");
    insta::assert_snapshot!(text);
    assert_eq!(serde_json::from_str::<TestedSet>(&text).expect("the same"), set);
}
