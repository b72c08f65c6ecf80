//! Systems Manager: tags of patch baselines.
use super::request::ssm;
use crate::{
    patching::baseline::{Baseline, Refusal, check_tag},
    wire::{AwsError, Call},
    world::World,
};
use serde_json::json;
use std::collections::BTreeMap;

/// The most tags of one resource.
const MOST: usize = 50;
/// The values of `ResourceTypeForTagging`.
const TYPES: [&str; 10] = [
    "Document",
    "ManagedInstance",
    "MaintenanceWindow",
    "Parameter",
    "PatchBaseline",
    "OpsItem",
    "OpsMetadata",
    "Automation",
    "Association",
    "CloudConnector",
];

/// Returns `Tags` of a request.
pub fn read(call: &Call) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for tag in ssm(call).structures("Tags")? {
        let (key, value) = (tag.required("Key")?, tag.required("Value")?);
        check_tag(key, value).map_err(|text| AwsError::new("ValidationException", text))?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST {
        return Err(ssm(call).refuse("Tags", &format!("Member must have length less than or equal to {MOST}")));
    }
    Ok(tags)
}

/// Answers `AddTagsToResource`.
pub fn add_tags_to_resource(world: &mut World, call: &Call) -> Result<String, AwsError> {
    required_list(call, "Tags")?;
    let tags = read(call)?;
    let baseline = resource(world, call)?;
    let mut all = baseline.tags.clone();
    all.extend(tags);
    if all.len() > MOST {
        return Err(AwsError::new("TooManyTagsError", format!("A resource has at most {MOST} tags.")));
    }
    baseline.tags = all;
    Ok(json!({}).to_string())
}

/// Answers `RemoveTagsFromResource`. A key that the resource does not have is no error.
pub fn remove_tags_from_resource(world: &mut World, call: &Call) -> Result<String, AwsError> {
    required_list(call, "TagKeys")?;
    let keys = ssm(call).texts("TagKeys", usize::MAX)?;
    resource(world, call)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}).to_string())
}

/// Answers `ListTagsForResource`.
pub fn list_tags_for_resource(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let tags = &resource(world, call)?.tags;
    let list: Vec<_> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"TagList": list}).to_string())
}

fn required_list(call: &Call, name: &str) -> Result<(), AwsError> {
    ssm(call).get(name).map(|_| ()).ok_or_else(|| ssm(call).refuse(name, "Member must not be null"))
}

/// Returns the baseline of a request: one of the account's own, by its id.
fn resource<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Baseline, AwsError> {
    let kind = ssm(call).required("ResourceType")?;
    let id = ssm(call).required("ResourceId")?;
    if !TYPES.contains(&kind) {
        let constraint = format!("Member must satisfy enum value set: [{}]", TYPES.join(", "));
        return Err(ssm(call).refuse("ResourceType", &constraint));
    }
    if kind != "PatchBaseline" {
        return Err(AwsError::new("InvalidResourceType", format!("Tags of {kind} are not simulated.")));
    }
    let own = world.baselines.in_region(&call.account, &call.region);
    if id.contains(':') {
        return Err(Refusal::Malformed.into());
    }
    own.own_mut(id).map_err(|_| Refusal::Malformed.into())
}
