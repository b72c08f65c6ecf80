//! Which instances of a target are asked, and why the others are not.

use std::collections::BTreeMap;

use orgpatch_model::instance::{Ec2Instance, ManagedInstance};
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::Selection;

use crate::inventory::tags::NAME_TAG;
use crate::inventory::{Eligibility, InventoryInstance};
use crate::readiness::Matrix;
use crate::selection::left_out;

/// Joins what EC2 and Systems Manager know, and says of every instance that is not terminated where it stands, and of every hybrid
/// node that it is one. Sorted by instance id, whatever the order of the facts.
#[must_use]
pub fn inventory(select: &Selection, ec2: &[Ec2Instance], managed: &[ManagedInstance]) -> Vec<InventoryInstance> {
    let hybrid = managed.iter().filter(|node| node.is_hybrid).map(hybrid_node);
    let managed: BTreeMap<&str, &ManagedInstance> = managed.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut instances: Vec<InventoryInstance> = ec2
        .iter()
        .filter(|instance| instance.exists())
        .map(|instance| {
            let node = managed.get(instance.id.as_str()).copied();
            let os = instance.operating_system(node);
            InventoryInstance {
                instance_id: instance.id.clone(),
                name: instance.tags.get(NAME_TAG).cloned(),
                os,
                platform: node.map(ManagedInstance::platform),
                agent_version: node.map(|node| node.agent_version.clone()),
                availability_zone: instance.availability_zone.clone(),
                eligibility: eligibility(select, instance, node, os),
                findings: Vec::new(),
                conflicts: Vec::new(),
                never_reboot: None,
            }
        })
        .chain(hybrid)
        .collect();
    instances.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    instances
}

/// A server elsewhere that Systems Manager manages. Its tags are not those of EC2, and orgpatch does not read them: whatever the plan
/// selects, it is not patched.
fn hybrid_node(node: &ManagedInstance) -> InventoryInstance {
    let text = "it is a hybrid node, which is managed by Systems Manager but no EC2 instance; orgpatch patches EC2 instances only";
    InventoryInstance {
        instance_id: node.id.clone(),
        name: node.name.clone(),
        os: OperatingSystem::from_platform(&node.platform_name, &node.platform_version),
        platform: Some(node.platform()),
        agent_version: Some(node.agent_version.clone()),
        availability_zone: None,
        eligibility: Eligibility::Skipped(Reason::new(ReasonCode::HybridNode, text)),
        findings: Vec::new(),
        conflicts: Vec::new(),
        never_reboot: None,
    }
}

/// Skips the selected instances of those operating systems.
pub fn skip_blocked(instances: &mut [InventoryInstance], blocked: &BTreeMap<OperatingSystem, Reason>) {
    for instance in instances.iter_mut().filter(|instance| instance.eligibility == Eligibility::Eligible) {
        if let Some(reason) = instance.os.and_then(|os| blocked.get(&os)) {
            instance.eligibility = Eligibility::Skipped(reason.clone());
        }
    }
}

/// The plan's own "no" comes first; what is selected must then be able to answer.
fn eligibility(
    select: &Selection,
    instance: &Ec2Instance,
    node: Option<&ManagedInstance>,
    os: Option<OperatingSystem>,
) -> Eligibility {
    if let Some(reason) = left_out(select, instance, os) {
        return Eligibility::Skipped(reason);
    }
    match instance.state.as_str() {
        "running" => {}
        "pending" => return not_ready(ReasonCode::Starting, "the instance is still starting"),
        state => {
            return not_ready(
                ReasonCode::Stopped,
                format!("the instance is {state}; patches can be installed only while it runs"),
            );
        }
    }
    let Some(node) = node else {
        return not_ready(
            ReasonCode::Unmanaged,
            "Systems Manager does not know this instance: SSM Agent, instance profile or network is missing",
        );
    };
    if node.ping != "Online" {
        let since = node.last_ping.map(|at| format!(" since {at:.0}")).unwrap_or_default();
        return not_ready(ReasonCode::AgentOffline, format!("the SSM Agent has not answered{since} ({})", node.ping));
    }
    let platform = node.platform();
    if let Some(never) = Matrix::get().never_patched(&platform) {
        let text = format!("Patch Manager never patches {} ({platform}): {}", never.name, never.why);
        return not_ready(ReasonCode::OperatingSystemNotSupported, text);
    }
    if os.is_none() {
        return not_ready(ReasonCode::OperatingSystemNotSupported, format!("Patch Manager does not patch {platform}"));
    }
    Eligibility::Eligible
}

fn not_ready(code: ReasonCode, text: impl Into<String>) -> Eligibility {
    Eligibility::NotReady(Reason::new(code, text))
}

#[cfg(test)]
mod tests {
    use orgpatch_plan::Exclusion;

    use super::*;

    fn ec2(id: &str, state: &str, tags: &[(&str, &str)]) -> Ec2Instance {
        Ec2Instance {
            id: id.into(),
            state: state.into(),
            tags: tags.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..Ec2Instance::default()
        }
    }

    fn node(id: &str, ping: &str, platform: &str) -> ManagedInstance {
        ManagedInstance {
            id: id.into(),
            ping: ping.into(),
            last_ping: None,
            platform_name: platform.into(),
            platform_version: "2023".into(),
            agent_version: "3.3.987.0".into(),
            is_hybrid: id.starts_with("mi-"),
            name: None,
        }
    }

    #[test]
    fn every_instance_and_every_hybrid_node_is_a_row_with_its_reason() {
        let select = Selection {
            tags: [("Patch".to_owned(), ["enabled"].into())].into(),
            operating_systems: vec![OperatingSystem::AmazonLinux2023],
            exclude: Exclusion {
                instances: vec!["i-excluded".into()],
                tags: [("PatchExempt".to_owned(), ["true"].into())].into(),
                ..Exclusion::default()
            },
        };
        let on = ("Patch", "enabled");
        let mut windows = ec2("i-windows", "running", &[on]);
        windows.windows = true;
        let ec2 = [
            ec2("i-selected", "running", &[on, ("Name", "web")]),
            ec2("i-untagged", "running", &[]),
            ec2("i-othervalue", "running", &[("Patch", "no")]),
            ec2("i-exempt", "running", &[on, ("PatchExempt", "true")]),
            ec2("i-excluded", "running", &[on]),
            ec2("i-stopped", "stopped", &[on]),
            ec2("i-pending", "pending", &[on]),
            ec2("i-unmanaged", "running", &[on]),
            ec2("i-lost", "running", &[on]),
            ec2("i-bottlerocket", "running", &[on]),
            ec2("i-ubuntu", "running", &[on]),
            windows,
            ec2("i-gone", "terminated", &[on]),
        ];
        let managed = [
            node("i-selected", "Online", "Amazon Linux"),
            node("i-lost", "ConnectionLost", "Amazon Linux"),
            node("i-bottlerocket", "Online", "Bottlerocket"),
            node("i-ubuntu", "Online", "Ubuntu"),
            // Nothing that is asked of an instance is asked of it.
            node("mi-offline", "ConnectionLost", "Amazon Linux"),
        ];
        let rows: Vec<String> = inventory(&select, &ec2, &managed)
            .into_iter()
            .map(|row| {
                let eligibility = match row.eligibility {
                    Eligibility::Eligible => "selected".to_owned(),
                    Eligibility::Skipped(reason) => format!("skipped: {}", reason.code),
                    Eligibility::NotReady(reason) => format!("not-ready: {}", reason.code),
                };
                format!("{} {eligibility}", row.instance_id)
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"), @r"
        i-bottlerocket not-ready: operating-system-not-supported
        i-excluded skipped: excluded-instance
        i-exempt skipped: excluded-by-tag
        i-lost not-ready: agent-offline
        i-othervalue skipped: not-selected-by-tags
        i-pending not-ready: starting
        i-selected selected
        i-stopped not-ready: stopped
        i-ubuntu skipped: not-selected-by-operating-system
        i-unmanaged not-ready: unmanaged
        i-untagged skipped: not-selected-by-tags
        i-windows skipped: not-selected-by-operating-system
        mi-offline skipped: hybrid-node
        ");
    }
}
