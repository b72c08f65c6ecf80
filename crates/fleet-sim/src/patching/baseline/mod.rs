//! Patch baselines: their content, which patches they approve, and which of them an account has.
mod approval;
mod check;
pub mod content;
mod patch_names;
pub mod predefined;
mod registry;
#[cfg(test)]
mod tests;
mod values;

pub use approval::ApprovalState;
pub use check::{check, check_request, check_tag};
pub use content::{Baseline, ComplianceLevel, ComplianceStatus, Content, Key};
pub use registry::{Baselines, Refusal, RegionBaselines};
pub use values::{SYSTEM, listed};
