//! Checks that orgpatch paces by itself, with fleet-sim's ground truth about every command.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::ReasonCode;

use crate::evidence::{CommandTruth, Evidence};

/// Checks that at no time more installs of a target were in flight than `rate.maxConcurrency` allows. An install is in
/// flight from its command to the end of its invocation.
#[must_use]
pub fn no_more_installs_are_in_flight_than_the_plan_allows(evidence: &Evidence) -> Vec<String> {
    let Some(plan) = &evidence.plan else { return Vec::new() };
    let mut complaints = Vec::new();
    for (target, most) in most_in_flight(evidence) {
        let ordered = evidence.rows().filter(|row| place(row) == target && may_be_ordered(row)).count();
        let allowed = plan.rate.max_concurrency.of(ordered);
        if most > allowed {
            complaints.push(format!(
                "{most} installs were in flight at the same time in {target}, and {} of {ordered} instances is {allowed}",
                plan.rate.max_concurrency
            ));
        }
    }
    complaints
}

/// Returns the largest number of installs that were in flight at the same time, by target.
#[must_use]
pub fn most_in_flight(evidence: &Evidence) -> BTreeMap<String, usize> {
    let mut changes: BTreeMap<String, Vec<(Timestamp, i32)>> = BTreeMap::new();
    for command in installs(evidence) {
        let changes = changes.entry(format!("{}/{}", command.account, command.region)).or_default();
        for invocation in &command.invocations {
            changes.push((command.sent, 1));
            changes.extend(invocation.ended.map(|at| (at, -1)));
        }
    }
    let most = |mut changes: Vec<(Timestamp, i32)>| {
        // An end comes before a send of the same moment.
        changes.sort_unstable();
        let running = changes.into_iter().scan(0, |running, (_, change)| {
            *running += change;
            Some(*running)
        });
        usize::try_from(running.max().unwrap_or_default()).unwrap_or_default()
    };
    changes.into_iter().map(|(target, changes)| (target, most(changes))).collect()
}

/// Checks that the installs of a target were sent zone by zone. An instance that had to wait for another tool may come
/// later, and so may one that gets a second pass.
#[must_use]
pub fn zones_are_patched_one_after_the_other(evidence: &Evidence) -> Vec<String> {
    let rows: BTreeMap<&str, &InstanceRow> = evidence.rows().map(|row| (row.instance_id.as_str(), row)).collect();
    let mut complaints = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut latest: BTreeMap<String, (Option<&str>, &str)> = BTreeMap::new();
    for id in installs(evidence).flat_map(|command| &command.invocations).map(|one| one.instance_id.as_str()) {
        let Some(row) = rows.get(id).filter(|row| !had_to_wait(row)) else { continue };
        if !seen.insert(id) {
            continue;
        }
        let zone = row.availability_zone.as_deref();
        if let Some((before, other)) = latest.insert(place(row), (zone, id))
            && before > zone
        {
            complaints.push(format!(
                "instance {id} in {} was installed after {other} in {}",
                zone.unwrap_or("no zone"),
                before.unwrap_or("no zone")
            ));
        }
    }
    complaints
}

/// Checks that the times of an instance's installs are those of its commands: what was patched has both, and the end is the one that
/// the service reports.
#[must_use]
pub fn an_install_has_the_times_of_its_commands(evidence: &Evidence) -> Vec<String> {
    let ends: BTreeSet<(&str, i64)> = installs(evidence)
        .flat_map(|command| &command.invocations)
        .filter_map(|one| Some((one.instance_id.as_str(), one.ended?.as_second())))
        .collect();
    // An agent tells the time of its own clock. Where it does not answer, the service ends the command by another.
    let has_ended = |id: &str, second: i64| {
        let skew = evidence.truth.get(id).map_or(0, |fate| fate.clock_skew_seconds);
        ends.contains(&(id, second - skew)) || ends.contains(&(id, second))
    };
    let complaint = |row: &InstanceRow| {
        let id = &row.instance_id;
        match (row.started_at, row.finished_at) {
            (Some(start), Some(end)) if start > end => Some(format!("the install of {id} ended before it began")),
            (None, Some(_)) => Some(format!("the install of {id} ended and never began")),
            (_, Some(end)) if !has_ended(id, end.as_second()) => {
                Some(format!("the install of {id} is said to have ended at {end}, when no command of it did"))
            }
            (_, None) if row.outcome == Outcome::Patched => Some(format!("the install of {id} has no end")),
            _ => None,
        }
    };
    evidence.rows().filter_map(complaint).collect()
}

/// Returns the installs that were sent during the run. The truth has those of all runs of the case.
fn installs(evidence: &Evidence) -> impl Iterator<Item = &CommandTruth> {
    let run = evidence.execution.started_at..=evidence.execution.stopped_at;
    let of_run = move |command: &&CommandTruth| command.operation == "Install" && run.contains(&command.sent);
    evidence.commands_in_truth.iter().filter(of_run)
}

fn had_to_wait(row: &InstanceRow) -> bool {
    row.conflicts.iter().any(|conflict| conflict.reason.code == ReasonCode::ConflictRunningCommand)
}

/// Returns true if the instance may be in the install order of its target.
fn may_be_ordered(row: &InstanceRow) -> bool {
    !row.missing_before.is_empty() || row.outcome == Outcome::PendingReboot || !row.installed.is_empty()
}

fn place(row: &InstanceRow) -> String {
    format!("{}/{}", row.account_id, row.region)
}
