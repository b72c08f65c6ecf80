//! Stages that share an account: environments that are told apart by a tag of the instances.

use std::fmt;

use orgpatch_model::operating_system::OperatingSystem;

use super::model::{Plan, Selection, Stage};
use super::tags::TagValues;

/// Why two stages may not claim the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotShared {
    /// An instance could belong to both.
    SameInstances,
    /// The stage of that name has no baselines, and the other one has.
    Without(String),
    /// The stage of that name has a baseline that becomes the default of an operating system.
    OneDefault(String, OperatingSystem),
    /// Both have a baseline for the same patch group.
    SameGroup(OperatingSystem, String),
}

impl fmt::Display for NotShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ONE_DEFAULT: &str = "a Region of an account has one default baseline, so stages that share an account have \
                                   either no `baselines` or a `patchGroup` of their own each";
        match self {
            Self::SameInstances => f.write_str("no tag key tells their instances apart"),
            Self::Without(stage) => write!(f, "{ONE_DEFAULT}; stage {stage:?} has none, and the other one has"),
            Self::OneDefault(stage, os) => {
                write!(f, "{ONE_DEFAULT}; the baseline of {os} in stage {stage:?} has no `patchGroup`")
            }
            Self::SameGroup(os, group) => write!(f, "{ONE_DEFAULT}; both have a baseline of {os} for {group:?}"),
        }
    }
}

impl Selection {
    /// Returns a tag key by which no instance can belong to both selections: each selects other values of it, or one leaves out
    /// what the other one selects. None: there is none.
    #[must_use]
    pub fn told_apart_by<'s>(&'s self, other: &'s Self) -> Option<&'s str> {
        let differs = |(key, values): (&'s String, &TagValues)| {
            let by_values = other.tags.get(key).is_some_and(|others| values.is_disjoint(others));
            let left_out = other.exclude.tags.get(key).is_some_and(|excluded| excluded.covers(values));
            (by_values || left_out).then_some(key.as_str())
        };
        let left_out_here = |(key, values): (&'s String, &TagValues)| {
            self.exclude.tags.get(key).is_some_and(|excluded| excluded.covers(values)).then_some(key.as_str())
        };
        self.tags.iter().find_map(differs).or_else(|| other.tags.iter().find_map(left_out_here))
    }
}

impl Plan {
    /// Returns the selection of a stage: `tags` and `operatingSystems` of the stage replace the plan's, exclusions add up, so
    /// that nothing that the plan leaves out can come back through a stage.
    #[must_use]
    pub fn selection_of(&self, stage: &Stage) -> Selection {
        let mut selection = self.select.clone();
        let Some(own) = &stage.select else { return selection };
        if !own.tags.is_empty() {
            selection.tags.clone_from(&own.tags);
        }
        if !own.operating_systems.is_empty() {
            selection.operating_systems.clone_from(&own.operating_systems);
        }
        selection.exclude.accounts.extend(own.exclude.accounts.iter().cloned());
        selection.exclude.instances.extend(own.exclude.instances.iter().cloned());
        for (key, values) in &own.exclude.tags {
            let all = selection.exclude.tags.entry(key.clone()).or_insert_with(|| TagValues::OneOf(Vec::new()));
            all.extend(values);
        }
        selection
    }

    /// Checks that two stages may claim the same account: each of its instances belongs to one of them at most, and neither
    /// registers a baseline where it would judge the instances of the other one.
    pub fn may_share(&self, first: &Stage, second: &Stage) -> Result<(), NotShared> {
        if self.selection_of(first).told_apart_by(&self.selection_of(second)).is_none() {
            return Err(NotShared::SameInstances);
        }
        let without = |stage| self.baselines_of(stage).next().is_none();
        if without(first) != without(second) {
            let stage = if without(first) { first } else { second };
            return Err(NotShared::Without(stage.name.clone()));
        }
        for stage in [first, second] {
            if let Some((os, _)) = self.baselines_of(stage).find(|(_, baseline)| baseline.patch_groups.is_empty()) {
                return Err(NotShared::OneDefault(stage.name.clone(), os));
            }
        }
        for (os, baseline) in self.baselines_of(first) {
            let other = self.baselines_of(second).find(|(system, _)| *system == os);
            let taken = |group: &&String| other.is_some_and(|(_, other)| other.patch_groups.contains(group));
            if let Some(group) = baseline.patch_groups.iter().find(taken) {
                return Err(NotShared::SameGroup(os, group.clone()));
            }
        }
        Ok(())
    }
}
