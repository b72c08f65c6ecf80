//! Checks the order of steps.

use std::collections::BTreeMap;

use crate::evidence::Evidence;

/// Checks that no command goes to an account of a later step before the last call to an account of an earlier one. The
/// log is in order of time.
#[must_use]
pub fn a_step_begins_after_the_step_before_it_has_ended(evidence: &Evidence) -> Vec<String> {
    let Some(report) = &evidence.report else { return Vec::new() };
    let step_of: BTreeMap<&str, usize> = report
        .targets
        .iter()
        .filter_map(|target| {
            let step =
                report.head.steps.iter().position(|step| (&step.stage, step.wave) == (&target.stage, target.wave))?;
            Some((target.account_id.as_str(), step))
        })
        .collect();
    let mut last_call: BTreeMap<usize, usize> = BTreeMap::new();
    let mut first_command: BTreeMap<usize, usize> = BTreeMap::new();
    for (position, call) in evidence.calls.iter().enumerate().filter(|(_, call)| call.is_in_member()) {
        let Some(&step) = step_of.get(call.account.as_str()) else { continue };
        last_call.insert(step, position);
        if call.command().is_some() {
            first_command.entry(step).or_insert(position);
        }
    }
    let mut complaints = Vec::new();
    for (&later, &command) in &first_command {
        for (&earlier, &last) in last_call.range(..later) {
            // A step without a command was only listed, after a halt.
            if command < last {
                let (earlier, later) = (&report.head.steps[earlier].id, &report.head.steps[later].id);
                complaints.push(format!(
                    "step {later} was sent a command (call {command}) while {earlier} was at work (call {last})"
                ));
            }
        }
    }
    complaints
}
