//! The words of orgpatch: accounts, targets, instances, patches, outcomes, reasons, errors.
//!
//! Every other crate uses them; they use no other crate of ours.

// Tests read and write golden files; `clippy.toml` bans that, and clocks and printing, everywhere else.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

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
pub mod run_name;
pub mod tag;
pub mod target;
pub mod text;
