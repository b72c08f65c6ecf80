//! The environment of a function, which is read once. A missing variable ends the start-up with an error that names it.

use std::env;

use lambda_runtime::Error;

/// Returns the name of the bucket with plans and runs: `RUNS_BUCKET`.
pub fn runs_bucket() -> Result<String, Error> {
    required("RUNS_BUCKET")
}

/// Returns the name of the DynamoDB table with lock and intents: `LEDGER_TABLE`.
pub fn ledger_table() -> Result<String, Error> {
    required("LEDGER_TABLE")
}

/// Returns the namespace of the deployment's metrics: `METRICS_NAMESPACE`.
pub fn metrics_namespace() -> Result<String, Error> {
    required("METRICS_NAMESPACE")
}

/// The role through which orgpatch enters member accounts.
#[derive(Debug, Clone)]
pub struct MemberRole {
    /// Name of the role in every member account: `MEMBER_ROLE_NAME`.
    pub role_name: String,
    /// External id that the role's trust policy requires: `EXTERNAL_ID`.
    pub external_id: String,
}

impl MemberRole {
    /// Reads `MEMBER_ROLE_NAME` and `EXTERNAL_ID`.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self { role_name: required("MEMBER_ROLE_NAME")?, external_id: required("EXTERNAL_ID")? })
    }
}

fn required(name: &str) -> Result<String, Error> {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("the environment variable {name} is missing; template.yaml sets it").into())
}
