//! What is sent, and how it is sent exactly once.

pub mod command;
pub mod intent;
