//! The input with which operators and schedules start a run.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::RunError;

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Reports what is missing, and how the baselines of every target differ from the plan. Installs nothing and changes no
    /// baseline.
    Scan,
    /// Scans, installs what is missing, and proves it by another scan.
    Install,
    /// Compares the baselines of every target with the plan and reports the differences. Changes nothing.
    PreviewBaselines,
    /// Makes the baselines of every target those of the plan. Sends no command.
    ApplyBaselines,
    /// Registers again, in every target, the default baselines and patch groups that orgpatch has replaced.
    RestoreBaselines,
}

impl Operation {
    /// Every value.
    pub const ALL: [Self; 5] =
        [Self::Scan, Self::Install, Self::PreviewBaselines, Self::ApplyBaselines, Self::RestoreBaselines];

    /// Returns the word in the input of a run.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Install => "install",
            Self::PreviewBaselines => "preview-baselines",
            Self::ApplyBaselines => "apply-baselines",
            Self::RestoreBaselines => "restore-baselines",
        }
    }

    /// Returns true for operations on baselines only: they send no command, and the report has no instances.
    #[must_use]
    pub fn is_about_baselines_only(self) -> bool {
        matches!(self, Self::PreviewBaselines | Self::ApplyBaselines | Self::RestoreBaselines)
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What an execution is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionInput {
    /// A run.
    Run(RunInput),
    /// Closing a run that ended without a report: it writes the report, and sends nothing.
    Close {
        /// The name of that run. It is not checked: no run has a name that is not one.
        run: String,
    },
}

/// The operation that closes a run. It is none of [`Operation`], because it is no run.
pub const CLOSE: &str = "close";

impl ExecutionInput {
    /// Reads the input of an execution strictly: [`RunInput::read`], or `{"operation": "close", "run": "<name>"}`.
    ///
    /// Error: `InvalidInput`, in one sentence that names what is wrong.
    pub fn read(input: &Value) -> Result<Self, RunError> {
        if input.get("operation").and_then(Value::as_str) != Some(CLOSE) {
            return RunInput::read(input).map(Self::Run);
        }
        let fields = input.as_object().map_or(0, Map::len);
        match input.get("run").and_then(Value::as_str).filter(|_| fields == 2) {
            Some(run) => Ok(Self::Close { run: run.to_owned() }),
            None => Err(RunError::InvalidInput(
                r#"the input that closes a run is {"operation": "close", "run": "<name of the run>"}, and nothing else"#
                    .to_owned(),
            )),
        }
    }
}

/// The checked input of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunInput {
    /// What the run does.
    pub operation: Operation,
    /// Name of the plan.
    pub plan: String,
    /// Only these stages, in the plan's order. Absent: all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<String>>,
    /// Checks only whether instances are ready, and sends no command. For scans only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub readiness_only: bool,
    /// SHA-256 of the plan that is meant, in hex. Absent: the plan as it is when the run starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_sha256: Option<String>,
    /// Why the install run may begin although an earlier stage has not passed; a person's own words, which the report repeats.
    /// For installs that no schedule starts. Absent: earlier stages must have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_earlier_gates: Option<String>,
    /// The plan to whose baselines those of the plan give way; for `restore-baselines` only. Absent: what was registered before
    /// orgpatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_plan: Option<String>,
    /// A note for people, which the report repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// For which time a schedule started the run. Absent: a person or another program did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_time: Option<Timestamp>,
}

/// The word for which EventBridge Scheduler puts the time of the schedule, such as `2022-03-22T18:59:43Z`, when it calls
/// its target ("Adding context attributes", user guide of EventBridge Scheduler, read in November 2026).
pub const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";

/// The longest reason for [`RunInput::without_earlier_gates`], in characters.
const LONGEST_REASON: usize = 500;

/// An input that most people mean. The shape behind it has all that is possible.
const EXAMPLE: &str = r#"{"operation": "scan", "plan": "monthly"}"#;

const SHAPE: &str = r#"{"operation": "scan", "install", "preview-baselines", "apply-baselines" or "restore-baselines", "plan": "<name>", "stages": ["<name>"]?, "readinessOnly": true or false (for a scan)?, "planSha256": "<64 hex digits, from `orgpatch validate`>"?, "withoutEarlierGates": "<reason>" (for an install)?, "toPlan": "<name>" (for restore-baselines)?, "comment": "<text>"?, "scheduledTime": "<RFC 3339, set by schedules>"?}"#;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl RunInput {
    /// Returns true if the run asks instances which patches are missing: it is neither about baselines only nor about
    /// readiness only.
    #[must_use]
    pub fn scans(&self) -> bool {
        !self.operation.is_about_baselines_only() && !self.readiness_only
    }

    /// Reads the input strictly. An unknown field, a missing field or a wrong value is [`RunError::InvalidInput`], in one
    /// sentence that names it.
    pub fn read(input: &Value) -> Result<Self, RunError> {
        let wrong = |text: String| {
            Err(RunError::InvalidInput(format!("{text}; for example {EXAMPLE}; the input of a run is {SHAPE}")))
        };
        let Value::Object(fields) = input else {
            return wrong("the input is not a JSON object".to_owned());
        };
        for name in fields.keys() {
            match name.as_str() {
                "operation"
                | "plan"
                | "stages"
                | "readinessOnly"
                | "planSha256"
                | "withoutEarlierGates"
                | "toPlan"
                | "comment"
                | "scheduledTime" => {}
                "resume" => return wrong("this version does not know `resume` yet".to_owned()),
                _ => return wrong(format!("unknown field {name:?}")),
            }
        }
        let operation = match fields.get("operation") {
            Some(name) => match Operation::ALL.into_iter().find(|operation| name == operation.name()) {
                Some(operation) => operation,
                None => return wrong(format!("unknown operation {name}")),
            },
            None => return wrong("`operation` is missing".to_owned()),
        };
        let plan = match fields.get("plan") {
            // The name becomes part of an object key, so it may not hold a slash or a dot.
            Some(Value::String(name)) if is_plan_name(name) => name.clone(),
            Some(other) => {
                return wrong(format!("{other} is not a plan name ({PLAN_NAME})"));
            }
            None => return wrong("`plan` is missing".to_owned()),
        };
        let stages = match fields.get("stages") {
            None | Some(Value::Null) => None,
            Some(Value::Array(names)) if !names.is_empty() => {
                let mut stages: Vec<String> = Vec::with_capacity(names.len());
                for name in names {
                    match name {
                        Value::String(name) if stages.contains(name) => {
                            return wrong(format!("stage {name:?} is named twice"));
                        }
                        Value::String(name) => stages.push(name.clone()),
                        other => return wrong(format!("{other} in `stages` is not a stage name in quotes")),
                    }
                }
                Some(stages)
            }
            Some(_) => return wrong("`stages` must be a list of at least one stage name".to_owned()),
        };
        let readiness_only = match fields.get("readinessOnly") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(true)) if operation != Operation::Scan => {
                return wrong(format!("`readinessOnly` is for the operation scan only, not for {operation}"));
            }
            Some(Value::Bool(only)) => *only,
            Some(other) => return wrong(format!("`readinessOnly` must be true or false, not {other}")),
        };
        let plan_sha256 = match fields.get("planSha256") {
            None | Some(Value::Null) => None,
            Some(Value::String(hex)) if hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()) => {
                Some(hex.to_ascii_lowercase())
            }
            Some(other) => return wrong(format!("`planSha256` must be 64 hex digits, not {other}")),
        };
        let without_earlier_gates = match without_earlier_gates(fields, operation) {
            Ok(reason) => reason,
            Err(text) => return wrong(text),
        };
        let to_plan = match to_plan(fields, operation, &plan) {
            Ok(name) => name,
            Err(text) => return wrong(text),
        };
        let comment = match fields.get("comment") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return wrong("`comment` must be a text".to_owned()),
        };
        let scheduled_time = match scheduled_time(fields, operation) {
            Ok(time) => time,
            Err(text) => return wrong(text),
        };
        Ok(Self {
            operation,
            plan,
            stages,
            readiness_only,
            plan_sha256,
            without_earlier_gates,
            to_plan,
            comment,
            scheduled_time,
        })
    }
}

/// Reads [`RunInput::scheduled_time`], or says what is wrong with it.
fn scheduled_time(fields: &Map<String, Value>, operation: Operation) -> Result<Option<Timestamp>, String> {
    match fields.get("scheduledTime") {
        None | Some(Value::Null) => Ok(None),
        // A person is to see what it changes.
        Some(_) if operation == Operation::ApplyBaselines => {
            Err(format!("the operation {operation} is not for schedules: leave out `scheduledTime`"))
        }
        // The word was not replaced. The run is worth more than its time: it goes on as if a person had started it.
        Some(Value::String(text)) if text == SCHEDULED_TIME => Ok(None),
        Some(Value::String(text)) => match text.parse::<Timestamp>() {
            Ok(time) => Ok(Some(time)),
            Err(_) => Err(format!("`scheduledTime` must be a time such as 2026-11-08T02:00:00Z, not {text:?}")),
        },
        Some(other) => Err(format!("`scheduledTime` must be a time in quotes, not {other}")),
    }
}

/// Reads [`RunInput::to_plan`], or says what is wrong with it. `plan` is the run's own.
fn to_plan(fields: &Map<String, Value>, operation: Operation, plan: &str) -> Result<Option<String>, String> {
    match fields.get("toPlan") {
        None | Some(Value::Null) => Ok(None),
        Some(_) if operation != Operation::RestoreBaselines => {
            Err(format!("`toPlan` is for the operation restore-baselines only, not for {operation}"))
        }
        Some(Value::String(name)) if is_plan_name(name) && name != plan => Ok(Some(name.clone())),
        Some(other) => Err(format!("`toPlan` must be the name of another plan, not {other}")),
    }
}

/// Reads [`RunInput::without_earlier_gates`], or says what is wrong with it.
fn without_earlier_gates(fields: &Map<String, Value>, operation: Operation) -> Result<Option<String>, String> {
    let Some(value) = fields.get("withoutEarlierGates").filter(|value| !value.is_null()) else { return Ok(None) };
    if operation != Operation::Install {
        return Err(format!("`withoutEarlierGates` is for the operation install only, not for {operation}"));
    }
    // A schedule would say it every month, whatever has happened.
    if fields.get("scheduledTime").is_some_and(|time| !time.is_null()) {
        return Err("`withoutEarlierGates` is not for schedules: leave out `scheduledTime`".to_owned());
    }
    let reason = value.as_str().map(str::trim).filter(|text| (1..=LONGEST_REASON).contains(&text.chars().count()));
    reason
        .map(|text| Some(text.to_owned()))
        .ok_or_else(|| format!("`withoutEarlierGates` must be the reason, a text of 1 to {LONGEST_REASON} characters"))
}

/// What a plan name is, for people.
pub const PLAN_NAME: &str = "1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit";

/// Returns true if that can be the name of a plan ([`PLAN_NAME`]).
#[must_use]
pub fn is_plan_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hash_of_the_plan_is_hex() {
        let read = |hash: &str| {
            RunInput::read(&json!({"operation": "install", "plan": "monthly", "planSha256": hash}))
                .map(|input| input.plan_sha256)
        };
        assert_eq!(read(&"AB".repeat(32)), Ok(Some("ab".repeat(32))));
        for wrong in [String::new(), "ab".repeat(31), "xy".repeat(32)] {
            let error = read(&wrong).expect_err("refused").to_string();
            assert!(error.starts_with("`planSha256` must be 64 hex digits, not"), "{error}");
        }
    }

    #[test]
    fn closing_a_run_names_the_run_and_nothing_else() {
        let read = |input| ExecutionInput::read(&input);
        assert_eq!(
            read(json!({"operation": "close", "run": "night"})),
            Ok(ExecutionInput::Close { run: "night".into() })
        );
        for wrong in [
            json!({"operation": "close"}),
            json!({"operation": "close", "run": 1}),
            json!({"operation": "close", "run": "night", "plan": "monthly"}),
        ] {
            let error = read(wrong).expect_err("refused").to_string();
            assert!(error.contains(r#"{"operation": "close", "run": "#), "{error}");
        }
        assert!(matches!(read(json!({"operation": "scan", "plan": "m"})), Ok(ExecutionInput::Run(_))));
        assert!(RunInput::read(&json!({"operation": "close", "run": "night"})).is_err(), "it is no run");
    }

    #[test]
    fn a_full_input_is_read() {
        let input =
            RunInput::read(&json!({"operation": "install", "plan": "monthly", "stages": ["test"], "comment": "CHG-1"}));
        assert_eq!(
            input,
            Ok(RunInput {
                operation: Operation::Install,
                plan: "monthly".into(),
                stages: Some(vec!["test".into()]),
                readiness_only: false,
                plan_sha256: None,
                without_earlier_gates: None,
                to_plan: None,
                comment: Some("CHG-1".into()),
                scheduled_time: None,
            })
        );
    }

    #[test]
    fn the_time_of_a_schedule_is_read_and_an_unfilled_one_is_none() {
        let read = |time: &str| RunInput::read(&json!({"operation": "scan", "plan": "m", "scheduledTime": time}));
        let time = "2026-11-08T02:00:00Z".parse::<Timestamp>().expect("a time");
        assert_eq!(read("2026-11-08T02:00:00Z").expect("an input").scheduled_time, Some(time));
        assert_eq!(read("2026-11-08T02:00:00.000Z").expect("an input").scheduled_time, Some(time));
        let unfilled = read(SCHEDULED_TIME).expect("an input");
        assert_eq!(serde_json::to_value(&unfilled).expect("JSON"), json!({"operation": "scan", "plan": "m"}));
    }

    #[test]
    fn every_operation_is_read_by_its_name() {
        for operation in Operation::ALL {
            let input = RunInput::read(&json!({"operation": operation, "plan": "monthly"})).expect("an input");
            assert_eq!((input.operation, operation.to_string().as_str()), (operation, operation.name()));
        }
    }

    #[test]
    fn readiness_alone_is_a_scan_and_is_written_only_where_it_is_asked_for() {
        let read = |input: Value| RunInput::read(&input).expect("an input");
        let only = read(json!({"operation": "scan", "plan": "m", "readinessOnly": true}));
        assert!(only.readiness_only);
        let text = serde_json::to_value(&only).expect("JSON");
        assert_eq!(text, json!({"operation": "scan", "plan": "m", "readinessOnly": true}));
        assert_eq!(serde_json::from_value::<RunInput>(text).expect("an input"), only);
        let install = read(json!({"operation": "install", "plan": "m", "readinessOnly": false}));
        assert_eq!(serde_json::to_value(&install).expect("JSON"), json!({"operation": "install", "plan": "m"}));
    }

    #[test]
    fn the_example_is_an_input() {
        RunInput::read(&serde_json::from_str(EXAMPLE).expect("JSON")).expect("an input");
    }

    #[test]
    fn every_wrong_input_names_the_culprit() {
        for (input, culprit) in [
            (json!([]), "not a JSON object"),
            (json!({"plan": "monthly"}), "`operation` is missing"),
            (json!({"operation": "reboot", "plan": "monthly"}), "unknown operation \"reboot\""),
            (json!({"operation": "scan"}), "`plan` is missing"),
            (json!({"operation": "scan", "plan": "../x"}), "\"../x\" is not a plan name"),
            (json!({"operation": "scan", "plan": "m", "stage": "test"}), "unknown field \"stage\""),
            (json!({"operation": "scan", "plan": "m", "toPlan": "n"}), "for the operation restore-baselines only"),
            (json!({"operation": "restore-baselines", "plan": "m", "toPlan": "m"}), "must be the name of another plan"),
            (json!({"operation": "scan", "plan": "m", "resume": "r"}), "`resume`"),
            (json!({"operation": "scan", "plan": "m", "stages": []}), "`stages`"),
            (json!({"operation": "scan", "plan": "m", "stages": ["a", "a"]}), "named twice"),
            (json!({"operation": "scan", "plan": "m", "stages": [1]}), "1 in `stages`"),
            (json!({"operation": "install", "plan": "m", "readinessOnly": true}), "for the operation scan only"),
            (json!({"operation": "scan", "plan": "m", "readinessOnly": "yes"}), "true or false, not \"yes\""),
            (json!({"operation": "scan", "plan": "m", "withoutEarlierGates": "x"}), "for the operation install only"),
            (json!({"operation": "install", "plan": "m", "withoutEarlierGates": true}), "must be the reason"),
            (json!({"operation": "install", "plan": "m", "withoutEarlierGates": " "}), "1 to 500 characters"),
            (
                json!({"operation": "install", "plan": "m", "withoutEarlierGates": "x", "scheduledTime": SCHEDULED_TIME}),
                "not for schedules",
            ),
            (json!({"operation": "scan", "plan": "m", "comment": 1}), "`comment`"),
            (json!({"operation": "scan", "plan": "m", "scheduledTime": "tonight"}), "not \"tonight\""),
            (json!({"operation": "scan", "plan": "m", "scheduledTime": 1}), "`scheduledTime`"),
            (
                json!({"operation": "apply-baselines", "plan": "m", "scheduledTime": SCHEDULED_TIME}),
                "not for schedules",
            ),
        ] {
            let error = RunInput::read(&input).expect_err("wrong input");
            assert_eq!(error.name(), "InvalidInput");
            assert!(error.to_string().contains(culprit), "{error} should contain {culprit}");
            assert!(error.to_string().contains(EXAMPLE), "{error}");
        }
    }
}
