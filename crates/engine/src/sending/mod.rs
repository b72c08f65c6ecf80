//! What is sent to which instance and when, and how it is sent exactly once.
//!
//! A command names one instance. [`next_action()`] says what comes next for an instance, from its intent and from what is
//! known of its target; the code around it only acts.

pub mod command;
pub mod gone;
pub mod intent;
pub mod invocation;
#[cfg(test)]
mod model;
mod next_action;
mod pace;
pub mod throttling;

pub use next_action::{
    Errors, Fact, InstanceFacts, LookUp, NextAction, OursOpen, TargetFacts, TimeOver, ends_at, has_no_look_left,
    next_action, time_over,
};
pub use pace::Pace;
