//! Promotion: later stages get what the first stage was judged on.
//!
//! The day on which the first stage was scanned becomes the last day whose patches a frozen stage approves
//! ([`crate::baselines::cutoff()`]). Days are coarse, and Debian and Ubuntu have no dates at all, so what the first stage
//! really installed is recorded as the [`TestedSet`]. Before a later stage installs, [`review()`] compares what is
//! missing there with it. Where untested patches are blocked, a scan under the very baseline that holds them back must
//! show that nothing else would go in ([`approve()`]) before anything is installed.

mod entry;
mod proof;
mod review;
mod tested;
#[cfg(test)]
mod tests;

pub use proof::{Scanned, approve};
pub use review::review;
pub use tested::{MEMORY_DAYS, TestedPatch, TestedSet};
