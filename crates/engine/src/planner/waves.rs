//! The waves of a stage: which share of its accounts, in their order.

use std::ops::Range;

use orgpatch_plan::{Stage, Wave};

/// A wave of a stage of so many accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWave {
    /// Wave in the stage, from 1.
    pub number: u32,
    /// How many of the stage's accounts are done after it, as the plan says it; None: all of them.
    pub up_to: Option<Wave>,
    /// Its accounts, as indices into the ordered accounts of the stage. A wave for which no account is left is empty.
    pub accounts: Range<usize>,
}

/// Returns the waves of a stage of so many accounts. Together they cover every account once.
#[must_use]
pub fn waves_of(stage: &Stage, accounts: usize) -> Vec<PlannedWave> {
    let mut from = 0;
    let mut asked = stage.waves.iter().copied();
    (1..)
        .zip(wave_ends(&stage.waves, accounts))
        .map(|(number, to)| {
            let accounts = from..to;
            from = to;
            PlannedWave { number, up_to: asked.next(), accounts }
        })
        .collect()
}

/// Returns how many accounts are done after each wave; the last number is `accounts`. Percentages are rounded up, and no
/// wave ends before the one before it.
pub(super) fn wave_ends(waves: &[Wave], accounts: usize) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::with_capacity(waves.len().max(1));
    for wave in waves {
        let wanted = match wave {
            Wave::Accounts(n) => *n as usize,
            Wave::Percent(percent) => (accounts * usize::from(percent.value())).div_ceil(100),
        };
        let before = ends.last().copied().unwrap_or(0);
        ends.push(wanted.clamp(before, accounts.max(before)));
    }
    if ends.last() != Some(&accounts) {
        ends.push(accounts);
    }
    ends
}
