//! The only library that uses the AWS SDK. All other crates see orgpatch's own types.
//!
//! Clients and sessions are built once per process. The SDK retries every call with jitter; an error that remains is a
//! [`clients::call::CallError`] of one of a few kinds.

pub mod clients;
pub mod lambda;
pub mod member;
pub mod store;

pub use aws_config::SdkConfig;
