//! Systems Manager: lists the values that filters of a baseline may have.
use super::super::pages::with_token;
use super::{baselines::system, request::ssm};
use crate::{
    patching::baseline::{Key, SYSTEM, listed},
    wire::{AwsError, Call, paging::page},
    world::World,
};
use serde_json::{Value, json};

/// The values of `PatchProperty`.
const PROPERTIES: [(&str, Key); 6] = [
    ("PRODUCT", Key::Product),
    ("PRODUCT_FAMILY", Key::ProductFamily),
    ("CLASSIFICATION", Key::Classification),
    ("MSRC_SEVERITY", Key::MsrcSeverity),
    ("PRIORITY", Key::Priority),
    ("SEVERITY", Key::Severity),
];

/// Answers `DescribePatchProperties`.
pub fn describe_patch_properties(_: &mut World, call: &Call) -> Result<String, AwsError> {
    ssm(call).required("OperatingSystem")?;
    let (os, name) = (system(call)?, ssm(call).required("Property")?);
    let keys = &os.baseline_facts().patch_filters;
    let known = PROPERTIES.iter().find(|(known, _)| *known == name && keys.iter().any(|key| key == known));
    let Some((_, key)) = known else {
        return Err(ssm(call).refuse("Property", &format!("Member must be a property of {}", os.code())));
    };
    let set = ssm(call).text("PatchSet")?.unwrap_or(SYSTEM);
    if !listed(os, Key::PatchSet, &[]).contains(&set) {
        return Err(ssm(call).refuse("PatchSet", "Member must satisfy enum value set: [OS, APPLICATION]"));
    }
    let size = ssm(call).page_size(1..=50, 50)?;
    let all = listed(os, *key, &[set]);
    let page = page("DescribePatchProperties", all, size, ssm(call).text("NextToken")?, false)?;
    let properties: Vec<Value> = page.items.iter().map(|value| json!({"Name": value})).collect();
    Ok(with_token(json!({"Properties": properties}), page.next))
}
