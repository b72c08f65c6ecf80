//! What an install run does with instances that another baseline than the plan's judged: the plan skips them, or has them patched
//! and marked. The result of a scan is the only witness of which baseline decides.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::{OperatingSystem, Platform};
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::SkipOrWarn;

use crate::baselines::{ComparedBaseline, Deciding, how_to_decide, judged_by};
use crate::competing::{Action, Conflict};
use crate::install::order::InstallOrder;
use crate::results::InstanceRow;
use crate::results::instance_results::Judged;
use crate::results::outcome_rules::{ComplianceRow, Verdict};

/// The baselines of a target that are the plan's, and what the plan says about instances that another one judges.
#[derive(Debug, Clone, Copy)]
pub struct OtherBaseline<'a> {
    /// The plan's baselines as the target has them. Of an operating system that is not among them nothing is compared.
    pub compared: &'a [ComparedBaseline],
    /// The plan's setting.
    pub setting: SkipOrWarn,
}

impl OtherBaseline<'_> {
    /// Marks the rows of a scan that another baseline judged. In an install run those of which the plan says so end as skipped.
    pub fn after_scan(self, rows: &mut [InstanceRow], judged: &BTreeMap<String, Judged>) {
        for (row, by, conflict) in self.found(rows, judged) {
            row.judged_by = Some(by);
            if self.setting == SkipOrWarn::Skip && is_found_by_a_scan(row.outcome) {
                row.outcome = Outcome::Skipped;
                row.reason = conflict.clone();
            }
            add_conflict(row, self.setting, conflict);
        }
    }

    /// Leaves out the instances of a pre-install scan that another baseline judged: what is withheld in the plan's baseline is
    /// not withheld from them.
    pub fn before_install(self, order: &InstallOrder, judged: &mut BTreeMap<String, Judged>) {
        if self.setting == SkipOrWarn::Warn {
            return;
        }
        for instance in &order.instances {
            let Some(found) = judged.get_mut(&instance.instance_id) else { continue };
            if !is_found_by_a_scan(found.verdict.outcome) {
                continue;
            }
            let Some(evidence) = &found.evidence else { continue };
            if let Some((_, conflict)) = self.of(instance.os, evidence) {
                found.verdict = Verdict { outcome: Outcome::Skipped, reason: conflict };
            }
        }
    }

    /// Marks the rows of an install whose proof is by another baseline. Where the plan does not allow that, they are not proved:
    /// another baseline was registered after the scan that found the patches missing.
    pub fn after_install(self, rows: &mut [InstanceRow], judged: &BTreeMap<String, Judged>) {
        for (row, by, conflict) in self.found(rows, judged) {
            row.judged_by = Some(by);
            let is_by_evidence = matches!(row.outcome, Outcome::Patched | Outcome::PendingReboot)
                || row.reason.code == ReasonCode::StillMissing;
            if self.setting == SkipOrWarn::Skip && is_by_evidence {
                row.outcome = Outcome::Failed;
                row.reason = Reason::new(
                    ReasonCode::ConflictOtherBaseline,
                    format!("an install was sent, but the scan that would prove it is no proof: {}", conflict.text),
                );
            }
            add_conflict(row, self.setting, conflict);
        }
    }

    /// Returns the rows that another baseline judged, each with the mark and with the reason of its conflict. The rows that the
    /// plan's baseline judged lose both.
    fn found<'r>(
        self,
        rows: &'r mut [InstanceRow],
        judged: &BTreeMap<String, Judged>,
    ) -> Vec<(&'r mut InstanceRow, Reason, Reason)> {
        let mut found = Vec::new();
        for row in rows {
            // Without a new result the last one stands.
            let Some(evidence) = judged.get(&row.instance_id).and_then(|judged| judged.evidence.as_ref()) else {
                continue;
            };
            row.judged_by = None;
            row.conflicts.retain(|conflict| conflict.reason.code != ReasonCode::ConflictOtherBaseline);
            let os = row.os.as_ref().and_then(Platform::supported);
            if let Some((by, conflict)) = os.and_then(|os| self.of(os, evidence)) {
                found.push((row, by, conflict));
            }
        }
        found
    }

    fn of(self, os: OperatingSystem, evidence: &ComplianceRow) -> Option<(Reason, Reason)> {
        let patch_group = evidence.patch_group.as_deref();
        let by = judged_by(self.compared, os, Deciding { baseline_id: &evidence.baseline_id, patch_group })?;
        let how = how_to_decide(self.compared, os, patch_group);
        let conflict = Reason::new(ReasonCode::ConflictOtherBaseline, format!("{}; {how}", by.text));
        Some((by, conflict))
    }
}

/// Returns true for what a scan finds by the baseline, and false for a scan that failed.
fn is_found_by_a_scan(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Compliant | Outcome::Missing | Outcome::PendingReboot)
}

/// Marks the row of an instance that the approved order leaves out for that reason.
pub fn mark_left_out(row: &mut InstanceRow, reason: &Reason) {
    if reason.code == ReasonCode::ConflictOtherBaseline {
        row.judged_by = Some(Reason::new(ReasonCode::AnotherBaseline, reason.text.clone()));
        row.conflicts.retain(|conflict| conflict.reason.code != reason.code);
        add_conflict(row, SkipOrWarn::Skip, reason.clone());
    }
}

/// Adds a conflict behind those that are as grave.
fn add_conflict(row: &mut InstanceRow, setting: SkipOrWarn, reason: Reason) {
    let action = Action::from(setting);
    let place = row.conflicts.iter().position(|other| other.action < action).unwrap_or(row.conflicts.len());
    row.conflicts.insert(place, Conflict { action, reason });
}

#[cfg(test)]
mod tests;
