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
    // Without the first stage in the run, it was tested in another run of the case, in accounts that are not in this one.
    let has_first = evidence.rows().any(|row| Some(row.stage.as_str()) == first);
    let accounts: BTreeSet<&str> = evidence.rows().map(|row| row.account_id.as_str()).collect();
    let elsewhere = evidence.truth.values().filter(|truth| !has_first && !accounts.contains(truth.account.as_str()));
    let elsewhere: BTreeSet<(&String, &String)> = elsewhere.flat_map(|truth| &truth.installed_versions).collect();
    let is_tested =
        |patch: &(Platform, String, String)| tested.contains(patch) || elsewhere.contains(&(&patch.1, &patch.2));
    let untested = installed(&blocks).into_iter().filter(|patch| !is_tested(patch));
    untested.map(|(os, id, version)| format!("{id} {version} for {os} was installed, but not tested")).collect()
}
