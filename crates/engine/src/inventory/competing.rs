//! What conflicts do to an inventory.

use orgpatch_model::input::Operation;
use orgpatch_model::reason::ReasonCode;

use super::{Eligibility, Inventory};
use crate::competing::{Conflict, Detected};

/// Writes conflicts into an inventory. In an install run the instances that are to be left alone become `skipped`, and are
/// not even scanned.
///
/// Commands that run while it is looked do not decide here: hours may pass until the install, right before which
/// [`before_sending`] looks again.
pub fn enter(inventory: &mut Inventory, detected: Detected, operation: Operation) {
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
