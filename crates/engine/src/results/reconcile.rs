//! What was asked for against what was recorded: every target of a step ends with exactly one outcome, and every
//! instance of it that is known ends with exactly one row, whatever got lost on the way.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::english::counted;
use orgpatch_model::input::Operation;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use serde::{Deserialize, Serialize};

use crate::baselines::Change;
use crate::install::order::{InstallOrder, LeftOut};
use crate::install::second_pass::FirstPass;
use crate::inventory::chunks::{CHUNK_SIZE, Chunk};
use crate::inventory::{Eligibility, Inventory, InventoryInstance};
use crate::matches::PlanEntry;
use crate::results::other_baseline::mark_left_out;
use crate::results::rules_seen::RulesSeen;
use crate::results::{InstanceRow, TargetRecord};

/// Everything that the bucket holds about a chunk of a target in a step.
#[derive(Debug, Clone)]
pub struct RecordedTarget {
    /// The target, from `targets.json`.
    pub target: Target,
    /// The chunk.
    pub chunk: Chunk,
    /// What `scan` saw; needed only where the scan's record is missing or has no instances.
    pub inventory: Option<Inventory>,
    /// True if `collect-results` has recorded the scan of every chunk of the target.
    pub is_scanned_whole: bool,
    /// How many chunks of the target were cut and never written.
    pub unlisted_chunks: u32,
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
    /// What is to be said of the target beside its outcome, in words that follow a semicolon.
    pub note: Option<String>,
    /// What was done to its baselines; the first chunk has it.
    pub baseline_changes: Vec<Change>,
    /// True if its baselines were compared with the plan; the first chunk has it.
    pub are_baselines_compared: bool,
}

/// What is known of a chunk of a target in a step.
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

/// The result of a chunk of a target: the outcome of the target as far as this chunk knows it, and the rows of its instances.
/// Judge writes it, and the report shows it. [`WholeTarget`] has the one outcome of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetResult {
    /// The target.
    pub target: Target,
    /// The chunk.
    pub chunk: Chunk,
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
    /// The entries of the plan that match an instance there; the first chunk has them. None: its instances were not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Vec<PlanEntry>>,
    /// What its scan has shown of the approval rules of the plan's baselines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RulesSeen>,
    /// What was done to its baselines, or in a run that changes none, how they differ from the plan.
    pub baseline_changes: Vec<Change>,
    /// True if its baselines were compared with the plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub are_baselines_compared: bool,
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

/// The results of a target's chunks, joined into what they say of the target as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WholeTarget(Option<TargetResult>);

impl WholeTarget {
    /// Adds the next chunk. Behind the last one it returns the target, without its instances.
    ///
    /// A chunk that could not be worked on speaks for the target: it is never better than the worst of its chunks.
    pub fn add(&mut self, result: &TargetResult) -> Option<TargetResult> {
        let mut whole = match self.0.take() {
            None => TargetResult {
                target: result.target.clone(),
                chunk: Chunk::ONLY,
                outcome: result.outcome,
                reason: result.reason.clone(),
                scanned_at: None,
                reached_at: None,
                installed_at: None,
                instances: Vec::new(),
                conflict_notes: Vec::new(),
                matching: None,
                rules: Vec::new(),
                baseline_changes: Vec::new(),
                are_baselines_compared: false,
            },
            Some(whole) => whole,
        };
        if whole.outcome == TargetOutcome::Reached && result.outcome != TargetOutcome::Reached {
            whole.outcome = result.outcome;
            whole.reason = result.reason.clone();
        }
        whole.scanned_at = whole.scanned_at.max(result.scanned_at);
        whole.reached_at = whole.reached_at.max(result.reached_at);
        whole.installed_at = whole.installed_at.max(result.installed_at);
        whole.conflict_notes.extend_from_slice(&result.conflict_notes);
        if whole.matching.is_none() {
            whole.matching.clone_from(&result.matching);
        }
        RulesSeen::merge(&mut whole.rules, &result.rules);
        whole.baseline_changes.extend_from_slice(&result.baseline_changes);
        whole.are_baselines_compared |= result.are_baselines_compared;
        if result.chunk.is_last() {
            return Some(whole);
        }
        self.0 = Some(whole);
        None
    }
}

/// The result of a chunk of a target. Pure: the gate and the report call it on the same objects and agree.
#[must_use]
pub fn reconcile(facts: RecordedTarget, end: &StepEnd, operation: Operation) -> TargetResult {
    let RecordedTarget {
        target,
        chunk,
        inventory,
        scan,
        is_scanned_whole,
        unlisted_chunks,
        order,
        first_pass,
        install,
        child_error,
        note,
        baseline_changes,
        are_baselines_compared,
    } = facts;
    let unlisted = (unlisted_chunks > 0).then(|| counted(unlisted_chunks as usize * CHUNK_SIZE, "instance"));
    let unlisted = unlisted.map(|instances| format!("up to {instances} of the target are in no row"));
    let with_unlisted = |reason: Reason| noted(reason, unlisted.as_deref());
    let lost = with_unlisted(Reason::new(
        ReasonCode::Lost,
        child_error
            .map_or_else(|| "no result was recorded".to_owned(), |error| format!("no result was recorded: {error}")),
    ));
    let Some(mut scan) = scan else {
        return TargetResult {
            baseline_changes,
            are_baselines_compared,
            ..without_scan((target, chunk), inventory, end, lost)
        };
    };
    let (scanned_at, installed_at) = (Some(scan.at), install.as_ref().map(|install| install.at));
    let reached_at = scanned_at.filter(|_| scan.outcome == TargetOutcome::Reached);

    scan.reason = with_unlisted(scan.reason);
    let mut instances = scan.instances;
    let (mut conflict_notes, mut matching, rules) = (scan.conflict_notes, scan.matching, scan.rules);
    if let Some(inventory) = inventory.filter(|_| instances.is_empty()) {
        instances = listed_only(&target, &inventory, scan.outcome, &scan.reason);
        (conflict_notes, matching) = (inventory.conflict_notes, inventory.matching);
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
        not_ordered(&mut rows, end, is_scanned_whole);
    }
    TargetResult {
        target,
        chunk,
        outcome,
        reason: noted(reason, note.as_deref().filter(|_| outcome == TargetOutcome::Reached)),
        instances: rows.into_values().collect(),
        conflict_notes,
        matching,
        rules,
        baseline_changes,
        are_baselines_compared,
        scanned_at,
        reached_at,
        installed_at,
    }
}

/// Records of the instances for which no install was ordered why that is.
fn not_ordered(rows: &mut BTreeMap<String, InstanceRow>, end: &StepEnd, is_scanned_whole: bool) {
    let why = match end {
        StepEnd::Over if !is_scanned_whole => Reason::new(
            ReasonCode::NotOrdered,
            "patches are missing, but other instances of the target could not be scanned, so nothing is installed there",
        ),
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

/// Puts a note behind a reason.
fn noted(reason: Reason, note: Option<&str>) -> Reason {
    match note {
        Some(note) => Reason { text: format!("{}; {note}", reason.text), ..reason },
        None => reason,
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
            mark_left_out(row, &one.reason);
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
    (target, chunk): (Target, Chunk),
    inventory: Option<Inventory>,
    end: &StepEnd,
    lost: Reason,
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
    let matching = inventory.as_ref().and_then(|inventory| inventory.matching.clone());
    let instances = inventory.map_or_else(Vec::new, |inventory| as_they_stand(&target, &inventory, asked, &reason));
    TargetResult {
        target,
        chunk,
        outcome,
        reason,
        scanned_at: None,
        reached_at: None,
        installed_at: None,
        instances,
        conflict_notes,
        matching,
        rules: Vec::new(),
        baseline_changes: Vec::new(),
        are_baselines_compared: false,
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
        judged_by: None,
        available_security_updates: 0,
        aws_status: None,
        command_ids: Vec::new(),
        started_at: None,
        finished_at: None,
        open_command: None,
        availability_zone: instance.availability_zone.clone(),
        scanned_at: None,
        never_reboot: instance.never_reboot.clone(),
        pending_reboot_since: None,
        passes: Vec::new(),
    }
}

/// The rows of instances that were listed and that a record without instances is about.
fn listed_only(target: &Target, inventory: &Inventory, outcome: TargetOutcome, reason: &Reason) -> Vec<InstanceRow> {
    match outcome {
        // The run never came to them, whatever they are.
        TargetOutcome::NotAttempted => {
            let rows = inventory.instances.iter();
            rows.map(|instance| row(target, instance, Outcome::NotAttempted, reason.clone())).collect()
        }
        // It is the input that leaves them out: nothing went wrong, and nothing halted.
        TargetOutcome::Reached => as_they_stand(target, inventory, Outcome::Skipped, reason),
        _ => as_they_stand(target, inventory, Outcome::Unreachable, reason),
    }
}

/// The record of a target of which only the readiness was looked at. Its instances are in the inventory; those that could be
/// asked end as `skipped`.
#[must_use]
pub fn not_asked(target: Target, at: Timestamp) -> TargetRecord {
    let why = Reason::new(ReasonCode::ReadinessOnly, "the run looks at readiness only and sends no command");
    without_instances(target, TargetOutcome::Reached, why, at)
}

/// The record of a target that the run never came to: its instances are listed in the inventory, none was asked anything.
#[must_use]
pub fn not_attempted(target: Target, reason: Reason, at: Timestamp) -> TargetRecord {
    without_instances(target, TargetOutcome::NotAttempted, reason, at)
}

/// The record of a function that ends the work on a target: how its instances end follows from what else is recorded.
#[must_use]
pub fn without_instances(target: Target, outcome: TargetOutcome, reason: Reason, at: Timestamp) -> TargetRecord {
    TargetRecord {
        target,
        outcome,
        reason,
        at,
        instances: Vec::new(),
        conflict_notes: Vec::new(),
        matching: None,
        rules: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::operating_system::OperatingSystem;
    use orgpatch_model::patch::Patch;

    use super::*;
    use crate::fixtures::{self, target};
    use crate::install::order::OrderedInstance;

    #[test]
    fn a_note_stands_behind_the_reason_of_a_target_that_was_reached() {
        let text = |outcome| {
            let scan = Some(record(outcome, &[]));
            let noted = RecordedTarget { note: Some("and so on".into()), scan, order: None, install: None, ..facts() };
            reconcile(noted, &StepEnd::Over, Operation::Scan).reason.text
        };
        assert!(text(TargetOutcome::Reached).ends_with("; and so on"));
        assert!(!text(TargetOutcome::AccessDenied).contains("and so on"));
    }

    fn seen(id: &str, eligibility: Eligibility) -> InventoryInstance {
        InventoryInstance { eligibility, ..fixtures::seen(id, Some(OperatingSystem::AmazonLinux2023)) }
    }

    fn record(outcome: TargetOutcome, rows: &[(&str, Outcome)]) -> TargetRecord {
        TargetRecord {
            target: target(),
            outcome,
            reason: Reason::new(ReasonCode::Reached, "recorded"),
            at: Timestamp::UNIX_EPOCH,
            conflict_notes: Vec::new(),
            matching: None,
            rules: Vec::new(),
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
                    never_reboot: None,
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
            chunk: Chunk::ONLY,
            inventory: None,
            is_scanned_whole: true,
            unlisted_chunks: 0,
            note: None,
            scan: Some(record(TargetOutcome::Reached, &[("i-a", Outcome::Missing), ("i-b", Outcome::Compliant)])),
            order: Some(ordered(&["i-a"])),
            first_pass: None,
            install: Some(record(TargetOutcome::Reached, &[("i-a", Outcome::Patched)])),
            child_error: None,
            baseline_changes: Vec::new(),
            are_baselines_compared: false,
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
            matching: None,
            at: Timestamp::UNIX_EPOCH,
            instances: vec![
                seen("i-a", Eligibility::Eligible),
                seen("i-b", Eligibility::Skipped(Reason::new(ReasonCode::NotSelectedByTags, "x"))),
                seen("i-c", Eligibility::NotReady(Reason::new(ReasonCode::Stopped, "x"))),
            ],
        };
        let listed = |scan| RecordedTarget {
            scan: Some(scan),
            order: None,
            install: None,
            inventory: Some(inventory()),
            ..facts()
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
            (
                "only listed behind a halt",
                short(
                    listed(not_attempted(target(), Reason::new(ReasonCode::Halted, "x"), Timestamp::UNIX_EPOCH)),
                    &cut(),
                ),
            ),
            (
                "scanned in part",
                short(
                    RecordedTarget { is_scanned_whole: false, order: None, install: None, ..facts() },
                    &StepEnd::Over,
                ),
            ),
            ("readiness only", short(listed(not_asked(target(), Timestamp::UNIX_EPOCH)), &StepEnd::Over)),
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
        only listed behind a halt: NotAttempted: i-a not-attempted (halted), i-b not-attempted (halted), i-c not-attempted (halted)
        scanned in part: Reached: i-a not-attempted (not-ordered), i-b compliant (reached)
        readiness only: Reached: i-a skipped (readiness-only), i-b skipped (not-selected-by-tags), i-c not-ready (stopped)
        ");
    }

    #[test]
    fn instances_that_were_never_written_down_are_counted() {
        let scan = Some(record(TargetOutcome::Error, &[]));
        let recorded = RecordedTarget { unlisted_chunks: 3, scan, order: None, install: None, ..facts() };
        let result = reconcile(recorded, &StepEnd::Over, Operation::Scan);
        assert_eq!(result.reason.text, "recorded; up to 150 instances of the target are in no row");
    }

    #[test]
    fn a_target_is_never_better_than_the_worst_of_its_chunks() {
        let whole = |outcomes: &[TargetOutcome]| {
            let count = u32::try_from(outcomes.len()).expect("a few");
            let mut whole = WholeTarget::default();
            let joined = Chunk::all(count).zip(outcomes).map(|(chunk, outcome)| {
                let scan = Some(record(*outcome, &[("i-a", Outcome::Compliant)]));
                let recorded = RecordedTarget { chunk, scan, order: None, install: None, ..facts() };
                let result = reconcile(recorded, &StepEnd::Over, Operation::Scan);
                whole.add(&result)
            });
            let joined: Vec<Option<TargetResult>> = joined.collect();
            let (last, before) = joined.split_last().expect("a chunk");
            assert!(before.iter().all(Option::is_none), "the target is complete behind its last chunk");
            let last = last.as_ref().expect("the whole target");
            assert!(last.instances.is_empty(), "the instances stay in their chunks");
            (last.outcome, last.reached_at.is_some())
        };
        let (reached, error) = (TargetOutcome::Reached, TargetOutcome::Error);
        assert_eq!(whole(&[reached]), (reached, true));
        assert_eq!(whole(&[reached, reached, reached]), (reached, true));
        assert_eq!(whole(&[reached, error, reached]), (error, true));
        assert_eq!(whole(&[TargetOutcome::AccessDenied, reached]), (TargetOutcome::AccessDenied, true));
        assert_eq!(whole(&[error, TargetOutcome::AccessDenied]), (error, false));
    }
}
