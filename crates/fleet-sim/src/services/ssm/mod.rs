//! Systems Manager, one file for each group of operations.
pub mod associations;
pub mod baseline_writes;
pub mod baselines;
pub mod calendars;
pub mod commands;
pub mod inventory;
pub mod maintenance_windows;
pub mod nodes;
pub mod patch_groups;
pub mod patch_properties;
mod request;
pub mod send;
pub mod settings;
pub mod tags;

#[cfg(test)]
mod baseline_tests;
#[cfg(test)]
mod competing_tests;
