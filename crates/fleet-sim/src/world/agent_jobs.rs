//! Runs the jobs of competing patchers, as commands that did not come by the API.
use super::{Event, World};
use crate::{
    clock::Millis,
    competing::Execution,
    patching::{
        command::{Command, CommandClock, Invocation},
        document::{Operation, OperationKind, Parameters},
    },
};
use serde_json::json;

impl World {
    /// Plans the first run of every job, and simulates what began before `start`.
    pub(super) fn begin(&mut self, start: Millis) {
        let first: Vec<_> = self
            .competing
            .jobs
            .iter()
            .enumerate()
            .filter(|(_, job)| job.operation.is_some())
            .filter_map(|(position, job)| Some((job.first(start)?, position)))
            .collect();
        self.now = first.iter().map(|(at, _)| *at).min().unwrap_or(start).min(start);
        for (at, position) in first {
            self.plan(at, Event::AgentJob(position));
        }
        self.advance(start);
    }

    /// Runs a job on every instance that it concerns and whose agent answers.
    pub(super) fn run_agent_job(&mut self, position: usize) {
        let job = &self.competing.jobs[position];
        let Some(operation) = job.operation else {
            return;
        };
        let indices = self.fleet.positions_in(&job.account, &job.region).iter().copied();
        let chosen: Vec<usize> = indices
            .filter(|index| self.fleet.nodes[*index].is_online() && job.concerns(&self.fleet.nodes[*index]))
            .collect();
        let next = job.next(self.now);
        let window = self.competing.windows.iter().position(|window| window.job == position);
        // A window that is due while it works is skipped once (`SKIPPED_OVERLAPPING`).
        let overlaps = window.is_some_and(|window| {
            self.competing.windows[window].executions.iter().any(|execution| self.is_at_work(execution))
        });
        let command = (!overlaps && !chosen.is_empty()).then_some(self.commands.len());
        if let Some(window) = window.filter(|_| overlaps || command.is_some()) {
            self.competing.windows[window].executions.push(Execution { started: self.now, command });
        }
        if command.is_some() {
            let sent = self.command_of(position, operation, chosen);
            self.competing.jobs[position].command = command;
            self.send(sent);
        }
        if let Some(next) = next {
            self.plan(next, Event::AgentJob(position));
        }
    }

    /// Returns whether an execution of a window still works.
    pub fn is_at_work(&self, execution: &Execution) -> bool {
        let command = execution.command.map(|command| &self.commands[command]);
        command.is_some_and(|command| command.invocations.iter().any(|invocation| invocation.ended.is_none()))
    }

    fn command_of(&self, position: usize, kind: OperationKind, nodes: Vec<usize>) -> Command {
        let job = &self.competing.jobs[position];
        let invocation = |node: usize| Invocation::new(node, &self.fleet.nodes[node].id);
        let step_timeout_seconds = job.seconds.map_or(7_200, |seconds| i64::from(seconds).max(7_200));
        Command {
            id: self.next_command_id(&job.account, &job.region),
            account: job.account.clone(),
            region: job.region.clone(),
            document: job.document.clone(),
            by_api: false,
            listed: job.listed,
            parameters: Parameters::from([("Operation".to_owned(), vec![kind.code().to_owned()])]),
            operation: Operation { step_timeout_seconds, seconds: job.seconds, ..Operation::new(kind) },
            instance_ids: Vec::new(),
            targets: json!(job.targets.iter().take(5).collect::<Vec<_>>()),
            comment: String::new(),
            document_version: "$DEFAULT".to_owned(),
            timeout_seconds: 3_600,
            max_concurrency: job.max_concurrency.clone(),
            max_errors: "100%".to_owned(),
            requested: self.now,
            // State Manager has no ramp, and its runs do not expire as commands do.
            clock: if job.listed { self.command_clock } else { CommandClock::PerInvocation },
            ramp_steps: 0,
            cancelled: false,
            invocations: nodes.into_iter().map(invocation).collect(),
        }
    }

    /// Returns on how many instances the latest run of a job is pending, failed and succeeded. With `only`, it looks at
    /// one instance.
    pub fn outcome(&self, position: usize, only: Option<&str>) -> [usize; 3] {
        let job = &self.competing.jobs[position];
        let wanted = |id: &str| only.is_none_or(|only| only == id);
        let mut counts = [0; 3];
        let Some(command) = job.command.map(|command| &self.commands[command]) else {
            if job.last(self.now).is_some() {
                let nodes = self.fleet.instances_in(&job.account, &job.region);
                counts[2] = nodes.filter(|n| n.is_listed() && job.concerns(n) && wanted(&n.id)).count();
            }
            return counts;
        };
        for invocation in command.invocations.iter().filter(|invocation| wanted(&invocation.instance_id)) {
            counts[match &invocation.ended {
                None => 0,
                Some((_, answer)) if answer.code != 0 => 1,
                Some(_) => 2,
            }] += 1;
        }
        counts
    }
}
