//! What a scenario says about instances: where they are, what is on them, how they behave.
use super::{
    bulk::{ManyTagsEntry, MissingEntry},
    competing::AssociationEntry,
    network::NetworkEntry,
    short_forms::{NameOrMap, Named, named},
};
use crate::facts::{ids, operating_systems::Os, regions};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One instance, or `count` equal instances.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FleetEntry {
    /// The account that owns them.
    #[schemars(regex(pattern = ids::ACCOUNT_PATTERN))]
    pub account: String,
    /// The Region that they are in.
    #[schemars(regex(pattern = regions::PATTERN))]
    pub region: String,
    /// How many instances the entry stands for. Usually 1.
    pub count: Option<u32>,
    /// The id of a single instance. Usually derived from account, Region and position.
    #[schemars(regex(pattern = ids::NODE_PATTERN))]
    pub id: Option<String>,
    /// Whether they are hybrid nodes: servers elsewhere that were registered with Systems Manager, with ids of their own (`mi-…`).
    /// EC2 does not know them, and their tags are those of Systems Manager.
    #[serde(default)]
    pub hybrid: bool,
    /// Their operating system.
    pub os: Os,
    /// `PlatformVersion` as SSM reports it.
    pub os_version: Option<String>,
    /// `PlatformName` of a system that Patch Manager does not know, for example Bottlerocket. Every operation fails on
    /// it.
    pub platform_name: Option<String>,
    /// The language of Windows, such as `de`: titles of patches are those of that language. Only for WINDOWS.
    pub language: Option<String>,
    /// Features of Windows that are installed, such as `IIS`. Only for WINDOWS.
    #[serde(default)]
    pub features: Vec<String>,
    /// EC2 tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Tags with long values, in addition to `tags`. An instance has at most 50 tags.
    pub many_tags: Option<ManyTagsEntry>,
    /// The Auto Scaling group of the instances. The tag `aws:autoscaling:groupName` shows it.
    pub auto_scaling_group: Option<String>,
    /// Whether the instances run when the scenario starts.
    #[serde(default)]
    pub state: InstanceState,
    /// Their later states, in the order of time.
    #[serde(default)]
    pub changes: Vec<StateChange>,
    /// Whether Systems Manager manages the instances. Usually agent, credentials and network decide.
    pub managed: Option<bool>,
    /// The version of the agent, such as `3.3.987.0`, or `absent`, or `stopped` (installed, but not running).
    #[serde(default = "super::defaults::agent")]
    #[schemars(regex(pattern = r"^(absent|stopped|[0-9]{1,6}(\.[0-9]{1,6}){2,3})$"))]
    pub agent: String,
    /// Whether the agent uses dual-stack endpoints (`UseDualStackEndpoint`). It needs version 3.3.3270.0 or later.
    #[serde(default)]
    pub dual_stack_endpoints: bool,
    /// Whether the agent answers when the scenario starts.
    #[serde(default)]
    pub ping: Ping,
    /// Whether there is an instance profile. Usually there is, unless `managed` is false.
    pub instance_profile: Option<Presence>,
    /// The instance metadata service: `on` (tokens required), `off`, or `optional-v1`.
    #[serde(default, deserialize_with = "named")]
    pub metadata: Metadata,
    /// The version of Python, such as `3.9`, or `absent`. Usually a version that works.
    #[schemars(regex(pattern = r"^(absent|[0-9]+(\.[0-9]+){1,2})$"))]
    pub python: Option<String>,
    /// Whether inventory is collected on the instances.
    #[serde(default)]
    pub inventory: bool,
    /// The network of the instances. Without it, everything is reachable.
    pub network: Option<NetworkEntry>,
    /// How many seconds the clock of the instances is ahead. Negative if it is behind. The times in their compliance and
    /// in the steps of their invocations come from it.
    #[serde(default)]
    #[schemars(range(min = -86_400, max = 86_400))]
    pub clock_skew_seconds: i64,
    /// The letter of their Availability Zone: `a` to `f`. Usually `a`.
    #[serde(default = "super::defaults::zone")]
    #[schemars(regex(pattern = "^[a-f]$"))]
    pub zone: String,
    /// Ids of patches that are installed when the clock starts, at the version that is then the newest.
    #[serde(default)]
    pub installed: Vec<String>,
    /// Made-up patches that the instances lack when the clock starts, in addition to those of `patches`.
    pub missing: Option<MissingEntry>,
    /// How the agent behaves.
    #[serde(default)]
    pub behaviour: BehaviourEntry,
    /// Competing patchers of the instances. Each is a name, or a map with `name` and more.
    #[serde(default)]
    pub associations: Vec<NameOrMap<AssociationEntry>>,
}

/// The state of an agent, as `agent` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState<'a> {
    /// There is no agent.
    Absent,
    /// The agent is installed and does not run.
    Stopped,
    /// The agent runs, in this version.
    Version(&'a str),
}

/// Reads `agent`. None for a text that is neither a state nor a version.
pub fn agent_state(text: &str) -> Option<AgentState<'_>> {
    let numbers: Vec<_> = text.split('.').collect();
    let number = |n: &&str| !n.is_empty() && n.len() <= 6 && n.bytes().all(|b| b.is_ascii_digit());
    match text {
        "absent" => Some(AgentState::Absent),
        "stopped" => Some(AgentState::Stopped),
        _ => ((3..=4).contains(&numbers.len()) && numbers.iter().all(number)).then_some(AgentState::Version(text)),
    }
}

/// The state of an instance.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// It runs.
    #[default]
    Running,
    /// It is starting, and its agent does not run yet.
    Pending,
    /// It is stopped.
    Stopped,
    /// It does not exist any more. EC2 lists it for another hour.
    Terminated,
    /// It does not exist yet.
    Absent,
}

/// A later state of an instance.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateChange {
    /// How many seconds after the start of the scenario.
    pub after: u32,
    /// The state from then on.
    pub state: InstanceState,
}

/// Whether an agent answers when the scenario starts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ping {
    /// The agent answers: `PingStatus` Online.
    #[default]
    Online,
    /// The agent is known but does not answer: `PingStatus` ConnectionLost.
    ConnectionLost,
}

/// Whether something exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Presence {
    Present,
    Absent,
}

/// The instance metadata service.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Metadata {
    /// On, with tokens required.
    #[default]
    On,
    /// Off. No process on the instance gets credentials.
    Off,
    /// On, with tokens optional: version 1 is answered too.
    OptionalV1,
}

impl Named for Metadata {
    const NAMES: &'static str = "on, off, optional-v1";

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "on" | "true" => Self::On,
            "off" | "false" => Self::Off,
            "optional-v1" => Self::OptionalV1,
            _ => return None,
        })
    }
}

/// How an agent behaves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct BehaviourEntry {
    /// What happens during a Scan: `ok`, `fail`, `agent-lost`, `stopped`, `terminated` or `never-starts`.
    pub scan: Behaviour,
    /// What happens during an Install: `ok`, `fail`, `agent-lost`, `stopped`, `terminated`, `reboot-hangs`, `never-starts`
    /// or `patch-fails:<id>`.
    pub install: Behaviour,
    /// How many seconds an Install takes, with its reboot. A Scan takes as long, but at most 30 seconds.
    pub seconds: u32,
    /// The exit code of the step. 0 means 1 where the behaviour is `fail`.
    pub exit_code: i64,
    /// Whether the agent goes offline by itself after it has answered its first Scan.
    pub offline_after_scan: bool,
    /// The state of the instance after its agent has answered a Scan: `stopped` or `terminated`.
    pub after_scan: Option<InstanceState>,
    /// The same, after an Install.
    pub after_install: Option<InstanceState>,
}

impl Default for BehaviourEntry {
    fn default() -> Self {
        Self {
            scan: Behaviour::Ok,
            install: Behaviour::Ok,
            seconds: 120,
            exit_code: 0,
            offline_after_scan: false,
            after_scan: None,
            after_install: None,
        }
    }
}

/// What happens when the agent runs an operation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Behaviour {
    /// The operation works.
    Ok,
    /// The operation ends with an error and changes nothing.
    Fail,
    /// The agent vanishes half-way.
    AgentLost,
    /// The instance is stopped half-way.
    Stopped,
    /// The instance is terminated half-way.
    Terminated,
    /// Everything is installed, but the machine does not come back from its reboot.
    RebootHangs,
    /// The agent answers pings but never picks up the command.
    NeverStarts,
    /// Every patch but this one is installed.
    PatchFails(String),
}

impl TryFrom<String> for Behaviour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "ok" => Ok(Self::Ok),
            "fail" => Ok(Self::Fail),
            "agent-lost" => Ok(Self::AgentLost),
            "stopped" => Ok(Self::Stopped),
            "terminated" => Ok(Self::Terminated),
            "reboot-hangs" => Ok(Self::RebootHangs),
            "never-starts" => Ok(Self::NeverStarts),
            other => other.strip_prefix("patch-fails:").filter(|id| !id.is_empty()).map_or_else(
                || {
                    Err(format!(
                        "unknown behaviour `{other}`, expected ok, fail, agent-lost, stopped, terminated, reboot-hangs, never-starts or patch-fails:<id>"
                    ))
                },
                |id| Ok(Self::PatchFails(id.to_owned())),
            ),
        }
    }
}
