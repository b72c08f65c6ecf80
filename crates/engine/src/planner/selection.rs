//! Which units and Regions the stages of a plan name.

use std::collections::HashSet;

use orgpatch_plan::{Plan, Stage};

/// Returns every root and organizational unit that the plan names.
#[must_use]
pub fn units_of(plan: &Plan) -> HashSet<String> {
    plan.stages.iter().flat_map(|stage| stage.ous.iter().chain(&stage.exclude.ous)).cloned().collect()
}

/// Returns the Regions of a stage: its own, else the plan's.
pub(super) fn regions_of<'p>(plan: &'p Plan, stage: &'p Stage) -> &'p [String] {
    if stage.regions.is_empty() { &plan.regions } else { &stage.regions }
}
