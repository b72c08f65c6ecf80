//! Compares the rows of the report with what really happened.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::{Outcome, RunDecision, TargetOutcome};

use crate::evidence::{Evidence, GroundTruth};

/// Checks that every instance of a target has one row if the target was entered or a halt stopped the run before it.
/// Elsewhere an instance has at most one row. A run about baselines has no rows.
#[must_use]
pub fn every_instance_of_an_entered_target_is_one_row(evidence: &Evidence) -> Vec<String> {
    // A run that broke lists nothing any more.
    let broke = evidence.report.as_ref().is_some_and(|report| report.head.run.decision == RunDecision::Error);
    let is_listed = |outcome| match outcome {
        TargetOutcome::Reached => true,
        TargetOutcome::NotAttempted => !broke,
        _ => false,
    };
    // Stages that share a target list its instances together.
    let mut listed: BTreeMap<String, bool> = BTreeMap::new();
    for target in evidence.targets() {
        let all = listed.entry(format!("{}/{}", target.account_id, target.region)).or_insert(true);
        *all &= is_listed(target.outcome);
    }
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for row in evidence.rows() {
        *rows.entry(&row.instance_id).or_default() += 1;
    }
    let complaint = |(id, truth): (&String, &GroundTruth)| {
        let place = format!("{}/{}", truth.account, truth.region);
        let n = rows.get(id.as_str()).copied().unwrap_or_default();
        match (listed.get(&place).copied().unwrap_or_default(), n) {
            // Whether it was listed depends on when its target was.
            (true, 0) if !truth.exists_during(evidence.execution.started_at, evidence.execution.stopped_at) => None,
            (_, 0) if evidence.is_about_baselines_only() => None,
            (true, 1) | (false, 0 | 1) if !evidence.is_about_baselines_only() => None,
            (_, n) => Some(format!("instance {id} of target {place} has {n} rows in report.json")),
        }
    };
    evidence.truth.iter().filter_map(complaint).collect()
}

/// Checks that every row is of an instance that exists, and has its account, Region and step.
#[must_use]
pub fn every_row_is_a_real_instance(evidence: &Evidence) -> Vec<String> {
    let mut steps: BTreeMap<String, Vec<(&str, u32)>> = BTreeMap::new();
    for target in evidence.targets() {
        let place = format!("{}/{}", target.account_id, target.region);
        steps.entry(place).or_default().push((&target.stage, target.wave));
    }
    let complaint = |row: &InstanceRow| {
        let id = &row.instance_id;
        let place = format!("{}/{}", row.account_id, row.region);
        match evidence.place(id) {
            None => Some(format!("report.json has a row for {id}, which does not exist")),
            Some(real) if real != place => Some(format!("report.json has {id} in {place}, but it is in {real}")),
            Some(_) => match steps.get(&place) {
                Some(steps) if steps.contains(&(row.stage.as_str(), row.wave)) => None,
                Some(steps) => Some(format!("row {id} is of {} wave {}, its target of {steps:?}", row.stage, row.wave)),
                None => Some(format!("row {id} is of {place}, which is no target of the run")),
            },
        }
    };
    evidence.rows().filter_map(complaint).collect()
}

/// Checks that each outcome, and each list of patches with it, is what really happened.
#[must_use]
pub fn outcomes_agree_with_the_truth(evidence: &Evidence) -> Vec<String> {
    let complaint = |row: &InstanceRow| {
        let truth = evidence.truth.get(&row.instance_id)?;
        let wrong = contradiction(row, truth, evidence.installs_of(&row.instance_id), evidence.is_only_run)?;
        Some(format!("instance {} is reported as {}, but {wrong}", row.instance_id, row.outcome))
    };
    evidence.rows().filter_map(complaint).collect()
}

fn contradiction(row: &InstanceRow, truth: &GroundTruth, started: u32, only_run: bool) -> Option<String> {
    match row.outcome {
        Outcome::Patched | Outcome::PendingReboot if started > passes(row) => {
            Some(format!("{started} installs were started"))
        }
        // The ground truth knows the baseline at the end of the case. A later run may have replaced the one that judged the row.
        Outcome::Compliant if !only_run && row.judged_by.is_some() => None,
        Outcome::Patched | Outcome::Compliant if !truth.missing.is_empty() => {
            Some(format!("{:?} are missing", truth.missing))
        }
        Outcome::Patched if started == 0 => Some("no install was ever started".to_owned()),
        Outcome::Patched if truth.installed.is_empty() && !truth.rebooted => {
            Some("nothing was installed and it did not reboot".to_owned())
        }
        // The ground truth includes what other runs of the case installed.
        Outcome::Patched if only_run && !agrees(&row.installed, row.more_missing_before, &truth.installed) => {
            Some(format!(
                "the row says that {:?} were installed, and really {:?} were",
                names(&row.installed),
                truth.installed
            ))
        }
        Outcome::Missing if only_run && truth.missing.is_empty() => Some("nothing is missing".to_owned()),
        Outcome::Missing if only_run && row.count_missing_before() != truth.missing.len() => Some(format!(
            "the row says that {} patches are missing, and really {} are",
            row.count_missing_before(),
            truth.missing.len()
        )),
        Outcome::Missing if only_run && !agrees(&row.missing_before, row.more_missing_before, &truth.missing) => {
            Some(format!(
                "the row says that {:?} are missing, and really {:?} are",
                names(&row.missing_before),
                truth.missing
            ))
        }
        Outcome::Compliant | Outcome::Skipped | Outcome::NotAttempted | Outcome::NotReady | Outcome::Missing
            if started > 0 =>
        {
            Some(format!("{started} installs were started"))
        }
        _ => None,
    }
}

/// Returns true if the listed patches are those of the ground truth, or some of them if more are not listed.
fn agrees(listed: &[orgpatch_model::patch::Patch], more: u32, truth: &BTreeSet<String>) -> bool {
    let listed = names(listed);
    if more == 0 { listed == *truth } else { listed.is_subset(truth) }
}

/// Returns the ids of patches, as the scenario writes them.
fn names(patches: &[orgpatch_model::patch::Patch]) -> BTreeSet<String> {
    patches.iter().map(|patch| patch.id.clone()).collect()
}

/// Checks that no Install of orgpatch begins while a competing patcher's operation runs.
#[must_use]
pub fn nothing_is_installed_beside_a_competing_patcher(evidence: &Evidence) -> Vec<String> {
    let beside = evidence.truth.iter().filter(|(_, truth)| truth.installs_beside > 0);
    beside
        .map(|(id, truth)| {
            format!("{} installs began on instance {id} while another tool patched it", truth.installs_beside)
        })
        .collect()
}

/// Returns how many installs the row reports. A second pass is reported as one, and is no repetition.
fn passes(row: &InstanceRow) -> u32 {
    u32::try_from(row.passes.len()).unwrap_or(u32::MAX).max(1)
}

/// Checks that no instance is installed twice in a run: the worst bug that orgpatch could have.
#[must_use]
pub fn nothing_is_installed_twice(evidence: &Evidence) -> Vec<String> {
    let passes: BTreeMap<&str, u32> = evidence.rows().map(|row| (row.instance_id.as_str(), passes(row))).collect();
    let installs = evidence.truth.keys().map(|id| (id, evidence.installs_of(id)));
    installs
        .filter(|(id, n)| *n > passes.get(id.as_str()).copied().unwrap_or(1))
        .map(|(id, n)| format!("{n} installs were started on instance {id}"))
        .collect()
}
