//! Tests what each setting of the plan does with untested patches.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use orgpatch_model::outcome::Outcome;
use orgpatch_plan::Untested;

use super::*;
use crate::results::outcome_rules::Verdict;

const OS: OperatingSystem = OperatingSystem::AmazonLinux2023;

fn tested() -> TestedSet {
    serde_json::from_value(serde_json::json!({
        "scannedAt": "2026-11-10T03:00:00Z",
        "patches": [
            {"os": OS.name(), "id": "openssl.x86_64", "title": "openssl.x86_64:0:1", "at": "2026-11-10T04:00:00Z"},
            {"os": OS.name(), "id": "bash.x86_64", "title": "bash.x86_64:0:1", "at": "2026-11-10T04:00:00Z"},
        ],
    }))
    .expect("a tested set")
}

fn missing() -> InstallOrder {
    order(
        OS,
        [
            ("i-a".to_owned(), vec![patch("openssl", "1"), patch("kernel", "2")]),
            ("i-b".to_owned(), vec![patch("bash", "1")]),
            ("i-c".to_owned(), vec![patch("kernel", "2")]),
        ],
    )
}

fn text(order: &InstallOrder) -> String {
    let titles = |patches: &[Patch]| patches.iter().map(|patch| patch.title.clone()).collect::<Vec<_>>().join(" ");
    let mut text = String::new();
    for one in &order.instances {
        let (missing, untested, held) = (titles(&one.missing), titles(&one.untested), titles(&one.held_back));
        let _ = writeln!(text, "{}: install [{missing}] untested [{untested}] held back [{held}]", one.instance_id);
    }
    for one in &order.left_out {
        let held = titles(&one.held_back);
        let _ = writeln!(text, "{}: {} {} held back [{held}]", one.instance_id, one.outcome, one.reason);
    }
    let _ = write!(text, "rejected {:?}", order.withheld);
    text
}

#[test]
fn warn_installs_and_names_what_is_not_tested() {
    insta::assert_snapshot!(text(&review(missing(), &tested(), Untested::Warn, &[baseline(OS, 0)])));
}

#[test]
fn block_takes_it_out_of_the_order_and_puts_it_on_the_list() {
    insta::assert_snapshot!(text(&review(missing(), &tested(), Untested::Block, &[baseline(OS, 0)])));
}

#[test]
fn an_instance_for_whose_patches_the_list_has_no_room_is_left_out() {
    let room_for_one = [baseline(OS, 49)];
    let two = order(
        OS,
        [
            ("i-b".to_owned(), vec![patch("openssl", "1"), patch("kernel", "2"), patch("glibc", "2")]),
            ("i-a".to_owned(), vec![patch("openssl", "1"), patch("kernel", "2")]),
        ],
    );
    insta::assert_snapshot!(text(&review(two, &tested(), Untested::Block, &room_for_one)));
}

#[test]
fn where_the_plan_has_no_baseline_nothing_can_be_held_back() {
    let left = review(missing(), &tested(), Untested::Block, &[]);
    assert_eq!(left.instances.iter().map(|one| one.instance_id.as_str()).collect::<Vec<_>>(), ["i-b"]);
    assert!(left.withheld.is_empty());
}

#[test]
fn only_what_the_scan_proves_is_installed() {
    let ids = ["i-clean", "i-older-version", "i-nothing-left", "i-reboot", "i-offline", "i-broken", "i-silent"];
    let instances = ids.map(|id| (id.to_owned(), vec![patch("openssl", "1"), patch("kernel", "2")]));
    let order = review(order(OS, instances), &tested(), Untested::Block, &[baseline(OS, 0)]);
    let found = |outcome, missing: &[Patch]| Scanned {
        verdict: Verdict { outcome, reason: Reason::new(ReasonCode::PatchesMissing, "because") },
        missing: missing.to_vec(),
        more: 0,
        ended_at: None,
    };
    let mut scanned = BTreeMap::from([
        ("i-clean".to_owned(), found(Outcome::Missing, &[patch("openssl", "1")])),
        // Behind the rejected kernel 2 the kernel 1 became the newest approved one.
        ("i-older-version".to_owned(), found(Outcome::Missing, &[patch("openssl", "1"), patch("kernel", "1")])),
        ("i-nothing-left".to_owned(), found(Outcome::Compliant, &[])),
        ("i-reboot".to_owned(), found(Outcome::PendingReboot, &[])),
        ("i-offline".to_owned(), found(Outcome::NotReady, &[])),
        ("i-broken".to_owned(), found(Outcome::Failed, &[])),
    ]);
    insta::assert_snapshot!(text(&approve(order, &tested(), &mut scanned)));
}

#[test]
fn an_instance_with_patches_that_are_not_listed_is_left_out_where_untested_ones_are_blocked() {
    let reviewed = |untested| {
        let mut order = missing();
        for one in &mut order.instances {
            one.more = u32::from(one.instance_id == "i-a") * 100;
        }
        let left = review(order, &tested(), untested, &[baseline(OS, 0)]);
        let left_out = left.left_out.into_iter().filter(|one| one.reason.code == ReasonCode::TooManyToCompare);
        let left_out: Vec<_> = left_out.map(|one| (one.instance_id, one.outcome, one.reason.text)).collect();
        (left_out, left.instances.iter().any(|one| one.instance_id == "i-a"))
    };
    let text = "more patches are missing than are compared with what the first stage has installed: 2 are listed, and 100 \
                more are missing";
    assert_eq!(reviewed(Untested::Block), (vec![("i-a".to_owned(), Outcome::Skipped, text.to_owned())], false));
    for untested in [Untested::Warn, Untested::Allow] {
        assert_eq!(reviewed(untested), (vec![], true));
    }
}

#[test]
fn a_scan_that_does_not_list_everything_proves_nothing() {
    let order = review(
        order(OS, [("i-a".to_owned(), vec![patch("openssl", "1"), patch("kernel", "2")])]),
        &tested(),
        Untested::Block,
        &[baseline(OS, 0)],
    );
    let approved = |more| {
        let verdict = Verdict { outcome: Outcome::Missing, reason: Reason::new(ReasonCode::PatchesMissing, "because") };
        let found = Scanned { verdict, missing: vec![patch("openssl", "1")], more, ended_at: None };
        let approved = approve(order.clone(), &tested(), &mut BTreeMap::from([("i-a".to_owned(), found)]));
        approved.left_out.into_iter().map(|one| (one.outcome, one.reason.code)).collect::<Vec<_>>()
    };
    assert_eq!(approved(0), []);
    assert_eq!(approved(1), [(Outcome::Skipped, ReasonCode::TooManyToCompare)]);
}
