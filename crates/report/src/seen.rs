//! What a run has not seen, beside every number that looks good: instances without a result, targets without a list of instances,
//! and accounts that could not be entered.

use std::collections::BTreeMap;

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::english::counted;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::ReasonCode;

use crate::{RunReport, TargetReport};

/// What a run has seen. It has an entry for each account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    instances: usize,
    /// Instances that were listed, and of which no scan of the run has a result.
    without_result: usize,
    targets: usize,
    /// Targets of which no instance could be listed. How many they have is not known.
    not_listed: usize,
    accounts: BTreeMap<String, Account>,
}

/// An account in the targets that the run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Account {
    /// True if orgpatch could enter it in a Region.
    is_entered: bool,
    /// True if orgpatch could not enter it in a Region.
    is_closed: bool,
}

/// Returns true for an instance that was listed, and of which no scan of the run has a result.
fn is_without_result(row: &InstanceRow) -> bool {
    let may_be =
        !matches!(row.outcome, Outcome::Patched | Outcome::Compliant | Outcome::PendingReboot | Outcome::Missing);
    may_be && row.scanned_at.is_none()
}

/// Returns true if no instance of the target is in the report although it may have some. `has_rows`: one of them is.
pub(super) fn is_not_listed(target: &TargetReport, has_rows: bool) -> bool {
    target.outcome != TargetOutcome::Reached && !has_rows
}

impl Seen {
    pub(super) fn add_instance(&mut self, row: &InstanceRow) {
        // It belongs to a stage on which the run did not work.
        if row.reason.code == ReasonCode::OtherStage {
            return;
        }
        self.instances += 1;
        self.without_result += usize::from(is_without_result(row));
    }

    /// Adds a target. `has_rows`: at least one of its instances was listed.
    pub(super) fn add_target(&mut self, target: &TargetReport, has_rows: bool) {
        self.targets += 1;
        self.not_listed += usize::from(is_not_listed(target, has_rows));
        if !matches!(target.outcome, TargetOutcome::NotAttempted | TargetOutcome::Skipped) {
            let account = self.accounts.entry(target.account_id.clone()).or_default();
            match target.outcome {
                TargetOutcome::Reached | TargetOutcome::Error => account.is_entered = true,
                _ => account.is_closed = true,
            }
        }
    }

    /// Returns how many instances have nothing missing, and beside it what was not seen; None for a run that scans nothing.
    /// `others` have nothing missing by another baseline than the plan's.
    pub(super) fn sentence(&self, run: &RunReport, others: usize) -> Option<String> {
        if run.operation.is_about_baselines_only() || run.readiness_only {
            return None;
        }
        let succeeded = usize::try_from(run.counts.succeeded()).unwrap_or(usize::MAX).saturating_sub(others);
        let instances = counted(self.instances, "instance");
        let percent = percent(succeeded, self.instances);
        Some(format!("Up to date by this plan's rules: {succeeded} of {instances}{percent}. {}", self.not_seen()))
    }

    /// Says what was not seen, also if it is nothing.
    fn not_seen(&self) -> String {
        let instances = (self.without_result > 0)
            .then(|| format!("{} without a scan result", counted(self.without_result, "listed instance")));
        let targets = (self.not_listed > 0).then(|| {
            let all = counted(self.targets, "target");
            format!("{} of {all}, in which no instances could be listed", self.not_listed)
        });
        let all: Vec<String> = instances.into_iter().chain(targets).collect();
        if all.is_empty() { "Not seen: nothing.".to_owned() } else { format!("Not seen: {}.", all.join(", and ")) }
    }

    /// Says how many accounts could not be entered, and how many only in some Regions. None: all could.
    pub(super) fn about_accounts(&self) -> Option<String> {
        let count = |is: fn(&Account) -> bool| self.accounts.values().filter(|account| is(account)).count();
        let closed = count(|account| account.is_closed && !account.is_entered);
        let in_part = count(|account| account.is_closed && account.is_entered);
        let all = counted(self.accounts.len(), "account");
        let told = match (closed, in_part) {
            (0, 0) => return None,
            (closed, 0) => format!("{closed} could not be entered"),
            (0, in_part) => format!("{in_part} could be entered in some Regions only"),
            (closed, in_part) => format!("{closed} could not be entered, and {in_part} in some Regions only"),
        };
        Some(format!("Of {all} that the run came to, {told}."))
    }
}

/// Returns a share in brackets. Only exact values are 0 % and 100 %.
fn percent(part: usize, all: usize) -> String {
    match (part, all) {
        (_, 0) => String::new(),
        (0, _) => " (0%)".to_owned(),
        (part, all) if part == all => " (100%)".to_owned(),
        (part, all) => match part.saturating_mul(100) / all {
            0 => " (<1%)".to_owned(),
            whole => format!(" ({whole}%)"),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orgpatch_model::reason::{Reason, ReasonCode};

    use super::*;
    use crate::{Report, fixtures, summary};

    fn texts(report: &Report) -> [String; 2] {
        let highlights = report.highlights();
        [summary::markdown(&report.head, &highlights), report.head.answer(&highlights, "b", "0123").message]
    }

    #[test]
    fn what_is_up_to_date_stands_beside_what_was_not_seen() {
        // One of the four instances is not ready, the scan of another has failed, and of the account that is locked none is listed.
        for text in texts(&fixtures::report()) {
            let told = "Up to date by this plan's rules: 2 of 4 instances (50%). Not seen: 2 listed instances \
                        without a scan result, and 1 of 3 targets, in which no instances could be listed.";
            assert!(text.contains(told), "{text}");
        }
        let mut report = fixtures::report();
        report.targets.retain(|target| target.outcome == TargetOutcome::Reached);
        report.instances.retain(|row| row.outcome != Outcome::NotReady);
        for failed in report.instances.iter_mut().filter(|row| row.outcome == Outcome::Failed) {
            failed.scanned_at = Some(Timestamp::UNIX_EPOCH);
        }
        for text in texts(&report) {
            assert!(text.contains("Not seen: nothing."), "{text}");
        }
        report.head.run.readiness_only = true;
        assert!(texts(&report).iter().all(|text| !text.contains("Up to date")));
    }

    #[test]
    fn an_instance_of_another_stage_is_no_part_of_the_share() {
        let mut report = fixtures::report();
        let mut row = report.instances[0].clone();
        (row.outcome, row.scanned_at, row.reason.code) = (Outcome::Skipped, None, ReasonCode::OtherStage);
        report.instances.push(row);
        for text in texts(&report) {
            assert!(text.contains("rules: 2 of 4 instances (50%). Not seen: 2 listed instances without"), "{text}");
        }
    }

    #[test]
    fn what_another_baseline_finds_up_to_date_is_not_so_by_the_plan() {
        let mut report = fixtures::report();
        let mut row = report.instances[0].clone();
        row.outcome = Outcome::Compliant;
        row.judged_by = Some(row.reason.clone());
        report.head.run.counts.add(Outcome::Compliant);
        report.instances.push(row.clone());
        row.outcome = Outcome::Patched;
        report.head.run.counts.add(Outcome::Patched);
        report.instances.push(row);
        assert!(texts(&report)[1].contains("rules: 2 of 6 instances (33%)"), "{}", texts(&report)[1]);
    }

    #[test]
    fn what_could_not_be_compared_is_not_up_to_date_and_is_told() {
        let mut report = fixtures::report();
        let mut row = report.instances[0].clone();
        row.outcome = Outcome::Compliant;
        row.judged_by = Some(Reason::new(ReasonCode::BaselineNotCompared, "x"));
        report.head.run.counts.add(Outcome::Compliant);
        report.instances.push(row);
        for text in texts(&report) {
            assert!(text.contains("rules: 2 of 5 instances (40%)"), "{text}");
            let told = "AWS refused to show the baselines of 1 instance, 1 of them compliant: whether the plan's judged them is not known.";
            assert!(text.contains(told), "{text}");
            assert!(!text.contains("Another baseline"), "{text}");
        }
    }

    #[test]
    fn accounts_are_counted_and_not_targets() {
        let mut report = fixtures::report();
        let locked = report.targets.last().expect("a target").clone();
        assert_eq!(locked.outcome, TargetOutcome::AccessDenied);
        report.targets.push(TargetReport { region: "ap-northeast-3".into(), ..locked.clone() });
        let told = "Of 3 accounts that the run came to, 1 could not be entered.";
        assert!(texts(&report).iter().all(|text| text.contains(told)), "{:?}", texts(&report));
        // Another account is open in one of its Regions.
        let open = report.targets[0].clone();
        let off = TargetOutcome::RegionDisabled;
        report.targets.push(TargetReport { region: "ap-east-1".into(), outcome: off, ..open });
        let told = "Of 3 accounts that the run came to, 1 could not be entered, and 1 in some Regions only.";
        assert!(texts(&report).iter().all(|text| text.contains(told)), "{:?}", texts(&report));
        report.targets.retain(|target| target.outcome != TargetOutcome::AccessDenied);
        let told = "Of 2 accounts that the run came to, 1 could be entered in some Regions only.";
        assert!(texts(&report).iter().all(|text| text.contains(told)), "{:?}", texts(&report));
        report.targets.retain(|target| target.outcome == TargetOutcome::Reached);
        assert!(texts(&report).iter().all(|text| !text.contains("entered")), "{:?}", texts(&report));
    }

    #[test]
    fn a_target_whose_instances_are_known_is_listed() {
        let mut target = fixtures::report().targets[0].clone();
        assert!(!is_not_listed(&target, false), "it was reached, and has none");
        target.outcome = TargetOutcome::Error;
        assert!(is_not_listed(&target, false) && !is_not_listed(&target, true));
        assert_eq!(fixtures::report().head.steps[1].targets_not_listed, 1);
        assert_eq!(fixtures::report().head.steps[0].targets_not_listed, 0);
    }

    #[test]
    fn only_exact_shares_are_none_and_all() {
        let shown = [(0, 0), (0, 3), (3, 3), (1, 1_000), (999, 1_000), (1, 2)].map(|(part, all)| percent(part, all));
        assert_eq!(shown, ["", " (0%)", " (100%)", " (<1%)", " (99%)", " (50%)"]);
    }
}
