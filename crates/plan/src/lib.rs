//! The plan: its types, the strict reader that reports every mistake at once, and its JSON Schema.

// Tests read and write golden files; `clippy.toml` bans that, and clocks and printing, everywhere else.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod baselines;
mod changed_defaults;
mod conflicts;
mod decode;
mod error;
mod gate_validity;
mod lines;
mod model;
mod pattern;
mod promotion;
mod read;
mod schema;
mod share;
mod sharing;
mod stages;
mod suggest;
mod tags;
#[cfg(test)]
mod tests;
mod time_zone;
mod working_time;
mod yaml;

pub use baselines::{
    AllowedSources, Approve, ComplianceLevel, FilterKey, MAX_PATCHES, PatchSource, PlannedBaseline, PlannedRule,
    RejectedAction, has_approval_dates,
};
pub use changed_defaults::{ChangedDefault, changed_defaults};
pub use conflicts::{ConflictSettings, Conflicts, SkipOrWarn, WhileRunning};
pub use error::{PlanError, PlanErrors, Related};
pub use gate_validity::GateValidity;
pub use model::{Exclusion, Gate, NeverReboot, Percent, Plan, Rate, Reboot, Selection, Stage, StageExclusion, Wave};
pub use promotion::Untested;
pub use read::{MAX_BYTES, read, read_with_warnings};
pub use schema::json_schema;
pub use share::{InvalidShare, MaxConcurrency, MaxErrors, MaxTargets, Share};
pub use sharing::NotShared;
pub use tags::{AnyValue, TagValues};
pub use time_zone::{ZoneName, local};
pub use working_time::{Deadline, InvalidDeadline, Passes};
