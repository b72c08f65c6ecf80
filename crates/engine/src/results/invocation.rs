//! One instance's part of a command: what its status means. A command's own status is never looked at, since it
//! can be `Success` although most instances were never reached.

use jiff::Timestamp;
use orgpatch_model::exit_code;
use orgpatch_model::reason::{Reason, ReasonCode};

use crate::sending::intent::LeftAlone;

/// A command invocation as `ListCommandInvocations` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Instance id.
    pub instance_id: String,
    /// `Status`.
    pub status: String,
    /// `StatusDetails`, spelt with or without blanks.
    pub status_details: String,
    /// `ResponseCode` of the plugin that did not succeed, else of any that ran.
    pub exit_code: Option<i64>,
    /// When the last plugin finished.
    pub finished_at: Option<Timestamp>,
}

/// What an instance answered to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvocationResult {
    /// Not yet.
    Waiting,
    /// The document ended with success. Proves nothing by itself.
    Succeeded,
    /// The instance says that it failed.
    Failed(Reason),
    /// No final answer came, and none will.
    None(Reason),
    /// The command stopped after too many failures, before this instance's turn.
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

/// Returns what that invocation says at `now`. An expected instance without an invocation is waited for until `deadline`:
/// right after sending, the list is empty.
#[must_use]
pub fn judge(invocation: Option<&Invocation>, deadline: Timestamp, now: Timestamp) -> InvocationResult {
    let Some(invocation) = invocation else {
        return if now < deadline {
            InvocationResult::Waiting
        } else {
            InvocationResult::None(Reason::new(
                ReasonCode::NoInvocation,
                "the command never reached this instance, although it was named",
            ))
        };
    };
    let details: String = invocation.status_details.split_whitespace().collect();
    match (invocation.status.as_str(), details.as_str()) {
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
        (_, "Terminated") => InvocationResult::StoppedBeforeTurn(Reason::new(
            ReasonCode::MaxErrors,
            "the command stopped after `maxErrors` failures, before this instance's turn",
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
        _ => InvocationResult::Waiting,
    }
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
            instance_id: "i-1".into(),
            status: status.into(),
            status_details: details.into(),
            exit_code,
            finished_at: None,
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
            format!(
                "{status}/{details}: {:?}",
                short(&judge(Some(&invocation(status, details, code)), at(100), at(50)))
            )
        })
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        Pending/Pending: "waiting"
        InProgress/InProgress: "waiting"
        Delayed/Delayed: "waiting"
        Cancelling/Cancelling: "waiting"
        Success/Success: "succeeded"
        Failed/Failed: "failed: exit-code-156"
        Failed/Failed: "failed: failed"
        TimedOut/DeliveryTimedOut: "none: delivery-timed-out"
        TimedOut/Delivery Timed Out: "none: delivery-timed-out"
        TimedOut/Execution Timed Out: "failed: execution-timed-out"
        Cancelled/Terminated: "spared: max-errors"
        Cancelled/Cancelled: "none: cancelled"
        Failed/Undeliverable: "none: undeliverable"
        Failed/Access Denied: "refused: access-denied"
        Failed/Invalid Platform: "failed: invalid-platform"
        "#);
    }

    #[test]
    fn silence_ends_at_the_deadline() {
        assert_eq!(judge(None, at(100), at(99)), InvocationResult::Waiting);
        assert_eq!(short(&judge(None, at(100), at(100))), "none: no-invocation");
        let running = invocation("InProgress", "InProgress", None);
        assert_eq!(short(&judge(Some(&running), at(100), at(100))), "none: no-answer");
    }

    fn short(answer: &InvocationResult) -> String {
        match answer {
            InvocationResult::Waiting => "waiting".into(),
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
