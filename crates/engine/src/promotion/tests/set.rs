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
fn an_update_is_the_same_in_every_language_and_another_version_is_not() {
    let os = OperatingSystem::Windows;
    let titled = |title: &str| Patch { id: "KB5046616".into(), title: title.into(), ..patch("a", "1") };
    let german = "2026-11 Kumulatives Update für Windows Server 2022 für x64-basierte Systeme (KB5046616)";
    let japanese = "Windows Server 2022 x64 ベース システム用の累積更新プログラム (KB5046616), 2026-11";
    let row = installed(os, vec![titled(german)]);
    let set = tested_by([&row], Some(day(1)), TestedSet::default(), day(1));
    assert!(set.contains(os, &titled(german)) && set.contains(os, &titled(japanese)));
    for other in [
        "2026-12 Kumulatives Update für Windows Server 2022 für x64-basierte Systeme (KB5046616)",
        "2026-11 Kumulatives Update für Windows Server 2019 für x64-basierte Systeme (KB5046616)",
        "Kumulatives Update",
        "",
    ] {
        assert!(!set.contains(os, &titled(other)), "{other}");
    }
    assert!(!set.contains(os, &Patch { id: "KB5046617".into(), ..titled(german) }));
    // Nothing but the KB id is a number, or the month is a word.
    for (tested, wanted) in [
        ("Update for one (KB5046616)", "Update for another (KB5046616)"),
        ("Removal Tool x64 - October 2019 (KB5046616)", "Removal Tool x64 - November 2019 (KB5046616)"),
    ] {
        let set = tested_by([&installed(os, vec![titled(tested)])], Some(day(1)), TestedSet::default(), day(1));
        assert!(set.contains(os, &titled(tested)) && !set.contains(os, &titled(wanted)), "{wanted}");
    }
    // Where packages have versions, only the same title is the same package.
    let linux = OperatingSystem::AmazonLinux2023;
    let package = |title: &str| Patch { title: title.into(), ..patch("a", "1") };
    let set = tested_by([&installed(linux, vec![package("a:1-b2")])], None, TestedSet::default(), day(1));
    assert!(set.contains(linux, &package("a:1-b2")) && !set.contains(linux, &package("a:1-c2")));
    // A title without a number says nothing in another language.
    let set = tested_by([&installed(os, vec![titled("Update")])], None, TestedSet::default(), day(1));
    assert!(set.contains(os, &titled("Update")) && !set.contains(os, &titled("Aktualisierung")));
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
