//! What a function that acts in member accounts has, built once per process.

use aws_config::SdkConfig;
use lambda_runtime::Error;
use orgpatch_engine::results::TargetRecord;
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::messages::TargetRequest;

use crate::lambda::environment::MemberRole;
use crate::lambda::{self, environment};
use crate::member::sessions::{MemberSessions, TargetError};
use crate::store::bucket::Store;

/// The bucket, and the role to member accounts.
pub struct FunctionContext {
    /// For clients of one function only.
    pub config: SdkConfig,
    /// The runs bucket.
    pub store: Store,
    /// Member accounts.
    pub sessions: MemberSessions,
}

impl FunctionContext {
    /// Reads the environment and builds the clients.
    pub async fn build() -> Result<Self, Error> {
        let config = lambda::sdk_config().await;
        Ok(Self {
            store: Store::new(&config, environment::runs_bucket()?),
            sessions: MemberSessions::new(&config, MemberRole::from_env()?),
            config,
        })
    }

    /// Turns what keeps a target from being worked on into its record, if it is an outcome; `answer` is then the
    /// function's answer.
    pub async fn record_outcome<T>(
        &self,
        request: &TargetRequest,
        result: Result<T, TargetError>,
        answer: impl FnOnce(&TargetRecord) -> T,
    ) -> Result<T, RunError> {
        let (outcome, reason) = match result {
            Ok(value) => return Ok(value),
            Err(TargetError::Run(error)) => return Err(error),
            Err(TargetError::Outcome(outcome, reason)) => (outcome, reason),
        };
        tracing::info!(
            run = request.run_id,
            step = request.step,
            account = request.target.account_id,
            region = request.target.region,
            reason = %reason.code,
            "target not reached"
        );
        let record = TargetRecord {
            target: request.target.clone(),
            outcome,
            reason,
            at: request.now,
            instances: Vec::new(),
            conflict_notes: Vec::new(),
        };
        let key = keys::record(&request.run_id, &request.step, request.phase, &request.target);
        self.store.write_once(&key, &record).await?;
        Ok(answer(&record))
    }
}
