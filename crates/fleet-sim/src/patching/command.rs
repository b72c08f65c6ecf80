//! A command and its invocations: their facts, and the states that AWS makes of them. What moves them is `world`.
use super::document::{Operation, Parameters};
use crate::clock::{Millis, SECOND};

/// How long a command is not listed yet: `ListCommands` is eventually consistent.
pub const LISTED_AFTER: Millis = 5 * SECOND;
/// How long its invocations do not exist yet.
pub const INVOCATIONS_AFTER: Millis = 2 * SECOND;
/// After this long an invocation that the agent does not pick up is Delayed.
const DELAYED_AFTER: Millis = 60 * SECOND;

/// An invocation: position of its command, and position in it.
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
    /// Does it count to `MaxErrors`?
    pub fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::ExecutionTimedOut)
    }

    /// `Status` and `StatusDetails`.
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

/// What the agent says when it is done.
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

/// What one node makes of a command.
#[derive(Debug)]
pub struct Invocation {
    /// Position of the node in the fleet.
    pub node: usize,
    /// The node's id.
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
    /// One for a node, by its position and id, that nothing has happened to.
    pub fn new(node: usize, instance_id: &str) -> Self {
        Self { node, instance_id: instance_id.to_owned(), sent: None, received: None, started: None, ended: None }
    }

    /// Its state at a time.
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
    /// Its Region.
    pub region: String,
    /// The document.
    pub document: String,
    /// Did it come by the API? Otherwise somebody else sent it.
    pub by_api: bool,
    /// Does `ListCommands` tell of it? Not of what State Manager does.
    pub listed: bool,
    /// The parameters as given.
    pub parameters: Parameters,
    /// What they mean.
    pub operation: Operation,
    /// `InstanceIds` as given.
    pub instance_ids: Vec<String>,
    /// `Targets` as given.
    pub targets: serde_json::Value,
    /// `Comment`.
    pub comment: String,
    /// `DocumentVersion`.
    pub document_version: String,
    /// `TimeoutSeconds`.
    pub timeout_seconds: i64,
    /// `MaxConcurrency` as given.
    pub max_concurrency: String,
    /// `MaxErrors` as given.
    pub max_errors: String,
    /// When it was sent.
    pub requested: Millis,
    /// How many invocations may have been sent so far: 1, then 2 more, then 4 more …
    pub ramp: usize,
    /// Was it cancelled?
    pub cancelled: bool,
    /// One for each node.
    pub invocations: Vec<Invocation>,
}

impl Command {
    /// The lane of an agent that it runs in.
    pub fn lane(&self) -> usize {
        usize::from(!self.by_api)
    }

    /// How many invocations may run at once.
    pub fn width(&self) -> usize {
        of_count(&self.max_concurrency, self.invocations.len()).max(1)
    }

    /// How many invocations ended with an error.
    pub fn errors(&self) -> usize {
        self.ends().filter(|end| end.is_error()).count()
    }

    /// Has it met its error limit? It stops on error N + 1.
    pub fn is_terminated(&self) -> bool {
        self.errors() > of_count(&self.max_errors, self.invocations.len())
    }

    /// How every ended invocation ended.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        self.invocations.iter().filter_map(|invocation| invocation.ended.as_ref()).map(|(_, answer)| answer.end)
    }

    /// When an invocation that was sent at a time, and not begun, is given up.
    pub fn start_limit(&self, sent: Millis) -> Millis {
        sent + self.timeout_seconds * SECOND
    }

    /// When an invocation that was sent at a time, and begun, is given up.
    pub fn reply_limit(&self, sent: Millis) -> Millis {
        self.start_limit(sent) + self.operation.step_timeout_seconds * SECOND
    }

    /// Its state. Note what Success means: nobody failed and one node succeeded, however many were never reached.
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

/// A number, or a percentage of `total` rounded down. The text was validated when the command was sent.
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
    fn an_invocation_nobody_picks_up_is_pending_then_delayed() {
        let mut invocation = Invocation { sent: Some(0), ..Invocation::new(0, "") };
        assert_eq!(invocation.status(59 * SECOND, false).0, "Pending");
        assert_eq!(invocation.status(60 * SECOND, false).0, "Delayed");
        invocation.received = Some(0);
        assert_eq!(invocation.status(60 * SECOND, false).0, "InProgress");
    }
}
