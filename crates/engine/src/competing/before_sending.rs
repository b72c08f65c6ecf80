//! Checks for running commands right before an install is sent.

use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_plan::ConflictSettings;

use super::facts::{ConflictFacts, NotLookedAt, RunningCommand};
use super::{ConflictDecision, Moment, detect};

/// Decides what to do right before an install is sent to an instance; None: nothing is in the way. `running` are the
/// commands on it. Only running commands count; all other conflicts were decided before.
#[must_use]
pub fn before_sending(
    running: Fetched<Vec<RunningCommand>>,
    instance_id: &str,
    settings: ConflictSettings,
    moment: &Moment<'_>,
) -> Option<ConflictDecision> {
    let facts = ConflictFacts {
        associations: Fetched::Yes(Vec::new()),
        windows: Fetched::Yes(Vec::new()),
        executions: Fetched::Yes(Vec::new()),
        running,
        unseen_documents: Vec::new(),
        not_looked_at: NotLookedAt::default(),
    };
    // An instance without tags has no conflicts by tags.
    let instance = Ec2Instance { id: instance_id.to_owned(), ..Ec2Instance::default() };
    detect(&facts, &[&instance], settings, moment).instances.remove(instance_id)
}
