//! Checks that faults strike. A case about a fault proves nothing if the fault never struck.

use std::collections::BTreeMap;

use crate::evidence::{Evidence, Fault};

/// Checks that every fault of the scenario struck as often as it says. It counts by service and effect, because the log
/// does not say which fault struck.
#[must_use]
pub fn every_fault_has_struck(evidence: &Evidence) -> Vec<String> {
    let mut wanted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for fault in &evidence.faults {
        if let Some(effect) = effect(fault) {
            *wanted.entry((service(&fault.operation), effect)).or_default() += fault.times.unwrap_or(1);
        }
    }
    let mut struck: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for strike in &evidence.struck {
        *struck.entry((service(&strike.operation), &strike.effect)).or_default() += 1;
    }
    for call in evidence.all_calls.iter().filter(|call| call.error.is_some()) {
        *struck.entry((service(&call.operation), "error")).or_default() += 1;
    }
    let mut complaints = Vec::new();
    for ((service, effect), wanted) in wanted {
        let found = struck.get(&(service, effect)).copied().unwrap_or_default();
        // fleet-sim also answers errors that no fault asked for.
        if found < wanted || (found > wanted && effect != "error") {
            complaints.push(format!("{found} faults of {service} with {effect} have struck, expected {wanted}"));
        }
    }
    complaints
}

/// Returns the word of `struck.jsonl`. A latency is not written there.
fn effect(fault: &Fault) -> Option<&'static str> {
    match (&fault.error, fault.lost_response, &fault.kill_caller) {
        _ if fault.per_second.is_some() => Some("error"),
        (Some(_), ..) => Some("error"),
        (_, Some(true), _) => Some("lostResponse"),
        (.., Some(_)) => Some("killCaller"),
        _ => None,
    }
}

fn service(operation: &str) -> &str {
    operation.split(':').next().unwrap_or_default()
}
