//! An instance: what the scenario says about it, and what has happened to it since.
use super::{abilities::Abilities, network::Attachment};
use crate::{
    clock::{HOUR, Millis},
    facts::{ids, operating_systems::Os},
    patching::{
        catalogue::{InstalledPatches, Machine, PatchId},
        command::InvocationId,
        compliance::ComplianceReport,
        document::{Operation, OperationKind},
        scope::PatchScope,
        snapshot::Snapshot,
    },
    scenario::{BehaviourEntry, InstanceState, Metadata, StateChange},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// An operation that an agent has begun.
#[derive(Debug)]
pub struct Running {
    /// The invocation that it belongs to.
    pub invocation: InvocationId,
    /// The operation.
    pub operation: Operation,
    /// When the agent began.
    pub started: Millis,
    /// The snapshot's id.
    pub snapshot_id: String,
    /// The snapshot: the approved patches, and the baseline that approved them.
    pub snapshot: Snapshot,
    /// Whether the step's time limit ends the operation.
    pub times_out: bool,
}

/// Work that an agent does one operation after the other.
#[derive(Debug, Default)]
pub struct Lane {
    /// The operation that runs.
    pub current: Option<Running>,
    /// The invocations that wait.
    pub queue: VecDeque<InvocationId>,
}

/// An instance.
#[derive(Debug)]
pub struct Node {
    /// `i-` and hex digits, or `mi-` and hex digits.
    pub id: String,
    /// Whether it is a hybrid node, which EC2 does not know.
    pub hybrid: bool,
    /// The account that owns it.
    pub account: String,
    /// The Region that it is in.
    pub region: String,
    /// Its operating system.
    pub os: Os,
    /// Name of the operating system, as SSM reports it.
    pub os_name: String,
    /// Version of the operating system, as SSM reports it.
    pub os_version: String,
    /// EC2 tags.
    pub tags: BTreeMap<String, String>,
    /// More EC2 tags, which all instances of an entry share.
    pub many_tags: Arc<BTreeMap<String, String>>,
    /// How many made-up patches are for it.
    pub made_up: u32,
    /// The features of Windows on it.
    pub features: Vec<String>,
    /// The language of its Windows, in which it reports titles.
    pub language: Option<String>,
    /// Its state.
    pub state: InstanceState,
    /// Its later states.
    pub changes: Vec<StateChange>,
    /// When it was launched, if that was not before the scenario started.
    pub launched_here: Option<Millis>,
    /// When it was terminated.
    pub terminated: Option<Millis>,
    /// What it can do, given its network, its agent and its software.
    pub abilities: Abilities,
    /// Where it is connected.
    pub at: Attachment,
    /// Its private address.
    pub address: String,
    /// Whether it has an instance profile.
    pub has_profile: bool,
    /// Its metadata service.
    pub metadata: Metadata,
    /// Version of its agent. `absent` or `stopped` on an instance that Systems Manager does not know.
    pub agent: String,
    /// Version of its Python, or `absent`. None: a version that works.
    pub python: Option<String>,
    /// Whether inventory is collected on it.
    pub inventory: bool,
    /// How its agent behaves.
    pub behaviour: BehaviourEntry,
    /// How far its clock is ahead of simulated time.
    pub clock_skew: Millis,
    /// When it was started.
    pub launched: Millis,
    /// When its agent stopped answering.
    pub lost_since: Option<Millis>,
    /// The patches on it.
    pub installed: InstalledPatches,
    /// The latest compliance report that its agent sent.
    pub report: Option<ComplianceReport>,
    /// When it last installed with `NoReboot`.
    pub last_no_reboot_install: Option<Millis>,
    /// Lane 0 is for commands of the API, lane 1 for competing patchers. An agent works in both at the same time.
    pub lanes: [Lane; 2],
    /// Ground truth: how often the agent began an Install that came by the API.
    pub installs_started: u32,
    /// Ground truth: how often the agent began an Install of a competing patcher.
    pub installs_by_competitors: u32,
    /// Ground truth: how often a patch operation began while another one ran, one of the two an Install.
    pub overlaps: u32,
    /// Ground truth: how many of these overlaps were an Install that came by the API and began second.
    pub installs_beside: u32,
    /// Ground truth: ids of the patches that were installed in this simulation.
    pub installed_here: BTreeSet<PatchId>,
    /// Ground truth: how often it rebooted.
    pub reboots: u32,
}

impl Node {
    /// Returns the value of a tag.
    pub fn tag(&self, key: &str) -> Option<&String> {
        self.tags.get(key).or_else(|| self.many_tags.get(key))
    }

    /// Returns all its tags.
    pub fn all_tags(&self) -> impl Iterator<Item = (&String, &String)> {
        self.tags.iter().chain(self.many_tags.iter())
    }

    /// Returns what decides which patches it can install.
    pub fn machine(&self) -> Machine<'_> {
        Machine { os: self.os, installed: &self.installed, made_up: self.made_up, features: &self.features }
    }

    /// Returns whether it runs.
    pub fn is_running(&self) -> bool {
        self.state == InstanceState::Running
    }

    /// Returns whether EC2 lists it. A terminated instance is listed for an hour (EC2 User Guide, "Terminate Amazon EC2 instances").
    pub fn is_in_ec2(&self, now: Millis) -> bool {
        let is_over = self.terminated.is_some_and(|at| now - at >= HOUR);
        !self.hybrid && self.state != InstanceState::Absent && !is_over
    }

    /// Puts it into another state. What its agent was doing is lost.
    pub fn change(&mut self, state: InstanceState, now: Millis) {
        if self.state == InstanceState::Terminated {
            return;
        }
        if self.state == InstanceState::Absent {
            self.launched_here = Some(now);
        }
        if state == InstanceState::Running {
            self.lost_since = None;
            self.launched = now;
        } else {
            self.lost_since = self.lost_since.or(Some(now));
            self.lanes = Default::default();
        }
        if state == InstanceState::Terminated {
            self.terminated = Some(now);
        }
        self.state = state;
    }

    /// Returns whether Systems Manager lists it.
    pub fn is_listed(&self) -> bool {
        self.abilities.managed && self.is_running()
    }

    /// Returns whether a command can be sent to it.
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

    /// Returns what its own clock shows at a simulated time.
    pub fn own_time(&self, at: Millis) -> Millis {
        at + self.clock_skew
    }

    /// Returns `PingStatus` of the SSM API.
    pub fn ping_status(&self) -> &'static str {
        if self.lost_since.is_some() { "ConnectionLost" } else { "Online" }
    }

    /// Returns its name in the DNS of its VPC, or of the network that a hybrid node is in.
    pub fn computer_name(&self) -> String {
        if self.hybrid {
            return format!("{}.example.internal", self.id);
        }
        if self.address.contains(':') {
            // An IPv6-only subnet names its instances by their ids (EC2 User Guide, "EC2 instance hostnames").
            return format!("{}.{}.compute.internal", self.id, self.region);
        }
        format!("ip-{}.{}.compute.internal", self.address.replace('.', "-"), self.region)
    }

    /// Returns `ResourceType` of the SSM API.
    pub fn resource_type(&self) -> &'static str {
        if self.hybrid { "ManagedInstance" } else { "EC2Instance" }
    }

    /// Returns `SourceType` of the SSM API.
    pub fn source_type(&self) -> &'static str {
        if self.hybrid { "AWS::SSM::ManagedInstance" } else { "AWS::EC2::Instance" }
    }

    /// Returns the activation by which a hybrid node was registered.
    pub fn activation(&self) -> Option<String> {
        self.hybrid.then(|| ids::uuid(&["activation", &self.account, &self.region]))
    }

    /// Returns the patch group that its tag names.
    pub fn patch_group(&self) -> Option<&str> {
        ["Patch Group", "PatchGroup"].iter().find_map(|key| self.tags.get(*key)).map(String::as_str)
    }

    /// Returns what decides which baseline the instance is judged by.
    pub fn patch_scope(&self) -> PatchScope<'_> {
        PatchScope { account: &self.account, region: &self.region, patch_group: self.patch_group(), os: self.os }
    }
}
