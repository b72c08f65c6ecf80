//! What the instances of a scenario must fulfil beyond their types.
use crate::{
    facts::{
        ids,
        operating_systems::{Kind, Os},
        regions,
    },
    scenario::{AgentState, AssociationEntry, Behaviour, FleetEntry, NameOrMap, NetworkEntry, Scenario, agent_state},
};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong with the instances.
pub fn problems(scenario: &Scenario, accounts: &BTreeSet<&str>) -> Vec<String> {
    let known: BTreeSet<_> = scenario.patches.iter().map(|patch| (patch.os, patch.id.as_str())).collect();
    let (mut problems, mut instance_ids) = (Vec::new(), BTreeSet::new());
    for (index, entry) in scenario.fleet.iter().enumerate() {
        let mut find = |field: &str, text: String| problems.push(format!("fleet[{index}].{field}: {text}"));
        check_place(entry, accounts, &mut find);
        if let Some(id) = &entry.id {
            if !ids::is_instance_id(id) {
                find("id", format!("`{id}` is not shaped like i-0123456789abcdef0"));
            }
            if entry.count.is_some_and(|count| count != 1) {
                find("id", "an explicit id is for one instance, without count".to_owned());
            }
            if !instance_ids.insert(id) {
                find("id", format!("{id} is used twice"));
            }
        }
        check_patches(entry, &known, &mut find);
        check_node(entry, &mut find);
        for (position, NameOrMap(association)) in entry.associations.iter().enumerate() {
            for (field, text) in AssociationEntry::contradictions(association) {
                find(&format!("associations[{position}].{field}"), text);
            }
        }
        for (field, text) in entry.network.iter().flat_map(NetworkEntry::contradictions) {
            find(&format!("network.{field}"), text);
        }
    }
    problems.extend(problems_of_shared_networks(scenario));
    problems
}

fn check_place(entry: &FleetEntry, accounts: &BTreeSet<&str>, find: &mut impl FnMut(&str, String)) {
    if !accounts.contains(entry.account.as_str()) {
        find("account", format!("{} is neither in the organization nor in accounts", entry.account));
    }
    if !regions::is_region_name(&entry.region) {
        find("region", format!("`{}` is not shaped like ap-northeast-1", entry.region));
    }
}

fn check_patches(entry: &FleetEntry, known: &BTreeSet<(Os, &str)>, find: &mut impl FnMut(&str, String)) {
    for id in &entry.installed {
        if !known.contains(&(entry.os, id.as_str())) {
            find("installed", format!("{id} is not in patches for {}", entry.os.code()));
        }
    }
    if let Behaviour::PatchFails(id) = &entry.behaviour.install
        && !known.contains(&(entry.os, id.as_str()))
    {
        find("behaviour.install", format!("{id} is not in patches for {}", entry.os.code()));
    }
    if matches!(entry.behaviour.scan, Behaviour::RebootHangs | Behaviour::PatchFails(_)) {
        find("behaviour.scan", "a Scan installs nothing and does not reboot".to_owned());
    }
}

fn check_node(entry: &FleetEntry, find: &mut impl FnMut(&str, String)) {
    match agent_state(&entry.agent) {
        None => {
            find("agent", format!("`{}` is not a version like 3.3.987.0, nor absent, nor stopped", entry.agent));
        }
        Some(AgentState::Absent | AgentState::Stopped) if entry.managed == Some(true) => {
            find("managed", format!("with an agent that is {} it cannot be true", entry.agent));
        }
        Some(_) => {}
    }
    if let Some(python) = entry.python.as_deref() {
        if entry.os.kind() == Kind::Windows {
            find("python", "Patch Manager needs none on WINDOWS".to_owned());
        }
        if python != "absent" && version(python).is_none() {
            find("python", format!("`{python}` is not a version like 3.9, nor absent"));
        }
    }
    if entry.auto_scaling_group.as_deref().is_some_and(str::is_empty) {
        find("autoScalingGroup", "a name must not be empty".to_owned());
    }
}

/// Reads a version of two or three numbers.
fn version(text: &str) -> Option<Vec<u32>> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|number| number.parse().ok()).collect();
    numbers.filter(|numbers| (2..=3).contains(&numbers.len()))
}

/// What entries that name the same VPC say differently about it.
fn problems_of_shared_networks(scenario: &Scenario) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut endpoints, mut mains) = (BTreeMap::new(), BTreeMap::new());
    for (index, entry) in scenario.fleet.iter().enumerate() {
        let Some(network) = &entry.network else { continue };
        let Some(vpc) = network.vpc.as_deref() else { continue };
        let place = (entry.account.as_str(), entry.region.as_str(), vpc);
        for (position, NameOrMap(endpoint)) in network.endpoints.iter().enumerate() {
            let (first, said) = endpoints.entry((place, endpoint.service.as_str())).or_insert((index, endpoint));
            if *said != endpoint {
                problems.push(format!(
                    "fleet[{index}].network.endpoints[{position}]: vpc {vpc} has another {} in fleet[{first}]",
                    endpoint.service
                ));
            }
        }
        if network.main_route_table {
            let (first, said) = mains.entry(place).or_insert((index, network));
            if *said != network {
                problems.push(format!(
                    "fleet[{index}].network.mainRouteTable: vpc {vpc} has one, which is as fleet[{first}] says"
                ));
            }
        }
    }
    problems
}
