//! The accounts that a step has in common with other stages, whose environments are told apart by tags.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::target::Target;
use orgpatch_plan::{Exclusion, Plan, Selection, Stage};
use serde::{Deserialize, Serialize};

use super::Step;
use super::selection::regions_of;

/// Another stage that claims accounts of a step, as far as one of its steps works on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharingStage {
    /// Name of the stage.
    pub stage: String,
    /// When the run works on it.
    pub turn: Turn,
    /// The tags that it selects and leaves out. Nothing else says to which stage an instance belongs.
    pub select: Selection,
    /// The accounts that both have.
    pub accounts: BTreeSet<String>,
    /// The Regions of the stage.
    pub regions: Vec<String>,
    /// The patch groups that get its baselines.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub patch_groups: BTreeSet<(OperatingSystem, String)>,
}

/// When a run works on another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Before, in the step of that id.
    Earlier(String),
    /// Behind it.
    Later,
    /// Not in this run.
    Never,
}

impl SharingStage {
    /// Returns true if the stage has that target, too.
    #[must_use]
    pub fn has_target(&self, target: &Target) -> bool {
        self.accounts.contains(&target.account_id) && self.regions.contains(&target.region)
    }
}

/// Returns what the step at `index` shares with others. `shared` has the accounts that several stages of the plan claim.
pub(super) fn sharing(
    plan: &Plan,
    steps: &[Step],
    index: usize,
    shared: &BTreeMap<String, Vec<usize>>,
) -> Vec<SharingStage> {
    let step = &steps[index];
    let own: BTreeMap<&String, &Vec<usize>> = accounts_of(step).filter_map(|id| shared.get_key_value(id)).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let with = |stage: usize, turn, accounts: BTreeSet<String>| {
        let stage = &plan.stages[stage];
        (!accounts.is_empty()).then(|| SharingStage {
            stage: stage.name.clone(),
            turn,
            select: tags_of(plan.selection_of(stage)),
            accounts,
            regions: regions_of(plan, stage).to_vec(),
            patch_groups: patch_groups_of(plan, stage),
        })
    };
    let others = steps.iter().enumerate().filter(|(_, other)| other.stage_index != step.stage_index);
    let in_run = others.filter_map(|(nth, other)| {
        let turn = if nth < index { Turn::Earlier(other.id.clone()) } else { Turn::Later };
        let ids = accounts_of(other).filter(|id| own.contains_key(id));
        with(other.stage_index, turn, ids.cloned().collect())
    });
    let is_in_run = |stage: usize| steps.iter().any(|step| step.stage_index == stage);
    let not_in_run = (0..plan.stages.len()).filter(|stage| !is_in_run(*stage)).filter_map(|stage| {
        let ids = own.iter().filter(|(_, stages)| stages.contains(&stage)).map(|(id, _)| (*id).clone());
        with(stage, Turn::Never, ids.collect())
    });
    in_run.chain(not_in_run).collect()
}

/// Returns the accounts of a step. Targets come account by account.
fn accounts_of(step: &Step) -> impl Iterator<Item = &String> {
    step.targets.chunk_by(|a, b| a.account_id == b.account_id).map(|targets| &targets[0].account_id)
}

/// Returns what a selection says of tags.
fn tags_of(Selection { tags, exclude, .. }: Selection) -> Selection {
    Selection { tags, exclude: Exclusion { tags: exclude.tags, ..Exclusion::default() }, ..Selection::default() }
}

fn patch_groups_of(plan: &Plan, stage: &Stage) -> BTreeSet<(OperatingSystem, String)> {
    plan.baselines_of(stage)
        .flat_map(|(os, planned)| planned.patch_groups.iter().map(move |group| (os, group.clone())))
        .collect()
}
