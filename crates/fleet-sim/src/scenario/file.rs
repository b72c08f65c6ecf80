//! The scenario file as a whole.
use super::{
    calendars::CalendarEntry,
    documents::DocumentEntry,
    faults::FaultEntry,
    in_doubt::InDoubt,
    instances::FleetEntry,
    organization::{AccountChange, AccountEntry, OuEntry, OuRename},
    patches::PatchEntry,
};
use crate::{facts::ids, patching::command::CommandClock};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A scenario of fleet-sim: an AWS organization that exists only here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    /// The version of the format: always 1.
    #[schemars(extend("const" = 1))]
    pub schema_version: u32,
    /// Simulated time.
    pub clock: ClockEntry,
    /// The id of the management account, in which everything is deployed.
    #[schemars(regex(pattern = ids::ACCOUNT_PATTERN))]
    pub management: String,
    /// Top-level organizational units. The tree may have five levels.
    #[serde(default)]
    pub organization: Vec<OuEntry>,
    /// Details of accounts by id. An account that no OU names sits directly under the root.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": ids::ACCOUNT_PATTERN}))]
    pub accounts: BTreeMap<String, AccountEntry>,
    /// Later moves, closures, beginnings and ends of membership of accounts.
    #[serde(default)]
    pub account_changes: Vec<AccountChange>,
    /// Later names of OUs.
    #[serde(default)]
    pub ou_renames: Vec<OuRename>,
    /// The patch catalogue.
    #[serde(default)]
    pub patches: Vec<PatchEntry>,
    /// The instances.
    #[serde(default)]
    pub fleet: Vec<FleetEntry>,
    /// Faults between callers and the cloud.
    #[serde(default)]
    pub faults: Vec<FaultEntry>,
    /// Limits of Lambda in the management account.
    #[serde(default)]
    pub lambda: LambdaEntry,
    /// Change calendars. Every account can ask for them.
    #[serde(default)]
    pub calendars: Vec<CalendarEntry>,
    /// SSM documents of accounts.
    #[serde(default)]
    pub documents: Vec<DocumentEntry>,
    /// What times the invocations of Run Command's commands: those of the API, of maintenance windows and of
    /// patch-now-running. Usually `per-invocation`.
    #[serde(default)]
    pub run_command: CommandClock,
    /// Answers to questions that AWS's documentation leaves open.
    #[serde(default)]
    pub in_doubt: InDoubt,
    /// Whether Organizations answers `Account.Paths`. Older partitions do not.
    #[serde(default = "super::defaults::yes")]
    pub paths: bool,
    /// Whether Organizations sometimes answers an empty page with a `NextToken`.
    #[serde(default = "super::defaults::yes")]
    pub empty_pages: bool,
}

/// Limits of Lambda in the management account. The local cloud applies them.
#[derive(Debug, Clone, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct LambdaEntry {
    /// How many invocations may be in flight at the same time. A new account has 10.
    #[schemars(range(min = 1))]
    pub concurrent_executions: u32,
    /// How many simulated seconds an invocation of a function lasts, by the end of the function's name: `scan` means
    /// `orgpatch-scan`. An invocation of a function that is not here takes no simulated time of its own.
    pub seconds: BTreeMap<String, u32>,
    /// The time limit of a function in real seconds, in place of that of the template, by the end of its name. At 60 a function of
    /// orgpatch that works in parts has time for one part.
    pub timeouts: BTreeMap<String, u32>,
}

impl Default for LambdaEntry {
    fn default() -> Self {
        // Quota "Concurrent executions" (AWS Lambda developer guide, "Lambda quotas").
        Self { concurrent_executions: 1_000, seconds: BTreeMap::new(), timeouts: BTreeMap::new() }
    }
}

/// Simulated time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockEntry {
    /// When simulated time begins: a date or a timestamp (RFC 3339).
    pub start: String,
    /// Simulated seconds per real second.
    #[serde(default = "super::defaults::speed")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub speed: f64,
}
