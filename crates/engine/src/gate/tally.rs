//! What the results of a step come to: the numbers that its gate looks at.

use std::collections::BTreeMap;

use orgpatch_model::english::listed;
use orgpatch_model::outcome::{Counts, Outcome, TargetCounts, TargetOutcome};
use orgpatch_model::reason::ReasonCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GateRecord;
use crate::results::InstanceRow;
use crate::results::reconcile::{TargetResult, WholeTarget};

/// The numbers of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepTally {
    /// Instances by outcome.
    pub counts: Counts,
    /// Instances that are `pending-reboot` because the plan never reboots them.
    pub pending_as_planned: u64,
    /// Targets by outcome. A lost result counts as `error`.
    pub targets: TargetCounts,
    /// Targets whose result is lost: no record says what happened there.
    pub lost: u64,
    /// Targets in which AWS refused a change to a baseline, so that the instances of an operating system are skipped.
    pub refused: u64,
    /// Targets of which a record is not what orgpatch wrote.
    pub changed: u64,
    /// Instances that are `unreachable` only because their target was not reached, before anything could be installed there.
    unreachable_before_install: u64,
    /// The same, where an install may have begun.
    unreachable_in_install: u64,
    /// Instances that the plan itself leaves out.
    not_selected: u64,
    /// The other instances that were skipped, by reason, without those whose patches are held back as the plan wants.
    skipped: BTreeMap<ReasonCode, u64>,
    /// The target of which more chunks come.
    incomplete: WholeTarget,
    /// True if AWS refused a change to a baseline there.
    is_refused: bool,
}

impl StepTally {
    /// Adds the result of the next chunk of a target. The chunks of a target follow one another.
    pub fn add(&mut self, result: &TargetResult) {
        for row in &result.instances {
            self.counts.add(row.outcome);
            self.pending_as_planned += u64::from(row.is_pending_as_planned());
            if row.outcome == Outcome::Skipped {
                match asked_by_the_plan(&row.reason.code) {
                    Some(Asked::NotSelected) => self.not_selected += 1,
                    Some(Asked::HeldBack) => {}
                    None => *self.skipped.entry(row.reason.code.clone()).or_default() += 1,
                }
            }
            if result.speaks_for(row) {
                match result.reached_at {
                    None => self.unreachable_before_install += 1,
                    // Only then does the target itself count.
                    Some(_) if result.outcome.is_not_reached() => self.unreachable_in_install += 1,
                    Some(_) => {}
                }
            }
        }
        let is_refused = |row: &InstanceRow| row.reason.code == ReasonCode::BaselineRefused;
        self.is_refused |= result.instances.iter().any(is_refused);
        if let Some(target) = self.incomplete.add(result) {
            self.targets.add(target.outcome);
            self.lost += u64::from(target.is_lost());
            self.changed += u64::from(target.reason.code == ReasonCode::RecordsChanged);
            self.refused += u64::from(std::mem::take(&mut self.is_refused));
        }
    }

    /// Returns the instances that succeeded. One that waits for a reboot counts where the plan leaves the reboot to people: a run
    /// could do no more for it.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.counts.succeeded() + self.pending_as_planned
    }

    /// Returns the targets that can be worked on: not those of closed accounts and of Regions that are off.
    pub(super) fn workable(&self) -> u64 {
        self.targets.of(TargetOutcome::Reached) + self.not_reached()
    }

    /// Returns the targets with the outcome `error` that have a record.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.targets.of(TargetOutcome::Error) - self.lost
    }

    /// Returns the targets that orgpatch could not work on, for whatever reason.
    #[must_use]
    pub fn not_reached(&self) -> u64 {
        self.targets.iter().filter(|(outcome, _)| outcome.is_not_reached()).map(|(_, n)| n).sum()
    }

    /// Returns the skipped instances that count at the gate, and the instances of which they are a part.
    #[must_use]
    pub fn skipped(&self) -> SkippedInstances {
        SkippedInstances {
            skipped: self.skipped.values().sum(),
            selected: self.counts.iter().map(|(_, n)| n).sum::<u64>() - self.not_selected,
        }
    }

    /// Returns the most frequent reason of the skipped instances that count, and how many have it; of equal ones the first by
    /// its spelling.
    pub(super) fn most_frequent_skip(&self) -> Option<(&ReasonCode, u64)> {
        self.skipped.iter().map(|(code, n)| (code, *n)).rev().max_by_key(|(_, n)| *n)
    }

    /// Returns the instances that count as attempted and, of those, as `unreachable`.
    ///
    /// An instance of a target that was not reached counts with its target where nothing was to be installed yet, or where the
    /// plan limits such targets. Otherwise an install may have gone out, and its unknown end counts.
    pub(super) fn attempted_and_unreachable(&self, targets_are_limited: bool) -> (u64, u64) {
        let in_install = if targets_are_limited { self.unreachable_in_install } else { 0 };
        let with_their_target = self.unreachable_before_install + in_install;
        (self.counts.attempted() - with_their_target, self.counts.of(Outcome::Unreachable) - with_their_target)
    }

    /// Says how many targets were not reached, with a separator before it; nothing if all were.
    pub(super) fn about_targets(&self) -> String {
        let words = self.not_reached_by_kind();
        if words.is_empty() { words } else { format!("; targets not reached: {words}") }
    }

    /// Returns the targets that were not reached, by kind: `2 access-denied, 1 error, 1 lost`.
    pub(super) fn not_reached_by_kind(&self) -> String {
        let kinds = [
            (TargetOutcome::AccessDenied.name(), self.targets.of(TargetOutcome::AccessDenied)),
            (TargetOutcome::Error.name(), self.errors()),
            ("lost", self.lost),
        ];
        listed(kinds.into_iter().filter(|(_, n)| *n > 0))
    }
}

/// The skipped instances of a step that count at its gate, and the instances of which they are a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedInstances {
    /// Instances that were skipped, although the plan selects them.
    pub skipped: u64,
    /// All instances of the step that the plan selects, whatever their outcome. One with a tag that the plan excludes is among
    /// them.
    pub selected: u64,
}

/// What of a plan asks that an instance be skipped.
enum Asked {
    /// Its selection: the instance is not the plan's business.
    NotSelected,
    /// `untested: block`: the instance is the plan's business, but nothing that it lacks is to be installed yet.
    HeldBack,
}

/// Returns what of the plan itself asks that an instance be skipped; None if an instance comes to it by the doing of others.
///
/// A plan is about EC2 instances that exist: it selects no hybrid node, and no instance that was terminated.
///
/// `excluded-by-tag` is such a doing: the plan names the tag, but who may tag an instance decides which ones have it. For the
/// tags that a plan selects the same is true, but there the many instances that never were the plan's business cannot be told
/// from the few that left it.
fn asked_by_the_plan(code: &ReasonCode) -> Option<Asked> {
    match code {
        ReasonCode::ExcludedInstance
        | ReasonCode::HybridNode
        | ReasonCode::NotSelectedByOperatingSystem
        | ReasonCode::NotSelectedByTags
        | ReasonCode::OtherStage
        | ReasonCode::Terminated => Some(Asked::NotSelected),
        ReasonCode::UntestedHeldBack => Some(Asked::HeldBack),
        _ => None,
    }
}

/// Returns true if a skipped instance with that reason counts at the gate: the plan itself does not leave it out.
#[must_use]
pub fn counts_as_skipped(code: &ReasonCode) -> bool {
    asked_by_the_plan(code).is_none()
}

/// What all steps of a stage come to.
#[derive(Debug)]
pub(super) struct StageTally {
    counts: Counts,
    pending_as_planned: u64,
    targets: TargetCounts,
}

impl StageTally {
    /// Adds up the earlier steps of a stage and its last one.
    pub(super) fn of(earlier: &[GateRecord], last: &StepTally) -> Self {
        let mut stage = Self {
            counts: last.counts.clone(),
            pending_as_planned: last.pending_as_planned,
            targets: last.targets.clone(),
        };
        for record in earlier {
            stage.counts.merge(&record.counts);
            stage.pending_as_planned += record.pending_as_planned;
            stage.targets.merge(&record.targets);
        }
        stage
    }

    /// Returns true if at least one instance has nothing missing, or lacks only a reboot that the plan leaves to people.
    pub(super) fn proves_something(&self) -> bool {
        self.counts.succeeded() + self.pending_as_planned > 0
    }

    /// Returns how its targets and instances ended.
    pub(super) fn sentence(&self) -> String {
        let targets = listed(self.targets.iter());
        let instances = listed(self.counts.iter());
        let instances =
            if instances.is_empty() { "no instances".to_owned() } else { format!("instances: {instances}") };
        format!("targets: {targets}; {instances}")
    }
}
