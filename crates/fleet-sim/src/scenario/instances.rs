//! What a scenario says about instances: where they are, what is on them, how they behave.
use super::{
    competing::AssociationEntry,
    network::NetworkEntry,
    short_forms::{NameOrMap, Named, named},
};
use crate::facts::operating_systems::Os;
use serde::Deserialize;
use std::collections::BTreeMap;

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
    /// `PlatformName` of a system that Patch Manager does not know, for example Bottlerocket. Operations fail on it.
    pub platform_name: Option<String>,
    /// EC2 tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The Auto Scaling group that they are in: a tag tells it.
    pub auto_scaling_group: Option<String>,
    /// Does it run?
    #[serde(default)]
    pub state: InstanceState,
    /// Is it a managed node of Systems Manager? When absent, the facts below decide.
    pub managed: Option<bool>,
    /// Version of the agent, or `absent`, or `stopped`: it was never started.
    #[serde(default = "super::defaults::agent")]
    pub agent: String,
    /// Does the agent answer when the scenario starts?
    #[serde(default)]
    pub ping: Ping,
    /// Is there an instance profile? When absent: yes, unless `managed` is false.
    pub instance_profile: Option<Presence>,
    /// The instance metadata service.
    #[serde(default, deserialize_with = "named")]
    pub metadata: Metadata,
    /// Version of Python on the node, or `absent`. When not given, one that works.
    pub python: Option<String>,
    /// Is inventory collected on it?
    #[serde(default)]
    pub inventory: bool,
    /// Its network. When absent, nothing is in the way of anything.
    pub network: Option<NetworkEntry>,
    /// Ids of patches that are there already, at the version that was newest when the clock starts.
    #[serde(default)]
    pub installed: Vec<String>,
    /// How the agent behaves.
    #[serde(default)]
    pub behaviour: BehaviourEntry,
    /// Who else patches it.
    #[serde(default)]
    pub associations: Vec<NameOrMap<AssociationEntry>>,
}

/// What `agent` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState<'a> {
    /// There is none.
    Absent,
    /// It is installed and does not run.
    Stopped,
    /// It runs, in this version.
    Version(&'a str),
}

/// Reads `agent`; none for what is neither a word nor a version.
pub fn agent_state(text: &str) -> Option<AgentState<'_>> {
    let numbers: Vec<_> = text.split('.').collect();
    let number = |n: &&str| !n.is_empty() && n.len() <= 6 && n.bytes().all(|b| b.is_ascii_digit());
    match text {
        "absent" => Some(AgentState::Absent),
        "stopped" => Some(AgentState::Stopped),
        _ => ((3..=4).contains(&numbers.len()) && numbers.iter().all(number)).then_some(AgentState::Version(text)),
    }
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

/// Is something there?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
    /// Off: nobody on the instance gets credentials.
    Off,
    /// On, version 1 is answered too.
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
    /// Does the agent go offline by itself, as soon as it has answered its first Scan?
    pub offline_after_scan: bool,
}

impl Default for BehaviourEntry {
    fn default() -> Self {
        Self { scan: Behaviour::Ok, install: Behaviour::Ok, seconds: 120, exit_code: 0, offline_after_scan: false }
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
