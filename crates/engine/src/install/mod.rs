//! What a step installs: one order per target, the install plan that holds them all, and what of it may be sent.

pub mod installable;
pub mod order;
pub mod plan;

pub use installable::Installable;
