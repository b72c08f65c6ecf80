//! Competing patchers: detects other tools that patch the same instances, and decides what to do about each by the plan.
//!
//! The input is the facts of a target; the output is one decision per instance, with its reasons. Instances are looked up
//! in maps by id and tag, so the work grows with the number of matches, and not with instances times associations.

mod association;
mod before_sending;
mod content;
mod decision;
mod document;
#[cfg(test)]
mod document_tests;
mod facts;
mod policy;
mod running;
mod scaling;
mod targets;
#[cfg(test)]
mod tests;
mod window;
mod wrapper;

use std::collections::{BTreeMap, BTreeSet};

pub use association::{association_matters, deciding_parameter};
pub use before_sending::before_sending;
pub use content::{Content, DocumentId};
pub use decision::{Action, Conflict, ConflictDecision};
pub use document::{Installs, Wrapped, may_wrap, patches};
pub use facts::{
    Association, ConflictFacts, MOST_BYTES_OF_A_KIND, MOST_COMMANDS_OF_AN_INSTANCE, MOST_OF_A_KIND, MaintenanceWindow,
    NotLookedAt, Parameter, Room, RunningCommand, TargetCriterion, UnseenDocument, WindowExecution, WindowTarget,
    WindowTask, bytes_of,
};
use jiff::Timestamp;
use orgpatch_model::english::counted;
use orgpatch_model::fetched::{Fetched, Unavailable};
use orgpatch_model::input::Operation;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::text::cut;
use orgpatch_plan::ConflictSettings;
pub(crate) use policy::TAG as POLICY_TAG;
pub use running::{MAX_WAIT_SECONDS, command_matters, look_again_seconds};
pub(crate) use scaling::TAG as AUTO_SCALING_TAG;
pub use targets::Index;
pub use window::{executions_since, is_at_work, task_concerns};
pub use wrapper::{Contents, Look, MOST_DOCUMENTS, look};

/// The most conflicts of an instance that are kept: the most serious ones. A thousand associations may be for each of ten
/// thousand instances.
const MOST_CONFLICTS: usize = 10;

/// The most notes about a target that are kept.
const MOST_NOTES: usize = 50;

/// The most characters of a note. A resource group may have a name of any length.
const NOTE_CHARACTERS: usize = 500;

/// Of documents that cannot be seen, the most reasons that have a note, and the most documents that such a note names.
const UNSEEN_REASONS: usize = 10;
const NAMED_DOCUMENTS: usize = 5;

/// Returns true if the reason is a conflict with another tool.
#[must_use]
pub fn is_reason(reason: &Reason) -> bool {
    matches!(
        reason.code,
        ReasonCode::AutoScaling
            | ReasonCode::ConflictAssociation
            | ReasonCode::ConflictMaintenanceWindow
            | ReasonCode::ConflictOtherBaseline
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
    /// Instances with more conflicts than are kept.
    with_more: BTreeSet<String>,
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
    let executions = match &facts.executions {
        Fetched::Yes(executions) => executions.as_slice(),
        Fetched::No(missing) => {
            collected.not_seen(missing, "maintenance windows that are open");
            &[]
        }
    };
    match &facts.windows {
        Fetched::Yes(windows) => window::collect(windows, executions, &index, settings, moment, &mut collected),
        Fetched::No(missing) => collected.not_seen(missing, "maintenance windows"),
    }
    match &facts.running {
        Fetched::Yes(running) => running::collect(running, &index, settings, moment, &mut collected),
        Fetched::No(missing) => {
            collected.not_seen(missing, "running commands");
            running::not_seen(instances, missing, &mut collected);
        }
    }
    // One note for each reason: many documents must not take the places of what was found.
    let mut unseen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for UnseenDocument { document, why } in &facts.unseen_documents {
        unseen.entry(why).or_default().push(document);
    }
    for (why, documents) in unseen.iter().take(UNSEEN_REASONS) {
        let named = documents.iter().take(NAMED_DOCUMENTS).copied().collect::<Vec<_>>().join(", ");
        let more = documents.len().saturating_sub(NAMED_DOCUMENTS);
        let what = match (documents.len(), more) {
            (1, _) => format!("the document {named} patches"),
            (_, 0) => format!("the documents {named} patch"),
            _ => format!("the documents {named} and {more} more patch"),
        };
        collected.note(ReasonCode::ConflictsNotSeen, format!("orgpatch cannot see whether {what}: {why}"));
    }
    if unseen.len() > UNSEEN_REASONS {
        let more: usize = unseen.values().skip(UNSEEN_REASONS).map(Vec::len).sum();
        let text = format!("orgpatch cannot see of {} more whether they patch", counted(more, "document"));
        collected.note(ReasonCode::ConflictsNotSeen, text);
    }
    collected.not_looked_at(facts.not_looked_at, instances, settings);
    collected.decided(moment.operation)
}

impl Collected {
    fn add(&mut self, instance: &Ec2Instance, action: Action, code: ReasonCode, text: String) {
        let conflicts = self.by_instance.entry(instance.id.clone()).or_default();
        conflicts.insert((action, code, text));
        if conflicts.len() > MOST_CONFLICTS {
            // The set is sorted by action, so the most serious stay, and with them the decision.
            conflicts.pop_first();
            self.with_more.insert(instance.id.clone());
        }
    }

    fn note(&mut self, code: ReasonCode, text: String) {
        self.notes.insert((code, cut(text, NOTE_CHARACTERS)));
    }

    fn not_seen(&mut self, missing: &Unavailable, what: &str) {
        self.note(
            ReasonCode::ConflictsNotSeen,
            format!("orgpatch cannot see conflicts with {what}: {}", missing.why()),
        );
    }

    /// Each of these instances may belong to an association or a window that was not looked at, so the plan's setting for that
    /// kind applies to all of them. Nothing later would find it: a run of State Manager is in no list of commands.
    fn not_looked_at(&mut self, left: NotLookedAt, instances: &[&Ec2Instance], settings: ConflictSettings) {
        let associations = ("State Manager association", ReasonCode::ConflictAssociation, settings.patch_policy);
        let windows = ("maintenance window", ReasonCode::ConflictMaintenanceWindow, settings.maintenance_window);
        for (count, (what, code, setting)) in [(left.associations, associations), (left.windows, windows)] {
            if count == 0 {
                continue;
            }
            let text = format!(
                "orgpatch did not look at {} that may patch: it looks at {MOST_OF_A_KIND} {what}s of a target, with {} MiB \
                 of text",
                counted(count, &format!("more {what}")),
                MOST_BYTES_OF_A_KIND / 1_024 / 1_024
            );
            for instance in instances {
                self.add(instance, setting.into(), code.clone(), text.clone());
            }
            self.note(ReasonCode::ConflictsNotSeen, text);
        }
    }

    fn decided(mut self, operation: Operation) -> Detected {
        if !self.with_more.is_empty() {
            let count = counted(self.with_more.len(), "instance");
            self.note(
                ReasonCode::ConflictsNotSeen,
                format!("of {count} only the {MOST_CONFLICTS} most serious conflicts are listed"),
            );
        }
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
        let more = self.notes.len().saturating_sub(MOST_NOTES);
        let mut notes: Vec<Reason> =
            self.notes.into_iter().rev().take(MOST_NOTES).map(|(code, text)| Reason::new(code, text)).collect();
        if more > 0 {
            let text = format!("{more} more notes of this kind are not listed: {MOST_NOTES} of a target are kept");
            notes.push(Reason::new(ReasonCode::ConflictsNotSeen, text));
        }
        notes.sort_by(|a, b| (&a.code, &a.text).cmp(&(&b.code, &b.text)));
        Detected { instances, notes }
    }
}
