//! The process of a Lambda function: its environment, its logs, and the loop that passes events to the handler.

pub mod environment;
mod runtime;

pub use runtime::{Error, init_logs, run, sdk_config};
