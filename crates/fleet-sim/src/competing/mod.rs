//! Competing patchers: State Manager associations, maintenance windows and commands that patch the same instances.
//!
//! The API shows an [`Association`] or a [`Window`]. What it does to instances is an [`AgentJob`], which the world runs
//! in simulated time.
mod build;

use crate::{clock::Millis, facts::schedule::Schedule, fleet::Node, patching::document::OperationKind};
use serde::Serialize;

/// A condition on instances, as the API has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// `InstanceIds` or `tag:<key>`.
    pub key: String,
    /// Instance ids, `*` for all instances, or values of the tag.
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

/// A job that agents do for a competing patcher, once or repeatedly.
#[derive(Debug)]
pub struct AgentJob {
    /// The account that it runs in.
    pub account: String,
    /// The Region that it runs in.
    pub region: String,
    /// The targets. An instance that fits one of them is concerned.
    pub targets: Vec<Target>,
    /// The document that it runs.
    pub document: String,
    /// The patch operation. None if the job does not patch.
    pub operation: Option<OperationKind>,
    /// How long the job takes on an instance. None: as long as a command of the API would.
    pub seconds: Option<u32>,
    /// `MaxConcurrency` of its commands.
    pub max_concurrency: String,
    /// The schedule. None if the job runs once.
    pub schedule: Option<Schedule>,
    /// The time from which a rate counts, or the only run of a job without a schedule.
    pub origin: Millis,
    /// Whether the scenario gives the origin. Then nothing ran before it.
    pub new: bool,
    /// Whether `ListCommands` lists its commands. It does not list those of State Manager.
    pub listed: bool,
    /// Whether the job is switched on.
    pub enabled: bool,
    /// Position of the command of the latest run.
    pub command: Option<usize>,
}

impl AgentJob {
    /// Returns whether the job concerns an instance.
    pub fn concerns(&self, node: &Node) -> bool {
        node.account == self.account
            && node.region == self.region
            && self.targets.iter().any(|target| target.fits(node))
    }

    /// Returns the first run that is simulated, in a world that starts at `start`. A run that began shortly before
    /// `start` is simulated to its end.
    pub fn first(&self, start: Millis) -> Option<Millis> {
        let from = if self.new { self.origin.max(start - crate::clock::DAY) } else { start };
        match &self.schedule {
            Some(schedule) => schedule.next(self.origin, from - 1),
            None => Some(self.origin),
        }
        .filter(|_| self.enabled)
    }

    /// Returns the first run after `after`.
    pub fn next(&self, after: Millis) -> Option<Millis> {
        let after = if self.new { after.max(self.origin - 1) } else { after };
        self.schedule.as_ref().filter(|_| self.enabled).and_then(|schedule| schedule.next(self.origin, after))
    }

    /// Returns the latest run until `now`, whether it was simulated or lies before the start.
    pub fn last(&self, now: Millis) -> Option<Millis> {
        let last = self.schedule.as_ref().and_then(|schedule| schedule.previous(self.origin, now))?;
        (!self.new || last >= self.origin).then_some(last)
    }
}

/// A State Manager association.
#[derive(Debug)]
pub struct Association {
    /// A UUID.
    pub id: String,
    /// `AssociationName`. Some associations have none.
    pub name: Option<String>,
    /// Position of the job that it runs.
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
    /// Whether its targets are registered with it. Otherwise the task names them.
    pub registered: bool,
    /// Position of the job that it runs.
    pub job: usize,
    /// Its executions, the oldest first.
    pub executions: Vec<Execution>,
}

/// An execution of a maintenance window.
#[derive(Debug)]
pub struct Execution {
    /// When it started.
    pub started: Millis,
    /// Position of its command. None: it was skipped, because the one before was still at work.
    pub command: Option<usize>,
}

/// All competing patchers.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct CompetingPatchers {
    pub jobs: Vec<AgentJob>,
    pub associations: Vec<Association>,
    pub windows: Vec<Window>,
}
