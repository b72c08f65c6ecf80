//! Systems Manager, an operation at a time.
pub mod associations;
pub mod baseline_writes;
pub mod baselines;
pub mod calendars;
pub mod commands;
pub mod inventory;
pub mod maintenance_windows;
pub mod nodes;
pub mod patch_groups;
pub mod send;
pub mod settings;
pub mod tags;

use super::{normalized, with_token};
use crate::wire::{Call, fields::Fields};

/// A request to Systems Manager.
fn ssm(call: &Call) -> Fields<'_> {
    Fields::new(&call.request, "ValidationException")
}

#[cfg(test)]
mod baseline_tests;
#[cfg(test)]
mod competing_tests;
