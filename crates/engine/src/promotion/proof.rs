//! The proof before an install that holds patches back: a scan under the very baseline and snapshot that the install will
//! use says what would go in.
//!
//! It is needed because a list of rejected patches names what is known: behind a rejected version an older one may become
//! the newest approved one, and between scan and install the repositories go on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::Patch;
use orgpatch_model::reason::{Reason, ReasonCode};

use super::TestedSet;
use super::entry::rejected_entry;
use super::review::{names, too_many_to_compare};
use crate::install::order::{InstallOrder, LeftOut, OrderedInstance};
use crate::results::outcome_rules::Verdict;

/// What that scan found on an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// What it says of the instance.
    pub verdict: Verdict,
    /// What is missing.
    pub missing: Vec<Patch>,
    /// How many more are missing, which are not listed.
    pub more: u32,
    /// When the scan ended, by the clock of the instance; None if no row of it was found.
    pub ended_at: Option<Timestamp>,
}

/// Approves what is left of the order when the scan is known: an instance stays in it only if all that would go in is tested.
/// Instances of operating systems where nothing is held back stay as they are.
#[must_use]
pub fn approve(mut order: InstallOrder, tested: &TestedSet, scanned: &mut BTreeMap<String, Scanned>) -> InstallOrder {
    for instance in std::mem::take(&mut order.instances) {
        let Some(listed) = order.withheld.get(&instance.os) else {
            order.instances.push(instance);
            continue;
        };
        let ended_at = scanned.get(&instance.instance_id).and_then(|found| found.ended_at);
        match approve_instance(instance, tested, scanned, listed) {
            Ok(instance) => {
                order.scanned_at.extend(ended_at.map(|at| (instance.instance_id.clone(), at)));
                order.instances.push(instance);
            }
            Err(left_out) => order.left_out.push(left_out),
        }
    }
    order
}

fn approve_instance(
    mut instance: OrderedInstance,
    tested: &TestedSet,
    scanned: &mut BTreeMap<String, Scanned>,
    listed: &[String],
) -> Result<OrderedInstance, LeftOut> {
    let left_out = |instance: OrderedInstance, outcome, reason| {
        Err(LeftOut { instance_id: instance.instance_id, outcome, reason, held_back: instance.held_back })
    };
    let Some(Scanned { verdict, missing, more, .. }) = scanned.remove(&instance.instance_id) else {
        let reason = Reason::new(ReasonCode::NotSent, "no scan says what would be installed here, so nothing is");
        return left_out(instance, Outcome::Unreachable, reason);
    };
    let unknown: Vec<Patch> = missing.iter().filter(|patch| !tested.contains(instance.os, patch)).cloned().collect();
    // An entry that names all versions of a package holds back those too that are tested.
    let os = instance.os;
    let too = instance.missing.iter().filter(|patch| listed.contains(&rejected_entry(os, patch))).cloned();
    instance.held_back.extend(too);
    instance.held_back.extend(unknown.iter().cloned());
    instance.held_back.sort();
    instance.held_back.dedup();
    match verdict.outcome {
        Outcome::Missing | Outcome::PendingReboot if unknown.is_empty() && more == 0 => {
            Ok(OrderedInstance { missing, more, ..instance })
        }
        Outcome::Missing | Outcome::PendingReboot if unknown.is_empty() => {
            left_out(instance, Outcome::Skipped, too_many_to_compare(missing.len(), more))
        }
        Outcome::Missing | Outcome::PendingReboot => {
            let text = format!(
                "when untested patches were held back, others came to light that the first stage has not installed: {}",
                names(&unknown)
            );
            left_out(instance, Outcome::Skipped, Reason::new(ReasonCode::MoreUntested, text))
        }
        Outcome::Compliant => {
            let text = format!("with untested patches held back nothing is missing: {}", names(&instance.held_back));
            left_out(instance, Outcome::Skipped, Reason::new(ReasonCode::UntestedHeldBack, text))
        }
        // The plan's baseline does not decide about it, so nothing is withheld from it.
        Outcome::Skipped => left_out(instance, Outcome::Skipped, verdict.reason),
        outcome => {
            // It answered a moment ago; that it does not now is no reason to trust the step. One that was stopped is known to be.
            let is_silent = outcome == Outcome::NotReady && verdict.reason.code != ReasonCode::Stopped;
            let outcome = if is_silent { Outcome::Unreachable } else { outcome };
            let Reason { code, text } = verdict.reason;
            left_out(instance, outcome, Reason::new(code, format!("what would be installed is not known: {text}")))
        }
    }
}
