//! The planner: from the plan and the organization to the ordered steps of a run, before orgpatch touches any account.
//!
//! [`plan()`] makes everything that `list-accounts` writes. It is built from [`resolve`] (which account in which step),
//! [`waves_of`] and [`step_deadline`], which `orgpatch preview` uses too. [`frozen_baselines`] completes
//! a frozen step when it begins, because only then is known when the first stage was scanned.

mod checks;
mod claims;
mod deadline;
mod documents;
mod frozen;
mod membership;
mod order;
mod plan_document;
mod run;
mod selection;
mod settings;
mod sharing;
mod steps;
#[cfg(test)]
mod tests;
mod unmatched;
mod waves;

pub use checks::{check_first_stage, check_handing_over, check_input, check_stages};
pub use deadline::{
    DeadlineSource, INSTALL_SECONDS, MAX_DEFAULT_SECONDS, SCAN_SECONDS, StepDeadline, Turns, step_deadline,
};
pub use documents::{AccountOutsidePlan, Promotion, RunDocument, StepSettings, StepSummary};
pub use frozen::frozen_baselines;
pub use membership::{Membership, StageClaim};
pub use plan_document::PlanDocument;
pub use run::{PlannedRun, PlannedStep, RunIdentity, plan};
pub use selection::units_of;
pub use sharing::{SharingStage, Turn};
pub use steps::{Resolution, Step, resolve};
pub use unmatched::unmatched;
pub use waves::{PlannedWave, waves_of};
