//! What a step installs: one order per target, the install plan that holds them all, and what of it may be sent.

pub mod installable;
pub mod order;
pub mod plan;
pub mod second_pass;

pub use installable::Installable;
