//! What was there before: what a run did to a target, and what one goes back to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::target::Target;
use serde::{Deserialize, Serialize};

use super::{Change, KnownBaseline, Observed, ObservedBaseline};

/// What a step does to the baselines of a target. Written before the first change and once: a retry that finds half
/// of it done must not record our own baseline as what was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineRecord {
    /// Where.
    pub target: Target,
    /// When.
    pub at: Timestamp,
    /// What is changed, and what is not and why; empty: nothing was to do.
    pub changes: Vec<Change>,
    /// What was there before.
    pub previous: Previous,
}

/// What was registered before orgpatch's baselines were. Of a run it is what its changes replace; of a target it is what
/// was there before the first run that changed anything ([`Previous::or_later`]).
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

/// What a patch group had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviousGroup {
    /// Operating system.
    pub operating_system: OperatingSystem,
    /// The group.
    pub group: String,
    /// Id of its baseline; None: it had none.
    pub baseline_id: Option<String>,
}

impl Previous {
    /// What the changes replace. A baseline of orgpatch (of another stage, or another plan) is not worth going back
    /// to: an earlier record knows what was there before that.
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
    /// True if nothing is on record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.defaults.is_empty() && self.patch_groups.is_empty()
    }

    /// Both together: what this one knows stays, and of `later` comes what is new. The first record of a place is the one
    /// from before orgpatch. A later one may be of a moment in which a function died between taking a patch group from its
    /// baseline and giving it to ours: the group seems to have had none.
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

    /// What is on record of a patch group for an operating system.
    #[must_use]
    pub fn of_group(&self, os: OperatingSystem, group: &str) -> Option<&PreviousGroup> {
        self.patch_groups.iter().find(|known| known.operating_system == os && known.group == group)
    }
}
