//! The preview as data: the format of `--format json`, from which the text is also made.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_engine::baselines::{Baseline, ShownSource};
use orgpatch_engine::matches::MatchedNothing;
use orgpatch_engine::planner::{AccountOutsidePlan, Step};
use orgpatch_engine::stage_memory::{EarlierStage, stages_before};
use orgpatch_engine::{baselines, planner};
use orgpatch_model::error::RunError;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::organization::{AccountState, Organization};
use orgpatch_model::reason::Reason;
use orgpatch_model::target::Target;
use orgpatch_plan::{Gate, NeverReboot, Passes, Plan, Rate, Reboot, Selection, Stage, Untested, Wave};
use schemars::JsonSchema;
use serde::Serialize;

use super::descriptions;

/// What a run of a plan would do in an organization as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "orgpatch preview")]
pub struct Preview {
    /// Version of this format: 1. Fields may be added within a version.
    pub schema_version: u32,
    /// Name of the plan.
    pub plan: String,
    /// Id of the organization.
    pub organization_id: String,
    /// Whether an install may reboot.
    pub reboot: Reboot,
    /// Instances that an install never reboots. Absent: none.
    #[serde(skip_serializing_if = "NeverReboot::is_empty")]
    pub never_reboot: NeverReboot,
    /// How much happens at the same time.
    pub rate: Rate,
    /// Counts of all stages together.
    pub counts: PreviewCounts,
    /// The stages, in the order in which they run.
    pub stages: Vec<StagePreview>,
    /// Stages of the plan that `--stages` leaves out.
    pub stages_not_in_run: Vec<String>,
    /// Of the stages that `--stages` leaves out, those before the last one of the run, as earlier install runs have left them. An
    /// install run is refused if one of them has not passed. Null: the bucket was not read.
    pub earlier_stages: Option<Vec<EarlierStage>>,
    /// Accounts and organizational units of the plan that match nothing. Preview does not know which tags and instances do.
    pub matched_nothing: Vec<MatchedNothing>,
    /// Accounts that are in no step, sorted by id, each with its reason.
    pub accounts_outside_plan: Vec<AccountOutsidePlan>,
}

/// Counts, of all stages, of a stage, or of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewCounts {
    /// Steps: waves that have an account.
    pub steps: usize,
    /// Accounts, including those that cannot be entered. Of all stages together, an account that several of them share counts once.
    pub accounts: usize,
    /// Accounts that cannot be entered, because they are suspended or closed.
    pub accounts_not_entered: usize,
    /// Targets: accounts × Regions, for all of these accounts.
    pub targets: usize,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StagePreview {
    /// Name.
    pub name: String,
    /// Counts of the stage.
    pub counts: PreviewCounts,
    /// Which instances to patch: the plan's selection merged with the stage's.
    pub select: Selection,
    /// The selection in words.
    pub select_text: String,
    /// What may be installed, per operating system. Empty: each account's own baselines decide. A frozen rule has neither
    /// days nor a date here, because its date is not known before the run; see `promotion`.
    pub baselines: Vec<Baseline<ShownSource>>,
    /// Settings of the baselines that are allowed but are seldom intended.
    pub baseline_cautions: Vec<Reason>,
    /// How the stage depends on the plan's first stage. Null: it does not.
    pub promotion: Option<PromotionPreview>,
    /// What must hold after each step of the stage before an install run continues.
    pub gate: Gate,
    /// The gate in words.
    pub gate_text: String,
    /// The longest working time of each step of the stage in seconds. What has not answered by then is `unreachable`.
    pub deadline_seconds: u32,
    /// The deadline in words, with where it comes from.
    pub deadline_text: String,
    /// Operating systems whose instances may get a second install in a step, in the order of the API. Instances of the
    /// others get one.
    pub two_passes: Vec<OperatingSystem>,
    /// How many waves the plan asks for.
    pub waves: u32,
    /// Waves for which no account is left. They have no step.
    pub empty_waves: Vec<u32>,
    /// The steps, in the order in which they run.
    pub steps: Vec<StepPreview>,
}

/// How a stage depends on the plan's first stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionPreview {
    /// The first stage, whose installs are the tested set.
    pub tested_in: String,
    /// Whether the approved patches depend on when the first stage is scanned.
    pub frozen: bool,
    /// The last day whose patches are approved, in words. Null: the stage is not frozen.
    pub frozen_text: Option<String>,
    /// What to do with a missing patch that the first stage has not installed.
    pub untested: Untested,
    /// `untested` in words.
    pub untested_text: String,
    /// Settings of the promotion that are allowed but are seldom intended.
    pub cautions: Vec<Reason>,
}

/// One step: a wave of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepPreview {
    /// `<nn>-<stage>-<wave>`.
    pub id: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// How many of the stage's accounts are done after the step, as in the plan. Null: all of them.
    pub up_to: Option<Wave>,
    /// Counts of the step.
    pub counts: PreviewCounts,
    /// The accounts, in their order.
    pub accounts: Vec<AccountPreview>,
}

/// One account of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountPreview {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// The account's state in AWS Organizations now.
    pub account_state: AccountState,
    /// Names of the organizational units from the root down, joined by `/`. Empty: directly below the root.
    pub ou_path: String,
    /// Regions.
    pub regions: Vec<String>,
    /// The other stages of the run that share the account, each with other instances. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
    /// Why orgpatch cannot enter the account, so that its targets end as `inactive`. Null: it can.
    pub not_entered: Option<Reason>,
}

impl Preview {
    /// Returns the preview as one JSON document.
    pub fn to_json(&self) -> String {
        let document = serde_json::to_string_pretty(self).expect("texts and numbers are always JSON");
        document + "\n"
    }
}

impl PreviewCounts {
    fn of(steps: &[StepPreview]) -> Self {
        let counts = steps.iter().map(|step| step.counts);
        counts.fold(Self::default(), Self::plus)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            accounts: self.accounts + other.accounts,
            accounts_not_entered: self.accounts_not_entered + other.accounts_not_entered,
            targets: self.targets + other.targets,
        }
    }
}

/// Makes the preview of a run of the plan. `only` names the stages to run, `earlier_stages` are those before it, if they could
/// be looked up. Errors are those that would refuse any run.
pub fn of(
    plan: &Plan,
    organization: &Organization,
    only: Option<&[String]>,
    earlier_stages: Option<Vec<EarlierStage>>,
) -> Result<Preview, RunError> {
    let resolution = planner::resolve(plan, organization, only)?;
    let sharing = Sharing { stages: &plan.stages, only, shared: &resolution.shared };
    let mut stages = Vec::new();
    let mut stages_not_in_run = Vec::new();
    for (index, stage) in plan.stages.iter().enumerate() {
        let steps = resolution.steps.iter().filter(|step| step.stage_index == index);
        let steps: Vec<StepPreview> = steps.map(|step| step_preview(step, &sharing)).collect();
        // Every stage of the run has an account, and so a step: `resolve` refuses a stage without one.
        if steps.is_empty() {
            stages_not_in_run.push(stage.name.clone());
        } else {
            let is_last = resolution.steps.last().is_some_and(|last| last.stage_index == index);
            stages.push(stage_preview(plan, stage, steps, is_last));
        }
    }
    Ok(Preview {
        schema_version: 1,
        plan: plan.name.clone(),
        organization_id: organization.id.clone(),
        reboot: plan.reboot,
        never_reboot: plan.never_reboot.clone(),
        rate: plan.rate,
        counts: of_all(&stages),
        stages,
        stages_not_in_run,
        // Where there is none, there is nothing to look up.
        earlier_stages: if stages_before(plan, only).next().is_none() { Some(Vec::new()) } else { earlier_stages },
        matched_nothing: planner::unmatched(plan, organization, only),
        accounts_outside_plan: resolution.outside,
    })
}

fn stage_preview(plan: &Plan, stage: &Stage, steps: Vec<StepPreview>, is_last: bool) -> StagePreview {
    let counts = PreviewCounts::of(&steps);
    let select = plan.selection_of(stage);
    let baselines = baselines::desired(plan, stage, None);
    let deadline = planner::step_deadline(plan, stage);
    let waves = planner::waves_of(stage, counts.accounts);
    StagePreview {
        name: stage.name.clone(),
        counts,
        select_text: descriptions::selection(&select),
        select,
        baseline_cautions: baselines.iter().flat_map(Baseline::cautions).collect(),
        baselines: baselines.iter().map(Baseline::shown).collect(),
        promotion: promotion_preview(plan, stage),
        gate: stage.gate,
        gate_text: descriptions::gate(stage.gate, is_last),
        deadline_seconds: deadline.seconds,
        deadline_text: descriptions::deadline(deadline),
        two_passes: two_passes(plan, stage),
        waves: waves.last().map_or(0, |wave| wave.number),
        empty_waves: waves.iter().filter(|wave| wave.accounts.is_empty()).map(|wave| wave.number).collect(),
        steps,
    }
}

/// Returns the operating systems of a stage whose instances may get a second install.
fn two_passes(plan: &Plan, stage: &Stage) -> Vec<OperatingSystem> {
    let selected = plan.selection_of(stage).operating_systems;
    OperatingSystem::ALL
        .into_iter()
        .filter(|os| selected.is_empty() || selected.contains(os))
        .filter(|os| plan.passes(stage, *os) == Passes::Two)
        .collect()
}

fn promotion_preview(plan: &Plan, stage: &Stage) -> Option<PromotionPreview> {
    let (first, untested) = (plan.stages.first()?, plan.untested(stage)?);
    let frozen = plan.is_frozen(stage);
    let systems = plan.baselines_of(stage).map(|(os, _)| os);
    Some(PromotionPreview {
        tested_in: first.name.clone(),
        frozen,
        frozen_text: frozen.then(|| descriptions::frozen(first, systems)),
        untested,
        untested_text: descriptions::untested(untested, &first.name),
        cautions: plan.promotion_cautions(stage),
    })
}

/// The accounts that several stages share.
struct Sharing<'p> {
    stages: &'p [Stage],
    /// Names of the stages of the run; None: all.
    only: Option<&'p [String]>,
    /// By account id, the indices of the stages.
    shared: &'p BTreeMap<String, Vec<usize>>,
}

impl Sharing<'_> {
    /// Returns the other stages of the run that have the account of a target.
    fn others(&self, target: &Target) -> Vec<String> {
        let stages = self.shared.get(&target.account_id).into_iter().flatten().filter_map(|nth| self.stages.get(*nth));
        let others = stages.filter(|stage| stage.name != target.stage && stage.is_in_run(self.only));
        others.map(|stage| stage.name.clone()).collect()
    }
}

/// Returns the counts of all stages together.
fn of_all(stages: &[StagePreview]) -> PreviewCounts {
    let counts = stages.iter().map(|stage| stage.counts).fold(PreviewCounts::default(), PreviewCounts::plus);
    let accounts = || stages.iter().flat_map(|stage| &stage.steps).flat_map(|step| &step.accounts);
    let all: BTreeSet<&str> = accounts().map(|account| account.account_id.as_str()).collect();
    let not_entered = accounts().filter(|account| account.not_entered.is_some());
    let not_entered: BTreeSet<&str> = not_entered.map(|account| account.account_id.as_str()).collect();
    PreviewCounts { accounts: all.len(), accounts_not_entered: not_entered.len(), ..counts }
}

fn step_preview(step: &Step, sharing: &Sharing<'_>) -> StepPreview {
    // Targets come account by account.
    let by_account = step.targets.chunk_by(|a, b| a.account_id == b.account_id);
    let accounts: Vec<AccountPreview> = by_account.filter_map(|targets| account_preview(targets, sharing)).collect();
    StepPreview {
        id: step.id.clone(),
        wave: step.wave,
        up_to: step.up_to,
        counts: PreviewCounts {
            steps: 1,
            accounts: accounts.len(),
            accounts_not_entered: accounts.iter().filter(|account| account.not_entered.is_some()).count(),
            targets: step.targets.len(),
        },
        accounts,
    }
}

fn account_preview(targets: &[Target], sharing: &Sharing<'_>) -> Option<AccountPreview> {
    let first = targets.first()?;
    Some(AccountPreview {
        account_id: first.account_id.clone(),
        account_name: first.account_name.clone(),
        account_state: first.account_state,
        ou_path: first.ou_path.clone(),
        regions: targets.iter().map(|target| target.region.clone()).collect(),
        shared_with: sharing.others(first),
        not_entered: first.account_state.reason_not_to_enter(),
    })
}

#[cfg(test)]
mod tests;
