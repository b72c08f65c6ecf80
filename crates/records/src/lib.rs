//! What is said and what is stored: the messages of the state machine, and where every object of the bucket lies.

// Tests read and write golden files; `clippy.toml` bans that, and clocks and printing, everywhere else.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod claim;
#[cfg(test)]
mod fixtures;
pub mod keys;
pub mod latest_run;
pub mod manifest;
pub mod messages;
