//! What the summary and the notification say about a run in addition to its head: counts, and the first few instances and
//! targets that need attention.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use orgpatch_engine::baselines::Change;
use orgpatch_engine::competing;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::english::{counted, listed};
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::{Outcome, TargetCounts, TargetOutcome};
use orgpatch_model::patch::{ComplianceStatus, MOST_PATCHES};
use orgpatch_model::reason::ReasonCode;

use super::seen::Seen;
use super::{BaselineState, OpenCommand, RunReport, StepReport, TargetReport};

/// How many lines of a list are shown. The CSV files have all of them.
const SHOWN: usize = 20;

/// The first few entries of a list, `MOST` at the most, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortlist<T, const MOST: usize = SHOWN> {
    /// The first ones, in the order of the report.
    pub first: Vec<T>,
    /// How many there are in all.
    pub all: usize,
}

impl<T, const MOST: usize> Default for Shortlist<T, MOST> {
    fn default() -> Self {
        Self { first: Vec::new(), all: 0 }
    }
}

impl<T, const MOST: usize> Shortlist<T, MOST> {
    pub(crate) fn add(&mut self, one: impl FnOnce() -> T) {
        if self.first.len() < MOST {
            self.first.push(one());
        }
        self.all += 1;
    }

    /// Returns how many entries are not among the first.
    #[must_use]
    pub fn more(&self) -> usize {
        self.all - self.first.len()
    }
}

/// What people are told about a run. Its size does not depend on the number of targets and instances, only on that of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlights {
    /// What was seen, and what was not.
    seen: Seen,
    /// How many targets there are.
    pub targets: usize,
    /// Those that were not reached, for any reason, by outcome.
    pub not_reached: TargetCounts,
    /// Targets that the run tried and could not reach.
    pub away: Shortlist<TargetReport>,
    /// Instances for which an operator has to fix something.
    pub to_look_at: Shortlist<InstanceRow>,
    /// How many of those have each outcome and reason.
    pub reasons: BTreeMap<(Outcome, ReasonCode), usize>,
    /// Instances to which nothing was sent although the plan selects them, by a tag, another tool or `maxErrors`.
    pub left_out: Shortlist<InstanceRow>,
    /// How many of those have each reason.
    pub left_out_reasons: BTreeMap<ReasonCode, usize>,
    /// How many instances another tool patches or may patch.
    pub with_conflicts: usize,
    /// How many instances were left alone because of that.
    pub left_alone: usize,
    /// Instances that were skipped because AWS refused a change to their baseline.
    pub baseline_refused: usize,
    /// By stage and wave: instances that another baseline than the plan's judged.
    judged_by_another: BTreeMap<(String, u32), usize>,
    /// How many of those have nothing missing by it.
    good_by_another: usize,
    /// How many of those an install run skipped for it.
    skipped_for_another: usize,
    /// Instances of a scan run whose baseline could not be compared with the plan's.
    not_compared: usize,
    /// How many of those have nothing missing by it.
    good_not_compared: usize,
    /// Targets of a scan run whose baselines differ from the plan.
    baselines_differ: usize,
    /// Instances for which security updates are out that their baseline does not approve.
    with_available_updates: usize,
    /// How many of those Systems Manager counts as non-compliant.
    non_compliant_with_updates: usize,
    /// Install commands that had not ended.
    pub open_commands: Shortlist<OpenCommand>,
    /// How many instances got a second install.
    pub installed_twice: usize,
    /// How many instances lack more patches than are listed, or did before the install.
    pub not_all_listed: usize,
    /// Stages with instances that had not answered at the deadline of their step, in the order of the report, each with the
    /// number of those instances.
    pub late: Vec<(String, usize)>,
    /// Targets in which a change takes the place of another plan's baseline, by the name of that plan.
    taken_from: BTreeMap<String, usize>,
    /// By stage and wave: the number of targets, and of those whose baselines were changed or would be.
    baselines: BTreeMap<(String, u32), (usize, usize)>,
}

impl Highlights {
    /// Counts one more target. `has_rows`: at least one of its instances is in the report.
    pub fn add_target(&mut self, target: &TargetReport, has_rows: bool) {
        self.targets += 1;
        self.seen.add_target(target, has_rows);
        if target.outcome != TargetOutcome::Reached {
            self.not_reached.add(target.outcome);
            if target.outcome != TargetOutcome::NotAttempted {
                self.away.add(|| target.clone());
            }
        }
        let (all, differ) = self.baselines.entry((target.stage.clone(), target.wave)).or_default();
        *all += 1;
        *differ += usize::from(target.baseline_changes.iter().any(Change::is_write));
        let taken: BTreeSet<&str> = target.baseline_changes.iter().filter_map(Change::takes_from).collect();
        for plan in taken {
            *self.taken_from.entry(plan.to_owned()).or_default() += 1;
        }
        self.baselines_differ += usize::from(target.baselines == Some(BaselineState::Differ));
    }

    /// Counts one more instance.
    pub fn add_instance(&mut self, row: &InstanceRow) {
        self.seen.add_instance(row);
        if is_left_out(row) {
            self.left_out.add(|| row.clone());
            *self.left_out_reasons.entry(row.reason.code.clone()).or_default() += 1;
        }
        if needs_attention(row) {
            self.to_look_at.add(|| row.clone());
            *self.reasons.entry((row.outcome, row.reason.code.clone())).or_default() += 1;
        }
        self.with_conflicts += usize::from(!row.conflicts.is_empty());
        self.left_alone += usize::from(competing::is_reason(&row.reason));
        self.baseline_refused += usize::from(row.reason.code == ReasonCode::BaselineRefused);
        let is_good = matches!(row.outcome, Outcome::Compliant | Outcome::Patched);
        let judged_by = row.judged_by.as_ref().map(|reason| &reason.code);
        if judged_by == Some(&ReasonCode::BaselineNotCompared) {
            self.not_compared += 1;
            self.good_not_compared += usize::from(is_good);
        } else if judged_by.is_some() {
            *self.judged_by_another.entry((row.stage.clone(), row.wave)).or_default() += 1;
            self.good_by_another += usize::from(is_good);
            let is_skipped = row.outcome == Outcome::Skipped && row.reason.code == ReasonCode::ConflictOtherBaseline;
            self.skipped_for_another += usize::from(is_skipped);
        }
        if row.available_security_updates > 0 {
            self.with_available_updates += 1;
            let is_non_compliant = row.aws_status == Some(ComplianceStatus::NonCompliant);
            self.non_compliant_with_updates += usize::from(is_non_compliant);
        }
        if let Some(command) = OpenCommand::of(row) {
            self.open_commands.add(|| command);
        }
        self.installed_twice += usize::from(row.passes.len() > 1);
        self.not_all_listed += usize::from(row.more_missing_before > 0 || row.more_missing_after > 0);
        if row.reason.code == ReasonCode::Deadline {
            match self.late.iter_mut().find(|(stage, _)| *stage == row.stage) {
                Some((_, instances)) => *instances += 1,
                None => self.late.push((row.stage.clone(), 1)),
            }
        }
    }

    /// Returns how much is up to date and what was not seen, and which accounts could not be entered.
    pub(crate) fn about_what_was_seen(&self, run: &RunReport) -> impl Iterator<Item = String> {
        let not_by_the_plan = self.good_by_another + self.good_not_compared;
        self.seen.sentence(run, not_by_the_plan).into_iter().chain(self.seen.about_accounts())
    }

    /// Returns how many instances were left out, by reason: `2 excluded-by-tag, 1 max-errors`.
    pub(crate) fn left_out_by_reason(&self) -> String {
        let number = |n: &usize| u64::try_from(*n).unwrap_or(u64::MAX);
        listed(self.left_out_reasons.iter().map(|(code, n)| (code, number(n))))
    }

    /// Returns how many targets were not reached, by outcome: `2 access-denied, 1 error`.
    pub(crate) fn not_reached_by_outcome(&self) -> String {
        listed(self.not_reached.iter())
    }

    /// Returns a sentence about second installs, one about the deadline, one about baselines that AWS refused, one about
    /// patches that are not listed and one about security updates that are not approved, each only if it concerns an instance.
    pub(crate) fn about_installs(&self) -> impl Iterator<Item = String> {
        let refused = (self.baseline_refused > 0).then(|| {
            let skipped = counted(self.baseline_refused, "instance");
            format!("AWS refused a change to a baseline: {skipped} skipped.")
        });
        let again = (self.installed_twice > 0)
            .then(|| format!("{} needed a second install.", counted(self.installed_twice, "instance")));
        let stages = self.late.iter().map(|(stage, n)| format!("{} in stage {stage}", counted(*n, "instance")));
        let stages = stages.collect::<Vec<String>>().join(", ");
        let late = (!stages.is_empty()).then(|| format!("No answer at the deadline: {stages}."));
        let not_all_listed = (self.not_all_listed > 0).then(|| {
            let instances = counted(self.not_all_listed, "instance");
            format!("{instances} with more missing patches than the {MOST_PATCHES} that are listed.")
        });
        let available = (self.with_available_updates > 0).then(|| {
            let (instances, counted_so) = (counted(self.with_available_updates, "instance"), self.non_compliant_with_updates);
            format!("Security updates that are out and not approved: {instances}, {counted_so} non-compliant by AWS's count.")
        });
        again.into_iter().chain(late).chain(refused).chain(not_all_listed).chain(available)
    }

    /// Returns a sentence for each other plan whose baselines this one replaces, or would replace in a run that changes none.
    pub(crate) fn about_other_plans(&self, run: &RunReport) -> impl Iterator<Item = String> {
        let verb = match run.operation {
            Operation::Scan | Operation::PreviewBaselines => "would take",
            _ => "takes",
        };
        let plan = run.plan.clone();
        self.taken_from.iter().map(move |(other, targets)| {
            let targets = counted(*targets, "target");
            format!("Plan {plan} {verb} defaults or patch groups from plan {other} in {targets}. The plan that installed last has them.")
        })
    }

    /// Returns what a run says about the baselines by which instances were judged; None if they are the plan's everywhere.
    /// A preview of baselines says it in its result.
    pub(crate) fn about_baselines(&self, run: &RunReport) -> impl Iterator<Item = String> {
        let not_compared = (self.not_compared > 0).then(|| {
            let instances = counted(self.not_compared, "instance");
            format!(
                "AWS refused to show the baselines of {instances}, {} of them compliant: whether the plan's judged them is not known.",
                self.good_not_compared
            )
        });
        self.about_other_baselines(run).into_iter().chain(not_compared)
    }

    fn about_other_baselines(&self, run: &RunReport) -> Option<String> {
        let judged: usize = self.judged_by_another.values().sum();
        if run.operation == Operation::Install && judged > 0 {
            let (instances, skipped) = (counted(judged, "instance"), self.skipped_for_another);
            return Some(format!(
                "Another baseline than the plan's decides about {instances}: {skipped} skipped for it."
            ));
        }
        if run.operation != Operation::Scan || (self.baselines_differ == 0 && judged == 0) {
            return None;
        }
        let mut text = format!("Baselines differ from the plan in {}", counted(self.baselines_differ, "target"));
        if judged > 0 {
            let _ = write!(
                text,
                ", and {} not judged by what the plan says, {} of them compliant",
                if judged == 1 { "1 instance was".to_owned() } else { format!("{judged} instances were") },
                self.good_by_another,
            );
        }
        let _ = write!(
            text,
            ". A scan run changes no baseline; `orgpatch baselines apply {}` or an install run does.",
            run.plan
        );
        Some(text)
    }

    /// Returns the result of a step in numbers.
    #[must_use]
    pub fn counted(&self, run: &RunReport, step: &StepReport) -> String {
        if run.operation.is_about_baselines_only() {
            let (all, differ) = self.baselines.get(&(step.stage.clone(), step.wave)).copied().unwrap_or_default();
            let what = match run.operation {
                Operation::ApplyBaselines => "the baselines were changed in",
                Operation::RestoreBaselines => "baselines were given back in",
                _ => "the baselines differ from the plan in",
            };
            return format!("{what} {differ} of {}", counted(all, "target"));
        }
        let counts = listed(step.counts.iter());
        match self.judged_by_another.get(&(step.stage.clone(), step.wave)) {
            _ if counts.is_empty() => "no instances".to_owned(),
            Some(judged) => format!("{counts} ({judged} judged by another baseline than the plan's)"),
            None => counts,
        }
    }
}

/// Returns true for an instance to which nothing was sent although the plan selects it. A run that looks at readiness only, and
/// a halt, leave out every instance, and are told elsewhere.
fn is_left_out(row: &InstanceRow) -> bool {
    match row.outcome {
        Outcome::Skipped => row.reason.code != ReasonCode::ReadinessOnly && is_selected(&row.reason.code),
        _ => row.reason.code == ReasonCode::MaxErrors,
    }
}

/// Returns false for what the plan does not select. An instance that it excludes is named, because another person may have set the tag.
fn is_selected(code: &ReasonCode) -> bool {
    !matches!(
        code,
        ReasonCode::HybridNode
            | ReasonCode::NotSelectedByOperatingSystem
            | ReasonCode::NotSelectedByTags
            | ReasonCode::OtherStage
    )
}

/// Returns true for the instances that people want to see first. One that waits for its reboot as the plan wants may do so in every
/// run, and would take the place of another in a short list.
fn needs_attention(row: &InstanceRow) -> bool {
    match row.outcome {
        Outcome::Failed | Outcome::Unreachable | Outcome::NotReady => true,
        Outcome::PendingReboot => !row.is_pending_as_planned(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Report, fixtures, summary};

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

    #[test]
    fn both_summaries_say_that_patches_are_not_listed() {
        let mut report = fixtures::report();
        let texts = |report: &Report| {
            let highlights = report.highlights();
            [summary::markdown(&report.head, &highlights), report.head.answer(&highlights, "b", "0123").message]
        };
        let sentence = "1 instance with more missing patches than the 500 that are listed.";
        assert!(texts(&report).iter().all(|text| !text.contains(sentence)));
        report.instances[0].more_missing_after = 1;
        for text in texts(&report) {
            assert!(text.contains(sentence), "{text}");
        }
    }

    #[test]
    fn both_summaries_count_second_installs_and_late_answers_and_say_nothing_of_none() {
        let texts = |report: &Report| {
            let highlights = report.highlights();
            [summary::markdown(&report.head, &highlights), report.head.answer(&highlights, "b", "0123").message]
        };
        let mut report = fixtures::report();
        let twice = report.instances.iter().find(|row| !row.passes.is_empty()).expect("an instance").clone();
        report.instances.retain(|row| row.passes.is_empty());
        for text in texts(&report) {
            assert!(!text.contains("second install") && !text.contains("deadline"), "{text}");
        }
        for (stage, instances) in [("test", 2), ("production", 1)] {
            let mut late = InstanceRow { passes: Vec::new(), stage: stage.into(), ..twice.clone() };
            late.outcome = Outcome::Unreachable;
            late.reason.code = ReasonCode::Deadline;
            report.instances.extend(std::iter::repeat_n(late, instances));
        }
        report.instances.push(twice.clone());
        for text in texts(&report) {
            assert!(text.contains("1 instance needed a second install."), "{text}");
            let late = "No answer at the deadline: 2 instances in stage test, 1 instance in stage production.";
            assert!(text.contains(late), "{text}");
        }
        report.instances.push(twice);
        for text in texts(&report) {
            assert!(text.contains("2 instances needed a second install."), "{text}");
        }
    }
}
