//! One instance's part of a command: what its status means. A command's own status is never looked at, since it
//! can be `Success` although most instances were never reached.

use jiff::Timestamp;
use orgpatch_model::exit_code;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::{Reason, ReasonCode};
use serde::{Deserialize, Serialize};

/// A command invocation as `ListCommandInvocations` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Id of its command.
    pub command_id: String,
    /// Instance id.
    pub instance_id: String,
    /// `Status`.
    pub status: String,
    /// `StatusDetails`, spelt with or without blanks.
    pub status_details: String,
    /// When the first of its plugins began (`ResponseStartDateTime`). None: none has.
    pub started_at: Option<Timestamp>,
    /// When the last of its plugins ended (`ResponseFinishDateTime`). None: none has.
    pub finished_at: Option<Timestamp>,
    /// `ResponseCode` of the plugin that did not succeed, else of any that ran.
    pub exit_code: Option<i64>,
}

impl Invocation {
    /// Returns true if the agent may have begun: only `Pending` and `Delayed` say that it has not.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !matches!(self.status.as_str(), "Pending" | "Delayed")
    }
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

/// What came of an instance in a phase: its answer to the command, or why there is no command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum InvocationResult {
    /// The document ended with success. Proves nothing by itself.
    Succeeded,
    /// The instance says that it failed.
    Failed(Reason),
    /// No final answer came, and none will.
    None(Reason),
    /// More instances failed than `maxErrors` allows, so nothing was sent to this one.
    StoppedBeforeTurn(Reason),
    /// The command was not allowed, or not accepted.
    Refused(Reason),
    /// The instance was offline when the command was to be sent.
    Offline(Reason),
    /// Another tool patches the instance, so nothing was sent to it.
    LeftOut {
        /// How the instance ends.
        end: LeftAlone,
        /// Why.
        reason: Reason,
    },
}

impl InvocationResult {
    /// Returns true if it counts towards `maxErrors`: as with Run Command, the document failed or ran too long. An instance
    /// that never answered does not count (Systems Manager user guide, "Understanding command statuses").
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Returns true if orgpatch no longer waits for the command, although it may still be at work.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        matches!(
            self,
            Self::None(Reason { code: ReasonCode::Deadline | ReasonCode::TooManyLooks | ReasonCode::RunEnded, .. })
        )
    }

    /// Returns true if the instance itself has answered.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed(_))
    }

    /// Exit code of the document, if it came to one.
    #[must_use]
    pub fn exit_code(&self) -> Option<i64> {
        match self {
            Self::Succeeded => Some(0),
            Self::Failed(Reason { code: ReasonCode::ExitCode(code), .. }) => Some(*code),
            _ => None,
        }
    }
}

/// Returns how that invocation ended; None while it has not. An instance without an invocation is waited for until
/// `deadline`: right after sending, the list is empty.
#[must_use]
pub fn judge(invocation: Option<&Invocation>, deadline: Timestamp, now: Timestamp) -> Option<InvocationResult> {
    let Some(invocation) = invocation else {
        return (now >= deadline).then(|| {
            InvocationResult::None(Reason::new(
                ReasonCode::NoInvocation,
                "the command never reached this instance, although it was named",
            ))
        });
    };
    let details: String = invocation.status_details.split_whitespace().collect();
    Some(match (invocation.status.as_str(), details.as_str()) {
        ("Success", _) => InvocationResult::Succeeded,
        (_, "DeliveryTimedOut") => InvocationResult::None(Reason::new(
            ReasonCode::DeliveryTimedOut,
            "the SSM Agent did not begin, or did not finish, before the command timed out",
        )),
        (_, "ExecutionTimedOut") => InvocationResult::Failed(Reason::new(
            ReasonCode::ExecutionTimedOut,
            "the patch operation took longer than the document allows",
        )),
        (_, "Undeliverable") => InvocationResult::None(Reason::new(
            ReasonCode::Undeliverable,
            "the command could not be delivered to this instance",
        )),
        (_, "InvalidPlatform") => InvocationResult::Failed(Reason::new(
            ReasonCode::InvalidPlatform,
            "the patch document does not run on this platform",
        )),
        (_, "AccessDenied") => InvocationResult::Refused(Reason::new(
            ReasonCode::AccessDenied,
            "the member role may not send the patch document to this instance",
        )),
        ("Cancelled", _) => InvocationResult::None(Reason::new(
            ReasonCode::Cancelled,
            "the command was cancelled, by an operator or another tool",
        )),
        ("TimedOut", _) => {
            InvocationResult::None(Reason::new(ReasonCode::TimedOut, "the command timed out on this instance"))
        }
        ("Failed", _) => InvocationResult::Failed(failure(invocation.exit_code)),
        _ if now >= deadline => InvocationResult::None(Reason::new(
            ReasonCode::NoAnswer,
            format!("the command is still {} long after every time-out has passed", invocation.status),
        )),
        _ => return None,
    })
}

fn failure(exit_code: Option<i64>) -> Reason {
    match exit_code {
        Some(code) => Reason::new(ReasonCode::ExitCode(code), exit_code::phrase(code)),
        None => Reason::new(ReasonCode::Failed, "the patch operation failed without an exit code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn invocation(status: &str, details: &str, exit_code: Option<i64>) -> Invocation {
        Invocation {
            started_at: None,
            finished_at: None,
            command_id: "c-1".into(),
            instance_id: "i-1".into(),
            status: status.into(),
            status_details: details.into(),
            exit_code,
        }
    }

    #[test]
    fn every_status_has_a_meaning_however_it_is_spelt() {
        let lines: Vec<String> = [
            ("Pending", "Pending", None),
            ("InProgress", "InProgress", None),
            ("Delayed", "Delayed", None),
            ("Cancelling", "Cancelling", None),
            ("Success", "Success", Some(0)),
            ("Failed", "Failed", Some(156)),
            ("Failed", "Failed", None),
            ("TimedOut", "DeliveryTimedOut", None),
            ("TimedOut", "Delivery Timed Out", None),
            ("TimedOut", "Execution Timed Out", None),
            ("Cancelled", "Terminated", None),
            ("Cancelled", "Cancelled", None),
            ("Failed", "Undeliverable", None),
            ("Failed", "Access Denied", None),
            ("Failed", "Invalid Platform", None),
        ]
        .into_iter()
        .map(|(status, details, code)| {
            let end = judge(Some(&invocation(status, details, code)), at(100), at(50));
            format!("{status}/{details}: {:?}", end.as_ref().map_or("open".to_owned(), short))
        })
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        Pending/Pending: "open"
        InProgress/InProgress: "open"
        Delayed/Delayed: "open"
        Cancelling/Cancelling: "open"
        Success/Success: "succeeded"
        Failed/Failed: "failed: exit-code-156"
        Failed/Failed: "failed: failed"
        TimedOut/DeliveryTimedOut: "none: delivery-timed-out"
        TimedOut/Delivery Timed Out: "none: delivery-timed-out"
        TimedOut/Execution Timed Out: "failed: execution-timed-out"
        Cancelled/Terminated: "none: cancelled"
        Cancelled/Cancelled: "none: cancelled"
        Failed/Undeliverable: "none: undeliverable"
        Failed/Access Denied: "refused: access-denied"
        Failed/Invalid Platform: "failed: invalid-platform"
        "#);
    }

    #[test]
    fn silence_ends_at_the_deadline() {
        let short = |end: Option<InvocationResult>| end.as_ref().map(short);
        assert_eq!(judge(None, at(100), at(99)), None);
        assert_eq!(short(judge(None, at(100), at(100))).as_deref(), Some("none: no-invocation"));
        let running = invocation("InProgress", "InProgress", None);
        assert_eq!(short(judge(Some(&running), at(100), at(100))).as_deref(), Some("none: no-answer"));
    }

    fn short(answer: &InvocationResult) -> String {
        match answer {
            InvocationResult::Succeeded => "succeeded".into(),
            InvocationResult::Failed(reason) => format!("failed: {}", reason.code),
            InvocationResult::None(reason) => format!("none: {}", reason.code),
            InvocationResult::StoppedBeforeTurn(reason) => format!("spared: {}", reason.code),
            InvocationResult::Refused(reason) => format!("refused: {}", reason.code),
            InvocationResult::Offline(reason) => format!("offline: {}", reason.code),
            InvocationResult::LeftOut { reason, .. } => format!("left out: {}", reason.code),
        }
    }
}
