//! The next action for an instance in a phase. Pure: the code around it fetches what is asked for, acts, and asks again.

use std::collections::HashSet;

use jiff::Timestamp;
use orgpatch_model::english::counted;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;
use orgpatch_plan::MaxErrors;

use super::intent::{Intent, IntentState, SETTLE_SECONDS};
use super::invocation::InvocationResult;
use crate::competing;
use crate::competing::{Action, ConflictDecision};

/// How long to wait for the end of a command of orgpatch's own that is in the way, in seconds.
const OURS_LOOK_SECONDS: u32 = 60;

/// A target's execution looks at most so many times. Step Functions ends an execution at 25,000 events (quotas of Step
/// Functions); a look is nine, and retries need room.
const MAX_LOOKS: u32 = 1_000;

/// What is left for the scan behind an install, in seconds and in looks. The shortest deadline is three times as long.
const SECONDS_FOR_PROOF: i64 = 600;
const LOOKS_FOR_PROOF: u32 = 20;

/// Why nothing further is sent in a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOver {
    /// The deadline of the step has passed, or is too near for another install.
    Deadline(Timestamp),
    /// The execution has looked as often as it may.
    Looks,
    /// The run has ended and is being closed.
    RunEnded,
}

impl TimeOver {
    /// Returns the reason of an instance that has no answer by then.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::Deadline(at) => Reason::new(
                ReasonCode::Deadline,
                format!("there was no answer in time; the deadline of the step is {at:.0}"),
            ),
            Self::Looks => Reason::new(
                ReasonCode::TooManyLooks,
                format!("there was no answer after orgpatch had looked {MAX_LOOKS} times, which is the most"),
            ),
            Self::RunEnded => Reason::new(ReasonCode::RunEnded, "the run ended before there was an answer"),
        }
    }
}

/// Returns whether the time of a phase is over: nothing further is sent, and what is open is given up. `deadline` is that of
/// the step, `look` counts the looks of the target's execution.
///
/// An install has to end a little earlier, so that one instance that hangs does not keep the others from being proved.
#[must_use]
pub fn time_over(phase: Phase, now: Timestamp, deadline: Timestamp, look: u32) -> Option<TimeOver> {
    if now >= ends_at(phase, deadline) {
        return Some(TimeOver::Deadline(deadline));
    }
    has_no_look_left(phase, look).then_some(TimeOver::Looks)
}

/// Returns true if a phase has looked as often as it may.
#[must_use]
pub fn has_no_look_left(phase: Phase, look: u32) -> bool {
    let looks = if phase == Phase::Install { MAX_LOOKS - LOOKS_FOR_PROOF } else { MAX_LOOKS };
    look >= looks
}

/// Returns the moment at which the time of a phase is over.
#[must_use]
pub fn ends_at(phase: Phase, deadline: Timestamp) -> Timestamp {
    if phase != Phase::Install {
        return deadline;
    }
    Timestamp::from_second(deadline.as_second().saturating_sub(SECONDS_FOR_PROOF)).unwrap_or(Timestamp::MIN)
}

/// The errors of a target, counted over all instances of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errors {
    /// Instances whose install failed, in any pass.
    pub counted: usize,
    /// How many may fail: one more, and nothing further is sent.
    pub allowed: usize,
}

impl Errors {
    /// Counts the errors of all installs of a target. `instances` is the number of instances in the target's order.
    #[must_use]
    pub fn count<'i>(intents: impl IntoIterator<Item = &'i Intent>, max_errors: &MaxErrors, instances: usize) -> Self {
        let failed = |intent: &&Intent| intent.end().is_some_and(|end| end.result.is_error());
        // An instance that failed in both passes is one.
        let failed: HashSet<&str> = intents.into_iter().filter(failed).map(|one| one.instance_id.as_str()).collect();
        Self { counted: failed.len(), allowed: max_errors.of(instances) }
    }

    fn are_too_many(self) -> bool {
        self.counted > self.allowed
    }
}

/// What is the same for all instances of a target at the moment of the question.
#[derive(Debug, Clone, Copy)]
pub struct TargetFacts {
    /// The moment of the question, by the clock of the ledger.
    pub now: Timestamp,
    /// What is being done.
    pub phase: Phase,
    /// Instances that use a place now.
    pub in_flight: usize,
    /// How many places there are.
    pub places: usize,
    /// The errors of an install; None for a scan, which goes on whatever fails.
    pub errors: Option<Errors>,
    /// Why nothing further is sent, if so.
    pub time_over: Option<TimeOver>,
}

/// What a look into the service's list of commands shows of an attempt whose end is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUp<'a> {
    /// Its command.
    Found(&'a str),
    /// No command with its comment.
    NotFound {
        /// When the list was asked for, or a moment before. A command that was sent later is not in it.
        looked_at: Timestamp,
    },
}

/// A command of orgpatch's own, of another phase or pass, that has not ended on the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OursOpen<'a> {
    /// Id of the command.
    pub command_id: &'a str,
    /// True if the agent may have begun, or the command is being cancelled: then only its end can be awaited.
    pub has_begun: bool,
}

/// What is known of an instance. What is None was not asked yet; [`NextAction::Ask`] says when it is needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstanceFacts<'a> {
    /// Its intent in this phase and pass, if there is one.
    pub intent: Option<&'a Intent>,
    /// What the list of commands shows of it.
    pub look_up: Option<LookUp<'a>>,
    /// The command of ours that is in the way of an install, if one is.
    pub ours: Option<OursOpen<'a>>,
    /// What to do about patch commands of other tools; only an install asks. `Some(None)`: there is none.
    pub competing: Option<Option<&'a ConflictDecision>>,
    /// Whether its agent is online.
    pub online: Option<bool>,
}

/// A fact on which the decision depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// [`InstanceFacts::look_up`].
    LookUp,
    /// [`InstanceFacts::competing`].
    Competing,
    /// [`InstanceFacts::online`].
    Online,
}

/// What to do next for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction<'a> {
    /// Nothing: it has ended.
    Nothing,
    /// Its command is open: look for its end.
    AwaitEnd,
    /// Its command is open and the time is over: record that its answer came too late, and cancel the command unless the
    /// agent has begun.
    GiveUp(TimeOver),
    /// Fetch that fact, and ask again.
    Ask(Fact),
    /// The command that was found is ours: record it.
    Adopt(&'a str),
    /// Write the intent of a new attempt, then send.
    Send,
    /// Cancel a command of ours that is in the way and has not begun; then await its end.
    Cancel(&'a str),
    /// Record that it has begun to wait for the end of another tool's command; look again after so many seconds.
    BeginWaiting(u32),
    /// Look again after so many seconds; nothing else can be done before.
    Wait(u32),
    /// All places are taken.
    AwaitPlace,
    /// Record that nothing is sent, with that result.
    Record(InvocationResult),
}

/// Returns what to do next for an instance.
#[must_use]
pub fn next_action<'a>(instance: &InstanceFacts<'a>, target: &TargetFacts) -> NextAction<'a> {
    match instance.intent.map(|intent| (intent, &intent.state)) {
        Some((_, IntentState::Ended(_))) => NextAction::Nothing,
        Some((_, IntentState::Sent { .. })) => target.time_over.map_or(NextAction::AwaitEnd, NextAction::GiveUp),
        Some((intent, IntentState::Intended)) => match instance.look_up {
            None => NextAction::Ask(Fact::LookUp),
            Some(LookUp::Found(command_id)) => NextAction::Adopt(command_id),
            Some(LookUp::NotFound { looked_at }) => match unsettled_seconds(intent, looked_at) {
                Some(seconds) => NextAction::Wait(seconds),
                None => unsent(instance, target),
            },
        },
        None | Some((_, IntentState::Waiting | IntentState::Rejected)) => unsent(instance, target),
    }
}

/// Returns for how many seconds it stays unknown whether an attempt has sent its command; None if a list of that time is
/// believed.
fn unsettled_seconds(intent: &Intent, looked_at: Timestamp) -> Option<u32> {
    let left = SETTLE_SECONDS - (looked_at.as_second() - intent.at.as_second());
    // A moment before the attempt is no reason to wait longer than after it.
    (left > 0).then(|| u32::try_from(left.min(SETTLE_SECONDS)).unwrap_or(1))
}

/// Decides for an instance of which it is certain that nothing is under way.
fn unsent<'a>(instance: &InstanceFacts<'a>, target: &TargetFacts) -> NextAction<'a> {
    if let Some(errors) = target.errors.filter(|errors| errors.are_too_many()) {
        let text = format!(
            "nothing was sent, because the install failed on {} of this account and Region; `maxErrors` allows {}",
            counted(errors.counted, "instance"),
            errors.allowed
        );
        return NextAction::Record(InvocationResult::StoppedBeforeTurn(Reason::new(ReasonCode::MaxErrors, text)));
    }
    match target.time_over {
        // Nothing is known to be wrong with the instance: its turn did not come.
        Some(TimeOver::RunEnded) if target.phase == Phase::Install => {
            let reason = Reason::new(ReasonCode::RunEnded, "nothing was sent, because the run ended before");
            return NextAction::Record(InvocationResult::StoppedBeforeTurn(reason));
        }
        Some(over) => return NextAction::Record(InvocationResult::None(over.reason())),
        None => {}
    }
    // An attempt of which nothing came still uses its own place.
    let holds_place = instance.intent.is_some_and(Intent::is_in_flight);
    if target.in_flight >= target.places && !holds_place {
        return NextAction::AwaitPlace;
    }
    if target.phase == Phase::Install
        && let Some(action) = in_the_way(instance, target.now)
    {
        return action;
    }
    match instance.online {
        None => NextAction::Ask(Fact::Online),
        Some(true) => NextAction::Send,
        Some(false) => NextAction::Record(InvocationResult::Offline(Reason::new(
            ReasonCode::AgentOffline,
            "the SSM Agent was offline when orgpatch wanted to send the command",
        ))),
    }
}

/// Returns what to do about commands that are in the way of an install, ours or another tool's; None if there are none.
fn in_the_way<'a>(instance: &InstanceFacts<'a>, now: Timestamp) -> Option<NextAction<'a>> {
    match instance.ours {
        Some(OursOpen { has_begun: true, .. }) => return Some(NextAction::Wait(OURS_LOOK_SECONDS)),
        Some(OursOpen { command_id, has_begun: false }) => return Some(NextAction::Cancel(command_id)),
        None => {}
    }
    let Some(competing) = instance.competing else { return Some(NextAction::Ask(Fact::Competing)) };
    let decision = competing?;
    if decision.action == Action::Wait {
        return Some(match instance.intent {
            Some(Intent { state: IntentState::Waiting, at, .. }) => {
                NextAction::Wait(competing::look_again_seconds(*at, now))
            }
            _ => NextAction::BeginWaiting(competing::look_again_seconds(now, now)),
        });
    }
    let end = decision.action.left_alone()?;
    let reason = decision.reason()?.clone();
    Some(NextAction::Record(InvocationResult::LeftOut { end, reason }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::competing::Conflict;
    use crate::sending::intent::End;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn target() -> TargetFacts {
        let errors = Some(Errors { counted: 0, allowed: 0 });
        TargetFacts { now: at(1_000), phase: Phase::Install, in_flight: 0, places: 1, errors, time_over: None }
    }

    fn intent(state: IntentState) -> Intent {
        Intent { instance_id: "i-1".into(), attempt: 1, at: at(900), state }
    }

    fn decision(action: Action) -> ConflictDecision {
        let reason = Reason::new(ReasonCode::ConflictRunningCommand, "busy");
        ConflictDecision { action, conflicts: vec![Conflict { action, reason }] }
    }

    /// An instance of which everything is known, and that may be sent.
    const READY: InstanceFacts<'static> =
        InstanceFacts { intent: None, look_up: None, ours: None, competing: Some(None), online: Some(true) };

    #[test]
    fn every_situation_has_its_action() {
        let sent = intent(IntentState::Sent { command_id: "c".into() });
        let intended = intent(IntentState::Intended);
        let (rejected, waiting) = (intent(IntentState::Rejected), intent(IntentState::Waiting));
        let ended = intent(IntentState::Ended(End::without_command(at(0), InvocationResult::Succeeded)));
        let (wait, skip, fail) = (decision(Action::Wait), decision(Action::Skip), decision(Action::Fail));
        let with = |intent| InstanceFacts { intent: Some(intent), ..READY };
        let not_found = |second| Some(LookUp::NotFound { looked_at: at(second) });
        let over = TargetFacts { time_over: Some(TimeOver::Deadline(at(990))), ..target() };
        let closing = TargetFacts { time_over: Some(TimeOver::RunEnded), ..target() };
        let full = TargetFacts { in_flight: 1, ..target() };
        let errors = TargetFacts { errors: Some(Errors { counted: 1, allowed: 0 }), ..target() };
        let scan = TargetFacts { phase: Phase::Scan, errors: None, ..target() };
        let unknown = InstanceFacts::default();
        let ours = |has_begun| Some(OursOpen { command_id: "scan", has_begun });
        let cases: Vec<(&str, InstanceFacts, TargetFacts)> = vec![
            ("new, all known", READY, target()),
            ("new, nothing known", unknown, target()),
            ("new, nothing known, scan", unknown, scan),
            ("new, not known whether online", InstanceFacts { online: None, ..READY }, target()),
            ("new, offline", InstanceFacts { online: Some(false), ..READY }, target()),
            ("new, no place", READY, full),
            ("new, too many errors", READY, errors),
            ("new, time over", READY, over),
            ("new, run ended", READY, closing),
            ("new, run ended, scan", READY, TargetFacts { phase: Phase::Verify, errors: None, ..closing }),
            ("sent, run ended", with(&sent), closing),
            ("new, our scan begun", InstanceFacts { ours: ours(true), ..READY }, target()),
            ("new, our scan not begun", InstanceFacts { ours: ours(false), ..READY }, target()),
            ("new, other tool", InstanceFacts { competing: Some(Some(&wait)), ..READY }, target()),
            ("new, other tool, scan", InstanceFacts { competing: Some(Some(&wait)), ..READY }, scan),
            ("new, other tool, skip", InstanceFacts { competing: Some(Some(&skip)), ..READY }, target()),
            ("new, other tool, fail", InstanceFacts { competing: Some(Some(&fail)), ..READY }, target()),
            ("waiting, other tool", InstanceFacts { competing: Some(Some(&wait)), ..with(&waiting) }, target()),
            ("waiting, free", with(&waiting), target()),
            ("waiting, too many errors", with(&waiting), errors),
            ("rejected", with(&rejected), target()),
            ("rejected, no place", with(&rejected), full),
            ("sent", with(&sent), full),
            ("sent, too many errors", with(&sent), errors),
            ("sent, time over", with(&sent), over),
            ("intended, not looked up", with(&intended), full),
            ("intended, found", InstanceFacts { look_up: Some(LookUp::Found("c")), ..with(&intended) }, full),
            ("intended, not found, soon", InstanceFacts { look_up: not_found(1_000), ..with(&intended) }, full),
            ("intended, not found, late", InstanceFacts { look_up: not_found(1_020), ..with(&intended) }, full),
            (
                "intended, found, time over",
                InstanceFacts { look_up: Some(LookUp::Found("c")), ..with(&intended) },
                over,
            ),
            (
                "intended, not found, soon, time over",
                InstanceFacts { look_up: not_found(1_000), ..with(&intended) },
                over,
            ),
            (
                "intended, not found, late, time over",
                InstanceFacts { look_up: not_found(1_020), ..with(&intended) },
                over,
            ),
            ("ended", with(&ended), over),
        ];
        let lines: Vec<String> = cases
            .iter()
            .map(|(case, instance, target)| format!("{case}: {}", short(&next_action(instance, target))))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        new, all known: Send
        new, nothing known: Ask(Competing)
        new, nothing known, scan: Ask(Online)
        new, not known whether online: Ask(Online)
        new, offline: record offline (agent-offline)
        new, no place: AwaitPlace
        new, too many errors: record not attempted (max-errors)
        new, time over: record unreachable (deadline)
        new, run ended: record not attempted (run-ended)
        new, run ended, scan: record unreachable (run-ended)
        sent, run ended: GiveUp(RunEnded)
        new, our scan begun: Wait(60)
        new, our scan not begun: Cancel("scan")
        new, other tool: BeginWaiting(60)
        new, other tool, scan: Send
        new, other tool, skip: record left out (Skipped)
        new, other tool, fail: record left out (Failed)
        waiting, other tool: Wait(60)
        waiting, free: Send
        waiting, too many errors: record not attempted (max-errors)
        rejected: Send
        rejected, no place: AwaitPlace
        sent: AwaitEnd
        sent, too many errors: AwaitEnd
        sent, time over: GiveUp(Deadline(2027-01-15T08:16:30Z))
        intended, not looked up: Ask(LookUp)
        intended, found: Adopt("c")
        intended, not found, soon: Wait(20)
        intended, not found, late: Send
        intended, found, time over: Adopt("c")
        intended, not found, soon, time over: Wait(20)
        intended, not found, late, time over: record unreachable (deadline)
        ended: Nothing
        "#);
    }

    fn short(action: &NextAction<'_>) -> String {
        match action {
            NextAction::Record(InvocationResult::None(reason)) => format!("record unreachable ({})", reason.code),
            NextAction::Record(InvocationResult::Offline(reason)) => format!("record offline ({})", reason.code),
            NextAction::Record(InvocationResult::LeftOut { end, .. }) => format!("record left out ({end:?})"),
            NextAction::Record(InvocationResult::StoppedBeforeTurn(reason)) => {
                format!("record not attempted ({})", reason.code)
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_time_is_over_at_the_deadline_or_after_a_thousand_looks() {
        let (scan, install) = (Phase::Verify, Phase::Install);
        assert_eq!(time_over(scan, at(9), at(10), 999), None);
        assert_eq!(time_over(scan, at(10), at(10), 0), Some(TimeOver::Deadline(at(10))));
        assert_eq!(time_over(scan, at(9), at(10), 1_000), Some(TimeOver::Looks));
        assert_eq!(time_over(install, at(399), at(1_000), 979), None);
        assert_eq!(time_over(install, at(400), at(1_000), 0), Some(TimeOver::Deadline(at(1_000))));
        assert_eq!(time_over(install, at(0), at(1_000), 980), Some(TimeOver::Looks));
    }

    #[test]
    fn errors_are_failed_documents_and_are_measured_against_the_whole_order() {
        let ended = |id: &str, result| Intent {
            instance_id: id.into(),
            ..intent(IntentState::Ended(End::without_command(at(0), result)))
        };
        let reason = || Reason::new(ReasonCode::ExitCode(1), "x");
        let intents = [
            ended("i-1", InvocationResult::Failed(reason())),
            ended("i-1", InvocationResult::Failed(reason())),
            ended("i-2", InvocationResult::None(reason())),
            ended("i-3", InvocationResult::Succeeded),
            intent(IntentState::Intended),
        ];
        let errors = Errors::count(&intents, &"10%".parse().expect("a share"), 19);
        assert_eq!((errors.counted, errors.allowed, errors.are_too_many()), (1, 1, false));
        assert!(Errors::count(&intents, &"10%".parse().expect("a share"), 9).are_too_many());
    }
}
