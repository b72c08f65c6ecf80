//! Why there is no report to show: one sentence, and what to do next.

use annotate_snippets::Renderer;
use orgpatch_model::error::RunError;

use crate::advice::{self, SIGN_IN, TRY_AGAIN};

/// Why there is nothing to show.
#[derive(Debug)]
pub enum Failure {
    /// Nobody to ask AWS as; in one sentence.
    NoCredentials(String),
    /// The bucket cannot be read.
    Bucket(RunError),
    /// The run has no report.
    NoReport {
        /// The run.
        run_id: String,
        /// The bucket.
        bucket: String,
    },
    /// There is no latest run.
    NoRunYet {
        /// Of this plan, or of any.
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
    /// Nothing opens the page.
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
    /// The sentence, and what to do next.
    pub fn render(&self, renderer: &Renderer) -> String {
        advice::render(renderer, &self.sentence(), &self.advice())
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoCredentials(sentence) => sentence.clone(),
            Self::Bucket(error) => format!("the bucket cannot be read: {error}"),
            Self::NoReport { run_id, bucket } => format!("the bucket {bucket} has no report of a run {run_id}"),
            Self::NoRunYet { plan: Some(plan), bucket } => {
                format!("the bucket {bucket} has no report of the plan {plan}")
            }
            Self::NoRunYet { plan: None, bucket } => format!("the bucket {bucket} has no report yet"),
            Self::NotWritten { file, error } => format!("{file} cannot be written: {error}"),
            Self::NotOpened { file, error } => format!("nothing here opens {file}: {error}"),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::NoCredentials(_) => SIGN_IN.to_owned(),
            Self::Bucket(RunError::AccessDenied(_)) => "sign in to orgpatch's own account, as somebody who may \
                 s3:GetObject on runs/* and latest/* and s3:ListBucket on the bucket"
                .to_owned(),
            Self::Bucket(RunError::Throttled(_) | RunError::Unavailable(_)) => TRY_AGAIN.to_owned(),
            Self::Bucket(_) => "check --bucket and the Region it is in (AWS_REGION): `aws cloudformation \
                 describe-stacks --stack-name orgpatch` shows it among the outputs as RunsBucket"
                .to_owned(),
            Self::NoReport { bucket, .. } => format!(
                "a run that is still under way, or was refused at its start, has none; `aws s3 ls s3://{bucket}/runs/` \
                 shows the runs, --latest takes the latest one"
            ),
            Self::NoRunYet { bucket, .. } => format!(
                "runs about baselines only do not count; `aws s3 ls s3://{bucket}/runs/` shows all runs, each of which can be named"
            ),
            Self::NotWritten { .. } => "name a file that can be written with --output".to_owned(),
            Self::NotOpened { .. } => "the page is there: open it in a browser yourself".to_owned(),
        }
    }
}
