//! Systems Manager: lists patch baselines, shows their content, and names the defaults.
use super::super::pages::with_token;
use super::request::ssm;
use crate::{
    clock::epoch_seconds,
    facts::operating_systems::Os,
    patching::baseline::{Baseline, Refusal, RegionBaselines},
    wire::{AwsError, Call, paging::page},
    world::World,
};
use serde_json::{Value, json};

/// Returns the operating system that a request names. Without one it is Windows.
pub fn system(call: &Call) -> Result<Os, AwsError> {
    let code = ssm(call).text("OperatingSystem")?.unwrap_or("WINDOWS");
    let valid: Vec<_> = Os::all().map(Os::code).collect();
    Os::from_code(code).ok_or_else(|| {
        ssm(call).refuse("OperatingSystem", &format!("Member must satisfy enum value set: [{}]", valid.join(", ")))
    })
}

/// Returns `BaselineId` of a request, if its characters are allowed.
pub fn baseline_id(call: &Call) -> Result<&str, AwsError> {
    let id = ssm(call).required("BaselineId")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'/');
    if (20..=128).contains(&id.len()) && id.bytes().all(plain) {
        return Ok(id);
    }
    let pattern = r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-:/]{20,128}$";
    Err(ssm(call).refuse("BaselineId", pattern))
}

impl From<Refusal> for AwsError {
    fn from(refusal: Refusal) -> Self {
        let (code, text) = match refusal {
            Refusal::Malformed => ("InvalidResourceId", "The resource ID isn't valid."),
            Refusal::Unknown => ("DoesNotExistException", "The patch baseline doesn't exist."),
            Refusal::Predefined => ("ValidationException", "A predefined patch baseline can't be changed."),
            Refusal::Full => ("ResourceLimitExceededException", "The quota for this resource is used up."),
            Refusal::OtherRequest => ("IdempotentParameterMismatch", "The client token was used for another request."),
            Refusal::InUse => {
                ("ResourceInUseException", "The patch baseline is a default or registered for a patch group.")
            }
            Refusal::GroupTaken => {
                ("AlreadyExistsException", "The patch group already has a baseline for this operating system.")
            }
        };
        Self::new(code, text)
    }
}

/// Returns the structure `PatchBaselineIdentity`.
pub fn identity(registered: &RegionBaselines, baseline: &Baseline) -> Value {
    let mut identity = json!({
        "BaselineId": baseline.reference(),
        "BaselineName": baseline.content.name,
        "OperatingSystem": baseline.os.code(),
        "DefaultBaseline": registered.is_default(baseline),
    });
    if let Some(text) = &baseline.content.description {
        identity["BaselineDescription"] = json!(text);
    }
    identity
}

/// Answers `RegisterDefaultPatchBaseline`. A baseline of AWS is named by its ARN.
pub fn register_default_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let baseline = world.baselines.in_region(&call.account, &call.region).make_default(baseline_id(call)?)?;
    Ok(json!({"BaselineId": baseline.reference()}).to_string())
}

/// Answers `GetDefaultPatchBaseline`. Without an operating system it answers for Windows.
pub fn get_default_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let os = system(call)?;
    let baseline = world.baselines.in_region(&call.account, &call.region).default_for(os);
    Ok(json!({"BaselineId": baseline.reference(), "OperatingSystem": os.code()}).to_string())
}

/// Answers `DescribePatchBaselines`.
pub fn describe_patch_baselines(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let size = ssm(call).page_size(1..=100, 100)?;
    let registered = world.baselines.in_region(&call.account, &call.region);
    let mut all = registered.all();
    for (key, values) in filters(call)? {
        let owner = |own: bool| values.iter().any(|owner| owner == "All" || owner == if own { "Self" } else { "AWS" });
        match key {
            "OWNER" => all.retain(|baseline| owner(baseline.arn.is_none())),
            "NAME_PREFIX" => all.retain(|baseline| has_prefix(&baseline.content.name, &values)),
            "OPERATING_SYSTEM" => all.retain(|baseline| values.iter().any(|code| code == baseline.os.code())),
            _ => return Err(unknown_key(call, "NAME_PREFIX, OWNER, OPERATING_SYSTEM")),
        }
    }
    let page = page("DescribePatchBaselines", all, size, ssm(call).text("NextToken")?, false)?;
    let identities: Vec<_> = page.items.iter().map(|baseline| identity(registered, baseline)).collect();
    Ok(with_token(json!({"BaselineIdentities": identities}), page.next))
}

/// Returns `Filters` of a request: keys and values.
pub fn filters(call: &Call) -> Result<Vec<(&str, Vec<String>)>, AwsError> {
    let filters = ssm(call).structures("Filters")?;
    if filters.len() > 5 {
        return Err(ssm(call).refuse("Filters", "Member must have length less than or equal to 5"));
    }
    filters.iter().map(|filter| Ok((filter.required("Key")?, filter.texts("Values", usize::MAX)?))).collect()
}

/// Returns whether a name begins with one of these prefixes.
pub fn has_prefix(name: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
}

/// Returns the error for a filter that the operation does not have.
pub fn unknown_key(call: &Call, valid: &str) -> AwsError {
    ssm(call).refuse("Filters", &format!("Member must have keys of [{valid}]"))
}

/// Answers `GetPatchBaseline`, by id or, for a baseline of AWS, by ARN.
pub fn get_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let registered = world.baselines.in_region(&call.account, &call.region);
    let baseline = registered.get(baseline_id(call)?)?;
    let mut answer = full(&baseline);
    answer["PatchGroups"] = json!(registered.groups_of(&baseline));
    Ok(answer.to_string())
}

/// Returns everything about a baseline, without its patch groups.
pub fn full(baseline: &Baseline) -> Value {
    let mut answer = json!(baseline.content);
    answer["BaselineId"] = json!(baseline.reference());
    answer["OperatingSystem"] = json!(baseline.os.code());
    answer["CreatedDate"] = json!(epoch_seconds(baseline.created));
    answer["ModifiedDate"] = json!(epoch_seconds(baseline.modified));
    answer
}
