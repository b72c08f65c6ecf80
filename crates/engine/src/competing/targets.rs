//! Resolves the API's `Targets` to instances.

use std::collections::{HashMap, HashSet};

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::tag::digest;

use super::facts::TargetCriterion;

/// The instances of a target by id, and by the digests of their tags' keys.
pub struct Index<'a> {
    all: Vec<&'a Ec2Instance>,
    by_id: HashMap<&'a str, &'a Ec2Instance>,
    by_tag_key: HashMap<u64, Vec<&'a Ec2Instance>>,
}

/// The result of resolving targets.
pub(super) enum Resolved<'a> {
    /// They match these instances.
    Instances(Vec<&'a Ec2Instance>),
    /// orgpatch cannot look up which instances they match, for example those of a resource group.
    Unknown(String),
}

impl<'a> Index<'a> {
    /// Builds the index of these instances.
    #[must_use]
    pub fn new(instances: &[&'a Ec2Instance]) -> Self {
        let mut by_tag_key: HashMap<u64, Vec<&Ec2Instance>> = HashMap::new();
        for instance in instances {
            for tag in instance.tag_digests() {
                by_tag_key.entry(tag.key).or_default().push(instance);
            }
        }
        let by_id = instances.iter().map(|instance| (instance.id.as_str(), *instance)).collect();
        Self { all: instances.to_vec(), by_id, by_tag_key }
    }

    pub(super) fn get(&self, id: &str) -> Option<&'a Ec2Instance> {
        self.by_id.get(id).copied()
    }

    /// Returns true if the targets match one of the instances, or may.
    #[must_use]
    pub fn may_concern(&self, targets: &[TargetCriterion]) -> bool {
        match self.resolve(targets) {
            Resolved::Instances(found) => !found.is_empty(),
            Resolved::Unknown(_) => true,
        }
    }

    /// Returns the instances that match all criteria. An empty list matches no instance.
    pub(super) fn resolve(&self, targets: &[TargetCriterion]) -> Resolved<'a> {
        if let Some(target) = targets.iter().find(|target| target.key.starts_with("resource-groups:")) {
            return Resolved::Unknown(format!("resource group {}", target.values.join(", ")));
        }
        let criteria: Vec<Criterion<'_>> = targets.iter().map(Criterion::of).collect();
        let Some((first, rest)) = criteria.split_first() else {
            return Resolved::Instances(Vec::new());
        };
        let mut found = self.candidates(first);
        found.retain(|instance| rest.iter().all(|criterion| criterion.matches(instance)));
        Resolved::Instances(found)
    }

    /// Returns the instances that one criterion matches, looked up in the maps.
    fn candidates(&self, criterion: &Criterion<'_>) -> Vec<&'a Ec2Instance> {
        match criterion {
            Criterion::Every => self.all.clone(),
            Criterion::Ids(ids) => ids.iter().filter_map(|id| self.get(id)).collect(),
            Criterion::TagKeys(keys) => keys.iter().flat_map(|key| self.with_tag(*key)).copied().collect(),
            Criterion::Tag { key, .. } => {
                self.with_tag(*key).iter().filter(|instance| criterion.matches(instance)).copied().collect()
            }
            Criterion::Unknown => Vec::new(),
        }
    }

    fn with_tag(&self, key: u64) -> &[&'a Ec2Instance] {
        self.by_tag_key.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A criterion in the form in which instances are compared with it. Tags are compared by their digests.
enum Criterion<'t> {
    Every,
    Ids(HashSet<&'t str>),
    TagKeys(HashSet<u64>),
    Tag {
        key: u64,
        values: HashSet<u64>,
    },
    /// No instance matches a criterion that orgpatch does not know.
    Unknown,
}

impl<'t> Criterion<'t> {
    fn of(target: &'t TargetCriterion) -> Self {
        let digests = || target.values.iter().map(|value| digest(value)).collect();
        match target.key.as_str() {
            "InstanceIds" | "ParameterValues" if target.values.iter().any(|value| value == "*") => Self::Every,
            "InstanceIds" | "ParameterValues" => Self::Ids(target.values.iter().map(String::as_str).collect()),
            "tag-key" => Self::TagKeys(digests()),
            key => {
                key.strip_prefix("tag:").map_or(Self::Unknown, |tag| Self::Tag { key: digest(tag), values: digests() })
            }
        }
    }

    fn matches(&self, instance: &Ec2Instance) -> bool {
        match self {
            Self::Every => true,
            Self::Ids(ids) => ids.contains(instance.id.as_str()),
            Self::TagKeys(keys) => instance.tag_digests().any(|tag| keys.contains(&tag.key)),
            Self::Tag { key, values } => {
                instance.tag_digests().any(|tag| tag.key == *key && values.contains(&tag.value))
            }
            Self::Unknown => false,
        }
    }
}
