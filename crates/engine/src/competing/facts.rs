//! The facts about all tools that patch in a target, which a few paged calls return.

use jiff::Timestamp;
use orgpatch_model::fetched::Fetched;

/// Everything that may patch in a target.
#[derive(Debug, Clone)]
pub struct ConflictFacts {
    /// State Manager associations with a document that [`super::patches`], and those of Quick Setup patch policies
    /// (`ssm:ListAssociations`, paged; `ssm:DescribeAssociation` for the operation of those few).
    pub associations: Fetched<Vec<Association>>,
    /// Maintenance windows (`ssm:DescribeMaintenanceWindows`, paged; their targets and tasks for those that are
    /// enabled, at most 50 per account and Region).
    pub windows: Fetched<Vec<MaintenanceWindow>>,
    /// Commands that run or wait (`ssm:ListCommandInvocations`, paged, once for each status of a command that has not
    /// ended).
    pub running: Fetched<Vec<RunningCommand>>,
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
    /// Parameter `Operation` of the document. None: it was not read, so the association may install.
    pub operation: Option<String>,
    /// `Targets`. The `InstanceId` of an old association is listed as `InstanceIds`.
    pub targets: Vec<TargetCriterion>,
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
    /// `NextExecutionTime`; None if there is none.
    pub next_start: Option<Timestamp>,
    /// `Duration`.
    pub duration_hours: u32,
    /// Its registered targets.
    pub targets: Vec<WindowTarget>,
    /// Its tasks.
    pub tasks: Vec<WindowTask>,
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
    /// `Comment`.
    pub comment: String,
    /// `RequestedDateTime`.
    pub requested_at: Option<Timestamp>,
}
