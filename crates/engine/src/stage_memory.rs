//! What a plan remembers of its stages from run to run: a gate that has halted stays closed on the next night.
//!
//! Inside a run a step begins only if every step before it has advanced ([`crate::gate::enter`]). Stages on separate nights are the
//! normal case, so each install run leaves here what it decided about each stage that it began. A later run may begin only
//! behind stages that have passed ([`earlier_stages`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::Counts;
use orgpatch_model::reason::Reason;
use orgpatch_plan::{Gate, GateValidity, Plan, Stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The place of a step of an install run in its stage: what is measured behind it, and what is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageStep {
    /// Name of the stage.
    pub stage: String,
    /// SHA-256 of the plan document, in hex.
    pub plan_sha256: String,
    /// Ids of the stage's earlier steps, in their order.
    pub earlier_waves: Vec<String>,
    /// True if no step of the stage follows.
    pub is_last_wave: bool,
    /// True if the stage as a whole must have proved something behind this step, before the next one begins: at least one
    /// instance that is patched or compliant.
    pub must_prove: bool,
}

/// `gates/<plan>.json`: what install runs of a plan decided about its stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageMemory {
    /// By name of the stage. A stage that no install run has begun is not there.
    pub stages: BTreeMap<String, RememberedStage>,
}

/// What is remembered of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RememberedStage {
    /// The last install run that began the stage.
    pub latest: StageRun,
    /// The last install run in which the stage passed. None: it never has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<PassedStage>,
}

/// A stage in an install run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageRun {
    /// The run.
    pub run_id: String,
    /// SHA-256 of the plan document, in hex.
    pub plan_sha256: String,
    /// When the first step of the stage began.
    pub began_at: Timestamp,
    /// How the stage ended. None: the run has not ended it, because it still works, was stopped or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<StageEnd>,
}

/// How a stage ended: its last wave advanced, or one of its waves halted the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageEnd {
    /// When it was decided.
    pub at: Timestamp,
    /// False if the gate halted the run.
    pub advanced: bool,
    /// Why.
    pub reason: Reason,
    /// Instances by outcome, of all waves of the stage up to this decision.
    pub counts: Counts,
    /// Those of them that are `pending-reboot` because the plan never reboots them. They count as succeeded.
    #[serde(default, skip_serializing_if = "orgpatch_model::outcome::is_zero")]
    pub pending_as_planned: u64,
}

/// A run in which a stage passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedStage {
    /// The run.
    pub run_id: String,
    /// When the gate behind the stage's last wave let it pass.
    pub at: Timestamp,
    /// When the stage was scanned, if it is the plan's first one: the day to which frozen stages of later runs are frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<Timestamp>,
}

/// A stage that lies before the stages of an install run and is not part of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EarlierStage {
    /// Name of the stage.
    pub stage: String,
    /// The last install run that began the stage. Absent: no install run has begun it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// When that run decided about the stage, or began it if it never decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub at: Option<Timestamp>,
    /// Why the stage does not count as passed. Absent: it has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_passed: Option<String>,
    /// True if the plan was another text in that run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plan_changed: bool,
}

impl EarlierStage {
    /// Returns how the stage stands, as the rest of a sentence. `refused` says that it has not passed. Its words may be foreign.
    #[must_use]
    pub fn standing(&self, refused: &str) -> String {
        let standing = match (&self.not_passed, &self.run, self.at) {
            (Some(why), ..) => format!("{refused}: {why}"),
            (None, Some(run), Some(at)) => format!("passed in run {run} at {at:.0}"),
            (None, ..) => "passed".to_owned(),
        };
        standing + if self.plan_changed { "; the plan has changed since" } else { "" }
    }
}

impl StageMemory {
    /// Remembers that a run begins a stage. Called again for the same run, it changes nothing.
    pub fn begin(&mut self, step: &StageStep, run_id: &str, now: Timestamp) {
        let began =
            StageRun { run_id: run_id.to_owned(), plan_sha256: step.plan_sha256.clone(), began_at: now, end: None };
        match self.stages.get_mut(&step.stage) {
            Some(known) if known.latest.run_id == run_id => {}
            Some(known) => known.latest = began,
            None => {
                self.stages.insert(step.stage.clone(), RememberedStage { latest: began, passed: None });
            }
        }
    }

    /// Remembers the decision about a step, if it ends the stage. `scanned_at` is when the first stage was scanned, None for
    /// every other stage.
    pub fn end(&mut self, step: &StageStep, gate: &Gate, run_id: &str, end: StageEnd, scanned_at: Option<Timestamp>) {
        if end.advanced && !step.is_last_wave {
            return;
        }
        // It is known, unless a person has removed the object in the middle of the run.
        self.begin(step, run_id, end.at);
        let Some(known) = self.stages.get_mut(&step.stage) else { return };
        if end.passes(gate) {
            known.passed = Some(PassedStage { run_id: run_id.to_owned(), at: end.at, scanned_at });
        }
        known.latest.end = Some(end);
    }

    /// Returns when the plan's first stage was scanned in the last run in which it passed; None if it never has.
    #[must_use]
    pub fn first_stage_scanned_at(&self, plan: &Plan) -> Option<Timestamp> {
        self.stages.get(&plan.stages.first()?.name)?.passed.as_ref()?.scanned_at
    }
}

impl StageEnd {
    /// Returns true if the stage opens later ones: it advanced, and an instance succeeded there or the plan says that none needs
    /// to.
    fn passes(&self, gate: &Gate) -> bool {
        self.advanced && (gate.min_succeeded == Some(0) || self.counts.succeeded() + self.pending_as_planned > 0)
    }
}

/// Returns the stages before the last stage of a run that are not part of the run. `only` names the stages of the run; None is
/// all of them.
pub fn stages_before<'p>(plan: &'p Plan, only: Option<&[String]>) -> impl Iterator<Item = &'p Stage> {
    let last = plan.stages.iter().rposition(|stage| stage.is_in_run(only)).unwrap_or(0);
    plan.stages[..last].iter().filter(move |stage| !stage.is_in_run(only))
}

/// Returns them with whether they have passed.
#[must_use]
pub fn earlier_stages(
    plan: &Plan,
    plan_sha256: &str,
    only: Option<&[String]>,
    memory: &StageMemory,
    now: Timestamp,
) -> Vec<EarlierStage> {
    let valid_for = plan.gate_valid_for.unwrap_or(GateValidity::DEFAULT);
    stages_before(plan, only)
        .map(|stage| {
            let Some(RememberedStage { latest, .. }) = memory.stages.get(&stage.name) else {
                let not_passed = Some("no install run of this plan has begun it".to_owned());
                return EarlierStage {
                    stage: stage.name.clone(),
                    run: None,
                    at: None,
                    not_passed,
                    plan_changed: false,
                };
            };
            EarlierStage {
                stage: stage.name.clone(),
                run: Some(latest.run_id.clone()),
                at: Some(latest.end.as_ref().map_or(latest.began_at, |end| end.at)),
                not_passed: not_passed(stage, latest, valid_for, now),
                plan_changed: latest.plan_sha256 != plan_sha256,
            }
        })
        .collect()
}

/// Returns why a stage does not open later ones; None if it does.
fn not_passed(stage: &Stage, latest: &StageRun, valid_for: GateValidity, now: Timestamp) -> Option<String> {
    let StageRun { run_id, began_at, .. } = latest;
    let Some(end) = &latest.end else {
        return Some(format!(
            "run {run_id} began it at {began_at:.0} and has not ended it: the run still works, was stopped or failed"
        ));
    };
    let at = end.at;
    if !end.advanced {
        return Some(format!("run {run_id} halted there at {at:.0}: {}", end.reason.text));
    }
    if !end.passes(&stage.gate) {
        return Some(format!("in run {run_id} of {at:.0} no instance was patched or compliant there"));
    }
    if now.duration_since(at) > valid_for.duration() {
        return Some(format!("run {run_id} passed it at {at:.0}, which is more than {valid_for} ago (`gateValidFor`)"));
    }
    None
}

/// Refuses an install run behind a stage that has not passed.
pub fn check_earlier_stages(earlier: &[EarlierStage]) -> Result<(), RunError> {
    let refused = earlier.iter().find_map(|stage| Some((&stage.stage, stage.not_passed.as_ref()?)));
    refused
        .map_or(Ok(()), |(stage, why)| Err(RunError::EarlierStageNotPassed { stage: stage.clone(), why: why.clone() }))
}

#[cfg(test)]
mod tests;
