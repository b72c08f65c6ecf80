//! Sends a phase's commands to the instances of a target, each exactly once, and looks for their ends. What comes next for an
//! instance is decided by [`orgpatch_engine::sending::next_action()`]; here it is done.

mod state;

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt, TryStreamExt};
use orgpatch_engine::install::order::OrderedInstance;
use orgpatch_engine::phases::{self, Next};
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::sending::command;
use orgpatch_engine::sending::gone::{self, States};
use orgpatch_engine::sending::intent::{End, Intent, IntentState, SEND_SECONDS};
use orgpatch_engine::sending::invocation;
use orgpatch_engine::sending::invocation::{Invocation, InvocationResult};
use orgpatch_engine::sending::{Fact, NextAction, TimeOver};
use orgpatch_model::error::RunError;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::{Pass, Phase};
use orgpatch_plan::Reboot;
use orgpatch_records::messages::TargetRequest;
use serde::{Deserialize, Serialize};
use state::{Decided, State};

use crate::clients::call::{CallError, Kind};
use crate::clients::competing::CompetingPatchers;
use crate::clients::config::MemberConfig;
use crate::clients::ec2;
use crate::clients::ssm::{SendError, Ssm};
use crate::lambda::TimeLeft;
use crate::member::Paces;
use crate::member::context::FunctionContext;
use crate::member::sessions::TargetError;
use crate::store::ledger::{IntentScope, Ledger, Write};

/// So many commands of one target are on their way at the same time.
const SENDS_AT_ONCE: usize = 5;

/// So many other calls for one target are.
const CALLS_AT_ONCE: usize = 8;

/// [`SEND_SECONDS`] less the longest time that a SendCommand takes, in seconds: if an intent is older, its command is not
/// sent.
const FRESH_SECONDS: i64 = SEND_SECONDS - 20;

/// The same by the function's own clock, should the ledger not state the time.
const FRESH: Duration = Duration::from_secs(FRESH_SECONDS.unsigned_abs());

/// A command of which the list of all commands shows no invocation is asked for by its id when it is so old, in seconds.
const ASK_SINGLY_SECONDS: i64 = 600;

/// After so many throttled commands in one call of a function it leaves the target alone for a while.
const MAX_THROTTLED: usize = 3;

/// How long, in seconds.
const THROTTLED_SECONDS: u32 = 60;

/// An instance on which another copy of the function works is looked at again after so many seconds.
const CONTESTED_SECONDS: u32 = 30;

/// An instance to which a phase sends a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Receiver {
    /// Availability Zone. First, because instances are sent in the order of their zones.
    pub availability_zone: Option<String>,
    /// Instance id.
    pub instance_id: String,
    /// Operating system; a snapshot is of one.
    pub os: OperatingSystem,
    /// Whether an install may reboot it, as the install plan says.
    pub reboot: Reboot,
}

impl From<&OrderedInstance> for Receiver {
    fn from(instance: &OrderedInstance) -> Self {
        Self {
            availability_zone: instance.availability_zone.clone(),
            instance_id: instance.instance_id.clone(),
            os: instance.os,
            reboot: instance.reboot(),
        }
    }
}

/// The state of a phase after a call of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseState {
    /// Every instance has ended.
    Ended,
    /// The same function goes on after so many seconds.
    GoesOn {
        /// Seconds; 0 for at once.
        wait_seconds: u32,
    },
}

impl PhaseState {
    /// Returns what follows in the target.
    #[must_use]
    pub fn next(self, request: &TargetRequest) -> Next {
        let place = (request.phase, request.pass);
        match self {
            Self::Ended => phases::ended(request.phase, request.pass),
            Self::GoesOn { wait_seconds } => Next::again(phases::sender(request.phase), place, wait_seconds),
        }
    }
}

/// Sends the commands of a phase to one target.
pub struct Sender<'a> {
    /// The context of the function.
    pub context: &'a FunctionContext,
    /// The ledger of intents.
    pub ledger: &'a Ledger,
    /// The pace in each account and Region.
    pub paces: &'a Paces,
    /// The time that is left to the function.
    pub time: TimeLeft,
    /// The account and Region.
    pub member: &'a MemberConfig,
    /// Run, step, target, phase and pass.
    pub request: &'a TargetRequest,
    /// The settings of the step.
    pub settings: &'a StepSettings,
    /// The patches that the target's baselines hold back.
    pub withheld: &'a WithheldPatches,
    /// How many instances the target's whole order has, by which `maxErrors` is measured.
    pub order_size: usize,
}

impl Sender<'_> {
    /// Looks for the ends of what was sent, and sends what may be sent now.
    pub async fn work(&self, receivers: Vec<Receiver>) -> Result<PhaseState, TargetError> {
        let ssm = Ssm::new(self.member);
        let competing = CompetingPatchers::new(self.member);
        let intents = self.ledger.intents(&self.scope()).await?;
        let mut state = State::new(self.request, receivers, intents);
        self.look_for_ends(&ssm, &mut state).await?;
        let (mut throttled, mut has_asked) = (0, false);
        loop {
            let now = self.ledger.now()?;
            let Decided { asks, writes, sends, wait_seconds } =
                state.decide(self.request, self.settings, self.order_size, now);
            if asks.is_empty() && writes.is_empty() && sends.is_empty() {
                return Ok(match wait_seconds {
                    None => PhaseState::Ended,
                    Some(wait_seconds) => PhaseState::GoesOn { wait_seconds },
                });
            }
            // What was asked is forgotten with the invocation, and may have taken all its time: it is used once before that.
            if self.time.is_short() && !(has_asked && asks.is_empty()) {
                return Ok(PhaseState::GoesOn { wait_seconds: 0 });
            }
            has_asked = !asks.is_empty();
            for (id, action) in &self.explained(writes).await {
                self.write(&ssm, &mut state, id, action).await?;
            }
            for (fact, ids) in asks {
                self.fetch((&ssm, &competing), &mut state, fact, &ids).await?;
            }
            if !sends.is_empty() {
                throttled += self.send_all(&ssm, &mut state, &sends).await?;
                state.forget_what_may_change();
            }
            if throttled >= MAX_THROTTLED {
                tracing::warn!(
                    run = self.request.run_id,
                    account = self.request.target.account_id,
                    region = self.request.target.region,
                    "SendCommand is throttled"
                );
                return Ok(PhaseState::GoesOn { wait_seconds: THROTTLED_SECONDS });
            }
        }
    }

    /// Records the end of every command that has ended, of this phase and of others that may be in the way.
    async fn look_for_ends(&self, ssm: &Ssm, state: &mut State) -> Result<(), TargetError> {
        let Some(since) = state.oldest_open() else { return Ok(()) };
        let open = state.open_commands();
        let mut invocations = self.call(ssm.invocations_since(since, &open).await).await?;
        let now = self.ledger.now()?;
        let unseen = open
            .iter()
            .filter(|(id, sent_at)| {
                !invocations.contains_key(*id) && now.as_second() - sent_at.as_second() >= ASK_SINGLY_SECONDS
            })
            .map(|(id, _)| id.clone())
            .collect();
        let singly = self.all(unseen, |id| async move { ssm.invocation(&id).await }).await?;
        invocations.extend(singly.into_iter().flatten().map(|found| (found.command_id.clone(), found)));
        let mut silent = Vec::new();
        for (id, command_id, intent) in state.open_of_this_phase() {
            let found = invocations.get(&command_id);
            state.note_begun(&command_id, found);
            let given_up = command::given_up_at(self.request.phase, intent.at);
            let result = invocation::judge(found, given_up, now);
            let is_old = now.as_second() - intent.at.as_second() >= ASK_SINGLY_SECONDS;
            match result {
                Some(result) if !gone::may_explain(&result) => self.end(state, &id, &intent, found, result).await?,
                None if !is_old => {}
                result => silent.push((id, intent, found, result)),
            }
        }
        let states = self.states(silent.iter().map(|(id, ..)| id.clone()).collect()).await;
        for (id, intent, found, result) in silent {
            if let Some(result) = gone::explained(&id, result, &states) {
                self.end(state, &id, &intent, found, result).await?;
            }
        }
        state.forget_ended_of_others(&invocations, now);
        Ok(())
    }

    /// Returns what EC2 says of instances that do not answer. If it cannot be asked, that they do not answer is all that is known.
    async fn states(&self, ids: Vec<String>) -> States {
        if ids.is_empty() {
            return States::unknown();
        }
        match ec2::states(self.member, &ids).await {
            Ok(listed) => States::of(listed),
            Err(error) => {
                tracing::warn!(run = self.request.run_id, %error, "the states of silent instances are not known");
                States::unknown()
            }
        }
    }

    /// Puts into the results of instances that are offline what EC2 says of them.
    async fn explained(&self, mut writes: Vec<(String, WriteAction)>) -> Vec<(String, WriteAction)> {
        let is_offline = |action: &WriteAction| matches!(action, WriteAction::Record(InvocationResult::Offline(_)));
        let offline = writes.iter().filter(|(_, action)| is_offline(action)).map(|(id, _)| id.clone());
        let states = self.states(offline.collect()).await;
        for (id, action) in &mut writes {
            if let WriteAction::Record(result @ InvocationResult::Offline(_)) = action
                && let Some(explained) = gone::explained(id, Some(result.clone()), &states)
            {
                *result = explained;
            }
        }
        writes
    }

    /// Writes what was decided for an instance into the ledger.
    async fn write(&self, ssm: &Ssm, state: &mut State, id: &str, action: &WriteAction) -> Result<(), TargetError> {
        let now = self.ledger.now()?;
        let before = state.intent(id).cloned();
        let after = match (action, before.as_ref()) {
            (WriteAction::Adopt(command_id), Some(before)) => {
                tracing::info!(command_id, instance = id, "adopted a command whose answer was lost");
                before.then(IntentState::Sent { command_id: command_id.clone() })
            }
            (WriteAction::GiveUp(over), Some(before)) => {
                let command_id = before.open_command().map(str::to_owned);
                if let Some(command_id) = command_id.as_deref().filter(|id| state.is_unbegun(id)) {
                    cancel(ssm, command_id).await;
                }
                let started_at = command_id.as_deref().and_then(|id| state.began_at(id));
                let result = InvocationResult::None(over.reason());
                before.then(IntentState::Ended(End { command_id, started_at, ..End::without_command(now, result) }))
            }
            (WriteAction::BeginWaiting, before) => Intent {
                instance_id: id.to_owned(),
                attempt: before.map_or(0, |intent| intent.attempt),
                at: now,
                state: IntentState::Waiting,
            },
            (WriteAction::Record(result), before) => {
                tracing::info!(instance = id, result = ?result, "not sent");
                Intent::not_sent(id, before, now, result.clone())
            }
            (WriteAction::Cancel(command_id), _) => {
                cancel(ssm, command_id).await;
                state.note_cancelled(command_id);
                return Ok(());
            }
            // `next_action` gives these two only for an instance that has an intent.
            (WriteAction::Adopt(_) | WriteAction::GiveUp(_), None) => return Ok(()),
        };
        self.put(state, before.as_ref(), after).await?;
        Ok(())
    }

    async fn fetch(
        &self,
        (ssm, competing): (&Ssm, &CompetingPatchers),
        state: &mut State,
        fact: Fact,
        ids: &[String],
    ) -> Result<(), TargetError> {
        match fact {
            Fact::LookUp => {
                let looked_at = self.ledger.now()?;
                let since = ids.iter().filter_map(|id| state.intent(id)).map(|intent| intent.at).min();
                let comments: Vec<(String, String)> = ids.iter().map(|id| (id.clone(), self.comment(id))).collect();
                let wanted = comments.iter().map(|(_, comment)| comment.clone()).collect();
                let commands = self.call(ssm.commands_since(since.unwrap_or(looked_at), &wanted).await).await?;
                state.note_looked_up(&commands, comments, looked_at);
            }
            Fact::Competing => {
                let running = competing.running(&state.instance_ids(), &self.request.run_id).await;
                let running = self.call(running).await?;
                state.note_competing(&running, self.settings, (&self.request.run_id, self.ledger.now()?));
            }
            // The inventory has just said which instances are online.
            Fact::Online if self.request.phase == Phase::Scan => state.note_online(ids, &|_| true),
            Fact::Online => {
                let online = self.call(ssm.online(ids).await).await?;
                state.note_online(ids, &|id| online.contains(id));
            }
        }
        Ok(())
    }

    /// Sends commands, some at a time, and returns how many were throttled.
    async fn send_all(&self, ssm: &Ssm, state: &mut State, sends: &[Receiver]) -> Result<usize, TargetError> {
        let attempts: Vec<(&Receiver, Option<Intent>)> =
            sends.iter().map(|receiver| (receiver, state.intent(&receiver.instance_id).cloned())).collect();
        let mut sent = stream::iter(attempts.into_iter().map(|(receiver, before)| async move {
            let sent = Box::pin(self.send(ssm, receiver, before)).await?;
            Ok::<_, TargetError>((receiver.instance_id.clone(), sent))
        }))
        .buffer_unordered(SENDS_AT_ONCE);
        let mut throttled = 0;
        while let Some((id, sent)) = sent.try_next().await? {
            match sent {
                Sent::Written(intent) => state.note_written(intent),
                Sent::Throttled(intent) => {
                    throttled += 1;
                    state.note_written(intent);
                }
                Sent::Contested => state.note_contested(&id),
                Sent::NotNow => state.note_not_now(&id),
            }
        }
        Ok(throttled)
    }

    /// Writes the attempt, sends the command, and writes the result. If the function stops between two of these, the intent
    /// says how far it may have come.
    async fn send(&self, ssm: &Ssm, receiver: &Receiver, before: Option<Intent>) -> Result<Sent, TargetError> {
        let (id, place) = (&receiver.instance_id, self.member.place());
        let Some(turn) = self.paces.take_turn(&place, self.time.left()) else {
            return Ok(Sent::NotNow);
        };
        tokio::time::sleep(turn).await;
        if self.request.time_over(self.ledger.now()?).is_some() {
            return Ok(Sent::NotNow);
        }
        let request = &self.request;
        let snapshot_id = command::snapshot_id(&request.run_id, &request.target, receiver.os, self.withheld);
        let command = command::request(request.phase, id, &snapshot_id, self.comment(id), receiver.reboot);
        let attempt = Intent::attempt(id, before.as_ref(), self.ledger.now()?);
        let began = Instant::now();
        if self.ledger.write_intent(&self.scope(), self.place(), before.as_ref(), &attempt).await? == Write::TooLate {
            return Ok(Sent::Contested);
        }
        // The ledger has just stated the time. Between this and the call there must be nothing that takes time.
        let now = self.ledger.now()?;
        let is_old = now.as_second() - attempt.at.as_second() > FRESH_SECONDS || began.elapsed() > FRESH;
        if is_old || self.request.time_over(now).is_some() {
            return self.settle(&attempt, IntentState::Rejected).await;
        }
        let state = match ssm.send(&command).await {
            Ok(command_id) => {
                tracing::info!(command_id, instance = id, phase = request.phase.name(), pass = %request.pass, "sent");
                self.paces.taken(&place);
                IntentState::Sent { command_id }
            }
            Err(SendError::InvalidInstance(message)) => {
                let text = format!("Systems Manager cannot reach the instance: {message}");
                let offline = InvocationResult::Offline(Reason::new(ReasonCode::AgentOffline, text));
                let states = self.states(vec![id.clone()]).await;
                self.ended(gone::explained(id, Some(offline.clone()), &states).unwrap_or(offline))?
            }
            Err(SendError::Call(error)) => match error.kind {
                // Whether it was sent is not known. The list of commands will show it.
                Kind::Lost => return Ok(Sent::Written(attempt)),
                Kind::Throttled => {
                    self.paces.throttled(&place);
                    return Ok(match self.settle(&attempt, IntentState::Rejected).await? {
                        Sent::Written(intent) => Sent::Throttled(intent),
                        other => other,
                    });
                }
                Kind::Credentials => {
                    self.settle(&attempt, IntentState::Rejected).await?;
                    return Err(self.context.sessions.target_error(&request.target, error).await);
                }
                Kind::Denied
                | Kind::RegionDisabled
                | Kind::ConditionFailed
                | Kind::Conflict
                | Kind::NotFound
                | Kind::Rejected => {
                    let reason = Reason::new(ReasonCode::SendRefused, format!("the command was refused: {error}"));
                    self.ended(InvocationResult::Refused(reason))?
                }
            },
        };
        self.settle(&attempt, state).await
    }

    /// Writes what came of an attempt.
    async fn settle(&self, attempt: &Intent, state: IntentState) -> Result<Sent, TargetError> {
        let after = attempt.then(state);
        Ok(match self.ledger.write_intent(&self.scope(), self.place(), Some(attempt), &after).await? {
            Write::Done => Sent::Written(after),
            Write::TooLate => Sent::Contested,
        })
    }

    /// Returns the state of an instance to which nothing was sent.
    fn ended(&self, result: InvocationResult) -> Result<IntentState, RunError> {
        Ok(IntentState::Ended(End::without_command(self.ledger.now()?, result)))
    }

    /// Records the end of a command.
    async fn end(
        &self,
        state: &mut State,
        id: &str,
        intent: &Intent,
        found: Option<&Invocation>,
        result: InvocationResult,
    ) -> Result<(), TargetError> {
        tracing::info!(instance = id, phase = self.request.phase.name(), result = ?result, "ended");
        let ended = End {
            command_id: intent.open_command().map(str::to_owned),
            started_at: found.and_then(|found| found.started_at),
            // A command that timed out has an end, too, but the agent has not.
            finished_at: found.filter(|_| result.is_answer()).and_then(|found| found.finished_at),
            ..End::without_command(self.ledger.now()?, result)
        };
        self.put(state, Some(intent), intent.then(IntentState::Ended(ended))).await
    }

    async fn put(&self, state: &mut State, before: Option<&Intent>, after: Intent) -> Result<(), TargetError> {
        match self.ledger.write_intent(&self.scope(), self.place(), before, &after).await? {
            Write::Done => state.note_written(after),
            // Another copy of the function was first. What it did is seen at the next look.
            Write::TooLate => state.note_contested(&after.instance_id),
        }
        Ok(())
    }

    async fn all<I, T, F>(&self, items: Vec<I>, call: impl Fn(I) -> F) -> Result<Vec<T>, TargetError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        self.call(stream::iter(items.into_iter().map(call)).buffer_unordered(CALLS_AT_ONCE).try_collect().await).await
    }

    async fn call<T>(&self, result: Result<T, CallError>) -> Result<T, TargetError> {
        self.context.sessions.target_result(&self.request.target, result).await
    }

    fn scope(&self) -> IntentScope {
        IntentScope::of(&self.request.run_id, &self.request.step, &self.request.target)
    }

    fn place(&self) -> (Phase, Pass) {
        (self.request.phase, self.request.pass)
    }

    fn comment(&self, instance_id: &str) -> String {
        let TargetRequest { run_id, step, target, .. } = self.request;
        command::comment(run_id, step, target, self.place(), instance_id)
    }
}

/// What came of an attempt to send.
enum Sent {
    /// This is in the ledger now.
    Written(Intent),
    /// The service throttled the call; this is in the ledger now.
    Throttled(Intent),
    /// Another copy of the function works on the instance.
    Contested,
    /// It is not its turn in this call of the function.
    NotNow,
}

/// What is written about an instance to which nothing is sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WriteAction {
    Adopt(String),
    GiveUp(TimeOver),
    BeginWaiting,
    Record(InvocationResult),
    Cancel(String),
}

impl WriteAction {
    /// Returns what is to be written for an action; None if nothing is.
    fn of(action: NextAction<'_>) -> Option<Self> {
        Some(match action {
            NextAction::Adopt(command_id) => Self::Adopt(command_id.to_owned()),
            NextAction::GiveUp(over) => Self::GiveUp(over),
            NextAction::BeginWaiting(_) => Self::BeginWaiting,
            NextAction::Record(result) => Self::Record(result),
            NextAction::Cancel(command_id) => Self::Cancel(command_id.to_owned()),
            _ => return None,
        })
    }
}

/// Tries to cancel a command. Where that fails, the command ends by itself, or is cancelled at the next look.
async fn cancel(ssm: &Ssm, command_id: &str) {
    if let Err(error) = ssm.cancel(command_id).await {
        tracing::warn!(command_id, %error, "the command was not cancelled");
    }
}
