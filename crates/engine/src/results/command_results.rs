//! From the intents of a phase to one result per instance.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::sending::intent::{End, Intent};
use crate::sending::invocation::InvocationResult;

/// How long after an instance's success was seen its compliance row may still come, in seconds; the service is eventually
/// consistent without a documented bound.
const ROW_LAG_SECONDS: i64 = 300;

/// What came of an instance in a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// What it answered, or why it was not asked.
    pub answer: InvocationResult,
    /// The command, if one was sent.
    pub command_id: Option<String>,
    /// When the command was sent, or would have been.
    pub sent_at: Timestamp,
    /// When its end was seen.
    pub seen_at: Timestamp,
    /// When the agent began, by Run Command; None: it did not, or that was not seen.
    pub started_at: Option<Timestamp>,
    /// When the agent ended, in the same way.
    pub finished_at: Option<Timestamp>,
}

impl CommandResult {
    /// True while a compliance row of this scan may still appear.
    #[must_use]
    pub fn row_may_still_come(&self, now: Timestamp) -> bool {
        now.as_second() < self.seen_at.as_second() + ROW_LAG_SECONDS
    }
}

/// Returns the result of every instance; None if one of them has not ended.
#[must_use]
pub fn results<'i>(intents: impl IntoIterator<Item = &'i Intent>) -> Option<BTreeMap<String, CommandResult>> {
    let result = |intent: &Intent| {
        let End { command_id, seen_at, started_at, finished_at, result } = intent.end()?.clone();
        let result = CommandResult { answer: result, command_id, sent_at: intent.at, seen_at, started_at, finished_at };
        Some((intent.instance_id.clone(), result))
    };
    intents.into_iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sending::intent::IntentState;

    #[test]
    fn results_are_known_when_every_instance_has_ended() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let sent = |id| Intent::attempt(id, None, at(1_000)).then(IntentState::Sent { command_id: "c".into() });
        let without = End::without_command(at(1_060), InvocationResult::Succeeded);
        let end = End { command_id: Some("c".into()), started_at: Some(at(1_010)), ..without };
        let ended = sent("i-1").then(IntentState::Ended(end));
        assert_eq!(results([&ended, &sent("i-2")]), None);
        let results = results([&ended]).expect("ended");
        assert_eq!((results["i-1"].started_at, results["i-1"].finished_at), (Some(at(1_010)), None));
        assert_eq!((results["i-1"].sent_at, results["i-1"].command_id.as_deref()), (at(1_000), Some("c")));
        assert!(results["i-1"].row_may_still_come(at(1_359)) && !results["i-1"].row_may_still_come(at(1_360)));
    }
}
