//! One client per service, with our own types in and out, and what an error of any of them means.

pub mod baselines;
pub mod call;
pub mod competing;
pub mod config;
pub mod ec2;
pub mod executions;
pub mod organizations;
pub mod readiness;
pub mod ssm;
