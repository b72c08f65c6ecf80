//! `report.json`: everything about a run in one document.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use orgpatch_engine::baselines::Change;
use orgpatch_engine::gate::SkippedInstances;
use orgpatch_engine::matches::MatchedNothing;
use orgpatch_engine::planner::AccountOutsidePlan;
use orgpatch_engine::results::InstanceRow;
use orgpatch_engine::stage_memory::EarlierStage;
use orgpatch_model::english::counted;
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::{Counts, RunDecision, TargetCounts, TargetOutcome};
use orgpatch_model::reason::Reason;
use orgpatch_plan::{Gate, ZoneName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::assembly::ReportedChunk;
use crate::comparison::Comparison;
use crate::halt::HaltReport;
use crate::highlights::Highlights;
use crate::promotion::StepPromotion;
use crate::readiness::ReadinessReport;
use crate::starter::UNKNOWN;

/// Version of the format of `report.json`. It grows if a field changes its meaning or is removed, but not for new fields.
pub const SCHEMA_VERSION: u32 = 1;

/// `report.json`.
// The whole document, as programs read it. The function that writes it never has more in memory than the head and one
// target: see `Assembly` and `document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The fields about the whole run.
    #[serde(flatten)]
    pub head: Head,
    /// Every instance of every target whose instances could be listed, exactly once.
    pub instances: Vec<InstanceRow>,
    /// Every target of every step.
    pub targets: Vec<TargetReport>,
}

/// The report without its two lists that grow with the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Version of this format.
    pub schema_version: u32,
    /// The run.
    pub run: RunReport,
    /// What to look at and what to do after a halt. Absent: no gate halted the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<HaltReport>,
    /// The steps, in the order in which they ran or would have run.
    pub steps: Vec<StepReport>,
    /// How ready the instances are, and what to fix first.
    #[serde(default)]
    pub readiness: ReadinessReport,
    /// Accounts that are in no step.
    pub accounts_outside_plan: Vec<AccountOutsidePlan>,
    /// What changed since the previous run of the plan. Absent: there is no previous run, or its report was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

impl Head {
    /// Returns true if the run advanced through all its steps without having reached a single target. It is no success.
    #[must_use]
    pub fn reached_nothing(&self) -> bool {
        let all: u64 = self.steps.iter().map(|step| step.targets.all()).sum();
        let reached: u64 = self.steps.iter().map(|step| step.targets.of(TargetOutcome::Reached)).sum();
        self.run.decision == RunDecision::Advanced && all > 0 && reached == 0
    }

    /// Returns how a run that advanced ended, in words that claim no more than it did.
    #[must_use]
    pub fn advanced(&self) -> &'static str {
        if self.run.readiness_only { "checked readiness in all steps" } else { "advanced through all steps" }
    }

    /// Returns what a run leaves out, such as `stage test only; 2 stages not run; 1 of 9 targets not seen`. None: it works on all
    /// stages, and if it advanced, it has seen all targets.
    #[must_use]
    pub fn only(&self) -> Option<String> {
        let parts: Vec<String> = self.stages_only().into_iter().chain(self.targets_not_seen()).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// A headline about success says what it does not cover. One about a halt or an error claims nothing.
    fn targets_not_seen(&self) -> Option<String> {
        let not_seen: u64 = self.steps.iter().map(|step| step.targets_not_listed).sum();
        let all: u64 = self.steps.iter().map(|step| step.targets.all()).sum();
        let claims = self.run.decision == RunDecision::Advanced && !self.run.operation.is_about_baselines_only();
        let all = counted(usize::try_from(all).unwrap_or(usize::MAX), "target");
        (claims && not_seen > 0).then(|| format!("{not_seen} of {all} not seen"))
    }

    fn stages_only(&self) -> Option<String> {
        let missing = self.run.stages_not_in_run.len();
        let mut stages: Vec<&str> = self.steps.iter().map(|step| step.stage.as_str()).collect();
        stages.dedup();
        let plural = if stages.len() == 1 { "" } else { "s" };
        let not_run = counted(missing, "stage");
        (missing > 0).then(|| format!("stage{plural} {} only; {not_run} not run", stages.join(", ")))
    }
}

/// Reports of versions that did not ask CloudTrail.
fn unknown_starter() -> String {
    UNKNOWN.to_owned()
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
    /// What the run did.
    pub operation: Operation,
    /// True if the run checked only readiness and sent no command.
    #[serde(default)]
    pub readiness_only: bool,
    /// The comment in the input of the run.
    pub comment: Option<String>,
    /// ARN of the principal that started the run, by CloudTrail; `unknown` if CloudTrail names none.
    #[serde(default = "unknown_starter")]
    pub started_by: String,
    /// Name of the execution that closed the run, which had ended without a report. Absent: the run has made it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// Why the run began although an earlier stage had not passed, in the words of its input. Absent: it had to have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_earlier_gates: Option<String>,
    /// The stages before those of an install run that are not part of the run, as they stood when the run began. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_stages: Vec<EarlierStage>,
    /// Stages of the plan that are not part of the run. Absent: the run works on all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages_not_in_run: Vec<String>,
    /// The time zone of the plan, such as `Asia/Tokyo`. All times of this document are in UTC. Absent: the plan has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<ZoneName>,
    /// Parts of the plan that matched nothing: accounts and organizational units in the organization, instances and tags in the
    /// targets that were listed. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched_nothing: Vec<MatchedNothing>,
    /// When the run was planned.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When this report was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub finished_at: Timestamp,
    /// How the run ended.
    pub decision: RunDecision,
    /// The reason for the decision.
    pub reason: Reason,
    /// Instances by outcome.
    pub counts: Counts,
    /// How many functions without a reservation orgpatch's account may run at the same time in its Region. Absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda_concurrency: Option<u32>,
}

impl RunReport {
    /// Returns the rules of the plan's time zone; None if it has none.
    #[must_use]
    pub fn zone(&self) -> Option<TimeZone> {
        self.time_zone.as_ref().and_then(ZoneName::zone)
    }

    /// Returns a time for people: to the second in UTC, and in the plan's time zone if it has one.
    #[must_use]
    pub fn told(&self, at: Timestamp) -> String {
        let utc = at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        match self.time_zone.as_ref().and_then(|name| Some((name, name.zone()?))) {
            Some((name, zone)) => {
                let there = at.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
                format!("{utc} ({there} {})", name.as_str())
            }
            None => utc,
        }
    }
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
    /// How the step ended.
    pub decision: StepDecision,
    /// The reason for the decision.
    pub reason: Reason,
    /// Instances by outcome.
    pub counts: Counts,
    /// Instances that are `pending-reboot` because the plan never reboots them. At the gate they count as succeeded. Absent: none.
    #[serde(default, skip_serializing_if = "orgpatch_model::outcome::is_zero")]
    pub pending_as_planned: u64,
    /// Targets by outcome.
    #[serde(default)]
    pub targets: TargetCounts,
    /// Targets of which no instance could be listed, so that none of them is in any number. Absent: 0.
    #[serde(default, skip_serializing_if = "orgpatch_model::outcome::is_zero")]
    pub targets_not_listed: u64,
    /// The installed patches compared with those that the first stage has installed. Null: the plan compares nothing.
    pub promotion: Option<StepPromotion>,
    /// The limits of the gate. Absent: the gate did not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Gate>,
    /// The skipped instances that the gate counted. Absent: the plan does not limit them, or the gate did not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkippedInstances>,
    /// When the gate decided. Absent: the gate did not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub judged_at: Option<Timestamp>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepDecision {
    /// The step passed its gate.
    Advance,
    /// The gate of the step halted the run.
    Halt,
    /// The run ended before the step.
    NotAttempted,
    /// The run ended during the step.
    Error,
}

/// A target: one account in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetReport {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// Names of the organizational units from the root down, joined by `/`; a `/` or `\` in a name has a `\` in front.
    pub ou_path: String,
    /// Region code.
    pub region: String,
    /// Stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// What happened to the target.
    pub outcome: TargetOutcome,
    /// The reason for the outcome.
    pub reason: Reason,
    /// When the result of its scan was recorded. Null: there was none.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    #[serde(default)]
    pub scanned_at: Option<Timestamp>,
    /// When the result of its install was recorded. Null: there was none.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    #[serde(default)]
    pub installed_at: Option<Timestamp>,
    /// Whether its baselines are those of the plan. Absent: the run changed them, or gave earlier ones back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baselines: Option<BaselineState>,
    /// Changes to its baselines, and reasons for changes that were not made. In a run of `scan` or `preview-baselines`, the
    /// changes that an install run would make. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline_changes: Vec<Change>,
    /// What orgpatch could not read about other tools that patch in the target, and conflicts that may concern any instance.
    /// Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflict_notes: Vec<Reason>,
}

/// How the baselines of a target compare with the plan, for the operating systems of the instances that can be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineState {
    /// They are as the plan wants them.
    AsPlanned,
    /// They differ: `baselineChanges` says how.
    Differ,
    /// The plan has none for the stage, so the account's own are used as they are.
    PlanHasNone,
    /// They were not compared: the target was not reached, or none of its instances needs a baseline of the plan.
    NotCompared,
}

impl Report {
    /// Returns each target with its instances as one chunk, in the order of the targets.
    pub fn into_reported(self) -> impl Iterator<Item = ReportedChunk> {
        let mut rows: HashMap<[String; 3], Vec<InstanceRow>> = HashMap::new();
        for row in self.instances {
            rows.entry([&row.account_id, &row.region, &row.stage].map(String::clone)).or_default().push(row);
        }
        self.targets.into_iter().map(move |target| {
            let place = [&target.account_id, &target.region, &target.stage].map(String::clone);
            let instances = rows.remove(&place).unwrap_or_default();
            ReportedChunk { instances, whole: Some(target.clone()), target }
        })
    }

    /// Returns the highlights of the report.
    #[must_use]
    pub fn highlights(&self) -> Highlights {
        let mut highlights = Highlights::default();
        let listed: HashSet<[&String; 3]> =
            self.instances.iter().map(|row| [&row.account_id, &row.region, &row.stage]).collect();
        for target in &self.targets {
            let place = [&target.account_id, &target.region, &target.stage];
            highlights.add_target(target, listed.contains(&place));
        }
        for row in &self.instances {
            highlights.add_instance(row);
        }
        highlights
    }
}

/// Returns the JSON Schema of `report.json`.
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
