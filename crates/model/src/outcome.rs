//! The closed lists of outcomes of instances, targets and runs, and how outcomes are counted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to an instance. Every instance of the plan ends with exactly one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No patch was missing.
    Compliant,
    /// Patches are missing. Only scan runs end so.
    Missing,
    /// Patches were installed, and a scan afterwards proves it.
    Patched,
    /// Patches were installed, but the instance must still reboot.
    PendingReboot,
    /// The scan or the install failed, or the scan afterwards still finds patches missing.
    Failed,
    /// A command was sent, and no final result came back.
    Unreachable,
    /// No command could be sent: the instance was not managed, stopped or not online.
    NotReady,
    /// orgpatch left it alone: the plan does not select it, another tool may patch it, or the run checks readiness only.
    Skipped,
    /// The run halted before it came to the instance.
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

    /// Returns the word in reports.
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
    /// orgpatch entered the account, and every instance has its own outcome.
    Reached,
    /// The member role does not exist, does not let orgpatch in, or lacks a permission.
    AccessDenied,
    /// The account is suspended or closed.
    Inactive,
    /// The Region is not enabled in the account.
    RegionDisabled,
    /// The account left the stage or was closed after the run was planned, so nothing was done there.
    Skipped,
    /// orgpatch could not work on the target, or its result is lost; the reason says which, and why.
    Error,
    /// The run halted before it came to the target.
    NotAttempted,
}

impl TargetOutcome {
    /// Returns the word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::AccessDenied => "access-denied",
            Self::Inactive => "inactive",
            Self::RegionDisabled => "region-disabled",
            Self::Skipped => "skipped",
            Self::Error => "error",
            Self::NotAttempted => "not-attempted",
        }
    }

    /// Returns true if orgpatch should have worked on the target and could not.
    #[must_use]
    pub fn is_not_reached(self) -> bool {
        matches!(self, Self::AccessDenied | Self::Error)
    }

    /// Returns true if the run came to the target and could not work on it, also where that is not orgpatch's to change: the
    /// account is closed or has left, or the Region is off.
    #[must_use]
    pub fn is_tried_in_vain(self) -> bool {
        !matches!(self, Self::Reached | Self::NotAttempted)
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
    /// A gate halted the run.
    Halted,
    /// The run ended with an error.
    Error,
}

/// Number of instances with each outcome. Outcomes that no instance has are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Outcome, u64>);

impl Counts {
    /// Counts one more instance with that outcome.
    pub fn add(&mut self, outcome: Outcome) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (outcome, n) in &other.0 {
            *self.0.entry(*outcome).or_default() += n;
        }
    }

    /// Returns the number of instances with that outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or_default()
    }

    /// Returns the number of attempted instances: `patched + pending-reboot + failed + unreachable`.
    #[must_use]
    pub fn attempted(&self) -> u64 {
        [Outcome::Patched, Outcome::PendingReboot, Outcome::Failed, Outcome::Unreachable]
            .map(|outcome| self.of(outcome))
            .iter()
            .sum()
    }

    /// Returns the number of instances on which no patch is missing: `compliant + patched`.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.of(Outcome::Compliant) + self.of(Outcome::Patched)
    }

    /// Returns the outcomes and their counts, best outcome first, without outcomes that no instance has.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        Outcome::ALL.into_iter().map(|outcome| (outcome, self.of(outcome))).filter(|(_, n)| *n > 0)
    }
}

/// Returns true for no instance: such a number is absent in JSON.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
#[must_use]
pub fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Number of targets with each outcome. Outcomes that no target has are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TargetCounts(BTreeMap<TargetOutcome, u64>);

impl TargetCounts {
    /// Counts one more target with that outcome.
    pub fn add(&mut self, outcome: TargetOutcome) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (outcome, n) in &other.0 {
            *self.0.entry(*outcome).or_default() += n;
        }
    }

    /// Returns the number of targets with that outcome.
    #[must_use]
    pub fn of(&self, outcome: TargetOutcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or_default()
    }

    /// Returns the number of all targets.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the outcomes and their counts, in the order of the enum, without outcomes that no target has.
    pub fn iter(&self) -> impl Iterator<Item = (TargetOutcome, u64)> {
        self.0.iter().map(|(outcome, n)| (*outcome, *n)).filter(|(_, n)| *n > 0)
    }
}

impl FromIterator<TargetOutcome> for TargetCounts {
    fn from_iter<I: IntoIterator<Item = TargetOutcome>>(outcomes: I) -> Self {
        let mut counts = Self::default();
        outcomes.into_iter().for_each(|outcome| counts.add(outcome));
        counts
    }
}

impl FromIterator<Outcome> for Counts {
    fn from_iter<I: IntoIterator<Item = Outcome>>(outcomes: I) -> Self {
        let mut counts = Self::default();
        outcomes.into_iter().for_each(|outcome| counts.add(outcome));
        counts
    }
}
