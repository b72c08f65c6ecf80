//! Sends a target's batches, each exactly once, by the rules of [`orgpatch_engine::sending::intent`].

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use orgpatch_engine::competing;
use orgpatch_engine::competing::Action;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::sending::command::{Batch, FIRST_LOOK_SECONDS};
use orgpatch_engine::sending::intent::{Intent, IntentState, LookupResult, NextAction};
use orgpatch_engine::sending::{command, intent};
use orgpatch_model::error::RunError;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;
use orgpatch_records::messages::{Progress, TargetRequest};

use crate::clients::call::{CallError, Kind};
use crate::clients::ssm::{SendError, Ssm};
use crate::member::sessions::{MemberSessions, TargetError};
use crate::store::ledger::{IntentScope, Ledger, Write};

/// Sends the commands of a phase to one target.
pub struct Dispatch<'a> {
    /// The ledger of intents.
    pub ledger: &'a Ledger,
    /// The sessions, which decide what a failed call means.
    pub sessions: &'a MemberSessions,
    /// Systems Manager in the target.
    pub ssm: &'a Ssm,
    /// Run, step, target, phase and time.
    pub request: &'a TargetRequest,
    /// The settings of the step.
    pub settings: &'a StepSettings,
    /// The patches that the target's baselines hold back.
    pub withheld: &'a WithheldPatches,
    /// The instances on which another tool's patch command runs. Only an install needs them.
    pub busy: &'a Busy,
}

/// Instances on which another tool's patch command runs now.
#[derive(Debug, Default)]
pub struct Busy {
    /// The decision about each of them.
    pub instances: BTreeMap<String, competing::ConflictDecision>,
    /// After how many seconds to check again, if orgpatch waits for one of them.
    pub look_again_seconds: u32,
}

impl Dispatch<'_> {
    /// Sends every batch that is not finished yet. If `online` is given, instances that are not in it are recorded as
    /// offline when their batch begins.
    pub async fn send(&self, batches: Vec<Batch>, online: Option<&HashSet<String>>) -> Result<Progress, TargetError> {
        let mut intents: HashMap<String, Intent> = self
            .ledger
            .intents(&self.scope())
            .await?
            .into_iter()
            .map(|intent| (intent.batch_id.clone(), intent))
            .collect();
        let left_out = instances_left_out(intents.values());
        let mut sent = intents.values().any(|intent| matches!(intent.state, IntentState::Sent { .. }));
        let mut wait: Option<u32> = None;
        let mut open: VecDeque<Batch> = batches.into();
        while let Some(batch) = open.pop_front() {
            let before = intents.remove(&batch.id);
            let after = match self.advance(batch, before, online, &left_out).await? {
                BatchState::Over { sent: now_sent } => {
                    sent |= now_sent;
                    continue;
                }
                BatchState::Halves(halves) => {
                    open.extend(halves);
                    continue;
                }
                BatchState::Wait(seconds) => seconds,
            };
            wait = Some(wait.map_or(after, |seconds| seconds.max(after)));
        }
        Ok(match wait {
            Some(wait_seconds) => Progress::Unsettled { wait_seconds },
            None if sent => Progress::Running { wait_seconds: FIRST_LOOK_SECONDS },
            None => Progress::Done,
        })
    }

    /// Takes the next action for a batch.
    async fn advance(
        &self,
        batch: Batch,
        before: Option<Intent>,
        online: Option<&HashSet<String>>,
        left_out: &HashSet<String>,
    ) -> Result<BatchState, TargetError> {
        // An attempt names the same instances as the attempt before it.
        let batch = Batch {
            instance_ids: before.as_ref().map_or(batch.instance_ids, |intent| intent.instance_ids.clone()),
            ..batch
        };
        match (intent::next_action(before.as_ref()), before) {
            (NextAction::Nothing, _) => Ok(BatchState::Over { sent: false }),
            (NextAction::GoOnWithHalves, _) => {
                Ok(BatchState::Halves(batch.halves().map(Vec::from).unwrap_or_default()))
            }
            (NextAction::LookUp, Some(before)) => {
                let comment = self.comment(&batch);
                let found = self.call(self.ssm.find_command(&comment, before.at).await).await?;
                match intent::after_lookup(&before, found, self.request.now) {
                    LookupResult::Adopt(command_id) => {
                        tracing::info!(command_id, batch = batch.id, "adopted a command whose answer was lost");
                        self.record(&before, IntentState::Sent { command_id }).await?;
                        Ok(BatchState::Over { sent: true })
                    }
                    LookupResult::TryAgain => match self.sendable(batch, left_out).await? {
                        Sendable::Now(batch) => self.attempt(batch, Some(before)).await,
                        Sendable::NotNow(state) => Ok(state),
                    },
                    LookupResult::Wait(seconds) => Ok(BatchState::Wait(seconds)),
                }
            }
            (NextAction::Begin | NextAction::LookUp, None) => {
                let batch = match self.sendable(batch, left_out).await? {
                    Sendable::Now(batch) => batch,
                    Sendable::NotNow(state) => return Ok(state),
                };
                let (ready, offline): (Vec<String>, Vec<String>) =
                    batch.instance_ids.into_iter().partition(|id| online.is_none_or(|online| online.contains(id)));
                self.note_offline(&batch.id, offline).await?;
                if ready.is_empty() {
                    return Ok(BatchState::Over { sent: false });
                }
                let batch = Batch { instance_ids: ready, ..batch };
                self.attempt(batch, None).await
            }
            (NextAction::Begin | NextAction::TryAgain, before) => match self.sendable(batch, left_out).await? {
                Sendable::Now(batch) => self.attempt(batch, before).await,
                Sendable::NotNow(state) => Ok(state),
            },
        }
    }

    /// Returns the part of a batch that may be sent now. If orgpatch waits for one instance, the whole batch waits. An
    /// instance that orgpatch leaves alone gets an intent of its own, once, which stays valid whatever a later check shows.
    async fn sendable(&self, batch: Batch, left_out: &HashSet<String>) -> Result<Sendable, TargetError> {
        let action = |id: &String| self.busy.instances.get(id).map_or(Action::Go, |decision| decision.action);
        let ids: Vec<String> = batch.instance_ids.into_iter().filter(|id| !left_out.contains(id)).collect();
        if ids.iter().any(|id| action(id) == Action::Wait) {
            return Ok(Sendable::NotNow(BatchState::Wait(self.busy.look_again_seconds)));
        }
        let (against, free): (Vec<String>, Vec<String>) =
            ids.into_iter().partition(|id| action(id).left_alone().is_some());
        for id in against {
            let Some(reason) = self.busy.instances.get(&id).and_then(competing::ConflictDecision::reason) else {
                continue;
            };
            let Some(end) = action(&id).left_alone() else { continue };
            tracing::info!(instance = id, reason = reason.text, "left out");
            let intent = Intent {
                batch_id: format!("{}-left-out-{id}", batch.id),
                instance_ids: vec![id],
                attempt: 1,
                at: self.request.now,
                state: IntentState::LeftOut { end, reason: reason.clone() },
            };
            // If another copy of the function was first, its decision is equally valid.
            self.ledger.write_intent(&self.scope(), None, &intent).await?;
        }
        if free.is_empty() {
            return Ok(Sendable::NotNow(BatchState::Over { sent: false }));
        }
        Ok(Sendable::Now(Batch { instance_ids: free, ..batch }))
    }

    /// Writes the attempt, sends the command, and writes the result. If the function stops between two of these, the intent
    /// says how far it may have come.
    async fn attempt(&self, batch: Batch, before: Option<Intent>) -> Result<BatchState, TargetError> {
        let attempt = Intent {
            batch_id: batch.id.clone(),
            instance_ids: batch.instance_ids.clone(),
            attempt: before.as_ref().map_or(1, |intent| intent.attempt + 1),
            at: self.request.now,
            state: IntentState::Intended,
        };
        if self.ledger.write_intent(&self.scope(), before.as_ref(), &attempt).await? == Write::TooLate {
            // Another copy of the function works on it; the list of commands will show what it sent.
            return Ok(BatchState::Wait(settle_seconds()));
        }
        let snapshot_id = command::snapshot_id(&self.request.run_id, &self.request.target, batch.os, self.withheld);
        let settings = self.settings;
        let request = command::request(
            self.request.phase,
            &batch,
            &snapshot_id,
            self.comment(&batch),
            settings.reboot,
            &settings.rate,
        );
        let error = match self.ssm.send(&request).await {
            Ok(command_id) => {
                tracing::info!(
                    command_id,
                    batch = batch.id,
                    phase = self.request.phase.name(),
                    instances = batch.instance_ids.len(),
                    "sent"
                );
                self.record(&attempt, IntentState::Sent { command_id }).await?;
                return Ok(BatchState::Over { sent: true });
            }
            Err(SendError::InvalidInstance(message)) => {
                return self.without_the_invalid(batch, &attempt, &message).await;
            }
            Err(SendError::Call(error)) => error,
        };
        match error.kind {
            Kind::Lost => Ok(BatchState::Wait(settle_seconds())),
            Kind::Throttled | Kind::Expired => {
                self.record(&attempt, IntentState::Rejected).await?;
                Err(self.sessions.target_error(&self.request.target, error).await)
            }
            Kind::Denied | Kind::RegionDisabled | Kind::ConditionFailed | Kind::NotFound | Kind::Rejected => {
                let reason = Reason::new(ReasonCode::SendRefused, format!("the command was refused: {error}"));
                self.record(&attempt, IntentState::Refused { reason }).await?;
                Ok(BatchState::Over { sent: false })
            }
        }
    }

    /// Splits a batch that the service refused because one of its instances went offline. The service does not name the
    /// instance reliably, so the batch is halved until only that instance is left.
    async fn without_the_invalid(
        &self,
        batch: Batch,
        attempt: &Intent,
        message: &str,
    ) -> Result<BatchState, TargetError> {
        if let Some(halves) = batch.halves() {
            self.record(attempt, IntentState::Split).await?;
            return Ok(BatchState::Halves(halves.into()));
        }
        let reason =
            Reason::new(ReasonCode::AgentOffline, format!("Systems Manager cannot reach the instance: {message}"));
        self.record(attempt, IntentState::Offline { reason }).await?;
        Ok(BatchState::Over { sent: false })
    }

    async fn note_offline(&self, batch_id: &str, offline: Vec<String>) -> Result<(), TargetError> {
        if offline.is_empty() {
            return Ok(());
        }
        let reason =
            Reason::new(ReasonCode::AgentOffline, "the SSM Agent was offline when orgpatch wanted to send the command");
        let offline_intent = Intent {
            batch_id: format!("{batch_id}-offline"),
            instance_ids: offline,
            attempt: 1,
            at: self.request.now,
            state: IntentState::Offline { reason },
        };
        // An earlier attempt may have written its own list, which is equally valid.
        self.ledger.write_intent(&self.scope(), None, &offline_intent).await?;
        Ok(())
    }

    async fn record(&self, attempt: &Intent, state: IntentState) -> Result<(), TargetError> {
        let after = Intent { state, ..attempt.clone() };
        match self.ledger.write_intent(&self.scope(), Some(attempt), &after).await? {
            Write::Done => Ok(()),
            Write::TooLate => Err(RunError::Unavailable(format!(
                "batch {} was taken over by another copy of the function",
                attempt.batch_id
            ))
            .into()),
        }
    }

    async fn call<T>(&self, result: Result<T, CallError>) -> Result<T, TargetError> {
        self.sessions.target_result(&self.request.target, result).await
    }

    fn scope(&self) -> IntentScope {
        IntentScope::of(&self.request.run_id, &self.request.step, &self.request.target, self.request.phase)
    }

    fn comment(&self, batch: &Batch) -> String {
        let request = self.request;
        command::comment(&request.run_id, &request.step, &request.target, request.phase, &batch.id)
    }
}

/// The part of a batch that may be sent now.
enum Sendable {
    /// These instances.
    Now(Batch),
    /// None.
    NotNow(BatchState),
}

/// The state of a batch after its next action.
enum BatchState {
    /// It is finished; `sent` is true if it was sent just now.
    Over { sent: bool },
    /// Its halves continue.
    Halves(Vec<Batch>),
    /// It continues after this number of seconds.
    Wait(u32),
}

fn settle_seconds() -> u32 {
    u32::try_from(intent::SETTLE_SECONDS).unwrap_or(u32::MAX)
}

/// Returns the instances of a target that an install left out because another tool may patch them.
pub async fn left_out(ledger: &Ledger, request: &TargetRequest) -> Result<HashSet<String>, RunError> {
    let scope = IntentScope::of(&request.run_id, &request.step, &request.target, Phase::Install);
    Ok(instances_left_out(&ledger.intents(&scope).await?))
}

fn instances_left_out<'i>(intents: impl IntoIterator<Item = &'i Intent>) -> HashSet<String> {
    let left_out = intents.into_iter().filter(|intent| matches!(intent.state, IntentState::LeftOut { .. }));
    left_out.flat_map(|intent| intent.instance_ids.iter().cloned()).collect()
}

/// Returns those of the instances that are online now.
pub async fn online(ssm: &Ssm, instance_ids: &[String]) -> Result<HashSet<String>, CallError> {
    let nodes = ssm.managed(Some(instance_ids)).await?;
    Ok(nodes.into_iter().filter(|node| node.ping == "Online").map(|node| node.id).collect())
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
