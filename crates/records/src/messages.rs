//! The messages between the state machine and the Lambda functions.
//!
//! State carries keys and counts only; lists live in the bucket. No type here has room for a credential.

use jiff::Timestamp;
use orgpatch_engine::gate::CaughtError;
use orgpatch_engine::planner::PlannedStep;
use orgpatch_model::outcome::{RunDecision, TargetOutcome};
use orgpatch_model::target::{Phase, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys;

/// Input of `list-accounts`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRequest {
    /// Name of the execution.
    pub run_id: String,
    /// ARN of the execution; the holder of the run lock.
    pub execution_arn: String,
    /// When the execution started.
    pub started_at: Timestamp,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// The execution input as it came; checked by [`orgpatch_model::input::RunInput::read`].
    pub input: Value,
    /// How many functions the account may run at the same time in this Region. None: Lambda did not say.
    #[serde(default)]
    pub lambda_concurrency: Option<u32>,
}

/// Answer of `list-accounts`: what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum StartAnswer {
    /// The run begins.
    Steps {
        /// The steps, in the order in which they run.
        steps: Vec<StepHead>,
    },
    /// Another run holds the lock: call the function again after so many seconds.
    #[serde(rename_all = "camelCase")]
    Wait {
        /// Seconds to wait, 1 to 300.
        wait_seconds: u32,
    },
    /// The execution ends without a run, a report and an alarm.
    NotStarted {
        /// Why, in one sentence.
        reason: String,
    },
}

/// What the state machine needs to know of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepHead {
    /// `<nn>-<stage>-<wave>`.
    pub id: String,
    /// How many targets at the same time.
    pub max_concurrency: u32,
    /// What the Map over the targets does with each.
    pub scan_phase: Phase,
    /// Object with the targets.
    pub targets_key: String,
    /// Object with the targets that have something to install; written by Review.
    pub install_targets_key: String,
    /// Where the Map over the targets writes how its children ended.
    pub scan_children: String,
    /// The same for the Map over the targets with work.
    pub install_children: String,
}

impl StepHead {
    /// Returns the head of a planned step: its own values, and the keys of its objects.
    #[must_use]
    pub fn of(run_id: &str, step: &PlannedStep) -> Self {
        let id = &step.settings.step;
        Self {
            id: id.clone(),
            max_concurrency: step.max_concurrency,
            scan_phase: step.scan_phase,
            targets_key: keys::targets(run_id, id),
            install_targets_key: keys::install_targets(run_id, id),
            scan_children: keys::children(run_id, id, "scan"),
            install_children: keys::children(run_id, id, "install"),
        }
    }
}

/// Input of `assume-role`, `scan`, `install` and `collect-results`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetRequest {
    /// The run.
    pub run_id: String,
    /// The step's id.
    pub step: String,
    /// What is being done.
    pub phase: Phase,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// Where.
    pub target: Target,
}

/// Answer of `assume-role`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ReachAnswer {
    /// `reached`, or what the target ends with; in the latter case its record is already written.
    pub outcome: TargetOutcome,
}

/// Answer of `scan`, `install` and `collect-results`: whether there is more to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Progress {
    /// Commands are under way: ask `collect-results` after so many seconds.
    #[serde(rename_all = "camelCase")]
    Running {
        /// Seconds to wait, at least 1.
        wait_seconds: u32,
    },
    /// It is not yet certain whether a command was sent: call the same function again after so many seconds.
    #[serde(rename_all = "camelCase")]
    Unsettled {
        /// Seconds to wait, at least 1.
        wait_seconds: u32,
    },
    /// Nothing more to wait for in this phase.
    Done,
    /// The target's record is written: there is nothing to collect.
    Recorded,
}

/// Input of `gate`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GateRequest {
    /// The run.
    pub run_id: String,
    /// The step's id.
    pub step: String,
    /// Which question.
    pub question: Question,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// What went wrong in the step as a whole, if something did.
    #[serde(default)]
    pub error: Option<CaughtError>,
}

/// What `gate` is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Whether this step may start.
    Enter,
    /// What the step would install.
    Review,
    /// Whether the next step may start.
    Judge,
}

/// Input of `report`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportRequest {
    /// The run.
    pub run_id: String,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// What ended the run early, if something did.
    #[serde(default)]
    pub error: Option<CaughtError>,
}

/// Answer of `report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer {
    /// How the run ends.
    pub decision: RunDecision,
    /// Error name of the execution; empty after `advanced`.
    pub error: String,
    /// Cause of the execution; the reason in one sentence.
    pub cause: String,
    /// Subject of the notification, at most 100 characters (SNS).
    pub subject: String,
    /// Text of the notification.
    pub message: String,
    /// The report as one document for programs: `report.json`.
    pub report_key: String,
    /// Everything that was written about the run, the page for people (`report.html`) first.
    pub report_keys: Vec<String>,
}
