//! The core of the simulation: a queue of events in simulated time. It reads no clock and does no I/O, so the same
//! input gives the same output.
mod agent_jobs;
pub mod baselines;
mod commands;
pub mod ground_truth;
pub mod organization;

use crate::{
    clock::{self, Millis, SECOND},
    competing::CompetingPatchers,
    facts::regions,
    fleet::Fleet,
    patching::{
        baseline::Baselines,
        catalogue::Catalogue,
        command::{Command, CommandClock, InvocationId},
        snapshot::Snapshots,
    },
    scenario::{
        AccountChange, CalendarEntry, DocumentEntry, InDoubt, InstanceState, OuRename, Scenario, made_up_patches,
    },
};
use organization::Organization;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// An event that is going to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A command's ramp allows more invocations.
    Ramp(usize),
    /// An agent asks for its messages.
    Deliver(InvocationId),
    /// An agent ends what it does in a lane, or vanishes.
    Finish(usize, usize),
    /// A command is over under the documented clock.
    Expire(usize),
    /// An invocation that has not begun is given up.
    StartLimit(InvocationId),
    /// An invocation without an answer is given up.
    ReplyLimit(InvocationId),
    /// A competing patcher runs a job.
    AgentJob(usize),
    /// An instance changes its state.
    Change(usize, InstanceState),
    /// A baseline is registered.
    Registration(usize),
    /// An OU gets another name, as that entry of the scenario says.
    OuRename(usize),
    /// An account changes, as that entry of the scenario says.
    AccountChange(usize),
}

/// Everything that is simulated.
#[derive(Debug)]
pub struct World {
    /// The simulated time.
    pub now: Millis,
    /// Accounts and OUs.
    pub organization: Organization,
    /// Patches.
    pub catalogue: Catalogue,
    /// Patch baselines of all accounts.
    pub baselines: Baselines,
    /// Instances.
    pub fleet: Fleet,
    /// Commands, in the order in which they were sent.
    pub commands: Vec<Command>,
    /// What times the invocations of Run Command.
    pub command_clock: CommandClock,
    /// Competing patchers.
    pub competing: CompetingPatchers,
    /// Answers to questions that AWS's documentation leaves open.
    pub in_doubt: InDoubt,
    /// Change calendars.
    pub calendars: Vec<CalendarEntry>,
    /// SSM documents of accounts.
    pub documents: Vec<DocumentEntry>,
    account_changes: Vec<AccountChange>,
    ou_renames: Vec<OuRename>,
    registrations: Vec<baselines::LaterRegistration>,
    command_by_id: HashMap<String, usize>,
    snapshots: Snapshots,
    events: BinaryHeap<Reverse<(Millis, u64, Event)>>,
    events_made: u64,
}

impl World {
    /// Builds the world of a checked scenario at its start.
    pub fn new(scenario: &Scenario) -> Self {
        // The check of the scenario has read the start before.
        let start = clock::parse(&scenario.clock.start).unwrap_or_default();
        let catalogue = Catalogue::new(
            scenario
                .patches
                .iter()
                .map(|entry| (entry.os, entry.patch()))
                .chain(made_up_patches(&scenario.fleet, start)),
        );
        let fleet = Fleet::new(scenario, &catalogue, start);
        let registered = baselines::register(scenario, start).0;
        let mut world = Self {
            now: start,
            organization: Organization::new(scenario),
            registrations: baselines::later(scenario, &registered, start),
            baselines: registered,
            competing: CompetingPatchers::new(scenario, &fleet),
            fleet,
            calendars: scenario.calendars.clone(),
            documents: scenario.documents.clone(),
            account_changes: scenario.account_changes.clone(),
            ou_renames: scenario.ou_renames.clone(),
            catalogue,
            commands: Vec::new(),
            command_clock: scenario.run_command,
            in_doubt: scenario.in_doubt,
            command_by_id: HashMap::new(),
            snapshots: Snapshots::default(),
            events: BinaryHeap::new(),
            events_made: 0,
        };
        world.begin(start);
        world.plan_changes(start);
        world
    }

    /// Plans the later states of instances and changes of accounts.
    fn plan_changes(&mut self, start: Millis) {
        let changes = self.fleet.nodes.iter().enumerate().flat_map(|(index, node)| {
            node.changes.iter().map(move |change| (start + Millis::from(change.after) * SECOND, index, change.state))
        });
        for (at, index, state) in changes.collect::<Vec<_>>() {
            self.plan(at, Event::Change(index, state));
        }
        for position in 0..self.account_changes.len() {
            let after = self.account_changes[position].after;
            self.plan(start + Millis::from(after) * SECOND, Event::AccountChange(position));
        }
        for position in 0..self.ou_renames.len() {
            let after = self.ou_renames[position].after;
            self.plan(start + Millis::from(after) * SECOND, Event::OuRename(position));
        }
        for position in 0..self.registrations.len() {
            self.plan(self.registrations[position].at, Event::Registration(position));
        }
    }

    /// Runs all events until `now`. Time does not run backwards.
    pub fn advance(&mut self, now: Millis) {
        while let Some(Reverse((at, _, event))) = self.events.peek().copied().filter(|next| next.0.0 <= now) {
            self.events.pop();
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(now);
    }

    /// Returns whether an account has switched a Region on.
    pub fn region_status(&self, account: &str, region: &str) -> regions::OptIn {
        let disabled = self.organization.accounts.get(account).is_some_and(|a| a.disabled_regions.contains(region));
        regions::status(region, disabled, !self.fleet.positions_in(account, region).is_empty())
    }

    fn plan(&mut self, at: Millis, event: Event) {
        self.events_made += 1;
        self.events.push(Reverse((at, self.events_made, event)));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Ramp(index) => self.ramp(index),
            Event::Deliver(id) => self.deliver(id),
            Event::Finish(node, lane) => self.finish(node, lane),
            Event::Expire(index) => self.expire(index),
            Event::StartLimit(id) => self.give_up_start(id),
            Event::ReplyLimit(id) => self.give_up_reply(id),
            Event::AgentJob(position) => self.run_agent_job(position),
            Event::OuRename(position) => self.organization.rename(&self.ou_renames[position]),
            Event::Registration(position) => self.registrations[position].happen(&mut self.baselines),
            Event::AccountChange(position) => self.organization.change(&self.account_changes[position]),
            Event::Change(node, state) => self.fleet.nodes[node].change(state, self.now),
        }
    }
}

#[cfg(test)]
mod baseline_tests;
#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod command_clock_tests;
#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod competing_tests;
