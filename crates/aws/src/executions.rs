//! Executions of the state machine: is the holder of the run lock still alive?

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use orgpatch_core::error::RunError;

use crate::call::{CallError, Kind};

/// The state machine's executions.
#[derive(Debug, Clone)]
pub struct Executions {
    client: Client,
}

impl Executions {
    /// Executions in the account and Region of the configuration.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// True while that execution runs. One whose history has expired does not.
    pub async fn is_running(&self, execution_arn: &str) -> Result<bool, RunError> {
        match self.client.describe_execution().execution_arn(execution_arn).send().await {
            Ok(execution) => Ok(matches!(execution.status, ExecutionStatus::Running | ExecutionStatus::PendingRedrive)),
            Err(error) => match CallError::of("states:DescribeExecution", &error) {
                error if error.kind == Kind::NotFound => Ok(false),
                error => Err(error.into_run_error()),
            },
        }
    }
}
