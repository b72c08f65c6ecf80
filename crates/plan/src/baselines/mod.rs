//! Baselines in a plan: which patches may be installed per operating system, and when they are approved.

mod advisories;
mod filters;
mod lists;
mod model;
mod read;
mod read_filters;
mod read_sources;
mod relations;
mod sources;
mod values;

pub use filters::{FilterKey, has_approval_dates};
pub use model::{Approve, ComplianceLevel, MAX_PATCHES, PatchSource, PlannedBaseline, PlannedRule, RejectedAction};
pub(super) use model::{
    LONGEST_DELAY, MAX_CONFIGURATION, MAX_FILTERS, MAX_PATCH_GROUP, MAX_PATCH_GROUPS, MAX_PATCH_ID, MAX_PRODUCT,
    MAX_RULES, MAX_SOURCES, MAX_VALUE, MAX_VALUES,
};
pub(super) use read::{APPROVE, BASELINE, GLOBAL_FILTERS, RULE, SOURCE, baselines, stage_approve, stage_untested};
pub(super) use relations::{AlreadyReported, Baselines, Entry, Inherited, Own, check, check_first};
pub use sources::AllowedSources;
#[cfg(test)]
pub(super) use values::documented;
