//! Systems Manager: `SendCommand`. It checks everything before it sends. One instance that cannot be reached fails the
//! whole call.
use super::{commands::command_json, nodes::check_instance_ids, request::ssm};
use crate::{
    patching::{
        command::{Command, Invocation},
        document::{self, Parameters},
    },
    wire::{
        AwsError, Call,
        fields::{Fields, strings, wrong_type},
    },
    world::World,
};
use serde_json::json;
use std::collections::BTreeSet;

/// Answers `SendCommand`.
pub fn send_command(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let request = ssm(call);
    let document_version = check_document(request)?;
    let instance_ids = request.texts("InstanceIds", 50)?;
    let targets = request.structures("Targets")?;
    check_instance_ids(request, &instance_ids)?;
    if targets.len() > 5 {
        return Err(request.refuse("Targets", "Member must have length less than or equal to 5"));
    }
    let comment = request.text("Comment")?.unwrap_or_default();
    if comment.chars().count() > 100 {
        return Err(request.refuse("Comment", "Member must have length less than or equal to 100"));
    }
    let timeout_seconds = request.number("TimeoutSeconds", 30..=2_592_000)?.unwrap_or(3_600);
    let max_concurrency = request.text("MaxConcurrency")?.unwrap_or("50");
    if !is_share(max_concurrency, false) {
        return Err(request.refuse(
            "MaxConcurrency",
            "Member must satisfy regular expression pattern: ^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$",
        ));
    }
    let max_errors = request.text("MaxErrors")?.unwrap_or("0");
    if !is_share(max_errors, true) {
        return Err(request.refuse(
            "MaxErrors",
            "Member must satisfy regular expression pattern: ^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$",
        ));
    }
    let parameters = read_parameters(request)?;
    let operation = document::parse(&parameters).map_err(|text| AwsError::new("InvalidParameters", text))?;

    let nodes = match (instance_ids.is_empty(), targets.is_empty()) {
        (false, true) => named(world, call, &instance_ids)?,
        (true, false) => targeted(world, call, &targets)?,
        _ => {
            return Err(AwsError::new("ValidationException", "Specify either InstanceIds or Targets."));
        }
    };
    let invocations = nodes.into_iter().map(|node| Invocation::new(node, &world.fleet.nodes[node].id)).collect();
    let command = Command {
        id: world.next_command_id(&call.account, &call.region),
        account: call.account.clone(),
        region: call.region.clone(),
        document: document::NAME.to_owned(),
        by_api: true,
        listed: true,
        parameters,
        operation,
        instance_ids,
        targets: request.get("Targets").cloned().unwrap_or_else(|| json!([])),
        comment: comment.to_owned(),
        document_version,
        timeout_seconds,
        max_concurrency: max_concurrency.to_owned(),
        max_errors: max_errors.to_owned(),
        requested: world.now,
        clock: world.command_clock,
        ramp_steps: 0,
        cancelled: false,
        invocations,
    };
    let answer = json!({"Command": command_json(&command)}).to_string();
    world.send(command);
    Ok(answer)
}

fn check_document(request: Fields<'_>) -> Result<String, AwsError> {
    let name = request.required("DocumentName")?;
    // A document of AWS may also be given as an ARN without an account.
    let short = name.rsplit_once(":document/").map_or(name, |(_, short)| short);
    if short != document::NAME {
        return Err(AwsError::new("InvalidDocument", format!("Document with name {name} does not exist.")));
    }
    let version = request.text("DocumentVersion")?.unwrap_or("$DEFAULT");
    if !matches!(version, "$DEFAULT" | "$LATEST" | "1") {
        return Err(AwsError::new("InvalidDocumentVersion", format!("Version {version} of {short} does not exist.")));
    }
    Ok(version.to_owned())
}

fn read_parameters(request: Fields<'_>) -> Result<Parameters, AwsError> {
    let Some(value) = request.get("Parameters") else {
        return Ok(Parameters::new());
    };
    let object = value.as_object().ok_or_else(|| wrong_type("Parameters", "a map of lists of strings"))?;
    object.iter().map(|(name, values)| Ok((name.clone(), strings(name, values)?))).collect()
}

/// Returns whether a text is a number from 1 on (or from 0, if `zero`), or a percentage.
fn is_share(text: &str, zero: bool) -> bool {
    let (digits, most) = text.strip_suffix('%').map_or((text, u32::MAX), |digits| (digits, 100));
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let least = u32::from(!zero);
    text.len() <= 7 && plain && digits.parse::<u32>().is_ok_and(|n| (least..=most).contains(&n))
}

fn named(world: &World, call: &Call, instance_ids: &[String]) -> Result<Vec<usize>, AwsError> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = instance_ids.iter().find(|id| !seen.insert(*id)) {
        return Err(AwsError::new("DuplicateInstanceId", format!("You can't specify the instance ID {twice} twice.")));
    }
    let online = |id: &String| {
        world.fleet.position_of(&call.account, &call.region, id).filter(|index| world.fleet.nodes[*index].is_online())
    };
    let found: Vec<Option<usize>> = instance_ids.iter().map(online).collect();
    let bad: Vec<_> =
        instance_ids.iter().zip(&found).filter(|(_, node)| node.is_none()).map(|(id, _)| id.as_str()).collect();
    if bad.is_empty() {
        return Ok(found.into_iter().flatten().collect());
    }
    let text = format!("Instances [[{}]] not in a valid state for account {}", bad.join(", "), call.account);
    Err(AwsError::new("InvalidInstanceId", text))
}

/// Returns the instances of targets: all that Systems Manager lists, whether their agents answer or not.
fn targeted(world: &World, call: &Call, targets: &[Fields<'_>]) -> Result<Vec<usize>, AwsError> {
    let mut nodes: Vec<usize> = world.fleet.positions_in(&call.account, &call.region).to_vec();
    nodes.retain(|index| world.fleet.nodes[*index].is_listed());
    for target in targets {
        let (key, values) = (target.required("Key")?, target.texts("Values", 50)?);
        let tag = key.strip_prefix("tag:");
        if tag.is_none() && !matches!(key, "InstanceIds" | "tag-key") {
            return Err(AwsError::new("ValidationException", format!("The target key {key} is not simulated.")));
        }
        nodes.retain(|index| {
            let node = &world.fleet.nodes[*index];
            match (key, tag) {
                (_, Some(tag)) => node.tag(tag).is_some_and(|value| values.contains(value)),
                ("tag-key", None) => values.iter().any(|name| node.tag(name).is_some()),
                _ => values.contains(&node.id),
            }
        });
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_documented_patterns() {
        for good in ["1", "50", "1%", "99%", "100%", "9999999"] {
            assert!(is_share(good, false), "{good}");
        }
        for bad in ["0", "0%", "101%", "-1", "01", "", "%", "x", "99999999", "5 "] {
            assert!(!is_share(bad, false), "{bad}");
        }
        assert!(is_share("0", true) && is_share("0%", true) && !is_share("00", true));
    }

    #[test]
    fn a_target_list_must_be_given() {
        let value = json!(null);
        assert!(Fields::new(&value, "ValidationException").structures("Targets").expect("absent").is_empty());
    }
}
