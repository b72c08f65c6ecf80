//! The accounts that a step has in common with other stages, whose environments are told apart by tags.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_model::target::Target;
use orgpatch_plan::{Plan, Selection};
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
    /// What it selects.
    pub select: Selection,
    /// The accounts that both have.
    pub accounts: BTreeSet<String>,
    /// The Regions of the stage.
    pub regions: Vec<String>,
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
    let own: BTreeMap<&String, &Vec<usize>> =
        step.targets.iter().filter_map(|target| shared.get_key_value(&target.account_id)).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let with = |stage: usize, turn, accounts: BTreeSet<String>| {
        let stage = &plan.stages[stage];
        let (select, regions) = (plan.selection_of(stage), regions_of(plan, stage).to_vec());
        (!accounts.is_empty()).then(|| SharingStage { stage: stage.name.clone(), turn, select, accounts, regions })
    };
    let others = steps.iter().enumerate().filter(|(_, other)| other.stage_index != step.stage_index);
    let in_run = others.filter_map(|(nth, other)| {
        let turn = if nth < index { Turn::Earlier(other.id.clone()) } else { Turn::Later };
        let ids = other.targets.iter().map(|target| &target.account_id);
        with(other.stage_index, turn, ids.filter(|id| own.contains_key(id)).cloned().collect())
    });
    let is_in_run = |stage: usize| steps.iter().any(|step| step.stage_index == stage);
    let not_in_run = (0..plan.stages.len()).filter(|stage| !is_in_run(*stage)).filter_map(|stage| {
        let ids = own.iter().filter(|(_, stages)| stages.contains(&stage)).map(|(id, _)| (*id).clone());
        with(stage, Turn::Never, ids.collect())
    });
    in_run.chain(not_in_run).collect()
}
