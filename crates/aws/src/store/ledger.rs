//! The ledger: what needs a conditional write. The run lock, the starts of schedules, and the intents to send commands. It
//! is also the clock of the functions.

mod clock;

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use clock::Clock;
use jiff::Timestamp;
use orgpatch_engine::sending::intent::{Intent, IntentState};
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_model::input::{Operation, RunInput};
use orgpatch_model::target::{Pass, Phase, Target};

use crate::clients::call::{CallError, Kind};

/// Intents and the starts of schedules are kept for so long, for people who look into a run afterwards; Run Command keeps its
/// own history for 30 days.
const KEEP_DAYS: i64 = 90;

const LOCK_KEY: &str = "lock";

/// The table.
#[derive(Debug, Clone)]
pub struct Ledger {
    client: Client,
    table: String,
    clock: Clock,
}

/// Who holds the run lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// Its run id.
    pub run_id: String,
    /// Its execution.
    pub execution_arn: String,
    /// What it does. None: it closes a run, or a version of orgpatch took the lock that did not write it down or that knows more
    /// operations.
    pub operation: Option<Operation>,
    /// The run that it closes; None: it is a run itself.
    pub closes: Option<String>,
}

/// Whether a conditional write happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// It did.
    Done,
    /// Another writer was first.
    TooLate,
}

/// A phase of a target's work and its pass.
pub type PhaseAndPass = (Phase, Pass);

/// Where the intents of a target in a step lie.
#[derive(Debug, Clone)]
pub struct IntentScope {
    partition: String,
}

impl IntentScope {
    /// The intents of that target in that step.
    #[must_use]
    pub fn of(run_id: &str, step: &str, target: &Target) -> Self {
        Self { partition: format!("run/{run_id}/{step}/{}/{}", target.account_id, target.region) }
    }
}

impl Ledger {
    /// The table of that name.
    #[must_use]
    pub fn new(config: &SdkConfig, table: String) -> Self {
        let clock = Clock::default();
        let config = aws_sdk_dynamodb::config::Builder::from(config).interceptor(clock.clone()).build();
        Self { client: Client::from_conf(config), table, clock }
    }

    /// Returns the time: the one that the ledger stated in its last answer, to the second. All functions have this one
    /// clock, so that what one of them wrote can be measured against the time of another.
    ///
    /// It is an error before the first answer.
    pub fn now(&self) -> Result<Timestamp, RunError> {
        self.clock.now().ok_or_else(|| RunError::Unavailable("the ledger has not stated the time".to_owned()))
    }

    /// Returns the holder of the run lock; None if it is free.
    pub async fn lock_holder(&self) -> Result<Option<LockHolder>, RunError> {
        self.item(LOCK_KEY, LOCK_KEY).await?.as_ref().map(holder_in).transpose()
    }

    /// Returns the holder of the run lock and since when it holds it; None if it is free.
    pub async fn lock_held_since(&self) -> Result<Option<(LockHolder, Timestamp)>, RunError> {
        let Some(item) = self.item(LOCK_KEY, LOCK_KEY).await? else { return Ok(None) };
        let since = of_lock(&item, "at")?.parse();
        let since = since.map_err(|error| RunError::BrokenRun(format!("the time of the run lock: {error}")))?;
        Ok(Some((holder_in(&item)?, since)))
    }

    /// Returns if the execution of that name holds the run lock, and otherwise [`RunError::RunLockLost`]: an execution that was
    /// stopped may be redriven for 14 days, while another run may be in progress, or one that closes it. The name of a run belongs
    /// to one execution (`claim.json`), so comparing it is enough.
    pub async fn expect_lock(&self, name: &str) -> Result<(), RunError> {
        match self.lock_holder().await? {
            Some(holder) if holder.run_id == name => Ok(()),
            Some(holder) => Err(RunError::RunLockLost { holder: format!("the run {} holds it", holder.run_id) }),
            None => Err(RunError::RunLockLost { holder: "it was released".to_owned() }),
        }
    }

    /// Takes the run lock if it is free, or if `from` still holds it.
    pub async fn take_lock(
        &self,
        holder: &LockHolder,
        from: Option<&LockHolder>,
        now: Timestamp,
    ) -> Result<Write, RunError> {
        let operation = holder.operation.map_or(AttributeValue::Null(true), |operation| text(operation.name()));
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(LOCK_KEY))
            .item("sk", text(LOCK_KEY))
            .item("runId", text(&holder.run_id))
            .item("executionArn", text(&holder.execution_arn))
            .item("operation", operation)
            .item("at", text(&now.to_string()));
        let request = match &holder.closes {
            None => request,
            Some(run) => request.item("closes", text(run)),
        };
        let request = match from {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(from) => request
                .condition_expression("executionArn = :from")
                .expression_attribute_values(":from", text(&from.execution_arn)),
        };
        written(request.send().await.map_err(|error| CallError::of("dynamodb:PutItem", &error)))
    }

    /// Gives the run lock back, if the execution of that name holds it.
    pub async fn release_lock(&self, name: &str) -> Result<(), RunError> {
        let released = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("pk", text(LOCK_KEY))
            .key("sk", text(LOCK_KEY))
            .condition_expression("runId = :run")
            .expression_attribute_values(":run", text(name))
            .send()
            .await;
        written(released.map_err(|error| CallError::of("dynamodb:DeleteItem", &error))).map(|_| ())
    }

    /// Claims a start by a schedule for an execution. Returns None if the claim is its own, also after an earlier call, and
    /// otherwise the run that was first.
    ///
    /// A start is one input at one scheduled time: EventBridge Scheduler may deliver it more than once. The first
    /// execution keeps it, however it ends, because it ends with a notification unless a person stopped it.
    pub async fn claim_start(
        &self,
        input: &RunInput,
        scheduled_for: Timestamp,
        own: &LockHolder,
        now: Timestamp,
    ) -> Result<Option<String>, RunError> {
        let json = serde_json::to_string(input)
            .map_err(|error| RunError::BrokenRun(format!("the input of a run cannot be written: {error}")))?;
        let (pk, sk) = (format!("start/{}/{}/{scheduled_for}", input.plan, input.operation), sha256_hex(&json));
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(&pk))
            .item("sk", text(&sk))
            .item("runId", text(&own.run_id))
            .item("executionArn", text(&own.execution_arn))
            .item("at", text(&now.to_string()))
            .item("expiresAt", expires_at(now))
            .condition_expression("attribute_not_exists(pk) OR executionArn = :own")
            .expression_attribute_values(":own", text(&own.execution_arn));
        match written(request.send().await.map_err(|error| CallError::of("dynamodb:PutItem", &error)))? {
            Write::Done => Ok(None),
            Write::TooLate => {
                let item = self.item(&pk, &sk).await?.unwrap_or_default();
                Ok(Some(field(&item, "runId").unwrap_or_else(|| "of another execution".to_owned())))
            }
        }
    }

    async fn item(&self, pk: &str, sk: &str) -> Result<Option<HashMap<String, AttributeValue>>, RunError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .consistent_read(true);
        let answer =
            request.send().await.map_err(|error| CallError::of("dynamodb:GetItem", &error).into_run_error())?;
        Ok(answer.item)
    }

    /// Every intent of a target in a step, with the phase and pass that it belongs to.
    pub async fn intents(&self, scope: &IntentScope) -> Result<Vec<(PhaseAndPass, Intent)>, RunError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(&scope.partition))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut intents = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| CallError::of("dynamodb:Query", &error).into_run_error())?;
            let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
            let read = || {
                let place = phase_and_pass(field("sk")?)?;
                Some((place, serde_json::from_str(field("intent")?).ok()?))
            };
            intents.push(
                read()
                    .ok_or_else(|| RunError::BrokenRun(format!("an intent of {} cannot be read", scope.partition)))?,
            );
        }
        Ok(intents)
    }

    /// Writes an intent in place of `before`, unless another copy of the function has: a retry and a second copy
    /// cannot both believe that it is their turn to send.
    pub async fn write_intent(
        &self,
        scope: &IntentScope,
        (phase, pass): PhaseAndPass,
        before: Option<&Intent>,
        intent: &Intent,
    ) -> Result<Write, RunError> {
        let json = serde_json::to_string(intent)
            .map_err(|error| RunError::BrokenRun(format!("an intent cannot be written: {error}")))?;
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(&scope.partition))
            .item("sk", text(&format!("{}/{pass}/{}", phase.name(), intent.instance_id)))
            .item("attempt", AttributeValue::N(intent.attempt.to_string()))
            .item("progress", text(progress(&intent.state)))
            .item("intent", text(&json))
            .item("expiresAt", expires_at(intent.at));
        let request = match before {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(before) => request
                .condition_expression("attempt = :attempt AND progress = :progress")
                .expression_attribute_values(":attempt", AttributeValue::N(before.attempt.to_string()))
                .expression_attribute_values(":progress", text(progress(&before.state))),
        };
        written(request.send().await.map_err(|error| CallError::of("dynamodb:PutItem", &error)))
    }
}

/// Reads the phase and the pass from the sort key of an intent: `<phase>/<pass>/<instance id>`.
fn phase_and_pass(key: &str) -> Option<PhaseAndPass> {
    let (phase, rest) = key.split_once('/')?;
    let (pass, _) = rest.split_once('/')?;
    Some((phase.parse().ok()?, pass.parse::<u8>().ok()?.try_into().ok()?))
}

/// The word for a state in the table, for its condition and for people who look into it.
fn progress(state: &IntentState) -> &'static str {
    match state {
        IntentState::Waiting => "waiting",
        IntentState::Intended => "intended",
        IntentState::Rejected => "rejected",
        IntentState::Sent { .. } => "sent",
        IntentState::Ended(_) => "ended",
    }
}

fn holder_in(item: &HashMap<String, AttributeValue>) -> Result<LockHolder, RunError> {
    let operation = field(item, "operation");
    Ok(LockHolder {
        run_id: of_lock(item, "runId")?,
        execution_arn: of_lock(item, "executionArn")?,
        operation: operation.and_then(|name| Operation::ALL.into_iter().find(|known| known.name() == name)),
        closes: field(item, "closes"),
    })
}

fn of_lock(item: &HashMap<String, AttributeValue>, name: &str) -> Result<String, RunError> {
    field(item, name).ok_or_else(|| RunError::BrokenRun(format!("the run lock has no {name}")))
}

fn field(item: &HashMap<String, AttributeValue>, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

/// Returns when the table may forget an item that was written at a time.
fn expires_at(at: Timestamp) -> AttributeValue {
    AttributeValue::N((at.as_second() + KEEP_DAYS * 24 * 3_600).to_string())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn written<T>(result: Result<T, CallError>) -> Result<Write, RunError> {
    match result {
        Ok(_) => Ok(Write::Done),
        Err(error) if error.kind == Kind::ConditionFailed => Ok(Write::TooLate),
        Err(error) => Err(error.into_run_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_intent_says_its_phase_and_pass() {
        assert_eq!(phase_and_pass("pre-install-scan/1/i-1"), Some((Phase::PreInstallScan, Pass::First)));
        assert_eq!(phase_and_pass("install/2/i-1"), Some((Phase::Install, Pass::Second)));
        for key in ["install/3/i-1", "upgrade/1/i-1", "install/1", "lock"] {
            assert_eq!(phase_and_pass(key), None, "{key}");
        }
    }
}
