//! The format of the scenario file: typed and strict.
//!
//! The README of this crate describes every field for people who write scenarios. `schemas/scenario.schema.json` is
//! made from these types.
mod baselines;
mod bulk;
mod calendars;
mod competing;
mod defaults;
mod documents;
mod faults;
mod file;
mod in_doubt;
mod instances;
mod network;
mod organization;
mod patches;
mod schema;
mod short_forms;

pub use baselines::BaselineEntry;
pub use bulk::{MOST_CVES, MOST_PATCHES, ManyTagsEntry, MissingEntry, made_up_id, made_up_patches};
pub use calendars::{CalendarEntry, CalendarState};
pub use competing::{AssociationEntry, AssociationName, TargetEntry, policy_tag};
pub use documents::DocumentEntry;
pub use faults::{FaultEntry, KillCaller};
pub use file::{LambdaEntry, Scenario};
pub use in_doubt::{Answer, InDoubt};
pub use instances::{
    AgentState, Behaviour, BehaviourEntry, FleetEntry, InstanceState, Metadata, Ping, Presence, StateChange,
    agent_state,
};
pub use network::{
    Egress, EndpointEntry, EndpointGroup, EndpointPlace, Ipv6, Ipv6WayOut, NetworkAcl, NetworkEntry, Policy, WayOut,
};
pub use organization::{AccountChange, AccountState, MemberRole, OuEntry, OuRename};
pub use patches::{PatchEntry, PatchSet};
pub use short_forms::{NameOrMap, Switch};
