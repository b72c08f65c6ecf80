//! What was there before, and how to give it back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::difference::look_up;
use super::{Change, Chosen, Known, Observed, ObservedBaseline, same_id};
use crate::contract::Target;
use crate::os::OperatingSystem;
use crate::reason::Reason;

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

/// What was registered before orgpatch's baselines were.
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
        let of_orgpatch = |known: &Known| observed.baseline(&known.id).is_some_and(ObservedBaseline::is_of_orgpatch);
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

    /// Both together; what this one knows counts, and `earlier` where it knows nothing. With the records of several
    /// runs: begin with the latest.
    #[must_use]
    pub fn or_earlier(mut self, earlier: Self) -> Self {
        for (os, id) in earlier.defaults {
            self.defaults.entry(os).or_insert(id);
        }
        for group in earlier.patch_groups {
            let same =
                |known: &PreviousGroup| known.operating_system == group.operating_system && known.group == group.group;
            if !self.patch_groups.iter().any(same) {
                self.patch_groups.push(group);
            }
        }
        self
    }
}

/// What is left to do so that `recorded` holds again, and what is left alone with the reason.
///
/// Only where a baseline of orgpatch is registered is anything changed: what somebody registered since then stays.
/// Baselines of orgpatch stay in the account; nothing uses them then, and the next run finds them again.
#[must_use]
pub fn restore(recorded: &Previous, observed: &Observed) -> Vec<Change> {
    let mut changes = Vec::new();
    for (&operating_system, current) in &observed.defaults {
        let place = format!("the default for {operating_system}");
        let current = look_up(observed, current);
        let recorded = recorded.defaults.get(&operating_system).map_or(Before::Unknown, |id| Before::Baseline(id));
        match decide(observed, recorded, &current, &place) {
            // An operating system without a default is nothing that is ever recorded.
            Decision::Done | Decision::Deregister => {}
            Decision::Leave(reason) => changes.push(Change::Left { baseline: current, reason }),
            Decision::Register(baseline) => changes.push(Change::RegisterDefault {
                operating_system,
                baseline: Chosen::Existing(baseline),
                previous: Some(current),
            }),
        }
    }
    let mut groups: Vec<_> = observed.patch_groups.iter().collect();
    groups.sort_by_key(|entry| (&entry.group, entry.operating_system));
    for entry in groups {
        let operating_system = entry.operating_system;
        let place = format!("the baseline of patch group {:?} for {operating_system}", entry.group);
        let current = look_up(observed, &entry.baseline_id);
        let recorded = recorded
            .patch_groups
            .iter()
            .find(|known| known.operating_system == operating_system && known.group == entry.group)
            .map_or(Before::Unknown, |known| known.baseline_id.as_deref().map_or(Before::Nothing, Before::Baseline));
        let group = entry.group.clone();
        match decide(observed, recorded, &current, &place) {
            Decision::Done => {}
            Decision::Leave(reason) => changes.push(Change::Left { baseline: current, reason }),
            Decision::Register(baseline) => changes.push(Change::RegisterForPatchGroup {
                operating_system,
                group,
                baseline: Chosen::Existing(baseline),
                previous: Some(current),
            }),
            Decision::Deregister => {
                changes.push(Change::DeregisterPatchGroup { operating_system, group, previous: current });
            }
        }
    }
    let mut kept: Vec<_> = observed.baselines.iter().filter(|baseline| baseline.is_of_orgpatch()).collect();
    kept.sort_by_key(|baseline| (&baseline.name, &baseline.id));
    changes.extend(kept.into_iter().map(|baseline| Change::Left {
        baseline: look_up(observed, &baseline.id),
        reason: Reason::new("baseline-kept", format!("the baseline {} stays in the account", baseline.name)),
    }));
    changes
}

enum Decision {
    Done,
    Register(Known),
    Deregister,
    Leave(Reason),
}

/// What is recorded of a place.
#[derive(Clone, Copy)]
enum Before<'r> {
    Unknown,
    Nothing,
    Baseline(&'r str),
}

fn decide(observed: &Observed, before: Before<'_>, current: &Known, place: &str) -> Decision {
    let of_orgpatch = observed.baseline(&current.id).is_some_and(ObservedBaseline::is_of_orgpatch);
    let leave = |code: &str, text: String| Decision::Leave(Reason::new(code, text));
    match before {
        Before::Baseline(id) if same_id(id, &current.id) => Decision::Done,
        Before::Unknown if !of_orgpatch => Decision::Done,
        _ if !of_orgpatch => {
            leave("baseline-changed-since", format!("somebody made {current} {place} since then; it stays"))
        }
        Before::Unknown => {
            leave("baseline-not-recorded", format!("{current} stays {place}: no run recorded what was there before"))
        }
        Before::Nothing => Decision::Deregister,
        // Baselines of AWS may be missing in the list, but never go away.
        Before::Baseline(id) if observed.baseline(id).is_none() && !id.starts_with("arn:") => leave(
            "baseline-gone",
            format!("{current} stays {place}: the baseline {id}, which was it before, is not there any more"),
        ),
        Before::Baseline(id) => Decision::Register(look_up(observed, id)),
    }
}
