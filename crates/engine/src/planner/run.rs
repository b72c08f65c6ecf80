//! The planned run: everything that `list-accounts` writes and answers.

use jiff::Timestamp;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_model::input::{Operation, RunInput};
use orgpatch_model::organization::Organization;
use orgpatch_model::target::Target;
use orgpatch_plan::AllowedSources;
use serde::Serialize;

use super::checks::check_input;
use super::settings::SettingsContext;
use super::{PlanDocument, RunDocument, Step, StepSettings, StepSummary, resolve, unmatched};
use crate::stage_memory::{StageMemory, check_earlier_stages, earlier_stages};

/// Which run, since when, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunIdentity {
    /// Name of the execution.
    pub run_id: String,
    /// When the run is planned.
    pub now: Timestamp,
    /// How many functions the account may run at the same time, for the report. None: unknown.
    pub lambda_concurrency: Option<u32>,
    /// Where the sources of the plan may take packages from.
    pub allowed_sources: AllowedSources,
}

/// A run before orgpatch touches any account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRun {
    /// `run.json`.
    pub document: RunDocument,
    /// In the order in which they run.
    pub steps: Vec<PlannedStep>,
}

/// A step before orgpatch touches any account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// `settings.json`.
    pub settings: StepSettings,
    /// `targets.json`: every account of the step in every Region, account by account.
    pub targets: Vec<Target>,
    /// How many targets the state machine works on at the same time.
    pub max_concurrency: u32,
}

/// Returns the SHA-256 of a document as the bucket holds it, in hex.
pub(super) fn sha256_of(name: &str, document: &impl Serialize) -> Result<String, RunError> {
    let text = serde_json::to_vec(document)
        .map_err(|error| RunError::BrokenRun(format!("{name} cannot be written: {error}")))?;
    Ok(sha256_hex(text))
}

/// Plans a run. The same arguments give the same run.
///
/// Errors: those of [`check_input`] first, then [`RunError::EarlierStageNotPassed`] for an install run, then
/// [`RunError::InvalidPlan`] for a source that the deployment does not allow, then those of [`resolve`].
pub fn plan(
    PlanDocument { plan, sha256 }: PlanDocument,
    organization: &Organization,
    input: RunInput,
    identity: RunIdentity,
    memory: &StageMemory,
) -> Result<PlannedRun, RunError> {
    check_input(&plan, &input, memory)?;
    let earlier_stages = match input.operation {
        Operation::Install => earlier_stages(&plan, &sha256, input.stages.as_deref(), memory, identity.now),
        _ => Vec::new(),
    };
    if input.without_earlier_gates.is_none() {
        check_earlier_stages(&earlier_stages)?;
    }
    plan.check_sources(&identity.allowed_sources).map_err(RunError::InvalidPlan)?;
    let mut resolution = resolve(&plan, organization, input.stages.as_deref())?;
    let summaries = resolution.steps.iter().map(summary).collect();
    let matched_nothing = unmatched(&plan, organization, input.stages.as_deref());
    let document = RunDocument {
        schema_version: 1,
        run_id: identity.run_id,
        started_at: identity.now,
        input,
        plan_sha256: sha256,
        plan,
        organization_id: organization.id.clone(),
        steps: summaries,
        accounts_outside_plan: std::mem::take(&mut resolution.outside),
        earlier_stages,
        matched_nothing,
        lambda_concurrency: identity.lambda_concurrency,
    };
    let run_sha256 = sha256_of("run.json", &document)?;
    let context = SettingsContext::of(&document, &resolution.steps, memory);
    let settings_of = |index| context.settings(&resolution, index, &run_sha256);
    let settings: Vec<StepSettings> = (0..resolution.steps.len()).map(settings_of).collect::<Result<_, _>>()?;
    let max_concurrency = document.plan.rate.targets;
    let steps = resolution.steps.into_iter().zip(settings);
    let steps =
        steps.map(|(step, settings)| PlannedStep { settings, targets: step.targets, max_concurrency }).collect();
    Ok(PlannedRun { document, steps })
}

fn summary(step: &Step) -> StepSummary {
    StepSummary {
        id: step.id.clone(),
        stage: step.stage.clone(),
        wave: step.wave,
        accounts: step.accounts,
        targets: step.targets.len(),
    }
}
