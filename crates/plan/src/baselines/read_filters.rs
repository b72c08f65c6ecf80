//! Reads filters of rules and of whole baselines, and patch groups.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{self, At, Decoder, Fields, Located, quote};
use super::super::yaml::Value;
use super::read::{GLOBAL_FILTERS, at_most, short, shorts};
use super::{
    FilterKey, MAX_FILTERS, MAX_PATCH_GROUP, MAX_PATCH_GROUPS, MAX_VALUE, MAX_VALUES, PlannedRule, model, values,
};

/// Reads the filters among some fields, and returns how many are written. `patch_sets` are those of filters without `patchSet`.
pub(super) fn read_filters(
    decoder: &mut Decoder,
    fields: &Fields<'_>,
    os: OperatingSystem,
    patch_sets: &[&str],
) -> (values::Filters, usize) {
    let mut filters = values::Filters::new();
    let mut written = 0;
    for key in FilterKey::ALL {
        let Some(at) = fields.get(key.field()) else {
            continue;
        };
        written += 1;
        if FilterKey::of(os).contains(&key) {
            filters.push((key, filter_values(decoder, &at, key)));
        } else {
            let problem = format!("{os} has no filter {}", key.field());
            decoder.refuse(&at.path, at.node.place, problem, format!("the filters {}", filter_names(os)));
        }
    }
    values::check(decoder, os, &filters, patch_sets);
    (filters, written)
}

/// Refuses more filters than the API takes.
pub(super) fn at_most_filters(decoder: &mut Decoder, at: &At<'_>, written: usize, whose: &str) {
    if written > MAX_FILTERS {
        let problem = format!("the {whose} has {written} filters");
        decoder.refuse(&at.path, at.node.place, problem, format!("at most {MAX_FILTERS}, as Systems Manager takes"));
    }
}

/// Returns the filters of an operating system, for people.
pub(super) fn filter_names(os: OperatingSystem) -> String {
    FilterKey::of(os).iter().map(|key| key.field()).collect::<Vec<_>>().join(", ")
}

fn filter_values(decoder: &mut Decoder, at: &At<'_>, key: FilterKey) -> Vec<Located<String>> {
    let items = decoder.list_of_some(at, "a list of values, such as [\"*\"], which is every value");
    let items = at_most(decoder, at, items, MAX_VALUES, "values");
    if key == FilterKey::PatchSet {
        let found = items
            .iter()
            .filter_map(|item| Some(item.found(decoder.one_of(item, &model::PATCH_SETS)?.value.to_owned())))
            .collect();
        return decoder.unique(found);
    }
    shorts(decoder, &items, MAX_VALUE, "a value")
}

/// Reads the filters of a whole baseline.
pub(super) fn global_filters(
    decoder: &mut Decoder,
    at: &At<'_>,
    os: OperatingSystem,
) -> BTreeMap<FilterKey, Vec<String>> {
    let Some(fields) = decoder.fields(at, &GLOBAL_FILTERS) else {
        return BTreeMap::new();
    };
    if matches!(&at.node.value, Value::Mapping(entries) if entries.is_empty()) {
        let valid = format!("at least one of {}; or no such field", filter_names(os));
        decoder.refuse(&at.path, at.node.place, "there is no filter in it", valid);
    }
    let (filters, written) = read_filters(decoder, &fields, os, values::OF_A_BASELINE);
    at_most_filters(decoder, at, written, "baseline");
    filters.into_iter().map(|(key, found)| (key, decode::values(found))).collect()
}

/// Warns of a rule whose values for a filter have none in common with the global filter of the baseline.
pub(super) fn warn_if_disjoint(
    decoder: &mut Decoder,
    at: &At<'_>,
    rule: &PlannedRule,
    global: &BTreeMap<FilterKey, Vec<String>>,
) {
    let is_any = |values: &[String]| values.is_empty() || values.iter().any(|value| value == "*");
    for (key, passed) in global {
        let without = [values::OF_A_RULE[0].to_owned()];
        let wanted = match rule.values(*key) {
            [] if *key == FilterKey::PatchSet => &without[..],
            wanted => wanted,
        };
        if is_any(wanted) || is_any(passed) || wanted.iter().any(|value| passed.contains(value)) {
            continue;
        }
        let field = key.field();
        decoder.warn(
            &at.path,
            at.node.place,
            format!("the rule can match nothing: globalFilters lets none of its values of {field} through"),
            format!("{field} with a value of globalFilters.{field}: {}", passed.join(", ")),
        );
    }
}

/// Reads the patch groups of a baseline: one name, or a list of names.
pub(super) fn patch_groups(decoder: &mut Decoder, at: &At<'_>) -> Vec<String> {
    if !matches!(&at.node.value, Value::List(_)) {
        return patch_group(decoder, at).map(|found| found.value).into_iter().collect();
    }
    let items = decoder.list_of_some(at, "the name of a patch group, or a list of names");
    let items = at_most(decoder, at, items, MAX_PATCH_GROUPS, "patch groups");
    let found = items.iter().filter_map(|item| patch_group(decoder, item)).collect();
    decode::values(decoder.unique(found))
}

fn patch_group(decoder: &mut Decoder, at: &At<'_>) -> Option<Located<String>> {
    let found = short(decoder, at, MAX_PATCH_GROUP, "the name of a patch group")?;
    // The API's pattern: letters, digits and separators of any script, and these signs.
    let allowed = |c: char| c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c);
    if found.value.chars().all(allowed) {
        return Some(found);
    }
    let problem = format!("{} is not valid", quote(&found.value));
    decoder.refuse(&at.path, at.node.place, problem, "letters, digits, spaces and the signs _ . : / = + - @");
    None
}
