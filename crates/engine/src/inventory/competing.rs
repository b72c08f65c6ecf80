//! What conflicts do to an inventory and to an order, in a run.

use std::collections::BTreeMap;

use super::decision::Action;
use super::facts::{ConflictFacts, RunningCommand};
use super::running::CODE as RUNNING;
use super::{Decision, Detected, Moment, detect};
use crate::contract::{Inventory, Standing};
use crate::input::Operation;
use crate::plan::ConflictSettings;
use crate::readiness::Known;
use crate::reason::Reason;
use crate::selection::Ec2Instance;

/// Writes conflicts into an inventory. In an install run the instances that are to be left alone become `skipped`, and are
/// not even scanned.
///
/// Commands that run while it is looked do not decide here: hours may pass until the install, right before which
/// [`before_sending`] looks again.
pub fn enter(inventory: &mut Inventory, detected: Detected, operation: Operation) {
    let Detected { instances: mut decisions, notes } = detected;
    for instance in &mut inventory.instances {
        let Some(decision) = decisions.remove(&instance.instance_id) else { continue };
        let against = |action, code: &str| action >= Action::Skip && code != RUNNING;
        let no = decision.conflicts.iter().find(|one| against(one.action, &one.reason.code));
        if let (Operation::Install, Standing::Selected, Some(no)) = (operation, &instance.standing, no) {
            instance.standing = Standing::Skipped(no.reason.clone());
        }
        instance.conflicts = decision.conflicts;
    }
    inventory.conflict_notes = notes;
}

/// What to do right before an install is sent to those instances: only what runs there counts, the rest is decided.
#[must_use]
pub fn before_sending(
    running: &Known<Vec<RunningCommand>>,
    instance_ids: &[String],
    settings: ConflictSettings,
    moment: &Moment<'_>,
) -> BTreeMap<String, Decision> {
    let facts = ConflictFacts {
        associations: Known::Yes(Vec::new()),
        windows: Known::Yes(Vec::new()),
        running: running.clone(),
    };
    // Without tags there is nothing else to find.
    let instances: Vec<Ec2Instance> =
        instance_ids.iter().map(|id| Ec2Instance { id: id.clone(), ..Ec2Instance::default() }).collect();
    let instances: Vec<&Ec2Instance> = instances.iter().collect();
    detect(&facts, &instances, settings, moment).instances
}

/// True if an instance ends as it does because of somebody else.
#[must_use]
pub fn is_reason(reason: &Reason) -> bool {
    super::CODES.contains(&reason.code.as_str())
}
