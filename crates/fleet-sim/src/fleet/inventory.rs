//! The inventory of managed instances: what every agent reports about itself, and applications where they are
//! collected.
use super::node::Node;
use crate::{
    clock::{DAY, Millis, SECOND, rfc3339},
    facts::operating_systems::Kind,
    scenario::InstanceState,
};
use std::collections::BTreeMap;

/// How often inventory is collected (the console's default).
const COLLECTED: Millis = 30 * 60 * SECOND;
/// How long inventory is kept after the last update (Systems Manager quotas).
const KEPT: Millis = 30 * DAY;

/// A row of an inventory type: attribute and value.
pub type InventoryRow = BTreeMap<&'static str, String>;

/// The simulated types, with the versions of their schemas and their attributes.
pub const TYPES: [(&str, &str, &[&str]); 2] = [
    (
        "AWS:InstanceInformation",
        "1.0",
        &[
            "AgentType",
            "AgentVersion",
            "ComputerName",
            "InstanceId",
            "InstanceStatus",
            "IpAddress",
            "PlatformName",
            "PlatformType",
            "PlatformVersion",
            "ResourceType",
        ],
    ),
    ("AWS:Application", "1.1", &["Architecture", "Name", "PackageId", "Publisher", "Release", "Version"]),
];

/// Returns when the inventory of an instance was last collected. None if it has expired.
pub fn captured(node: &Node, start: Millis, now: Millis) -> Option<Millis> {
    // An instance that was stopped before the clock started was inventoried before, too.
    let latest = if node.is_running() { node.lost_since.unwrap_or(now).min(now) } else { start };
    let at = latest.div_euclid(COLLECTED) * COLLECTED;
    (now - at < KEPT).then_some(at)
}

/// Writes a time as `CaptureTime` has it: without fractions of a second.
pub fn capture_time(at: Millis) -> String {
    rfc3339(at.div_euclid(SECOND) * SECOND)
}

/// Returns the rows of a type for an instance. None where the type is not collected.
pub fn rows(node: &Node, kind: &str) -> Option<Vec<InventoryRow>> {
    match kind {
        "AWS:InstanceInformation" => Some(vec![instance_information(node)]),
        "AWS:Application" if node.inventory => Some(applications(node)),
        _ => None,
    }
}

fn instance_information(node: &Node) -> InventoryRow {
    let status = match (node.state, node.ping_status()) {
        (InstanceState::Terminated, _) => "Terminated",
        (InstanceState::Stopped | InstanceState::Pending | InstanceState::Absent, _) => "Stopped",
        (InstanceState::Running, "Online") => "Active",
        (InstanceState::Running, other) => other,
    };
    InventoryRow::from([
        ("AgentType", "amazon-ssm-agent".to_owned()),
        ("AgentVersion", node.agent.clone()),
        ("ComputerName", node.computer_name()),
        ("InstanceId", node.id.clone()),
        ("InstanceStatus", status.to_owned()),
        ("IpAddress", node.address.clone()),
        ("PlatformName", node.os_name.clone()),
        ("PlatformType", node.os.kind().platform_type().to_owned()),
        ("PlatformVersion", node.os_version.clone()),
        ("ResourceType", node.resource_type().to_owned()),
    ])
}

fn applications(node: &Node) -> Vec<InventoryRow> {
    let row = |name: &str, version: &str| {
        InventoryRow::from([
            ("Architecture", "x86_64".to_owned()),
            ("Name", name.to_owned()),
            ("Publisher", String::new()),
            ("Version", version.to_owned()),
        ])
    };
    let mut rows = vec![row("amazon-ssm-agent", &node.agent)];
    rows.extend(python(node).into_iter().map(|(name, version)| row(&name, &version)));
    rows.extend(node.installed.keys().map(|id| row(id.split_once('.').map_or(&**id, |(name, _)| name), "1")));
    rows
}

/// Returns the Python packages of an instance, as its operating system names them.
fn python(node: &Node) -> Vec<(String, String)> {
    if node.os.kind() != Kind::Linux {
        return Vec::new();
    }
    let usual = match (node.os.code(), node.os.is_apt()) {
        ("AMAZON_LINUX" | "AMAZON_LINUX_2", _) => "2.7.18",
        (_, true) => "3.10.12",
        _ => "3.9.16",
    };
    let version = node.python.as_deref().unwrap_or(usual);
    let mut numbers = version.split('.');
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Vec::new();
    };
    let names = match (node.os.is_apt(), major) {
        (true, _) => vec![format!("python{major}"), format!("python{major}.{minor}"), format!("python{major}-minimal")],
        (false, "2") => vec!["python".to_owned(), "python-libs".to_owned()],
        // Versions newer than the system's own carry the number in the package name.
        (false, _) if minor.parse().is_ok_and(|minor: u32| minor > 9) => {
            vec![format!("python3.{minor}"), format!("python3.{minor}-libs")]
        }
        (false, _) => vec!["python3".to_owned(), "python3-libs".to_owned()],
    };
    names.into_iter().map(|name| (name, version.to_owned())).collect()
}
