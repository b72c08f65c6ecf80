//! The instances of a target, and which of them are asked.

pub mod chunks;
pub mod competing;
pub mod list;
pub mod readiness;
pub mod reboots;
pub mod sharing;
pub mod tags;

use std::collections::HashSet;

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::Reason;
use serde::{Deserialize, Serialize};

use crate::competing::Conflict;
use crate::matches::PlanEntry;
use crate::readiness::Finding;

/// What `scan` saw of a target's instances before it sent anything; in the bucket one [chunk](chunks) of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// When.
    pub at: Timestamp,
    /// The instances that are not terminated, and the hybrid nodes, sorted by id.
    pub instances: Vec<InventoryInstance>,
    /// What could not be seen of others who patch, and what of theirs may concern any instance. In the bucket the first chunk
    /// has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflict_notes: Vec<Reason>,
    /// The entries of the plan that match an instance of the target. In the bucket the first chunk has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Vec<PlanEntry>>,
}

impl Inventory {
    /// Returns the ids of the instances that the plan selects, whether they can answer or not.
    #[must_use]
    pub fn selected_ids(&self) -> HashSet<&str> {
        let selected = self.instances.iter().filter(|instance| instance.is_selected());
        selected.map(|instance| instance.instance_id.as_str()).collect()
    }
}

/// An instance as EC2 and Systems Manager describe it, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryInstance {
    /// Instance id.
    pub instance_id: String,
    /// Value of the `Name` tag, if there is one. A hybrid node has the name of its registration.
    pub name: Option<String>,
    /// Operating system, if Patch Manager knows it.
    pub os: Option<OperatingSystem>,
    /// Operating system in the agent's own words (`Amazon Linux 2023`).
    pub platform: Option<String>,
    /// Version of the SSM Agent.
    pub agent_version: Option<String>,
    /// Availability Zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Whether it is asked.
    pub eligibility: Eligibility,
    /// What was found about its readiness, one of each check. Empty: the plan leaves it out, or nothing was to be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Who else patches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Why the plan never reboots it. None: an install may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_reboot: Option<Reason>,
}

impl InventoryInstance {
    /// Returns true if the plan selects it, whether it can answer or not.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        !matches!(self.eligibility, Eligibility::Skipped(_))
    }
}

/// Whether an instance is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "eligibility", content = "reason", rename_all = "kebab-case")]
pub enum Eligibility {
    /// It is selected and can be asked.
    Eligible,
    /// The plan or a conflict says no.
    Skipped(Reason),
    /// It is selected but cannot be asked.
    NotReady(Reason),
}
