//! The evidence of one chunk of a target: numbers, the patches that are missing, and what is read of those that are installed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use orgpatch_model::operating_system::{OperatingSystem, Platform};

use super::{CoveredPatches, PatchKind, RulesSeen, may_approve, may_wait};
use crate::baselines::{Baseline, ComparedBaseline, same_id};
use crate::results::InstanceRow;
use crate::results::instance_results::Judged;
use crate::results::outcome_rules::ComplianceRow;

/// An instance of which the installed patches may tell more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLook {
    /// Instance id.
    pub instance_id: String,
    os: OperatingSystem,
    /// How many patches its baseline covers that are installed, by the result of its scan.
    installed: u64,
}

/// What is known so far of the rules of the plan's baselines.
#[derive(Debug)]
pub struct RuleEvidence<'a> {
    baselines: BTreeMap<OperatingSystem, (&'a Baseline, RulesSeen)>,
    /// Instances that were not looked at yet.
    looks: VecDeque<RuleLook>,
}

impl<'a> RuleEvidence<'a> {
    /// Begins with the rows of a scan. Only results by the plan's own baselines count, as they are in the plan; `compared` are
    /// those baselines as the target has them.
    #[must_use]
    pub fn of(
        baselines: &'a [Baseline],
        compared: &[ComparedBaseline],
        rows: &[InstanceRow],
        judged: &BTreeMap<String, Judged>,
    ) -> Self {
        let with_rules = baselines.iter().filter(|baseline| !baseline.definition.approval_rules.is_empty());
        let seen = |os| RulesSeen { operating_system: os, scanned: 0, approving: BTreeSet::new() };
        let baselines = with_rules.map(|one| (one.operating_system, (one, seen(one.operating_system)))).collect();
        let mut evidence = Self { baselines, looks: VecDeque::new() };
        for row in rows {
            let Some(os) = row.os.as_ref().and_then(Platform::supported) else { continue };
            let Some(state) = judged.get(&row.instance_id).and_then(|judged| judged.evidence.as_ref()) else {
                continue;
            };
            let is_ours = |one: &&ComparedBaseline| one.operating_system == os && one.is_as_planned;
            let ours = compared.iter().find(is_ours).and_then(|one| one.id.as_deref());
            if ours.is_some_and(|id| same_id(id, &state.baseline_id)) {
                evidence.add_result(os, row, state);
            }
        }
        evidence
    }

    fn add_result(&mut self, os: OperatingSystem, row: &InstanceRow, state: &ComplianceRow) {
        let Some((baseline, seen)) = self.baselines.get_mut(&os) else { return };
        seen.scanned += 1;
        let rules = &baseline.definition.approval_rules;
        if state.available_security_updates > 0 {
            // They are out and not approved. Why is not told.
            seen.approving.extend((1..).zip(rules).filter(|(_, rule)| may_wait(rule)).map(|(number, _)| number));
        }
        let installed = [state.installed, state.pending_reboot, state.installed_rejected].map(u64::from).iter().sum();
        let covered = installed + u64::from(state.lacking());
        let is_the_only_way = rules.len() == 1 && baseline.definition.approved_patches.is_empty();
        let are_listed = row.count_missing_before() == row.missing_before.len()
            && row.missing_before.len() >= usize::try_from(state.lacking()).unwrap_or(usize::MAX);
        if state.not_applicable > 0 || (covered > 0 && is_the_only_way) || !are_listed {
            return all_may(baseline, seen);
        }
        for patch in &row.missing_before {
            let kind = PatchKind { classification: patch.classification.clone(), severity: patch.severity.clone() };
            add_kind(baseline, seen, &kind);
        }
        if installed > 0 {
            self.looks.push_back(RuleLook { instance_id: row.instance_id.clone(), os, installed });
        }
    }

    /// Returns the next instances whose installed patches may tell more, at most so many. None are left when each rule is known to
    /// approve a patch, or may.
    pub fn next_looks(&mut self, most: usize) -> Vec<RuleLook> {
        let Self { baselines, looks } = self;
        looks.retain(|look| baselines.get(&look.os).is_some_and(|(baseline, seen)| is_open(baseline, seen)));
        looks.drain(..most.min(looks.len())).collect()
    }

    /// Adds the patches that were found in a look. None: they could not be read, or not all of them.
    pub fn add(&mut self, look: &RuleLook, found: Option<&CoveredPatches>) {
        let Some((baseline, seen)) = self.baselines.get_mut(&look.os) else { return };
        match found.filter(|found| found.count >= look.installed) {
            Some(found) => found.kinds.iter().for_each(|kind| add_kind(baseline, seen, kind)),
            None => all_may(baseline, seen),
        }
    }

    /// Returns what was seen of each baseline by which an instance was judged. Of what was not looked at, nothing is ruled out.
    #[must_use]
    pub fn end(mut self) -> Vec<RulesSeen> {
        for look in std::mem::take(&mut self.looks) {
            self.add(&look, None);
        }
        self.baselines.into_values().map(|(_, seen)| seen).filter(|seen| seen.scanned > 0).collect()
    }
}

fn is_open(baseline: &Baseline, seen: &RulesSeen) -> bool {
    seen.approving.len() < baseline.definition.approval_rules.len()
}

fn all_may(baseline: &Baseline, seen: &mut RulesSeen) {
    seen.approving.extend(1..=baseline.definition.approval_rules.len());
}

fn add_kind(baseline: &Baseline, seen: &mut RulesSeen, kind: &PatchKind) {
    let rules = (1..).zip(&baseline.definition.approval_rules);
    let may = rules.filter(|(_, rule)| may_approve(baseline.operating_system, rule, kind)).map(|(number, _)| number);
    seen.approving.extend(may);
}
