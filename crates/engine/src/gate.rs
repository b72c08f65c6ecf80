//! The three questions about a step: may it start, what would it install, may the next one start.

mod tally;

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::english::counted;
use orgpatch_model::input::Operation;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::{Counts, Outcome, TargetCounts, TargetOutcome};
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::Gate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tally::StageTally;
pub use tally::{SkippedInstances, StepTally, counts_as_skipped};

use crate::install::order::{InstallOrder, LeftOut, OrderedInstance};
use crate::planner::StepSettings;
use crate::results::TargetRecord;
use crate::stage_memory::StageStep;

/// Answer of `gate`. The state machine reads `decision` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateAnswer {
    /// What to do next.
    pub decision: GateDecision,
    /// Why.
    pub reason: Reason,
}

/// What `gate` decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateDecision {
    /// Enter: the step starts.
    Go,
    /// Enter, when the run is closed: the installs of the step are asked once more, and nothing is sent.
    Close,
    /// Review: there is something to install.
    Install,
    /// Review: there is nothing to install, go on to Judge.
    Skip,
    /// Judge: the next step may start.
    Advance,
    /// Enter or Judge: this step, or the next, does not start.
    Halt,
}

/// An error as the state machine catches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CaughtError {
    /// Its name.
    pub error: String,
    /// Its text; from a Lambda function a JSON document with `errorMessage`.
    #[serde(default)]
    pub cause: String,
}

impl CaughtError {
    /// The error in one line: its name and the message inside its cause.
    #[must_use]
    pub fn sentence(&self) -> String {
        let message = self.message();
        if message.is_empty() { self.error.clone() } else { format!("{}: {message}", self.error) }
    }

    /// Returns the message inside its cause.
    #[must_use]
    pub fn message(&self) -> String {
        serde_json::from_str::<Value>(&self.cause)
            .ok()
            .and_then(|cause| Some(cause.get("errorMessage")?.as_str()?.to_owned()))
            .unwrap_or_else(|| self.cause.clone())
    }
}

/// `gate.json`: the decision about a step and the numbers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateRecord {
    /// The step's id.
    pub step: String,
    /// When it was decided.
    pub at: Timestamp,
    /// `advance` or `halt`.
    pub decision: GateDecision,
    /// Why.
    pub reason: Reason,
    /// Instances by outcome.
    pub counts: Counts,
    /// Targets by outcome.
    #[serde(default)]
    pub targets: TargetCounts,
    /// Instances that are `pending-reboot` because the plan never reboots them. They count as succeeded.
    #[serde(default, skip_serializing_if = "orgpatch_model::outcome::is_zero")]
    pub pending_as_planned: u64,
    /// The limits it was measured against.
    pub limits: Gate,
    /// The skipped instances that count. Absent: the plan does not limit them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkippedInstances>,
}

impl GateRecord {
    /// Returns the record of a decision about a step, made at a time.
    #[must_use]
    pub fn of(settings: &StepSettings, at: Timestamp, answer: &GateAnswer, tally: StepTally) -> Self {
        Self {
            step: settings.step.clone(),
            at,
            decision: answer.decision,
            reason: answer.reason.clone(),
            skipped: settings.gate.max_skipped_percent.map(|_| tally.skipped()),
            pending_as_planned: tally.pending_as_planned,
            counts: tally.counts,
            targets: tally.targets,
            // Programs that read reports find the number of the step there, also where the plan has none.
            limits: Gate { min_succeeded: Some(settings.gate.min_succeeded.unwrap_or(0)), ..settings.gate },
        }
    }
}

/// Enter: a step starts only if every step before it has advanced. A missing decision is a no: what cannot be
/// shown to have passed has not passed.
#[must_use]
pub fn enter<'a>(earlier: impl IntoIterator<Item = (&'a str, Option<&'a GateRecord>)>) -> GateAnswer {
    for (step, record) in earlier {
        let reason = match record {
            Some(record) if record.decision == GateDecision::Advance => continue,
            Some(record) => {
                Reason::new(ReasonCode::Halted, format!("the run halted at step {step}: {}", record.reason.text))
            }
            None => Reason::new(ReasonCode::Halted, format!("the run halted at step {step}: it was never judged")),
        };
        return GateAnswer { decision: GateDecision::Halt, reason };
    }
    GateAnswer {
        decision: GateDecision::Go,
        reason: Reason::new(ReasonCode::EarlierStepsAdvanced, "every step before this one has advanced"),
    }
}

/// Enter of a step in which a run ended that is now closed.
#[must_use]
pub fn close() -> GateAnswer {
    let text = "the run ended in this step; what was under way is asked once more";
    GateAnswer { decision: GateDecision::Close, reason: Reason::new(ReasonCode::RunEnded, text) }
}

/// Enter of a frozen step: returns when the first stage was scanned, to which the step is frozen.
///
/// A scan run goes on without: the step is scanned as if the first stage had been scanned `now`.
///
/// Error: in an install run, the first stage advanced without a scan, because no account could be entered and its gate allows
/// that. There is nothing to be frozen to, and the step does not start. It is this step that halts the run, so it gets a
/// [`GateRecord`] like any other step that does.
pub fn frozen_to(operation: Operation, scanned_at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, GateAnswer> {
    if operation == Operation::Scan {
        return Ok(scanned_at.unwrap_or(now));
    }
    scanned_at.ok_or_else(|| {
        let text = "this stage gets what the first stage was judged on, but nothing was scanned there";
        GateAnswer { decision: GateDecision::Halt, reason: Reason::new(ReasonCode::NothingTested, text) }
    })
}

/// Review: what a target's scan gives to install; None if there is nothing. An instance that only waits for a
/// reboot is part of it unless the plan never reboots it, since an install with `RebootIfNeeded` is how it gets one.
///
/// An instance whose operating system this version does not know is left out with a reason. The scan selects none, but
/// the record of the scan may be of a newer version that knows more systems.
#[must_use]
pub fn order(scan: &TargetRecord) -> Option<InstallOrder> {
    let (mut instances, mut left_out) = (Vec::new(), Vec::new());
    for row in &scan.instances {
        let wanted = match row.outcome {
            Outcome::Missing => true,
            Outcome::PendingReboot => row.never_reboot.is_none(),
            _ => false,
        };
        if !wanted {
            continue;
        }
        match row.os.as_ref().and_then(Platform::supported) {
            Some(os) => instances.push(OrderedInstance {
                instance_id: row.instance_id.clone(),
                os,
                availability_zone: row.availability_zone.clone(),
                missing: row.missing_before.clone(),
                more: row.more_missing_before,
                untested: Vec::new(),
                held_back: Vec::new(),
                reason: row.reason.clone(),
                never_reboot: row.never_reboot.clone(),
            }),
            None => left_out.push(LeftOut {
                instance_id: row.instance_id.clone(),
                outcome: Outcome::NotReady,
                reason: unknown_system(row.os.as_ref()),
                held_back: Vec::new(),
            }),
        }
    }
    (!instances.is_empty() || !left_out.is_empty()).then(|| InstallOrder {
        account_id: scan.target.account_id.clone(),
        region: scan.target.region.clone(),
        instances,
        left_out,
        withheld: WithheldPatches::new(),
        scanned_at: BTreeMap::new(),
    })
}

fn unknown_system(platform: Option<&Platform>) -> Reason {
    let system = platform.map_or_else(|| "unknown".to_owned(), |platform| format!("{:?}", platform.name()));
    Reason::new(
        ReasonCode::OperatingSystemNotSupported,
        format!("the instance was scanned, but this version of orgpatch cannot patch its operating system ({system})"),
    )
}

/// The default of `maxTargetsNotReached` for targets with the outcome `error`: this percentage of the step's targets, rounded
/// up.
const ERROR_PERCENT: u64 = 10;

/// What the gate of a step is measured by.
#[derive(Debug, Clone, Copy)]
pub struct Criteria<'a> {
    /// What the run does.
    pub operation: Operation,
    /// The limits of the stage.
    pub gate: &'a Gate,
    /// The place of the step in its stage, and the decisions about the stage's earlier steps. None: the run installs nothing.
    pub stage: Option<(&'a StageStep, &'a [GateRecord])>,
}

/// Decides whether the next step may start.
///
/// A run that installs nothing passes whatever it found, since nothing that it found can spread, and people want to see all
/// of it. Only a step that broke halts it. Records that another writer has changed halt an install run whatever the plan
/// tolerates.
#[must_use]
pub fn judge(criteria: Criteria<'_>, tally: &StepTally, error: Option<&CaughtError>) -> GateAnswer {
    let Criteria { operation, gate, stage } = criteria;
    let advance = |code, text: String| GateAnswer {
        decision: GateDecision::Advance,
        reason: Reason::new(code, text + &tally.about_targets()),
    };
    if let Some(error) = error {
        return halt(ReasonCode::StepBroken, format!("the step broke: {}", error.sentence()));
    }
    if operation == Operation::Scan {
        return advance(ReasonCode::ScanRun, "a scan run installs nothing, so no limit applies".to_owned());
    }
    // What AWS refuses in every target of a stage, or what orgpatch cannot reach there, must not go on to the next.
    if operation == Operation::ApplyBaselines
        && let Some(halt) = too_many_targets(gate, tally)
    {
        return halt;
    }
    if operation.is_about_baselines_only() {
        let text = "this run is about baselines only, so no limit about instances applies";
        return advance(ReasonCode::BaselinesOnly, text.to_owned());
    }
    if tally.changed > 0 {
        let text = format!("records of {} were changed by another writer; see their reasons", targets(tally.changed));
        return halt(ReasonCode::RecordsChanged, text);
    }
    if let Some(halt) = too_many_targets(gate, tally).or_else(|| too_many_refused(tally)) {
        return halt;
    }
    let (attempted, unreachable) = tally.attempted_and_unreachable(gate.max_targets_not_reached.is_some());
    let failed = tally.counts.of(Outcome::Failed);
    if exceeds(failed, attempted, gate.max_failed_percent) {
        return halt(
            ReasonCode::TooManyFailed,
            format!(
                "{failed} of {} failed (limit {}%)",
                counted(attempted, "attempted instance"),
                gate.max_failed_percent
            ),
        );
    }
    if exceeds(unreachable, attempted, gate.max_unreachable_percent) {
        return halt(
            ReasonCode::TooManyUnreachable,
            format!(
                "{unreachable} of {} ended as unreachable (limit {}%)",
                counted(attempted, "attempted instance"),
                gate.max_unreachable_percent
            ),
        );
    }
    if let Some(halt) = too_many_skipped(gate, tally) {
        return halt;
    }
    let (succeeded, least) = (tally.succeeded(), gate.min_succeeded.unwrap_or(0));
    if succeeded < u64::from(least) {
        let what = match tally.pending_as_planned {
            0 => "patched or compliant",
            _ => "patched, compliant or pending a reboot as planned",
        };
        let text = format!("instances {what}: {succeeded} (minimum {least})");
        return halt(ReasonCode::TooFewSucceeded, text + &tally.about_targets());
    }
    if let Some((step, earlier_waves)) = stage.filter(|(step, _)| step.must_prove) {
        let stage = StageTally::of(earlier_waves, tally);
        if !stage.proves_something() {
            let text = format!(
                "{} proved nothing: none of its instances is patched or compliant ({})",
                step.stage,
                stage.sentence()
            );
            return halt(ReasonCode::NothingProved, text);
        }
    }
    advance(ReasonCode::WithinLimits, attempts(tally, attempted, unreachable))
}

fn halt(code: ReasonCode, text: String) -> GateAnswer {
    GateAnswer { decision: GateDecision::Halt, reason: Reason::new(code, text) }
}

/// Returns the halt of an install run in which more targets were not reached than the gate allows; None if they are few
/// enough.
///
/// Where the plan names no limit, an account that does not let orgpatch in is the business of its owner and not limited. A
/// target that failed may be one of ten, but a step in which all fail shows a fault of orgpatch or AWS. A result that is lost
/// halts, because what happened there is unknown.
fn too_many_targets(gate: &Gate, tally: &StepTally) -> Option<GateAnswer> {
    let all = tally.targets.all();
    if let Some(limit) = gate.max_targets_not_reached {
        let not_reached = tally.not_reached();
        return (not_reached > limit.rounded_up(all)).then(|| {
            let kinds = tally.not_reached_by_kind();
            let text = format!("{not_reached} of {} were not reached: {kinds} (limit {limit})", targets(all));
            halt(ReasonCode::TooManyTargetsNotReached, text)
        });
    }
    if tally.lost > 0 {
        let text = format!("the results of {} are lost; see their reasons", targets(tally.lost));
        return Some(halt(ReasonCode::ResultsLost, text));
    }
    let errors = tally.errors();
    too_many_for_the_default(errors, tally).map(|Passed { all, limit }| {
        let text = format!("{errors} of {all} ended as {} ({limit}); see their reasons", TargetOutcome::Error);
        halt(ReasonCode::TooManyTargetsNotReached, text)
    })
}

/// Returns the halt of an install run in which AWS refused the plan's baselines in more targets than may end as `error`.
///
/// One account may have a policy of its own against them. A value that AWS takes nowhere is a fault of the plan: whole
/// operating systems are skipped then, and the night must not look like a good one.
fn too_many_refused(tally: &StepTally) -> Option<GateAnswer> {
    too_many_for_the_default(tally.refused, tally).map(|Passed { all, limit }| {
        let text = format!(
            "AWS refused a baseline of the plan in {} of {all} ({limit}); see the reasons of the instances that were skipped",
            tally.refused
        );
        halt(ReasonCode::TooManyBaselinesRefused, text)
    })
}

/// Returns the halt of an install run in which more of the instances that the plan selects were skipped than the plan allows;
/// None if they are few enough, or the plan has no limit.
///
/// A skipped instance is in no other number of the gate, so an owner who tags all instances of an account as exempt, or lets
/// another tool patch them, would leave it for ever without any gate saying so.
fn too_many_skipped(gate: &Gate, tally: &StepTally) -> Option<GateAnswer> {
    let limit = gate.max_skipped_percent?;
    let SkippedInstances { skipped, selected } = tally.skipped();
    exceeds(skipped, selected, limit).then(|| {
        // Rounded up: a percentage that is shown as the limit itself would not explain the halt.
        let tenths = (skipped * 1_000).div_ceil(selected);
        let why = tally.most_frequent_skip().map(|(code, n)| format!("; most frequent reason: {code} ({n})"));
        let text = format!(
            "{skipped} of {} that the plan selects {} skipped: {}.{}% (limit {limit}%){}",
            counted(selected, "instance"),
            if skipped == 1 { "was" } else { "were" },
            tenths / 10,
            tenths % 10,
            why.unwrap_or_default()
        );
        halt(ReasonCode::TooManySkipped, text)
    })
}

/// A default limit that was passed, in words.
struct Passed {
    /// The targets of which there are too many such.
    all: String,
    /// The limit.
    limit: String,
}

/// Returns the limit that holds where the plan has none, if so many of a step's targets are more: [`ERROR_PERCENT`] of those
/// that can be worked on, rounded up, but never all of them.
fn too_many_for_the_default(n: u64, tally: &StepTally) -> Option<Passed> {
    let workable = tally.workable();
    let limit = (workable * ERROR_PERCENT).div_ceil(100).min(workable.saturating_sub(1));
    (n > limit)
        .then(|| Passed { all: targets(workable), limit: format!("limit {limit}: {ERROR_PERCENT}%, but never all") })
}

fn targets(n: u64) -> String {
    counted(usize::try_from(n).unwrap_or(usize::MAX), "target")
}

/// Says how the attempted instances ended, and how many needed nothing. `attempted` and `unreachable` are those that count.
fn attempts(tally: &StepTally, attempted: u64, unreachable: u64) -> String {
    let counts = &tally.counts;
    let pending = match tally.pending_as_planned {
        0 => "pending reboot".to_owned(),
        n => format!("pending reboot ({n} as planned)"),
    };
    // A step in which no instance waits for a reboot, or none needed nothing, has no words about it.
    let if_any = |outcome, before: &str, after: &str| match counts.of(outcome) {
        0 => String::new(),
        n => format!("{before}{n} {after}"),
    };
    format!(
        "{attempted} attempted: {} patched{}, {} failed, {unreachable} unreachable{}",
        counts.of(Outcome::Patched),
        if_any(Outcome::PendingReboot, ", ", &pending),
        counts.of(Outcome::Failed),
        if_any(Outcome::Compliant, "; ", "already compliant"),
    )
}

/// True if `part` of `whole` is more than `limit` percent, in whole numbers.
fn exceeds(part: u64, whole: u64, limit: u8) -> bool {
    part * 100 > whole * u64::from(limit)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orgpatch_model::operating_system::OperatingSystem;
    use orgpatch_model::outcome::TargetOutcome;
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{seen, target};
    use crate::inventory::chunks::Chunk;
    use crate::results::reconcile::TargetResult;
    use crate::results::{InstanceRow, reconcile};

    fn counts(patched: u64, failed: u64, unreachable: u64) -> Counts {
        [(Outcome::Patched, patched), (Outcome::Failed, failed), (Outcome::Unreachable, unreachable)]
            .into_iter()
            .flat_map(|(outcome, n)| (0..n).map(move |_| outcome))
            .collect()
    }

    /// A step with those instances, all in targets that were reached.
    fn step(counts: &Counts) -> StepTally {
        let mut tally = StepTally::default();
        tally.counts.merge(counts);
        tally.targets.add(TargetOutcome::Reached);
        tally
    }

    fn judged(operation: Operation, tally: &StepTally, gate: Gate) -> GateAnswer {
        judge(Criteria { operation, gate: &gate, stage: None }, tally, None)
    }

    fn decide(counts: &Counts, gate: Gate) -> (GateDecision, ReasonCode) {
        let answer = judged(Operation::Install, &step(counts), gate);
        (answer.decision, answer.reason.code)
    }

    #[test]
    fn a_missing_gate_allows_no_failure_and_no_silence() {
        assert_eq!(decide(&counts(5, 0, 0), Gate::default()).0, GateDecision::Advance);
        assert_eq!(decide(&counts(99, 1, 0), Gate::default()), (GateDecision::Halt, ReasonCode::TooManyFailed));
        assert_eq!(decide(&counts(99, 0, 1), Gate::default()), (GateDecision::Halt, ReasonCode::TooManyUnreachable));
    }

    #[test]
    fn a_limit_is_reached_only_when_it_is_passed() {
        let gate = Gate { max_failed_percent: 10, ..Gate::default() };
        assert_eq!(decide(&counts(9, 1, 0), gate).0, GateDecision::Advance);
        assert_eq!(decide(&counts(8, 1, 0), gate).0, GateDecision::Halt);
    }

    #[test]
    fn a_step_that_proves_nothing_does_not_pass_min_succeeded() {
        let gate = Gate { min_succeeded: Some(1), ..Gate::default() };
        assert_eq!(decide(&Counts::default(), gate), (GateDecision::Halt, ReasonCode::TooFewSucceeded));
    }

    #[test]
    fn only_an_install_is_held_against_the_limits() {
        let gate = Gate { min_succeeded: Some(1), ..Gate::default() };
        for operation in Operation::ALL {
            let expected = if operation == Operation::Install { GateDecision::Halt } else { GateDecision::Advance };
            assert_eq!(judged(operation, &step(&counts(0, 1, 0)), gate).decision, expected, "{operation}");
        }
    }

    /// A step whose targets ended as the letters say: `r`eached, access-`d`enied, `e`rror, `l`ost, `i`nactive.
    fn targets_that_ended(ends: &str) -> StepTally {
        let mut tally = StepTally::default();
        for end in ends.chars() {
            tally.add(&result_of(end, 1));
        }
        tally
    }

    /// The result of a target with that many instances, which are patched if the target was reached.
    fn result_of(end: char, instances: usize) -> TargetResult {
        let reached = Reason::new(ReasonCode::Reached, "x");
        let (outcome, reason) = match end {
            'r' => (TargetOutcome::Reached, reached),
            'd' => (TargetOutcome::AccessDenied, Reason::new(ReasonCode::AccessDenied, "x")),
            'e' => (TargetOutcome::Error, Reason::new(ReasonCode::CallRejected, "x")),
            'l' => (TargetOutcome::Error, Reason::new(ReasonCode::Lost, "x")),
            _ => (TargetOutcome::Inactive, Reason::new(ReasonCode::AccountInactive, "x")),
        };
        let row = |n| {
            let row_outcome = if end == 'r' { Outcome::Patched } else { Outcome::Unreachable };
            reconcile::row(&target(), &seen(&format!("i-{n}"), None), row_outcome, reason.clone())
        };
        TargetResult {
            chunk: Chunk::ONLY,
            target: target(),
            outcome,
            instances: (0..instances).map(row).collect(),
            reason,
            scanned_at: None,
            reached_at: (end == 'r').then_some(Timestamp::UNIX_EPOCH),
            installed_at: None,
            conflict_notes: Vec::new(),
            matching: None,
            rules: Vec::new(),
            baseline_changes: Vec::new(),
            are_baselines_compared: false,
        }
    }

    fn with_limit(limit: &str) -> Gate {
        Gate { max_targets_not_reached: Some(limit.parse().expect("a limit")), ..Gate::default() }
    }

    #[test]
    fn a_lost_result_halts_and_a_target_in_error_is_one_of_ten() {
        let text = |ends: &str| {
            let GateAnswer { decision, reason } =
                judged(Operation::Install, &targets_that_ended(ends), Gate::default());
            format!("{ends}: {decision:?} {reason}")
        };
        let lines = [
            "rl",
            "e",
            "re",
            "ree",
            "ee",
            "rrrrrrrrre",
            "rrrrrrrree",
            "rrrrrrrrree",
            "dddd",
            "ddde",
            "i",
            "ei",
            "reei",
        ]
        .map(text);
        insta::assert_snapshot!(lines.join("\n"), @r"
        rl: Halt the results of 1 target are lost; see their reasons (results-lost)
        e: Halt 1 of 1 target ended as error (limit 0: 10%, but never all); see their reasons (too-many-targets-not-reached)
        re: Advance 1 attempted: 1 patched, 0 failed, 0 unreachable; targets not reached: 1 error (within-limits)
        ree: Halt 2 of 3 targets ended as error (limit 1: 10%, but never all); see their reasons (too-many-targets-not-reached)
        ee: Halt 2 of 2 targets ended as error (limit 1: 10%, but never all); see their reasons (too-many-targets-not-reached)
        rrrrrrrrre: Advance 9 attempted: 9 patched, 0 failed, 0 unreachable; targets not reached: 1 error (within-limits)
        rrrrrrrree: Halt 2 of 10 targets ended as error (limit 1: 10%, but never all); see their reasons (too-many-targets-not-reached)
        rrrrrrrrree: Advance 9 attempted: 9 patched, 0 failed, 0 unreachable; targets not reached: 2 error (within-limits)
        dddd: Advance 0 attempted: 0 patched, 0 failed, 0 unreachable; targets not reached: 4 access-denied (within-limits)
        ddde: Advance 0 attempted: 0 patched, 0 failed, 0 unreachable; targets not reached: 3 access-denied, 1 error (within-limits)
        i: Advance 0 attempted: 0 patched, 0 failed, 0 unreachable (within-limits)
        ei: Halt 1 of 1 target ended as error (limit 0: 10%, but never all); see their reasons (too-many-targets-not-reached)
        reei: Halt 2 of 3 targets ended as error (limit 1: 10%, but never all); see their reasons (too-many-targets-not-reached)
        ");
    }

    #[test]
    fn a_baseline_that_aws_takes_nowhere_halts() {
        let decide = |refused: usize, fine: usize| {
            let mut tally = targets_that_ended(&"r".repeat(fine));
            for _ in 0..refused {
                let mut result = result_of('r', 2);
                result.instances[0].outcome = Outcome::Skipped;
                result.instances[0].reason = Reason::new(ReasonCode::BaselineRefused, "x");
                tally.add(&result);
            }
            // A limit on targets has nothing to do with it: they were all reached.
            judged(Operation::Install, &tally, with_limit("100%")).reason.to_string()
        };
        assert_eq!(decide(1, 1), "2 attempted: 2 patched, 0 failed, 0 unreachable (within-limits)");
        assert_eq!(
            decide(2, 1),
            "AWS refused a baseline of the plan in 2 of 3 targets (limit 1: 10%, but never all); see the reasons of the instances that were skipped (too-many-baselines-refused)"
        );
        assert!(decide(1, 0).ends_with("(too-many-baselines-refused)"), "never all");
    }

    /// A step with one patched instance for each `p`, one that is not ready for each `n`, and one skipped for each reason.
    fn skipped(others: &str, reasons: &[ReasonCode]) -> StepTally {
        let mut result = result_of('r', others.len() + reasons.len());
        for (row, end) in result.instances.iter_mut().zip(others.chars()) {
            row.outcome = if end == 'n' { Outcome::NotReady } else { Outcome::Patched };
        }
        for (row, code) in result.instances[others.len()..].iter_mut().zip(reasons) {
            (row.outcome, row.reason) = (Outcome::Skipped, Reason::new(code.clone(), "x"));
        }
        let mut tally = StepTally::default();
        tally.add(&result);
        tally
    }

    #[test]
    fn skipped_instances_halt_where_the_plan_limits_them() {
        use ReasonCode::{ConflictPatchPolicy as Policy, ExcludedByTag as Tag};
        let tally = skipped("ppppn", &[Policy, Tag, Tag, Tag]);
        let judged_with = |operation, max_skipped_percent| {
            let gate = Gate { max_skipped_percent, ..Gate::default() };
            judged(operation, &tally, gate).reason.to_string()
        };
        assert_eq!(
            judged_with(Operation::Install, Some(44)),
            "4 of 9 instances that the plan selects were skipped: 44.5% (limit 44%); most frequent reason: excluded-by-tag (3) (too-many-skipped)"
        );
        assert!(judged_with(Operation::Install, Some(0)).ends_with("(too-many-skipped)"));
        for none in [Some(45), Some(100), None] {
            assert!(judged_with(Operation::Install, none).ends_with("(within-limits)"), "{none:?}");
        }
        assert!(judged_with(Operation::Scan, Some(0)).ends_with("(scan-run)"));
        assert!(judged_with(Operation::ApplyBaselines, Some(0)).ends_with("(baselines-only)"));
        // Of equally frequent reasons the first by its spelling.
        let text = "most frequent reason: conflict-patch-policy (1)";
        let gate = Gate { max_skipped_percent: Some(0), ..Gate::default() };
        assert!(judged(Operation::Install, &skipped("", &[Tag, Policy]), gate).reason.text.ends_with(text));
    }

    #[test]
    fn what_the_plan_itself_leaves_out_is_not_skipped_by_others() {
        use ReasonCode::{
            ExcludedByTag, ExcludedInstance, HybridNode, NotSelectedByOperatingSystem, NotSelectedByTags, OtherStage,
            Terminated, UntestedHeldBack,
        };
        let numbers = |others: &str, reasons: &[ReasonCode]| {
            let SkippedInstances { skipped, selected } = skipped(others, reasons).skipped();
            (skipped, selected)
        };
        let by_the_plan =
            [ExcludedInstance, HybridNode, Terminated, NotSelectedByTags, NotSelectedByOperatingSystem, OtherStage];
        assert_eq!(numbers("", &by_the_plan), (0, 0), "and nothing of nothing is no halt:");
        let gate = Gate { max_skipped_percent: Some(0), ..Gate::default() };
        assert_eq!(judged(Operation::Install, &skipped("", &by_the_plan), gate).decision, GateDecision::Advance);
        assert_eq!(numbers("pn", &by_the_plan), (0, 2));
        assert_eq!(numbers("pn", &[UntestedHeldBack, ExcludedByTag, ExcludedInstance]), (1, 4));
    }

    #[test]
    fn a_target_in_chunks_counts_once_and_its_instances_each() {
        let mut tally = StepTally::default();
        for (chunk, end) in Chunk::all(3).zip(['r', 'l', 'r']) {
            tally.add(&TargetResult { chunk, ..result_of(end, 2) });
        }
        tally.add(&result_of('r', 1));
        let (reached, error) = (tally.targets.of(TargetOutcome::Reached), tally.targets.of(TargetOutcome::Error));
        let instances: u64 = tally.counts.iter().map(|(_, n)| n).sum();
        assert_eq!((reached, error, tally.lost, instances), (1, 1, 1, 7));
    }

    #[test]
    fn a_region_that_is_switched_off_in_the_middle_hides_no_install() {
        let mut tally = targets_that_ended("rrr");
        tally.add(&TargetResult { reached_at: Some(Timestamp::UNIX_EPOCH), ..result_of('i', 5) });
        for gate in [Gate::default(), with_limit("100%")] {
            assert_eq!(judged(Operation::Install, &tally, gate).reason.code, ReasonCode::TooManyUnreachable);
        }
    }

    #[test]
    fn a_limit_of_the_plan_counts_everything_that_was_not_reached_together() {
        let text = |(limit, ends): (&str, &str)| {
            let GateAnswer { decision, reason } =
                judged(Operation::Install, &targets_that_ended(ends), with_limit(limit));
            format!("{limit} {ends}: {decision:?} {reason}")
        };
        let cases = [
            ("1", "rrl"),
            ("1", "rel"),
            ("2", "el"),
            ("0", "rrrd"),
            ("3", "dell"),
            ("5%", "rrrrd"),
            ("5%", "rrrdd"),
            ("0%", "rrri"),
        ];
        insta::assert_snapshot!(cases.map(text).join("\n"), @r"
        1 rrl: Advance 2 attempted: 2 patched, 0 failed, 0 unreachable; targets not reached: 1 lost (within-limits)
        1 rel: Halt 2 of 3 targets were not reached: 1 error, 1 lost (limit 1) (too-many-targets-not-reached)
        2 el: Advance 0 attempted: 0 patched, 0 failed, 0 unreachable; targets not reached: 1 error, 1 lost (within-limits)
        0 rrrd: Halt 1 of 4 targets were not reached: 1 access-denied (limit 0) (too-many-targets-not-reached)
        3 dell: Halt 4 of 4 targets were not reached: 1 access-denied, 1 error, 2 lost (limit 3) (too-many-targets-not-reached)
        5% rrrrd: Advance 4 attempted: 4 patched, 0 failed, 0 unreachable; targets not reached: 1 access-denied (within-limits)
        5% rrrdd: Halt 2 of 5 targets were not reached: 2 access-denied (limit 5%) (too-many-targets-not-reached)
        0% rrri: Advance 3 attempted: 3 patched, 0 failed, 0 unreachable (within-limits)
        ");
    }

    #[test]
    fn no_target_halts_a_run_that_installs_nothing() {
        let has_limits = [Operation::Install, Operation::ApplyBaselines];
        for operation in Operation::ALL.into_iter().filter(|one| !has_limits.contains(one)) {
            for ends in ["l", "ee", "dd", "rel"] {
                let answer = judged(operation, &targets_that_ended(ends), with_limit("0"));
                assert_eq!(answer.decision, GateDecision::Advance, "{operation} {ends}");
            }
        }
        let scanned = judged(Operation::Scan, &targets_that_ended("rdel"), Gate::default()).reason.text;
        assert_eq!(
            scanned,
            "a scan run installs nothing, so no limit applies; targets not reached: 1 access-denied, 1 error, 1 lost"
        );
    }

    #[test]
    fn baselines_that_cannot_be_applied_in_a_stage_are_not_applied_in_the_next() {
        let applied = |ends, gate| judged(Operation::ApplyBaselines, &targets_that_ended(ends), gate);
        let halt = applied("ee", Gate::default());
        assert_eq!((halt.decision, halt.reason.code), (GateDecision::Halt, ReasonCode::TooManyTargetsNotReached));
        assert_eq!(applied("rl", Gate::default()).reason.code, ReasonCode::ResultsLost);
        // Accounts that orgpatch cannot enter are their owners' business, and the minimum of patched instances is none here.
        let gate = Gate { min_succeeded: Some(5), ..Gate::default() };
        for (ends, gate) in [("rrdd", gate), ("rrrrrrrrrre", Gate::default()), ("ree", with_limit("2"))] {
            let answer = applied(ends, gate);
            assert_eq!((answer.decision, answer.reason.code), (GateDecision::Advance, ReasonCode::BaselinesOnly));
        }
    }

    #[test]
    fn a_broken_step_never_passes() {
        let all = Gate {
            max_failed_percent: 100,
            max_unreachable_percent: 100,
            min_succeeded: Some(0),
            ..with_limit("100%")
        };
        let error = CaughtError { error: "States.Timeout".into(), cause: String::new() };
        for operation in Operation::ALL {
            let criteria = Criteria { operation, gate: &all, stage: None };
            let answer = judge(criteria, &step(&counts(9, 0, 0)), Some(&error));
            assert_eq!((answer.decision, answer.reason.code), (GateDecision::Halt, ReasonCode::StepBroken));
        }
    }

    #[test]
    fn an_install_that_may_have_gone_out_counts_unless_the_plan_limits_such_targets() {
        let installing = TargetResult { reached_at: Some(Timestamp::UNIX_EPOCH), ..result_of('d', 2) };
        let mut tally = targets_that_ended("rrrrr");
        tally.add(&installing);
        let code = |gate| judged(Operation::Install, &tally, gate).reason.code;
        assert_eq!(code(Gate::default()), ReasonCode::TooManyUnreachable);
        assert_eq!(code(with_limit("1")), ReasonCode::WithinLimits);
        // What an instance came to by itself counts in any case.
        let mut failed = installing;
        failed.instances[0].outcome = Outcome::Failed;
        tally.add(&failed);
        assert_eq!(judged(Operation::Install, &tally, with_limit("2")).reason.code, ReasonCode::TooManyFailed);
    }

    #[test]
    fn a_stage_is_measured_as_a_whole_behind_its_last_wave() {
        let wave = |id: &str, counts: Counts, ends: &str| GateRecord {
            step: id.into(),
            at: Timestamp::UNIX_EPOCH,
            decision: GateDecision::Advance,
            reason: Reason::new(ReasonCode::WithinLimits, "why"),
            counts,
            targets: targets_that_ended(ends).targets,
            pending_as_planned: 0,
            limits: Gate::default(),
            skipped: None,
        };
        let of_stage = StageStep {
            stage: "Test".into(),
            plan_sha256: String::new(),
            earlier_waves: vec!["01-Test-1".into()],
            is_last_wave: true,
            must_prove: true,
        };
        let behind = |earlier: GateRecord, last: &StepTally| {
            let gate = Gate::default();
            let stage = Some((&of_stage, &[earlier][..]));
            judge(Criteria { operation: Operation::Install, gate: &gate, stage }, last, None)
        };
        let no_instances = |ends: &str| {
            let mut tally = StepTally::default();
            ends.chars().for_each(|end| tally.add(&result_of(end, 0)));
            tally
        };
        let nothing = || wave("01-Test-1", Counts::default(), "r");
        let halted = behind(nothing(), &no_instances("dd"));
        assert_eq!((halted.decision, halted.reason.code), (GateDecision::Halt, ReasonCode::NothingProved));
        assert_eq!(
            halted.reason.text,
            "Test proved nothing: none of its instances is patched or compliant (targets: 1 reached, 2 access-denied; no instances)"
        );
        let left_out: Counts = [Outcome::Skipped, Outcome::Skipped, Outcome::NotReady].into_iter().collect();
        assert_eq!(
            behind(wave("01-Test-1", left_out, "r"), &step(&Counts::default())).reason.text,
            "Test proved nothing: none of its instances is patched or compliant (targets: 2 reached; instances: 1 not-ready, 2 skipped)"
        );
        let proved = wave("01-Test-1", [Outcome::Compliant].into_iter().collect(), "r");
        assert_eq!(behind(proved, &no_instances("dd")).decision, GateDecision::Advance);
        assert_eq!(behind(nothing(), &step(&counts(1, 0, 0))).decision, GateDecision::Advance);
    }

    #[test]
    fn reasons_say_the_numbers_and_the_limit() {
        let text = |counts: &Counts, gate| judged(Operation::Install, &step(counts), gate).reason.text;
        let mut all = counts(27, 0, 0);
        assert_eq!(text(&all, Gate::default()), "27 attempted: 27 patched, 0 failed, 0 unreachable");
        all.merge(&[Outcome::PendingReboot, Outcome::PendingReboot, Outcome::Compliant].into_iter().collect());
        assert_eq!(
            text(&all, Gate::default()),
            "29 attempted: 27 patched, 2 pending reboot, 0 failed, 0 unreachable; 1 already compliant"
        );
        assert_eq!(text(&counts(32, 1, 0), Gate::default()), "1 of 33 attempted instances failed (limit 0%)");
        let unreachable = text(&counts(5, 0, 4), Gate { max_unreachable_percent: 10, ..Gate::default() });
        assert_eq!(unreachable, "4 of 9 attempted instances ended as unreachable (limit 10%)");
        let few = text(&counts(1, 0, 0), Gate { min_succeeded: Some(2), ..Gate::default() });
        assert_eq!(few, "instances patched or compliant: 1 (minimum 2)");
    }

    /// A step with one instance that waits for a reboot. `never`: the plan never reboots it.
    fn waiting(never: bool) -> StepTally {
        let reason = Reason::new(ReasonCode::PendingReboot, "installed; 1 patch waits for a reboot");
        let row = reconcile::row(&target(), &seen("i-1", None), Outcome::PendingReboot, reason.clone());
        let row = InstanceRow { never_reboot: never.then_some(reason), ..row };
        let mut result = result_of('r', 0);
        result.instances = vec![row];
        let mut tally = StepTally::default();
        tally.add(&result);
        tally
    }

    #[test]
    fn a_reboot_that_the_plan_leaves_to_people_is_success() {
        let gate = |least| Gate { min_succeeded: Some(least), ..Gate::default() };
        let judge = |never, least| judged(Operation::Install, &waiting(never), gate(least)).reason;
        let reason = judge(true, 1);
        assert_eq!(reason.code, ReasonCode::WithinLimits);
        assert_eq!(reason.text, "1 attempted: 0 patched, 1 pending reboot (1 as planned), 0 failed, 0 unreachable");
        assert_eq!(judge(false, 1).code, ReasonCode::TooFewSucceeded, "an install did not reboot it");
        let reason = judge(true, 2);
        assert_eq!(reason.text, "instances patched, compliant or pending a reboot as planned: 1 (minimum 2)");

        // A stage that must prove something, in any of its waves.
        let step = StageStep {
            stage: "Test".into(),
            plan_sha256: "plan".into(),
            earlier_waves: vec!["01-Test-1".into()],
            is_last_wave: true,
            must_prove: true,
        };
        let wave = |pending_as_planned| GateRecord {
            step: "01-Test-1".into(),
            at: Timestamp::UNIX_EPOCH,
            decision: GateDecision::Advance,
            reason: Reason::new(ReasonCode::WithinLimits, "why"),
            counts: [Outcome::PendingReboot].into_iter().collect(),
            targets: TargetCounts::default(),
            pending_as_planned,
            limits: Gate::default(),
            skipped: None,
        };
        let decision = |earlier, last: &StepTally| {
            let stage = Some((&step, &[earlier][..]));
            judge_with(Criteria { operation: Operation::Install, gate: &Gate::default(), stage }, last)
        };
        assert_eq!(decision(wave(0), &waiting(false)), ReasonCode::NothingProved);
        assert_eq!(decision(wave(0), &waiting(true)), ReasonCode::WithinLimits);
        assert_eq!(decision(wave(1), &waiting(false)), ReasonCode::WithinLimits);
    }

    fn judge_with(criteria: Criteria<'_>, tally: &StepTally) -> ReasonCode {
        judge(criteria, tally, None).reason.code
    }

    #[test]
    fn a_step_starts_only_behind_steps_that_advanced() {
        let record = |decision| GateRecord {
            step: "s".into(),
            at: Timestamp::UNIX_EPOCH,
            decision,
            reason: Reason::new(ReasonCode::WithinLimits, "why"),
            counts: Counts::default(),
            targets: TargetCounts::default(),
            pending_as_planned: 0,
            limits: Gate::default(),
            skipped: None,
        };
        let (advanced, halted) = (record(GateDecision::Advance), record(GateDecision::Halt));
        assert_eq!(enter([]).decision, GateDecision::Go);
        assert_eq!(enter([("a", Some(&advanced)), ("b", Some(&advanced))]).decision, GateDecision::Go);
        assert_eq!(enter([("a", Some(&halted)), ("b", Some(&advanced))]).decision, GateDecision::Halt);
        assert_eq!(enter([("a", Some(&advanced)), ("b", None)]).decision, GateDecision::Halt);
    }

    #[test]
    fn a_frozen_step_does_not_start_where_nothing_was_scanned() {
        let (then, now) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        for operation in [Operation::Install, Operation::Scan] {
            assert_eq!(frozen_to(operation, Some(then), now), Ok(then));
        }
        assert_eq!(frozen_to(Operation::Scan, None, now), Ok(now), "a scan run goes on");
        let halt = frozen_to(Operation::Install, None, now).expect_err("nothing to be frozen to");
        assert_eq!((halt.decision, halt.reason.code), (GateDecision::Halt, ReasonCode::NothingTested));
    }

    #[test]
    fn what_is_ordered_and_whether_it_reboots() {
        let known = Some(Platform::Supported(OperatingSystem::Suse));
        let row = |id: &str, os: Option<Platform>, outcome| {
            let reason = Reason::new(ReasonCode::PatchesMissing, "2 patches are missing");
            InstanceRow { os, ..reconcile::row(&target(), &seen(id, None), outcome, reason) }
        };
        let scan = |instances| TargetRecord {
            target: target(),
            outcome: TargetOutcome::Reached,
            reason: Reason::new(ReasonCode::Reached, "x"),
            at: Timestamp::UNIX_EPOCH,
            instances,
            conflict_notes: Vec::new(),
            matching: None,
            rules: Vec::new(),
        };
        let shown = |instances| {
            order(&scan(instances)).map(|order| {
                let ordered = order.instances.iter().map(|one| {
                    let never = one.never_reboot.as_ref().map(|why| format!(", {}", why.text));
                    format!("{} {}{}", one.instance_id, one.os, never.unwrap_or_default())
                });
                let left_out =
                    order.left_out.iter().map(|one| format!("{} {} {}", one.instance_id, one.outcome, one.reason));
                ordered.chain(left_out).collect::<Vec<_>>()
            })
        };
        let (missing, waiting) = (Outcome::Missing, Outcome::PendingReboot);
        let newer = Some(Platform::Other("AMAZON_LINUX_2030".into()));
        let not_rebooted = |row| {
            let why = Reason::new(ReasonCode::NeverReboot, "the plan never reboots it");
            InstanceRow { never_reboot: Some(why), ..row }
        };
        let rows = vec![
            row("i-1", known.clone(), missing),
            row("i-2", newer.clone(), missing),
            row("i-3", None, waiting),
            row("i-4", known.clone(), Outcome::Compliant),
            row("i-5", known.clone(), waiting),
            not_rebooted(row("i-6", known.clone(), missing)),
            // An install could give it nothing.
            not_rebooted(row("i-7", known.clone(), waiting)),
        ];
        insta::assert_snapshot!(shown(rows).expect("an order").join("\n"), @r#"
        i-1 SUSE
        i-5 SUSE
        i-6 SUSE, the plan never reboots it
        i-2 not-ready the instance was scanned, but this version of orgpatch cannot patch its operating system ("AMAZON_LINUX_2030") (operating-system-not-supported)
        i-3 not-ready the instance was scanned, but this version of orgpatch cannot patch its operating system (unknown) (operating-system-not-supported)
        "#);
        assert_eq!(shown(vec![row("i-2", newer, missing)]).expect("an order").len(), 1);
        assert_eq!(
            shown(vec![row("i-4", known.clone(), Outcome::Compliant), not_rebooted(row("i-7", known, waiting))]),
            None
        );
    }

    proptest! {
        #[test]
        fn percentages_agree_with_exact_fractions(patched in 0_u64..500, failed in 0_u64..500, limit in 0_u8..=100) {
            let gate = Gate { max_failed_percent: limit, ..Gate::default() };
            let attempted = patched + failed;
            let over = attempted > 0 && i128::from(failed) * 100 > i128::from(attempted) * i128::from(limit);
            let halts = decide(&counts(patched, failed, 0), gate).0 == GateDecision::Halt;
            prop_assert_eq!(halts, over);
        }

        #[test]
        fn a_target_of_one_account_never_changes_the_decision_when_the_gate_tolerates_it(
            others in prop::collection::vec(("[rde]", 0_usize..4), 0..12),
            bad in "[dele]",
            instances in 0_usize..5,
            in_install: bool,
            failed_percent in 0_u8..=100,
        ) {
            let tolerated = others.iter().filter(|(end, _)| end != "r").count() + 1;
            let gate = Gate { max_failed_percent: failed_percent, ..with_limit(&tolerated.to_string()) };
            let with = |last: TargetResult| {
                let mut tally = StepTally::default();
                for (end, instances) in &others {
                    tally.add(&result_of(end.chars().next().expect("a letter"), *instances));
                }
                tally.add(&last);
                judged(Operation::Install, &tally, gate).decision
            };
            let reached_at = in_install.then_some(Timestamp::UNIX_EPOCH);
            let bad = TargetResult { reached_at, ..result_of(bad.chars().next().expect("a letter"), instances) };
            prop_assert_eq!(with(bad), with(result_of('r', 0)));
        }

        #[test]
        fn one_more_target_that_was_not_reached_never_opens_a_gate(ends in "[rdeli]{1,30}", worse in "[del]", limit in "(0|[1-9]|[1-9]?[0-9]%)?") {
            let gate = if limit.is_empty() { Gate::default() } else { with_limit(&limit) };
            let decided = |ends: &str| judged(Operation::Install, &targets_that_ended(ends), gate).decision;
            // One of those that were reached is not.
            let worse = ends.replacen('r', &worse, 1);
            prop_assert!(decided(&ends) == GateDecision::Advance || decided(&worse) == GateDecision::Halt);
        }

        #[test]
        fn one_more_skipped_instance_never_opens_a_gate(patched in 0_usize..30, skips in 0_usize..30, limit in 0_u8..=100) {
            let gate = Gate { max_skipped_percent: Some(limit), ..Gate::default() };
            let decided = |skips: usize| {
                let tally = skipped(&"p".repeat(patched), &vec![ReasonCode::ExcludedByTag; skips]);
                judged(Operation::Install, &tally, gate).decision
            };
            let over = skips * 100 > (patched + skips) * usize::from(limit);
            prop_assert_eq!(decided(skips) == GateDecision::Halt, over);
            prop_assert!(decided(skips) == GateDecision::Advance || decided(skips + 1) == GateDecision::Halt);
        }

        #[test]
        fn one_more_failure_never_opens_a_gate(patched in 0_u64..100, failed in 0_u64..100, limit in 0_u8..=100) {
            let gate = Gate { max_failed_percent: limit, ..Gate::default() };
            let before = decide(&counts(patched, failed, 0), gate).0;
            let after = decide(&counts(patched, failed + 1, 0), gate).0;
            prop_assert!(before == GateDecision::Advance || after == GateDecision::Halt);
        }
    }
}
