//! How commands proceed: sent, delivered, begun, ended, cancelled.
use super::{Event, World};
use crate::{
    clock::{Millis, SECOND},
    facts::ids,
    fleet::{Running, agent},
    patching::{
        command::{Command, CommandClock, End, InvocationId, InvocationResult},
        document::OperationKind,
        snapshot::Snapshot,
    },
    scenario::Behaviour,
};

/// How long an agent takes to pick a command up. Also a step of the dispatch ramp.
const STEP: Millis = SECOND;

impl World {
    /// Returns a new command id for an account.
    pub fn next_command_id(&self, account: &str, region: &str) -> String {
        ids::uuid(&["command", account, region, &self.commands.len().to_string()])
    }

    /// Accepts a command.
    pub fn send(&mut self, command: Command) {
        let index = self.commands.len();
        self.command_by_id.insert(command.id.clone(), index);
        if command.clock == CommandClock::Documented {
            self.plan(command.expires(), Event::Expire(index));
        }
        self.commands.push(command);
        self.plan(self.now, Event::Ramp(index));
    }

    /// Returns a command by id, if it is in this account and Region.
    pub fn command(&self, account: &str, region: &str, id: &str) -> Option<&Command> {
        self.command_index(account, region, id).map(|index| &self.commands[index])
    }

    fn command_index(&self, account: &str, region: &str, id: &str) -> Option<usize> {
        let index = *self.command_by_id.get(id)?;
        let command = &self.commands[index];
        (command.account == account && command.region == region).then_some(index)
    }

    /// Cancels invocations that have not begun. An agent finishes what it has begun, because AWS promises nothing else.
    /// Returns whether the command exists.
    pub fn cancel(&mut self, account: &str, region: &str, id: &str, only: &[String]) -> bool {
        let Some(index) = self.command_index(account, region, id) else {
            return false;
        };
        let chosen: Vec<_> = (0..self.commands[index].invocations.len())
            .filter(|i| only.is_empty() || only.contains(&self.commands[index].invocations[*i].instance_id))
            .collect();
        self.commands[index].cancelled |= only.is_empty();
        for i in chosen {
            if self.commands[index].invocations[i].started.is_none() {
                self.end((index, i), silent(End::Cancelled));
            }
        }
        true
    }

    /// Begins to send, and lets the number of invocations grow that may be sent. Under the documented clock the ends of
    /// invocations do this.
    pub(super) fn ramp(&mut self, index: usize) {
        let command = &mut self.commands[index];
        if command.clock == CommandClock::PerInvocation {
            command.ramp_steps += 1;
            if 1_usize.checked_shl(command.ramp_steps).is_some_and(|next| next - 1 < command.invocations.len()) {
                self.plan(self.now + STEP, Event::Ramp(index));
            }
        }
        self.dispatch(index);
    }

    /// Ends every invocation of a command that has expired. Agents go on with what they have begun.
    pub(super) fn expire(&mut self, index: usize) {
        for invocation in self.commands[index].invocations.iter_mut().filter(|i| i.ended.is_none()) {
            invocation.ended = Some((self.now, silent(End::DeliveryTimedOut)));
        }
    }

    /// Ends an invocation that no agent has begun in time.
    pub(super) fn give_up_start(&mut self, id: InvocationId) {
        if self.commands[id.0].invocations[id.1].started.is_none() {
            self.end(id, silent(End::DeliveryTimedOut));
        }
    }

    /// Ends an invocation that no agent has answered in time.
    pub(super) fn give_up_reply(&mut self, id: InvocationId) {
        self.end(id, silent(End::DeliveryTimedOut));
    }

    /// Sends as many invocations as concurrency and ramp allow.
    fn dispatch(&mut self, index: usize) {
        let (now, command) = (self.now, &mut self.commands[index]);
        let room = command.room();
        let waiting = command.invocations.iter_mut().enumerate().filter(|(_, i)| i.sent.is_none() && i.ended.is_none());
        let chosen: Vec<_> = waiting
            .take(room)
            .map(|(position, invocation)| {
                invocation.sent = Some(now);
                (index, position)
            })
            .collect();
        let (start_limit, reply_limit) = (command.start_limit(now), command.reply_limit(now));
        let own_clocks = command.clock == CommandClock::PerInvocation;
        if !own_clocks && !chosen.is_empty() {
            command.ramp_steps += 1;
        }
        for id in chosen {
            self.plan(now + STEP, Event::Deliver(id));
            if own_clocks {
                self.plan(start_limit, Event::StartLimit(id));
                self.plan(reply_limit, Event::ReplyLimit(id));
            }
        }
    }

    pub(super) fn deliver(&mut self, id: InvocationId) {
        let command = &mut self.commands[id.0];
        let (kind, lane) = (command.operation.kind, command.lane());
        let invocation = &mut command.invocations[id.1];
        let node = &mut self.fleet.nodes[invocation.node];
        let never_starts = *agent::behaviour(node, kind) == Behaviour::NeverStarts;
        let deaf = never_starts || !node.abilities.receives_commands || !node.is_online();
        if invocation.ended.is_some() || deaf {
            return;
        }
        invocation.received = Some(self.now);
        node.lanes[lane].queue.push_back(id);
        let node = invocation.node;
        self.begin_next(node, lane);
    }

    /// Starts the next invocation of an agent that is idle in a lane.
    fn begin_next(&mut self, index: usize, lane: usize) {
        let node = &mut self.fleet.nodes[index];
        while node.lanes[lane].current.is_none() && node.lost_since.is_none() {
            let Some(id) = node.lanes[lane].queue.pop_front() else {
                return;
            };
            let command = &mut self.commands[id.0];
            let invocation = &mut command.invocations[id.1];
            if invocation.ended.is_some() {
                continue;
            }
            invocation.started = Some(self.now);
            let operation = command.operation.clone();
            node.count(operation.kind, lane);
            let evaluate = || Snapshot::take(&self.catalogue, self.baselines.in_scope(node.patch_scope()), self.now);
            // Without an id every instance gets a snapshot of its own, which no later command can ask for.
            let (snapshot_id, snapshot) = match &operation.snapshot {
                Some(id) => (id.clone(), self.snapshots.get(node.patch_scope(), id, self.now, evaluate)),
                None => (ids::uuid(&["snapshot", &command.id, &node.id]), evaluate()),
            };
            let snapshot = snapshot.without_superseded(&self.catalogue, self.now);
            let (duration, times_out) = agent::duration(node, &operation);
            let running = Running { invocation: id, operation, started: self.now, snapshot_id, snapshot, times_out };
            node.lanes[lane].current = Some(running);
            self.plan(self.now + duration, Event::Finish(index, lane));
            return;
        }
    }

    pub(super) fn finish(&mut self, index: usize, lane: usize) {
        let node = &mut self.fleet.nodes[index];
        let Some(run) = node.lanes[lane].current.take() else {
            return;
        };
        if node.lost_since.is_some() {
            // The agent has vanished during an operation in the other lane.
            return;
        }
        if let Some(answer) = agent::finish(node, &run, &self.catalogue, self.now) {
            let leaves = node.behaviour.offline_after_scan && run.operation.kind == OperationKind::Scan;
            if leaves {
                node.lost_since = Some(self.now);
            }
            let after = match run.operation.kind {
                OperationKind::Scan => node.behaviour.after_scan,
                OperationKind::Install => node.behaviour.after_install,
            };
            if let Some(state) = after {
                node.change(state, self.now);
            }
            self.end(run.invocation, answer);
            self.begin_next(index, lane);
        }
    }

    /// Ends an invocation once, and lets its command go on or stop.
    fn end(&mut self, id: InvocationId, answer: InvocationResult) {
        let command = &mut self.commands[id.0];
        let invocation = &mut command.invocations[id.1];
        if invocation.ended.is_some() {
            return;
        }
        invocation.ended = Some((self.now, answer));
        if command.is_terminated() {
            for waiting in command.invocations.iter_mut().filter(|i| i.sent.is_none() && i.ended.is_none()) {
                waiting.ended = Some((self.now, silent(End::Terminated)));
            }
        }
        self.dispatch(id.0);
    }
}

/// Returns the result of an invocation for which no agent answers.
fn silent(end: End) -> InvocationResult {
    InvocationResult { end, code: -1, stdout: String::new(), stderr: String::new() }
}
