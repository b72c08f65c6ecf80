//! The simulated AWS services: which operations there are, and who may call them.
pub mod ec2;
mod organizations;
mod pages;
mod ssm;

use crate::{
    facts::{regions::OptIn, wildcard},
    wire::{AwsError, Call},
    world::World,
};

type Handler = fn(&mut World, &Call) -> Result<String, AwsError>;

/// Every simulated operation, with the function that answers it.
const OPERATIONS: [(&str, &str, Handler); 48] = [
    ("ec2", "DescribeInstances", ec2::describe_instances),
    ("ec2", "DescribeManagedPrefixLists", ec2::describe_managed_prefix_lists),
    ("ec2", "DescribeNetworkAcls", ec2::describe_network_acls),
    ("ec2", "DescribeRegions", ec2::describe_regions),
    ("ec2", "DescribeRouteTables", ec2::describe_route_tables),
    ("ec2", "DescribeSecurityGroups", ec2::describe_security_groups),
    ("ec2", "DescribeSubnets", ec2::describe_subnets),
    ("ec2", "DescribeVpcEndpoints", ec2::describe_vpc_endpoints),
    ("organizations", "DescribeAccount", organizations::describe_account),
    ("organizations", "DescribeOrganization", organizations::describe_organization),
    ("organizations", "DescribeOrganizationalUnit", organizations::describe_organizational_unit),
    ("organizations", "ListAccounts", organizations::list_accounts),
    ("organizations", "ListAccountsForParent", organizations::list_accounts_for_parent),
    ("organizations", "ListChildren", organizations::list_children),
    ("organizations", "ListOrganizationalUnitsForParent", organizations::list_organizational_units_for_parent),
    ("organizations", "ListParents", organizations::list_parents),
    ("organizations", "ListRoots", organizations::list_roots),
    ("ssm", "AddTagsToResource", ssm::tags::add_tags_to_resource),
    ("ssm", "CancelCommand", ssm::commands::cancel_command),
    ("ssm", "CreatePatchBaseline", ssm::baseline_writes::create_patch_baseline),
    ("ssm", "DeletePatchBaseline", ssm::baseline_writes::delete_patch_baseline),
    ("ssm", "DeregisterPatchBaselineForPatchGroup", ssm::patch_groups::deregister_patch_baseline_for_patch_group),
    ("ssm", "DescribeAssociation", ssm::associations::describe_association),
    ("ssm", "DescribeInstanceInformation", ssm::nodes::describe_instance_information),
    ("ssm", "DescribeInstancePatchStates", ssm::nodes::describe_instance_patch_states),
    ("ssm", "DescribeInstancePatches", ssm::nodes::describe_instance_patches),
    ("ssm", "DescribeMaintenanceWindowTargets", ssm::maintenance_windows::describe_maintenance_window_targets),
    ("ssm", "DescribeMaintenanceWindowTasks", ssm::maintenance_windows::describe_maintenance_window_tasks),
    ("ssm", "DescribeMaintenanceWindows", ssm::maintenance_windows::describe_maintenance_windows),
    ("ssm", "DescribePatchBaselines", ssm::baselines::describe_patch_baselines),
    ("ssm", "DescribePatchGroups", ssm::patch_groups::describe_patch_groups),
    ("ssm", "DescribePatchProperties", ssm::patch_properties::describe_patch_properties),
    ("ssm", "GetCalendarState", ssm::calendars::get_calendar_state),
    ("ssm", "GetCommandInvocation", ssm::commands::get_command_invocation),
    ("ssm", "GetDefaultPatchBaseline", ssm::baselines::get_default_patch_baseline),
    ("ssm", "GetInventory", ssm::inventory::get_inventory),
    ("ssm", "GetPatchBaseline", ssm::baselines::get_patch_baseline),
    ("ssm", "GetPatchBaselineForPatchGroup", ssm::patch_groups::get_patch_baseline_for_patch_group),
    ("ssm", "GetServiceSetting", ssm::settings::get_service_setting),
    ("ssm", "ListAssociations", ssm::associations::list_associations),
    ("ssm", "ListCommandInvocations", ssm::commands::list_command_invocations),
    ("ssm", "ListCommands", ssm::commands::list_commands),
    ("ssm", "ListTagsForResource", ssm::tags::list_tags_for_resource),
    ("ssm", "RegisterDefaultPatchBaseline", ssm::baselines::register_default_patch_baseline),
    ("ssm", "RegisterPatchBaselineForPatchGroup", ssm::patch_groups::register_patch_baseline_for_patch_group),
    ("ssm", "RemoveTagsFromResource", ssm::tags::remove_tags_from_resource),
    ("ssm", "SendCommand", ssm::send::send_command),
    ("ssm", "UpdatePatchBaseline", ssm::baseline_writes::update_patch_baseline),
];

/// Returns whether a service is simulated here.
pub fn is_ours(service: &str) -> bool {
    OPERATIONS.iter().any(|(known, _, _)| *known == service)
}

/// Returns whether a fault's pattern can ever match. Patterns for services that are simulated elsewhere always can.
pub fn could_match(service: &str, operation: &str) -> bool {
    let fits = wildcard::matches;
    let ours = OPERATIONS.iter().any(|(known, _, _)| fits(service, known));
    !ours || service.contains('*') || OPERATIONS.iter().any(|(s, o, _)| fits(service, s) && fits(operation, o))
}

/// Answers a call.
pub fn answer(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let known = OPERATIONS.iter().find(|(service, name, _)| *service == call.service && *name == call.operation);
    let Some((_, _, handler)) = known else {
        let code = if call.service == "ec2" { "InvalidAction" } else { "UnknownOperationException" };
        return Err(AwsError::new(code, format!("{}:{} is not simulated", call.service, call.operation)));
    };
    admit(world, call)?;
    handler(world, call)
}

/// Refuses credentials that do not work, and what a service control policy denies. A disabled Region knows no credentials,
/// and those of a suspended account are refused.
fn admit(world: &World, call: &Call) -> Result<(), AwsError> {
    let account = world.organization.accounts.get(&call.account).filter(|account| account.works());
    let global = call.service == "organizations";
    if let Some(account) = account
        && (global || world.region_status(&call.account, &call.region) != OptIn::NotOptedIn)
    {
        let denied = !global && account.denied_regions.contains(&call.region);
        return if denied { Err(denied_by_policy(call)) } else { Ok(()) };
    }
    Err(if call.service == "ec2" {
        AwsError::new("AuthFailure", "AWS was not able to validate the provided access credentials").with_status(401)
    } else {
        AwsError::new("UnrecognizedClientException", "The security token included in the request is invalid.")
    })
}

/// The words of "Troubleshoot access denied error messages" in the IAM user guide.
fn denied_by_policy(call: &Call) -> AwsError {
    let because = "with an explicit deny in a service control policy";
    let action = format!("{}:{}", call.service, call.operation);
    if call.service == "ec2" {
        let text = format!(
            "You are not authorized to perform this operation. The caller is not authorized to perform: {action} {because}"
        );
        AwsError::new("UnauthorizedOperation", text).with_status(403)
    } else {
        AwsError::new("AccessDeniedException", format!("The caller is not authorized to perform: {action} {because}"))
    }
}

#[cfg(test)]
mod tests;
