//! The messages between the state machine and the Lambda functions.
//!
//! State carries keys and counts only; lists live in the bucket. No type here has room for a credential.

use jiff::Timestamp;
use orgpatch_engine::gate::{CaughtError, GateAnswer};
use orgpatch_engine::sending;
use orgpatch_engine::sending::TimeOver;
use orgpatch_model::outcome::RunDecision;
use orgpatch_model::target::{Pass, Phase, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys;
use crate::keys::{ChunkObject, TargetObject};

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
    /// ARN of the state machine, which closes runs, too.
    pub state_machine_arn: String,
    /// The execution input as it came; checked by [`orgpatch_model::input::ExecutionInput::read`].
    pub input: Value,
    /// How many functions the account may run at the same time in this Region. None: Lambda did not say.
    #[serde(default)]
    pub lambda_concurrency: Option<u32>,
    /// The parameter `AllowedPatchSources` of the stack.
    #[serde(default)]
    pub allowed_patch_sources: String,
}

/// Answer of `list-accounts`: what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "next", rename_all = "kebab-case")]
pub enum StartAnswer {
    /// The run begins, or is closed.
    Steps {
        /// The run on whose records the execution works.
        run: RunHead,
        /// The steps, in the order in which they run. Of a run that is closed, the one in which installs may be under way.
        steps: Vec<StepHead>,
        /// What ended the run that is closed; None if it had come through all its steps, and in every other run.
        error: Option<CaughtError>,
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

/// What the state machine needs to know of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunHead {
    /// Its name.
    pub run_id: String,
    /// ARN of its own execution.
    pub execution_arn: String,
    /// When that started.
    pub started_at: Timestamp,
    /// Name of the execution that closes it, and holds the run lock; None: it is the run's own.
    pub closing: Option<String>,
}

/// What the state machine needs to know of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepHead {
    /// `<nn>-<stage>-<wave>`.
    pub id: String,
    /// How many targets at the same time.
    pub max_concurrency: u32,
    /// SHA-256 of the step's `settings.json`, in hex.
    pub settings_sha256: String,
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
    /// In which pass.
    #[serde(default)]
    pub pass: Pass,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// When the step must end. Nothing is sent from then on, and what is open is given up.
    pub deadline: Timestamp,
    /// What the records that the function works from must be.
    pub hashes: StepHashes,
    /// The parameter `AllowedPatchSources` of the stack.
    #[serde(default)]
    pub allowed_patch_sources: String,
    /// How often the target's execution has called a function before.
    #[serde(default)]
    pub look: u32,
    /// Name of the execution that closes the run. None: the run's own execution works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    /// Where.
    pub target: Target,
    /// The error of a function that failed on the target for good. `assume-role` records it instead of entering the account;
    /// the other functions never get one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CaughtError>,
}

impl TargetRequest {
    /// Returns the key of an object of the target.
    #[must_use]
    pub fn key(&self, object: TargetObject) -> String {
        keys::of_target(&self.run_id, &self.step, &self.target, object)
    }

    /// Returns the key of an object of a chunk of the target.
    #[must_use]
    pub fn chunk_key(&self, object: ChunkObject, chunk: u32) -> String {
        keys::of_chunk(&self.run_id, &self.step, &self.target, object, chunk)
    }

    /// Returns true if the target's execution has looked as often as it may.
    #[must_use]
    pub fn has_no_look_left(&self) -> bool {
        sending::has_no_look_left(self.phase, self.look)
    }

    /// Returns the name of the execution that must hold the run lock.
    #[must_use]
    pub fn lock_holder(&self) -> &str {
        self.closing.as_deref().unwrap_or(&self.run_id)
    }

    /// Returns whether the time of the phase is over at that moment. It always is when the run is closed.
    #[must_use]
    pub fn time_over(&self, now: Timestamp) -> Option<TimeOver> {
        if self.closing.is_some() {
            return Some(TimeOver::RunEnded);
        }
        sending::time_over(self.phase, now, self.deadline, self.look)
    }
}

/// The SHA-256 of the records that decide what a step does, in hex. The state machine hands them from the function that wrote a
/// record to every function that reads it: a change of a record in the bucket does not change them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepHashes {
    /// Of `settings.json`.
    pub settings: String,
    /// Of `frozen-baselines.json`; None if the step is not frozen, or has not started.
    #[serde(default)]
    pub frozen_baselines: Option<String>,
    /// Of the install plan: over the hashes of its orders. None before Review.
    #[serde(default)]
    pub install_plan: Option<String>,
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
    /// What the records that the function works from must be.
    pub hashes: StepHashes,
    /// When the step must end; None when it is asked whether it may start.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// What went wrong in the step as a whole, if something did.
    #[serde(default)]
    pub error: Option<CaughtError>,
    /// Name of the execution that closes the run. None: the run's own execution asks.
    #[serde(default)]
    pub closing: Option<String>,
}

impl GateRequest {
    /// Returns the name of the execution that must hold the run lock.
    #[must_use]
    pub fn lock_holder(&self) -> &str {
        self.closing.as_deref().unwrap_or(&self.run_id)
    }

    /// Returns an answer that changes nothing about the records of the step.
    #[must_use]
    pub fn answered(&self, answer: GateAnswer) -> Answered {
        Answered { answer, hashes: self.hashes.clone() }
    }
}

/// What `gate` has decided, and what the records of the step are from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The decision and its reason.
    pub answer: GateAnswer,
    /// The hashes of the records.
    pub hashes: StepHashes,
}

/// Answer of `gate`. The state machine reads `work` and `decision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateReply {
    /// The decision and its reason.
    #[serde(flatten)]
    pub answer: GateAnswer,
    /// The work on targets that comes next; None if there is none.
    pub work: Option<TargetsWork>,
}

/// Work on the targets of a step: the state machine hands each to the functions, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetsWork {
    /// What is done for each target first.
    pub phase: Phase,
    /// Object with the targets.
    pub targets_key: String,
    /// Where the state machine writes how the executions of the targets ended.
    pub children: String,
    /// When the step must end.
    pub deadline: Timestamp,
    /// What comes when all targets are finished.
    pub then: AfterTargets,
    /// What the records of the step are from now on.
    pub hashes: StepHashes,
}

/// What comes when all targets of a step are finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterTargets {
    /// The gate is asked what the step would install.
    Review,
    /// The gate is asked whether the next step may start.
    Judge,
    /// Nothing: the step did not start.
    End,
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
    /// ARN of the run's execution. Absent where no report is written.
    #[serde(default)]
    pub execution_arn: String,
    /// The starts of executions around the start of the run, the newest first, as CloudTrail lists them.
    #[serde(default)]
    pub starts: Vec<ListedStart>,
    /// Name of the role with which `scan-run` starts runs.
    #[serde(default)]
    pub scan_run_role: String,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// What ended the run early, if something did.
    #[serde(default)]
    pub error: Option<CaughtError>,
    /// Why the report cannot be written, if it was tried in vain: the run ends without one.
    #[serde(default)]
    pub unwritten: Option<CaughtError>,
    /// Name of the execution that closes the run. None: the run's own execution reports.
    #[serde(default)]
    pub closing: Option<String>,
}

impl ReportRequest {
    /// Returns the name of the execution that holds the run lock.
    #[must_use]
    pub fn lock_holder(&self) -> &str {
        self.closing.as_deref().unwrap_or(&self.run_id)
    }
}

/// A StartExecution as CloudTrail lists it. Both are foreign text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListedStart {
    /// ARN of the execution that it answered. Absent if the call failed.
    #[serde(default)]
    pub execution: Option<String>,
    /// ARN of the caller. Absent if CloudTrail names none.
    #[serde(default)]
    pub by: Option<String>,
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
    /// Subject of the notification, less than 100 characters (SNS).
    pub subject: String,
    /// Text of the notification.
    pub message: String,
    /// The report as one document for programs: `report.json`.
    pub report_key: String,
    /// Everything that was written about the run, the page for people (`report.html`) first.
    pub report_keys: Vec<String>,
}
