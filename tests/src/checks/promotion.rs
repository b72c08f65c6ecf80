//! Compares what later stages install with what the first stage installed.

use std::collections::BTreeSet;

use orgpatch_model::operating_system::Platform;
use orgpatch_plan::Untested;

use crate::evidence::Evidence;

/// Checks that a stage that blocks untested patches installs only patches that the first stage installed, in this run
/// or in an earlier run of the case. It looks at the ground truth, not at the report.
#[must_use]
pub fn nothing_untested_is_installed_where_it_is_blocked(evidence: &Evidence) -> Vec<String> {
    let Some(plan) = &evidence.plan else {
        return Vec::new();
    };
    let blocks = |stage: &str| {
        let stage = plan.stages.iter().find(|one| one.name == stage);
        stage.and_then(|stage| plan.untested(stage)) == Some(Untested::Block)
    };
    let installed = |wanted: &dyn Fn(&str) -> bool| {
        let mut installed: BTreeSet<(Platform, String, String)> = BTreeSet::new();
        for row in evidence.rows().filter(|row| wanted(&row.stage)) {
            let os = row.os.clone().unwrap_or_else(|| Platform::Other(String::new()));
            let versions = evidence.truth.get(&row.instance_id).into_iter().flat_map(|truth| &truth.installed_versions);
            installed.extend(versions.map(|(id, version)| (os.clone(), id.clone(), version.clone())));
        }
        installed
    };
    let first = plan.stages.first().map(|stage| stage.name.as_str());
    let tested = installed(&|stage| Some(stage) == first);
    let untested = installed(&blocks).into_iter().filter(|patch| !tested.contains(patch));
    untested.map(|(os, id, version)| format!("{id} {version} for {os} was installed, but not tested")).collect()
}
