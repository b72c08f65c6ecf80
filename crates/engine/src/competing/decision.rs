//! The decision what to do with an instance that has conflicts, with its reasons.

use orgpatch_model::input::Operation;
use orgpatch_model::reason::Reason;
use orgpatch_plan::SkipOrWarn;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sending::invocation::LeftAlone;

/// What to do. If there are several actions, the last in this order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Patch it: there is no conflict.
    Go,
    /// Patch it, and report the conflict.
    Warn,
    /// Send nothing now, and check again later.
    Wait,
    /// Leave the instance alone: it ends as `skipped`.
    Skip,
    /// Leave the instance alone: it ends as `failed`.
    Fail,
}

impl From<SkipOrWarn> for Action {
    fn from(setting: SkipOrWarn) -> Self {
        match setting {
            SkipOrWarn::Skip => Self::Skip,
            SkipOrWarn::Warn => Self::Warn,
        }
    }
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

/// Another tool patches the instance, or may patch it, or another baseline than the plan's decides what it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// What the plan says to do about it in an install.
    pub action: Action,
    /// `conflict-patch-policy`, `conflict-association`, `conflict-maintenance-window`, `conflict-running-command`,
    /// `conflict-other-baseline` or `auto-scaling`, and one sentence with the ids.
    pub reason: Reason,
}

/// What to do with an instance that has conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConflictDecision {
    /// What to do now.
    pub action: Action,
    /// The conflicts, the most serious first.
    pub conflicts: Vec<Conflict>,
}

impl ConflictDecision {
    /// Decides by the most serious conflict. A scan is never held back, because it installs nothing.
    pub(super) fn of(conflicts: Vec<Conflict>, operation: Operation) -> Self {
        let most_serious = conflicts.iter().map(|conflict| conflict.action).max().unwrap_or(Action::Go);
        let action = match operation {
            Operation::Install => most_serious,
            _ => most_serious.min(Action::Warn),
        };
        Self { action, conflicts }
    }

    /// Returns the reason of the most serious conflict.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.conflicts.first().map(|conflict| &conflict.reason)
    }
}
