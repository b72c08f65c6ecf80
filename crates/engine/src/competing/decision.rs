//! What to do with an instance, and why.

use orgpatch_model::input::Operation;
use orgpatch_model::reason::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sending::intent::LeftAlone;

/// What to do. Of several the last in this order holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing stands against it.
    Go,
    /// Go, and say so.
    Warn,
    /// Look again later; nothing is sent to the instance until then.
    Wait,
    /// Leave the instance alone: it is `skipped`.
    Skip,
    /// The instance is `failed`.
    Fail,
}

impl From<LeftAlone> for Action {
    fn from(end: LeftAlone) -> Self {
        match end {
            LeftAlone::Skipped => Self::Skip,
            LeftAlone::Failed => Self::Fail,
        }
    }
}

impl Action {
    /// Returns how an instance ends with that action; None if it is not left alone.
    #[must_use]
    pub fn left_alone(self) -> Option<LeftAlone> {
        match self {
            Self::Go | Self::Warn | Self::Wait => None,
            Self::Skip => Some(LeftAlone::Skipped),
            Self::Fail => Some(LeftAlone::Failed),
        }
    }
}

/// Another tool patches the instance, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// What the plan says about it, for an install.
    pub action: Action,
    /// `conflict-patch-policy`, `conflict-association`, `conflict-maintenance-window`, `conflict-running-command` or
    /// `auto-scaling`, and one sentence with the ids.
    pub reason: Reason,
}

/// What to do with an instance that has conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConflictDecision {
    /// What to do now.
    pub action: Action,
    /// Why, the gravest first.
    pub conflicts: Vec<Conflict>,
}

impl ConflictDecision {
    /// The gravest of the conflicts decides; a scan is never held back, since it touches nothing.
    pub(super) fn of(conflicts: Vec<Conflict>, operation: Operation) -> Self {
        let gravest = conflicts.iter().map(|conflict| conflict.action).max().unwrap_or(Action::Go);
        let action = match operation {
            Operation::Install => gravest,
            _ => gravest.min(Action::Warn),
        };
        Self { action, conflicts }
    }

    /// Why it is so: the gravest conflict.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.conflicts.first().map(|conflict| &conflict.reason)
    }
}
