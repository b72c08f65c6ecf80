//! The intent to send a command to an instance, which makes that happen exactly once: SendCommand has no idempotency token.
//!
//! Before a command is sent, an intent is written; each later step is a conditional write on the one before. A retry or a
//! second copy of the function finds the intent and asks [`super::next_action()`] what to do. The rule that everything else
//! follows: **between two sends to an instance in one pass lies proof that the first one sent nothing** — either the
//! service said so, or the command is not in its list [`SETTLE_SECONDS`] after the attempt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::invocation::InvocationResult;

/// How long after an attempt began the list of commands is believed when it does not show the command, in seconds.
///
/// The attempt itself takes no longer than [`SEND_SECONDS`]. The rest is for the lag of ListCommands, which is eventually
/// consistent without a documented bound; its lag is seconds, and waiting longer costs only time in a case that is rare.
pub const SETTLE_SECONDS: i64 = 120;

/// How long after its intent was written a command may be sent, in seconds. A function that has not sent it by then records
/// that nothing was sent, and asks again what to do.
pub const SEND_SECONDS: i64 = 40;

/// What is known of sending a command to an instance in a phase and pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// The instance.
    pub instance_id: String,
    /// Counts the attempts; 0 before the first. A take-over is a conditional write on it.
    pub attempt: u32,
    /// When that attempt was written, by the clock of the ledger; before the first attempt, when waiting began.
    pub at: Timestamp,
    /// How far it got.
    pub state: IntentState,
}

/// How far an attempt got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum IntentState {
    /// Nothing was sent yet: another tool patches the instance, and its end is awaited.
    Waiting,
    /// It was about to send. Whether it did is not known.
    Intended,
    /// Nothing was sent: the service said so, or the function came too late. It may be sent again at once.
    Rejected,
    /// It was sent.
    #[serde(rename_all = "camelCase")]
    Sent {
        /// Id of the command.
        command_id: String,
    },
    /// Nothing more is to come: the command has ended, or none will be sent.
    Ended(End),
}

/// How an instance ended in a phase and pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// Id of the command, if one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
    /// When the end was seen, by the clock of the ledger.
    pub seen_at: Timestamp,
    /// When the agent began, by Run Command. None: it did not begin, or that was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the agent ended. None: it did not end, or that was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What came of it.
    #[serde(flatten)]
    pub result: InvocationResult,
}

impl End {
    /// Returns the end of an instance to which no command was sent.
    #[must_use]
    pub fn without_command(seen_at: Timestamp, result: InvocationResult) -> Self {
        Self { command_id: None, seen_at, started_at: None, finished_at: None, result }
    }
}

impl Intent {
    /// Returns the intent of a new attempt, written at that time.
    #[must_use]
    pub fn attempt(instance_id: &str, before: Option<&Self>, at: Timestamp) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            attempt: before.map_or(0, |intent| intent.attempt) + 1,
            at,
            state: IntentState::Intended,
        }
    }

    /// Returns the intent that records the end of an instance to which no command was sent.
    #[must_use]
    pub fn not_sent(instance_id: &str, before: Option<&Self>, now: Timestamp, result: InvocationResult) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            attempt: before.map_or(0, |intent| intent.attempt),
            at: before.map_or(now, |intent| intent.at),
            state: IntentState::Ended(End::without_command(now, result)),
        }
    }

    /// Returns the same attempt in another state.
    #[must_use]
    pub fn then(&self, state: IntentState) -> Self {
        Self { state, ..self.clone() }
    }

    /// Returns the id of the command that is open; None if none was sent, or it has ended.
    #[must_use]
    pub fn open_command(&self) -> Option<&str> {
        match &self.state {
            IntentState::Sent { command_id } => Some(command_id),
            _ => None,
        }
    }

    /// Returns how the instance ended; None while it has not.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        match &self.state {
            IntentState::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Returns true if it uses a place: from its send until its end is known. An attempt of which nothing is known counts.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        matches!(self.state, IntentState::Intended | IntentState::Sent { .. })
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::reason::{Reason, ReasonCode};

    use super::*;
    use crate::sending::invocation::LeftAlone;

    #[test]
    fn the_ledger_holds_what_people_can_read() {
        let waiting =
            Intent { instance_id: "i-1".into(), attempt: 0, at: Timestamp::UNIX_EPOCH, state: IntentState::Waiting };
        let reason = Reason::new(ReasonCode::ConflictRunningCommand, "y");
        let result = InvocationResult::LeftOut { end: LeftAlone::Skipped, reason };
        let intents = [
            Intent::attempt("i-1", Some(&waiting), Timestamp::UNIX_EPOCH)
                .then(IntentState::Sent { command_id: "c".into() }),
            Intent::not_sent("i-1", Some(&waiting), Timestamp::UNIX_EPOCH, result),
            waiting,
        ];
        let stored = intents.map(|intent| {
            let text = serde_json::to_string(&intent).expect("JSON");
            assert_eq!(serde_json::from_str::<Intent>(&text).expect("the same"), intent);
            text
        });
        insta::assert_snapshot!(stored.join("\n"), @r#"
        {"instanceId":"i-1","attempt":1,"at":"1970-01-01T00:00:00Z","state":{"state":"sent","commandId":"c"}}
        {"instanceId":"i-1","attempt":0,"at":"1970-01-01T00:00:00Z","state":{"state":"ended","seenAt":"1970-01-01T00:00:00Z","result":"left-out","end":"skipped","reason":{"code":"conflict-running-command","text":"y"}}}
        {"instanceId":"i-1","attempt":0,"at":"1970-01-01T00:00:00Z","state":{"state":"waiting"}}
        "#);
    }
}
