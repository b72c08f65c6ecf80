//! The install order of a target: what is installed there, and nothing else.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::{Patch, WithheldPatches};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::Reboot;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A target's share of the install plan, in the bucket one chunk of it; what `install` sends, neither more nor less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallOrder {
    /// Account id.
    pub account_id: String,
    /// Region code.
    pub region: String,
    /// The instances, each with what is missing there.
    pub instances: Vec<OrderedInstance>,
    /// Instances that lack patches but are left out, because what they lack is not tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What is put on the list of rejected patches before anything is installed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub withheld: WithheldPatches,
    /// When the pre-install scan of each instance ended, by the clock of the instance; only in an approved order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scanned_at: BTreeMap<String, Timestamp>,
}

/// An instance that lacks patches and is left out of the install plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Instance id.
    pub instance_id: String,
    /// What it ends with.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The patches that are held back.
    pub held_back: Vec<Patch>,
}

/// An instance in the install plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderedInstance {
    /// Instance id.
    pub instance_id: String,
    /// Operating system.
    pub os: OperatingSystem,
    /// Availability Zone. Zones are patched one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Patches that the scan found missing.
    pub missing: Vec<Patch>,
    /// How many more the scan found missing, which are not listed.
    #[serde(default, skip_serializing_if = "orgpatch_model::patch::is_zero")]
    pub more: u32,
    /// Those among them that the first stage has not installed, where the plan does not hold them back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untested: Vec<Patch>,
    /// Patches that are missing too and are held back, because the first stage has not installed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back: Vec<Patch>,
    /// Why it is in the plan: patches are missing, or a reboot is.
    pub reason: Reason,
    /// Why the plan never reboots it. None: its install may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_reboot: Option<Reason>,
}

impl OrderedInstance {
    /// Returns whether its install may reboot it.
    #[must_use]
    pub fn reboot(&self) -> Reboot {
        reboot(self.never_reboot.as_ref())
    }
}

fn reboot(never: Option<&Reason>) -> Reboot {
    never.map_or(Reboot::IfNeeded, |_| Reboot::Never)
}

/// An order as the functions that send read it: without the patches, and without what is left out. Whatever an instance lacks, it
/// takes about a hundred bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderToSend {
    account_id: String,
    region: String,
    instances: Vec<InstanceToSend>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    withheld: WithheldPatches,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstanceToSend {
    instance_id: String,
    os: OperatingSystem,
    availability_zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    never_reboot: Option<Reason>,
}

impl OrderToSend {
    /// Returns an instance of this order that the other one does not have, or about whose reboot it says something else; None if
    /// there is none.
    #[must_use]
    pub fn not_in(&self, other: &InstallOrder) -> Option<&str> {
        let known: HashMap<&str, Reboot> =
            other.instances.iter().map(|one| (one.instance_id.as_str(), one.reboot())).collect();
        let is_in =
            |one: &InstanceToSend| known.get(one.instance_id.as_str()) == Some(&reboot(one.never_reboot.as_ref()));
        self.instances.iter().find(|one| !is_in(one)).map(|one| one.instance_id.as_str())
    }

    /// Returns the orders of a target's chunks as one; None if there is none.
    ///
    /// # Errors
    ///
    /// [`WithheldDiffers`], if they do not all withhold the same patches: there is one baseline for all of them.
    pub fn joined(chunks: impl IntoIterator<Item = Self>) -> Result<Option<InstallOrder>, WithheldDiffers> {
        let mut chunks = chunks.into_iter();
        let Some(mut all) = chunks.next() else { return Ok(None) };
        for chunk in chunks {
            if chunk.withheld != all.withheld {
                return Err(WithheldDiffers);
            }
            all.instances.extend(chunk.instances);
        }
        let Self { account_id, region, instances, withheld } = all;
        let instance = |InstanceToSend { instance_id, os, availability_zone, never_reboot }| OrderedInstance {
            instance_id,
            os,
            availability_zone,
            missing: Vec::new(),
            more: 0,
            untested: Vec::new(),
            held_back: Vec::new(),
            reason: Reason::new(ReasonCode::Work, ""),
            never_reboot,
        };
        let instances = instances.into_iter().map(instance).collect();
        let (left_out, scanned_at) = (Vec::new(), BTreeMap::new());
        Ok(Some(InstallOrder { account_id, region, instances, left_out, withheld, scanned_at }))
    }
}

/// The orders of a target's chunks do not withhold the same patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the orders of the target's chunks do not withhold the same patches")]
pub struct WithheldDiffers;

#[cfg(test)]
mod tests {
    use orgpatch_model::patch::PatchDisposition;

    use super::*;

    /// A chunk of an order as it is stored, with one instance that lacks a patch.
    fn stored(instance_id: &str, withheld: &str) -> OrderToSend {
        let patch = Patch {
            id: "kernel.x86_64".into(),
            title: "kernel.x86_64:0:6.1.119".into(),
            classification: "Security".into(),
            severity: "Important".into(),
            state: PatchDisposition::Missing,
            cve_ids: vec!["CVE-2026-0001".into()],
            more_cve_ids: 0,
        };
        let instance = OrderedInstance {
            instance_id: instance_id.into(),
            os: OperatingSystem::AmazonLinux2023,
            availability_zone: Some("ap-northeast-1a".into()),
            more: 1,
            untested: vec![patch.clone()],
            held_back: vec![patch.clone()],
            missing: vec![patch],
            reason: Reason::new(ReasonCode::PatchesMissing, "1 patch is missing"),
            never_reboot: None,
        };
        let order = InstallOrder {
            account_id: "222200000001".into(),
            region: "ap-northeast-1".into(),
            instances: vec![instance],
            left_out: Vec::new(),
            withheld: [(OperatingSystem::AmazonLinux2023, vec![withheld.to_owned()])].into(),
            scanned_at: BTreeMap::new(),
        };
        serde_json::from_value(serde_json::to_value(order).expect("JSON")).expect("what those who send read")
    }

    #[test]
    fn the_chunks_of_an_order_are_sent_as_one_and_without_patches() {
        let joined = OrderToSend::joined([stored("i-1", "kernel"), stored("i-2", "kernel")]);
        let order = joined.expect("the same is withheld").expect("an order");
        let ids: Vec<&str> = order.instances.iter().map(|one| one.instance_id.as_str()).collect();
        assert_eq!(ids, ["i-1", "i-2"]);
        assert!(order.instances.iter().all(|one| one.missing.is_empty() && one.availability_zone.is_some()));
        assert_eq!(order.withheld[&OperatingSystem::AmazonLinux2023], ["kernel"]);
        assert_eq!(OrderToSend::joined([]), Ok(None));
    }

    /// No hash covers the orders that `collect-results` writes. They may not change what the plan says of a reboot.
    #[test]
    fn a_later_order_may_not_say_something_else_about_a_reboot() {
        let order = |never: &[bool]| {
            let chunks = never.iter().enumerate().map(|(nth, never)| {
                let mut chunk = stored(&format!("i-{nth}"), "kernel");
                let why = Reason::new(ReasonCode::NeverReboot, "the plan never reboots it");
                chunk.instances[0].never_reboot = never.then_some(why);
                chunk
            });
            OrderToSend::joined(chunks).expect("the same is withheld").expect("an order")
        };
        let later = |never: &[bool]| -> OrderToSend {
            serde_json::from_value(serde_json::to_value(order(never)).expect("JSON")).expect("an order")
        };
        let planned = order(&[true, false]);
        assert_eq!(
            planned.instances.iter().map(OrderedInstance::reboot).collect::<Vec<_>>(),
            [Reboot::Never, Reboot::IfNeeded]
        );
        assert_eq!(later(&[true, false]).not_in(&planned), None);
        assert_eq!(later(&[true]).not_in(&planned), None, "less is allowed");
        assert_eq!(later(&[false, false]).not_in(&planned), Some("i-0"));
        assert_eq!(later(&[true, true]).not_in(&planned), Some("i-1"));
        assert_eq!(later(&[true, false, true]).not_in(&planned), Some("i-2"));
    }

    #[test]
    fn chunks_that_withhold_different_patches_are_not_sent() {
        assert_eq!(OrderToSend::joined([stored("i-1", "kernel"), stored("i-2", "jq")]), Err(WithheldDiffers));
    }
}
