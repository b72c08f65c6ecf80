//! The context of a function that works in member accounts, which is built once per process.

use aws_config::SdkConfig;
use lambda_runtime::Error;
use orgpatch_engine::results::TargetRecord;
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::keys::{Owner, TargetObject};
use orgpatch_records::messages::TargetRequest;

use crate::lambda::environment::MemberRole;
use crate::lambda::{self, environment};
use crate::member::sessions::{MemberSessions, TargetError};
use crate::store::bucket::Store;

/// The clients of a function that works in member accounts.
pub struct FunctionContext {
    /// The configuration, for clients that only one function needs.
    pub config: SdkConfig,
    /// The runs bucket.
    pub store: Store,
    /// Sessions in member accounts.
    pub sessions: MemberSessions,
    /// The function itself.
    function: Owner,
}

impl FunctionContext {
    /// Reads the environment and builds the clients.
    pub async fn build(function: Owner) -> Result<Self, Error> {
        let config = lambda::sdk_config().await;
        Ok(Self {
            store: Store::new(&config, environment::runs_bucket()?),
            sessions: MemberSessions::new(&config, MemberRole::from_env()?),
            config,
            function,
        })
    }

    /// Returns the value of `result`. If `result` is an outcome of the target, it writes the target's record and returns
    /// the answer that `answer` makes from the record. An error of the run is returned as it is.
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
        self.write_record(request, &record).await?;
        Ok(answer(&record))
    }

    /// Writes the record of a target in a phase, once, under the function's own name for it.
    pub async fn write_record(&self, request: &TargetRequest, record: &TargetRecord) -> Result<(), RunError> {
        self.store.write_once(&self.record_key(request)?, record).await
    }

    /// Returns the key to which [`Self::write_record`] writes.
    fn record_key(&self, request: &TargetRequest) -> Result<String, RunError> {
        let (function, phase) = (self.function, request.phase);
        let object = TargetObject::record(function, phase).ok_or_else(|| {
            RunError::BrokenRun(format!("{} writes no record in phase {}", function.name(), phase.name()))
        })?;
        Ok(keys::of_target(&request.run_id, &request.step, &request.target, object))
    }
}
