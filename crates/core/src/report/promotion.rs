//! What a step installed, compared with what the plan's first stage has installed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::{InstanceRow, Patch};
use crate::input::RunInput;
use crate::plan::{Plan, Stage, Untested};
use crate::reconcile::TargetResult;

/// What a step installed, compared with what the plan's first stage has installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepPromotion {
    /// What the plan says about patches that the first stage has not installed; null for the first stage itself.
    pub untested: Option<Untested>,
    /// Patches that were installed and are tested; in the first stage every patch that was installed.
    pub tested: Vec<PatchCount>,
    /// Patches that were installed and are not tested.
    pub installed_untested: Vec<PatchCount>,
    /// Patches that are missing and were not installed, because they are not tested.
    pub held_back: Vec<PatchCount>,
}

/// A patch and on how many instances.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchCount {
    /// Operating system.
    pub os: String,
    /// `KBId` in the API: a KB article on Windows, package name on Linux.
    pub id: String,
    /// Title; on Linux with the version.
    pub title: String,
    /// How many instances.
    pub instances: u32,
}

impl StepPromotion {
    /// One line for the notification; empty if all that was installed is tested.
    pub(super) fn sentence(&self) -> String {
        match (self.installed_untested.len(), self.held_back.len()) {
            (0, 0) => String::new(),
            // Whoever allows it does not want to be told every time; the report lists it.
            (_, 0) if self.untested == Some(Untested::Allow) => String::new(),
            (installed, held_back) => format!("  not tested: {installed} patches installed, {held_back} held back\n"),
        }
    }

    pub(super) fn of(untested: Option<Untested>, targets: &[TargetResult]) -> Self {
        let rows = || targets.iter().flat_map(|target| &target.instances);
        Self {
            untested,
            tested: count(rows().flat_map(|row| {
                row.installed
                    .iter()
                    .filter(|patch| !row.installed_untested.contains(patch))
                    .map(move |patch| (row, patch))
            })),
            installed_untested: count(
                rows().flat_map(|row| row.installed_untested.iter().map(move |patch| (row, patch))),
            ),
            held_back: count(rows().flat_map(|row| row.held_back.iter().map(move |patch| (row, patch)))),
        }
    }
}

/// Patches with the number of their instances, in the order of their names.
fn count<'r>(patches: impl Iterator<Item = (&'r InstanceRow, &'r Patch)>) -> Vec<PatchCount> {
    let mut counts: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    for (row, patch) in patches {
        let os = row.os.as_deref().unwrap_or_default();
        *counts.entry((os, &patch.id, &patch.title)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((os, id, title), instances)| PatchCount { os: os.into(), id: id.into(), title: title.into(), instances })
        .collect()
}

/// Whether the plan compares what a stage installs.
pub(super) enum Compared {
    /// No.
    Nothing,
    /// It is the first stage, with which others are compared.
    Itself,
    /// With the first stage.
    WithFirst(Untested),
}

pub(super) fn compared(plan: &Plan, input: &RunInput, stage: &str) -> Compared {
    if !input.scans() {
        return Compared::Nothing;
    }
    let untested = |stage: &Stage| plan.untested(stage);
    match plan.stages.iter().position(|one| one.name == stage) {
        Some(0) if plan.stages.iter().any(|stage| untested(stage).is_some()) => Compared::Itself,
        Some(index) => untested(&plan.stages[index]).map_or(Compared::Nothing, Compared::WithFirst),
        None => Compared::Nothing,
    }
}
