//! Instances that are terminated or stopped while a run works on them: what EC2 says of an instance that does not answer.

use std::collections::HashMap;

use orgpatch_model::reason::{Reason, ReasonCode};

use super::invocation::InvocationResult;

/// The states of some instances. It explains why an instance does not answer, and nothing depends on it that the agent says itself.
#[derive(Debug, Clone, Default)]
pub struct States(Option<HashMap<String, String>>);

impl States {
    /// Of those instances that EC2 lists, the state, as in `DescribeInstances`.
    #[must_use]
    pub fn of(listed: HashMap<String, String>) -> Self {
        Self(Some(listed))
    }

    /// EC2 did not say.
    #[must_use]
    pub fn unknown() -> Self {
        Self(None)
    }

    /// Returns why the instance cannot answer; None if it could, or the state is not known. EC2 lists a terminated instance for an
    /// hour only.
    fn reason(&self, id: &str) -> Option<Reason> {
        let state = self.0.as_ref()?.get(id).map(String::as_str);
        let (code, text) = match state {
            None | Some("terminated" | "shutting-down") => {
                (ReasonCode::Terminated, "the instance was terminated while the run was in progress")
            }
            Some("stopped" | "stopping") => {
                (ReasonCode::Stopped, "the instance was stopped while the run was in progress")
            }
            Some(_) => return None,
        };
        Some(Reason::new(code, text))
    }
}

/// Returns true if a result may come from the end of the instance.
#[must_use]
pub fn may_explain(result: &InvocationResult) -> bool {
    match result {
        InvocationResult::Offline(_) | InvocationResult::None(_) => true,
        InvocationResult::Failed(reason) => reason.code == ReasonCode::ExecutionTimedOut,
        _ => false,
    }
}

/// Returns the result of an instance by what EC2 says of it. `result` is None while a command has no end.
///
/// The command of a terminated instance ends with it. That of a stopped one is awaited: the agent may still take it when the instance
/// starts again.
#[must_use]
pub fn explained(id: &str, result: Option<InvocationResult>, states: &States) -> Option<InvocationResult> {
    let reason = states.reason(id);
    match (result, reason) {
        (None, Some(reason)) if reason.code == ReasonCode::Terminated => Some(InvocationResult::None(reason)),
        (Some(InvocationResult::Offline(_)), Some(reason)) => Some(InvocationResult::Offline(reason)),
        // The agent had begun, so it stays a failure and counts for `maxErrors`.
        (Some(InvocationResult::Failed(failed)), Some(reason)) if failed.code == ReasonCode::ExecutionTimedOut => {
            Some(InvocationResult::Failed(Reason { text: format!("{}; {}", failed.text, reason.text), ..failed }))
        }
        (Some(result), Some(reason)) if may_explain(&result) => Some(InvocationResult::None(reason)),
        (result, _) => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_explains_silence_and_nothing_else() {
        let listed = [("i-on", "running"), ("i-up", "pending"), ("i-off", "stopped"), ("i-down", "shutting-down")];
        let states = States::of(listed.map(|(id, state)| (id.to_owned(), state.to_owned())).into());
        let reason = |code| Reason::new(code, "x");
        let results = [
            None,
            Some(InvocationResult::Offline(reason(ReasonCode::AgentOffline))),
            Some(InvocationResult::None(reason(ReasonCode::DeliveryTimedOut))),
            Some(InvocationResult::Failed(reason(ReasonCode::ExecutionTimedOut))),
            Some(InvocationResult::Failed(reason(ReasonCode::ExitCode(1)))),
            Some(InvocationResult::Succeeded),
        ];
        let row = |id: &str, states: &States| {
            let word = |result: Option<InvocationResult>| match result {
                None => "-".to_owned(),
                Some(InvocationResult::Offline(reason)) => format!("offline:{}", reason.code),
                Some(InvocationResult::None(reason)) => format!("none:{}", reason.code),
                Some(InvocationResult::Failed(reason)) => format!("failed:{}", reason.code),
                Some(other) => format!("{other:?}"),
            };
            let words = results.iter().map(|result| word(explained(id, result.clone(), states)));
            words.collect::<Vec<_>>().join(" ")
        };
        let rows = ["i-on", "i-up", "i-off", "i-down", "i-gone"].map(|id| format!("{id} {}", row(id, &states)));
        insta::assert_snapshot!(rows.join("\n"), @r"
        i-on - offline:agent-offline none:delivery-timed-out failed:execution-timed-out failed:exit-code-1 Succeeded
        i-up - offline:agent-offline none:delivery-timed-out failed:execution-timed-out failed:exit-code-1 Succeeded
        i-off - offline:stopped none:stopped failed:execution-timed-out failed:exit-code-1 Succeeded
        i-down none:terminated offline:terminated none:terminated failed:execution-timed-out failed:exit-code-1 Succeeded
        i-gone none:terminated offline:terminated none:terminated failed:execution-timed-out failed:exit-code-1 Succeeded
        ");
        assert_eq!(row("i-gone", &States::unknown()), row("i-on", &states), "without an answer of EC2 nothing changes");
    }
}
