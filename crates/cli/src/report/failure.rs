//! The reasons why there is no report to show, each with one sentence and what to do next.

use annotate_snippets::Renderer;
use orgpatch_model::error::RunError;

use super::unreported::Unreported;
use crate::advice::{self, SIGN_IN, TRY_AGAIN};
use crate::stack::NotFound;

/// Why there is no report to show.
#[derive(Debug)]
pub enum Failure {
    /// There are no credentials; one sentence says why.
    NoCredentials(String),
    /// The deployment is not found.
    NoDeployment(NotFound),
    /// The bucket cannot be read.
    Bucket(RunError),
    /// The run has no report.
    NoReport {
        /// The run.
        run_id: String,
        /// The bucket.
        bucket: String,
    },
    /// The run has begun, and has no report.
    NoReportYet {
        /// The run.
        run_id: String,
        /// What is known of it.
        run: Unreported,
    },
    /// There is no latest run.
    NoRunYet {
        /// The plan. None: any plan.
        plan: Option<String>,
        /// The bucket.
        bucket: String,
    },
    /// A file cannot be written.
    NotWritten {
        /// The file.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// No program opens the page.
    NotOpened {
        /// The page.
        file: String,
        /// Why.
        error: std::io::Error,
    },
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Bucket(error)
    }
}

impl Failure {
    /// Renders the sentence, and what to do next.
    pub fn render(&self, renderer: &Renderer) -> String {
        advice::render(renderer, &self.sentence(), &self.advice())
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoCredentials(sentence) => sentence.clone(),
            Self::NoDeployment(why) => why.sentence(),
            Self::Bucket(error) => format!("the bucket cannot be read: {error}"),
            Self::NoReport { run_id, bucket } => format!("the bucket {bucket} has no report of a run {run_id}"),
            Self::NoReportYet { run_id, run } => run.sentence(run_id),
            Self::NoRunYet { plan: Some(plan), bucket } => {
                format!("the bucket {bucket} has no report of the plan {plan}")
            }
            Self::NoRunYet { plan: None, bucket } => format!("the bucket {bucket} has no report yet"),
            Self::NotWritten { file, error } => format!("{file} cannot be written: {error}"),
            Self::NotOpened { file, error } => format!("no program opens {file}: {error}"),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::NoCredentials(_) => SIGN_IN.to_owned(),
            Self::NoDeployment(why) => why.advice(),
            Self::Bucket(RunError::AccessDenied(_)) => "sign in to orgpatch's own account with a role that \
                 allows s3:GetObject on runs/* and latest/*, and s3:ListBucket on the bucket"
                .to_owned(),
            Self::Bucket(RunError::Throttled(_) | RunError::Unavailable(_)) => TRY_AGAIN.to_owned(),
            Self::Bucket(_) => "check --bucket and its Region (AWS_REGION): `aws cloudformation \
                 describe-stacks --stack-name orgpatch` shows the bucket as output RunsBucket"
                .to_owned(),
            Self::NoReport { bucket, .. } => format!(
                "a run that was refused at its start has no report; `aws s3 ls s3://{bucket}/runs/` \
                 lists the runs, and --latest takes the latest one"
            ),
            Self::NoReportYet { run_id, run } => run.advice(run_id),
            Self::NoRunYet { bucket, .. } => format!(
                "runs about baselines only do not count; `aws s3 ls s3://{bucket}/runs/` lists all runs, and any of them can be named"
            ),
            Self::NotWritten { .. } => "name another file with --output".to_owned(),
            Self::NotOpened { .. } => "the page was written: open it in a browser yourself".to_owned(),
        }
    }
}
