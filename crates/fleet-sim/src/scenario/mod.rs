//! The scenario file, as people write it: typed, strict, with every field of the format.
//!
//! What each field means to people who write scenarios is in the README of this crate.
mod baselines;
mod calendars;
mod competing;
mod defaults;
mod faults;
mod file;
mod instances;
mod network;
mod organization;
mod patches;
mod short_forms;

pub use baselines::BaselineEntry;
pub use calendars::{CalendarEntry, CalendarState};
pub use competing::{AssociationEntry, AssociationName, TargetEntry, policy_tag};
pub use faults::{FaultEntry, KillCaller};
pub use file::Scenario;
pub use instances::{
    AgentState, Behaviour, BehaviourEntry, FleetEntry, InstanceState, Metadata, Ping, Presence, agent_state,
};
pub use network::{Egress, EndpointEntry, EndpointGroup, EndpointPlace, NetworkAcl, NetworkEntry, Policy, WayOut};
pub use organization::{AccountState, MemberRole, OuEntry};
pub use patches::{PatchEntry, PatchSet};
pub use short_forms::{NameOrMap, Switch};
