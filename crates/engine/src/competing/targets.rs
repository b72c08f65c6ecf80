//! Resolves the API's `Targets` to instances.

use std::collections::HashMap;

use orgpatch_model::instance::Ec2Instance;

use super::facts::TargetCriterion;

/// The instances of a target by id and tag.
pub(super) struct Index<'a> {
    all: Vec<&'a Ec2Instance>,
    by_id: HashMap<&'a str, &'a Ec2Instance>,
    by_tag_key: HashMap<&'a str, Vec<&'a Ec2Instance>>,
}

/// The result of resolving targets.
pub(super) enum Resolved<'a> {
    /// They match these instances.
    Instances(Vec<&'a Ec2Instance>),
    /// orgpatch cannot look up which instances they match, for example those of a resource group.
    Unknown(String),
}

impl<'a> Index<'a> {
    pub fn new(instances: &[&'a Ec2Instance]) -> Self {
        let mut by_tag_key: HashMap<&str, Vec<&Ec2Instance>> = HashMap::new();
        for instance in instances {
            for key in instance.tags.keys() {
                by_tag_key.entry(key).or_default().push(instance);
            }
        }
        let by_id = instances.iter().map(|instance| (instance.id.as_str(), *instance)).collect();
        Self { all: instances.to_vec(), by_id, by_tag_key }
    }

    pub fn get(&self, id: &str) -> Option<&'a Ec2Instance> {
        self.by_id.get(id).copied()
    }

    /// Returns the instances that match all criteria. An empty list matches no instance.
    pub fn resolve(&self, targets: &[TargetCriterion]) -> Resolved<'a> {
        if let Some(target) = targets.iter().find(|target| target.key.starts_with("resource-groups:")) {
            return Resolved::Unknown(format!("resource group {}", target.values.join(", ")));
        }
        let Some((first, rest)) = targets.split_first() else {
            return Resolved::Instances(Vec::new());
        };
        let mut found = self.candidates(first);
        found.retain(|instance| rest.iter().all(|target| matches(target, instance)));
        Resolved::Instances(found)
    }

    /// Returns the instances that one criterion matches, looked up in the maps.
    fn candidates(&self, target: &TargetCriterion) -> Vec<&'a Ec2Instance> {
        if is_every_instance(target) {
            return self.all.clone();
        }
        match target.key.as_str() {
            "InstanceIds" | "ParameterValues" => target.values.iter().filter_map(|id| self.get(id)).collect(),
            "tag-key" => target.values.iter().flat_map(|key| self.with_tag(key)).copied().collect(),
            key => match key.strip_prefix("tag:") {
                Some(tag) => self.with_tag(tag).iter().filter(|instance| matches(target, instance)).copied().collect(),
                None => Vec::new(),
            },
        }
    }

    fn with_tag(&self, key: &str) -> &[&'a Ec2Instance] {
        self.by_tag_key.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

fn is_every_instance(target: &TargetCriterion) -> bool {
    matches!(target.key.as_str(), "InstanceIds" | "ParameterValues") && target.values.iter().any(|value| value == "*")
}

fn matches(target: &TargetCriterion, instance: &Ec2Instance) -> bool {
    match target.key.as_str() {
        "InstanceIds" | "ParameterValues" => is_every_instance(target) || target.values.contains(&instance.id),
        "tag-key" => target.values.iter().any(|key| instance.tags.contains_key(key)),
        key => {
            let value = key.strip_prefix("tag:").and_then(|tag| instance.tags.get(tag));
            value.is_some_and(|value| target.values.contains(value))
        }
    }
}
