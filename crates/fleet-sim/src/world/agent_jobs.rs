//! The errands of others, as the world runs them: like commands that somebody else sends.
use super::{Event, World};
use crate::{
    clock::Millis,
    patching::{
        command::{Command, Invocation},
        document::{Operation, OperationKind, Parameters},
    },
};
use serde_json::json;

impl World {
    /// Plans the first run of every errand, and lets happen what began before `start`.
    pub(super) fn begin(&mut self, start: Millis) {
        let first: Vec<_> = self
            .others
            .errands
            .iter()
            .enumerate()
            .filter(|(_, errand)| errand.operation.is_some())
            .filter_map(|(position, errand)| Some((errand.first(start)?, position)))
            .collect();
        self.now = first.iter().map(|(at, _)| *at).min().unwrap_or(start).min(start);
        for (at, position) in first {
            self.plan(at, Event::Errand(position));
        }
        self.advance(start);
    }

    /// Runs an errand on every node that it concerns and that can be asked.
    pub(super) fn run_errand(&mut self, position: usize) {
        let errand = &self.others.errands[position];
        let Some(operation) = errand.operation else {
            return;
        };
        let indices = self.fleet.indices(&errand.account, &errand.region).iter().copied();
        let chosen: Vec<usize> = indices
            .filter(|index| self.fleet.nodes[*index].is_online() && errand.concerns(&self.fleet.nodes[*index]))
            .collect();
        let next = errand.next(self.now);
        if !chosen.is_empty() {
            let command = self.command_of(position, operation, chosen);
            self.others.errands[position].command = Some(self.commands.len());
            self.send(command);
        }
        if let Some(next) = next {
            self.plan(next, Event::Errand(position));
        }
    }

    fn command_of(&self, position: usize, kind: OperationKind, nodes: Vec<usize>) -> Command {
        let errand = &self.others.errands[position];
        let invocation = |node: usize| Invocation::new(node, &self.fleet.nodes[node].id);
        let step_timeout_seconds = errand.seconds.map_or(7_200, |seconds| i64::from(seconds).max(7_200));
        Command {
            id: self.next_command_id(&errand.account, &errand.region),
            account: errand.account.clone(),
            region: errand.region.clone(),
            document: errand.document.clone(),
            ours: false,
            listed: errand.listed,
            parameters: Parameters::from([("Operation".to_owned(), vec![kind.code().to_owned()])]),
            operation: Operation { step_timeout_seconds, seconds: errand.seconds, ..Operation::new(kind) },
            instance_ids: Vec::new(),
            targets: json!(errand.targets.iter().take(5).collect::<Vec<_>>()),
            comment: String::new(),
            document_version: "$DEFAULT".to_owned(),
            timeout_seconds: 3_600,
            max_concurrency: "100%".to_owned(),
            max_errors: "100%".to_owned(),
            requested: self.now,
            ramp: 0,
            cancelled: false,
            invocations: nodes.into_iter().map(invocation).collect(),
        }
    }

    /// How the latest run of an errand went on each node that it concerns, or on one only: pending, failed, succeeded.
    pub fn outcome(&self, position: usize, only: Option<&str>) -> [usize; 3] {
        let errand = &self.others.errands[position];
        let wanted = |id: &str| only.is_none_or(|only| only == id);
        let mut counts = [0; 3];
        let Some(command) = errand.command.map(|command| &self.commands[command]) else {
            if errand.last(self.now).is_some() {
                let nodes = self.fleet.at(&errand.account, &errand.region);
                counts[2] = nodes.filter(|n| n.is_listed() && errand.concerns(n) && wanted(&n.id)).count();
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
