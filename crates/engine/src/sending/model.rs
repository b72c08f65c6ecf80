//! A model of the service, the ledger and the functions around [`next_action()`], and every way in which they can meet: two
//! copies of a function at the same time, one that dies between any two instructions, one that stands still for minutes.
//! All states that can be reached are visited.

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;

use super::intent::{End, Intent, IntentState, SEND_SECONDS};
use super::invocation::InvocationResult;
use super::next_action::{
    Errors, Fact, InstanceFacts, LookUp, NextAction, OursOpen, TargetFacts, ends_at, next_action, time_over,
};
use crate::competing::{Action, Conflict, ConflictDecision};

/// The list of commands shows a command after so many seconds.
const LAG_SECONDS: i64 = 60;

/// How long a command runs.
const RUN_SECONDS: i64 = 60;

/// The states of the model end here.
const LAST_SECOND: i64 = 290;

/// Copies of the function that may begin in a history.
const LIVES: u8 = 3;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

fn second(at: Timestamp) -> i64 {
    at.as_second() - 1_800_000_000
}

/// What the world around the functions is like. None of it changes in a history, except by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Setting {
    deadline: i64,
    /// Until then the command of another tool runs on the instance.
    others_until: i64,
    /// Until then a scan of our own runs on it.
    ours_until: i64,
    /// The service throttles so many commands.
    throttles: u8,
}

const PLAIN: Setting = Setting { deadline: 2_000, others_until: 0, ours_until: 0, throttles: 0 };

/// Where a copy of the function is: the instruction that it does next, and what it knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Copy {
    Gone,
    Begins,
    /// It has read the ledger (at `read_at`), and fetches facts.
    Knows {
        before: Option<Stored>,
        read_at: i64,
        facts: Facts,
    },
    /// It is about to write an attempt.
    Writes {
        before: Option<Stored>,
        read_at: i64,
    },
    /// It is about to send what it has written.
    Sends {
        attempt: Stored,
    },
    /// It is about to record what the service said.
    Records {
        attempt: Stored,
        after: State,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Facts {
    /// What the list showed, and when it was asked for.
    look_up: Option<(bool, i64)>,
    ours: bool,
    competing: Option<bool>,
    online: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Waiting,
    Intended,
    Rejected,
    Sent,
    Ended,
}

/// An intent, as small as it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Stored {
    attempt: u32,
    at: i64,
    state: State,
}

impl Stored {
    fn intent(self) -> Intent {
        let command_id = || "c".to_owned();
        let state = match self.state {
            State::Waiting => IntentState::Waiting,
            State::Intended => IntentState::Intended,
            State::Rejected => IntentState::Rejected,
            State::Sent => IntentState::Sent { command_id: command_id() },
            State::Ended => IntentState::Ended(End {
                command_id: Some(command_id()),
                ..End::without_command(at(0), InvocationResult::Succeeded)
            }),
        };
        Intent { instance_id: "i-1".into(), attempt: self.attempt, at: at(self.at), state }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    now: i64,
    ledger: Option<Stored>,
    /// When commands were sent.
    sent: Vec<i64>,
    throttled: u8,
    copies: [Copy; 2],
    lives: u8,
}

impl World {
    fn new() -> Self {
        Self { now: 0, ledger: None, sent: vec![], throttled: 0, copies: [Copy::Begins, Copy::Gone], lives: LIVES - 1 }
    }

    /// Every state that can follow this one.
    fn successors(&self, setting: Setting) -> Vec<Self> {
        let mut all = Vec::new();
        for seconds in [30, 130] {
            if self.now + seconds <= LAST_SECOND {
                all.push(Self { now: self.now + seconds, ..self.clone() });
            }
        }
        for index in 0..2 {
            if self.copies[index] == Copy::Gone {
                if self.lives > 0 {
                    let mut born = self.clone();
                    born.copies[index] = Copy::Begins;
                    born.lives -= 1;
                    all.push(born);
                }
                continue;
            }
            let mut dead = self.clone();
            dead.copies[index] = Copy::Gone;
            all.push(dead);
            let mut stepped = self.clone();
            stepped.copies[index] = stepped.step(setting, &self.copies[index]);
            all.push(stepped);
        }
        all
    }

    /// Does the next instruction of a copy.
    fn step(&mut self, setting: Setting, copy: &Copy) -> Copy {
        match *copy {
            Copy::Gone => Copy::Gone,
            Copy::Begins => {
                let facts = Facts { ours: self.now < setting.ours_until, ..Facts::default() };
                Copy::Knows { before: self.ledger, read_at: self.now, facts }
            }
            Copy::Knows { before, read_at, facts } => self.decide(setting, before, read_at, facts),
            Copy::Writes { before, read_at } => {
                // The clock of a function is the last answer of the ledger, however long ago that was.
                let attempt = Stored {
                    attempt: before.map_or(0, |intent| intent.attempt) + 1,
                    at: read_at,
                    state: State::Intended,
                };
                if self.write(before, attempt) { Copy::Sends { attempt } } else { Copy::Gone }
            }
            // A function that comes too late sends nothing, says so, and asks again.
            Copy::Sends { attempt } if self.now - attempt.at > SEND_SECONDS => {
                Copy::Records { attempt, after: State::Rejected }
            }
            Copy::Sends { attempt } if self.throttled < setting.throttles => {
                self.throttled += 1;
                Copy::Records { attempt, after: State::Rejected }
            }
            Copy::Sends { attempt } => {
                self.sent.push(self.now);
                Copy::Records { attempt, after: State::Sent }
            }
            Copy::Records { attempt, after } => {
                self.write(Some(attempt), Stored { state: after, ..attempt });
                Copy::Gone
            }
        }
    }

    /// A conditional write: it happens only if no other copy has written since.
    fn write(&mut self, before: Option<Stored>, after: Stored) -> bool {
        let key = |intent: Option<Stored>| intent.map(|intent| (intent.attempt, intent.state));
        if key(self.ledger) != key(before) {
            return false;
        }
        self.ledger = Some(after);
        true
    }

    fn decide(&mut self, setting: Setting, before: Option<Stored>, read_at: i64, mut facts: Facts) -> Copy {
        let intent = before.map(Stored::intent);
        let wait = ConflictDecision {
            action: Action::Wait,
            conflicts: vec![Conflict {
                action: Action::Wait,
                reason: Reason::new(ReasonCode::ConflictRunningCommand, "x"),
            }],
        };
        let instance = InstanceFacts {
            intent: intent.as_ref(),
            look_up: facts.look_up.map(|(found, looked_at)| {
                if found { LookUp::Found("c") } else { LookUp::NotFound { looked_at: at(looked_at) } }
            }),
            ours: facts.ours.then_some(OursOpen { command_id: "scan", has_begun: true }),
            competing: facts.competing.map(|runs| runs.then_some(&wait)),
            online: facts.online.then_some(true),
        };
        let target = TargetFacts {
            now: at(read_at),
            phase: Phase::Install,
            in_flight: usize::from(intent.as_ref().is_some_and(Intent::is_in_flight)),
            places: 1,
            errors: Some(Errors { counted: 0, allowed: 0 }),
            time_over: time_over(Phase::Install, at(read_at), at(setting.deadline), 0),
        };
        let with = |facts| Copy::Knows { before, read_at, facts };
        match next_action(&instance, &target) {
            NextAction::Nothing | NextAction::Wait(_) | NextAction::AwaitPlace | NextAction::Cancel(_) => Copy::Gone,
            NextAction::Ask(Fact::LookUp) => {
                let found = self.sent.iter().any(|sent| sent + LAG_SECONDS <= self.now);
                facts.look_up = Some((found, read_at));
                with(facts)
            }
            NextAction::Ask(Fact::Competing) => {
                with(Facts { competing: Some(self.now < setting.others_until), ..facts })
            }
            NextAction::Ask(Fact::Online) => with(Facts { online: true, ..facts }),
            NextAction::Send => Copy::Writes { before, read_at },
            NextAction::Adopt(_) => {
                let before = before.expect("an intent");
                self.write(Some(before), Stored { state: State::Sent, ..before });
                Copy::Gone
            }
            NextAction::BeginWaiting(_) => {
                self.write(before, Stored { attempt: 0, at: read_at, state: State::Waiting });
                Copy::Gone
            }
            NextAction::Record(_) | NextAction::GiveUp(_) => {
                let ended = before.unwrap_or(Stored { attempt: 0, at: read_at, state: State::Waiting });
                self.write(before, Stored { state: State::Ended, ..ended });
                Copy::Gone
            }
            NextAction::AwaitEnd => {
                let before = before.expect("an intent");
                if self.sent.iter().all(|sent| sent + RUN_SECONDS <= self.now) {
                    self.write(Some(before), Stored { state: State::Ended, ..before });
                }
                Copy::Gone
            }
        }
    }

    /// Lets one copy after the other run alone, without deaths, until the instance has ended.
    fn ends_if_left_alone(&self, setting: Setting) -> bool {
        let mut world = Self { copies: [Copy::Begins, Copy::Gone], ..self.clone() };
        for _ in 0..60 {
            while world.copies[0] != Copy::Gone {
                let copy = world.copies[0].clone();
                world.copies[0] = world.step(setting, &copy);
            }
            if world.ledger.is_some_and(|intent| intent.state == State::Ended) {
                return true;
            }
            world.now += 60;
            world.copies[0] = Copy::Begins;
        }
        false
    }
}

/// Visits every state, and checks it.
fn explore(setting: Setting) -> usize {
    let (mut seen, mut next) = (HashSet::from([World::new()]), VecDeque::from([World::new()]));
    let mut longest = 0;
    while let Some(world) = next.pop_front() {
        assert!(world.sent.len() <= 1, "sent twice: {world:?}");
        for sent in &world.sent {
            assert!(*sent >= setting.others_until.min(setting.ours_until), "sent beside another command: {world:?}");
            let end = second(ends_at(Phase::Install, at(setting.deadline)));
            assert!(*sent <= end + SEND_SECONDS, "sent after the deadline: {world:?}");
        }
        if world.copies.iter().all(|copy| *copy == Copy::Gone) {
            assert!(world.ends_if_left_alone(setting), "never ends: {world:?}");
        }
        longest = longest.max(world.sent.len());
        for successor in world.successors(setting) {
            if seen.insert(successor.clone()) {
                next.push_back(successor);
            }
        }
    }
    assert_eq!(longest, 1, "in no history was anything sent");
    seen.len()
}

#[test]
fn whoever_dies_and_however_two_copies_meet_a_command_is_sent_once() {
    let visited = explore(PLAIN);
    assert!(visited > 10_000, "only {visited} states");
}

#[test]
fn a_throttled_command_is_sent_again_but_once() {
    explore(Setting { throttles: 1, ..PLAIN });
}

#[test]
fn nothing_is_sent_beside_a_command_of_another_tool_or_of_our_own() {
    explore(Setting { others_until: 100, ours_until: 100, ..PLAIN });
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    explore(Setting { deadline: 600 + 150, ..PLAIN });
}
