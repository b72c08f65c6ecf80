//! Executions of the state machine: checks whether the holder of the run lock still runs, starts an execution for an
//! operator, and reads how it ended.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use orgpatch_engine::gate::CaughtError;
use orgpatch_model::error::{RUN_STOPPED, RunError};
use orgpatch_model::input::{CLOSE, RunInput};
use serde_json::json;

use crate::clients::call::{CallError, Kind, not_built};

/// What is said of an execution that Step Functions has forgotten: it keeps them for 90 days (quotas of Step Functions).
const EXPIRED: &str = "States.ExecutionExpired";

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

    /// Starts the execution that closes a run, and returns when it started: it is one and the same as long as it runs. None: it
    /// has run already, and has ended.
    pub async fn start_closing(
        &self,
        state_machine_arn: &str,
        name: &str,
        run_id: &str,
    ) -> Result<Option<Timestamp>, RunError> {
        let input = json!({"operation": CLOSE, "run": run_id}).to_string();
        let request = self.client.start_execution().state_machine_arn(state_machine_arn).name(name).input(input);
        match request.send().await {
            Ok(started) => {
                let at = Timestamp::from_second(started.start_date.secs());
                at.map(Some).map_err(|error| RunError::Unavailable(format!("states:StartExecution: {error}")))
            }
            Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => {
                Ok(None)
            }
            Err(error) => Err(CallError::of("states:StartExecution", &error).into_run_error()),
        }
    }

    /// Returns the ARN of the state machine of that name in the account and Region; None if there is none.
    pub async fn state_machine(&self, name: &str) -> Result<Option<String>, CallError> {
        let mut pages = self.client.list_state_machines().into_paginator().items().send();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("states:ListStateMachines", &error))?;
            if found.name == name {
                return Ok(Some(found.state_machine_arn));
            }
        }
        Ok(None)
    }

    /// Returns the definition of a state machine, which is JSON.
    pub async fn definition(&self, state_machine_arn: &str) -> Result<String, CallError> {
        let described = self.client.describe_state_machine().state_machine_arn(state_machine_arn).send().await;
        Ok(described.map_err(|error| CallError::of("states:DescribeStateMachine", &error))?.definition)
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

    /// Returns what ended an execution, as the state machine would catch it; None while it runs. An execution that was stopped has
    /// the error [`RUN_STOPPED`], and one that succeeded or whose history has expired an error that says so.
    pub async fn ended_by(&self, execution_arn: &str) -> Result<Option<CaughtError>, RunError> {
        let execution = match self.describe(execution_arn).await {
            Ok(execution) => execution,
            Err(error) if error.kind == Kind::NotFound => {
                let cause = "Step Functions no longer knows the execution".to_owned();
                return Ok(Some(CaughtError { error: EXPIRED.to_owned(), cause }));
            }
            Err(error) => return Err(error.into_run_error()),
        };
        if is_under_way(&execution) {
            return Ok(None);
        }
        let (error, cause) = (execution.error.unwrap_or_default(), execution.cause.unwrap_or_default());
        Ok(Some(match execution.status {
            ExecutionStatus::Aborted => {
                let given = [error, cause].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
                let because = if given.is_empty() { String::new() } else { format!(" ({given})") };
                let cause = format!("the execution was stopped{because}");
                CaughtError { error: RUN_STOPPED.to_owned(), cause }
            }
            ExecutionStatus::TimedOut => CaughtError { error: "States.Timeout".to_owned(), cause },
            ExecutionStatus::Failed => CaughtError { error, cause },
            status => CaughtError { error: format!("States.{}", status.as_str()), cause },
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
