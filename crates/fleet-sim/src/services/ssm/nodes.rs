//! Systems Manager: managed instances, and what they reported about their patches.
use super::super::pages::{normalized, with_token};
use super::{
    associations::{add_association_status, node_status},
    request::ssm,
    settings::HOST_MANAGEMENT_ROLE,
};
use crate::{
    clock::epoch_seconds,
    facts::ids,
    fleet::Node,
    patching::compliance::{ComplianceReport, Concern, PatchRow, PatchState},
    wire::{AwsError, Call, fields::Fields, paging::page},
    world::World,
};
use serde_json::{Value, json};

/// The latest agent version.
const LATEST_AGENT: &str = "3.3.987.0";

/// Answers `DescribeInstanceInformation`. A stopped instance is not listed.
pub fn describe_instance_information(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let size = ssm(call).page_size(5..=50, 10)?;
    let filters = filters(ssm(call))?;
    let by_tag = |name: &str| name == "tag-key" || name.starts_with("tag:");
    if filters.iter().any(|(name, _)| by_tag(name)) && !filters.iter().all(|(name, _)| by_tag(name)) {
        return Err(AwsError::new(
            "InvalidInstanceInformationFilterValue",
            "Tag filters cannot be combined with other filters.",
        ));
    }
    let mut chosen = Vec::new();
    for node in world.fleet.instances_in(&call.account, &call.region).filter(|node| node.is_listed()) {
        let mut fits = true;
        for (name, values) in &filters {
            fits &= matches(world, node, name, values)?;
        }
        if fits {
            chosen.push(node);
        }
    }
    let page = page("DescribeInstanceInformation", chosen, size, ssm(call).text("NextToken")?, false)?;
    let nodes: Vec<_> = page.items.into_iter().map(|node| information(world, node)).collect();
    Ok(with_token(json!({"InstanceInformationList": nodes}), page.next))
}

fn filters(request: Fields<'_>) -> Result<Vec<(&str, Vec<String>)>, AwsError> {
    let mut filters = Vec::new();
    for filter in request.structures("Filters")? {
        filters.push((filter.required("Key")?, filter.texts("Values", 100)?));
    }
    // The older form of filters.
    for filter in request.structures("InstanceInformationFilterList")? {
        filters.push((filter.required("key")?, filter.texts("valueSet", 100)?));
    }
    Ok(filters)
}

fn matches(world: &World, node: &Node, name: &str, values: &[String]) -> Result<bool, AwsError> {
    let one_is = |text: &str| values.iter().any(|value| value == text);
    Ok(match name {
        "InstanceIds" | "SourceIds" => one_is(&node.id),
        "PingStatus" => one_is(node.ping_status()),
        "PlatformTypes" => one_is(node.os.kind().platform_type()),
        "AgentVersion" => one_is(&node.agent),
        "ResourceType" => one_is(node.resource_type()),
        "IamRole" => node.abilities.host_managed && one_is(HOST_MANAGEMENT_ROLE),
        "AssociationStatus" => node_status(world, node).is_some_and(one_is),
        "SourceTypes" => one_is(node.source_type()),
        "ActivationIds" => node.activation().is_some_and(|id| one_is(&id)),
        "tag-key" => values.iter().any(|key| node.tag(key).is_some()),
        _ => match name.strip_prefix("tag:") {
            Some(key) => node.tag(key).is_some_and(|value| one_is(value)),
            None => {
                return Err(AwsError::new("InvalidFilterKey", format!("The filter key {name} isn't valid.")));
            }
        },
    })
}

fn information(world: &World, node: &Node) -> Value {
    let mut information = json!({
        "InstanceId": node.id,
        "PingStatus": node.ping_status(),
        "LastPingDateTime": epoch_seconds(node.lost_since.unwrap_or(world.now)),
        "AgentVersion": node.agent,
        "IsLatestVersion": node.agent == LATEST_AGENT,
        "PlatformType": node.os.kind().platform_type(),
        "PlatformName": node.os_name,
        "PlatformVersion": node.os_version,
        "ResourceType": node.resource_type(),
        "IPAddress": node.address,
        "ComputerName": node.computer_name(),
        "SourceId": node.id,
        "SourceType": node.source_type(),
    });
    if let Some(activation) = node.activation() {
        information["ActivationId"] = json!(activation);
        information["Name"] = json!(format!("server-{}", &node.id[3..9]));
        information["RegistrationDate"] = json!(epoch_seconds(node.launched));
        information["IamRole"] = json!("service-role/AmazonEC2RunCommandRoleForManagedInstances");
    }
    // The API shows only roles that Default Host Management Configuration gave.
    if node.abilities.host_managed {
        information["IamRole"] = json!(HOST_MANAGEMENT_ROLE);
    }
    add_association_status(world, node, &mut information);
    information
}

/// Answers `DescribeInstancePatchStates`. An instance that never reported is left out, and so is one that does not
/// exist.
pub fn describe_instance_patch_states(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let wanted = ssm(call).texts("InstanceIds", 50)?;
    if ssm(call).get("InstanceIds").is_none() {
        return Err(ssm(call).refuse("InstanceIds", "Member must not be null"));
    }
    check_instance_ids(ssm(call), &wanted)?;
    let size = ssm(call).page_size(10..=100, 100)?;
    let states = wanted.iter().filter_map(|id| {
        let node = &world.fleet.nodes[world.fleet.position_of(&call.account, &call.region, id)?];
        node.report.as_ref().map(|report| patch_state(node, report))
    });
    let page = page("DescribeInstancePatchStates", states, size, ssm(call).text("NextToken")?, false)?;
    Ok(with_token(json!({"InstancePatchStates": page.items}), page.next))
}

/// Refuses texts that do not have the shape of an instance id.
pub fn check_instance_ids(request: Fields<'_>, wanted: &[String]) -> Result<(), AwsError> {
    if wanted.iter().all(|id| ids::is_node_id(id)) {
        return Ok(());
    }
    Err(request
        .refuse("InstanceIds", r"Member must satisfy regular expression pattern: (^i-(\w{8}|\w{17})$)|(^mi-\w{17}$)"))
}

fn patch_state(node: &Node, report: &ComplianceReport) -> Value {
    let mut state = json!({
        "InstanceId": node.id,
        // AWS's own examples have the empty text for an instance without a patch group, although the model forbids it (User Guide,
        // "Viewing patch Dashboard data" with the AWS CLI, `describe-instance-patch-states`; 2026-11-28).
        "PatchGroup": node.patch_group().unwrap_or_default(),
        "BaselineId": report.baseline_id,
        "SnapshotId": report.snapshot_id,
        "InstalledCount": report.count(PatchState::Installed),
        "InstalledOtherCount": report.count(PatchState::InstalledOther),
        "InstalledPendingRebootCount": report.count(PatchState::InstalledPendingReboot),
        "InstalledRejectedCount": report.count(PatchState::InstalledRejected),
        "MissingCount": report.count(PatchState::Missing),
        "FailedCount": report.count(PatchState::Failed),
        "UnreportedNotApplicableCount": 0,
        "NotApplicableCount": report.count(PatchState::NotApplicable),
        "OperationStartTime": epoch_seconds(node.own_time(report.started)),
        "OperationEndTime": epoch_seconds(node.own_time(report.ended)),
        "Operation": report.operation.code(),
        "CriticalNonCompliantCount": report.non_compliant(Concern::Critical),
        "SecurityNonCompliantCount": report.non_compliant(Concern::Security),
        "OtherNonCompliantCount": report.non_compliant(Concern::Other),
    });
    if node.os.kind() == crate::facts::operating_systems::Kind::Windows {
        state["AvailableSecurityUpdateCount"] = json!(report.count(PatchState::AvailableSecurityUpdate));
    }
    if let Some(option) = report.reboot_option {
        state["RebootOption"] = json!(option);
    }
    if let Some(at) = node.last_no_reboot_install {
        state["LastNoRebootInstallOperationTime"] = json!(epoch_seconds(node.own_time(at)));
    }
    state
}

/// Answers `DescribeInstancePatches`.
pub fn describe_instance_patches(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let id = ssm(call).required("InstanceId")?;
    let size = ssm(call).page_size(10..=100, 10)?;
    let index = world.fleet.position_of(&call.account, &call.region, id).ok_or_else(|| {
        AwsError::new("InvalidInstanceId", format!("Instance {id} does not exist in this account and Region."))
    })?;
    let mut filters = Vec::new();
    for filter in ssm(call).structures("Filters")? {
        filters.push((filter.required("Key")?, filter.texts("Values", 20)?));
    }
    let mut chosen = Vec::new();
    let node = &world.fleet.nodes[index];
    for row in node.report.iter().flat_map(|report| &report.rows) {
        let mut fits = true;
        for (name, values) in &filters {
            fits &= row_matches(row, name, values)?;
        }
        if fits {
            chosen.push(row);
        }
    }
    let page = page(&format!("DescribeInstancePatches {id}"), chosen, size, ssm(call).text("NextToken")?, false)?;
    let patches: Vec<_> = page.items.into_iter().map(|row| patch(node, row)).collect();
    Ok(with_token(json!({"Patches": patches}), page.next))
}

fn row_matches(row: &PatchRow, name: &str, values: &[String]) -> Result<bool, AwsError> {
    let one_is = |text: &str| values.iter().any(|value| value == text);
    Ok(match name {
        "State" => values.iter().any(|value| normalized(value) == normalized(row.state.code())),
        "Classification" => one_is(row.classification()),
        "Severity" => one_is(row.severity()),
        "KBId" => one_is(&row.patch.id),
        _ => {
            return Err(AwsError::new("InvalidFilter", format!("The filter name {name} isn't valid.")));
        }
    })
}

fn patch(node: &Node, row: &PatchRow) -> Value {
    let mut patch = json!({
        "Title": row.patch.title(node.language.as_deref()),
        "KBId": *row.patch.id,
        "Classification": row.classification(),
        "Severity": row.severity(),
        "State": row.state.code(),
        "InstalledTime": row.installed_at.map_or(0.0, |at| epoch_seconds(node.own_time(at))),
    });
    // Only missing and failed patches have CVE ids (API reference, PatchComplianceData).
    if matches!(row.state, PatchState::Missing | PatchState::Failed) && !row.patch.cve_ids.is_empty() {
        patch["CVEIds"] = json!(row.patch.cve_ids.join(","));
    }
    patch
}
