//! Executions of the state machine: checks whether the holder of the run lock still runs, starts an execution for an
//! operator, and reads how it ended.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use orgpatch_model::error::RunError;
use orgpatch_model::input::RunInput;

use crate::clients::call::{CallError, Kind, not_built};

/// A client for the state machine's executions.
#[derive(Debug, Clone)]
pub struct Executions {
    client: Client,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionEnd {
    /// Its error name, or its status if it has none (`ABORTED`).
    pub error: String,
    /// Its cause. Empty: it has none.
    pub cause: String,
}

impl Executions {
    /// Makes a client for the account and Region of the configuration.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// Starts a run and returns the ARN of its execution. Several calls with the same name and input start one run.
    pub async fn start(&self, state_machine_arn: &str, name: &str, input: &RunInput) -> Result<String, CallError> {
        const OPERATION: &str = "states:StartExecution";
        let input = serde_json::to_string(input).map_err(|error| not_built(OPERATION, &error))?;
        let request = self.client.start_execution().state_machine_arn(state_machine_arn).name(name).input(input);
        let started = request.send().await.map_err(|error| CallError::of(OPERATION, &error))?;
        Ok(started.execution_arn)
    }

    /// Returns how an execution ended; None while it runs.
    pub async fn end(&self, execution_arn: &str) -> Result<Option<ExecutionEnd>, CallError> {
        let execution = self.describe(execution_arn).await?;
        if is_under_way(&execution) {
            return Ok(None);
        }
        Ok(Some(ExecutionEnd {
            error: execution.error.unwrap_or_else(|| execution.status.as_str().to_owned()),
            cause: execution.cause.unwrap_or_default(),
        }))
    }

    /// Returns true while an execution runs. An execution whose history has expired does not run.
    pub async fn is_running(&self, execution_arn: &str) -> Result<bool, RunError> {
        match self.describe(execution_arn).await {
            Ok(execution) => Ok(is_under_way(&execution)),
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error.into_run_error()),
        }
    }

    async fn describe(&self, execution_arn: &str) -> Result<DescribeExecutionOutput, CallError> {
        let described = self.client.describe_execution().execution_arn(execution_arn).send().await;
        described.map_err(|error| CallError::of("states:DescribeExecution", &error))
    }
}

fn is_under_way(execution: &DescribeExecutionOutput) -> bool {
    matches!(execution.status, ExecutionStatus::Running | ExecutionStatus::PendingRedrive)
}
