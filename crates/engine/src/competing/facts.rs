//! The facts about all tools that patch in a target, which a few paged calls return.

use jiff::Timestamp;
use orgpatch_model::fetched::Fetched;

use super::document::Wrapped;

/// Everything that may patch in a target.
#[derive(Debug, Clone)]
pub struct ConflictFacts {
    /// State Manager associations with a document that [`super::patches`], and those of Quick Setup patch policies
    /// (`ssm:ListAssociations`, paged; `ssm:DescribeAssociation` for a parameter of those few).
    pub associations: Fetched<Vec<Association>>,
    /// Maintenance windows (`ssm:DescribeMaintenanceWindows`, paged; their targets and tasks for those that begin in time or
    /// are at work, at most 50 per account and Region).
    pub windows: Fetched<Vec<MaintenanceWindow>>,
    /// Executions of these windows that began lately (`ssm:DescribeMaintenanceWindowExecutions`, paged, once for each window).
    pub executions: Fetched<Vec<WindowExecution>>,
    /// Commands that run or wait (`ssm:ListCommandInvocations`, paged, once for each status of a command that has not
    /// ended).
    pub running: Fetched<Vec<RunningCommand>>,
    /// Documents of the account that these name and that may patch (`ssm:GetDocument`, once for each document).
    pub unseen_documents: Vec<UnseenDocument>,
    /// What of the lists was not looked at, because a target has more of it than orgpatch keeps.
    pub not_looked_at: NotLookedAt,
}

/// The most associations, and the most maintenance windows, of a target that are kept.
///
/// Without these limits one account could take the memory of the function. An account may have 2,000 associations, but only
/// those with a patch document count here, and 50 windows (AWS General Reference, "AWS Systems Manager endpoints and quotas").
pub const MOST_OF_A_KIND: usize = 1_000;

/// The most bytes of their texts that are kept, for each of both kinds. A `Target` may have 50 values without a limit of
/// their length, and there may be five of them (botocore 1.43.106, `TargetValues` and `Targets`).
pub const MOST_BYTES_OF_A_KIND: usize = 4 * 1_024 * 1_024;

/// The most commands of one instance that are kept of each status. One is enough to hold the instance back.
pub const MOST_COMMANDS_OF_AN_INSTANCE: usize = 3;

/// A document of which it cannot be seen whether it patches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnseenDocument {
    /// Its name or ARN.
    pub document: String,
    /// Why.
    pub why: String,
}

/// How many were not looked at, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotLookedAt {
    /// Associations with a patch document.
    pub associations: usize,
    /// Maintenance windows.
    pub windows: usize,
}

/// What may still be kept of one kind.
#[derive(Debug)]
pub struct Room {
    items: usize,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { items: MOST_OF_A_KIND, bytes: MOST_BYTES_OF_A_KIND }
    }
}

impl Room {
    /// Takes room for an item. Returns false if there is none.
    pub fn item(&mut self) -> bool {
        let fits = self.items > 0;
        self.items -= usize::from(fits);
        fits
    }

    /// Takes room for texts of that many bytes. Returns false if there is not enough; shorter ones may still fit.
    pub fn text(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.bytes;
        self.bytes -= if fits { bytes } else { 0 };
        fits
    }
}

/// Returns how many bytes criteria take.
#[must_use]
pub fn bytes_of(targets: &[TargetCriterion]) -> usize {
    let text = |text: &String| size_of::<String>() + text.len();
    targets.iter().map(|target| text(&target.key) + target.values.iter().map(text).sum::<usize>()).sum()
}

/// One criterion of the API's `Targets`. An instance must match all criteria, each with any one of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetCriterion {
    /// `InstanceIds`, `tag:<key>`, `tag-key`, `ParameterValues`, `resource-groups:Name`, `WindowTargetIds` …
    pub key: String,
    /// Its values; `*` of `InstanceIds` and `ParameterValues` means every instance.
    pub values: Vec<String>,
}

/// A State Manager association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// `AssociationId`.
    pub id: String,
    /// `AssociationName`.
    pub name: Option<String>,
    /// `Name`: the document, as a name or an ARN.
    pub document: String,
    /// The patch document of AWS that an own document runs.
    pub wraps: Option<Wrapped>,
    /// The parameter of the document that says whether it installs ([`super::deciding_parameter`]).
    pub parameter: Parameter,
    /// `Targets`. The `InstanceId` of an old association is listed as `InstanceIds`.
    pub targets: Vec<TargetCriterion>,
}

/// A parameter of an association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// It was not read, so the association may install.
    NotRead,
    /// The association does not have it.
    Absent,
    /// Its value.
    Value(String),
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceWindow {
    /// `WindowId`.
    pub id: String,
    /// `Name`.
    pub name: String,
    /// `Enabled`.
    pub enabled: bool,
    /// `NextExecutionTime`; None if there is none, or if it cannot be read.
    pub next_start: Option<Timestamp>,
    /// `NextExecutionTime` as it is written, if it cannot be read: the window may begin at any time.
    pub unread_start: Option<String>,
    /// `Duration`.
    pub duration_hours: u32,
    /// Its registered targets.
    pub targets: Vec<WindowTarget>,
    /// Its tasks.
    pub tasks: Vec<WindowTask>,
}

impl MaintenanceWindow {
    /// Returns true if the window begins before that time, or if it is not known when it begins.
    #[must_use]
    pub fn may_begin_before(&self, end: Timestamp) -> bool {
        self.enabled && (self.unread_start.is_some() || self.next_start.is_some_and(|start| start < end))
    }
}

/// An execution of a maintenance window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowExecution {
    /// `WindowId`.
    pub window_id: String,
    /// `Status`.
    pub status: String,
    /// `StartTime`.
    pub started_at: Option<Timestamp>,
    /// `EndTime`; None while it works.
    pub ended_at: Option<Timestamp>,
}

/// Registered targets of a maintenance window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowTarget {
    /// `WindowTargetId`.
    pub id: String,
    /// `Targets`.
    pub targets: Vec<TargetCriterion>,
}

/// A task of a maintenance window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowTask {
    /// `WindowTaskId`.
    pub id: String,
    /// `TaskArn`: the document, as a name or an ARN.
    pub document: String,
    /// The patch document of AWS that an own document runs.
    pub wraps: Option<Wrapped>,
    /// `Targets`: `WindowTargetIds`, or criteria for instances.
    pub targets: Vec<TargetCriterion>,
}

/// An invocation of a command that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningCommand {
    /// `CommandId`.
    pub command_id: String,
    /// `InstanceId`.
    pub instance_id: String,
    /// `DocumentName`.
    pub document: String,
    /// The patch document of AWS that an own document runs.
    pub wraps: Option<Wrapped>,
    /// `Comment`.
    pub comment: String,
    /// `RequestedDateTime`.
    pub requested_at: Option<Timestamp>,
}
