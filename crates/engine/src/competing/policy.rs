//! Quick Setup patch policies, recognized by the tag that they put on instances and by the names of their associations.

use std::collections::BTreeMap;

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::ConflictSettings;

use super::decision::Action;
use super::facts::Association;
use super::targets::{Index, Resolved};
use super::{Collected, document};

/// Prefix of the tag that a patch policy puts on its instances: `QSConfigName-<id>`, with the policy's name as its value.
pub(crate) const TAG: &str = "QSConfigName-";

/// Prefixes of the names of its associations and documents, in both spellings that AWS uses.
const NAMES: [&str; 2] = ["AWS-QuickSetup-PatchPolicy-", "AWSQuickSetup-PatchPolicy-"];

/// How many policies of an instance a conflict names.
const NAMED: usize = 5;

/// Returns true if an association is part of a patch policy.
pub(super) fn is_of_policy(association: &Association) -> bool {
    let names = association.name.iter().map(String::as_str).chain([document::name(&association.document)]);
    names.into_iter().any(|name| NAMES.iter().any(|beginning| name.starts_with(beginning)))
}

pub(super) fn collect(
    associations: &[Association],
    instances: &[&Ec2Instance],
    index: &Index<'_>,
    settings: ConflictSettings,
    collected: &mut Collected,
) {
    // By instance: the policies by id, with their name if it is known.
    let mut policies: BTreeMap<&str, (&Ec2Instance, BTreeMap<&str, &str>)> = BTreeMap::new();
    for instance in instances {
        for (key, name) in &instance.tags {
            if let Some(id) = key.strip_prefix(TAG) {
                policies.entry(&instance.id).or_insert((instance, BTreeMap::new())).1.insert(id, name);
            }
        }
    }
    for association in associations.iter().filter(|association| is_of_policy(association)) {
        let id = policy_id(association);
        match index.resolve(&association.targets) {
            Resolved::Instances(meant) => {
                for instance in meant {
                    let (_, ids) = policies.entry(&instance.id).or_insert((instance, BTreeMap::new()));
                    ids.entry(id).or_insert("");
                }
            }
            Resolved::Unknown(whom) => {
                collected.note(
                    ReasonCode::ConflictPatchPolicy,
                    format!("the patch policy {id} patches {whom}; orgpatch cannot see which instances that includes"),
                );
            }
        }
    }
    let action = Action::from(settings.patch_policy);
    for (instance, policies) in policies.into_values() {
        collected.add(instance, action, ReasonCode::ConflictPatchPolicy, text(&policies));
    }
}

/// Returns the id of the policy: the last part of the name, which all its associations have in common.
fn policy_id(association: &Association) -> &str {
    let name = association.name.as_deref().unwrap_or_else(|| document::name(&association.document));
    name.rsplit('-').next().unwrap_or(name)
}

fn text(policies: &BTreeMap<&str, &str>) -> String {
    let named: Vec<String> = policies
        .iter()
        .take(NAMED)
        .map(|(id, name)| if name.is_empty() { (*id).to_owned() } else { format!("{name} ({id})") })
        .collect();
    match (named.as_slice(), policies.len()) {
        ([one], 1) => format!("the Quick Setup patch policy {one} patches this instance too"),
        (many, count) => format!(
            "{count} Quick Setup patch policies patch this instance too, and overwrite each other: {}{}",
            many.join(", "),
            if count > many.len() { " …" } else { "" }
        ),
    }
}
