//! The only library of the house that uses the AWS SDK: everything else sees our own types.
//!
//! Clients and sessions are built once per process. Every call goes through the SDK's retry with jitter;
//! what is left after that is a [`call::CallError`] with one of a few kinds.

pub mod baselines;
pub mod call;
pub mod config;
pub mod dispatch;
pub mod ec2;
pub mod executions;
pub mod facts;
pub mod house;
pub mod lambda;
pub mod ledger;
pub mod member;
pub mod organizations;
pub mod others;
pub mod readiness;
pub mod settings;
pub mod ssm;
pub mod steps;
pub mod store;
pub mod upload;

pub use aws_config::SdkConfig;
