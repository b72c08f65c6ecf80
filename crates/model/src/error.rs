//! The closed list of errors that end a run or are worth a retry. The state machine matches their names.
//!
//! An account that orgpatch cannot enter, or an instance that never answers, is an outcome and not an error, so it does
//! not appear here.

use thiserror::Error;

use crate::english::counted;

/// An error that leaves a Lambda function under its [`name`](RunError::name).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// The input of the execution is not valid.
    #[error("{0}")]
    InvalidInput(String),
    /// There is no plan of that name.
    #[error(
        "there is no plan {plan:?}: s3://{bucket}/plans/{plan}.yaml does not exist; upload it, or name another plan"
    )]
    PlanNotFound {
        /// The name that was asked for.
        plan: String,
        /// The bucket that was searched.
        bucket: String,
    },
    /// The plan document is wrong; the text lists every error with its line.
    #[error("{0}")]
    InvalidPlan(String),
    /// The input names a stage that the plan does not have.
    #[error("the plan has no stage {stage:?}; its stages are {}", .valid.join(", "))]
    UnknownStage {
        /// The name that was asked for.
        stage: String,
        /// The plan's stages, in order.
        valid: Vec<String>,
    },
    /// The input names a stage that is compared with the plan's first stage, but not the first stage itself.
    #[error(
        "stage {stage:?} is compared with what stage {first:?} tested. {first:?} is not part of this run, and no install run in which it passed is remembered; name both stages"
    )]
    FirstStageNotInRun {
        /// The stage that is frozen, or has a rule for untested patches.
        stage: String,
        /// The first stage of the plan.
        first: String,
    },
    /// A stage before the run's stages is not part of the run and has not passed.
    #[error(
        "stage {stage:?} is not part of this run and has not passed: {why}. Run it first, or in this run (name it in `stages`, too); an operator who must go on without it says so with `withoutEarlierGates: \"<reason>\"`"
    )]
    EarlierStageNotPassed {
        /// The earlier stage.
        stage: String,
        /// Which run, when, and what is missing.
        why: String,
    },
    /// A stage names an organizational unit that the organization does not have.
    #[error("stage {stage:?}: there is no organizational unit {ou} in organization {organization}")]
    UnknownOrganizationalUnit {
        /// The stage that names it.
        stage: String,
        /// The id that the organization does not have.
        ou: String,
        /// The organization that was read.
        organization: String,
    },
    /// The plan names an account that is not in the organization.
    #[error("{place}: account {account} is not in organization {organization}")]
    UnknownAccount {
        /// Where the plan names it.
        place: String,
        /// The id that the organization does not have.
        account: String,
        /// The organization that was read.
        organization: String,
    },
    /// Two stages claim the same account, and may not share it.
    #[error(
        "account {account} ({name}) is claimed by stage {first:?} and by stage {second:?}, which cannot share it: {why}; \
         exclude it from one of them"
    )]
    AccountInTwoStages {
        /// The account's id.
        account: String,
        /// The account's name.
        name: String,
        /// The earlier stage.
        first: String,
        /// The later stage.
        second: String,
        /// Why they cannot share it.
        why: String,
    },
    /// A stage has no account, so its gate would prove nothing.
    #[error("stage {stage:?} has no account: its organizational units have none, or the stage excludes all of them")]
    StageWithoutAccounts {
        /// The stage.
        stage: String,
    },
    /// Another run holds the lock.
    #[error(
        "run {run} is still running{}; wait until it has ended, or stop it, then start again", waited_for(*.waited_minutes)
    )]
    RunInProgress {
        /// The run that holds the lock.
        run: String,
        /// For how many minutes the refused run has waited for it.
        waited_minutes: i64,
    },
    /// This account may not read AWS Organizations.
    #[error(
        "the organization cannot be read: {0}; orgpatch must run in the management account or in a delegated administrator's account"
    )]
    OrganizationUnreadable(String),
    /// An object that the run wrote earlier is missing or unreadable.
    #[error("the run's own records are broken: {0}")]
    BrokenRun(String),
    /// A record is not what the run wrote: its content has another hash than the one that the run remembers.
    #[error(
        "the run's own records were changed: {0}; nothing more is sent. Find out who wrote the object (its versions, CloudTrail), and start a new run"
    )]
    RecordsChanged(String),
    /// The run no longer holds the run lock.
    #[error(
        "the run no longer holds the run lock: {holder}; nothing more is sent. A run that was stopped is not continued: start a new one"
    )]
    RunLockLost {
        /// What holds it instead.
        holder: String,
    },
    /// Objects of another execution have the name of this run.
    #[error("the name {run:?} was used before: {found}; start the run under another name")]
    RunIdTaken {
        /// The name of the run.
        run: String,
        /// What is there.
        found: String,
    },
    /// The run ended without a report and was closed by another execution, which has written its report.
    #[error(
        "run {run} ended without a report and was closed: its report is written, and nothing more is sent. A run that was closed is not continued: start a new one"
    )]
    RunClosed {
        /// The name of the run.
        run: String,
    },
    /// AWS throttled a call for longer than the client retries. A later try may succeed.
    #[error("throttled: {0}")]
    Throttled(String),
    /// AWS, or the network on the way to it, failed for a moment. Another try may succeed.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// AWS refused a call in orgpatch's own account: the deployment lacks a permission.
    #[error("access denied in orgpatch's own account: {0}; deploy the template again")]
    AccessDenied(String),
}

fn waited_for(minutes: i64) -> String {
    if minutes == 0 { String::new() } else { format!(" after {} of waiting for it", counted(minutes, "minute")) }
}

impl RunError {
    /// Every error name, as the state machine knows them, plus [`HALTED`], [`RUN_STOPPED`] and [`REPORT_UNWRITTEN`].
    pub const NAMES: [&str; 23] = [
        "InvalidInput",
        "PlanNotFound",
        "InvalidPlan",
        "UnknownStage",
        "FirstStageNotInRun",
        "EarlierStageNotPassed",
        "UnknownOrganizationalUnit",
        "UnknownAccount",
        "AccountInTwoStages",
        "StageWithoutAccounts",
        "RunInProgress",
        "OrganizationUnreadable",
        "BrokenRun",
        "RecordsChanged",
        "RunLockLost",
        "RunIdTaken",
        "RunClosed",
        "Throttled",
        "Unavailable",
        "AccessDenied",
        HALTED,
        RUN_STOPPED,
        REPORT_UNWRITTEN,
    ];

    /// Returns the name that the state machine matches.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "InvalidInput",
            Self::PlanNotFound { .. } => "PlanNotFound",
            Self::InvalidPlan(_) => "InvalidPlan",
            Self::UnknownStage { .. } => "UnknownStage",
            Self::FirstStageNotInRun { .. } => "FirstStageNotInRun",
            Self::EarlierStageNotPassed { .. } => "EarlierStageNotPassed",
            Self::UnknownOrganizationalUnit { .. } => "UnknownOrganizationalUnit",
            Self::UnknownAccount { .. } => "UnknownAccount",
            Self::AccountInTwoStages { .. } => "AccountInTwoStages",
            Self::StageWithoutAccounts { .. } => "StageWithoutAccounts",
            Self::RunInProgress { .. } => "RunInProgress",
            Self::OrganizationUnreadable(_) => "OrganizationUnreadable",
            Self::BrokenRun(_) => "BrokenRun",
            Self::RecordsChanged(_) => "RecordsChanged",
            Self::RunLockLost { .. } => "RunLockLost",
            Self::RunIdTaken { .. } => "RunIdTaken",
            Self::RunClosed { .. } => "RunClosed",
            Self::Throttled(_) => "Throttled",
            Self::Unavailable(_) => "Unavailable",
            Self::AccessDenied(_) => "AccessDenied",
        }
    }

    /// Returns true if the same call may succeed a moment later. The state machine retries only these errors.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_))
    }
}

/// Error name of a run that a gate halted.
pub const HALTED: &str = "Halted";

/// Error name in the report of a run whose execution was stopped. The execution itself has the status `ABORTED`, and the error
/// that the operator gave.
pub const RUN_STOPPED: &str = "RunStopped";

/// Error name of a run whose report could not be written.
pub const REPORT_UNWRITTEN: &str = "ReportUnwritten";
