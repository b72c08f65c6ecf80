//! The scenario file, as people write it: typed, strict, with every field of the format.
//!
//! What each field means to people who write scenarios is in the README of this crate.
mod baselines;
mod competing;
mod instances;
mod network;
mod short_forms;

use crate::facts::operating_systems::Os;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use baselines::{BaselineEntry, baselines, find as find_in_baselines};
pub use competing::{AssociationEntry, AssociationName, TargetWord, policy_tag};
pub use instances::{
    AgentState, Behaviour, BehaviourEntry, FleetEntry, InstanceState, Metadata, Ping, Presence, agent_state,
};
pub use network::{Egress, EndpointEntry, EndpointGroup, EndpointPlace, NetworkAcl, NetworkEntry, Policy, WayOut};
pub use short_forms::{Form, Switch};

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not a scenario; the message names field and line.
    #[error("{0}")]
    Syntax(String),
    /// The parts contradict each other; one line for each finding.
    #[error("{}", .0.join("\n"))]
    Contradiction(Vec<String>),
}

/// Reads and checks a scenario. Fails on the first syntax error, or with all contradictions at once.
pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    let scenario: Scenario = serde_saphyr::from_str(text).map_err(|error| ScenarioError::Syntax(error.to_string()))?;
    let findings = crate::scenario_check::check(&scenario);
    if findings.is_empty() { Ok(scenario) } else { Err(ScenarioError::Contradiction(findings)) }
}

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    /// Always 1.
    pub schema_version: u32,
    /// Simulated time.
    pub clock: ClockEntry,
    /// The management account's id.
    pub management: String,
    /// Top-level organizational units.
    #[serde(default)]
    pub organization: Vec<OuEntry>,
    /// What is special about an account; one that no OU names sits directly under the root.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountEntry>,
    /// The patch catalogue.
    #[serde(default)]
    pub patches: Vec<PatchEntry>,
    /// The instances.
    #[serde(default)]
    pub fleet: Vec<FleetEntry>,
    /// What goes wrong between caller and cloud.
    #[serde(default)]
    pub faults: Vec<FaultEntry>,
    /// Change calendars: documents that every account can ask for.
    #[serde(default)]
    pub calendars: Vec<CalendarEntry>,
    /// Does Organizations answer with `Account.Paths`? Older partitions do not.
    #[serde(default = "yes")]
    pub paths: bool,
    /// Does Organizations now and then answer an empty page with a `NextToken`?
    #[serde(default = "yes")]
    pub empty_pages: bool,
}

/// Simulated time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockEntry {
    /// RFC 3339.
    pub start: String,
    /// Simulated seconds per real second.
    #[serde(default = "default_speed")]
    pub speed: f64,
}

/// An organizational unit and what is below it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuEntry {
    /// Its name.
    pub ou: String,
    /// Its id; derived from the path when absent.
    pub id: Option<String>,
    /// Accounts directly in it.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// OUs directly in it.
    #[serde(default)]
    pub ous: Vec<OuEntry>,
}

/// What is special about an account.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountEntry {
    /// Its name; derived from the id when absent.
    pub name: Option<String>,
    /// Its address; derived from the id when absent.
    pub email: Option<String>,
    /// `Account.State`.
    #[serde(default)]
    pub state: AccountState,
    /// Is the member role there? The cloud around this simulator acts on it.
    #[serde(default)]
    pub member_role: MemberRole,
    /// Regions that are switched off in this account.
    #[serde(default)]
    pub disabled_regions: Vec<String>,
    /// Default Host Management Configuration: `on`, `off`, or the Regions where it is on.
    #[serde(default)]
    pub default_host_management: Switch,
    /// Its own patch baselines when the clock starts.
    #[serde(default)]
    pub baselines: Vec<BaselineEntry>,
}

/// `Account.State` of the Organizations API.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum AccountState {
    PendingActivation,
    #[default]
    Active,
    Suspended,
    PendingClosure,
    Closed,
}

/// The state of the member role in an account.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRole {
    /// It can be assumed.
    #[default]
    Present,
    /// There is none.
    Absent,
    /// It trusts somebody else.
    WrongExternalId,
}

/// A patch: a package or an update at one version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PatchEntry {
    /// Package name with architecture, or a KB number.
    pub id: String,
    /// Its version. The same id may occur again with a later one.
    #[serde(default)]
    pub version: String,
    /// The system that it is for.
    pub os: Os,
    /// Date or timestamp of its release.
    pub released: String,
    /// Date or timestamp at which its advisory was updated: Amazon Linux 2 counts from then on.
    pub updated: Option<String>,
    /// `Security`, `Bugfix`, `SecurityUpdates` … Empty when no advisory covers it.
    pub classification: String,
    /// Absent for packages whose repository states none.
    pub severity: Option<String>,
    /// Its priority on Debian and Ubuntu; absent: it fits any.
    pub priority: Option<String>,
    /// The product it is for, for example `AmazonLinux2023`; absent: it fits any.
    pub product: Option<String>,
    /// The family of that product, for example `Office`; absent: it fits any.
    pub product_family: Option<String>,
    /// Is it for Windows itself or for an application on it?
    #[serde(default)]
    pub patch_set: PatchSet,
    /// CVE ids that it closes; the API names them while it is missing.
    #[serde(default)]
    pub cve_ids: Vec<String>,
    /// Does it take effect only after a reboot?
    #[serde(default)]
    pub reboot: bool,
    /// The Windows update that replaces it: once that one is out, this one is never installed.
    pub superseded_by: Option<String>,
    /// Ids of packages that are installed together with it, at the newest version that is not blocked.
    #[serde(default)]
    pub requires: Vec<String>,
}

/// `PATCH_SET` of an update.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum PatchSet {
    #[default]
    Os,
    Application,
}

/// Something that goes wrong between caller and cloud. Exactly one of the four effects is given.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FaultEntry {
    /// `ssm:SendCommand`, `ssm:Describe*`, `ssm:*`, `*:*`.
    pub operation: String,
    /// Effect: this error code instead of an answer; the call is not executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Effect: this many *real* milliseconds before the call is executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Effect: the call is executed, its caller never hears of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_response: Option<bool>,
    /// Effect: the caller dies, before the call is executed or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_caller: Option<KillCaller>,
    /// How often; 1 when absent, without limit for a latency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many matching calls pass untouched first.
    #[serde(default)]
    pub after: u32,
    /// Only calls into this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only calls in this Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only calls whose body contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// When a caller dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KillCaller {
    /// The call is not executed.
    Before,
    /// The call is executed.
    After,
}

/// A change calendar.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarEntry {
    /// Name of its document.
    pub name: String,
    /// Its state when the clock starts.
    pub state: CalendarState,
    /// When it changes.
    #[serde(default)]
    pub changes: Vec<CalendarChange>,
}

/// A change of a calendar's state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarChange {
    /// RFC 3339.
    pub at: String,
    /// The state from then on.
    pub to: CalendarState,
}

/// May changes be made?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum CalendarState {
    Open,
    Closed,
}

fn yes() -> bool {
    true
}

fn default_speed() -> f64 {
    600.0
}

#[cfg(test)]
mod tests;
