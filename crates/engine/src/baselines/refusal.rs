//! Calls about baselines that AWS refuses: they cost their operating system and no other.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use serde::{Deserialize, Serialize};

use super::Change;

/// A change that AWS refused, or a look at what the account has. Later changes of its operating system are not tried, because
/// each needs the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Operating system.
    pub operating_system: OperatingSystem,
    /// How many of its changes are missing: the refused one and those behind it. 0: it is not known, because the look was refused.
    pub not_made: usize,
    /// What was refused, with AWS's words.
    pub reason: Reason,
}

/// What AWS refused in a target. It is written after the changes, and only if something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedChanges {
    /// The target.
    pub target: Target,
    /// At most one for each operating system.
    pub refusals: Vec<Refusal>,
}

impl Refusal {
    /// Makes the refusal of a change of that operating system. `error` is the operation with AWS's code and words.
    #[must_use]
    pub fn new(operating_system: OperatingSystem, change: &Change, error: &str) -> Self {
        let reason = Reason::new(
            ReasonCode::BaselineRefused,
            format!(
                "the baseline for {operating_system} is not as the plan wants it: AWS refused to {change}: {error}"
            ),
        );
        Self { operating_system, not_made: 1, reason }
    }

    /// Makes the refusal of a look at what the account has for that operating system.
    #[must_use]
    pub fn of_look(operating_system: OperatingSystem, error: &str) -> Self {
        let reason = Reason::new(
            ReasonCode::BaselineRefused,
            format!(
                "the baseline for {operating_system} cannot be compared with the plan: AWS refused to show what the \
                 account has: {error}"
            ),
        );
        Self { operating_system, not_made: 0, reason }
    }
}

/// Returns the operating systems that could not be compared with the plan, each with the mark of the rows of its instances: which
/// baseline judged them is not known to be the plan's.
#[must_use]
pub fn not_compared(refusals: &[Refusal]) -> BTreeMap<OperatingSystem, Reason> {
    let looks = refusals.iter().filter(|refusal| refusal.not_made == 0);
    let mark = |refusal: &Refusal| Reason::new(ReasonCode::BaselineNotCompared, refusal.reason.text.clone());
    looks.map(|refusal| (refusal.operating_system, mark(refusal))).collect()
}

/// Returns the changes of a target with the refused ones in place of those that were not made. The changes of an operating
/// system are made in their order, so the missing ones are its last.
#[must_use]
pub fn with_refusals(mut changes: Vec<Change>, refusals: &[Refusal]) -> Vec<Change> {
    for Refusal { operating_system, not_made, reason } in refusals {
        for _ in 0..*not_made {
            let is_it = |change: &Change| change.is_write() && change.operating_system() == Some(*operating_system);
            if let Some(last) = changes.iter().rposition(is_it) {
                changes.remove(last);
            }
        }
        changes.push(Change::Refused {
            operating_system: *operating_system,
            not_made: *not_made,
            reason: reason.clone(),
        });
    }
    changes
}
