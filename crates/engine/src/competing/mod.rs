//! Competing patchers: detects other tools that patch the same instances, and decides what to do about each by the plan.
//!
//! The input is the facts of a target; the output is one decision per instance, with its reasons. Instances are looked up
//! in maps by id and tag, so the work grows with the number of matches, and not with instances times associations.

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
pub use facts::{
    Association, ConflictFacts, MaintenanceWindow, RunningCommand, TargetCriterion, WindowTarget, WindowTask,
};
use jiff::Timestamp;
use orgpatch_model::fetched::{Fetched, Unavailable};
use orgpatch_model::input::Operation;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::ConflictSettings;
pub use running::{MAX_WAIT_SECONDS, is_of_run, look_again_seconds};
use targets::Index;

/// Returns true if the reason is a conflict with another tool.
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

/// The time and the purpose of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: Timestamp,
    /// The latest end of the step. A maintenance window that begins before is a conflict.
    pub expected_end: Timestamp,
    /// When the step began to wait for commands of other tools. None: it has not begun to wait.
    pub waiting_since: Option<Timestamp>,
    /// The run. Its own commands are no conflict.
    pub run_id: &'a str,
    /// The operation. A scan installs nothing, so it is never held back.
    pub operation: Operation,
}

/// The conflicts that were detected in a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detected {
    /// The decisions by instance id. Instances without a conflict are absent.
    pub instances: BTreeMap<String, ConflictDecision>,
    /// What could not be read, and conflicts that may concern any instance. Sorted.
    pub notes: Vec<Reason>,
}

/// The conflicts that were collected so far.
#[derive(Default)]
struct Collected {
    /// Conflicts by instance. The same conflict is listed once, even if several associations lead to it.
    by_instance: BTreeMap<String, BTreeSet<(Action, ReasonCode, String)>>,
    notes: BTreeSet<(ReasonCode, String)>,
}

/// Detects the conflicts of those instances. The order of the facts does not matter.
#[must_use]
pub fn detect(
    facts: &ConflictFacts,
    instances: &[&Ec2Instance],
    settings: ConflictSettings,
    moment: &Moment<'_>,
) -> Detected {
    let index = Index::new(instances);
    let mut collected = Collected::default();
    scaling::collect(instances, settings, &mut collected);
    match &facts.associations {
        Fetched::Yes(associations) => {
            policy::collect(associations, instances, &index, settings, &mut collected);
            association::collect(associations, &index, settings, &mut collected);
        }
        Fetched::No(missing) => {
            policy::collect(&[], instances, &index, settings, &mut collected);
            collected.not_seen(missing, "State Manager associations");
        }
    }
    match &facts.windows {
        Fetched::Yes(windows) => window::collect(windows, &index, settings, moment, &mut collected),
        Fetched::No(missing) => collected.not_seen(missing, "maintenance windows"),
    }
    match &facts.running {
        Fetched::Yes(running) => running::collect(running, &index, settings, moment, &mut collected),
        Fetched::No(missing) => {
            collected.not_seen(missing, "running commands");
            running::not_seen(instances, missing, &mut collected);
        }
    }
    collected.decided(moment.operation)
}

impl Collected {
    fn add(&mut self, instance: &Ec2Instance, action: Action, code: ReasonCode, text: String) {
        self.by_instance.entry(instance.id.clone()).or_default().insert((action, code, text));
    }

    fn note(&mut self, code: ReasonCode, text: String) {
        self.notes.insert((code, text));
    }

    fn not_seen(&mut self, missing: &Unavailable, what: &str) {
        self.note(
            ReasonCode::ConflictsNotSeen,
            format!("orgpatch cannot see conflicts with {what}: {}", missing.why()),
        );
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
