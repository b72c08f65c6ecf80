//! Compares what a step would install with the tested set, and applies what the plan says about untested patches.

use std::collections::BTreeSet;

use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::Patch;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::Untested;

use super::TestedSet;
use super::entry::rejected_entry;
use crate::baselines::Baseline;
use crate::install::order::{InstallOrder, LeftOut, OrderedInstance};

/// So many patches are named in a sentence; the rest is counted.
const NAMED: usize = 3;

/// Compares an order with the tested set. `baselines` are those of the step; patches can be held back only where there
/// is one.
///
/// With [`Untested::Block`] the order is afterwards without untested patches: they are entries for the rejected list of
/// the baseline. An instance for whose patches the list has no room left is left out as a whole, and so is one with patches
/// that are not listed, because those cannot be compared.
#[must_use]
pub fn review(mut order: InstallOrder, tested: &TestedSet, untested: Untested, baselines: &[Baseline]) -> InstallOrder {
    // By id, so that which instances find room does not depend on the order in which they were found.
    order.instances.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    for mut instance in std::mem::take(&mut order.instances) {
        let os = instance.os;
        let (unknown, known): (Vec<Patch>, Vec<Patch>) =
            std::mem::take(&mut instance.missing).into_iter().partition(|patch| !tested.contains(os, patch));
        match untested {
            Untested::Block if instance.more > 0 => {
                let reason = too_many_to_compare(known.len() + unknown.len(), instance.more);
                let OrderedInstance { instance_id, .. } = instance;
                order.left_out.push(LeftOut { instance_id, outcome: Outcome::Skipped, reason, held_back: unknown });
            }
            Untested::Block if !unknown.is_empty() => withhold(&mut order, instance, known, unknown, baselines),
            Untested::Block => order.instances.push(OrderedInstance { missing: known, ..instance }),
            Untested::Allow | Untested::Warn => {
                let missing = known.into_iter().chain(unknown.iter().cloned()).collect();
                order.instances.push(OrderedInstance { missing, untested: unknown, ..instance });
            }
        }
    }
    order
}

fn withhold(
    order: &mut InstallOrder,
    instance: OrderedInstance,
    known: Vec<Patch>,
    unknown: Vec<Patch>,
    baselines: &[Baseline],
) {
    let os = instance.os;
    let baseline = baselines.iter().find(|baseline| baseline.operating_system == os);
    let room = baseline.map_or(0, Baseline::room_for_rejected);
    let listed: BTreeSet<String> = order.withheld.get(&os).into_iter().flatten().cloned().collect();
    let entries: BTreeSet<String> = unknown.iter().map(|patch| rejected_entry(os, patch)).chain(listed).collect();
    let left_out = |code: ReasonCode, text: String, held_back: Vec<Patch>| LeftOut {
        instance_id: instance.instance_id.clone(),
        outcome: Outcome::Skipped,
        reason: Reason::new(code, text),
        held_back,
    };
    if entries.len() > room {
        let text = format!(
            "the first stage has not installed {}; the baseline for {os} has room for {room} on its list of rejected patches",
            names(&unknown)
        );
        order.left_out.push(left_out(ReasonCode::TooManyUntested, text, unknown));
        return;
    }
    if known.is_empty() {
        let text = format!("all that is missing is what the first stage has not installed: {}", names(&unknown));
        order.left_out.push(left_out(ReasonCode::UntestedHeldBack, text, unknown));
        return;
    }
    order.withheld.insert(os, entries.into_iter().collect());
    order.instances.push(OrderedInstance { missing: known, held_back: unknown, ..instance });
}

/// Returns the reason of an instance that gets nothing where only tested patches may go in: some of its patches are not listed.
pub(super) fn too_many_to_compare(listed: usize, more: u32) -> Reason {
    let text = format!(
        "more patches are missing than are compared with what the first stage has installed: {listed} are listed, and \
         {more} more are missing"
    );
    Reason::new(ReasonCode::TooManyToCompare, text)
}

/// The first few by name, the others as a number.
pub(super) fn names(patches: &[Patch]) -> String {
    let named = patches.iter().take(NAMED).map(|patch| patch.title.as_str()).collect::<Vec<_>>().join(", ");
    match patches.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
