//! The deployed orgpatch: starts an operation of the state machine, waits until it ends, and reads its report.

use std::time::Duration;

use jiff::Timestamp;
use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::executions::{ExecutionEnd, Executions};
use orgpatch_aws::store::bucket::Store;
use orgpatch_model::error::RunError;
use orgpatch_model::input::RunInput;
use orgpatch_records::keys;
use orgpatch_report::Report;

use crate::args::StateMachine;
use crate::{credentials, progress};

/// How often to check whether a run has ended. An account may describe executions a few times per second.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// The longest `name` of StartExecution, in characters.
const LONGEST_NAME: usize = 80;

/// Clients for a deployment.
pub struct Deployment {
    state_machine: String,
    executions: Executions,
    store: Store,
}

/// Why an operation has no report.
#[derive(Debug)]
pub enum DeploymentError {
    /// There are no credentials; one sentence says why.
    NoCredentials(String),
    /// A call to the state machine failed.
    Call(CallError),
    /// The bucket could not be read.
    Bucket(RunError),
    /// The run was refused, or ended with an error before it wrote a report.
    Ended {
        /// Its run id.
        run_id: String,
        /// How it ended.
        end: ExecutionEnd,
    },
}

impl Deployment {
    /// Connects to the deployment in the state machine's Region, with credentials from where the AWS CLI finds them.
    pub async fn connect(
        state_machine: &StateMachine,
        bucket: &str,
        profile: Option<&str>,
    ) -> Result<Self, DeploymentError> {
        let region = &state_machine.region;
        let config =
            credentials::connect(profile, Some(region), region).await.map_err(DeploymentError::NoCredentials)?;
        Ok(Self {
            state_machine: state_machine.arn.clone(),
            executions: Executions::new(&config),
            store: Store::new(&config, bucket.to_owned()),
        })
    }

    /// Returns the text of the plan of that name; None if the bucket has none.
    pub async fn plan(&self, name: &str) -> Result<Option<String>, DeploymentError> {
        self.store.text_up_to(&keys::plan(name), orgpatch_plan::MAX_BYTES).await.map_err(DeploymentError::Bucket)
    }

    /// Runs an operation, waits until it ends, and reads its report. Halted and failed runs have one, too.
    pub async fn run(&self, input: &RunInput) -> Result<Report, DeploymentError> {
        let run_id = run_id(input, Timestamp::now());
        let execution =
            self.executions.start(&self.state_machine, &run_id, input).await.map_err(DeploymentError::Call)?;
        let end = progress::shown(&format!("run {run_id}"), Box::pin(self.end_of(&execution))).await?;
        let report = self.store.find(&keys::report(&run_id)).await;
        report.map_err(DeploymentError::Bucket)?.ok_or(DeploymentError::Ended { run_id, end })
    }

    async fn end_of(&self, execution: &str) -> Result<ExecutionEnd, DeploymentError> {
        loop {
            if let Some(end) = self.executions.end(execution).await.map_err(DeploymentError::Call)? {
                return Ok(end);
            }
            tokio::time::sleep(CHECK_EVERY).await;
        }
    }
}

/// Returns a unique run id that names the operation and the plan.
fn run_id(input: &RunInput, now: Timestamp) -> String {
    let (mut name, end) = (format!("{}-{}", input.operation, input.plan), format!("-{}", now.as_millisecond()));
    // Names of plans are ASCII, so that bytes are characters.
    name.truncate(LONGEST_NAME - end.len());
    name + &end
}

#[cfg(test)]
mod tests {
    use orgpatch_model::input::Operation;

    use super::*;

    #[test]
    fn a_run_id_says_what_the_run_is_and_fits() {
        let input = |plan: &str| RunInput {
            operation: Operation::PreviewBaselines,
            plan: plan.to_owned(),
            stages: None,
            readiness_only: false,
            plan_sha256: None,
            without_earlier_gates: None,
            to_plan: None,
            comment: None,
            scheduled_time: None,
        };
        let now = Timestamp::from_millisecond(1_793_000_000_123).expect("a time");
        assert_eq!(run_id(&input("monthly"), now), "preview-baselines-monthly-1793000000123");
        let longest = run_id(&input(&"m".repeat(63)), now);
        assert_eq!(longest.len(), LONGEST_NAME);
        assert!(longest.ends_with("m-1793000000123"), "{longest}");
    }
}
