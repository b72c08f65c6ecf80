//! One instance, one owner of its patches: who else patches it, and what the plan says about that.
//!
//! Facts of a target go in, a decision per instance with its reasons comes out. Instances are found by maps of their
//! ids and tags, so the work grows with what matches and not with instances times associations.

mod association;
mod before_sending;
mod decision;
mod document;
mod facts;
mod policy;
mod running;
mod scaling;
mod targets;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{BTreeMap, BTreeSet};

pub use association::operation_matters;
pub use before_sending::before_sending;
pub use decision::{Action, Conflict, ConflictDecision};
pub use document::patches;
pub use facts::{Association, ConflictFacts, MaintenanceWindow, RunningCommand, Target, WindowTarget, WindowTask};
use jiff::Timestamp;
use orgpatch_model::fetched::{Fetched, Unavailable};
use orgpatch_model::input::Operation;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::ConflictSettings;
pub use running::{MAX_WAIT_SECONDS, is_of_run, look_again_seconds};
use targets::Index;

/// True if an instance ends as it does because another tool patches it.
#[must_use]
pub fn is_reason(reason: &Reason) -> bool {
    matches!(
        reason.code,
        ReasonCode::AutoScaling
            | ReasonCode::ConflictAssociation
            | ReasonCode::ConflictMaintenanceWindow
            | ReasonCode::ConflictPatchPolicy
            | ReasonCode::ConflictRunningCommand
    )
}

/// When and for what the decision is made.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: Timestamp,
    /// When the step will have ended at the latest; a maintenance window that begins before is in its way.
    pub expected_end: Timestamp,
    /// Since when the step has been waiting for others' commands; None if it has not begun to.
    pub waiting_since: Option<Timestamp>,
    /// The run, whose own commands are no conflict.
    pub run_id: &'a str,
    /// A scan touches nothing, so it is never held back.
    pub operation: Operation,
}

/// Who else patches the instances of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detected {
    /// What to do, by instance id; instances without a conflict are not in it.
    pub instances: BTreeMap<String, ConflictDecision>,
    /// What could not be looked at, and what may concern any instance. Sorted.
    pub notes: Vec<Reason>,
}

/// Conflicts as they are found.
#[derive(Default)]
struct Found {
    /// By instance; the same conflict is told once, however many associations lead to it.
    by_instance: BTreeMap<String, BTreeSet<(Action, ReasonCode, String)>>,
    notes: BTreeSet<(ReasonCode, String)>,
}

/// Finds the conflicts of those instances. The result does not depend on the order of facts.
#[must_use]
pub fn detect(
    facts: &ConflictFacts,
    instances: &[&Ec2Instance],
    settings: ConflictSettings,
    moment: &Moment<'_>,
) -> Detected {
    let index = Index::new(instances);
    let mut found = Found::default();
    scaling::find(instances, settings, &mut found);
    match &facts.associations {
        Fetched::Yes(associations) => {
            policy::find(associations, instances, &index, settings, &mut found);
            association::find(associations, &index, settings, &mut found);
        }
        Fetched::No(missing) => {
            policy::find(&[], instances, &index, settings, &mut found);
            found.not_seen(missing, "State Manager associations");
        }
    }
    match &facts.windows {
        Fetched::Yes(windows) => window::find(windows, &index, settings, moment, &mut found),
        Fetched::No(missing) => found.not_seen(missing, "maintenance windows"),
    }
    match &facts.running {
        Fetched::Yes(running) => running::find(running, &index, settings, moment, &mut found),
        Fetched::No(missing) => {
            found.not_seen(missing, "running commands");
            running::not_seen(instances, missing, &mut found);
        }
    }
    found.decided(moment.operation)
}

impl Found {
    fn add(&mut self, instance: &Ec2Instance, action: Action, code: ReasonCode, text: String) {
        self.by_instance.entry(instance.id.clone()).or_default().insert((action, code, text));
    }

    fn note(&mut self, code: ReasonCode, text: String) {
        self.notes.insert((code, text));
    }

    fn not_seen(&mut self, missing: &Unavailable, what: &str) {
        self.note(ReasonCode::ConflictsNotSeen, format!("conflicts with {what} cannot be seen: {}", missing.why()));
    }

    fn decided(self, operation: Operation) -> Detected {
        let instances = self
            .by_instance
            .into_iter()
            .map(|(id, conflicts)| {
                let conflicts: Vec<Conflict> = conflicts
                    .into_iter()
                    .rev()
                    .map(|(action, code, text)| Conflict { action, reason: Reason::new(code, text) })
                    .collect();
                (id, ConflictDecision::of(conflicts, operation))
            })
            .collect();
        let notes = self.notes.into_iter().map(|(code, text)| Reason::new(code, text)).collect();
        Detected { instances, notes }
    }
}
