//! The report of a run: one document, which is put together target by target, and the files that people and programs read.

mod assembly;
pub mod comparison;
mod course;
pub mod csv;
pub mod document;
mod earlier_stages;
#[cfg(test)]
mod fixtures;
mod highlights;
pub mod history;
pub mod html;
pub mod latest;
mod matched_nothing;
pub mod metrics;
mod model;
pub mod notification;
mod promotion;
mod readiness;
mod small_account;
pub mod starter;
pub mod summary;

pub use assembly::{Assembly, ReportedChunk};
pub use highlights::{Highlights, Shortlist};
pub use model::{
    BaselineState, Head, Report, RunReport, SCHEMA_VERSION, StepDecision, StepReport, TargetReport, json_schema,
};
pub use promotion::{PatchCount, StepPromotion};
pub use readiness::ReadinessReport;
