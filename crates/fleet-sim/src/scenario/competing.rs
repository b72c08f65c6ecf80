//! What a scenario says about competing patchers: State Manager associations, maintenance windows, running commands.
use super::short_forms::Named;
use crate::{
    clock,
    facts::{
        ids,
        schedule::{self, Schedule},
    },
    patching::document::OperationKind,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A competing patcher of the instances of an entry. Equal ones in an account and Region are one patcher.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AssociationEntry {
    /// What kind of patcher it is.
    pub name: AssociationName,
    /// Tells patchers apart that are otherwise equal, for example two patch policies. It is part of names and ids.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]{1,32}$"))]
    pub id: Option<String>,
    /// The patch operation. Usually the one that this kind of patcher runs, and none if its document is none of AWS's patch
    /// documents. Not for patch policies and update-ssm-agent.
    pub operation: Option<PatchOperation>,
    /// The document that it runs, by name or ARN. Usually AWS-RunPatchBaseline. Only for run-patch-baseline and
    /// patch-now-running.
    pub document: Option<String>,
    /// The document of the maintenance window's task. Usually AWS-RunPatchBaseline. Only for maintenance-window.
    pub task: Option<String>,
    /// When it runs: `rate(30 minutes)`, `cron(0 2 ? * SUN *)` or `at(2026-11-10T02:00:00)`. Maintenance windows take every
    /// cron and rate expression, associations some. Not for patch-now-running.
    pub schedule: Option<Schedule>,
    /// `ScheduleOffset`: how many days later than `schedule` says, 1 to 6. Only with a cron expression.
    #[schemars(range(min = 1, max = 6))]
    pub offset_days: Option<u32>,
    /// `ScheduleTimezone`: the IANA time zone of `schedule`, usually UTC. Only for maintenance-window.
    pub time_zone: Option<String>,
    /// When it first runs: a date or a timestamp. Nothing ran before. For patch-now-running: when the command was sent.
    pub start: Option<String>,
    /// How many seconds a run takes on an instance. Usually as long as a command of orgpatch would.
    pub seconds: Option<u32>,
    /// The targets: `all`, or `tag:Key=Value`. Usually the instances of the entry, by their ids. Not for patch
    /// policies.
    pub target: Option<TargetEntry>,
    /// `Duration` of the maintenance window, in hours: 1 to 24, usually 3. Only for maintenance-window.
    #[schemars(range(min = 1, max = 24))]
    pub duration_hours: Option<u32>,
    /// `Cutoff` of the maintenance window, in hours: less than durationHours, usually 1. Only for maintenance-window.
    #[schemars(range(max = 23))]
    pub cutoff_hours: Option<u32>,
    /// On how many instances the maintenance window works at the same time. Usually on all. It is open until it has worked
    /// on every one. Only for maintenance-window.
    #[schemars(range(min = 1))]
    pub max_concurrency: Option<u32>,
    /// Whether the maintenance window is enabled. Usually it is. Only for maintenance-window.
    pub enabled: Option<bool>,
    /// Whether the targets are registered with the maintenance window. Usually they are. Otherwise the task names them.
    /// Only for maintenance-window.
    pub registered: Option<bool>,
}

/// The kind of a competing patcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssociationName {
    /// A patch policy of Quick Setup: an association that scans, an association that installs, and the tag that both
    /// target.
    QuickSetupPatchPolicy,
    /// The daily scan of Quick Setup host management.
    HostManagementScan,
    /// An association of AWS-RunPatchBaseline.
    RunPatchBaseline,
    /// An association of AWS-RunPatchBaselineAssociation.
    RunPatchBaselineAssociation,
    /// An association of AWS-RunPatchBaselineWithHooks.
    RunPatchBaselineWithHooks,
    /// An association that does not patch.
    UpdateSsmAgent,
    /// A maintenance window with a patch task.
    MaintenanceWindow,
    /// A patch command that was sent before the clock started and still runs.
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
    /// Returns a patcher with everything else left out.
    pub fn new(name: AssociationName) -> Self {
        Self {
            name,
            id: None,
            operation: None,
            document: None,
            task: None,
            schedule: None,
            offset_days: None,
            time_zone: None,
            start: None,
            seconds: None,
            target: None,
            duration_hours: None,
            cutoff_hours: None,
            max_concurrency: None,
            enabled: None,
            registered: None,
        }
    }

    /// Returns the schedule with its offset and in its time zone.
    pub fn shifted_schedule(&self) -> Option<Schedule> {
        let zone = self.time_zone.as_deref().and_then(schedule::time_zone);
        self.schedule.clone().map(|schedule| schedule.shifted(self.offset_days.unwrap_or_default(), zone))
    }

    fn contradictions_of_schedule(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let is_cron = self.schedule.as_ref().is_some_and(Schedule::is_cron);
        if self.offset_days.is_some_and(|days| !(1..=6).contains(&days) || !is_cron) {
            found.push(("offsetDays", "expected 1 to 6, with a cron expression".to_owned()));
        }
        if self.time_zone.as_deref().is_some_and(|name| schedule::time_zone(name).is_none()) {
            found.push(("timeZone", "expected an IANA time zone such as Asia/Tokyo".to_owned()));
        }
        let restricted = self.schedule.as_ref().filter(|_| self.name != AssociationName::MaintenanceWindow);
        if let Some(Err(problem)) = restricted.map(Schedule::check_for_association) {
            found.push(("schedule", problem));
        }
        found
    }

    /// Returns what contradicts itself: the field, and what is wrong with it.
    pub fn contradictions(&self) -> Vec<(&'static str, String)> {
        use AssociationName::{
            MaintenanceWindow, PatchNowRunning, QuickSetupPatchPolicy, RunPatchBaseline, UpdateSsmAgent,
        };
        let mut found = Vec::new();
        let window = self.name == MaintenanceWindow;
        let only_windows = "is only for maintenance-window";
        for (field, given, fits, text) in [
            ("task", self.task.is_some(), window, only_windows),
            ("durationHours", self.duration_hours.is_some(), window, only_windows),
            ("cutoffHours", self.cutoff_hours.is_some(), window, only_windows),
            ("maxConcurrency", self.max_concurrency.is_some(), window, only_windows),
            ("enabled", self.enabled.is_some(), window, only_windows),
            ("registered", self.registered.is_some(), window, only_windows),
            ("timeZone", self.time_zone.is_some(), window, only_windows),
            (
                "document",
                self.document.is_some(),
                matches!(self.name, RunPatchBaseline | PatchNowRunning),
                "is only for run-patch-baseline and patch-now-running",
            ),
            (
                "schedule",
                self.schedule.is_some(),
                self.name != PatchNowRunning,
                "is not for patch-now-running, which runs once",
            ),
            (
                "target",
                self.target.is_some(),
                self.name != QuickSetupPatchPolicy,
                "is not for quick-setup-patch-policy, which targets its own tag",
            ),
            (
                "operation",
                self.operation.is_some(),
                !matches!(self.name, QuickSetupPatchPolicy | UpdateSsmAgent),
                "is not for quick-setup-patch-policy, which scans and installs, nor for update-ssm-agent, which does neither",
            ),
        ] {
            if given && !fits {
                found.push((field, text.to_owned()));
            }
        }
        found.extend(self.contradictions_of_schedule());
        if let Some(Err(text)) = self.start.as_deref().map(clock::parse) {
            found.push(("start", text));
        }
        if window && self.target == Some(TargetEntry::All) {
            found.push((
                "target",
                "all is not for maintenance-window, which targets a tag or, without target, the instances by their ids"
                    .to_owned(),
            ));
        }
        if self.max_concurrency == Some(0) {
            found.push(("maxConcurrency", "expected 1 or more".to_owned()));
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

/// A patch operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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

/// Targets of an association or a maintenance window, other than instance ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum TargetEntry {
    /// Every managed instance.
    All,
    /// The instances with this tag: key and value.
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

/// Returns the tag that Quick Setup puts on the instances of a patch policy. Its key has the id of the configuration,
/// its value the policy's name. Without an id in the scenario, all policies share a derived one.
pub fn policy_tag(id: Option<&str>) -> (String, String) {
    let derived = || ids::hex(&["quick-setup"], 5);
    (format!("QSConfigName-{}", id.map_or_else(derived, str::to_owned)), id.unwrap_or("patch-policy").to_owned())
}
