//! Checks executions that end without a run: refused at the start, or quietly.

use orgpatch_model::error::REPORT_UNWRITTEN;

use crate::evidence::Evidence;

/// Checks that an execution without a report wrote no object and called no member account. One that was stopped may have,
/// and one whose report could not be written. Objects may be there that another writer put.
#[must_use]
pub fn a_refused_run_touches_nothing(evidence: &Evidence) -> Vec<String> {
    let execution = &evidence.execution;
    let began = execution.error.as_deref() == Some(REPORT_UNWRITTEN)
        || !["FAILED", "SUCCEEDED"].contains(&execution.status.as_str());
    if began || evidence.report.is_some() {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    if evidence.objects.exists() && !evidence.is_tampered_with() {
        complaints.push("the run did not start, but it wrote objects".to_owned());
    }
    let ours = |call: &&crate::evidence::Call| call.is_in_member() && !evidence.shares_its_time;
    if let Some(call) = evidence.calls.iter().find(ours) {
        complaints.push(format!("the run did not start, but called {} in {}", call.operation, call.target()));
    }
    let children = evidence.own_executions().count();
    if children > 1 {
        complaints.push(format!("the run did not start, but has {} children", children - 1));
    }
    complaints
}
