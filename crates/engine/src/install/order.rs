//! The install order of a target: what is installed there, and nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::{Patch, WithheldPatches};
use orgpatch_model::reason::Reason;
use serde::{Deserialize, Serialize};

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

impl InstallOrder {
    /// Returns the order without what the functions that send need not know: the patches, and what is left out. It takes some
    /// hundred bytes per instance.
    #[must_use]
    pub fn to_send_only(mut self) -> Self {
        self.left_out = Vec::new();
        for instance in &mut self.instances {
            (instance.missing, instance.untested, instance.held_back) = (Vec::new(), Vec::new(), Vec::new());
            instance.reason.text = String::new();
        }
        self
    }

    /// Returns the orders of a target's chunks as one; None if there is none. All have the same patches withheld.
    #[must_use]
    pub fn joined(chunks: impl IntoIterator<Item = Self>) -> Option<Self> {
        chunks.into_iter().reduce(|mut all, chunk| {
            all.instances.extend(chunk.instances);
            all.left_out.extend(chunk.left_out);
            all.scanned_at.extend(chunk.scanned_at);
            all
        })
    }
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
}
