//! A Lambda function's process: its environment, its logs, and the loop that hands events to the handler.

pub mod environment;
mod runtime;

pub use runtime::{Error, init_logs, run, sdk_config};
