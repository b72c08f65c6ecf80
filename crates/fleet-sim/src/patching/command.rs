//! A command and its invocations: what is known about them, and the states that AWS derives from it. The world moves
//! them.
use super::document::{Operation, Parameters};
use crate::clock::{Millis, SECOND};
use schemars::JsonSchema;
use serde::Deserialize;

/// How long a new command is not listed: `ListCommands` is eventually consistent.
pub const LISTED_AFTER: Millis = 5 * SECOND;
/// How long the invocations of a new command do not exist.
pub const INVOCATIONS_AFTER: Millis = 2 * SECOND;
/// How long an invocation waits for its agent until it is Delayed.
const DELAYED_AFTER: Millis = 60 * SECOND;

/// How Run Command paces the invocations of a command, and when it gives them up.
///
/// Whether the service is as slow as its documentation says cannot be found out without AWS, so callers must be right
/// under both clocks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommandClock {
    /// Every invocation has a clock of its own. The ramp sends 1, then 2 more, then 4 more within seconds, and then one
    /// as soon as another one has ended, up to `MaxConcurrency`. An invocation that has not begun `TimeoutSeconds` after
    /// it was sent is given up, and one without an answer after the step's time-out on top.
    #[default]
    PerInvocation,
    /// The command has one clock, as documented. It sends to 1 instance, then to 2, to 4 and so on, at most
    /// `MaxConcurrency`, and each time only when all invocations before have ended (Systems Manager User Guide,
    /// "Run commands at scale", concurrency controls). It expires `TimeoutSeconds` and the step's time-out after the
    /// request. Then every invocation that is InProgress, Pending or Delayed becomes DeliveryTimedOut (API reference,
    /// `Command.ExpiresAfter`). An agent that has begun goes on, and its answer changes nothing any more.
    Documented,
}

/// An invocation: the position of its command, and its position in the command.
pub type InvocationId = (usize, usize);

/// How an invocation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum End {
    Success,
    Failed,
    DeliveryTimedOut,
    ExecutionTimedOut,
    Cancelled,
    Terminated,
}

impl End {
    /// Returns whether it counts towards `MaxErrors`.
    pub fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::ExecutionTimedOut)
    }

    /// Returns whether the agent reports it. Otherwise the service ends the invocation by itself.
    pub fn is_by_agent(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::ExecutionTimedOut)
    }

    /// Returns `Status` and `StatusDetails`.
    pub fn codes(self) -> StatusPair {
        match self {
            Self::Success => ("Success", "Success"),
            Self::Failed => ("Failed", "Failed"),
            Self::DeliveryTimedOut => ("TimedOut", "DeliveryTimedOut"),
            Self::ExecutionTimedOut => ("TimedOut", "ExecutionTimedOut"),
            Self::Cancelled => ("Cancelled", "Cancelled"),
            Self::Terminated => ("Cancelled", "Terminated"),
        }
    }
}

/// The result of an invocation, as the agent reports it.
#[derive(Debug, PartialEq, Eq)]
pub struct InvocationResult {
    /// How the invocation ends.
    pub end: End,
    /// Exit code of the step.
    pub code: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// `Status` and `StatusDetails`.
pub type StatusPair = (&'static str, &'static str);

/// A command on one instance.
#[derive(Debug)]
pub struct Invocation {
    /// Position of the instance in the fleet.
    pub node: usize,
    /// The instance's id.
    pub instance_id: String,
    /// When it was sent to the agent.
    pub sent: Option<Millis>,
    /// When the agent took it.
    pub received: Option<Millis>,
    /// When the agent began.
    pub started: Option<Millis>,
    /// When and how it ended.
    pub ended: Option<(Millis, InvocationResult)>,
}

impl Invocation {
    /// Returns an invocation that has not been sent. The instance is given by position and id.
    pub fn new(node: usize, instance_id: &str) -> Self {
        Self { node, instance_id: instance_id.to_owned(), sent: None, received: None, started: None, ended: None }
    }

    /// Returns its state at a time.
    pub fn status(&self, now: Millis, cancelling: bool) -> StatusPair {
        match (&self.ended, self.received, self.sent) {
            (Some((_, answer)), _, _) => answer.end.codes(),
            _ if cancelling => ("Cancelling", "Cancelling"),
            (None, Some(_), _) => ("InProgress", "InProgress"),
            (None, None, Some(sent)) if now - sent >= DELAYED_AFTER => ("Delayed", "Delayed"),
            _ => ("Pending", "Pending"),
        }
    }
}

/// A command.
#[derive(Debug)]
pub struct Command {
    /// A UUID.
    pub id: String,
    /// The account that it runs in.
    pub account: String,
    /// The Region that it runs in.
    pub region: String,
    /// The document.
    pub document: String,
    /// Whether it came by the API. Otherwise a competing patcher sent it.
    pub by_api: bool,
    /// Whether `ListCommands` lists it. It does not list what State Manager does.
    pub listed: bool,
    /// The parameters, as given.
    pub parameters: Parameters,
    /// The operation that the parameters describe.
    pub operation: Operation,
    /// `InstanceIds`, as given.
    pub instance_ids: Vec<String>,
    /// `Targets`, as given.
    pub targets: serde_json::Value,
    /// `Comment`.
    pub comment: String,
    /// `DocumentVersion`.
    pub document_version: String,
    /// `TimeoutSeconds`.
    pub timeout_seconds: i64,
    /// `MaxConcurrency`, as given.
    pub max_concurrency: String,
    /// `MaxErrors`, as given.
    pub max_errors: String,
    /// When it was sent.
    pub requested: Millis,
    /// What times its invocations.
    pub clock: CommandClock,
    /// How many steps of the ramp have begun.
    pub ramp_steps: u32,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// One invocation for each instance.
    pub invocations: Vec<Invocation>,
}

impl Command {
    /// Returns the lane of an agent that it runs in.
    pub fn lane(&self) -> usize {
        usize::from(!self.by_api)
    }

    /// Returns how many invocations may run at the same time.
    pub fn width(&self) -> usize {
        of_count(&self.max_concurrency, self.invocations.len()).max(1)
    }

    /// Returns how many invocations may be sent now.
    pub fn room(&self) -> usize {
        let sent = self.invocations.iter().filter(|i| i.sent.is_some()).count();
        let active = self.invocations.iter().filter(|i| i.sent.is_some() && i.ended.is_none()).count();
        let doubled = 1_usize.checked_shl(self.ramp_steps).unwrap_or(usize::MAX);
        match self.clock {
            // 1 + 2 + 4 and so on is one less than the next power of two.
            CommandClock::PerInvocation => self.width().saturating_sub(active).min((doubled - 1).saturating_sub(sent)),
            CommandClock::Documented if active > 0 => 0,
            CommandClock::Documented => self.width().min(doubled),
        }
    }

    /// Returns how many invocations ended with an error.
    pub fn errors(&self) -> usize {
        self.ends().filter(|end| end.is_error()).count()
    }

    /// Returns whether the command has exceeded its error limit. It stops at error N + 1.
    pub fn is_terminated(&self) -> bool {
        self.errors() > of_count(&self.max_errors, self.invocations.len())
    }

    /// Returns how every ended invocation ended.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        self.invocations.iter().filter_map(|invocation| invocation.ended.as_ref()).map(|(_, answer)| answer.end)
    }

    /// Returns when an invocation is given up that was sent at a time and has not begun.
    pub fn start_limit(&self, sent: Millis) -> Millis {
        sent + self.timeout_seconds * SECOND
    }

    /// Returns `ExpiresAfter`.
    pub fn expires(&self) -> Millis {
        self.reply_limit(self.requested)
    }

    /// Returns when an invocation is given up that was sent at a time and has begun.
    pub fn reply_limit(&self, sent: Millis) -> Millis {
        self.start_limit(sent) + self.operation.step_timeout_seconds * SECOND
    }

    /// Returns its state. Success means that no invocation failed and at least one succeeded, even if many instances
    /// were never reached.
    pub fn status(&self) -> StatusPair {
        let count = |wanted: End| self.ends().filter(|end| *end == wanted).count();
        if self.invocations.is_empty() {
            return ("Success", "NoInstancesInTag");
        }
        if self.ends().count() < self.invocations.len() {
            return match (self.cancelled, self.invocations.iter().any(|invocation| invocation.received.is_some())) {
                (true, _) => ("Cancelling", "Cancelling"),
                (false, true) => ("InProgress", "InProgress"),
                (false, false) => ("Pending", "Pending"),
            };
        }
        if self.is_terminated() {
            ("Failed", "Failed")
        } else if self.cancelled && count(End::Cancelled) > 0 {
            ("Cancelled", "Cancelled")
        } else if self.errors() > 0 {
            ("Failed", "Incomplete")
        } else if count(End::Success) > 0 {
            ("Success", "Success")
        } else if count(End::Cancelled) > 0 {
            ("Cancelled", "Cancelled")
        } else {
            ("TimedOut", "DeliveryTimedOut")
        }
    }
}

/// Returns a number, or a percentage of `total` rounded down. `SendCommand` has checked the text.
fn of_count(text: &str, total: usize) -> usize {
    match text.strip_suffix('%') {
        Some(percent) => total * percent.parse().unwrap_or(100) / 100,
        None => text.parse().unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down() {
        assert_eq!((of_count("25%", 10), of_count("9%", 10), of_count("100%", 3), of_count("7", 3)), (2, 0, 3, 7));
    }

    #[test]
    fn an_invocation_that_no_agent_picks_up_is_pending_then_delayed() {
        let mut invocation = Invocation { sent: Some(0), ..Invocation::new(0, "") };
        assert_eq!(invocation.status(59 * SECOND, false).0, "Pending");
        assert_eq!(invocation.status(60 * SECOND, false).0, "Delayed");
        invocation.received = Some(0);
        assert_eq!(invocation.status(60 * SECOND, false).0, "InProgress");
    }
}
