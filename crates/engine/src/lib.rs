//! The rules of orgpatch.
//!
//! Facts and the time go in, a decision *with its reason* comes out. This crate knows neither AWS nor tokio nor a
//! clock, so every rule can be read, tested and broken here alone.

// Tests read and write golden files; `clippy.toml` bans that, and clocks and printing, everywhere else.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod baselines;
pub mod closing;
pub mod competing;
#[cfg(test)]
mod fixtures;
pub mod gate;
pub mod install;
pub mod inventory;
pub mod matches;
pub mod phases;
pub mod planner;
pub mod promotion;
pub mod readiness;
pub mod results;
pub mod run_lock;
pub mod selection;
pub mod sending;
pub mod stage_memory;
