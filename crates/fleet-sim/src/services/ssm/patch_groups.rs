//! Systems Manager: the baselines that are registered for patch groups.
use super::super::pages::with_token;
use super::{
    baselines::{baseline_id, filters, has_prefix, identity, system, unknown_key},
    request::ssm,
};
use crate::{
    patching::baseline::{Refusal, check_tag},
    wire::{AwsError, Call, paging::page},
    world::World,
};
use serde_json::json;

/// Answers `RegisterPatchBaselineForPatchGroup`.
pub fn register_patch_baseline_for_patch_group(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let group = patch_group(call)?;
    let baseline = world.baselines.in_region(&call.account, &call.region).register(baseline_id(call)?, group)?;
    Ok(json!({"BaselineId": baseline.reference(), "PatchGroup": group}).to_string())
}

/// Answers `DeregisterPatchBaselineForPatchGroup`.
pub fn deregister_patch_baseline_for_patch_group(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let group = patch_group(call)?;
    let done = world.baselines.in_region(&call.account, &call.region).deregister(baseline_id(call)?, group);
    // The API has no other error here.
    let baseline = done.map_err(|_| Refusal::Malformed)?;
    Ok(json!({"BaselineId": baseline.reference(), "PatchGroup": group}).to_string())
}

/// Answers `DescribePatchGroups`.
pub fn describe_patch_groups(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let size = ssm(call).page_size(1..=100, 100)?;
    let registered = world.baselines.in_region(&call.account, &call.region);
    let mut all = registered.groups();
    for (key, values) in filters(call)? {
        match key {
            "NAME_PREFIX" => all.retain(|(group, _)| has_prefix(group, &values)),
            "OPERATING_SYSTEM" => all.retain(|(_, baseline)| values.iter().any(|code| code == baseline.os.code())),
            _ => return Err(unknown_key(call, "NAME_PREFIX, OPERATING_SYSTEM")),
        }
    }
    let page = page("DescribePatchGroups", all, size, ssm(call).text("NextToken")?, false)?;
    let mapping = |(group, baseline): &(&str, std::sync::Arc<_>)| json!({"PatchGroup": group, "BaselineIdentity": identity(registered, baseline)});
    Ok(with_token(json!({"Mappings": page.items.iter().map(mapping).collect::<Vec<_>>()}), page.next))
}

/// Answers `GetPatchBaselineForPatchGroup`: the default where no baseline is registered.
pub fn get_patch_baseline_for_patch_group(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let (group, os) = (patch_group(call)?, system(call)?);
    let registered = world.baselines.in_region(&call.account, &call.region);
    let baseline = registered.of_group(group, os).unwrap_or_else(|| registered.default_for(os));
    Ok(json!({"BaselineId": baseline.reference(), "PatchGroup": group, "OperatingSystem": os.code()}).to_string())
}

/// Returns the patch group of a request. It is a tag's value and must not be empty.
fn patch_group(call: &Call) -> Result<&str, AwsError> {
    let group = ssm(call).required("PatchGroup")?;
    if group.is_empty() || check_tag("PatchGroup", group).is_err() {
        return Err(ssm(call)
            .refuse("PatchGroup", r"Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"));
    }
    Ok(group)
}
