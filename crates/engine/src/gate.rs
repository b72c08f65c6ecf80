//! The three questions about a step: may it start, what would it install, may the next one start.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::english::counted;
use orgpatch_model::input::Operation;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::{Counts, Outcome};
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::{Gate, Reboot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::install::order::{InstallOrder, LeftOut, OrderedInstance};
use crate::planner::StepSettings;
use crate::results::TargetRecord;

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
        let message = serde_json::from_str::<Value>(&self.cause)
            .ok()
            .and_then(|cause| Some(cause.get("errorMessage")?.as_str()?.to_owned()))
            .unwrap_or_else(|| self.cause.clone());
        if message.is_empty() { self.error.clone() } else { format!("{}: {message}", self.error) }
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
    /// The limits it was measured against.
    pub limits: Gate,
}

impl GateRecord {
    /// Returns the record of a decision about a step, made at a time. `counts` are its instances by outcome.
    #[must_use]
    pub fn of(settings: &StepSettings, at: Timestamp, answer: &GateAnswer, counts: Counts) -> Self {
        Self {
            step: settings.step.clone(),
            at,
            decision: answer.decision,
            reason: answer.reason.clone(),
            counts,
            limits: settings.gate,
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

/// Enter of a frozen step: returns when the first stage was scanned, to which the step is frozen.
///
/// Error: the first stage advanced without a scan, because no account could be entered and its gate allows that. There is
/// nothing to be frozen to, and the step does not start. It is this step that halts the run, so it gets a
/// [`GateRecord`] like any other step that does.
pub fn frozen_to(scanned_at: Option<Timestamp>) -> Result<Timestamp, GateAnswer> {
    scanned_at.ok_or_else(|| {
        let text = "this stage gets what the first stage was judged on, but nothing was scanned there";
        GateAnswer { decision: GateDecision::Halt, reason: Reason::new(ReasonCode::NothingTested, text) }
    })
}

/// Review: what a target's scan gives to install; None if there is nothing. An instance that only waits for a
/// reboot is part of it where the plan lets it reboot, since an install with `RebootIfNeeded` is how it gets one.
///
/// An instance whose operating system this version does not know is left out with a reason. The scan selects none, but
/// the record of the scan may be of a newer version that knows more systems.
#[must_use]
pub fn order(scan: &TargetRecord, reboot: Reboot) -> Option<InstallOrder> {
    let (mut instances, mut left_out) = (Vec::new(), Vec::new());
    for row in &scan.instances {
        let wanted = match row.outcome {
            Outcome::Missing => true,
            Outcome::PendingReboot => reboot == Reboot::IfNeeded,
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
                untested: Vec::new(),
                held_back: Vec::new(),
                reason: row.reason.clone(),
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

/// Decides whether the next step may start.
///
/// A step in which a result was lost never passes, because what happened there is unknown. A scan run passes
/// otherwise, since it touches nothing and people want to see all of it.
#[must_use]
pub fn judge(
    operation: Operation,
    counts: &Counts,
    lost_targets: usize,
    gate: &Gate,
    error: Option<&CaughtError>,
) -> GateAnswer {
    let halt =
        |code: ReasonCode, text: String| GateAnswer { decision: GateDecision::Halt, reason: Reason::new(code, text) };
    if let Some(error) = error {
        return halt(ReasonCode::StepBroken, format!("the step broke: {}", error.sentence()));
    }
    if lost_targets > 0 {
        return halt(
            ReasonCode::ResultsLost,
            format!("the results of {} are lost; see their reasons", counted(lost_targets, "target")),
        );
    }
    if operation == Operation::Scan {
        return GateAnswer {
            decision: GateDecision::Advance,
            reason: Reason::new(ReasonCode::ScanRun, "a scan run installs nothing, so no limit applies"),
        };
    }
    if operation.is_about_baselines_only() {
        return GateAnswer {
            decision: GateDecision::Advance,
            reason: Reason::new(ReasonCode::BaselinesOnly, "this run is about baselines only, so no limit applies"),
        };
    }
    let attempted = counts.attempted();
    let (failed, unreachable) = (counts.of(Outcome::Failed), counts.of(Outcome::Unreachable));
    if exceeds(failed, attempted, gate.max_failed_percent) {
        return halt(
            ReasonCode::TooManyFailed,
            format!("{failed} of {attempted} attempted instances failed (limit {}%)", gate.max_failed_percent),
        );
    }
    if exceeds(unreachable, attempted, gate.max_unreachable_percent) {
        return halt(
            ReasonCode::TooManyUnreachable,
            format!(
                "{unreachable} of {attempted} attempted instances ended as unreachable (limit {}%)",
                gate.max_unreachable_percent
            ),
        );
    }
    let succeeded = counts.succeeded();
    if succeeded < u64::from(gate.min_succeeded) {
        return halt(
            ReasonCode::TooFewSucceeded,
            format!("instances patched or compliant: {succeeded} (minimum {})", gate.min_succeeded),
        );
    }
    GateAnswer { decision: GateDecision::Advance, reason: Reason::new(ReasonCode::WithinLimits, attempts(counts)) }
}

/// Says how the attempted instances ended, and how many needed nothing.
fn attempts(counts: &Counts) -> String {
    // A step in which no instance waits for a reboot, or none needed nothing, has no words about it.
    let if_any = |outcome, before: &str, after: &str| match counts.of(outcome) {
        0 => String::new(),
        n => format!("{before}{n} {after}"),
    };
    format!(
        "{} attempted: {} patched{}, {} failed, {} unreachable{}",
        counts.attempted(),
        counts.of(Outcome::Patched),
        if_any(Outcome::PendingReboot, ", ", "pending reboot"),
        counts.of(Outcome::Failed),
        counts.of(Outcome::Unreachable),
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
    use crate::fixtures::target;
    use crate::inventory::{Eligibility, InventoryInstance};
    use crate::results::{InstanceRow, reconcile};

    fn counts(patched: u64, failed: u64, unreachable: u64) -> Counts {
        [(Outcome::Patched, patched), (Outcome::Failed, failed), (Outcome::Unreachable, unreachable)]
            .into_iter()
            .flat_map(|(outcome, n)| (0..n).map(move |_| outcome))
            .collect()
    }

    fn decide(counts: &Counts, gate: Gate) -> (GateDecision, ReasonCode) {
        let answer = judge(Operation::Install, counts, 0, &gate, None);
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
        let gate = Gate { min_succeeded: 1, ..Gate::default() };
        assert_eq!(decide(&Counts::default(), gate), (GateDecision::Halt, ReasonCode::TooFewSucceeded));
    }

    #[test]
    fn only_an_install_is_held_against_the_limits() {
        let gate = Gate { min_succeeded: 1, ..Gate::default() };
        for operation in Operation::ALL {
            let expected = if operation == Operation::Install { GateDecision::Halt } else { GateDecision::Advance };
            assert_eq!(judge(operation, &counts(0, 1, 0), 0, &gate, None).decision, expected, "{operation}");
        }
    }

    #[test]
    fn lost_results_and_broken_steps_never_pass() {
        let all = Gate { max_failed_percent: 100, max_unreachable_percent: 100, min_succeeded: 0 };
        let error = CaughtError { error: "States.Timeout".into(), cause: String::new() };
        for operation in Operation::ALL {
            assert_eq!(judge(operation, &counts(9, 0, 0), 1, &all, None).reason.code, ReasonCode::ResultsLost);
            assert_eq!(judge(operation, &counts(9, 0, 0), 0, &all, Some(&error)).reason.code, ReasonCode::StepBroken);
        }
    }

    #[test]
    fn reasons_say_the_numbers_and_the_limit() {
        let text = |counts: &Counts, gate| judge(Operation::Install, counts, 0, &gate, None).reason.text;
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
        let few = text(&counts(1, 0, 0), Gate { min_succeeded: 2, ..Gate::default() });
        assert_eq!(few, "instances patched or compliant: 1 (minimum 2)");
        let lost = |targets| judge(Operation::Install, &all, targets, &Gate::default(), None).reason.text;
        assert_eq!(lost(1), "the results of 1 target are lost; see their reasons");
    }

    #[test]
    fn a_step_starts_only_behind_steps_that_advanced() {
        let record = |decision| GateRecord {
            step: "s".into(),
            at: Timestamp::UNIX_EPOCH,
            decision,
            reason: Reason::new(ReasonCode::WithinLimits, "why"),
            counts: Counts::default(),
            limits: Gate::default(),
        };
        let (advanced, halted) = (record(GateDecision::Advance), record(GateDecision::Halt));
        assert_eq!(enter([]).decision, GateDecision::Go);
        assert_eq!(enter([("a", Some(&advanced)), ("b", Some(&advanced))]).decision, GateDecision::Go);
        assert_eq!(enter([("a", Some(&halted)), ("b", Some(&advanced))]).decision, GateDecision::Halt);
        assert_eq!(enter([("a", Some(&advanced)), ("b", None)]).decision, GateDecision::Halt);
    }

    #[test]
    fn a_frozen_step_does_not_start_where_nothing_was_scanned() {
        assert_eq!(frozen_to(Some(Timestamp::UNIX_EPOCH)), Ok(Timestamp::UNIX_EPOCH));
        let halt = frozen_to(None).expect_err("nothing to be frozen to");
        assert_eq!((halt.decision, halt.reason.code), (GateDecision::Halt, ReasonCode::NothingTested));
    }

    #[test]
    fn an_instance_of_an_unknown_system_does_not_vanish() {
        let known = Some(Platform::Supported(OperatingSystem::Suse));
        let row = |id: &str, os: Option<Platform>, outcome| {
            let seen = InventoryInstance {
                instance_id: id.into(),
                name: None,
                os: None,
                platform: None,
                agent_version: None,
                availability_zone: None,
                eligibility: Eligibility::Eligible,
                findings: Vec::new(),
                conflicts: Vec::new(),
            };
            let reason = Reason::new(ReasonCode::PatchesMissing, "2 patches are missing");
            InstanceRow { os, ..reconcile::row(&target(), &seen, outcome, reason) }
        };
        let scan = |instances| TargetRecord {
            target: target(),
            outcome: TargetOutcome::Reached,
            reason: Reason::new(ReasonCode::Reached, "x"),
            at: Timestamp::UNIX_EPOCH,
            instances,
            conflict_notes: Vec::new(),
        };
        let shown = |instances, reboot| {
            order(&scan(instances), reboot).map(|order| {
                let ordered = order.instances.iter().map(|one| format!("{} {}", one.instance_id, one.os));
                let left_out =
                    order.left_out.iter().map(|one| format!("{} {} {}", one.instance_id, one.outcome, one.reason));
                ordered.chain(left_out).collect::<Vec<_>>()
            })
        };
        let (missing, waiting) = (Outcome::Missing, Outcome::PendingReboot);
        let newer = Some(Platform::Other("AMAZON_LINUX_2030".into()));
        let rows = vec![
            row("i-1", known.clone(), missing),
            row("i-2", newer.clone(), missing),
            row("i-3", None, waiting),
            row("i-4", known.clone(), Outcome::Compliant),
        ];
        insta::assert_snapshot!(shown(rows.clone(), Reboot::IfNeeded).expect("an order").join("\n"), @r#"
        i-1 SUSE
        i-2 not-ready the instance was scanned, but this version of orgpatch cannot patch its operating system ("AMAZON_LINUX_2030") (operating-system-not-supported)
        i-3 not-ready the instance was scanned, but this version of orgpatch cannot patch its operating system (unknown) (operating-system-not-supported)
        "#);
        assert_eq!(shown(rows, Reboot::Never).expect("an order").len(), 2);
        assert_eq!(shown(vec![row("i-2", newer, missing)], Reboot::Never).expect("an order").len(), 1);
        assert_eq!(shown(vec![row("i-4", known, Outcome::Compliant)], Reboot::IfNeeded), None);
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
        fn one_more_failure_never_opens_a_gate(patched in 0_u64..100, failed in 0_u64..100, limit in 0_u8..=100) {
            let gate = Gate { max_failed_percent: limit, ..Gate::default() };
            let before = decide(&counts(patched, failed, 0), gate).0;
            let after = decide(&counts(patched, failed + 1, 0), gate).0;
            prop_assert!(before == GateDecision::Advance || after == GateDecision::Halt);
        }
    }
}
