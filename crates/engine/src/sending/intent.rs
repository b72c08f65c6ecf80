//! Sending a command exactly once, although SendCommand has no idempotency token.
//!
//! Before a batch is sent, an intent is written. A retry or a second copy of the function, which comes later, finds
//! it and asks [`next_action`] what to do. The rule that everything else follows: **between two sends of the same
//! batch lies proof that the first one sent nothing** — either the service said so, or the command is still not in
//! its list [`SETTLE_SECONDS`] after the attempt.

use jiff::Timestamp;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::Reason;
use serde::{Deserialize, Serialize};

/// How long after an attempt the list of commands is believed when it does not show the command. ListCommands is
/// eventually consistent without a documented bound; its lag is seconds, and waiting longer costs only time in a
/// case that is rare.
pub const SETTLE_SECONDS: i64 = 120;

/// What is known of sending a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The batch.
    pub batch_id: String,
    /// The instances that the attempt names. After the first attempt none is added. An instance that another tool
    /// patches at the time of the next attempt is taken out, and left out by an intent of its own.
    pub instance_ids: Vec<String>,
    /// Counts the attempts, from 1; a take-over is a conditional write on it.
    pub attempt: u32,
    /// When that attempt began.
    pub at: Timestamp,
    /// How far it got.
    pub state: IntentState,
}

/// How far an attempt got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum IntentState {
    /// It was about to send. Whether it did is not known.
    Intended,
    /// The service said no, and that nothing was sent; the same batch may be sent again at once.
    Rejected,
    /// It was sent.
    Sent {
        /// Id of the command.
        command_id: String,
    },
    /// The service will not take it, for that reason.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// Its instances were offline when it was to be sent, and it was not.
    Offline {
        /// Why that is believed.
        reason: Reason,
    },
    /// Another tool patches its one instance, and nothing is sent to it.
    LeftOut {
        /// How the instance ends; in the ledger under the name of its outcome.
        #[serde(rename = "outcome")]
        end: LeftAlone,
        /// Why.
        reason: Reason,
    },
    /// One of its instances cannot be asked: nothing was sent, and its halves go on instead.
    Split,
}

/// How an instance ends that an install leaves alone because another tool patches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftAlone {
    /// It is `skipped`.
    Skipped,
    /// It is `failed`, which counts at the gate.
    Failed,
}

impl LeftAlone {
    /// Returns what the instance ends with.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Skipped => Outcome::Skipped,
            Self::Failed => Outcome::Failed,
        }
    }
}

/// What to do next for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction {
    /// Write the first intent (only if there is none), then send.
    Begin,
    /// Write a new attempt, unless another copy of the function has; then send.
    TryAgain,
    /// Look for the command in the service's list, then ask [`after_lookup`].
    LookUp,
    /// Nothing: it is sent, or never will be.
    Nothing,
    /// Go on with the two halves.
    GoOnWithHalves,
}

/// Returns what to do for a batch with that intent.
#[must_use]
pub fn next_action(intent: Option<&Intent>) -> NextAction {
    match intent.map(|intent| &intent.state) {
        None => NextAction::Begin,
        Some(IntentState::Rejected) => NextAction::TryAgain,
        Some(IntentState::Intended) => NextAction::LookUp,
        Some(
            IntentState::Sent { .. }
            | IntentState::Refused { .. }
            | IntentState::Offline { .. }
            | IntentState::LeftOut { .. },
        ) => NextAction::Nothing,
        Some(IntentState::Split) => NextAction::GoOnWithHalves,
    }
}

/// What a look into the service's list of commands means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupResult {
    /// The command is there: it is ours, record it.
    Adopt(String),
    /// It is not there, and by now it would be: send.
    TryAgain,
    /// Too early to tell; look again after so many seconds.
    Wait(u32),
}

/// Decides after a look-up. `found` is the id of the command with the batch's comment, if there is one.
#[must_use]
pub fn after_lookup(intent: &Intent, found: Option<String>, now: Timestamp) -> LookupResult {
    if let Some(command_id) = found {
        return LookupResult::Adopt(command_id);
    }
    let age = now.as_second() - intent.at.as_second();
    if age >= SETTLE_SECONDS {
        LookupResult::TryAgain
    } else {
        LookupResult::Wait(u32::try_from((SETTLE_SECONDS - age).clamp(1, SETTLE_SECONDS)).unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    //! A model of the service and of a function that may die between any two instructions, and every way to die.

    use orgpatch_model::reason::ReasonCode;

    use super::*;

    /// The service: commands by the time they were sent, visible in the list only some seconds later.
    #[derive(Default)]
    struct Service {
        sent: Vec<(String, i64)>,
    }

    const LAG_SECONDS: i64 = 100;

    struct World {
        service: Service,
        ledger: Option<Intent>,
        now: i64,
        /// Instructions left before the function dies.
        fuel: u32,
    }

    struct Died;

    impl World {
        fn step(&mut self) -> Result<(), Died> {
            self.fuel = self.fuel.checked_sub(1).ok_or(Died)?;
            Ok(())
        }

        fn time(&self) -> Timestamp {
            Timestamp::from_second(self.now).expect("a time")
        }

        /// Does what `install` does for one batch, one instruction after the other. Each may be the last.
        fn run(&mut self) -> Result<Option<u32>, Died> {
            self.step()?;
            match next_action(self.ledger.as_ref()) {
                NextAction::Nothing => return Ok(None),
                NextAction::Begin => self.write(1)?,
                NextAction::TryAgain => {
                    let attempt = self.ledger.as_ref().map_or(1, |intent| intent.attempt + 1);
                    self.write(attempt)?;
                }
                NextAction::GoOnWithHalves => unreachable!("this model does not split"),
                NextAction::LookUp => {
                    let found =
                        self.service.sent.iter().find(|(_, at)| at + LAG_SECONDS <= self.now).map(|(id, _)| id.clone());
                    let intent = self.ledger.clone().expect("an intent");
                    match after_lookup(&intent, found, self.time()) {
                        LookupResult::Adopt(id) => return self.record(id).map(|()| None),
                        LookupResult::TryAgain => self.write(intent.attempt + 1)?,
                        LookupResult::Wait(seconds) => return Ok(Some(seconds)),
                    }
                }
            }
            self.step()?;
            let id = format!("command-{}", self.service.sent.len() + 1);
            self.service.sent.push((id.clone(), self.now));
            self.record(id)?;
            Ok(None)
        }

        fn write(&mut self, attempt: u32) -> Result<(), Died> {
            self.step()?;
            self.ledger = Some(Intent {
                batch_id: "b".into(),
                instance_ids: vec!["i-1".into()],
                attempt,
                at: self.time(),
                state: IntentState::Intended,
            });
            Ok(())
        }

        fn record(&mut self, command_id: String) -> Result<(), Died> {
            self.step()?;
            self.ledger.as_mut().expect("an intent").state = IntentState::Sent { command_id };
            Ok(())
        }
    }

    #[test]
    fn dying_at_any_two_instructions_neither_repeats_nor_loses_the_command() {
        for first_death in 0..12 {
            for second_death in 0..12 {
                let mut world = World { service: Service::default(), ledger: None, now: 1_800_000_000, fuel: 0 };
                let mut fuels = [first_death, second_death].into_iter();
                let mut lives = 0;
                loop {
                    lives += 1;
                    assert!(lives < 20, "never ends after deaths at {first_death} and {second_death}");
                    world.fuel = fuels.next().unwrap_or(100);
                    match world.run() {
                        Err(Died) => world.now += 1,
                        Ok(Some(seconds)) => world.now += i64::from(seconds),
                        Ok(None) => break,
                    }
                }
                assert_eq!(world.service.sent.len(), 1, "deaths at {first_death} and {second_death}");
                let id = world.service.sent[0].0.clone();
                assert_eq!(world.ledger.expect("an intent").state, IntentState::Sent { command_id: id });
            }
        }
    }

    #[test]
    fn a_rejected_attempt_may_be_repeated_at_once_and_a_refused_one_never() {
        let intent =
            |state| Intent { batch_id: "b".into(), instance_ids: vec![], attempt: 1, at: Timestamp::UNIX_EPOCH, state };
        assert_eq!(next_action(Some(&intent(IntentState::Rejected))), NextAction::TryAgain);
        let reason = Reason::new(ReasonCode::SendRefused, "y");
        assert_eq!(next_action(Some(&intent(IntentState::Refused { reason }))), NextAction::Nothing);
        assert_eq!(next_action(Some(&intent(IntentState::Split))), NextAction::GoOnWithHalves);
    }

    #[test]
    fn the_ledger_names_the_outcome_of_an_instance_that_is_left_alone() {
        for (end, outcome) in [(LeftAlone::Skipped, Outcome::Skipped), (LeftAlone::Failed, Outcome::Failed)] {
            let reason = Reason::new(ReasonCode::ConflictRunningCommand, "y");
            let stored = serde_json::to_value(IntentState::LeftOut { end, reason: reason.clone() }).expect("JSON");
            let expected = serde_json::json!({"state": "left-out", "outcome": outcome, "reason": reason});
            assert_eq!((stored, end.outcome()), (expected, outcome));
        }
    }
}
