//! The closed list of errors that end a run or are worth a retry; their names are what the state machine matches.
//!
//! An account that cannot be entered, a node that never answers: those are outcomes, not errors, and do not
//! appear here.

use thiserror::Error;

/// An error that leaves a Lambda function under its [`name`](RunError::name).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// The execution input is not what a run takes.
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
        /// The stages there are, in order.
        valid: Vec<String>,
    },
    /// The input names a stage that is compared with the plan's first stage, and leaves that one out.
    #[error(
        "stage {stage:?} is compared with what stage {first:?} tested in the same run, and {first:?} is not part of it; name both stages, or leave `stages` out"
    )]
    FirstStageNotInRun {
        /// The stage that is frozen, or says what becomes of untested patches.
        stage: String,
        /// The first stage of the plan.
        first: String,
    },
    /// A stage names an organizational unit that the organization does not have.
    #[error("stage {stage:?}: there is no organizational unit {ou} in organization {organization}")]
    UnknownOrganizationalUnit {
        /// The stage that names it.
        stage: String,
        /// The id that is not there.
        ou: String,
        /// The organization that was read.
        organization: String,
    },
    /// The plan names an account that is not in the organization.
    #[error("{place}: account {account} is not in organization {organization}")]
    UnknownAccount {
        /// Where the plan names it.
        place: String,
        /// The id that is not there.
        account: String,
        /// The organization that was read.
        organization: String,
    },
    /// Two stages claim the same account, so its place in the order is undecided.
    #[error(
        "account {account} ({name}) is claimed by stage {first:?} and by stage {second:?}; exclude it from one of them"
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
    },
    /// A stage has no account, so that its gate would prove nothing to the next one.
    #[error("stage {stage:?} has no account: its organizational units are empty, or everything in them is excluded")]
    StageWithoutAccounts {
        /// The stage.
        stage: String,
    },
    /// Another run holds the lock.
    #[error("run {run} is still running; wait for it, or stop it, and start again")]
    RunInProgress {
        /// The run that holds the lock.
        run: String,
    },
    /// AWS Organizations refuses to be read from this account.
    #[error(
        "the organization cannot be read: {0}; orgpatch must run in the management account or in a delegated administrator's account"
    )]
    OrganizationUnreadable(String),
    /// An object that the run wrote earlier is missing or unreadable.
    #[error("the run's own records are broken: {0}")]
    BrokenRun(String),
    /// AWS throttled a call for longer than the client retries; worth trying again later.
    #[error("throttled: {0}")]
    Throttled(String),
    /// AWS, or the way to it, failed for a moment; worth trying again.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// AWS refuses a call in orgpatch's own account: the deployment lacks a permission.
    #[error("access denied in orgpatch's own account: {0}; deploy the template again")]
    AccessDenied(String),
}

impl RunError {
    /// Every name there is, as the state machine knows them, plus [`HALTED`].
    pub const NAMES: [&str; 16] = [
        "InvalidInput",
        "PlanNotFound",
        "InvalidPlan",
        "UnknownStage",
        "FirstStageNotInRun",
        "UnknownOrganizationalUnit",
        "UnknownAccount",
        "AccountInTwoStages",
        "StageWithoutAccounts",
        "RunInProgress",
        "OrganizationUnreadable",
        "BrokenRun",
        "Throttled",
        "Unavailable",
        "AccessDenied",
        HALTED,
    ];

    /// The name that the state machine sees and matches on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "InvalidInput",
            Self::PlanNotFound { .. } => "PlanNotFound",
            Self::InvalidPlan(_) => "InvalidPlan",
            Self::UnknownStage { .. } => "UnknownStage",
            Self::FirstStageNotInRun { .. } => "FirstStageNotInRun",
            Self::UnknownOrganizationalUnit { .. } => "UnknownOrganizationalUnit",
            Self::UnknownAccount { .. } => "UnknownAccount",
            Self::AccountInTwoStages { .. } => "AccountInTwoStages",
            Self::StageWithoutAccounts { .. } => "StageWithoutAccounts",
            Self::RunInProgress { .. } => "RunInProgress",
            Self::OrganizationUnreadable(_) => "OrganizationUnreadable",
            Self::BrokenRun(_) => "BrokenRun",
            Self::Throttled(_) => "Throttled",
            Self::Unavailable(_) => "Unavailable",
            Self::AccessDenied(_) => "AccessDenied",
        }
    }

    /// True if the same call may succeed a moment later; the state machine retries these names and no others.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_))
    }
}

/// The error name of a run that a gate halted.
pub const HALTED: &str = "Halted";
