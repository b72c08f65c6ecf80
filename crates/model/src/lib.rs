//! The words of orgpatch: accounts, targets, instances, patches, outcomes, reasons, errors.
//!
//! Every other crate uses them; they use no other crate of ours.

pub mod digest;
pub mod english;
pub mod error;
pub mod exit_code;
pub mod fetched;
pub mod input;
pub mod instance;
pub mod operating_system;
pub mod organization;
pub mod outcome;
pub mod patch;
pub mod reason;
pub mod target;
