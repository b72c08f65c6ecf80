//! The settings of each step: what its functions need of the plan, resolved for its stage.

use jiff::Timestamp;
use orgpatch_model::error::RunError;
use orgpatch_model::input::{Operation, RunInput};
use orgpatch_plan::{Plan, Stage};

use super::run::sha256_of;
use super::sharing::sharing;
use super::{Promotion, Resolution, RunDocument, StageClaim, Step, StepSettings, step_deadline};
use crate::baselines::{self, Baseline};
use crate::stage_memory::{StageMemory, StageStep};

/// What all steps of a run share.
pub(super) struct SettingsContext<'a> {
    plan: &'a Plan,
    input: &'a RunInput,
    /// When the run is planned.
    now: Timestamp,
    plan_sha256: &'a str,
    /// Ids of the first stage's steps.
    first_stage_steps: Vec<String>,
    /// When the first stage was scanned in the last run in which it passed.
    tested_before: Option<Timestamp>,
}

impl<'a> SettingsContext<'a> {
    /// Collects it from the steps of the run, in their order.
    pub(super) fn of(run: &'a RunDocument, steps: &[Step], memory: &StageMemory) -> Self {
        let first_stage = steps.iter().filter(|step| is_of_first_stage(step));
        Self {
            plan: &run.plan,
            input: &run.input,
            now: run.started_at,
            plan_sha256: &run.plan_sha256,
            first_stage_steps: first_stage.map(|step| step.id.clone()).collect(),
            tested_before: memory.first_stage_scanned_at(&run.plan),
        }
    }

    /// Returns the settings of the step at that index.
    pub(super) fn settings(
        &self,
        Resolution { steps, shared, .. }: &Resolution,
        index: usize,
        run_sha256: &str,
    ) -> Result<StepSettings, RunError> {
        let Self { plan, input, .. } = self;
        let (step, earlier, next) = (&steps[index], &steps[..index], steps.get(index + 1));
        let stage = &plan.stages[step.stage_index];
        let mut accounts: Vec<String> = step.targets.iter().map(|target| target.account_id.clone()).collect();
        accounts.dedup();
        let first = step.targets.iter().take_while(|target| Some(&target.account_id) == accounts.first());
        let regions = first.map(|target| target.region.clone()).collect();
        Ok(StepSettings {
            step: step.id.clone(),
            plan: plan.name.clone(),
            operation: input.operation,
            readiness_only: input.readiness_only,
            restore_to: input.to_plan.clone(),
            select: plan.selection_of(stage),
            reboot: plan.reboot,
            never_reboot: plan.never_reboot.clone(),
            rate: plan.rate,
            passes: stage.passes,
            deadline_seconds: step_deadline(plan, stage).seconds,
            gate: stage.gate,
            stage_step: self.stage_step(step, earlier, next),
            conflicts: plan.conflict_settings(stage),
            baselines: self.baselines(stage),
            promotion: self.promotion(step, stage),
            is_first_stage: is_of_first_stage(step),
            earlier_steps: earlier.iter().map(|step| step.id.clone()).collect(),
            claim: Some(StageClaim::of(stage, &accounts)),
            sharing: sharing(plan, steps, index, shared),
            accounts,
            regions,
            targets_sha256: sha256_of("targets.json", &step.targets)?,
            run_sha256: run_sha256.to_owned(),
        })
    }

    /// Returns true if the baselines of a stage wait for the scan of the first stage. A run about baselines scans nothing:
    /// of a frozen stage it shows what a scan of the first stage at this moment would come to.
    fn is_frozen(&self, stage: &Stage) -> bool {
        self.input.scans() && self.plan.is_frozen(stage)
    }

    /// A stage of an install run opens the next one only if it has proved something, unless the plan has a minimum of its own.
    /// All its waves count, so it is measured behind the last one.
    fn stage_step(&self, step: &Step, earlier: &[Step], next: Option<&Step>) -> Option<StageStep> {
        let opens_a_stage = next.is_some_and(|next| next.stage_index != step.stage_index);
        let waves = earlier.iter().filter(|other| other.stage_index == step.stage_index);
        (self.input.operation == Operation::Install).then(|| StageStep {
            stage: step.stage.clone(),
            plan_sha256: self.plan_sha256.to_owned(),
            // The steps of a stage follow each other.
            earlier_waves: waves.map(|wave| wave.id.clone()).collect(),
            is_last_wave: opens_a_stage || next.is_none(),
            must_prove: opens_a_stage && self.plan.stages[step.stage_index].gate.min_succeeded.is_none(),
        })
    }

    /// The baselines of a frozen stage wait for the scan of the first one. A run that applies baselines scans nothing, so
    /// that the day of its frozen rules stays unknown: what is approved today was not tested.
    fn baselines(&self, stage: &Stage) -> Vec<Baseline> {
        if self.is_frozen(stage) {
            return Vec::new();
        }
        let applies = self.input.operation == Operation::ApplyBaselines;
        baselines::desired(self.plan, stage, (!applies).then(|| baselines::cutoff(self.plan, self.now)))
    }

    /// Without a scan there is nothing to compare with what the first stage tested.
    fn promotion(&self, step: &Step, stage: &Stage) -> Option<Promotion> {
        let untested = self.plan.untested(stage).filter(|_| self.input.scans())?;
        let frozen = self.is_frozen(stage);
        if self.first_stage_steps.is_empty() {
            // The gate writes what earlier runs have tested as the step's own tested set.
            let (tested_in, tested_before) = (vec![step.id.clone()], self.tested_before);
            return Some(Promotion { tested_in, tested_before, frozen, untested });
        }
        Some(Promotion { tested_in: self.first_stage_steps.clone(), tested_before: None, frozen, untested })
    }
}

fn is_of_first_stage(step: &Step) -> bool {
    step.stage_index == 0
}
