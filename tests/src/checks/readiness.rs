//! Checks that the readiness in the report is complete and agrees with the outcomes.

use orgpatch_engine::readiness::{Check, Status};
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::ReasonCode;

use crate::evidence::Evidence;

/// Reasons of instances that the plan leaves out. Their readiness is not checked.
const LEFT_OUT: [ReasonCode; 6] = [
    ReasonCode::ExcludedInstance,
    ReasonCode::ExcludedByTag,
    ReasonCode::HybridNode,
    ReasonCode::NotSelectedByTags,
    ReasonCode::NotSelectedByOperatingSystem,
    ReasonCode::OtherStage,
];

/// Checks that every selected instance in a scanned target has exactly one finding of each check, in order.
#[must_use]
pub fn every_scanned_instance_has_one_finding_of_each_check(evidence: &Evidence) -> Vec<String> {
    let scanned = |row: &&InstanceRow| {
        evidence.targets().any(|target| {
            target.outcome == TargetOutcome::Reached
                && [&target.account_id, &target.region, &target.stage] == [&row.account_id, &row.region, &row.stage]
        })
    };
    let complaint = |row: &InstanceRow| {
        let found: Vec<Check> = row.findings.iter().map(|finding| finding.check).collect();
        let wanted: &[Check] = if LEFT_OUT.contains(&row.reason.code) { &[] } else { &Check::ALL };
        (found != wanted).then(|| format!("instance {} ({}) has findings {found:?}", row.instance_id, row.reason.code))
    };
    evidence.rows().filter(scanned).filter_map(complaint).collect()
}

/// Checks that no instance is not-ready if all its checks pass.
#[must_use]
pub fn no_instance_is_not_ready_without_a_finding(evidence: &Evidence) -> Vec<String> {
    let fine = |row: &&InstanceRow| row.findings.iter().all(|finding| finding.status == Status::Pass);
    evidence
        .rows()
        .filter(|row| row.outcome == Outcome::NotReady && !row.findings.is_empty())
        .filter(fine)
        .map(|row| format!("instance {} is not-ready ({}), but all its checks pass", row.instance_id, row.reason))
        .collect()
}

/// Checks that a run about readiness changes nothing and sends no command.
#[must_use]
pub fn a_run_about_readiness_only_reads(evidence: &Evidence) -> Vec<String> {
    if evidence.shares_its_time || !evidence.report.as_ref().is_some_and(|report| report.head.run.readiness_only) {
        return Vec::new();
    }
    let verb = |operation: &str| operation.rsplit(':').next().unwrap_or_default().to_owned();
    let reads = |operation: &str| ["Describe", "Get", "List"].iter().any(|read| verb(operation).starts_with(read));
    evidence
        .calls
        .iter()
        .filter(|call| call.is_in_member() && !reads(&call.operation))
        .map(|call| format!("a run about readiness called {} in {}", call.operation, call.target()))
        .collect()
}
