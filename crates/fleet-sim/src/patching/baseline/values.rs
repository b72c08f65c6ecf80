//! Values of patch filters: what `DescribePatchProperties` lists, and what the API therefore refuses in a filter.
use super::content::Key;
use crate::{
    facts::operating_systems::Os,
    scenario::{Answer, InDoubt},
};
use orgpatch_facts::patch_values::{self, Property};
use serde_json::Value;

/// The value of `PATCH_SET`, and of `PatchSet`, unless a request gives another one.
pub const SYSTEM: &str = "OS";
const PATCH_SETS: [&str; 2] = [SYSTEM, "APPLICATION"];

/// Returns the values of a key that patches of a system have in these patch sets.
pub fn listed(os: Os, key: Key, sets: &[&str]) -> Vec<&'static str> {
    if key == Key::PatchSet {
        return PATCH_SETS.to_vec();
    }
    lists(os, key, sets).into_iter().flat_map(|list| &list.documented).map(String::as_str).collect()
}

fn lists(os: Os, key: Key, sets: &[&str]) -> Vec<&'static Property> {
    let of_sets = |list: &&Property| list.patch_set.as_deref().is_none_or(|set| sets.contains(&set));
    patch_values::of(os.code(), key.code()).filter(of_sets).collect()
}

/// Checks the values in the filters of a request to create or change a baseline. Fails with AWS's words
/// (<https://github.com/hashicorp/terraform-provider-aws/issues/18359>).
pub fn check_values(os: Os, request: &Value, in_doubt: InDoubt) -> Result<(), String> {
    let rules = request["ApprovalRules"]["PatchRules"].as_array().into_iter().flatten();
    let groups = rules.map(|rule| &rule["PatchFilterGroup"]).chain([&request["GlobalFilters"]]);
    for group in groups {
        let filters = group["PatchFilters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let given = filters.iter().filter(|filter| filter["Key"] == "PATCH_SET").flat_map(values).collect::<Vec<_>>();
        let sets = if given.is_empty() { vec![SYSTEM] } else { given };
        for filter in filters {
            // The check of the baseline has read the key.
            let Ok(key) = serde_json::from_value::<Key>(filter["Key"].clone()) else { continue };
            check_filter(os, key, &sets, filter, in_doubt)?;
        }
    }
    Ok(())
}

fn check_filter(os: Os, key: Key, sets: &[&str], filter: &Value, in_doubt: InDoubt) -> Result<(), String> {
    let valid = listed(os, key, sets);
    let may_be = |value: &str| {
        in_doubt.undocumented_values == Answer::Taken
            && lists(os, key, sets).iter().any(|list| list.open || list.in_doubt.iter().any(|doubted| doubted == value))
    };
    match values(filter).find(|value| *value != "*" && !valid.contains(value) && !may_be(value)) {
        None => Ok(()),
        Some(value) => Err(format!(
            "Invalid Filter Value: {value} for Key: {}, valid values are: {}",
            key.code(),
            valid.join(", ")
        )),
    }
}

fn values(filter: &Value) -> impl Iterator<Item = &str> {
    filter["Values"].as_array().into_iter().flatten().filter_map(Value::as_str)
}
