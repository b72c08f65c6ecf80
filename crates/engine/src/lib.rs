//! The rules of orgpatch.
//!
//! Facts and the time go in, a decision *with its reason* comes out. This crate knows neither AWS nor tokio nor a
//! clock, so every rule of the house can be read, tested and broken here alone.

pub mod answers;
pub mod baseline;
pub mod command;
pub mod comparison;
pub mod conflict;
pub mod contract;
pub mod digest;
pub mod error;
pub mod exit_code;
#[cfg(test)]
mod fixtures;
pub mod gate;
pub mod history;
pub mod input;
pub mod install_plan;
pub mod intent;
pub mod invocation;
pub mod keys;
pub mod latest;
pub mod metrics;
pub mod organization;
pub mod os;
pub mod outcome;
pub mod page;
pub mod plan;
pub mod plural;
pub mod promotion;
pub mod readiness;
pub mod reason;
pub mod reconcile;
pub mod report;
pub mod rows;
pub mod selection;
pub mod step;
pub mod summary;
pub mod tables;
pub mod verdict;

pub use jiff::Timestamp;
