//! What the types cannot check about instances.
use crate::{
    facts::{
        ids,
        operating_systems::{Kind, Os},
        regions,
    },
    scenario::{
        AgentState, AssociationEntry, AssociationName, Behaviour, FleetEntry, InstanceState, MOST_CVES, MOST_PATCHES,
        ManyTagsEntry, MissingEntry, NameOrMap, NetworkEntry, Scenario, agent_state, made_up_id,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Returns everything that is wrong with the instances.
pub fn problems(scenario: &Scenario, accounts: &BTreeSet<&str>) -> Vec<String> {
    let known: BTreeSet<_> = scenario.patches.iter().map(|patch| (patch.os, patch.id.as_str())).collect();
    let (mut problems, mut instance_ids) = (Vec::new(), BTreeSet::new());
    for (index, entry) in scenario.fleet.iter().enumerate() {
        let mut report = |field: &str, text: String| problems.push(format!("fleet[{index}].{field}: {text}"));
        check_account_and_region(entry, accounts, &mut report);
        if let Some(id) = &entry.id {
            if entry.hybrid && !ids::is_hybrid_id(id) {
                report("id", format!("`{id}` is not the id of a hybrid node such as mi-0123456789abcdef0"));
            }
            if !entry.hybrid && !ids::is_instance_id(id) {
                report("id", format!("`{id}` is not an instance id such as i-0123456789abcdef0"));
            }
            if entry.count.is_some_and(|count| count != 1) {
                report("id", "an id names one instance, so count must be left out".to_owned());
            }
            if !instance_ids.insert(id) {
                report("id", format!("{id} is used twice, and instance ids are unique"));
            }
        }
        check_patches(entry, &known, &mut report);
        check_tags(entry, &mut report);
        check_missing(entry, &mut report);
        check_node(entry, &mut report);
        check_hybrid(entry, &mut report);
        for (position, NameOrMap(association)) in entry.associations.iter().enumerate() {
            for (field, text) in AssociationEntry::contradictions(association) {
                report(&format!("associations[{position}].{field}"), text);
            }
        }
        for (field, text) in entry.network.iter().flat_map(NetworkEntry::contradictions) {
            report(&format!("network.{field}"), text);
        }
    }
    problems.extend(problems_of_shared_networks(scenario));
    problems.extend(problems_of_made_up_patches(scenario));
    problems
}

fn check_account_and_region(entry: &FleetEntry, accounts: &BTreeSet<&str>, report: &mut impl FnMut(&str, String)) {
    if !accounts.contains(entry.account.as_str()) {
        report("account", format!("{} is neither in organization nor in accounts", entry.account));
    }
    if !regions::is_region_name(&entry.region) {
        report("region", format!("`{}` is not a Region's name such as ap-northeast-1", entry.region));
    }
}

/// Refuses what only an EC2 instance has.
fn check_hybrid(entry: &FleetEntry, report: &mut impl FnMut(&str, String)) {
    let given = [
        ("autoScalingGroup", entry.auto_scaling_group.is_some()),
        ("instanceProfile", entry.instance_profile.is_some()),
        ("manyTags", entry.many_tags.is_some()),
        ("changes", !entry.changes.is_empty()),
        ("network", entry.network.is_some()),
        ("state", entry.state != InstanceState::Running),
    ];
    for (field, _) in given.iter().filter(|(_, given)| entry.hybrid && *given) {
        report(field, "a hybrid node has none, it is not in EC2".to_owned());
    }
}

fn check_patches(entry: &FleetEntry, known: &BTreeSet<(Os, &str)>, report: &mut impl FnMut(&str, String)) {
    if entry.os.kind() != Kind::Windows {
        for (field, given) in [("language", entry.language.is_some()), ("features", !entry.features.is_empty())] {
            if given {
                report(field, "it is only for WINDOWS".to_owned());
            }
        }
    }
    let made_up: BTreeSet<String> =
        (1..=entry.missing.map_or(0, |missing| missing.patches)).map(|number| made_up_id(entry.os, number)).collect();
    let is_known = |id: &String| known.contains(&(entry.os, id.as_str())) || made_up.contains(id);
    for id in &entry.installed {
        if !is_known(id) {
            report("installed", format!("{id} is not in patches for {}", entry.os.code()));
        }
    }
    if let Behaviour::PatchFails(id) = &entry.behaviour.install
        && !is_known(id)
    {
        report("behaviour.install", format!("{id} is not in patches for {}", entry.os.code()));
    }
    if matches!(entry.behaviour.scan, Behaviour::RebootHangs | Behaviour::PatchFails(_)) {
        report(
            "behaviour.scan",
            "a Scan neither installs nor reboots, expected ok, fail, agent-lost, stopped, terminated or never-starts"
                .to_owned(),
        );
    }
}

/// EC2's limits: 50 tags, 128 characters of a key, 256 of a value; tags of AWS itself do not count (EC2 User Guide, "Tag
/// restrictions").
fn check_tags(entry: &FleetEntry, report: &mut impl FnMut(&str, String)) {
    for (key, value) in &entry.tags {
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
            report("tags", format!("`{key}` is too long, EC2 allows 1 to 128 characters of a key and 256 of a value"));
        }
    }
    let own = entry.tags.keys().filter(|key| !key.starts_with("aws:")).count();
    let of_policies =
        |NameOrMap(one): &&NameOrMap<AssociationEntry>| one.name == AssociationName::QuickSetupPatchPolicy;
    let more = entry.many_tags.as_ref().map_or(0, |many| many.count);
    let count = own + more + entry.associations.iter().filter(of_policies).count();
    if count > 50 {
        let field = if entry.many_tags.is_some() { "manyTags" } else { "tags" };
        report(field, format!("there are {count} tags with those of patch policies, EC2 allows 50"));
    }
    if let Some(ManyTagsEntry { count, length, text }) = &entry.many_tags
        && (*count == 0 || !(1..=256).contains(length) || text.is_empty())
    {
        report("manyTags", "expected a count of 1 or more, a length of 1 to 256, and a text".to_owned());
    }
}

fn check_missing(entry: &FleetEntry, report: &mut impl FnMut(&str, String)) {
    if let Some(MissingEntry { patches, cves }) = entry.missing
        && (!(1..=MOST_PATCHES).contains(&patches) || cves > MOST_CVES)
    {
        report("missing", format!("expected 1 to {MOST_PATCHES} patches with 0 to {MOST_CVES} cves each"));
    }
}

/// Returns where entries with one operating system give the same made-up patches different CVE ids.
fn problems_of_made_up_patches(scenario: &Scenario) -> Vec<String> {
    let (mut problems, mut said) = (Vec::new(), BTreeMap::new());
    for (index, entry) in scenario.fleet.iter().enumerate() {
        let Some(missing) = entry.missing else { continue };
        let (first, cves) = *said.entry(entry.os.code()).or_insert((index, missing.cves));
        if cves != missing.cves {
            problems.push(format!(
                "fleet[{index}].missing.cves: it is {cves} in fleet[{first}], and the patches for {} are the same",
                entry.os.code()
            ));
        }
    }
    problems
}

fn check_node(entry: &FleetEntry, report: &mut impl FnMut(&str, String)) {
    match agent_state(&entry.agent) {
        None => {
            report(
                "agent",
                format!("`{}` is not valid, expected a version such as 3.3.987.0, absent or stopped", entry.agent),
            );
        }
        Some(AgentState::Absent | AgentState::Stopped) if entry.managed == Some(true) => {
            report("managed", format!("it cannot be true while the agent is {}", entry.agent));
        }
        Some(_) => {}
    }
    if let Some(python) = entry.python.as_deref() {
        if entry.os.kind() == Kind::Windows {
            report("python", "it must be left out, because Patch Manager needs no Python on WINDOWS".to_owned());
        }
        if python != "absent" && version(python).is_none() {
            report("python", format!("`{python}` is not valid, expected a version such as 3.9 or absent"));
        }
    }
    if !(-86_400..=86_400).contains(&entry.clock_skew_seconds) {
        report("clockSkewSeconds", "expected -86400 to 86400, which is a day".to_owned());
    }
    if !matches!(entry.zone.as_str(), "a" | "b" | "c" | "d" | "e" | "f") {
        report("zone", format!("`{}` is not valid, expected a letter from a to f", entry.zone));
    }
    if entry.auto_scaling_group.as_deref().is_some_and(str::is_empty) {
        report("autoScalingGroup", "the name must not be empty".to_owned());
    }
}

/// Reads a version of two or three numbers.
fn version(text: &str) -> Option<Vec<u32>> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|number| number.parse().ok()).collect();
    numbers.filter(|numbers| (2..=3).contains(&numbers.len()))
}

/// Returns where entries that name the same VPC contradict each other.
fn problems_of_shared_networks(scenario: &Scenario) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut endpoints, mut mains) = (BTreeMap::new(), BTreeMap::new());
    for (index, entry) in scenario.fleet.iter().enumerate() {
        let Some(network) = &entry.network else { continue };
        let Some(vpc) = network.vpc.as_deref() else { continue };
        let named = (entry.account.as_str(), entry.region.as_str(), vpc);
        for (position, NameOrMap(endpoint)) in network.endpoints.iter().enumerate() {
            let (first, said) = endpoints.entry((named, endpoint.service.as_str())).or_insert((index, endpoint));
            if *said != endpoint {
                problems.push(format!(
                    "fleet[{index}].network.endpoints[{position}]: VPC {vpc} has another {} endpoint in fleet[{first}], and both entries must describe it alike",
                    endpoint.service
                ));
            }
        }
        if network.main_route_table {
            let (first, said) = mains.entry(named).or_insert((index, network));
            if *said != network {
                problems.push(format!(
                    "fleet[{index}].network.mainRouteTable: VPC {vpc} has one main route table, and fleet[{first}] describes another network for it"
                ));
            }
        }
    }
    problems
}
