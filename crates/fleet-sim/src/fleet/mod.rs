//! The instances: what the scenario says about each, and what has happened to it since.
pub mod abilities;
pub mod agent;
pub mod inventory;
pub mod network;

use crate::{
    clock::{DAY, Millis},
    facts::{ids, operating_systems::Os},
    fleet::{
        abilities::{Abilities, abilities, has_profile},
        agent::Running,
        network::{Attachment, Networks, Reach},
    },
    patching::{
        catalogue::{Catalogue, PatchId},
        command::JobId,
        compliance::Report,
        document::OperationKind,
        snapshot::Snapshot,
    },
    scenario::{
        AssociationName, BehaviourEntry, FleetEntry, Form, InstanceState, Metadata, Ping, Scenario, policy_tag,
    },
};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A patch on a node.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Position among the patch's versions.
    pub version: usize,
    /// Since when.
    pub at: Millis,
    /// Does it wait for a reboot?
    pub pending_reboot: bool,
}

/// What an agent does one thing after the other.
#[derive(Debug, Default)]
pub struct Lane {
    /// What it is doing.
    pub current: Option<Running>,
    /// What it will do next.
    pub queue: VecDeque<JobId>,
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
    pub installed: BTreeMap<PatchId, Installed>,
    /// The latest compliance report that it sent.
    pub report: Option<Report>,
    /// When it last installed with `NoReboot`.
    pub last_no_reboot_install: Option<Millis>,
    /// What the agent does for commands that come by the API, and what it does for others beside it.
    pub lanes: [Lane; 2],
    /// Truth: how often the agent began an Install that came by the API.
    pub installs_started: u32,
    /// Truth: how often it began an Install of somebody else.
    pub installs_by_others: u32,
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
            *(if lane == 0 { &mut self.installs_started } else { &mut self.installs_by_others }) += 1;
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

    /// Ids, sorted, of what a snapshot approves and the node has not, or not at that version.
    pub fn missing(&self, snapshot: &Snapshot) -> Vec<PatchId> {
        let lacks = |id: &str, version: usize| self.installed.get(id).is_none_or(|have| have.version < version);
        let approved = snapshot.approved.iter();
        approved.filter(|(id, approval)| lacks(id, approval.version)).map(|(id, _)| id.clone()).collect()
    }
}

/// All instances.
#[derive(Debug, Default)]
pub struct Fleet {
    /// In the order of the scenario.
    pub nodes: Vec<Node>,
    /// Where they are connected.
    pub networks: Networks,
    /// When the scenario starts.
    pub start: Millis,
    /// When they and their networks were made.
    pub since: Millis,
    by_id: HashMap<String, usize>,
    by_place: HashMap<String, Vec<usize>>,
}

fn place(account: &str, region: &str) -> String {
    format!("{account}/{region}")
}

impl Fleet {
    /// Builds the instances of a checked scenario.
    pub fn new(scenario: &Scenario, catalogue: &Catalogue, start: Millis) -> Self {
        let (networks, attachments) = Networks::new(&scenario.fleet);
        let mut fleet = Self { networks, start, since: start - 30 * DAY, ..Self::default() };
        for ((group, entry), at) in scenario.fleet.iter().enumerate().zip(attachments) {
            let account = scenario.accounts.get(&entry.account);
            let host_management = account.is_some_and(|a| a.default_host_management.is_on(&entry.region));
            let abilities = abilities(entry, Reach::new(&fleet.networks, at), host_management);
            for number in 0..entry.count.unwrap_or(1) {
                let derived = || {
                    let position = [group.to_string(), number.to_string()];
                    format!("i-{}", ids::hex(&["i", &entry.account, &entry.region, &position[0], &position[1]], 17))
                };
                let id = entry.id.clone().unwrap_or_else(derived);
                let address = fleet.networks.address(at, &id);
                fleet.add(Node { id, at, address, ..build(entry, abilities, catalogue, start) });
            }
        }
        fleet
    }

    fn add(&mut self, node: Node) {
        let index = self.nodes.len();
        self.by_id.insert(node.id.clone(), index);
        self.by_place.entry(place(&node.account, &node.region)).or_default().push(index);
        self.nodes.push(node);
    }

    /// Positions of the instances of an account in a Region.
    pub fn indices(&self, account: &str, region: &str) -> &[usize] {
        self.by_place.get(&place(account, region)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The instances of an account in a Region.
    pub fn at(&self, account: &str, region: &str) -> impl Iterator<Item = &Node> {
        self.indices(account, region).iter().map(|index| &self.nodes[*index])
    }

    /// The position of an instance, if it is in this account and Region.
    pub fn find(&self, account: &str, region: &str, id: &str) -> Option<usize> {
        let index = *self.by_id.get(id)?;
        let node = &self.nodes[index];
        (node.account == account && node.region == region).then_some(index)
    }
}

/// An instance of an entry, but for its id and its place in the network.
fn build(entry: &FleetEntry, abilities: Abilities, catalogue: &Catalogue, start: Millis) -> Node {
    // What is there from the beginning was installed a month earlier.
    let before = start - 30 * DAY;
    let have = |id: &String| {
        let version = catalogue.newest_at(entry.os, id, start);
        (PatchId::from(id.as_str()), Installed { version, at: before, pending_reboot: false })
    };
    let os_version = entry.os_version.clone().unwrap_or_else(|| entry.os.version().to_owned());
    let mut tags = entry.tags.clone();
    if let Some(group) = &entry.auto_scaling_group {
        tags.insert("aws:autoscaling:groupName".to_owned(), group.clone());
    }
    for Form(association) in &entry.associations {
        if association.name == AssociationName::QuickSetupPatchPolicy {
            let (key, value) = policy_tag(association.id.as_deref());
            tags.insert(key, value);
        }
    }
    Node {
        id: String::new(),
        account: entry.account.clone(),
        region: entry.region.clone(),
        os: entry.os,
        os_name: entry.platform_name.clone().unwrap_or_else(|| entry.os.name(&os_version).to_owned()),
        os_version,
        tags,
        running: entry.state == InstanceState::Running,
        abilities,
        at: Attachment { subnet: 0, group: 0 },
        address: String::new(),
        has_profile: has_profile(entry),
        metadata: entry.metadata,
        agent: entry.agent.clone(),
        python: entry.python.clone(),
        inventory: entry.inventory,
        behaviour: entry.behaviour.clone(),
        launched: before,
        lost_since: (entry.ping == Ping::ConnectionLost).then_some(start),
        installed: entry.installed.iter().map(have).collect(),
        report: None,
        last_no_reboot_install: None,
        lanes: Default::default(),
        installs_started: 0,
        installs_by_others: 0,
        overlaps: 0,
        installs_beside: 0,
        installed_here: BTreeSet::new(),
        reboots: 0,
    }
}
