//! What the state machine, the Lambda functions and the bucket say to each other, as types.
//!
//! State carries keys and counts only; lists live in the bucket. No type here has room for a credential.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::baseline::Baseline;
use crate::conflict::Conflict;
use crate::input::{Operation, RunInput};
use crate::organization::AccountState;
use crate::os::OperatingSystem;
use crate::outcome::{Counts, Outcome, TargetOutcome};
use crate::plan::{ConflictSettings, Gate, Plan, Rate, Reboot, Selection, Untested};
use crate::readiness::Finding;
use crate::reason::Reason;

/// One account in one Region, in its place in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Account id, 12 digits.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// What Organizations said of the account when the run was planned.
    pub account_state: AccountState,
    /// Names of the organizational units from the root down, joined by `/`; empty directly below the root.
    pub ou_path: String,
    /// Region code.
    pub region: String,
    /// Stage that claims the account.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
}

/// What a function does for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The run halted before this target: list its instances, send nothing.
    Inventory,
    /// What is missing?
    Scan,
    /// What would go in while untested patches are held back?
    Hold,
    /// Install it.
    Install,
    /// Is it really installed?
    Verify,
    /// In place of the scan: what would change about the baselines?
    PreviewBaselines,
    /// In place of the scan: give back what was there before orgpatch's baselines.
    RestoreBaselines,
}

impl Phase {
    /// The word in ledger keys and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Scan => "scan",
            Self::Hold => "hold",
            Self::Install => "install",
            Self::Verify => "verify",
            Self::PreviewBaselines => "preview-baselines",
            Self::RestoreBaselines => "restore-baselines",
        }
    }

    /// What the Map over all targets of a step does in a run of that operation.
    #[must_use]
    pub fn of_all_targets(operation: Operation) -> Self {
        match operation {
            Operation::Scan | Operation::Install => Self::Scan,
            Operation::PreviewBaselines => Self::PreviewBaselines,
            Operation::RestoreBaselines => Self::RestoreBaselines,
        }
    }
}

/// Input of `list-accounts`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRequest {
    /// Name of the execution.
    pub run_id: String,
    /// ARN of the execution; the holder of the run lock.
    pub execution_arn: String,
    /// When the state machine entered this state.
    pub now: Timestamp,
    /// The execution input as it came; checked by [`RunInput::read`].
    pub input: Value,
}

/// Answer of `list-accounts`: the ordered steps.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartAnswer {
    /// The steps, in the order in which they run.
    pub steps: Vec<StepHead>,
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
    /// Where the Map over the targets leaves what became of its children.
    pub scan_children: String,
    /// The same for the Map over the targets with work.
    pub install_children: String,
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

/// Answer of `scan`, `install` and `collect-results`: is there more to wait for?
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
    /// The target's record is written: nobody needs to collect anything.
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
    /// May this step start?
    Enter,
    /// What would be installed?
    Review,
    /// May the next step start?
    Judge,
}

/// Answer of `gate`. The state machine reads `decision` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateAnswer {
    /// What to do next.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
}

/// What `gate` decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Enter: the step starts.
    Go,
    /// Review: there is something to install.
    Install,
    /// Review: there is nothing to install, go on to Judge.
    Skip,
    /// Judge: the next step may start.
    Advance,
    /// Enter or Judge: this step, or the next, does not start.
    Halt,
}

/// An error as the state machine catches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CaughtError {
    /// Its name.
    pub error: String,
    /// Its text; from a Lambda function a JSON document with `errorMessage`.
    #[serde(default)]
    pub cause: String,
}

impl CaughtError {
    /// The error in one line: its name and the message inside its cause.
    #[must_use]
    pub fn sentence(&self) -> String {
        let message = serde_json::from_str::<Value>(&self.cause)
            .ok()
            .and_then(|cause| Some(cause.get("errorMessage")?.as_str()?.to_owned()))
            .unwrap_or_else(|| self.cause.clone());
        if message.is_empty() { self.error.clone() } else { format!("{}: {message}", self.error) }
    }
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

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunDecision {
    /// Every step passed its gate.
    Advanced,
    /// A gate halted it.
    Halted,
    /// Something that is not an outcome went wrong.
    Error,
}

/// `run.json`: everything that was decided before anything was touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDocument {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// Name of the execution.
    pub run_id: String,
    /// When the run was planned.
    pub started_at: Timestamp,
    /// What was asked for.
    pub input: RunInput,
    /// SHA-256 of the plan document as it was read, in hex.
    pub plan_sha256: String,
    /// The plan.
    pub plan: Plan,
    /// Id of the organization.
    pub organization_id: String,
    /// The steps, in the order in which they run.
    pub steps: Vec<StepSummary>,
    /// Accounts that no step of this run works on, each with its reason.
    pub accounts_outside_plan: Vec<AccountOutsidePlan>,
}

/// A step in `run.json`; its targets are in `targets.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSummary {
    /// `<nn>-<stage>-<wave>`.
    pub id: String,
    /// Name of the stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// How many accounts.
    pub accounts: usize,
    /// How many targets.
    pub targets: usize,
}

/// An account that no step works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountOutsidePlan {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// Names of the organizational units from the root down, joined by `/`.
    pub ou_path: String,
    /// Why.
    pub reason: Reason,
}

/// `settings.json`: what the functions of a step need of the plan, resolved for its stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSettings {
    /// The step's id.
    pub step: String,
    /// Name of the plan.
    pub plan: String,
    /// What the run does.
    pub operation: Operation,
    /// True if no command is to be sent: only whether instances are ready.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub readiness_only: bool,
    /// Which instances.
    pub select: Selection,
    /// May an install reboot?
    pub reboot: Reboot,
    /// How much at the same time.
    pub rate: Rate,
    /// What must hold afterwards.
    pub gate: Gate,
    /// What happens to instances that somebody else patches too.
    #[serde(default)]
    pub conflicts: ConflictSettings,
    /// The baselines that a target must have before it is scanned; empty: those that it has are used as they are, or
    /// the step is frozen and they are not known before the first stage is scanned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<Baseline>,
    /// What the step shares with the first stage; None: it stands for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// True for a step of the plan's first stage: what it installs is the tested set.
    #[serde(default)]
    pub is_first_stage: bool,
    /// Ids of the steps before this one, all of which must have advanced.
    pub earlier_steps: Vec<String>,
}

/// What a step of a later stage shares with the first stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Ids of the first stage's steps, whose tested sets count.
    pub tested_in: Vec<String>,
    /// True if patches are approved until the day on which the first stage was scanned; the baselines are then written
    /// when the step begins.
    pub frozen: bool,
    /// What becomes of patches that the first stage has not installed.
    pub untested: Untested,
}

/// What `scan` saw in a target before it sent anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// When.
    pub at: Timestamp,
    /// Every instance of the target that is not terminated.
    pub instances: Vec<InventoryInstance>,
    /// What could not be seen of others who patch, and what of theirs may concern any instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflict_notes: Vec<Reason>,
}

/// An instance as EC2 and Systems Manager describe it, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryInstance {
    /// Instance id.
    pub instance_id: String,
    /// Value of the `Name` tag, if there is one.
    pub name: Option<String>,
    /// Operating system, if Patch Manager knows it.
    pub os: Option<OperatingSystem>,
    /// Operating system in the agent's own words (`Amazon Linux 2023`).
    pub platform: Option<String>,
    /// Version of the SSM Agent.
    pub agent_version: Option<String>,
    /// Whether it is asked.
    pub standing: Standing,
    /// What was found about its readiness, one of each check. Empty: the plan leaves it out, or nothing was to be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Who else patches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
}

impl InventoryInstance {
    /// Whether the plan selects it, be it able to answer or not.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        !matches!(self.standing, Standing::Skipped(_))
    }
}

/// Whether an instance is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", content = "reason", rename_all = "kebab-case")]
pub enum Standing {
    /// It is selected and can be asked.
    Selected,
    /// The plan or a conflict says no.
    Skipped(Reason),
    /// It is selected but cannot be asked.
    NotReady(Reason),
}

/// A target's part of the install plan; what `install` sends, neither more nor less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallOrder {
    /// Account id.
    pub account_id: String,
    /// Region code.
    pub region: String,
    /// The instances, each with what is missing there.
    pub instances: Vec<OrderedInstance>,
    /// Instances that lack patches but are left out, because what they lack is not tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What is put on the list of rejected patches before anything is installed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hold_back: HoldBack,
}

/// Entries for the lists of rejected patches, by operating system.
pub type HoldBack = BTreeMap<OperatingSystem, Vec<String>>;

/// An instance that lacks patches and is left out of the install plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Instance id.
    pub instance_id: String,
    /// What it ends with.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The patches that are held back.
    pub held_back: Vec<Patch>,
}

/// An item of `install-targets.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallTarget {
    /// Where.
    pub target: Target,
    /// True if patches are held back, so that a scan must prove what would go in before the install.
    pub hold_back: bool,
}

/// An instance in the install plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderedInstance {
    /// Instance id.
    pub instance_id: String,
    /// Operating system.
    pub os: OperatingSystem,
    /// Patches that the scan found missing.
    pub missing: Vec<Patch>,
    /// Those among them that the first stage has not installed, where the plan does not hold them back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untested: Vec<Patch>,
    /// Patches that are missing too and are held back, because the first stage has not installed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back: Vec<Patch>,
    /// Why it is in the plan: patches are missing, or a reboot is.
    pub reason: Reason,
}

/// A patch as Patch Manager describes it on an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// `KBId` in the API: a KB article on Windows, package name and version on Linux.
    pub id: String,
    /// Title.
    pub title: String,
    /// Classification, such as `Security`.
    pub classification: String,
    /// Severity, such as `Important`.
    pub severity: String,
    /// Where the patch stands on the instance.
    pub state: PatchDisposition,
    /// CVE ids, if the API names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cve_ids: Vec<String>,
}

/// Where a patch stands that is not simply installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum PatchDisposition {
    Missing,
    Failed,
    InstalledPendingReboot,
}

impl PatchDisposition {
    /// Every value: what is left to do about a patch.
    pub const TO_DO: [Self; 3] = [Self::Missing, Self::Failed, Self::InstalledPendingReboot];

    /// The name in the API's filters and in the examples of its reference.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "Missing",
            Self::Failed => "Failed",
            Self::InstalledPendingReboot => "InstalledPendingReboot",
        }
    }

    /// The value of that name. The API's model spells it `INSTALLED_PENDING_REBOOT`, its reference's examples
    /// `InstalledPendingReboot`; both are taken.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.replace('_', "");
        Self::TO_DO.into_iter().find(|state| state.name().eq_ignore_ascii_case(&plain))
    }
}

/// One instance in a target's record, and in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRow {
    /// Account id.
    pub account_id: String,
    /// Region code.
    pub region: String,
    /// Instance id.
    pub instance_id: String,
    /// Value of the `Name` tag, or null.
    pub name: Option<String>,
    /// Stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// Operating system by its API name, else the agent's own words, else null.
    pub os: Option<String>,
    /// Version of the SSM Agent, or null.
    pub agent_version: Option<String>,
    /// What happened.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What was found about its readiness before the scan, and what the scan has proved of it: one of each check. Empty
    /// where the plan leaves it out, or where the run never came to it.
    pub findings: Vec<Finding>,
    /// Who else patches it, the gravest first, with what the plan says about it.
    pub conflicts: Vec<Conflict>,
    /// Who probably wrote the compliance row that was found in place of this run's, or null. Such a row is not believed.
    pub overwritten_by: Option<Reason>,
    /// Patches that the scan before found missing.
    pub missing_before: Vec<Patch>,
    /// Patches that were missing before and are not any more, by the scan afterwards.
    pub installed: Vec<Patch>,
    /// Patches that were missing before and still are: the install did not bring them.
    pub failed: Vec<Patch>,
    /// Everything that the scan afterwards finds missing, whether it was known before or not.
    pub missing_after: Vec<Patch>,
    /// Those of `installed` that the first stage of the plan had not installed; always empty where nothing is compared
    /// with it.
    pub installed_untested: Vec<Patch>,
    /// Patches that are missing and were not to be installed, because the first stage has not installed them.
    pub held_back: Vec<Patch>,
    /// The patch baseline it was judged by, or null.
    pub baseline_id: Option<String>,
    /// Every command that this run sent to it, in order.
    pub command_ids: Vec<String>,
}

/// The result of a target in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetRecord {
    /// Where.
    pub target: Target,
    /// What happened to the target.
    pub outcome: TargetOutcome,
    /// Why.
    pub reason: Reason,
    /// When the record was made.
    pub at: Timestamp,
    /// Its instances; after an install only those that were in the install plan.
    pub instances: Vec<InstanceRow>,
    /// What could not be seen of others who patch there, and what of theirs may concern any instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflict_notes: Vec<Reason>,
}

/// `gate.json`: the decision about a step and the numbers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateRecord {
    /// The step's id.
    pub step: String,
    /// When it was decided.
    pub at: Timestamp,
    /// `advance` or `halt`.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// Instances by outcome.
    pub counts: Counts,
    /// The limits it was measured against.
    pub limits: Gate,
}

/// `latest/<plan>.json`: the latest run of a plan that has a report about instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestRun {
    /// The run.
    pub run_id: String,
    /// Name of the plan.
    pub plan: String,
    /// When it was planned.
    pub started_at: Timestamp,
    /// When its report was made.
    pub finished_at: Timestamp,
    /// The run that was the latest one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}
