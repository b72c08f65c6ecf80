//! The reasons why there is no result, each with one sentence and what to do next.

use annotate_snippets::Renderer;
use orgpatch_aws::clients::call::Kind;
use orgpatch_model::error::RunError;

use crate::advice::{self, SIGN_IN, TRY_AGAIN};
use crate::deployment::DeploymentError;
use crate::stack::NotFound;

/// Why there is no result, or not the expected one.
#[derive(Debug)]
pub enum Failure {
    /// The deployment is not found.
    NoDeployment(NotFound),
    /// The deployment cannot be used, or refused the run.
    DeploymentError(DeploymentError),
    /// The run would be refused.
    Run(RunError),
    /// The bucket has no plan of the file's name.
    NotUploaded {
        /// Name of the plan.
        plan: String,
        /// The bucket.
        bucket: String,
        /// The command that uploads it.
        upload: String,
    },
    /// The bucket has another plan of the file's name.
    AnotherPlan {
        /// The file.
        file: String,
        /// Name of the plan.
        plan: String,
        /// The command that uploads it.
        upload: String,
    },
    /// The bucket has no plan of that name.
    NoSuchPlan {
        /// The name.
        plan: String,
        /// The bucket.
        bucket: String,
    },
    /// The plan in the bucket has mistakes.
    BrokenPlan {
        /// Its name.
        plan: String,
        /// Its mistakes.
        mistakes: String,
    },
    /// The operator was asked and did not confirm.
    NotConfirmed,
    /// The run did not complete all stages.
    NotAdvanced {
        /// The run.
        run_id: String,
        /// Why.
        reason: String,
    },
}

impl From<DeploymentError> for Failure {
    fn from(error: DeploymentError) -> Self {
        Self::DeploymentError(error)
    }
}

impl From<NotFound> for Failure {
    fn from(error: NotFound) -> Self {
        Self::NoDeployment(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl Failure {
    /// Renders the sentence, and what to do next.
    pub fn render(&self, renderer: &Renderer) -> String {
        advice::render(renderer, &self.sentence(), &self.advice())
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoDeployment(why) => why.sentence(),
            Self::DeploymentError(DeploymentError::NoCredentials(sentence)) => sentence.clone(),
            Self::DeploymentError(DeploymentError::Call(error)) => format!("the state machine cannot be used: {error}"),
            Self::DeploymentError(DeploymentError::Bucket(error)) => {
                format!("the bucket cannot be read: {}", inner(error))
            }
            Self::DeploymentError(DeploymentError::Ended { run_id, end }) if end.cause.is_empty() => {
                format!("run {run_id} ended without a report: {}", end.error)
            }
            Self::DeploymentError(DeploymentError::Ended { run_id, end }) => {
                format!("run {run_id} was refused: {}: {}", end.error, end.cause)
            }
            Self::Run(error) => error.to_string(),
            Self::NotUploaded { plan, bucket, .. } => {
                format!("the bucket {bucket} has no plan {plan}, and a run reads its plan from the bucket")
            }
            Self::AnotherPlan { file, plan, .. } => {
                format!("the plan {plan} in the bucket differs from {file}, and a run reads its plan from the bucket")
            }
            Self::NoSuchPlan { plan, bucket } => format!("the bucket {bucket} has no plan {plan}"),
            Self::BrokenPlan { plan, mistakes } => format!("the plan {plan} in the bucket is not valid: {mistakes}"),
            Self::NotConfirmed => "not confirmed; nothing was changed".to_owned(),
            Self::NotAdvanced { run_id, reason } => format!("run {run_id} did not complete all stages: {reason}"),
        }
    }

    fn advice(&self) -> String {
        let outputs = "`aws cloudformation describe-stacks --stack-name orgpatch` shows it as output";
        match self {
            Self::NoDeployment(why) => why.advice(),
            Self::DeploymentError(DeploymentError::NoCredentials(_)) => SIGN_IN.to_owned(),
            Self::DeploymentError(DeploymentError::Call(error)) => match error.kind {
                Kind::Denied => "sign in to orgpatch's own account with a role that allows states:StartExecution on \
                     the state machine and states:DescribeExecution on its executions"
                    .to_owned(),
                Kind::Throttled => "wait a minute and try again".to_owned(),
                Kind::Rejected | Kind::NotFound => format!("check --state-machine: {outputs} StateMachineArn"),
                _ => TRY_AGAIN.to_owned(),
            },
            Self::DeploymentError(DeploymentError::Bucket(error)) => match error {
                RunError::AccessDenied(_) => "sign in to orgpatch's own account with a role that allows s3:GetObject \
                     on plans/* and runs/*, and s3:ListBucket on the bucket"
                    .to_owned(),
                RunError::Throttled(_) | RunError::Unavailable(_) => TRY_AGAIN.to_owned(),
                _ => format!("check --bucket: {outputs} RunsBucket"),
            },
            Self::DeploymentError(DeploymentError::Ended { end, .. }) => match end.error.as_str() {
                "RunInProgress" => "try again when that run has ended".to_owned(),
                "InvalidInput" => "deploy the same version of orgpatch as this command line's".to_owned(),
                _ => "fix the error and try again; the execution of that name in the Step Functions console shows more"
                    .to_owned(),
            },
            Self::Run(_) => "name stages of the plan, or leave --stages out".to_owned(),
            Self::NotUploaded { upload, .. } | Self::AnotherPlan { upload, .. } => {
                format!("if the file is right, upload it and try again: {upload}")
            }
            Self::NoSuchPlan { bucket, .. } => format!("`aws s3 ls s3://{bucket}/plans/` lists the plans"),
            Self::BrokenPlan { .. } => "`orgpatch validate` shows each mistake in its line".to_owned(),
            Self::NotConfirmed => "answer y, or add --yes".to_owned(),
            Self::NotAdvanced { .. } => {
                "see the reasons of its targets; after fixing them, the same command does what is left".to_owned()
            }
        }
    }
}

/// Returns the message without advice that applies only to functions ("deploy the template again").
fn inner(error: &RunError) -> &str {
    match error {
        RunError::BrokenRun(text)
        | RunError::AccessDenied(text)
        | RunError::Throttled(text)
        | RunError::Unavailable(text) => text,
        _ => error.name(),
    }
}
