//! Checks the order of steps.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{Call, Evidence};

/// Checks that no command goes to an account of a later step before the last call to an account of an earlier one. The
/// log is in order of time.
#[must_use]
pub fn a_step_begins_after_the_step_before_it_has_ended(evidence: &Evidence) -> Vec<String> {
    let Some(report) = &evidence.report else { return Vec::new() };
    let position =
        |stage: &str, wave| report.head.steps.iter().position(|step| (step.stage.as_str(), step.wave) == (stage, wave));
    let mut steps_by_account: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for target in &report.targets {
        steps_by_account.entry(&target.account_id).or_default().extend(position(&target.stage, target.wave));
    }
    let rows = report.instances.iter();
    let step_by_instance: BTreeMap<&str, Option<usize>> =
        rows.map(|row| (row.instance_id.as_str(), position(&row.stage, row.wave))).collect();
    // Where stages share an account, only a command says by its instances for which step it is.
    let step_for = |call: &Call| {
        let steps = steps_by_account.get(call.account.as_str())?;
        if let [step] = steps.iter().collect::<Vec<_>>()[..] {
            return Some(*step);
        }
        call.instance_ids().first().and_then(|id| *step_by_instance.get(id)?)
    };
    let mut last_call: BTreeMap<usize, usize> = BTreeMap::new();
    let mut first_command: BTreeMap<usize, usize> = BTreeMap::new();
    for (position, call) in evidence.calls.iter().enumerate().filter(|(_, call)| call.is_in_member()) {
        let Some(step) = step_for(call) else { continue };
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
