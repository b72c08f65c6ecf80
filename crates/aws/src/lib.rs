//! The only library that uses the AWS SDK: everything else sees our own types.
//!
//! Clients and sessions are built once per process. Every call goes through the SDK's retry with jitter;
//! what is left after that is a [`clients::call::CallError`] with one of a few kinds.

pub mod clients;
pub mod lambda;
pub mod member;
pub mod store;

pub use aws_config::SdkConfig;
