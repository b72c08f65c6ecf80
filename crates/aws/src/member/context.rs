//! The context of a function that works in member accounts, which is built once per process.

use aws_config::SdkConfig;
use lambda_runtime::Error;
use orgpatch_engine::gate::CaughtError;
use orgpatch_engine::phases::{Next, NextFunction};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::TargetRecord;
use orgpatch_engine::results::failure::outcome_of_failure;
use orgpatch_engine::results::reconcile::without_instances;
use orgpatch_engine::sending::throttling;
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::{Phase, Target};
use orgpatch_records::keys::{Owner, TargetObject};
use orgpatch_records::messages::TargetRequest;

use crate::lambda::environment::MemberRole;
use crate::lambda::{self, environment};
use crate::member::sessions::{MemberSessions, TargetError};
use crate::store::bucket::Store;
use crate::store::step_inputs;

/// A target in which calls are throttled is left alone for so many seconds.
const THROTTLED_SECONDS: u32 = 60;

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
            sessions: MemberSessions::new(&config, MemberRole::from_env()?, function),
            config,
            function,
        })
    }

    /// Returns the settings of the step of a target, if they are what the planner wrote and the step works on the target.
    /// Otherwise it is [`RunError::RecordsChanged`].
    pub async fn settings(&self, request: &TargetRequest) -> Result<StepSettings, RunError> {
        let settings = step_inputs::settings(&self.store, &request.run_id, &request.step, &request.hashes).await?;
        let Target { account_id, region, .. } = &request.target;
        if settings.has_target(account_id, region) {
            return Ok(settings);
        }
        let text = format!("the step {} does not have the target {account_id} {region}", request.step);
        Err(RunError::RecordsChanged(text))
    }

    /// Returns the answer of a function about a target. An outcome of the target is written as its record, and the target is
    /// finished. An error of the run is returned as it is.
    pub async fn answer(&self, request: &TargetRequest, result: Result<Next, TargetError>) -> Result<Next, RunError> {
        let (outcome, reason) = match result {
            Ok(next) => return Ok(next),
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
        self.write_record(request, &without_instances(request.target.clone(), outcome, reason, request.now)).await?;
        Ok(Next::done(request.phase, request.pass))
    }

    /// The same as [`Self::answer`]. Throttling that has outlasted the retries slows this target and no other: the function
    /// goes on after a pause.
    pub async fn answer_unless_throttled(
        &self,
        request: &TargetRequest,
        function: NextFunction,
        settings: &StepSettings,
        result: Result<Next, TargetError>,
    ) -> Result<Next, RunError> {
        let Err(TargetError::Run(RunError::Throttled(text))) = result else {
            return self.answer(request, result).await;
        };
        let (operation, seconds) = (settings.operation, settings.deadline_seconds);
        let given_up_at = throttling::given_up_at(request.phase, operation, request.deadline, seconds);
        if request.now < given_up_at && !request.has_no_look_left() {
            tracing::warn!(run = request.run_id, account = request.target.account_id, text, "throttled");
            return Ok(Next::again(function, (request.phase, request.pass), THROTTLED_SECONDS));
        }
        let reason = Reason::new(ReasonCode::Throttled, format!("calls were throttled until the end: {text}"));
        self.answer(request, Err(TargetError::Outcome(TargetOutcome::Error, reason))).await
    }

    /// Records that a function failed on the target for good. An error of the run itself is returned as one, so that the target
    /// has no record and its result is lost.
    pub async fn record_failure(&self, request: &TargetRequest, failure: &CaughtError) -> Result<Next, RunError> {
        let (outcome, reason) = outcome_of_failure(request.phase, failure)
            .ok_or_else(|| RunError::BrokenRun(format!("the target is not recorded: {}", failure.sentence())))?;
        self.answer(request, Err(TargetError::Outcome(outcome, reason))).await
    }

    /// Writes the record with which the function ends the work on a target in a phase, once, under the function's own name for
    /// it.
    pub async fn write_record(&self, request: &TargetRequest, record: &TargetRecord) -> Result<(), RunError> {
        self.store.write_once(&self.record_key(request)?, record).await
    }

    /// Returns the key to which [`Self::write_record`] writes.
    fn record_key(&self, request: &TargetRequest) -> Result<String, RunError> {
        let (function, phase) = (self.function, request.phase);
        let object = TargetObject::record(function, phase).ok_or_else(|| {
            RunError::BrokenRun(format!("{} writes no record in phase {}", function.name(), phase.name()))
        })?;
        Ok(request.key(object))
    }
}

/// Checks that a function is called in one of its phases.
pub fn expect_phase(request: &TargetRequest, phases: &[Phase]) -> Result<(), RunError> {
    if phases.contains(&request.phase) {
        return Ok(());
    }
    let names: Vec<&str> = phases.iter().map(|phase| phase.name()).collect();
    Err(RunError::InvalidInput(format!(
        "this function works in phase {}, not in {}",
        names.join(", "),
        request.phase.name()
    )))
}
