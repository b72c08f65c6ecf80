//! What a scenario says about others who patch: State Manager associations, maintenance windows, running commands.
use super::short_forms::Named;
use crate::{
    clock,
    facts::{ids, schedule::Schedule},
    patching::document::OperationKind,
};
use serde::Deserialize;

/// Somebody else's patching of the instances of an entry. Equal ones in an account and Region are one thing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AssociationEntry {
    /// What it is.
    pub name: AssociationName,
    /// Tells apart what is otherwise equal, and is part of names and ids: of two patch policies, for example.
    pub id: Option<String>,
    /// What is done; when absent, what is usual.
    pub operation: Option<PatchOperation>,
    /// The document of a maintenance window's task.
    pub task: Option<String>,
    /// When it runs: `rate(…)`, or `cron(…)` for times of the day on all or some weekdays.
    pub schedule: Option<Schedule>,
    /// When it first runs; for patch-now-running, when the command was sent.
    pub start: Option<String>,
    /// How long each run takes on an instance; when absent, as long as one of ours.
    pub seconds: Option<u32>,
    /// Whom it targets: `all`, or `tag:Key=Value`; when absent, the instances by their ids.
    pub target: Option<TargetEntry>,
    /// `Duration` of a maintenance window.
    pub duration_hours: Option<u32>,
    /// `Cutoff` of a maintenance window.
    pub cutoff_hours: Option<u32>,
    /// Is the maintenance window enabled?
    pub enabled: Option<bool>,
    /// Are its targets registered with the maintenance window? Otherwise its task names them.
    pub registered: Option<bool>,
}

/// What an association is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssociationName {
    /// A patch policy of Quick Setup: two associations, one that scans and one that installs, and a tag.
    QuickSetupPatchPolicy,
    /// The daily scan of Quick Setup host management.
    HostManagementScan,
    /// Somebody's association of AWS-RunPatchBaseline.
    RunPatchBaseline,
    /// The same of AWS-RunPatchBaselineAssociation.
    RunPatchBaselineAssociation,
    /// The same of AWS-RunPatchBaselineWithHooks.
    RunPatchBaselineWithHooks,
    /// An association that has nothing to do with patches.
    UpdateSsmAgent,
    /// A maintenance window with a patch task.
    MaintenanceWindow,
    /// A patch command that somebody sent before, and that still runs.
    PatchNowRunning,
}

impl Named for AssociationEntry {
    const NAMES: &'static str = "quick-setup-patch-policy, host-management-scan, run-patch-baseline, run-patch-baseline-association, run-patch-baseline-with-hooks, update-ssm-agent, maintenance-window, patch-now-running";

    fn from_name(name: &str) -> Option<Self> {
        let name =
            AssociationName::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name));
        name.ok().map(Self::new)
    }
}

impl AssociationEntry {
    /// One with everything as it usually is.
    pub fn new(name: AssociationName) -> Self {
        Self {
            name,
            id: None,
            operation: None,
            task: None,
            schedule: None,
            start: None,
            seconds: None,
            target: None,
            duration_hours: None,
            cutoff_hours: None,
            enabled: None,
            registered: None,
        }
    }

    /// What contradicts itself: the field, and the text about it.
    pub fn contradictions(&self) -> Vec<(&'static str, String)> {
        use AssociationName::{MaintenanceWindow, PatchNowRunning, QuickSetupPatchPolicy, UpdateSsmAgent};
        let mut found = Vec::new();
        let window = self.name == MaintenanceWindow;
        for (field, given, fits, whose) in [
            ("task", self.task.is_some(), window, "maintenance-window"),
            ("durationHours", self.duration_hours.is_some(), window, "maintenance-window"),
            ("cutoffHours", self.cutoff_hours.is_some(), window, "maintenance-window"),
            ("enabled", self.enabled.is_some(), window, "maintenance-window"),
            ("registered", self.registered.is_some(), window, "maintenance-window"),
            ("schedule", self.schedule.is_some(), self.name != PatchNowRunning, "what runs again and again"),
            (
                "target",
                self.target.is_some(),
                self.name != QuickSetupPatchPolicy,
                "others: a patch policy targets its tag",
            ),
            (
                "operation",
                self.operation.is_some(),
                !matches!(self.name, QuickSetupPatchPolicy | UpdateSsmAgent),
                "what does one thing with patches",
            ),
        ] {
            if given && !fits {
                found.push((field, format!("is only for {whose}")));
            }
        }
        if let Some(Err(text)) = self.start.as_deref().map(clock::parse) {
            found.push(("start", text));
        }
        if window && self.target == Some(TargetEntry::All) {
            found.push(("target", "a maintenance window targets instances by their ids or a tag".to_owned()));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.id.as_deref().is_some_and(|id| id.is_empty() || id.len() > 32 || !id.chars().all(plain)) {
            found.push(("id", "expected up to 32 letters, digits and hyphens".to_owned()));
        }
        let (duration, cutoff) = (self.duration_hours.unwrap_or(3), self.cutoff_hours.unwrap_or(1));
        if !(1..=24).contains(&duration) {
            found.push(("durationHours", "expected 1 to 24".to_owned()));
        } else if cutoff >= duration {
            found.push(("cutoffHours", format!("expected less than durationHours, which is {duration}")));
        }
        found
    }
}

/// What is done with patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the document's")]
pub enum PatchOperation {
    Scan,
    Install,
}

impl From<PatchOperation> for OperationKind {
    fn from(doing: PatchOperation) -> Self {
        match doing {
            PatchOperation::Scan => Self::Scan,
            PatchOperation::Install => Self::Install,
        }
    }
}

/// Whom an association or a window targets, other than by ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum TargetEntry {
    /// Every managed node.
    All,
    /// The nodes with this tag: key and value.
    Tag(String, String),
}

impl TryFrom<String> for TargetEntry {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.strip_prefix("tag:")
            .and_then(|tag| tag.split_once('='))
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .map(|(key, value)| Self::Tag(key.to_owned(), value.to_owned()))
            .ok_or_else(|| format!("unknown target `{text}`, expected all or tag:Key=Value"))
    }
}

/// The tag that Quick Setup puts on the instances of a patch policy: its key has the id of the configuration, its
/// value the policy's name. The id is that of the scenario, or one for all that have none.
pub fn policy_tag(id: Option<&str>) -> (String, String) {
    let derived = || ids::hex(&["quick-setup"], 5);
    (format!("QSConfigName-{}", id.map_or_else(derived, str::to_owned)), id.unwrap_or("patch-policy").to_owned())
}
