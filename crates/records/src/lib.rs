//! What is said and what is stored: the messages of the state machine, and where every object of the bucket lies.

#[cfg(test)]
mod fixtures;
pub mod keys;
pub mod latest_run;
pub mod messages;
