//! Which instances the plan selects, whether they can be asked or not.

use std::collections::BTreeMap;

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::{Selection, TagValues};

/// Returns why the plan leaves an instance out, whatever its state; None if it is selected.
#[must_use]
pub fn left_out(select: &Selection, instance: &Ec2Instance, os: Option<OperatingSystem>) -> Option<Reason> {
    if select.exclude.instances.contains(&instance.id) {
        return Some(Reason::new(ReasonCode::ExcludedInstance, "the plan excludes this instance"));
    }
    if let Some((key, value)) = matching_tag(&select.exclude.tags, &instance.tags) {
        return Some(Reason::new(
            ReasonCode::ExcludedByTag,
            format!("the plan excludes instances with tag {key}={value}"),
        ));
    }
    if let Some(key) = lacks_tag(select, instance) {
        return Some(Reason::new(
            ReasonCode::NotSelectedByTags,
            format!("not selected by tags: the plan asks for {key}={}", select.tags[key]),
        ));
    }
    if let Some(os) = os
        && !select.operating_systems.is_empty()
        && !select.operating_systems.contains(&os)
    {
        return Some(Reason::new(
            ReasonCode::NotSelectedByOperatingSystem,
            format!("not selected by operating system: the plan does not list {os}"),
        ));
    }
    None
}

/// Returns the key of a tag that the plan selects and that an instance does not have with any of the values. None: it has all of
/// them.
pub(crate) fn lacks_tag<'s>(select: &'s Selection, instance: &Ec2Instance) -> Option<&'s str> {
    let has = |key: &String, values: &TagValues| instance.tags.get(key).is_some_and(|value| values.matches(value));
    select.tags.iter().find(|(key, values)| !has(key, values)).map(|(key, _)| key.as_str())
}

/// Returns the first of the wanted tags that an instance has.
pub(crate) fn matching_tag<'a>(
    wanted: &'a BTreeMap<String, TagValues>,
    tags: &'a BTreeMap<String, String>,
) -> Option<(&'a str, &'a str)> {
    wanted.iter().find_map(|(key, values)| {
        tags.get(key).filter(|value| values.matches(value)).map(|value| (key.as_str(), value.as_str()))
    })
}
