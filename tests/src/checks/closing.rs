//! Checks runs that ended without a report and were closed by another execution.

use std::collections::BTreeMap;

use crate::evidence::Evidence;

/// Operations that change nothing in a member account, and the one that ends a command of ours.
const ALLOWED: [&str; 4] = ["Describe", "Get", "List", "CancelCommand"];

/// Checks that what closes a run sends nothing and changes no baseline, in any account.
#[must_use]
pub fn a_run_that_is_closed_sends_nothing_more(evidence: &Evidence) -> Vec<String> {
    let is_closed = evidence.report.as_ref().is_some_and(|report| report.head.run.closed_by.is_some());
    if !is_closed {
        return Vec::new();
    }
    let session = format!("-{}", evidence.run_id);
    let is_late = |at| at > evidence.execution.stopped_at;
    let calls = evidence.all_calls.iter().filter(|call| call.is_in_member() && call.at.is_some_and(is_late));
    let of_run = calls.filter(|call| call.session.as_deref().unwrap_or_default().ends_with(&session));
    let acts = of_run.filter(|call| {
        let (_, operation) = call.operation.split_once(':').unwrap_or_default();
        !ALLOWED.iter().any(|allowed| operation.starts_with(allowed))
    });
    acts.map(|call| format!("behind the end of the run: {} in {}", call.operation, call.target())).collect()
}

/// Checks that the execution of a closed run, if it were redriven, would get no further than its first function, and would not
/// write its report again.
#[must_use]
pub fn a_closed_run_stays_closed(evidence: &Evidence) -> Vec<String> {
    let expected = BTreeMap::from([("gate", "RunLockLost"), ("report", "RunClosed")]);
    let Some(answers) = &evidence.redriven else { return Vec::new() };
    let found: BTreeMap<&str, &str> = answers.iter().map(|(name, error)| (name.as_str(), error.as_str())).collect();
    if found == expected {
        Vec::new()
    } else {
        vec![format!("redriven, the functions answer {found:?}, expected {expected:?}")]
    }
}
