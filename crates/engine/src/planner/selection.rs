//! What a stage selects, with the plan's own values filled in.

use std::collections::HashSet;

use orgpatch_plan::{Plan, Selection, Stage, TagValues};

/// Returns every root and organizational unit that the plan names.
#[must_use]
pub fn units_of(plan: &Plan) -> HashSet<String> {
    plan.stages.iter().flat_map(|stage| stage.ous.iter().chain(&stage.exclude.ous)).cloned().collect()
}

/// Returns the Regions of a stage: its own, else the plan's.
pub(super) fn regions_of<'p>(plan: &'p Plan, stage: &'p Stage) -> &'p [String] {
    if stage.regions.is_empty() { &plan.regions } else { &stage.regions }
}

/// Returns the selection of a stage: `tags` and `operatingSystems` of the stage replace the plan's, exclusions add up, so
/// that nothing that the plan leaves out can come back through a stage.
#[must_use]
pub fn selection_of(plan: &Plan, stage: &Stage) -> Selection {
    let mut selection = plan.select.clone();
    let Some(own) = &stage.select else { return selection };
    if !own.tags.is_empty() {
        selection.tags.clone_from(&own.tags);
    }
    if !own.operating_systems.is_empty() {
        selection.operating_systems.clone_from(&own.operating_systems);
    }
    selection.exclude.accounts.extend(own.exclude.accounts.iter().cloned());
    selection.exclude.instances.extend(own.exclude.instances.iter().cloned());
    for (key, values) in &own.exclude.tags {
        let all = selection.exclude.tags.entry(key.clone()).or_insert_with(|| TagValues::OneOf(Vec::new()));
        all.extend(values);
    }
    selection
}
