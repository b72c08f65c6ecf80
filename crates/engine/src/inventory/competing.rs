//! Attaches conflicts to an inventory.

use orgpatch_model::input::Operation;
use orgpatch_model::reason::ReasonCode;

use super::{Eligibility, Inventory};
use crate::competing::{Conflict, Detected};

/// Attaches conflicts to the instances of an inventory. In an install run, instances that orgpatch must leave alone become
/// `skipped` and are not scanned.
///
/// Commands that run now do not decide here, because hours may pass until the install.
/// [`before_sending`](crate::competing::before_sending) checks for running commands again.
pub fn attach(inventory: &mut Inventory, detected: Detected, operation: Operation) {
    let Detected { instances: mut decisions, notes } = detected;
    for instance in &mut inventory.instances {
        let Some(decision) = decisions.remove(&instance.instance_id) else { continue };
        let against = |one: &&Conflict| {
            one.action.left_alone().is_some() && one.reason.code != ReasonCode::ConflictRunningCommand
        };
        let no = decision.conflicts.iter().find(against);
        if let (Operation::Install, Eligibility::Eligible, Some(no)) = (operation, &instance.eligibility, no) {
            instance.eligibility = Eligibility::Skipped(no.reason.clone());
        }
        instance.conflicts = decision.conflicts;
    }
    inventory.conflict_notes = notes;
}
