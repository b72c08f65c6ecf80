//! Sends a target's batches, each exactly once: the acting side of [`orgpatch_engine::sending::intent`].

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

/// A phase's commands to one target.
pub struct Dispatch<'a> {
    /// Where intents are written.
    pub ledger: &'a Ledger,
    /// Who says what a failed call means.
    pub sessions: &'a MemberSessions,
    /// Systems Manager in the target.
    pub ssm: &'a Ssm,
    /// Run, step, target, phase and time.
    pub request: &'a TargetRequest,
    /// What the plan says about sending.
    pub settings: &'a StepSettings,
    /// What the target's baselines hold back.
    pub withheld: &'a WithheldPatches,
    /// On which instances somebody else's patch command runs; only an install asks.
    pub busy: &'a Busy,
}

/// Instances on which somebody else's patch command runs right now.
#[derive(Debug, Default)]
pub struct Busy {
    /// What to do about each of them.
    pub instances: BTreeMap<String, competing::ConflictDecision>,
    /// When to look again, if one of them is waited for, in seconds.
    pub look_again_seconds: u32,
}

impl Dispatch<'_> {
    /// Sends every batch that is not settled yet. `online`, where given, are the instances that can be asked: the
    /// others are settled as offline when their batch begins.
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
            let after = match self.settle(batch, before, online, &left_out).await? {
                Settled::Over { sent: now_sent } => {
                    sent |= now_sent;
                    continue;
                }
                Settled::Halves(halves) => {
                    open.extend(halves);
                    continue;
                }
                Settled::Wait(seconds) => seconds,
            };
            wait = Some(wait.map_or(after, |seconds| seconds.max(after)));
        }
        Ok(match wait {
            Some(wait_seconds) => Progress::Unsettled { wait_seconds },
            None if sent => Progress::Running { wait_seconds: FIRST_LOOK_SECONDS },
            None => Progress::Done,
        })
    }

    async fn settle(
        &self,
        batch: Batch,
        before: Option<Intent>,
        online: Option<&HashSet<String>>,
        left_out: &HashSet<String>,
    ) -> Result<Settled, TargetError> {
        // What an earlier attempt named is what this one names.
        let batch = Batch {
            instance_ids: before.as_ref().map_or(batch.instance_ids, |intent| intent.instance_ids.clone()),
            ..batch
        };
        match (intent::next_action(before.as_ref()), before) {
            (NextAction::Nothing, _) => Ok(Settled::Over { sent: false }),
            (NextAction::GoOnWithHalves, _) => Ok(Settled::Halves(batch.halves().map(Vec::from).unwrap_or_default())),
            (NextAction::LookUp, Some(before)) => {
                let comment = self.comment(&batch);
                let found = self.call(self.ssm.find_command(&comment, before.at).await).await?;
                match intent::after_lookup(&before, found, self.request.now) {
                    LookupResult::Adopt(command_id) => {
                        tracing::info!(command_id, batch = batch.id, "adopted a command whose answer was lost");
                        self.record(&before, IntentState::Sent { command_id }).await?;
                        Ok(Settled::Over { sent: true })
                    }
                    LookupResult::TryAgain => match self.free(batch, left_out).await? {
                        Free::Yes(batch) => self.attempt(batch, Some(before)).await,
                        Free::No(settled) => Ok(settled),
                    },
                    LookupResult::Wait(seconds) => Ok(Settled::Wait(seconds)),
                }
            }
            (NextAction::Begin | NextAction::LookUp, None) => {
                let batch = match self.free(batch, left_out).await? {
                    Free::Yes(batch) => batch,
                    Free::No(settled) => return Ok(settled),
                };
                let (ready, offline): (Vec<String>, Vec<String>) =
                    batch.instance_ids.into_iter().partition(|id| online.is_none_or(|online| online.contains(id)));
                self.note_offline(&batch.id, offline).await?;
                if ready.is_empty() {
                    return Ok(Settled::Over { sent: false });
                }
                let batch = Batch { instance_ids: ready, ..batch };
                self.attempt(batch, None).await
            }
            (NextAction::Begin | NextAction::TryAgain, before) => match self.free(batch, left_out).await? {
                Free::Yes(batch) => self.attempt(batch, before).await,
                Free::No(settled) => Ok(settled),
            },
        }
    }

    /// What of a batch may be sent now. It waits as a whole for those that are waited for; those that are not get an intent
    /// of their own, once, which holds whatever a later look shows.
    async fn free(&self, batch: Batch, left_out: &HashSet<String>) -> Result<Free, TargetError> {
        let action = |id: &String| self.busy.instances.get(id).map_or(Action::Go, |decision| decision.action);
        let ids: Vec<String> = batch.instance_ids.into_iter().filter(|id| !left_out.contains(id)).collect();
        if ids.iter().any(|id| action(id) == Action::Wait) {
            return Ok(Free::No(Settled::Wait(self.busy.look_again_seconds)));
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
            // If another copy of the function was first, it was as right as this one.
            self.ledger.write_intent(&self.scope(), None, &intent).await?;
        }
        if free.is_empty() {
            return Ok(Free::No(Settled::Over { sent: false }));
        }
        Ok(Free::Yes(Batch { instance_ids: free, ..batch }))
    }

    /// Writes the attempt, sends, and writes what came of it. A crash between any two of these leaves an intent
    /// that says how far it may have got.
    async fn attempt(&self, batch: Batch, before: Option<Intent>) -> Result<Settled, TargetError> {
        let attempt = Intent {
            batch_id: batch.id.clone(),
            instance_ids: batch.instance_ids.clone(),
            attempt: before.as_ref().map_or(1, |intent| intent.attempt + 1),
            at: self.request.now,
            state: IntentState::Intended,
        };
        if self.ledger.write_intent(&self.scope(), before.as_ref(), &attempt).await? == Write::TooLate {
            // Another copy of the function is at it; what it does is settled when the list of commands is.
            return Ok(Settled::Wait(settle_seconds()));
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
                return Ok(Settled::Over { sent: true });
            }
            Err(SendError::InvalidInstance(message)) => {
                return self.without_the_invalid(batch, &attempt, &message).await;
            }
            Err(SendError::Call(error)) => error,
        };
        match error.kind {
            Kind::Lost => Ok(Settled::Wait(settle_seconds())),
            Kind::Throttled | Kind::Expired => {
                self.record(&attempt, IntentState::Rejected).await?;
                Err(self.sessions.target_error(&self.request.target, error).await)
            }
            Kind::Denied | Kind::RegionDisabled | Kind::ConditionFailed | Kind::NotFound | Kind::Rejected => {
                let reason = Reason::new(ReasonCode::SendRefused, format!("the command was refused: {error}"));
                self.record(&attempt, IntentState::Refused { reason }).await?;
                Ok(Settled::Over { sent: false })
            }
        }
    }

    /// One instance that went offline a moment ago makes the service refuse the whole command without a reliable
    /// word about which one: the batch goes on in halves until only that one is left.
    async fn without_the_invalid(&self, batch: Batch, attempt: &Intent, message: &str) -> Result<Settled, TargetError> {
        if let Some(halves) = batch.halves() {
            self.record(attempt, IntentState::Split).await?;
            return Ok(Settled::Halves(halves.into()));
        }
        let reason =
            Reason::new(ReasonCode::AgentOffline, format!("Systems Manager cannot reach the instance: {message}"));
        self.record(attempt, IntentState::Offline { reason }).await?;
        Ok(Settled::Over { sent: false })
    }

    async fn note_offline(&self, batch_id: &str, offline: Vec<String>) -> Result<(), TargetError> {
        if offline.is_empty() {
            return Ok(());
        }
        let reason = Reason::new(ReasonCode::AgentOffline, "the SSM Agent was offline when the command was to be sent");
        let offline_intent = Intent {
            batch_id: format!("{batch_id}-offline"),
            instance_ids: offline,
            attempt: 1,
            at: self.request.now,
            state: IntentState::Offline { reason },
        };
        // An earlier attempt may have written its own list; it was as right as this one.
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

/// Whether there is anything of a batch that may be sent now.
enum Free {
    /// This.
    Yes(Batch),
    /// Nothing.
    No(Settled),
}

/// How far a batch is settled.
enum Settled {
    /// It is; `sent` if that happened just now.
    Over { sent: bool },
    /// Its halves go on.
    Halves(Vec<Batch>),
    /// Not before so many seconds.
    Wait(u32),
}

fn settle_seconds() -> u32 {
    u32::try_from(intent::SETTLE_SECONDS).unwrap_or(u32::MAX)
}

/// The instances of a target that an install has left out because somebody else patches them.
pub async fn left_out(ledger: &Ledger, request: &TargetRequest) -> Result<HashSet<String>, RunError> {
    let scope = IntentScope::of(&request.run_id, &request.step, &request.target, Phase::Install);
    Ok(instances_left_out(&ledger.intents(&scope).await?))
}

fn instances_left_out<'i>(intents: impl IntoIterator<Item = &'i Intent>) -> HashSet<String> {
    let left_out = intents.into_iter().filter(|intent| matches!(intent.state, IntentState::LeftOut { .. }));
    left_out.flat_map(|intent| intent.instance_ids.iter().cloned()).collect()
}

/// Of those instances the ones that can be asked now.
pub async fn online(ssm: &Ssm, instance_ids: &[String]) -> Result<HashSet<String>, CallError> {
    let nodes = ssm.managed(Some(instance_ids)).await?;
    Ok(nodes.into_iter().filter(|node| node.ping == "Online").map(|node| node.id).collect())
}

/// The phases that send, for a function that must not be called for another.
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
