//! What the summary and the notification tell of a run besides its head: counted while targets and instances pass by,
//! with the first few of what somebody has to look at.

use std::collections::BTreeMap;

use orgpatch_engine::baselines::Change;
use orgpatch_engine::competing;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::ReasonCode;

use super::{RunReport, StepReport, TargetReport};

/// So many lines of a list are shown; the tables have all.
const SHOWN: usize = 20;

/// The first few of something, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortlist<T> {
    /// The first ones, in the order of the report.
    pub first: Vec<T>,
    /// How many there are in all.
    pub all: usize,
}

impl<T> Default for Shortlist<T> {
    fn default() -> Self {
        Self { first: Vec::new(), all: 0 }
    }
}

impl<T: Clone> Shortlist<T> {
    fn add(&mut self, one: &T) {
        if self.first.len() < SHOWN {
            self.first.push(one.clone());
        }
        self.all += 1;
    }

    /// How many are not among the first.
    #[must_use]
    pub fn more(&self) -> usize {
        self.all - self.first.len()
    }
}

/// What people are told. Its size does not depend on how many targets and instances there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlights {
    /// How many targets there are.
    pub targets: usize,
    /// How many of them were not reached, for whatever reason.
    pub not_reached: usize,
    /// Targets that the run came to and could not enter.
    pub away: Shortlist<TargetReport>,
    /// Instances about which somebody has to do something before the next run is better.
    pub to_look_at: Shortlist<InstanceRow>,
    /// How many of those have which outcome for which reason.
    pub reasons: BTreeMap<(Outcome, ReasonCode), usize>,
    /// How many instances somebody else patches too, or may.
    pub with_conflicts: usize,
    /// How many instances were left alone for that.
    pub left_alone: usize,
    /// By stage and wave: targets, and how many of them have baselines that were changed, or would be.
    baselines: BTreeMap<(String, u32), (usize, usize)>,
}

impl Highlights {
    /// One more target.
    pub fn add_target(&mut self, target: &TargetReport) {
        self.targets += 1;
        if target.outcome != TargetOutcome::Reached {
            self.not_reached += 1;
            if target.outcome != TargetOutcome::NotAttempted {
                self.away.add(target);
            }
        }
        let (all, differ) = self.baselines.entry((target.stage.clone(), target.wave)).or_default();
        *all += 1;
        *differ += usize::from(target.baseline_changes.iter().any(Change::is_write));
    }

    /// One more instance.
    pub fn add_instance(&mut self, row: &InstanceRow) {
        if needs_attention(row.outcome) {
            self.to_look_at.add(row);
            *self.reasons.entry((row.outcome, row.reason.code.clone())).or_default() += 1;
        }
        self.with_conflicts += usize::from(!row.conflicts.is_empty());
        self.left_alone += usize::from(competing::is_reason(&row.reason));
    }

    /// What came of a step, in numbers.
    #[must_use]
    pub fn counted(&self, run: &RunReport, step: &StepReport) -> String {
        if run.operation.is_about_baselines_only() {
            let (all, differ) = self.baselines.get(&(step.stage.clone(), step.wave)).copied().unwrap_or_default();
            let what = match run.operation {
                Operation::RestoreBaselines => "what was there before was given back in",
                _ => "the baselines differ from the plan in",
            };
            return format!("{what} {differ} of {all} targets");
        }
        let counts: Vec<String> = step.counts.iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
        if counts.is_empty() { "no instances".to_owned() } else { counts.join(", ") }
    }
}

/// What people want to see first.
fn needs_attention(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Unreachable | Outcome::NotReady | Outcome::PendingReboot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_long_list_keeps_its_beginning_and_its_length() {
        let mut highlights = fixtures::report().highlights();
        let before = highlights.to_look_at.all;
        let row = highlights.to_look_at.first[0].clone();
        for _ in 0..30 {
            highlights.add_instance(&row);
        }
        let list = &highlights.to_look_at;
        assert_eq!((list.first.len(), list.all, list.more()), (SHOWN, before + 30, before + 30 - SHOWN));
        assert_eq!(highlights.reasons[&(row.outcome, row.reason.code)], 31);
    }
}
