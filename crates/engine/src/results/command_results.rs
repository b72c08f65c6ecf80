//! From the intents of a phase and the invocations of their commands to one answer per instance.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;

use crate::results::invocation;
use crate::results::invocation::{Invocation, InvocationResult};
use crate::sending::command;
use crate::sending::intent::{Intent, IntentState};

/// How long after an instance's success its compliance row may still come; the service is eventually consistent
/// without a documented bound.
const ROW_LAG_SECONDS: i64 = 300;

/// An instance that was asked, or was to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// What it answered.
    pub answer: InvocationResult,
    /// The command, if one was sent.
    pub command_id: Option<String>,
    /// When the command was sent, or was to be.
    pub sent_at: Timestamp,
    /// When the instance finished, if it did.
    pub finished_at: Option<Timestamp>,
}

impl CommandResult {
    /// True while a compliance row of this scan may still appear.
    #[must_use]
    pub fn row_may_still_come(&self, now: Timestamp) -> bool {
        let done = self.finished_at.unwrap_or(self.sent_at);
        now.as_second() < done.as_second() + ROW_LAG_SECONDS
    }
}

/// One answer per instance that the intents name. `invocations` are those of each command by its id.
#[must_use]
pub fn answers(
    phase: Phase,
    intents: &[Intent],
    invocations: &HashMap<String, Vec<Invocation>>,
    max_concurrency: &str,
    now: Timestamp,
) -> BTreeMap<String, CommandResult> {
    let mut asked: BTreeMap<String, CommandResult> = BTreeMap::new();
    for intent in intents {
        let rounds = command::rounds(intent.instance_ids.len(), max_concurrency);
        let deadline = intent.at.as_second() + i64::from(command::deadline_seconds(phase, rounds));
        let deadline = Timestamp::from_second(deadline).unwrap_or(Timestamp::MAX);
        for id in &intent.instance_ids {
            let entry = match &intent.state {
                // Its halves name the same instances.
                IntentState::Split => continue,
                IntentState::Sent { command_id } => {
                    let found =
                        invocations.get(command_id).and_then(|all| all.iter().find(|one| &one.instance_id == id));
                    CommandResult {
                        answer: invocation::judge(found, deadline, now),
                        command_id: Some(command_id.clone()),
                        sent_at: intent.at,
                        finished_at: found.and_then(|one| one.finished_at),
                    }
                }
                IntentState::Refused { reason } => unsent(intent, InvocationResult::Refused(reason.clone())),
                IntentState::Offline { reason } => unsent(intent, InvocationResult::Offline(reason.clone())),
                IntentState::LeftOut { end, reason } => {
                    unsent(intent, InvocationResult::LeftOut { end: *end, reason: reason.clone() })
                }
                IntentState::Intended | IntentState::Rejected => unsent(
                    intent,
                    InvocationResult::None(Reason::new(
                        ReasonCode::NotSent,
                        "it could not be settled whether the command was sent",
                    )),
                ),
            };
            // An instance that was offline at a first attempt may have got the command of the second; one that was named
            // by an attempt of which nothing came may have been left out since.
            let settled = |known: &CommandResult| {
                known.command_id.is_some() || matches!(known.answer, InvocationResult::LeftOut { .. })
            };
            if entry.command_id.is_some() || !asked.get(id).is_some_and(settled) {
                asked.insert(id.clone(), entry);
            }
        }
    }
    asked
}

/// Returns when to look again, in seconds; None if every answer is final.
#[must_use]
pub fn next_look_seconds(asked: &BTreeMap<String, CommandResult>, now: Timestamp) -> Option<u32> {
    asked
        .values()
        .filter(|entry| entry.answer == InvocationResult::Waiting)
        .map(|entry| command::next_look_seconds(entry.sent_at, now))
        .min()
}

fn unsent(intent: &Intent, answer: InvocationResult) -> CommandResult {
    CommandResult { answer, command_id: None, sent_at: intent.at, finished_at: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sending::intent::LeftAlone;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn intent(ids: &[&str], state: IntentState) -> Intent {
        Intent {
            batch_id: "b".into(),
            instance_ids: ids.iter().map(|id| (*id).into()).collect(),
            attempt: 1,
            at: at(1_000),
            state,
        }
    }

    #[test]
    fn a_command_that_was_sent_counts_more_than_a_note_that_its_instance_was_offline() {
        let sent = intent(&["i-1"], IntentState::Sent { command_id: "c-1".into() });
        let offline = intent(&["i-1"], IntentState::Offline { reason: Reason::new(ReasonCode::AgentOffline, "x") });
        for intents in [[sent.clone(), offline.clone()], [offline, sent]] {
            let asked = answers(Phase::Install, &intents, &HashMap::new(), "50", at(1_060));
            assert_eq!(asked["i-1"].command_id.as_deref(), Some("c-1"));
        }
    }

    #[test]
    fn an_instance_that_was_left_out_is_not_asked_whatever_an_earlier_attempt_named() {
        let left_out = IntentState::LeftOut {
            end: LeftAlone::Skipped,
            reason: Reason::new(ReasonCode::ConflictRunningCommand, "x"),
        };
        for earlier in [IntentState::Rejected, IntentState::Intended] {
            let (named, left_out) = (intent(&["i-1"], earlier), intent(&["i-1"], left_out.clone()));
            for intents in [[named.clone(), left_out.clone()], [left_out, named]] {
                let asked = answers(Phase::Install, &intents, &HashMap::new(), "50", at(1_060));
                assert!(
                    matches!(&asked["i-1"].answer, InvocationResult::LeftOut { reason, .. } if reason.code == ReasonCode::ConflictRunningCommand)
                );
            }
        }
    }

    #[test]
    fn every_named_instance_has_an_answer_and_a_success_that_reached_nobody_is_none() {
        let sent = IntentState::Sent { command_id: "c-1".into() };
        let offline = IntentState::Offline { reason: Reason::new(ReasonCode::AgentOffline, "x") };
        let intents = [
            intent(&["i-1", "i-2"], sent),
            intent(&["i-3", "i-4"], IntentState::Split),
            intent(&["i-3"], offline),
            intent(&["i-4"], IntentState::Intended),
        ];
        let success = Invocation {
            instance_id: "i-1".into(),
            status: "Success".into(),
            status_details: "Success".into(),
            exit_code: Some(0),
            finished_at: Some(at(1_030)),
        };
        let invocations = [("c-1".to_owned(), vec![success])].into();
        let soon = answers(Phase::Scan, &intents, &invocations, "50", at(1_060));
        assert_eq!(soon.len(), 4);
        assert_eq!(soon["i-1"].answer, InvocationResult::Succeeded);
        assert_eq!(soon["i-2"].answer, InvocationResult::Waiting);
        assert!(
            matches!(&soon["i-3"].answer, InvocationResult::Offline(reason) if reason.code == ReasonCode::AgentOffline)
        );
        assert!(matches!(&soon["i-4"].answer, InvocationResult::None(reason) if reason.code == ReasonCode::NotSent));
        assert_eq!(next_look_seconds(&soon, at(1_060)), Some(45));

        let late = answers(Phase::Scan, &intents, &invocations, "50", at(1_000_000));
        assert!(
            matches!(&late["i-2"].answer, InvocationResult::None(reason) if reason.code == ReasonCode::NoInvocation)
        );
        assert_eq!(next_look_seconds(&late, at(1_000_000)), None);
    }
}
