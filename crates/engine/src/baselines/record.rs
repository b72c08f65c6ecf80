//! Records of the changes to a target's baselines, and of what was registered before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::Reason;
use orgpatch_model::target::Target;
use serde::{Deserialize, Serialize};

use super::{Change, ComparedBaseline, KnownBaseline, Observed, ObservedBaseline};

/// The changes of a step to the baselines of a target, or in a run that changes none those that an install run would make. It is
/// written once, before the first change: a retry that finds some changes already made must not record orgpatch's own
/// baseline as the previous one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineRecord {
    /// The target.
    pub target: Target,
    /// When the record was made.
    pub at: Timestamp,
    /// The changes, and the reasons for changes that are not made. Empty: there was nothing to do.
    pub changes: Vec<Change>,
    /// What was registered before.
    pub previous: Previous,
    /// What was found for each operating system that was compared. Empty in records of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<ComparedBaseline>,
    /// The operating systems that could not be compared, because AWS refused to show what the account has, with the reasons.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_compared: BTreeMap<OperatingSystem, Reason>,
}

/// What was registered before orgpatch's baselines. For a run, it is what the changes of the run replace. For a target, it
/// is what was registered before the first run that changed anything ([`Previous::or_later`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Previous {
    /// Ids of the default baselines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<OperatingSystem, String>,
    /// Patch groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patch_groups: Vec<PreviousGroup>,
}

/// The previous baseline of a patch group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviousGroup {
    /// Operating system.
    pub operating_system: OperatingSystem,
    /// The group.
    pub group: String,
    /// Id of its baseline. None: it had none.
    pub baseline_id: Option<String>,
}

impl Previous {
    /// Returns what the changes replace. A baseline of orgpatch (of another stage or plan) is left out, because an earlier
    /// record has what was registered before it.
    #[must_use]
    pub fn of(changes: &[Change], observed: &Observed) -> Self {
        let of_orgpatch =
            |known: &KnownBaseline| observed.baseline(&known.id).is_some_and(ObservedBaseline::is_of_orgpatch);
        let mut before = Self::default();
        for change in changes {
            match change {
                Change::RegisterDefault { operating_system, previous: Some(previous), .. }
                    if !of_orgpatch(previous) =>
                {
                    before.defaults.insert(*operating_system, previous.id.clone());
                }
                Change::RegisterForPatchGroup { operating_system, group, previous, .. }
                    if !previous.as_ref().is_some_and(of_orgpatch) =>
                {
                    before.patch_groups.push(PreviousGroup {
                        operating_system: *operating_system,
                        group: group.clone(),
                        baseline_id: previous.as_ref().map(|known| known.id.clone()),
                    });
                }
                _ => {}
            }
        }
        before
    }

    /// Returns true if nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.defaults.is_empty() && self.patch_groups.is_empty()
    }

    /// Adds the entries of `later` that are not recorded yet. The first record of a default or group wins, because it is
    /// from before orgpatch. A later record may be wrong: if a function stopped between deregistering a patch group and
    /// registering it for orgpatch's baseline, the group seems to have had none.
    #[must_use]
    pub fn or_later(mut self, later: Self) -> Self {
        for (os, id) in later.defaults {
            self.defaults.entry(os).or_insert(id);
        }
        for group in later.patch_groups {
            if self.of_group(group.operating_system, &group.group).is_none() {
                self.patch_groups.push(group);
            }
        }
        self
    }

    /// Splits it into everything else and what is recorded of those patch groups.
    #[must_use]
    pub fn split(mut self, groups: &BTreeSet<(OperatingSystem, String)>) -> (Self, Self) {
        let is_theirs = |known: &PreviousGroup| groups.contains(&(known.operating_system, known.group.clone()));
        let (theirs, ours) = self.patch_groups.into_iter().partition(is_theirs);
        self.patch_groups = ours;
        (self, Self { patch_groups: theirs, ..Self::default() })
    }

    /// Returns what is recorded of those operating systems only.
    #[must_use]
    pub fn only(mut self, systems: &[OperatingSystem]) -> Self {
        self.defaults.retain(|os, _| systems.contains(os));
        self.patch_groups.retain(|group| systems.contains(&group.operating_system));
        self
    }

    /// Returns the record of a patch group for an operating system.
    #[must_use]
    pub fn of_group(&self, os: OperatingSystem, group: &str) -> Option<&PreviousGroup> {
        self.patch_groups.iter().find(|known| known.operating_system == os && known.group == group)
    }
}
