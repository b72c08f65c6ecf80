//! The scenario file, as people write it: typed, strict, with every field of the format.
//!
//! A field that no part of the simulator reads yet is still parsed into its type: it is a fact about the fleet that
//! later features (readiness, conflicts, calendars) ask for, and a typing error in it must be found today.
mod baselines;
mod check;

use crate::platform::Os;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use baselines::{BaselineEntry, baselines};
pub use check::check;

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
    let findings = check(&scenario);
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
    /// Change calendars. A fact for later.
    #[serde(default)]
    #[allow(dead_code, reason = "a fact for later: GetCalendarState is not simulated yet")]
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

/// One instance, or `count` instances that are alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FleetEntry {
    /// The account that owns them.
    pub account: String,
    /// Their Region.
    pub region: String,
    /// How many; 1 when absent.
    pub count: Option<u32>,
    /// The id of a single instance; derived from account, Region and position when absent.
    pub id: Option<String>,
    /// Their operating system.
    pub os: Os,
    /// `PlatformVersion` as SSM reports it.
    pub os_version: Option<String>,
    /// EC2 tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Does it run?
    #[serde(default)]
    pub state: InstanceState,
    /// Is it a managed node of Systems Manager?
    #[serde(default = "yes")]
    pub managed: bool,
    /// Version of the agent.
    #[serde(default = "default_agent")]
    pub agent: String,
    /// Does the agent answer when the scenario starts?
    #[serde(default)]
    pub ping: Ping,
    /// Version of Python on the node. A fact for later.
    #[allow(dead_code, reason = "a fact for later: readiness")]
    pub python: Option<String>,
    /// What the node can reach. A fact for later.
    #[allow(dead_code, reason = "a fact for later: readiness")]
    pub network: Option<NetworkEntry>,
    /// Ids of patches that are there already, at the version that was newest when the clock starts.
    #[serde(default)]
    pub installed: Vec<String>,
    /// How the agent behaves.
    #[serde(default)]
    pub behaviour: BehaviourEntry,
    /// Who else patches it. A fact for later.
    #[serde(default)]
    #[allow(dead_code, reason = "a fact for later: conflicts")]
    pub associations: Vec<String>,
}

/// Does an instance run?
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are EC2's")]
pub enum InstanceState {
    #[default]
    Running,
    Stopped,
}

/// Does the agent answer when the scenario starts?
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ping {
    /// `PingStatus` Online.
    #[default]
    Online,
    /// `PingStatus` `ConnectionLost`.
    ConnectionLost,
}

/// What a node can reach. Facts for later: readiness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "facts for later: readiness")]
pub struct NetworkEntry {
    /// No route to the internet.
    #[serde(default)]
    pub private: bool,
    /// Interface and gateway endpoints of its VPC.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// May it open connections to port 443?
    #[serde(default = "yes")]
    pub egress443: bool,
    /// Is there a route to S3?
    #[serde(default = "yes")]
    pub s3_route: bool,
}

/// How an agent behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct BehaviourEntry {
    /// During a Scan.
    pub scan: Behaviour,
    /// During an Install.
    pub install: Behaviour,
    /// How long an Install takes, its reboot included; a Scan takes at most 30 of them.
    pub seconds: u32,
    /// With which code the step ends; 0 means 1 where the behaviour is `fail`.
    pub exit_code: i64,
}

impl Default for BehaviourEntry {
    fn default() -> Self {
        Self { scan: Behaviour::Ok, install: Behaviour::Ok, seconds: 120, exit_code: 0 }
    }
}

/// What happens when the agent is asked to do something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Behaviour {
    /// It works.
    Ok,
    /// It ends with an error and has done nothing.
    Fail,
    /// The agent vanishes half-way.
    AgentLost,
    /// Everything is installed; the machine does not come back from its reboot.
    RebootHangs,
    /// The agent answers pings and never picks up the command.
    NeverStarts,
    /// Everything but this patch is installed.
    PatchFails(String),
}

impl TryFrom<String> for Behaviour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "ok" => Ok(Self::Ok),
            "fail" => Ok(Self::Fail),
            "agent-lost" => Ok(Self::AgentLost),
            "reboot-hangs" => Ok(Self::RebootHangs),
            "never-starts" => Ok(Self::NeverStarts),
            other => other.strip_prefix("patch-fails:").filter(|id| !id.is_empty()).map_or_else(
                || {
                    Err(format!(
                        "unknown behaviour `{other}`, expected ok, fail, agent-lost, reboot-hangs, never-starts or patch-fails:<id>"
                    ))
                },
                |id| Ok(Self::PatchFails(id.to_owned())),
            ),
        }
    }
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

/// A change calendar. A fact for later.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "a fact for later: GetCalendarState is not simulated yet")]
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "a fact for later: GetCalendarState is not simulated yet")]
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

fn default_agent() -> String {
    "3.3.987.0".to_owned()
}

#[cfg(test)]
mod tests;
