//! Baselines: what an account should have according to the plan, what it has, and the difference between the two.
//!
//! Converging, not scripting: [`difference()`] compares [`desired()`] with [`Observed`] and lists what is left to do. When
//! that is done, there is nothing left. [`Previous`] is what was there before, and [`restore()`] goes back to it.

mod change;
mod desired;
mod difference;
mod model;
mod observed;
mod record;
mod restore;
#[cfg(test)]
mod tests;

pub use change::{Change, Chosen, Field, KnownBaseline, blocked};
pub use desired::{NAME_PREFIX, baseline_name, cutoff, desired};
pub use difference::{MAX_BASELINES, difference};
pub use model::{Baseline, Definition, HASH_TAG, PLAN_TAG, PatchFilter, PatchRule, STAGE_TAG};
pub use observed::{Observed, ObservedBaseline, PatchGroup, same_id};
pub use record::{BaselineRecord, Previous, PreviousGroup};
pub use restore::restore;
