//! `report.json`: everything about a run in one document.

use std::collections::HashMap;

use jiff::Timestamp;
use orgpatch_engine::baselines::Change;
use orgpatch_engine::planner::AccountOutsidePlan;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::{Counts, RunDecision, TargetOutcome};
use orgpatch_model::reason::Reason;
use orgpatch_plan::Gate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::assembly::ReportedTarget;
use crate::comparison::Comparison;
use crate::highlights::Highlights;
use crate::promotion::StepPromotion;
use crate::readiness::ReadinessReport;

/// Version of the format of `report.json`. Grows when a field changes its meaning or goes away; new fields do not
/// count.
pub const SCHEMA_VERSION: u32 = 1;

/// `report.json`.
// Whole, as programs read it. The function that writes it never has more of it in memory than the head and one target:
// see `Assembly` and `document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is said of the run as a whole.
    #[serde(flatten)]
    pub head: Head,
    /// Every instance of every target that could be listed, exactly once.
    pub instances: Vec<InstanceRow>,
    /// Every target of every step.
    pub targets: Vec<TargetReport>,
}

/// Everything of a report but its two lists that grow with the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Version of this format.
    pub schema_version: u32,
    /// The run.
    pub run: RunReport,
    /// Its steps, in the order in which they ran or would have run.
    pub steps: Vec<StepReport>,
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

impl Report {
    /// Each target with its instances, in the order of the targets.
    pub fn into_reported(self) -> impl Iterator<Item = ReportedTarget> {
        let mut rows: HashMap<(String, String), Vec<InstanceRow>> = HashMap::new();
        for row in self.instances {
            rows.entry((row.account_id.clone(), row.region.clone())).or_default().push(row);
        }
        self.targets.into_iter().map(move |target| {
            let place = (target.account_id.clone(), target.region.clone());
            ReportedTarget { instances: rows.remove(&place).unwrap_or_default(), target }
        })
    }

    /// What people are told of it besides its head.
    #[must_use]
    pub fn highlights(&self) -> Highlights {
        let mut highlights = Highlights::default();
        for target in &self.targets {
            highlights.add_target(target);
        }
        for row in &self.instances {
            highlights.add_instance(row);
        }
        highlights
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
             UPDATE_SCHEMAS=1 cargo test -p orgpatch-report the_committed_schema"
        );
    }
}
