//! Systems Manager: creates, changes and deletes patch baselines.
use super::{
    baselines::{baseline_id, full, system},
    request::ssm,
    tags,
};
use crate::{
    patching::baseline::{Content, Refusal, check, check_request},
    wire::{AwsError, Call},
    world::World,
};
use serde_json::{Map, Value, json};

/// Answers `CreatePatchBaseline`.
pub fn create_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    ssm(call).required("Name")?;
    let os = system(call)?;
    let content = read(given(call))?;
    check(os, &content).and_then(|()| check_request(os, &call.request, world.in_doubt)).map_err(refused)?;
    let tags = tags::read(call)?;
    let token = ssm(call).text("ClientToken")?;
    if token.is_some_and(|token| !(1..=64).contains(&token.chars().count())) {
        return Err(ssm(call).refuse("ClientToken", "Member must have length between 1 and 64"));
    }
    let registered = world.baselines.in_region(&call.account, &call.region);
    let request = json!([os.code(), content, tags]).to_string();
    if let Some(id) = token.map(|token| registered.made_by(token, &request)).transpose()?.flatten() {
        return Ok(json!({"BaselineId": id}).to_string());
    }
    let id = registered.create(os, content, tags, world.now)?;
    if let Some(token) = token {
        registered.remember(token, &request, &id);
    }
    Ok(json!({"BaselineId": id}).to_string())
}

/// Answers `UpdatePatchBaseline`. With `Replace`, fields that the request does not name get the value of a new
/// baseline.
pub fn update_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let (reference, in_doubt) = (baseline_id(call)?, world.in_doubt);
    let registered = world.baselines.in_region(&call.account, &call.region);
    let before = match registered.get(reference) {
        // The API has no other error here.
        Err(Refusal::Malformed) => Err(Refusal::Unknown),
        other => other,
    }?;
    let mut fields = if ssm(call).flag("Replace")? {
        ssm(call).required("Name")?;
        Map::new()
    } else {
        match json!(before.content) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    };
    fields.extend(given(call));
    let content = read(fields)?;
    check(before.os, &content).and_then(|()| check_request(before.os, &call.request, in_doubt)).map_err(refused)?;
    let after = registered.update(reference, content, world.now)?;
    Ok(full(&after).to_string())
}

/// Answers `DeletePatchBaseline`. The API has no error for a baseline that does not exist.
pub fn delete_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let id = baseline_id(call)?;
    match world.baselines.in_region(&call.account, &call.region).delete(id) {
        Ok(()) | Err(Refusal::Unknown) => Ok(json!({"BaselineId": id}).to_string()),
        Err(Refusal::Malformed) => Err(ssm(call).refuse("BaselineId", "Member must be the id of a patch baseline")),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Returns the fields of a request that are given.
fn given(call: &Call) -> Map<String, Value> {
    let fields = call.request.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn read(fields: Map<String, Value>) -> Result<Content, AwsError> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let text = error.to_string();
        // The API has another error for an unknown field or value than for a value of the wrong type.
        let understood = text.starts_with("missing field") || text.starts_with("unknown variant");
        AwsError::new(if understood { "ValidationException" } else { "SerializationException" }, text)
    })
}

fn refused(text: String) -> AwsError {
    AwsError::new("ValidationException", text)
}
