//! CompetingPatchers who patch the same instances: State Manager associations, maintenance windows, commands of somebody else.
//!
//! What they are for the API is an [`Association`] or a [`Window`]; what they do to instances is an [`AgentJob`], which
//! the world runs in simulated time.
mod build;

use crate::{clock::Millis, facts::schedule::Schedule, fleet::Node, patching::document::OperationKind};
use serde::Serialize;

/// A condition on nodes, as the API has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// `InstanceIds` or `tag:<key>`.
    pub key: String,
    /// Ids, `*` for all, or values of the tag.
    pub values: Vec<String>,
}

impl Target {
    fn fits(&self, node: &Node) -> bool {
        match self.key.strip_prefix("tag:") {
            Some(key) => node.tags.get(key).is_some_and(|value| self.values.contains(value)),
            None => self.values.iter().any(|value| value == "*" || *value == node.id),
        }
    }
}

/// Something that is done to instances, once or again and again.
#[derive(Debug)]
pub struct AgentJob {
    /// The account that it is done in.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Whom it concerns: those that one of these fits.
    pub targets: Vec<Target>,
    /// The document.
    pub document: String,
    /// What it does with patches; none: nothing.
    pub operation: Option<OperationKind>,
    /// How long it takes on an instance; none: as long as one of ours.
    pub seconds: Option<u32>,
    /// When it runs after the first time; none: never again.
    pub schedule: Option<Schedule>,
    /// What a rate counts from, and the only run of what has no schedule.
    pub origin: Millis,
    /// Was the origin given? Then nothing ran before.
    pub new: bool,
    /// Is it a command that `ListCommands` tells of? State Manager's are not.
    pub listed: bool,
    /// Is it switched on?
    pub enabled: bool,
    /// Position of the command of its latest run.
    pub command: Option<usize>,
}

impl AgentJob {
    /// Does it concern a node?
    pub fn concerns(&self, node: &Node) -> bool {
        node.account == self.account
            && node.region == self.region
            && self.targets.iter().any(|target| target.fits(node))
    }

    /// Its first run that is simulated, in a world that starts at `start`. What began shortly before goes on.
    pub fn first(&self, start: Millis) -> Option<Millis> {
        let from = if self.new { self.origin.max(start - crate::clock::DAY) } else { start };
        match &self.schedule {
            Some(schedule) => Some(schedule.next(self.origin, from - 1)),
            None => Some(self.origin),
        }
        .filter(|_| self.enabled)
    }

    /// Its first run after `after`.
    pub fn next(&self, after: Millis) -> Option<Millis> {
        let after = if self.new { after.max(self.origin - 1) } else { after };
        self.schedule.as_ref().filter(|_| self.enabled).map(|schedule| schedule.next(self.origin, after))
    }

    /// Its latest run until `now`, whether simulated or before.
    pub fn last(&self, now: Millis) -> Option<Millis> {
        let last = self.schedule.as_ref().map(|schedule| schedule.previous(self.origin, now))?;
        (!self.new || last >= self.origin).then_some(last)
    }
}

/// A State Manager association.
#[derive(Debug)]
pub struct Association {
    /// A UUID.
    pub id: String,
    /// `AssociationName`: not every association has one.
    pub name: Option<String>,
    /// Position of what it does.
    pub job: usize,
}

/// A maintenance window with one task.
#[derive(Debug)]
pub struct Window {
    /// `mw-…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// `Duration`, in hours.
    pub duration: u32,
    /// `Cutoff`, in hours.
    pub cutoff: u32,
    /// Are its targets registered with it? Otherwise the task names them.
    pub registered: bool,
    /// Position of what it does.
    pub job: usize,
}

/// All of them.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct CompetingPatchers {
    pub jobs: Vec<AgentJob>,
    pub associations: Vec<Association>,
    pub windows: Vec<Window>,
}
