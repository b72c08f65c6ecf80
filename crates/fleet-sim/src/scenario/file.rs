//! The whole file.
use super::{
    calendars::CalendarEntry,
    faults::FaultEntry,
    instances::FleetEntry,
    organization::{AccountEntry, OuEntry},
    patches::PatchEntry,
};
use serde::Deserialize;
use std::collections::BTreeMap;

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
    #[serde(default = "super::defaults::yes")]
    pub paths: bool,
    /// Does Organizations now and then answer an empty page with a `NextToken`?
    #[serde(default = "super::defaults::yes")]
    pub empty_pages: bool,
}

/// Simulated time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockEntry {
    /// RFC 3339.
    pub start: String,
    /// Simulated seconds per real second.
    #[serde(default = "super::defaults::speed")]
    pub speed: f64,
}
