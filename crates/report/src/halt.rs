//! What people need first after a halt: what made the gate halt, whether later stages were touched, and how to go on.

use orgpatch_engine::gate::{GateDecision, GateRecord, counts_as_skipped};
use orgpatch_engine::planner::StepSummary;
use orgpatch_engine::readiness::{Cause, Causes};
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::english::counted;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::{Reason, ReasonCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::after_halt;
use crate::{ReportedChunk, RunReport, Shortlist, TargetReport};

/// How many instances and targets are named. The report has all of them.
const NAMED: usize = 5;

/// What people need first after a halt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HaltReport {
    /// The step whose gate halted the run.
    pub step: String,
    /// Its stage.
    pub stage: String,
    /// The first instances because of which the gate halted the run.
    pub instances: Vec<HaltedInstance>,
    /// How many of them there are.
    pub all_instances: usize,
    /// The first targets because of which the gate halted the run.
    pub targets: Vec<HaltedTarget>,
    /// How many of them there are.
    pub all_targets: usize,
    /// Whether the later steps of the run were touched, in one sentence.
    pub later_steps: String,
    /// What to do, in this order.
    pub what_to_do: Vec<String>,
    /// The command that starts the run again. Null: the state machine is not known.
    pub command: Option<String>,
    /// Causes in the readiness of those instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_to_fix: Vec<Cause>,
}

/// An instance because of which a gate halted a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HaltedInstance {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// Region code.
    pub region: String,
    /// Instance id.
    pub instance_id: String,
    /// Value of the `Name` tag, or null.
    pub name: Option<String>,
    /// What happened to it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

/// A target because of which a gate halted a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HaltedTarget {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// Region code.
    pub region: String,
    /// What happened to it.
    pub outcome: TargetOutcome,
    /// Why.
    pub reason: Reason,
}

impl HaltReport {
    /// Returns a line for each instance and target that is named, with foreign words in it.
    pub(crate) fn to_look_at(&self) -> impl Iterator<Item = String> {
        let targets = self.targets.iter().map(|one| {
            let HaltedTarget { account_id, account_name, region, outcome, reason } = one;
            format!("account {account_id} {account_name}, {region}: {outcome}: {}", reason.text)
        });
        let instances = self.instances.iter().map(|one| {
            let HaltedInstance { account_id, account_name, region, instance_id, name, outcome, reason } = one;
            let name = name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            format!("{instance_id}{name}, account {account_id} {account_name}, {region}: {outcome}: {}", reason.text)
        });
        targets.chain(instances)
    }

    /// Says how many instances and targets are not named. None: all are.
    pub(crate) fn more(&self) -> Option<String> {
        let instances = self.all_instances - self.instances.len();
        let targets = self.all_targets - self.targets.len();
        let instances = (instances > 0).then(|| format!("{}: see instances.csv", counted(instances, "more instance")));
        let targets = (targets > 0).then(|| format!("{}: see report.html", counted(targets, "more target")));
        let rest: Vec<String> = targets.into_iter().chain(instances).collect();
        (!rest.is_empty()).then(|| format!("and {}", rest.join(", and ")))
    }
}

/// Collects what the gate that halted a run counted.
pub(super) struct HaltTally {
    code: ReasonCode,
    step: StepSummary,
    later: Vec<StepSummary>,
    instances: Shortlist<HaltedInstance, NAMED>,
    targets: Shortlist<HaltedTarget, NAMED>,
    causes: Causes,
}

impl HaltTally {
    /// Begins to collect. None: no gate halted the run.
    pub(super) fn new(steps: &[StepSummary], gates: &[Option<GateRecord>]) -> Option<Self> {
        let is_halt = |gate: &Option<GateRecord>| gate.as_ref().is_some_and(|it| it.decision == GateDecision::Halt);
        let at = gates.iter().position(is_halt)?;
        Some(Self {
            code: gates[at].as_ref()?.reason.code.clone(),
            step: steps.get(at)?.clone(),
            later: steps.get(at + 1..)?.to_vec(),
            instances: Shortlist::default(),
            targets: Shortlist::default(),
            causes: Causes::default(),
        })
    }

    /// Adds the next chunk of a target.
    pub(super) fn add(&mut self, ReportedChunk { target, instances, whole }: &ReportedChunk) {
        if !self.is_measured(target) {
            return;
        }
        if let Some(whole) = whole.as_ref().filter(|whole| is_counted_target(&self.code, whole)) {
            self.targets.add(|| halted_target(whole));
        }
        for row in instances.iter().filter(|row| is_counted(&self.code, target, row)) {
            self.causes.add(&row.findings);
            self.instances.add(|| halted_instance(target, row));
        }
    }

    /// Returns true for a target that the gate measured. A gate that asks for a proof measures all waves of its stage.
    fn is_measured(&self, target: &TargetReport) -> bool {
        let every_wave = self.code == ReasonCode::NothingProved;
        target.stage == self.step.stage && (every_wave || target.wave == self.step.wave)
    }

    /// Returns what people need first. `stages` are those of the run if it does not work on all of the plan.
    pub(super) fn end(self, run: &RunReport, stages: &[&str], execution_arn: &str) -> HaltReport {
        HaltReport {
            later_steps: after_halt::later_steps(&self.step, &self.later),
            what_to_do: after_halt::what_to_do(run.operation, &self.step, &self.later),
            command: after_halt::command(run, stages, execution_arn),
            step: self.step.id,
            stage: self.step.stage,
            all_instances: self.instances.all,
            instances: self.instances.first,
            all_targets: self.targets.all,
            targets: self.targets.first,
            first_to_fix: self.causes.first_to_fix(),
        }
    }
}

fn halted_target(target: &TargetReport) -> HaltedTarget {
    HaltedTarget {
        account_id: target.account_id.clone(),
        account_name: target.account_name.clone(),
        region: target.region.clone(),
        outcome: target.outcome,
        reason: target.reason.clone(),
    }
}

fn halted_instance(target: &TargetReport, row: &InstanceRow) -> HaltedInstance {
    HaltedInstance {
        account_id: row.account_id.clone(),
        account_name: target.account_name.clone(),
        region: row.region.clone(),
        instance_id: row.instance_id.clone(),
        name: row.name.clone(),
        outcome: row.outcome,
        reason: row.reason.clone(),
    }
}

/// Returns true if a gate that halts for that reason counts the instance.
fn is_counted(code: &ReasonCode, target: &TargetReport, row: &InstanceRow) -> bool {
    // It counts with its target.
    let stands_for_its_target = target.scanned_at.is_none() && row.reason == target.reason;
    match code {
        ReasonCode::TooManyFailed => row.outcome == Outcome::Failed,
        ReasonCode::TooManyUnreachable => row.outcome == Outcome::Unreachable && !stands_for_its_target,
        ReasonCode::TooManySkipped => row.outcome == Outcome::Skipped && counts_as_skipped(&row.reason.code),
        ReasonCode::TooManyBaselinesRefused => row.reason.code == ReasonCode::BaselineRefused,
        ReasonCode::RecordsChanged => row.reason.code == ReasonCode::RecordsChanged,
        // What should have succeeded: not what the plan itself leaves out.
        ReasonCode::NothingProved | ReasonCode::TooFewSucceeded => match row.outcome {
            Outcome::Patched | Outcome::Compliant => false,
            Outcome::Skipped => counts_as_skipped(&row.reason.code),
            _ => !row.is_pending_as_planned(),
        },
        _ => false,
    }
}

/// Returns true if a gate that halts for that reason counts the target.
fn is_counted_target(code: &ReasonCode, target: &TargetReport) -> bool {
    match code {
        ReasonCode::TooManyTargetsNotReached => target.outcome.is_not_reached(),
        ReasonCode::ResultsLost => target.reason.code == ReasonCode::Lost,
        ReasonCode::RecordsChanged => target.reason.code == ReasonCode::RecordsChanged,
        ReasonCode::NothingProved | ReasonCode::TooFewSucceeded => target.outcome.is_tried_in_vain(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orgpatch_model::outcome::{Counts, TargetCounts};
    use orgpatch_plan::Gate;

    use super::*;
    use crate::{Report, fixtures};

    fn gate(decision: GateDecision, code: ReasonCode) -> GateRecord {
        GateRecord {
            step: "x".into(),
            at: Timestamp::UNIX_EPOCH,
            decision,
            reason: Reason::new(code, "x"),
            counts: Counts::default(),
            targets: TargetCounts::default(),
            pending_as_planned: 0,
            limits: Gate::default(),
            skipped: None,
        }
    }

    /// The halt of a run at the gate of stage production, whose report has these rows and targets.
    fn halted_by(code: ReasonCode, report: &Report) -> HaltReport {
        let step =
            |stage: &str| StepSummary { id: stage.into(), stage: stage.into(), wave: 1, accounts: 1, targets: 1 };
        let gates = [(GateDecision::Advance, ReasonCode::WithinLimits), (GateDecision::Halt, code)];
        let gates = gates.map(|(decision, code)| Some(gate(decision, code)));
        let mut tally = HaltTally::new(&["test", "production"].map(step), &gates).expect("a halt");
        report.clone().into_reported().for_each(|chunk| tally.add(&chunk));
        tally.end(&report.head.run, &[], "")
    }

    #[test]
    fn what_made_the_gate_halt_is_named_and_nothing_else() {
        let mut report = fixtures::report();
        // Stage production: 2 failed, 3 not ready, 4 patched, and a locked account.
        let template = report.instances[2].clone();
        let mut add = |id: &str, outcome, code| {
            let mut row = template.clone();
            row.instance_id = format!("i-0000000000000000{id}");
            (row.outcome, row.reason) = (outcome, Reason::new(code, "x"));
            report.instances.push(row);
        };
        add("5", Outcome::Unreachable, ReasonCode::NoAnswer);
        add("6", Outcome::Skipped, ReasonCode::ExcludedByTag);
        add("7", Outcome::Skipped, ReasonCode::NotSelectedByTags);
        add("8", Outcome::Skipped, ReasonCode::BaselineRefused);
        // It waits as the plan wants, which the gate counts as success.
        let mut waiting = template.clone();
        waiting.instance_id = "i-00000000000000009".into();
        waiting.outcome = Outcome::PendingReboot;
        waiting.never_reboot = Some(Reason::new(ReasonCode::PendingReboot, "x"));
        // The first one: five are named.
        report.instances.insert(1, waiting);
        let named = |code| {
            let halt = halted_by(code, &report);
            let ids = halt.instances.iter().map(|one| one.instance_id.trim_start_matches("i-0000000000000000"));
            let accounts = halt.targets.iter().map(|one| one.account_id.as_str());
            ids.chain(accounts).collect::<Vec<_>>().join(" ")
        };
        for (code, ids) in [
            (ReasonCode::TooManyFailed, "2"),
            (ReasonCode::TooManyUnreachable, "5"),
            (ReasonCode::TooManySkipped, "6 8"),
            (ReasonCode::TooManyBaselinesRefused, "8"),
            (ReasonCode::NothingProved, "2 3 5 6 8 444400000002"),
            (ReasonCode::TooManyTargetsNotReached, "444400000002"),
            (ReasonCode::ResultsLost, ""),
            (ReasonCode::StepBroken, ""),
        ] {
            assert_eq!(named(code.clone()), ids, "{code}");
        }
    }

    #[test]
    fn five_are_named_and_the_rest_is_counted() {
        let mut report = fixtures::report();
        let failed = report.instances[1].clone();
        report.instances.extend(std::iter::repeat_n(failed, 11));
        let halt = halted_by(ReasonCode::TooManyFailed, &report);
        assert_eq!((halt.instances.len(), halt.all_instances), (5, 12));
        assert_eq!(halt.more().as_deref(), Some("and 7 more instances: see instances.csv"));
        assert_eq!(halted_by(ReasonCode::TooManyTargetsNotReached, &report).more(), None);
    }

    #[test]
    fn a_run_that_did_not_halt_has_none() {
        let step = StepSummary { id: "x".into(), stage: "x".into(), wave: 1, accounts: 1, targets: 1 };
        let advanced = gate(GateDecision::Advance, ReasonCode::WithinLimits);
        assert!(HaltTally::new(&[step.clone(), step], &[Some(advanced), None]).is_none());
    }
}
