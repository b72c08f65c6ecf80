//! The report of a run: one document, which is put together target by target, and the files that people and programs read.

mod after_halt;
mod assembly;
mod closed_run;
pub mod comparison;
mod course;
pub mod csv;
pub mod document;
mod earlier_stages;
#[cfg(test)]
mod fixtures;
mod halt;
mod highlights;
pub mod history;
pub mod html;
pub mod latest;
pub mod matched_nothing;
pub mod metrics;
mod model;
pub mod notification;
mod promotion;
mod readiness;
mod seen;
mod small_account;
pub mod starter;
pub mod summary;

pub use assembly::{Assembly, ReportedChunk};
pub use closed_run::OpenCommand;
pub use halt::{HaltReport, HaltedInstance, HaltedTarget};
pub use highlights::{Highlights, Shortlist};
pub use model::{
    BaselineState, Head, Report, RunReport, SCHEMA_VERSION, StepDecision, StepReport, TargetReport, json_schema,
};
pub use promotion::{PatchCount, StepPromotion};
pub use readiness::ReadinessReport;
