//! What a step installs: one order per target, and the install plan that holds them all.

pub mod order;
pub mod plan;
