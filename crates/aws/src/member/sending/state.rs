//! What is known of a phase's instances during one call of a function, and what the rules make of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use orgpatch_engine::competing;
use orgpatch_engine::competing::{ConflictDecision, Moment, RunningCommand};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::sending::intent::{Intent, IntentState};
use orgpatch_engine::sending::invocation::Invocation;
use orgpatch_engine::sending::{
    Errors, Fact, InstanceFacts, LookUp, NextAction, OursOpen, TargetFacts, command, ends_at, invocation, next_action,
};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::input::Operation;
use orgpatch_model::target::Phase;
use orgpatch_records::messages::TargetRequest;

use super::{CONTESTED_SECONDS, Receiver, WriteAction};
use crate::store::ledger::PhaseAndPass;

/// So many commands are sent before the rules are asked again: time passes, and other tools may begin.
const SENDS_AT_A_TIME: usize = 50;

/// An instance whose turn does not come in this call of the function is sent in the next one, so many seconds later.
const NOT_NOW_SECONDS: u32 = 1;

/// Everything that is known of the instances of a phase.
pub(super) struct State {
    place: PhaseAndPass,
    /// Sorted by Availability Zone and id.
    receivers: Vec<Receiver>,
    /// The intents of this phase and pass, by instance.
    intents: HashMap<String, Intent>,
    /// Those of other phases and passes that are open, by instance; only an install looks at them.
    others: HashMap<String, (Phase, Intent)>,
    /// The installs of both passes, by which errors are counted.
    installs: HashMap<(PhaseAndPass, String), Intent>,
    /// What is known of open commands of which the service has shown something, or that are being cancelled.
    begun: HashMap<String, Begun>,
    /// What the list of commands shows of attempts whose end is unknown, and when it was asked for each.
    looked_up: HashMap<String, (Option<String>, Timestamp)>,
    competing: HashMap<String, Option<ConflictDecision>>,
    online: HashMap<String, bool>,
    /// Instances on which another copy of the function works.
    contested: HashSet<String>,
    /// Instances to which this call of the function can send nothing more.
    not_now: HashSet<String>,
}

/// Whether the agent of an instance has begun a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// The service says that it has not.
    NotYet,
    /// It may have, with when it did, if that is known.
    Perhaps(Option<Timestamp>),
}

/// What is to be done next, in this order: write, fetch, send.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// What is written about instances to which nothing is sent now.
    pub writes: Vec<(String, WriteAction)>,
    /// Facts that are missing, with the instances of which they are.
    pub asks: BTreeMap<Fact, Vec<String>>,
    /// Instances to which a command may be sent now, all of one zone. Empty while facts are missing.
    pub sends: Vec<Receiver>,
    /// When to look again, in seconds; None if every instance has ended.
    pub wait_seconds: Option<u32>,
}

impl State {
    pub fn new(request: &TargetRequest, mut receivers: Vec<Receiver>, intents: Vec<(PhaseAndPass, Intent)>) -> Self {
        let place = (request.phase, request.pass);
        receivers.sort();
        let mut state = Self {
            place,
            receivers,
            intents: HashMap::new(),
            others: HashMap::new(),
            installs: HashMap::new(),
            begun: HashMap::new(),
            looked_up: HashMap::new(),
            competing: HashMap::new(),
            online: HashMap::new(),
            contested: HashSet::new(),
            not_now: HashSet::new(),
        };
        for (of, intent) in intents {
            if of.0 == Phase::Install {
                state.installs.insert((of, intent.instance_id.clone()), intent.clone());
            }
            if of == place {
                state.intents.insert(intent.instance_id.clone(), intent);
            } else if place.0 == Phase::Install && intent.open_command().is_some() {
                state.others.insert(intent.instance_id.clone(), (of.0, intent));
            }
        }
        state
    }

    pub fn intent(&self, id: &str) -> Option<&Intent> {
        self.intents.get(id)
    }

    /// Every open command of ours that matters here, with the time at which it was sent.
    pub fn open_commands(&self) -> HashMap<String, Timestamp> {
        self.open().filter_map(|intent| Some((intent.open_command()?.to_owned(), intent.at))).collect()
    }

    pub fn oldest_open(&self) -> Option<Timestamp> {
        self.open().map(|intent| intent.at).min()
    }

    fn open(&self) -> impl Iterator<Item = &Intent> {
        let own = self.intents.values().filter(|intent| intent.open_command().is_some());
        own.chain(self.others.values().map(|(_, intent)| intent))
    }

    /// The open commands of this phase: instance, command and intent.
    pub fn open_of_this_phase(&self) -> Vec<(String, String, Intent)> {
        let open =
            |intent: &Intent| Some((intent.instance_id.clone(), intent.open_command()?.to_owned(), intent.clone()));
        self.intents.values().filter_map(open).collect()
    }

    pub fn note_begun(&mut self, command_id: &str, found: Option<&Invocation>) {
        let Some(found) = found else { return };
        let begun = if found.has_begun() { Begun::Perhaps(found.started_at) } else { Begun::NotYet };
        self.begun.insert(command_id.to_owned(), begun);
    }

    /// Returns when the agent began a command, if that is known.
    pub fn began_at(&self, command_id: &str) -> Option<Timestamp> {
        match self.begun.get(command_id)? {
            Begun::Perhaps(at) => *at,
            Begun::NotYet => None,
        }
    }

    /// Returns true if the service said that no agent has begun the command. What it does not show yet may have begun.
    pub fn is_unbegun(&self, command_id: &str) -> bool {
        matches!(self.begun.get(command_id), Some(Begun::NotYet))
    }

    /// Keeps of the commands of other phases those that have not ended.
    pub fn forget_ended_of_others(&mut self, invocations: &HashMap<String, Invocation>, now: Timestamp) {
        let begun = &mut self.begun;
        self.others.retain(|_, (phase, intent)| {
            let Some(command_id) = intent.open_command() else { return false };
            let found = invocations.get(command_id);
            if found.is_some_and(Invocation::has_begun) {
                begun.insert(command_id.to_owned(), Begun::Perhaps(None));
            }
            invocation::judge(found, command::given_up_at(*phase, intent.at), now).is_none()
        });
    }

    /// A command that is being cancelled: only its end can be awaited.
    pub fn note_cancelled(&mut self, command_id: &str) {
        self.begun.insert(command_id.to_owned(), Begun::Perhaps(None));
    }

    pub fn note_looked_up(
        &mut self,
        commands: &HashMap<String, String>,
        comments: Vec<(String, String)>,
        looked_at: Timestamp,
    ) {
        self.looked_up
            .extend(comments.into_iter().map(|(id, comment)| (id, (commands.get(&comment).cloned(), looked_at))));
    }

    /// Returns the ids of all instances.
    pub fn instance_ids(&self) -> HashSet<&str> {
        self.receivers.iter().map(|receiver| receiver.instance_id.as_str()).collect()
    }

    /// Decides about running commands of other tools, for every instance that has not ended: one listing is of the whole
    /// account.
    pub fn note_competing(
        &mut self,
        running: &Fetched<Vec<RunningCommand>>,
        settings: &StepSettings,
        (run_id, now): (&str, Timestamp),
    ) {
        let mut by_instance: HashMap<&str, Vec<RunningCommand>> = HashMap::new();
        if let Fetched::Yes(running) = running {
            for command in running {
                by_instance.entry(&command.instance_id).or_default().push(command.clone());
            }
        }
        for id in self.receivers.iter().map(|receiver| &receiver.instance_id) {
            let intent = self.intents.get(id);
            if intent.is_some_and(|intent| intent.end().is_some()) {
                continue;
            }
            let running = match running {
                Fetched::Yes(_) => Fetched::Yes(by_instance.remove(id.as_str()).unwrap_or_default()),
                unavailable @ Fetched::No(_) => unavailable.clone(),
            };
            let waiting_since = intent.filter(|one| one.state == IntentState::Waiting).map_or(now, |one| one.at);
            let moment = Moment {
                now,
                expected_end: now,
                waiting_since: Some(waiting_since),
                run_id,
                operation: Operation::Install,
            };
            let decision = competing::before_sending(running, id, settings.conflicts, &moment);
            self.competing.insert(id.clone(), decision);
        }
    }

    /// Forgets what may have changed while commands were sent: another tool may have begun, an agent may be gone.
    pub fn forget_what_may_change(&mut self) {
        self.competing.clear();
        self.online.clear();
    }

    pub fn note_online(&mut self, ids: &[String], online: &dyn Fn(&str) -> bool) {
        self.online.extend(ids.iter().map(|id| (id.clone(), online(id))));
    }

    pub fn note_written(&mut self, intent: Intent) {
        let id = intent.instance_id.clone();
        if self.place.0 == Phase::Install {
            self.installs.insert((self.place, id.clone()), intent.clone());
        }
        // What was seen belongs to the attempt before.
        self.looked_up.remove(&id);
        self.intents.insert(id, intent);
    }

    pub fn note_contested(&mut self, id: &str) {
        self.contested.insert(id.to_owned());
    }

    pub fn note_not_now(&mut self, id: &str) {
        self.not_now.insert(id.to_owned());
    }

    /// Asks the rules about every instance, in the order of zones.
    pub fn decide(
        &self,
        request: &TargetRequest,
        settings: &StepSettings,
        order_size: usize,
        now: Timestamp,
    ) -> Decided {
        let phase = self.place.0;
        let errors = (phase == Phase::Install)
            .then(|| Errors::count(self.installs.values(), &settings.rate.max_errors, order_size));
        let mut target = TargetFacts {
            now,
            phase,
            in_flight: self.intents.values().filter(|intent| intent.is_in_flight()).count(),
            places: if phase == Phase::Install {
                settings.rate.max_concurrency.of(order_size)
            } else {
                command::scans_in_flight(self.receivers.len())
            },
            errors,
            time_over: request.time_over(now),
        };
        let mut decided = Decided::default();
        let (mut waits, mut open): (Vec<u32>, Vec<Timestamp>) = (Vec::new(), Vec::new());
        let mut sends: Vec<&Receiver> = Vec::new();
        for receiver in &self.receivers {
            let id = &receiver.instance_id;
            if self.contested.contains(id) {
                // What the other copy has sent to it uses a place.
                target.in_flight += usize::from(!self.intents.get(id).is_some_and(Intent::is_in_flight));
                waits.push(CONTESTED_SECONDS);
                continue;
            }
            let action = next_action(&self.facts(id), &target);
            match &action {
                NextAction::AwaitEnd => open.extend(self.intents.get(id).map(|intent| intent.at)),
                NextAction::Wait(seconds) | NextAction::BeginWaiting(seconds) => waits.push(*seconds),
                NextAction::Ask(fact) => {
                    // Of agents no more are asked for than are sent to next: what is known is forgotten behind each batch.
                    let asked = decided.asks.get(fact).map_or(0, Vec::len);
                    if *fact != Fact::Online || asked + sends.len() < SENDS_AT_A_TIME {
                        decided.asks.entry(*fact).or_default().push(id.clone());
                    }
                    target.in_flight += usize::from(*fact != Fact::LookUp);
                }
                NextAction::Send => {
                    if self.not_now.contains(id) {
                        waits.push(NOT_NOW_SECONDS);
                    } else {
                        sends.push(receiver);
                    }
                    let holds_place = self.intents.get(id).is_some_and(Intent::is_in_flight);
                    target.in_flight += usize::from(!holds_place);
                }
                _ => {}
            }
            if let Some(write) = WriteAction::of(action) {
                decided.writes.push((id.clone(), write));
            }
        }
        // An instance of the next zone is sent once none of the zone before remains to be sent.
        if decided.asks.is_empty()
            && let Some(first) = sends.first()
        {
            let zone = &first.availability_zone;
            let of_zone = sends.iter().filter(|one| one.availability_zone == *zone);
            decided.sends = of_zone.take(SENDS_AT_A_TIME).copied().cloned().collect();
        }
        let began = self.intents.values().map(|intent| intent.at).min().unwrap_or(now);
        waits.extend(command::next_look_seconds(open, began, now));
        decided.wait_seconds =
            waits.into_iter().min().map(|wait| not_beyond(wait, now, ends_at(phase, request.deadline)));
        decided
    }

    fn facts<'s>(&'s self, id: &str) -> InstanceFacts<'s> {
        InstanceFacts {
            intent: self.intents.get(id),
            look_up: self.looked_up.get(id).map(|(found, looked_at)| match found {
                Some(command_id) => LookUp::Found(command_id),
                None => LookUp::NotFound { looked_at: *looked_at },
            }),
            ours: self.others.get(id).and_then(|(_, intent)| {
                let command_id = intent.open_command()?;
                Some(OursOpen { command_id, has_begun: matches!(self.begun.get(command_id), Some(Begun::Perhaps(_))) })
            }),
            competing: self.competing.get(id).map(Option::as_ref),
            online: self.online.get(id).copied(),
        }
    }
}

/// Returns the wait, or the time until the deadline if that is less: what is open then is given up at that moment.
fn not_beyond(wait_seconds: u32, now: Timestamp, deadline: Timestamp) -> u32 {
    match u32::try_from(deadline.as_second() - now.as_second()) {
        Ok(left) if left > 0 => wait_seconds.min(left),
        // Beyond it, what is left takes its time.
        _ => wait_seconds,
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::operating_system::OperatingSystem;
    use orgpatch_model::target::Pass;
    use orgpatch_plan::Reboot;
    use serde_json::json;

    use super::*;

    fn request() -> TargetRequest {
        serde_json::from_value(json!({
            "runId": "run", "step": "01-test-1", "phase": "install", "now": "2026-11-10T00:00:00Z",
            "deadline": "2026-11-10T12:00:00Z", "hashes": {"settings": ""},
            "target": {"accountId": "222200000001", "accountName": "shop", "accountState": "ACTIVE", "ouPath": "",
                "region": "eu-west-1", "stage": "test", "wave": 1},
        }))
        .expect("a request")
    }

    /// Only such a command is cancelled when a step ends: one that has begun would be cut in the middle of an install.
    #[test]
    fn a_command_is_unbegun_only_if_the_service_says_so() {
        let mut state = State::new(&request(), Vec::new(), Vec::new());
        let invocation = |status: &str| Invocation {
            command_id: "command".into(),
            instance_id: "i-1".into(),
            status: status.into(),
            status_details: status.into(),
            started_at: None,
            finished_at: None,
            exit_code: None,
        };
        let mut is_unbegun_after = |found: Option<&str>| {
            state.note_begun("command", found.map(invocation).as_ref());
            state.is_unbegun("command")
        };
        assert!(!is_unbegun_after(None), "the service does not show it yet");
        assert!(is_unbegun_after(Some("Pending")));
        assert!(is_unbegun_after(None), "what it said holds until it says something else");
        assert!(!is_unbegun_after(Some("InProgress")));
    }

    #[test]
    fn what_was_looked_up_for_one_instance_says_nothing_about_another() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).expect("a time");
        let receiver = |id: &str| Receiver {
            availability_zone: None,
            instance_id: id.into(),
            os: OperatingSystem::Ubuntu,
            reboot: Reboot::Never,
        };
        let intended = |id: &str| ((Phase::Install, Pass::First), Intent::attempt(id, None, at(0)));
        let mut state =
            State::new(&request(), vec![receiver("i-1"), receiver("i-2")], vec![intended("i-1"), intended("i-2")]);
        let asked = |id: &str| vec![(id.to_owned(), format!("comment of {id}"))];
        state.note_looked_up(&HashMap::new(), asked("i-1"), at(35));
        state.note_looked_up(&HashMap::new(), asked("i-2"), at(125));
        assert_eq!(state.facts("i-1").look_up, Some(LookUp::NotFound { looked_at: at(35) }));
        assert_eq!(state.facts("i-2").look_up, Some(LookUp::NotFound { looked_at: at(125) }));
    }
}
