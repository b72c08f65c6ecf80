//! Approval rules of the plan's baselines that approved no patch in a run. Where they stand for several stages, all of them count.

use std::collections::BTreeSet;

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_plan::{FilterKey, Plan, PlannedBaseline, PlannedRule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MatchedNothing, PlanEntry, PlanField};
use crate::results::rules_seen::RulesSeen;

/// How many values of a filter are named.
const NAMED_VALUES: usize = 3;

/// An approval rule that approved no patch of the instances that were scanned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnmatchedRule {
    /// The stages of the run in which the rule holds and an instance was scanned by its baseline.
    pub stages: Vec<String>,
    /// Operating system.
    pub operating_system: OperatingSystem,
    /// The patch groups of the baseline. Absent: it is the default of its operating system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patch_groups: Vec<String>,
    /// Its place in `rules`, from 1.
    pub number: usize,
    /// Its filters in short, such as `classification: Security; severity: Critical, Important`.
    pub filters: String,
    /// How many instances were scanned and judged by its baseline.
    pub instances: u64,
}

impl UnmatchedRule {
    /// Returns the entry that names it.
    fn entry(&self) -> PlanEntry {
        let Self { number, operating_system, filters, .. } = self;
        PlanEntry::new(PlanField::BaselineRules, format!("{number} of {operating_system} ({filters})"))
    }
}

/// A baseline of the plan, and what the scans of a run have shown of its rules.
#[derive(Debug)]
struct Tally {
    /// The stage in which it stands. None: it stands in the plan itself.
    stage: Option<String>,
    /// The stages in which it holds.
    stages: BTreeSet<String>,
    baseline: PlannedBaseline,
    seen: RulesSeen,
    seen_in: BTreeSet<String>,
}

/// What a run has found of the rules of its plan, while its targets are added.
#[derive(Debug, Default)]
pub struct RuleMatches(Vec<Tally>);

impl RuleMatches {
    /// Begins with the baselines that hold in a run. `only` names the stages of the run; None is all of them.
    #[must_use]
    pub fn of(plan: &Plan, only: Option<&[String]>) -> Self {
        let mut all: Vec<Tally> = Vec::new();
        for stage in plan.stages.iter().filter(|stage| stage.is_in_run(only)) {
            for (os, baseline) in plan.baselines_of(stage) {
                let own = stage.baselines.contains_key(&os).then(|| stage.name.clone());
                let is_it = |known: &&mut Tally| known.seen.operating_system == os && known.stage == own;
                match all.iter_mut().find(is_it) {
                    Some(known) => {
                        known.stages.insert(stage.name.clone());
                    }
                    None => all.push(Tally {
                        stage: own,
                        stages: [stage.name.clone()].into(),
                        baseline: baseline.clone(),
                        seen: RulesSeen { operating_system: os, scanned: 0, approving: BTreeSet::new() },
                        seen_in: BTreeSet::new(),
                    }),
                }
            }
        }
        Self(all)
    }

    /// Adds what the scan of a target of a stage has shown.
    pub fn add(&mut self, stage: &str, seen: &[RulesSeen]) {
        for one in seen.iter().filter(|one| one.scanned > 0) {
            let is_it = |known: &&mut Tally| {
                known.seen.operating_system == one.operating_system && known.stages.contains(stage)
            };
            if let Some(known) = self.0.iter_mut().find(is_it) {
                known.seen.scanned += one.scanned;
                known.seen.approving.extend(&one.approving);
                known.seen_in.insert(stage.to_owned());
            }
        }
    }

    /// Returns the rules that approved no patch of the instances that were scanned.
    #[must_use]
    pub fn end(self) -> Vec<MatchedNothing> {
        self.0.into_iter().filter(|known| known.seen.scanned > 0).flat_map(Tally::unmatched).collect()
    }
}

impl Tally {
    fn unmatched(self) -> Vec<MatchedNothing> {
        let Self { stage, baseline, seen, seen_in, .. } = self;
        let rules = (1..).zip(&baseline.rules).filter(|(number, _)| !seen.approving.contains(number));
        rules
            .map(|(number, rule)| {
                let rule = UnmatchedRule {
                    stages: seen_in.iter().cloned().collect(),
                    operating_system: seen.operating_system,
                    patch_groups: baseline.patch_groups.clone(),
                    number,
                    filters: filters(rule),
                    instances: seen.scanned,
                };
                MatchedNothing { stage: stage.clone(), entry: rule.entry(), rule: Some(rule) }
            })
            .collect()
    }
}

/// Returns the filters of a rule in short.
fn filters(rule: &PlannedRule) -> String {
    let filter = |key: FilterKey| match rule.values(key) {
        [] => None,
        values if values.len() <= NAMED_VALUES => Some(format!("{}: {}", key.field(), values.join(", "))),
        values => {
            let (named, more) = values.split_at(NAMED_VALUES);
            Some(format!("{}: {} and {} more", key.field(), named.join(", "), more.len()))
        }
    };
    let all: Vec<String> = FilterKey::ALL.into_iter().filter_map(filter).collect();
    if all.is_empty() { "no filter".to_owned() } else { all.join("; ") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINUX: OperatingSystem = OperatingSystem::AmazonLinux2023;

    fn plan() -> Plan {
        let text = "schemaVersion: 1
name: monthly
regions: [ap-northeast-1]
select: {operatingSystems: [AMAZON_LINUX_2023, UBUNTU]}
baselines:
  AMAZON_LINUX_2023: {rules: [{classification: [Security], severity: [Critical, Important, Medium, Low]}, {classification: [Newpackage]}]}
  UBUNTU: {rules: [{priority: ['*']}], patchGroup: [web, db]}
stages:
  - {name: test, ous: [ou-abcd-11111111], approve: {afterDays: 0}}
  - {name: staging, ous: [ou-abcd-22222222], approve: {afterDays: 7}}
  - name: production
    ous: [ou-abcd-33333333]
    approve: {afterDays: 7}
    baselines: {AMAZON_LINUX_2023: {rules: [{classification: [Enhancement]}]}}
";
        orgpatch_plan::read(text).unwrap_or_else(|errors| panic!("{errors}"))
    }

    fn seen(os: OperatingSystem, scanned: u64, approving: &[usize]) -> RulesSeen {
        RulesSeen { operating_system: os, scanned, approving: approving.iter().copied().collect() }
    }

    fn unmatched(only: Option<&[String]>, targets: &[(&str, RulesSeen)]) -> Vec<String> {
        let mut matches = RuleMatches::of(&plan(), only);
        for (stage, seen) in targets {
            matches.add(stage, std::slice::from_ref(seen));
        }
        let told = |one: &MatchedNothing| {
            let rule = one.rule.as_ref().expect("a rule");
            format!("{one} [{} in {}]", rule.instances, rule.stages.join(" "))
        };
        matches.end().iter().map(told).collect()
    }

    #[test]
    fn a_rule_that_no_target_shows_to_approve_is_named_with_its_number() {
        let targets = [
            ("test", seen(LINUX, 3, &[1])),
            ("staging", seen(LINUX, 4, &[])),
            ("production", seen(LINUX, 5, &[])),
            ("production", seen(OperatingSystem::Ubuntu, 1, &[])),
        ];
        assert_eq!(
            unmatched(None, &targets),
            [
                "rule 2 of AMAZON_LINUX_2023 (classification: Newpackage) [7 in staging test]",
                "rule 1 of UBUNTU (priority: *) [1 in production]",
                "rule 1 of AMAZON_LINUX_2023 (classification: Enhancement) of stage production [5 in production]",
            ]
        );
        // The stage's own baseline replaces the plan's there.
        let elsewhere = [("test", seen(LINUX, 3, &[1, 2])), ("production", seen(LINUX, 1, &[1]))];
        assert_eq!(unmatched(None, &elsewhere), [""; 0]);
        assert_eq!(
            unmatched(None, &[("staging", seen(LINUX, 1, &[2]))]),
            [
                "rule 1 of AMAZON_LINUX_2023 (classification: Security; severity: Critical, Important, Medium and 1 more) [1 in staging]"
            ]
        );
    }

    #[test]
    fn nothing_is_said_where_no_instance_was_judged_by_the_baseline() {
        assert_eq!(unmatched(None, &[]), [""; 0]);
        assert_eq!(unmatched(None, &[("test", seen(LINUX, 0, &[]))]), [""; 0]);
        let only = ["production".to_owned()];
        assert_eq!(unmatched(Some(&only), &[("test", seen(LINUX, 2, &[]))]), [""; 0]);
    }

    proptest! {
        /// Whatever the targets and their order: a rule that one of them shows to approve is not named, and of each other rule every
        /// instance is counted.
        #[test]
        fn one_target_is_enough(
            targets in prop::collection::vec((0..2_usize, 0..4_u64, prop::collection::btree_set(1..=2_usize, 0..=2)), 0..6),
        ) {
            let stages = ["test", "staging"];
            let mut matches = RuleMatches::of(&plan(), None);
            let mut merged: Vec<RulesSeen> = Vec::new();
            for (stage, scanned, approving) in &targets {
                let approving: Vec<usize> = approving.iter().copied().filter(|_| *scanned > 0).collect();
                let one = [seen(LINUX, *scanned, &approving)];
                matches.add(stages[*stage], &one);
                RulesSeen::merge(&mut merged, &one);
            }
            let (scanned, approving) = merged.pop().map_or((0, BTreeSet::new()), |all| (all.scanned, all.approving));
            let named: Vec<(usize, u64)> = matches.end().into_iter().filter_map(|one| one.rule).map(|rule| (rule.number, rule.instances)).collect();
            let expected: Vec<(usize, u64)> =
                (1..=2).filter(|number| scanned > 0 && !approving.contains(number)).map(|number| (number, scanned)).collect();
            prop_assert_eq!(named, expected);
        }
    }
}
