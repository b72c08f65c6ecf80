//! What findings mean for the instances of an inventory.

use insta::assert_snapshot;
use orgpatch_model::reason::ReasonCode;

use super::*;
use crate::inventory::readiness::attach;
use crate::inventory::{Eligibility, InventoryInstance, list};

fn attached(facts: &Situation) -> Vec<InventoryInstance> {
    let select = Selection::default();
    let mut instances = list::inventory(&select, &facts.instances, known_nodes(facts));
    attach(&mut instances, check(facts, &select, now()));
    instances
}

fn known_nodes(facts: &Situation) -> &[ManagedInstance] {
    facts.managed.get().map(Vec::as_slice).unwrap_or_default()
}

fn eligibility(facts: &Situation) -> String {
    let mut text = String::new();
    for instance in attached(facts) {
        let told = match &instance.eligibility {
            Eligibility::Eligible => "selected".to_owned(),
            Eligibility::Skipped(reason) => format!("skipped: {reason}"),
            Eligibility::NotReady(reason) => format!("not ready: {reason}"),
        };
        assert_eq!(instance.findings.len(), Check::ALL.len(), "{told}");
        writeln!(text, "{told}").expect("a text");
    }
    text
}

fn platform(name: &str, version: &str) -> Situation {
    let mut facts = target();
    let node = &mut known(&mut facts.managed)[0];
    (node.platform_name, node.platform_version) = (name.into(), version.into());
    facts
}

#[test]
fn an_instance_that_could_be_asked_is_asked_whatever_is_found() {
    assert_snapshot!(eligibility(&target()), @"selected");
    // At the end of its life, and without a way to anything that can be seen.
    let mut facts = platform("Ubuntu", "16.04");
    known(&mut facts.network.endpoints).clear();
    assert_snapshot!(eligibility(&facts), @"selected");
}

#[test]
fn what_is_never_patched_is_not_ready_and_the_reason_says_why() {
    assert_snapshot!(eligibility(&platform("Bottlerocket", "1.20.0")), @"not ready: Patch Manager never patches Bottlerocket (Bottlerocket 1.20.0): it has no package manager; it is updated as a whole image, by its own update operator or API (operating-system-not-supported)");
    // The name has that of a system in it that is patched.
    assert_snapshot!(eligibility(&platform("Red Hat Enterprise Linux CoreOS", "4.16")), @"not ready: Patch Manager never patches Fedora CoreOS and Red Hat Enterprise Linux CoreOS (Red Hat Enterprise Linux CoreOS 4.16): they have no package manager to patch; they are updated as whole images, by their own updaters (operating-system-not-supported)");
    assert_snapshot!(eligibility(&platform("Plan 9", "4")), @"not ready: Patch Manager does not patch Plan 9 4 (operating-system-not-supported)");
}

#[test]
fn reasons_name_the_most_likely_cause() {
    let mut facts = target();
    known(&mut facts.managed).clear();
    known(&mut facts.network.endpoints).retain(|endpoint| endpoint.service != "ssm");
    assert_snapshot!(eligibility(&facts), @"not ready: Systems Manager does not know the instance. vpc-1 has no ssm endpoint, and subnet-a has no internet access (unmanaged)");
    let mut facts = target();
    known(&mut facts.managed)[0].ping = "ConnectionLost".into();
    assert_snapshot!(eligibility(&facts), @"not ready: the SSM Agent has not answered since 2026-11-23T09:58:00Z (ConnectionLost) (agent-offline)");
    known(&mut facts.network.endpoints).retain(|endpoint| endpoint.service != "ssmmessages");
    assert_snapshot!(eligibility(&facts), @"not ready: the SSM Agent has not answered since 2026-11-23T09:58:00Z (ConnectionLost). Most likely: vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access (agent-offline)");
    facts.instances[0].state = "stopped".into();
    assert_snapshot!(eligibility(&facts), @"not ready: the instance is stopped; patches can be installed only while it runs (stopped)");
}

#[test]
fn what_the_plan_leaves_out_has_no_findings() {
    let select = Selection { tags: [("Patch".to_owned(), ["yes"].into())].into(), ..Selection::default() };
    let facts = target();
    let mut instances = list::inventory(&select, &facts.instances, known_nodes(&facts));
    attach(&mut instances, check(&facts, &select, now()));
    assert!(
        matches!(&instances[0].eligibility, Eligibility::Skipped(reason) if reason.code == ReasonCode::NotSelectedByTags)
    );
    assert_eq!(instances[0].findings, []);
}
