//! What was asked for against what was recorded: every target of a step ends with exactly one outcome, and every
//! instance of it that is known ends with exactly one row, whatever got lost on the way.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::input::Operation;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use serde::{Deserialize, Serialize};

use crate::baselines::Change;
use crate::install::order::{InstallOrder, LeftOut};
use crate::install::second_pass::FirstPass;
use crate::inventory::{Eligibility, Inventory, InventoryInstance};
use crate::results::{InstanceRow, TargetRecord};

/// Everything that the bucket holds about a target in a step.
#[derive(Debug, Clone)]
pub struct RecordedTarget {
    /// The target, from `targets.json`.
    pub target: Target,
    /// What `scan` saw; needed only where the scan's record is missing or has no instances.
    pub inventory: Option<Inventory>,
    /// The scan's record.
    pub scan: Option<TargetRecord>,
    /// The order that results are reconciled with, see [`crate::install::Installable::ordered`].
    pub order: Option<InstallOrder>,
    /// What the first pass of the install came to, if a second one followed.
    pub first_pass: Option<FirstPass>,
    /// The install's record.
    pub install: Option<TargetRecord>,
    /// The error of the state machine's child that worked on the target, if it failed.
    pub child_error: Option<String>,
    /// What was done to its baselines.
    pub baseline_changes: Vec<Change>,
}

/// What is known of a target in a step.
#[derive(Debug, Clone)]
pub enum KnownTarget {
    /// The result that Judge has written.
    Judged(Box<TargetResult>),
    /// The records, where it has written none.
    Recorded(Box<RecordedTarget>),
}

/// The record that counts, of those that several functions have written of a target's scan or install: the earliest. A function
/// that comes later has nothing to add.
#[must_use]
pub fn earliest(records: impl IntoIterator<Item = TargetRecord>) -> Option<TargetRecord> {
    records.into_iter().min_by_key(|record| record.at)
}

/// How the step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    /// All work on it is over; what is not recorded is lost.
    Over,
    /// The run ended before it or in the middle of it, for that reason. What is not recorded did not happen, or is
    /// unknown.
    Cut(Reason),
}

/// `result.json`: a target's one outcome, and its instances' rows. Judge writes it, and the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetResult {
    /// The target.
    pub target: Target,
    /// What happened to it.
    pub outcome: TargetOutcome,
    /// Why.
    pub reason: Reason,
    /// When the result of its scan was recorded; None if it was not.
    pub scanned_at: Option<Timestamp>,
    /// The same, if the scan reached the target; None if the scan was recorded without having asked an instance.
    pub reached_at: Option<Timestamp>,
    /// When the result of its install was recorded; None if there was none.
    pub installed_at: Option<Timestamp>,
    /// Its instances, sorted by id.
    pub instances: Vec<InstanceRow>,
    /// What could not be seen of others who patch there, and what of theirs may concern any instance.
    pub conflict_notes: Vec<Reason>,
    /// What was done to its baselines.
    pub baseline_changes: Vec<Change>,
}

impl TargetResult {
    /// Returns true if orgpatch could not work on the target and no record says why.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.outcome == TargetOutcome::Error && self.reason.code == ReasonCode::Lost
    }

    /// Returns true if the instance has no result of its own, only that of its target, which could not be worked on.
    #[must_use]
    pub fn speaks_for(&self, row: &InstanceRow) -> bool {
        self.outcome.is_tried_in_vain() && row.outcome == Outcome::Unreachable && row.reason == self.reason
    }
}

/// The result of a target. Pure: the gate and the report call it on the same objects and agree.
#[must_use]
pub fn reconcile(facts: RecordedTarget, end: &StepEnd, operation: Operation) -> TargetResult {
    let RecordedTarget { target, inventory, scan, order, first_pass, install, child_error, baseline_changes } = facts;
    let lost = Reason::new(
        ReasonCode::Lost,
        child_error
            .map_or_else(|| "no result was recorded".to_owned(), |error| format!("no result was recorded: {error}")),
    );
    let Some(scan) = scan else {
        return without_scan(target, inventory, end, lost, baseline_changes);
    };
    let (scanned_at, installed_at) = (Some(scan.at), install.as_ref().map(|install| install.at));
    let reached_at = scanned_at.filter(|_| scan.outcome == TargetOutcome::Reached);

    let mut instances = scan.instances;
    let mut conflict_notes = scan.conflict_notes;
    // What was listed before the target could not be worked on any more.
    if let Some(inventory) = inventory.filter(|_| scan.outcome.is_tried_in_vain() && instances.is_empty()) {
        instances = as_they_stand(&target, &inventory, Outcome::Unreachable, &scan.reason);
        conflict_notes = inventory.conflict_notes;
    }
    let mut rows: BTreeMap<String, InstanceRow> =
        instances.into_iter().map(|row| (row.instance_id.clone(), row)).collect();
    let (mut outcome, mut reason) = (scan.outcome, scan.reason);
    match (install, order) {
        (Some(install), order) => {
            // A target that was locked at some point of the install has no rows of its own. Whether its instances
            // were asked before that is in the reason, if anywhere; that no answer came is certain.
            if install.outcome != TargetOutcome::Reached {
                (outcome, reason) = (install.outcome, install.reason.clone());
                unanswered(&mut rows, order.as_ref(), first_pass.as_ref(), &install.reason);
            }
            for row in install.instances {
                rows.insert(row.instance_id.clone(), row);
            }
            leave_out(&mut rows, order.map(|order| order.left_out).unwrap_or_default());
        }
        (None, Some(order)) if order.instances.is_empty() => leave_out(&mut rows, order.left_out),
        (None, Some(order)) => {
            let why = match end {
                StepEnd::Over => lost,
                StepEnd::Cut(reason) => Reason::new(
                    ReasonCode::Lost,
                    format!("an install may have begun when the run ended: {}", reason.text),
                ),
            };
            unanswered(&mut rows, Some(&order), first_pass.as_ref(), &why);
            leave_out(&mut rows, order.left_out);
            (outcome, reason) = (TargetOutcome::Error, why);
        }
        (None, None) => {}
    }
    if operation == Operation::Install {
        let why = match end {
            StepEnd::Over => Reason::new(
                ReasonCode::NotOrdered,
                "patches are missing, but the step broke before its install plan was written",
            ),
            StepEnd::Cut(reason) => reason.clone(),
        };
        for row in rows.values_mut().filter(|row| row.outcome == Outcome::Missing) {
            row.outcome = Outcome::NotAttempted;
            row.reason = why.clone();
        }
    }
    TargetResult {
        target,
        outcome,
        reason,
        instances: rows.into_values().collect(),
        conflict_notes,
        baseline_changes,
        scanned_at,
        reached_at,
        installed_at,
    }
}

/// Makes the instances `unreachable` of which the install has no result. What the first pass came to stands for those that
/// were not to get a second one.
fn unanswered(
    rows: &mut BTreeMap<String, InstanceRow>,
    order: Option<&InstallOrder>,
    first_pass: Option<&FirstPass>,
    why: &Reason,
) {
    let unanswered = match first_pass {
        Some(pass) => Some(&pass.second),
        None => order,
    };
    for row in first_pass.into_iter().flat_map(|pass| &pass.rows) {
        rows.insert(row.instance_id.clone(), InstanceRow { passes: Vec::new(), ..row.clone() });
    }
    for ordered in unanswered.into_iter().flat_map(|order| &order.instances) {
        set(rows, &ordered.instance_id, Outcome::Unreachable, why);
    }
}

/// Gives the instances that the install plan leaves out the outcome that stands there.
fn leave_out(rows: &mut BTreeMap<String, InstanceRow>, left_out: Vec<LeftOut>) {
    for one in left_out {
        set(rows, &one.instance_id, one.outcome, &one.reason);
        if let Some(row) = rows.get_mut(&one.instance_id) {
            row.held_back = one.held_back;
        }
    }
}

fn set(rows: &mut BTreeMap<String, InstanceRow>, id: &str, outcome: Outcome, reason: &Reason) {
    if let Some(row) = rows.get_mut(id) {
        row.outcome = outcome;
        row.reason = reason.clone();
    }
}

fn without_scan(
    target: Target,
    inventory: Option<Inventory>,
    end: &StepEnd,
    lost: Reason,
    baseline_changes: Vec<Change>,
) -> TargetResult {
    let (outcome, reason) = match end {
        StepEnd::Over => (TargetOutcome::Error, lost),
        StepEnd::Cut(reason) => (TargetOutcome::NotAttempted, reason.clone()),
    };
    let asked = match end {
        StepEnd::Over => Outcome::Unreachable,
        StepEnd::Cut(_) => Outcome::NotAttempted,
    };
    let conflict_notes = inventory.as_ref().map_or_else(Vec::new, |inventory| inventory.conflict_notes.clone());
    let instances = inventory.map_or_else(Vec::new, |inventory| as_they_stand(&target, &inventory, asked, &reason));
    TargetResult {
        target,
        outcome,
        reason,
        scanned_at: None,
        reached_at: None,
        installed_at: None,
        instances,
        conflict_notes,
        baseline_changes,
    }
}

/// The rows of instances of which no answer is known: those that could be asked end with that outcome.
fn as_they_stand(target: &Target, inventory: &Inventory, asked: Outcome, reason: &Reason) -> Vec<InstanceRow> {
    let of = |instance: &InventoryInstance| match &instance.eligibility {
        Eligibility::Eligible => row(target, instance, asked, reason.clone()),
        Eligibility::Skipped(why) => row(target, instance, Outcome::Skipped, why.clone()),
        Eligibility::NotReady(why) => row(target, instance, Outcome::NotReady, why.clone()),
    };
    inventory.instances.iter().map(of).collect()
}

/// A row with that outcome and no evidence yet.
#[must_use]
pub fn row(target: &Target, instance: &InventoryInstance, outcome: Outcome, reason: Reason) -> InstanceRow {
    InstanceRow {
        account_id: target.account_id.clone(),
        region: target.region.clone(),
        instance_id: instance.instance_id.clone(),
        name: instance.name.clone(),
        stage: target.stage.clone(),
        wave: target.wave,
        os: instance.os.map(Platform::Supported).or_else(|| instance.platform.clone().map(Platform::from)),
        agent_version: instance.agent_version.clone(),
        outcome,
        reason,
        findings: instance.findings.clone(),
        conflicts: instance.conflicts.clone(),
        overwritten_by: None,
        missing_before: Vec::new(),
        more_missing_before: 0,
        installed: Vec::new(),
        failed: Vec::new(),
        missing_after: Vec::new(),
        more_missing_after: 0,
        installed_untested: Vec::new(),
        held_back: Vec::new(),
        baseline_id: None,
        command_ids: Vec::new(),
        availability_zone: instance.availability_zone.clone(),
        scanned_at: None,
        passes: Vec::new(),
    }
}

/// The record of a target of which only the readiness was looked at. Instances that could be asked are `skipped`, since it
/// is the input that leaves them out: nothing went wrong, and nothing halted.
#[must_use]
pub fn not_asked(target: Target, inventory: &Inventory) -> TargetRecord {
    let why = Reason::new(ReasonCode::ReadinessOnly, "the run looks at readiness only and sends no command");
    TargetRecord {
        instances: as_they_stand(&target, inventory, Outcome::Skipped, &why),
        target,
        outcome: TargetOutcome::Reached,
        reason: why,
        at: inventory.at,
        conflict_notes: inventory.conflict_notes.clone(),
    }
}

/// The record of a target that the run never came to: its instances are listed, none was asked anything.
#[must_use]
pub fn not_attempted(target: Target, inventory: &Inventory, reason: &Reason) -> TargetRecord {
    let instances = inventory
        .instances
        .iter()
        .map(|instance| row(&target, instance, Outcome::NotAttempted, reason.clone()))
        .collect();
    TargetRecord {
        target,
        outcome: TargetOutcome::NotAttempted,
        reason: reason.clone(),
        at: inventory.at,
        instances,
        conflict_notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::operating_system::OperatingSystem;
    use orgpatch_model::patch::Patch;

    use super::*;
    use crate::fixtures::target;
    use crate::install::order::OrderedInstance;

    fn seen(id: &str, eligibility: Eligibility) -> InventoryInstance {
        InventoryInstance {
            instance_id: id.into(),
            name: None,
            os: Some(OperatingSystem::AmazonLinux2023),
            platform: None,
            agent_version: None,
            availability_zone: None,
            eligibility,
            findings: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    fn record(outcome: TargetOutcome, rows: &[(&str, Outcome)]) -> TargetRecord {
        TargetRecord {
            target: target(),
            outcome,
            reason: Reason::new(ReasonCode::Reached, "recorded"),
            at: Timestamp::UNIX_EPOCH,
            conflict_notes: Vec::new(),
            instances: rows
                .iter()
                .map(|(id, outcome)| {
                    row(
                        &target(),
                        &seen(id, Eligibility::Eligible),
                        *outcome,
                        Reason::new(ReasonCode::Reached, "recorded"),
                    )
                })
                .collect(),
        }
    }

    fn ordered(ids: &[&str]) -> InstallOrder {
        InstallOrder {
            account_id: "222200000001".into(),
            region: "ap-northeast-1".into(),
            instances: ids
                .iter()
                .map(|id| OrderedInstance {
                    instance_id: (*id).into(),
                    os: OperatingSystem::AmazonLinux2023,
                    availability_zone: None,
                    missing: Vec::<Patch>::new(),
                    more: 0,
                    untested: Vec::new(),
                    held_back: Vec::new(),
                    reason: Reason::new(ReasonCode::PatchesMissing, "1 patch is missing"),
                })
                .collect(),
            left_out: Vec::new(),
            withheld: BTreeMap::new(),
            scanned_at: BTreeMap::new(),
        }
    }

    fn facts() -> RecordedTarget {
        RecordedTarget {
            target: target(),
            inventory: None,
            scan: Some(record(TargetOutcome::Reached, &[("i-a", Outcome::Missing), ("i-b", Outcome::Compliant)])),
            order: Some(ordered(&["i-a"])),
            first_pass: None,
            install: Some(record(TargetOutcome::Reached, &[("i-a", Outcome::Patched)])),
            child_error: None,
            baseline_changes: Vec::new(),
        }
    }

    fn short(facts: RecordedTarget, end: &StepEnd) -> String {
        let result = reconcile(facts, end, Operation::Install);
        let rows: Vec<String> = result
            .instances
            .iter()
            .map(|row| format!("{} {} ({})", row.instance_id, row.outcome, row.reason.code))
            .collect();
        format!("{:?}: {}", result.outcome, rows.join(", "))
    }

    fn cut() -> StepEnd {
        StepEnd::Cut(Reason::new(ReasonCode::Halted, "the run halted"))
    }

    #[test]
    fn the_earliest_record_counts_and_the_first_of_two_at_the_same_time() {
        let at = |second, outcome| TargetRecord {
            at: Timestamp::from_second(second).expect("a time"),
            ..record(outcome, &[])
        };
        let outcome = |records: Vec<TargetRecord>| earliest(records).map(|record| record.outcome);
        let (denied, reached) = (TargetOutcome::AccessDenied, TargetOutcome::Reached);
        assert_eq!(outcome(vec![at(2, reached), at(1, denied)]), Some(denied));
        assert_eq!(outcome(vec![at(1, reached), at(1, denied)]), Some(reached));
        assert_eq!(outcome(vec![]), None);
    }

    #[test]
    fn whatever_is_lost_every_known_instance_has_one_row() {
        let inventory = || Inventory {
            conflict_notes: Vec::new(),
            at: Timestamp::UNIX_EPOCH,
            instances: vec![
                seen("i-a", Eligibility::Eligible),
                seen("i-b", Eligibility::Skipped(Reason::new(ReasonCode::NotSelectedByTags, "x"))),
                seen("i-c", Eligibility::NotReady(Reason::new(ReasonCode::Stopped, "x"))),
            ],
        };
        let lines = [
            ("all recorded", short(facts(), &StepEnd::Over)),
            ("install lost", short(RecordedTarget { install: None, ..facts() }, &StepEnd::Over)),
            ("cut while installing", short(RecordedTarget { install: None, ..facts() }, &cut())),
            ("cut before installing", short(RecordedTarget { install: None, order: None, ..facts() }, &cut())),
            (
                "locked out before installing",
                short(
                    RecordedTarget { install: Some(record(TargetOutcome::AccessDenied, &[])), ..facts() },
                    &StepEnd::Over,
                ),
            ),
            (
                "scan lost",
                short(
                    RecordedTarget {
                        scan: None,
                        order: None,
                        first_pass: None,
                        install: None,
                        inventory: Some(inventory()),
                        child_error: Some("States.Timeout".into()),
                        ..facts()
                    },
                    &StepEnd::Over,
                ),
            ),
            (
                "recorded as an error before anything was installed",
                short(
                    RecordedTarget {
                        scan: Some(record(TargetOutcome::Error, &[])),
                        order: None,
                        install: None,
                        inventory: Some(inventory()),
                        ..facts()
                    },
                    &StepEnd::Over,
                ),
            ),
            (
                "recorded as an error in the install",
                short(RecordedTarget { install: Some(record(TargetOutcome::Error, &[])), ..facts() }, &StepEnd::Over),
            ),
            ("never begun", short(RecordedTarget { scan: None, order: None, install: None, ..facts() }, &cut())),
        ];
        let lines: Vec<String> = lines.into_iter().map(|(case, line)| format!("{case}: {line}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        all recorded: Reached: i-a patched (reached), i-b compliant (reached)
        install lost: Error: i-a unreachable (lost), i-b compliant (reached)
        cut while installing: Error: i-a unreachable (lost), i-b compliant (reached)
        cut before installing: Reached: i-a not-attempted (halted), i-b compliant (reached)
        locked out before installing: AccessDenied: i-a unreachable (reached), i-b compliant (reached)
        scan lost: Error: i-a unreachable (lost), i-b skipped (not-selected-by-tags), i-c not-ready (stopped)
        recorded as an error before anything was installed: Error: i-a unreachable (reached), i-b skipped (not-selected-by-tags), i-c not-ready (stopped)
        recorded as an error in the install: Error: i-a unreachable (reached), i-b compliant (reached)
        never begun: NotAttempted: 
        ");
    }
}
