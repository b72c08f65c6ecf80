//! An instance: what the scenario says about it, and what has happened to it since.
use super::{abilities::Abilities, network::Attachment};
use crate::{
    clock::Millis,
    facts::operating_systems::Os,
    patching::{
        catalogue::{InstalledPatches, PatchId},
        command::InvocationId,
        compliance::ComplianceReport,
        document::{Operation, OperationKind},
        scope::PatchScope,
        snapshot::Snapshot,
    },
    scenario::{BehaviourEntry, Metadata},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An operation that an agent has begun.
#[derive(Debug)]
pub struct Running {
    /// Whose invocation it is.
    pub invocation: InvocationId,
    /// What was asked for.
    pub operation: Operation,
    /// Since when.
    pub started: Millis,
    /// The snapshot's id.
    pub snapshot_id: String,
    /// The snapshot: what is approved, and by which baseline.
    pub snapshot: Snapshot,
    /// Does the step time-out strike first?
    pub times_out: bool,
}

/// What an agent does one thing after the other.
#[derive(Debug, Default)]
pub struct Lane {
    /// What it is doing.
    pub current: Option<Running>,
    /// What it will do next.
    pub queue: VecDeque<InvocationId>,
}

/// An instance.
#[derive(Debug)]
pub struct Node {
    /// `i-` and hex digits.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its system.
    pub os: Os,
    /// The system's name as SSM reports it.
    pub os_name: String,
    /// The system's version as SSM reports it.
    pub os_version: String,
    /// EC2 tags.
    pub tags: BTreeMap<String, String>,
    /// Does it run?
    pub running: bool,
    /// What it can do because of where it is and what is on it.
    pub abilities: Abilities,
    /// Where it is connected.
    pub at: Attachment,
    /// Its private address.
    pub address: String,
    /// Has it an instance profile?
    pub has_profile: bool,
    /// Its metadata service.
    pub metadata: Metadata,
    /// Version of its agent; `absent` or `stopped` on one that Systems Manager does not know.
    pub agent: String,
    /// Version of Python on it, or `absent`; none: one that works.
    pub python: Option<String>,
    /// Is inventory collected on it?
    pub inventory: bool,
    /// How its agent behaves.
    pub behaviour: BehaviourEntry,
    /// When it was started.
    pub launched: Millis,
    /// Since when its agent does not answer any more.
    pub lost_since: Option<Millis>,
    /// What is on it.
    pub installed: InstalledPatches,
    /// The latest compliance report that it sent.
    pub report: Option<ComplianceReport>,
    /// When it last installed with `NoReboot`.
    pub last_no_reboot_install: Option<Millis>,
    /// What the agent does for commands that come by the API, and what it does for others beside it.
    pub lanes: [Lane; 2],
    /// Truth: how often the agent began an Install that came by the API.
    pub installs_started: u32,
    /// Truth: how often it began an Install of somebody else.
    pub installs_by_competitors: u32,
    /// Truth: how often a patch operation began beside another one, one of them an Install.
    pub overlaps: u32,
    /// Truth: how many of them were an Install that came by the API and began second.
    pub installs_beside: u32,
    /// Truth: ids of what was installed in this simulation.
    pub installed_here: BTreeSet<PatchId>,
    /// Truth: how often it rebooted.
    pub reboots: u32,
}

impl Node {
    /// Does Systems Manager list it?
    pub fn is_listed(&self) -> bool {
        self.abilities.managed && self.running
    }

    /// Can a command be sent to it?
    pub fn is_online(&self) -> bool {
        self.is_listed() && self.lost_since.is_none()
    }

    /// Counts an operation that begins in a lane.
    pub fn count(&mut self, kind: OperationKind, lane: usize) {
        let installs = kind == OperationKind::Install;
        if installs {
            *(if lane == 0 { &mut self.installs_started } else { &mut self.installs_by_competitors }) += 1;
        }
        let beside = self.lanes[1 - lane].current.as_ref();
        if beside.is_some_and(|other| installs || other.operation.kind == OperationKind::Install) {
            self.overlaps += 1;
            self.installs_beside += u32::from(installs && lane == 0);
        }
    }

    /// `PingStatus` of the SSM API.
    pub fn ping_status(&self) -> &'static str {
        if self.lost_since.is_some() { "ConnectionLost" } else { "Online" }
    }

    /// Its name in the DNS of its VPC.
    pub fn computer_name(&self) -> String {
        format!("ip-{}.{}.compute.internal", self.address.replace('.', "-"), self.region)
    }

    /// The patch group that a tag puts it in.
    pub fn patch_group(&self) -> Option<&str> {
        ["Patch Group", "PatchGroup"].iter().find_map(|key| self.tags.get(*key)).map(String::as_str)
    }

    /// Returns what decides which baseline the instance is judged by.
    pub fn patch_scope(&self) -> PatchScope<'_> {
        PatchScope { account: &self.account, region: &self.region, patch_group: self.patch_group(), os: self.os }
    }
}
