//! The process of a Lambda function: its environment, its logs, and the loop that passes events to the handler.

pub mod environment;
mod runtime;
mod time_left;

pub use runtime::{Error, init_logs, run, run_in_time, sdk_config};
pub use time_left::TimeLeft;
