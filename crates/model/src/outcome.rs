//! The closed lists of what can have happened to a target and to an instance, and how they are counted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to an instance. Every instance of the plan ends with exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing was missing.
    Compliant,
    /// Scan runs only: patches are missing.
    Missing,
    /// Installed, and a scan afterwards proves it.
    Patched,
    /// Installed, but a reboot is still needed.
    PendingReboot,
    /// The scan or the install failed, or a scan afterwards says that patches are still missing.
    Failed,
    /// CommandResult, and no final answer came.
    Unreachable,
    /// Could not be asked.
    NotReady,
    /// The plan says no.
    Skipped,
    /// The run halted first.
    NotAttempted,
}

impl Outcome {
    /// Every value, best first.
    pub const ALL: [Self; 9] = [
        Self::Patched,
        Self::Compliant,
        Self::Missing,
        Self::PendingReboot,
        Self::Failed,
        Self::Unreachable,
        Self::NotReady,
        Self::Skipped,
        Self::NotAttempted,
    ];

    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::Missing => "missing",
            Self::Patched => "patched",
            Self::PendingReboot => "pending-reboot",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
            Self::NotReady => "not-ready",
            Self::Skipped => "skipped",
            Self::NotAttempted => "not-attempted",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What happened to a target (one account in one Region).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetOutcome {
    /// The account was entered, and every instance has its own outcome.
    Reached,
    /// The member role is absent, or does not let orgpatch in.
    AccessDenied,
    /// The account is suspended or closed.
    Inactive,
    /// The Region is not enabled in the account.
    RegionDisabled,
    /// The result was lost; the reason says how.
    Error,
    /// The run halted first.
    NotAttempted,
}

impl TargetOutcome {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::AccessDenied => "access-denied",
            Self::Inactive => "inactive",
            Self::RegionDisabled => "region-disabled",
            Self::Error => "error",
            Self::NotAttempted => "not-attempted",
        }
    }
}

impl std::fmt::Display for TargetOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunDecision {
    /// Every step passed its gate.
    Advanced,
    /// A gate halted it.
    Halted,
    /// Something that is not an outcome went wrong.
    Error,
}

/// How many instances have each outcome; outcomes that nobody has are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Outcome, u64>);

impl Counts {
    /// One more instance with that outcome.
    pub fn add(&mut self, outcome: Outcome) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// All of the other's instances too.
    pub fn merge(&mut self, other: &Self) {
        for (outcome, n) in &other.0 {
            *self.0.entry(*outcome).or_default() += n;
        }
    }

    /// How many have that outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or_default()
    }

    /// How many were attempted: `patched + pending-reboot + failed + unreachable`.
    #[must_use]
    pub fn attempted(&self) -> u64 {
        [Outcome::Patched, Outcome::PendingReboot, Outcome::Failed, Outcome::Unreachable]
            .map(|outcome| self.of(outcome))
            .iter()
            .sum()
    }

    /// How many are where they should be: `compliant + patched`.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.of(Outcome::Compliant) + self.of(Outcome::Patched)
    }

    /// Outcomes and their counts, best outcome first, without those that nobody has.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        Outcome::ALL.into_iter().map(|outcome| (outcome, self.of(outcome))).filter(|(_, n)| *n > 0)
    }
}

impl FromIterator<Outcome> for Counts {
    fn from_iter<I: IntoIterator<Item = Outcome>>(outcomes: I) -> Self {
        let mut counts = Self::default();
        outcomes.into_iter().for_each(|outcome| counts.add(outcome));
        counts
    }
}
