//! One client per service, with orgpatch's own types as input and output, and the kinds of their errors.

pub mod baselines;
pub mod call;
pub mod competing;
pub mod config;
pub mod ec2;
pub mod executions;
pub mod organizations;
pub mod readiness;
pub mod ssm;
