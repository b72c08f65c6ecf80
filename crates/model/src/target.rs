//! A target, and what a function does for it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::Operation;
use crate::organization::AccountState;

/// One account in one Region, in its place in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Account id, 12 digits.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// What Organizations said of the account when the run was planned.
    pub account_state: AccountState,
    /// Names of the organizational units from the root down, joined by `/`; a `/` or `\` in a name has a `\` in front.
    /// Empty directly below the root.
    pub ou_path: String,
    /// Region code.
    pub region: String,
    /// Stage that claims the account.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
}

/// What a function does for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// List the instances of a target that a halted run did not reach, and send nothing.
    Inventory,
    /// Find out which patches are missing.
    Scan,
    /// Find out which patches an install would install while untested patches are held back.
    PreInstallScan,
    /// Install the missing patches.
    Install,
    /// Prove by another scan which patches are installed.
    Verify,
    /// In place of the scan: find out how the baselines differ from the plan.
    PreviewBaselines,
    /// In place of the scan: make the baselines those of the plan.
    ApplyBaselines,
    /// In place of the scan: register again the baselines that orgpatch has replaced.
    RestoreBaselines,
}

/// How often an install has been begun on a target in a step, and the scan behind it. A second pass is no repetition of the
/// first: it goes only to instances that have answered the first one and still lack something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Pass {
    /// The first. All phases before an install belong to it.
    #[default]
    First,
    /// The second, which is the last.
    Second,
}

impl From<Pass> for u8 {
    fn from(pass: Pass) -> Self {
        match pass {
            Pass::First => 1,
            Pass::Second => 2,
        }
    }
}

impl TryFrom<u8> for Pass {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            other => Err(format!("there is no pass {other}: passes are 1 and 2")),
        }
    }
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        u8::from(*self).fmt(f)
    }
}

impl Phase {
    /// The word in ledger keys and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Scan => "scan",
            Self::PreInstallScan => "pre-install-scan",
            Self::Install => "install",
            Self::Verify => "verify",
            Self::PreviewBaselines => "preview-baselines",
            Self::ApplyBaselines => "apply-baselines",
            Self::RestoreBaselines => "restore-baselines",
        }
    }

    /// Every phase.
    const ALL: [Self; 8] = [
        Self::Inventory,
        Self::Scan,
        Self::PreInstallScan,
        Self::Install,
        Self::Verify,
        Self::PreviewBaselines,
        Self::ApplyBaselines,
        Self::RestoreBaselines,
    ];

    /// Returns the first phase of a target in a run of that operation.
    #[must_use]
    pub fn of_all_targets(operation: Operation) -> Self {
        match operation {
            Operation::Scan | Operation::Install => Self::Scan,
            Operation::PreviewBaselines => Self::PreviewBaselines,
            Operation::ApplyBaselines => Self::ApplyBaselines,
            Operation::RestoreBaselines => Self::RestoreBaselines,
        }
    }
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|phase| phase.name() == name);
        found.ok_or_else(|| format!("{name:?} is no phase"))
    }
}
