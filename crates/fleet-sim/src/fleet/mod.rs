//! The instances: where they are, what the scenario says about them, what has happened to them.
pub mod abilities;
pub mod agent;
pub mod inventory;
pub mod network;
mod node;

pub use node::{Node, Running};

use crate::{
    clock::{DAY, Millis, SECOND},
    facts::ids,
    patching::catalogue::{Catalogue, Installed, PatchId},
    scenario::{AssociationName, FleetEntry, InstanceState, ManyTagsEntry, NameOrMap, Ping, Scenario, policy_tag},
};
use abilities::{Abilities, abilities, has_profile, uses_dual_stack_endpoints};
use network::{Attachment, Networks, Reach};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// All instances.
#[derive(Debug, Default)]
pub struct Fleet {
    /// In the scenario's order.
    pub nodes: Vec<Node>,
    /// The networks of the instances.
    pub networks: Networks,
    /// When the scenario starts.
    pub start: Millis,
    /// When the instances and their networks were made.
    pub since: Millis,
    by_id: HashMap<String, usize>,
    by_region: HashMap<String, Vec<usize>>,
}

fn region_key(account: &str, region: &str) -> String {
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
            let reach = Reach::new(&fleet.networks, at, uses_dual_stack_endpoints(entry));
            let abilities = abilities(entry, reach, host_management);
            let many_tags = Arc::new(entry.many_tags.as_ref().map(ManyTagsEntry::tags).unwrap_or_default());
            for number in 0..entry.count.unwrap_or(1) {
                let derived = || {
                    let position = [group.to_string(), number.to_string()];
                    let kind = if entry.hybrid { "mi" } else { "i" };
                    let parts = [kind, &entry.account, &entry.region, &position[0], &position[1]];
                    format!("{kind}-{}", ids::hex(&parts, 17))
                };
                let id = entry.id.clone().unwrap_or_else(derived);
                let address = fleet.networks.address(at, &id);
                let many_tags = Arc::clone(&many_tags);
                fleet.add(Node { id, many_tags, at, address, ..build(entry, abilities, catalogue, start) });
            }
        }
        fleet
    }

    fn add(&mut self, node: Node) {
        let index = self.nodes.len();
        self.by_id.insert(node.id.clone(), index);
        self.by_region.entry(region_key(&node.account, &node.region)).or_default().push(index);
        self.nodes.push(node);
    }

    /// Returns the positions of the instances of an account in a Region.
    pub fn positions_in(&self, account: &str, region: &str) -> &[usize] {
        self.by_region.get(&region_key(account, region)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the instances of an account in a Region.
    pub fn instances_in(&self, account: &str, region: &str) -> impl Iterator<Item = &Node> {
        self.positions_in(account, region).iter().map(|index| &self.nodes[*index])
    }

    /// Returns the position of an instance, if it is in this account and Region.
    pub fn position_of(&self, account: &str, region: &str, id: &str) -> Option<usize> {
        let index = *self.by_id.get(id)?;
        let node = &self.nodes[index];
        (node.account == account && node.region == region).then_some(index)
    }
}

/// Builds an instance of an entry, without its id, its place in the network and the tags that it shares.
fn build(entry: &FleetEntry, abilities: Abilities, catalogue: &Catalogue, start: Millis) -> Node {
    // Patches that are there from the beginning were installed a month earlier.
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
    for NameOrMap(association) in &entry.associations {
        if association.name == AssociationName::QuickSetupPatchPolicy {
            let (key, value) = policy_tag(association.id.as_deref());
            tags.insert(key, value);
        }
    }
    Node {
        id: String::new(),
        account: entry.account.clone(),
        region: entry.region.clone(),
        hybrid: entry.hybrid,
        os: entry.os,
        os_name: entry.platform_name.clone().unwrap_or_else(|| entry.os.name(&os_version).to_owned()),
        os_version,
        tags,
        many_tags: Arc::new(BTreeMap::new()),
        made_up: entry.missing.map_or(0, |missing| missing.patches),
        features: entry.features.clone(),
        language: entry.language.clone(),
        state: entry.state,
        changes: entry.changes.clone(),
        launched_here: None,
        terminated: (entry.state == InstanceState::Terminated).then_some(start),
        abilities,
        at: Attachment { subnet: 0, group: 0 },
        address: String::new(),
        has_profile: has_profile(entry),
        metadata: entry.metadata,
        agent: entry.agent.clone(),
        python: entry.python.clone(),
        inventory: entry.inventory,
        behaviour: entry.behaviour.clone(),
        clock_skew: entry.clock_skew_seconds * SECOND,
        launched: before,
        lost_since: (entry.ping == Ping::ConnectionLost || entry.state != InstanceState::Running).then_some(start),
        installed: entry.installed.iter().map(have).collect(),
        report: None,
        last_no_reboot_install: None,
        lanes: Default::default(),
        installs_started: 0,
        installs_by_competitors: 0,
        overlaps: 0,
        installs_beside: 0,
        installed_here: BTreeSet::new(),
        reboots: 0,
    }
}
