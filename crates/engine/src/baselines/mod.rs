//! Baselines: those that an account should have by the plan, those that it has, and the difference between the two.
//!
//! [`difference()`] compares [`desired()`] with [`Observed`] and lists the changes to make. After them there is no
//! difference left. [`Previous`] records what was registered before, and [`restore()`] goes back to it.

mod change;
mod compared;
mod desired;
mod difference;
mod memory;
mod model;
mod observed;
mod record;
mod refusal;
mod restore;
#[cfg(test)]
mod tests;

pub use change::{Change, Chosen, Field, KnownBaseline, blocked};
pub use compared::{AppliedBaselines, CheckedBaselines, ComparedBaseline, Deciding, how_to_decide, judged_by};
pub use desired::{NAME_PREFIX, baseline_name, cutoff, desired};
pub use difference::{MAX_BASELINES, difference};
pub use memory::{BaselineMemory, CreatedBaseline};
pub use model::{Baseline, Definition, HASH_TAG, PLAN_TAG, PatchFilter, PatchRule, STAGE_TAG, ShownSource};
pub use observed::{Observed, ObservedBaseline, PatchGroup, same_id};
pub use record::{BaselineRecord, Previous, PreviousGroup};
pub use refusal::{Refusal, RefusedChanges, not_compared, with_refusals};
pub use restore::{hand_over, restore};
