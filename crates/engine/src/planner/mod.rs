//! From the plan and the organization to the ordered steps of a run, before anything is touched.

mod documents;
mod steps;

pub use documents::{AccountOutsidePlan, Promotion, RunDocument, StepSettings, StepSummary};
pub use steps::{Resolution, Step, check_first_stage, check_stages, resolve, selection_of, units_of, wave_ends};
