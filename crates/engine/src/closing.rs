//! Closing a run that ended without a report: what it came to, by the decisions of its gates.

use crate::gate::{CaughtError, GateDecision, GateRecord};

/// What is left of a run to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The index of the step in which it ended. Installs may be under way there.
    pub step: Option<usize>,
    /// What ended it. None: its gates had decided everything, so that the report says what a report of its own would have said.
    pub error: Option<CaughtError>,
}

/// Returns what is left of a run whose execution ended with that error. `gates` are the decisions about its steps, in their order,
/// with None for steps without one.
#[must_use]
pub fn left(gates: &[Option<GateRecord>], ended: CaughtError) -> Left {
    let advanced = |gate: &Option<GateRecord>| matches!(gate, Some(gate) if gate.decision == GateDecision::Advance);
    let stop = gates.iter().position(|gate| !advanced(gate));
    match stop.map(|index| (index, &gates[index])) {
        // Behind a halt, the instances of the later steps are only listed.
        None | Some((_, Some(_))) => Left { step: None, error: None },
        Some((index, None)) => Left { step: Some(index), error: Some(ended) },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orgpatch_model::outcome::{Counts, TargetCounts};
    use orgpatch_model::reason::{Reason, ReasonCode};
    use orgpatch_plan::Gate;

    use super::*;

    #[test]
    fn a_run_ended_in_the_first_step_that_no_gate_decided() {
        let gate = |decision| GateRecord {
            step: "01-test-1".into(),
            at: Timestamp::UNIX_EPOCH,
            decision,
            reason: Reason::new(ReasonCode::WithinLimits, "x"),
            counts: Counts::default(),
            targets: TargetCounts::default(),
            pending_as_planned: 0,
            limits: Gate::default(),
            skipped: None,
        };
        let (advance, halt) = (|| Some(gate(GateDecision::Advance)), || Some(gate(GateDecision::Halt)));
        let stopped = CaughtError { error: "RunStopped".into(), cause: String::new() };
        let of = |gates: &[Option<GateRecord>]| {
            let left = left(gates, stopped.clone());
            (left.step, left.error.is_some())
        };
        assert_eq!(of(&[None, None]), (Some(0), true));
        assert_eq!(of(&[advance(), None, None]), (Some(1), true));
        assert_eq!(of(&[advance(), advance()]), (None, false), "only its report was missing");
        assert_eq!(of(&[advance(), halt(), None]), (None, false), "it had halted");
    }
}
