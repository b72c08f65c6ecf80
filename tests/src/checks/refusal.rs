//! Checks runs that are refused at the start.

use crate::evidence::Evidence;

/// Checks that a run without a report wrote no object and called no member account.
#[must_use]
pub fn a_refused_run_touches_nothing(evidence: &Evidence) -> Vec<String> {
    if evidence.report.is_some() || evidence.execution.status != "FAILED" {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    if evidence.objects.exists() {
        complaints.push("the run was refused, but it wrote objects".to_owned());
    }
    let ours = |call: &&crate::evidence::Call| call.is_in_member() && !evidence.shares_its_time;
    if let Some(call) = evidence.calls.iter().find(ours) {
        complaints.push(format!("the run was refused, but called {} in {}", call.operation, call.target()));
    }
    let children = evidence.own_executions().count();
    if children > 1 {
        complaints.push(format!("the run was refused, but has {} children", children - 1));
    }
    complaints
}
