//! `report.json`: everything about a run in one document, and the same in a few lines for a notification.

mod promotion;
mod readiness;

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::Change;
use crate::comparison::Comparison;
use crate::conflict;
use crate::contract::{
    AccountOutsidePlan, CaughtError, Decision, GateRecord, InstanceRow, ReportAnswer, RunDecision, RunDocument,
    StepSummary,
};
use crate::error::HALTED;
use crate::input::Operation;
use crate::keys;
use crate::outcome::{Counts, TargetOutcome};
use crate::plan::Gate;
use crate::reason::Reason;
use crate::reconcile::TargetResult;

pub use promotion::{PatchCount, StepPromotion};
pub use readiness::ReadinessReport;

use promotion::{Compared, compared};

/// Version of the format of `report.json`. Grows when a field changes its meaning or goes away; new fields do not
/// count.
pub const SCHEMA_VERSION: u32 = 1;

/// SNS takes a subject of at most so many characters.
const MAX_SUBJECT: usize = 100;

/// `report.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this format.
    pub schema_version: u32,
    /// The run.
    pub run: RunReport,
    /// Its steps, in the order in which they ran or would have run.
    pub steps: Vec<StepReport>,
    /// Every target of every step.
    pub targets: Vec<TargetReport>,
    /// Every instance of every target that could be listed, exactly once.
    pub instances: Vec<InstanceRow>,
    /// How ready the instances are, and what to do about those that are not.
    #[serde(default)]
    pub readiness: ReadinessReport,
    /// Accounts that no step works on.
    pub accounts_outside_plan: Vec<AccountOutsidePlan>,
    /// What changed since the run of the plan before. Absent: there is none, or its report is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// The run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// Run id.
    pub id: String,
    /// Name of the plan.
    pub plan: String,
    /// SHA-256 of the plan document, in hex.
    pub plan_sha256: String,
    /// What it was for.
    pub operation: Operation,
    /// True if it looked at readiness only and sent no command.
    #[serde(default)]
    pub readiness_only: bool,
    /// What the person who started it wrote.
    pub comment: Option<String>,
    /// When it was planned.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When this report was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub finished_at: Timestamp,
    /// How it ended.
    pub decision: RunDecision,
    /// Why.
    pub reason: Reason,
    /// Instances by outcome.
    pub counts: Counts,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// `<nn>-<stage>-<wave>`.
    pub id: String,
    /// Name of the stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// What the gate said.
    pub decision: StepDecision,
    /// Why.
    pub reason: Reason,
    /// Instances by outcome.
    pub counts: Counts,
    /// What of it the first stage had installed before; null where the plan compares nothing.
    pub promotion: Option<StepPromotion>,
    /// What the gate's numbers were measured against. Absent: the step was never judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Gate>,
    /// When the gate decided. Absent: the step was never judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub judged_at: Option<Timestamp>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepDecision {
    /// It passed its gate.
    Advance,
    /// Its gate halted the run.
    Halt,
    /// The run ended before it.
    NotAttempted,
    /// The run ended in the middle of it.
    Error,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetReport {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// Names of the organizational units from the root down, joined by `/`.
    pub ou_path: String,
    /// Region code.
    pub region: String,
    /// Stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// What happened.
    pub outcome: TargetOutcome,
    /// Why.
    pub reason: Reason,
    /// When the result of its scan was recorded; null if it was not.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    #[serde(default)]
    pub scanned_at: Option<Timestamp>,
    /// When the result of its install was recorded; null if there was none.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    #[serde(default)]
    pub installed_at: Option<Timestamp>,
    /// What was done to its baselines, and what was not and why; of a run of `preview-baselines`, what would be. Absent:
    /// nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline_changes: Vec<Change>,
    /// What could not be seen of others who patch there, and what of theirs may concern any instance. Absent: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflict_notes: Vec<Reason>,
}

/// A step and what became of its targets.
#[derive(Debug, Clone)]
pub struct StepResult {
    /// The step as it was planned.
    pub summary: StepSummary,
    /// Its gate's decision; None if it was never judged.
    pub gate: Option<GateRecord>,
    /// True if anything of it was recorded.
    pub begun: bool,
    /// Its targets.
    pub targets: Vec<TargetResult>,
    /// What was done to the baselines of a target, by account and Region.
    pub baseline_changes: HashMap<(String, String), Vec<Change>>,
}

impl Report {
    /// Puts the report together. `error` is what ended the run early, if something did.
    #[must_use]
    pub fn assemble(run: RunDocument, results: Vec<StepResult>, error: Option<&CaughtError>, now: Timestamp) -> Self {
        let (decision, reason) = ending(&results, error);
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            run: RunReport {
                id: run.run_id,
                plan: run.plan.name.clone(),
                plan_sha256: run.plan_sha256,
                operation: run.input.operation,
                readiness_only: run.input.readiness_only,
                comment: run.input.comment.clone(),
                started_at: run.started_at,
                finished_at: now,
                decision,
                reason: reason.clone(),
                counts: Counts::default(),
            },
            steps: Vec::with_capacity(results.len()),
            targets: Vec::new(),
            instances: Vec::new(),
            readiness: ReadinessReport::default(),
            accounts_outside_plan: run.accounts_outside_plan,
            comparison: None,
        };
        for result in results {
            let compared = compared(&run.plan, &run.input, &result.summary.stage);
            report.add_step(result, &compared, &reason);
        }
        report.readiness = ReadinessReport::of(&report.instances);
        report
    }

    fn add_step(&mut self, mut result: StepResult, compared: &Compared, run_reason: &Reason) {
        let counts: Counts =
            result.targets.iter().flat_map(|target| &target.instances).map(|row| row.outcome).collect();
        self.run.counts.merge(&counts);
        let judged = result.gate.as_ref().map(|gate| (gate.limits, gate.at));
        let (decision, reason) = match result.gate {
            Some(gate) if gate.decision == Decision::Advance => (StepDecision::Advance, gate.reason),
            Some(gate) => (StepDecision::Halt, gate.reason),
            None if result.begun => (StepDecision::Error, run_reason.clone()),
            None => (StepDecision::NotAttempted, run_reason.clone()),
        };
        let promotion = match compared {
            Compared::Nothing => None,
            Compared::Itself => Some(StepPromotion::of(None, &result.targets)),
            Compared::WithFirst(untested) => Some(StepPromotion::of(Some(*untested), &result.targets)),
        };
        self.steps.push(StepReport {
            promotion,
            id: result.summary.id,
            stage: result.summary.stage,
            wave: result.summary.wave,
            decision,
            reason,
            counts,
            limits: judged.map(|(limits, _)| limits),
            judged_at: judged.map(|(_, at)| at),
        });
        for target in result.targets {
            self.instances.extend(target.instances);
            let place = (target.target.account_id, target.target.region);
            let baseline_changes = result.baseline_changes.remove(&place).unwrap_or_default();
            let (account_id, region) = place;
            self.targets.push(TargetReport {
                account_id,
                account_name: target.target.account_name,
                ou_path: target.target.ou_path,
                region,
                stage: target.target.stage,
                wave: target.target.wave,
                outcome: target.outcome,
                reason: target.reason,
                scanned_at: target.scanned_at,
                installed_at: target.installed_at,
                baseline_changes,
                conflict_notes: target.conflict_notes,
            });
        }
    }

    /// What the state machine and the people who are notified get of it.
    #[must_use]
    pub fn answer(&self, bucket: &str) -> ReportAnswer {
        let run = &self.run;
        let word = match run.decision {
            RunDecision::Advanced => "advanced through all steps",
            RunDecision::Halted => "HALTED",
            RunDecision::Error => "ended with an ERROR",
        };
        let mut subject = format!("orgpatch {} of plan {} {word}", run.operation, run.plan);
        subject.truncate(MAX_SUBJECT);
        ReportAnswer {
            decision: run.decision,
            error: match run.decision {
                RunDecision::Advanced => String::new(),
                RunDecision::Halted => HALTED.to_owned(),
                RunDecision::Error => run.reason.code.clone(),
            },
            cause: run.reason.text.clone(),
            subject,
            message: self.message(bucket),
            report_key: keys::report(&run.id),
            report_keys: keys::REPORT_FILES.iter().map(|name| keys::report_file(&run.id, name)).collect(),
        }
    }

    /// What came of a step, in numbers.
    pub(crate) fn counted(&self, step: &StepReport) -> String {
        if self.run.operation.is_about_baselines_only() {
            let targets =
                || self.targets.iter().filter(|target| (&target.stage, target.wave) == (&step.stage, step.wave));
            let differ = targets().filter(|target| target.baseline_changes.iter().any(Change::is_write)).count();
            let what = match self.run.operation {
                Operation::RestoreBaselines => "what was there before was given back in",
                _ => "the baselines differ from the plan in",
            };
            return format!("{what} {differ} of {} targets", targets().count());
        }
        let counts: Vec<String> = step.counts.iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
        if counts.is_empty() { "no instances".to_owned() } else { counts.join(", ") }
    }

    fn message(&self, bucket: &str) -> String {
        let mut text = format!("Run {}: {}\n\n", self.run.id, self.run.reason.text);
        for step in &self.steps {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}: {}", step.id, self.counted(step));
            if let Some(promotion) = &step.promotion {
                let _ = write!(text, "{}", promotion.sentence());
            }
        }
        let alone = self.instances.iter().filter(|row| conflict::is_reason(&row.reason)).count();
        let others = self.instances.iter().filter(|row| !row.conflicts.is_empty()).count();
        if others > 0 {
            let _ = writeln!(
                text,
                "{others} instances are patched by somebody else too, or may be; {alone} were left alone."
            );
        }
        let unreached = self.targets.iter().filter(|target| target.outcome != TargetOutcome::Reached).count();
        if unreached > 0 {
            let _ = writeln!(text, "{unreached} of {} targets were not reached.", self.targets.len());
        }
        text.push_str(&self.readiness.sentences());
        if let Some(comparison) = &self.comparison {
            let _ = writeln!(text, "\n{}", comparison.sentence());
        }
        let _ = writeln!(text, "\nReport: s3://{bucket}/{}", keys::report_file(&self.run.id, keys::REPORT_FILES[0]));
        let _ = write!(text, "Beside it: {}", keys::REPORT_FILES[1..].join(", "));
        text
    }
}

/// How the run ended: an error that is not an outcome wins over a halt, and a step that was never judged is one.
fn ending(results: &[StepResult], error: Option<&CaughtError>) -> (RunDecision, Reason) {
    let halted = results.iter().find_map(|result| {
        let gate = result.gate.as_ref().filter(|gate| gate.decision != Decision::Advance)?;
        Some(Reason::new(&gate.reason.code, format!("halted at step {}: {}", gate.step, gate.reason.text)))
    });
    let unjudged = || {
        let result = results.iter().find(|result| result.gate.is_none())?;
        Some(Reason::new("BrokenRun", format!("step {} was never judged", result.summary.id)))
    };
    match (error, halted) {
        (Some(error), _) => (RunDecision::Error, Reason::new(&error.error, error.sentence())),
        (None, Some(reason)) => (RunDecision::Halted, reason),
        (None, None) => match unjudged() {
            Some(reason) => (RunDecision::Error, reason),
            None => (RunDecision::Advanced, Reason::new("all-steps-advanced", "every step passed its gate")),
        },
    }
}

/// JSON Schema of `report.json`.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    schemars::schema_for!(Report)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let schema = serde_json::to_value(json_schema()).expect("JSON");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/report.schema.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&file, format!("{schema:#}\n")).expect("the schema written");
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            serde_json::from_str::<Value>(&committed).ok() == Some(schema),
            "schemas/report.schema.json is not what the types say; to write it anew: \
             UPDATE_SCHEMAS=1 cargo test -p orgpatch-core the_committed_schema"
        );
    }

    fn summary(id: &str) -> StepSummary {
        StepSummary { id: id.into(), stage: id.into(), wave: 1, accounts: 1, targets: 0 }
    }

    fn result(id: &str, decision: Option<Decision>, begun: bool) -> StepResult {
        let gate = decision.map(|decision| GateRecord {
            step: id.into(),
            at: Timestamp::UNIX_EPOCH,
            decision,
            reason: Reason::new("why", "because"),
            counts: Counts::default(),
            limits: crate::plan::Gate::default(),
        });
        StepResult { summary: summary(id), gate, begun, targets: vec![], baseline_changes: HashMap::new() }
    }

    #[test]
    fn a_run_ends_as_its_worst_step_or_its_error() {
        let advanced = || result("01-test-1", Some(Decision::Advance), true);
        let halted = || result("02-staging-1", Some(Decision::Halt), true);
        let never = || result("03-production-1", None, false);
        let error = CaughtError { error: "States.Timeout".into(), cause: String::new() };
        let ends = |results: &[StepResult], error: Option<&CaughtError>| {
            let (decision, reason) = ending(results, error);
            (decision, reason.code)
        };
        assert_eq!(ends(&[advanced()], None), (RunDecision::Advanced, "all-steps-advanced".into()));
        assert_eq!(ends(&[advanced(), halted(), never()], None), (RunDecision::Halted, "why".into()));
        assert_eq!(ends(&[advanced(), never()], None), (RunDecision::Error, "BrokenRun".into()));
        assert_eq!(ends(&[advanced(), halted()], Some(&error)), (RunDecision::Error, "States.Timeout".into()));
    }
}
