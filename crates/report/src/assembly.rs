//! Puts a report together, one chunk of a target after the other. It keeps only what is about the whole run in memory, so memory does
//! not grow with the number of instances.

use jiff::Timestamp;
use orgpatch_engine::baselines::Change;
use orgpatch_engine::gate::{CaughtError, GateDecision, GateRecord};
use orgpatch_engine::matches::{Matches, RuleMatches};
use orgpatch_engine::planner::{AccountOutsidePlan, RunDocument, StepSummary};
use orgpatch_engine::results::InstanceRow;
use orgpatch_engine::results::reconcile::{KnownTarget, StepEnd, TargetResult, WholeTarget, reconcile};
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::{Counts, RunDecision, TargetCounts, TargetOutcome};
use orgpatch_plan::Plan;

use super::halt::HaltTally;
use super::promotion::{PromotionTally, compared};
use super::readiness::ReadinessTally;
use super::seen::is_not_listed;
use super::{
    BaselineState, Head, Highlights, RunReport, SCHEMA_VERSION, StepDecision, StepReport, TargetReport, course,
};
use crate::comparison::Comparing;

/// A chunk of a target in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedChunk {
    /// The target as far as this chunk knows it.
    pub target: TargetReport,
    /// The instances of the chunk, sorted by id.
    pub instances: Vec<InstanceRow>,
    /// The target as a whole; the last chunk of a target has it.
    pub whole: Option<TargetReport>,
}

/// A report while it is put together.
pub struct Assembly {
    run: RunReport,
    steps: Vec<StepInWork>,
    accounts_outside_plan: Vec<AccountOutsidePlan>,
    matches: Matches,
    rules: RuleMatches,
    readiness: ReadinessTally,
    highlights: Highlights,
    halt: Option<HaltTally>,
    execution_arn: String,
}

/// A step to which targets are still added.
struct StepInWork {
    summary: StepSummary,
    gate: Option<GateRecord>,
    end: StepEnd,
    /// True if a target of the step has a record. A judged step does not need it.
    begun: bool,
    counts: Counts,
    pending_as_planned: u64,
    targets: TargetCounts,
    /// True if the plan has baselines for the stage.
    has_baselines: bool,
    promotion: Option<PromotionTally>,
    /// The target of which more chunks come.
    incomplete: WholeTarget,
    /// True if an instance of that target is known.
    has_rows: bool,
    /// Targets of which no instance is known, although they may have some.
    targets_not_listed: u64,
}

impl Assembly {
    /// Begins a report. `gates` are the gate decisions about the run's steps, in their order, with None for steps without
    /// one. `error` is the error that ended the run early, if there was one. `started_by` is who started it ([`starter`]), and
    /// `execution_arn` its execution.
    ///
    /// [`starter`]: crate::starter
    #[must_use]
    pub fn new(
        run: RunDocument,
        gates: Vec<Option<GateRecord>>,
        error: Option<&CaughtError>,
        started_by: String,
        execution_arn: &str,
        now: Timestamp,
    ) -> Self {
        let only = run.input.stages.as_deref();
        let stages_not_in_run = run.plan.stages.iter().filter(|stage| !stage.is_in_run(only));
        let stages_not_in_run = stages_not_in_run.map(|stage| stage.name.clone()).collect();
        let (matches, rules) = (Matches::of(&run.plan, only), RuleMatches::of(&run.plan, only));
        let (decision, reason) = course::ending(&run.steps, &gates, error);
        let ends = course::ends(&gates, error);
        let halt = HaltTally::new(&run.steps, &gates).filter(|_| decision == RunDecision::Halted);
        let steps = run.steps.into_iter().zip(gates).zip(ends).map(|((summary, gate), end)| StepInWork {
            promotion: PromotionTally::new(&compared(&run.plan, &run.input, &summary.stage)),
            has_baselines: has_baselines(&run.plan, &summary.stage),
            summary,
            gate,
            end,
            begun: false,
            counts: Counts::default(),
            pending_as_planned: 0,
            targets: TargetCounts::default(),
            incomplete: WholeTarget::default(),
            has_rows: false,
            targets_not_listed: 0,
        });
        Self {
            steps: steps.collect(),
            run: RunReport {
                id: run.run_id,
                plan: run.plan.name,
                plan_sha256: run.plan_sha256,
                operation: run.input.operation,
                readiness_only: run.input.readiness_only,
                comment: run.input.comment,
                started_by,
                closed_by: None,
                without_earlier_gates: run.input.without_earlier_gates,
                earlier_stages: run.earlier_stages,
                stages_not_in_run,
                time_zone: run.plan.time_zone,
                matched_nothing: run.matched_nothing,
                started_at: run.started_at,
                finished_at: now,
                decision,
                reason,
                counts: Counts::default(),
                lambda_concurrency: run.lambda_concurrency,
            },
            accounts_outside_plan: run.accounts_outside_plan,
            matches,
            rules,
            readiness: ReadinessTally::default(),
            highlights: Highlights::default(),
            halt,
            execution_arn: execution_arn.to_owned(),
        }
    }

    /// The report of a run that the execution of that name closes; None: the run reports itself.
    #[must_use]
    pub fn closed_by(mut self, execution: Option<String>) -> Self {
        self.run.closed_by = execution;
        self
    }

    /// Returns the run, with the counts so far.
    #[must_use]
    pub fn run(&self) -> &RunReport {
        &self.run
    }

    /// Adds the next chunk of a target of the step with that index in the run. The chunks of a target follow one another.
    /// Returns what is reported of the chunk.
    ///
    /// # Panics
    ///
    /// If the run has no such step.
    pub fn add(&mut self, step: usize, chunk: KnownTarget) -> ReportedChunk {
        let step = &mut self.steps[step];
        let result = match chunk {
            KnownTarget::Judged(result) => *result,
            KnownTarget::Recorded(records) => {
                step.begun |= match &records.scan {
                    // Of a target that the run never came to, the instances are listed.
                    Some(scan) => scan.outcome != TargetOutcome::NotAttempted,
                    None => records.inventory.is_some(),
                };
                reconcile(*records, &step.end, self.run.operation)
            }
        };
        step.has_rows |= !result.instances.is_empty();
        let state = |result: &TargetResult| baseline_state(self.run.operation, step.has_baselines, result);
        let whole = step
            .incomplete
            .add(&result)
            .inspect(|whole| {
                self.matches.add(&step.summary.stage, whole.matching.as_deref());
                self.rules.add(&step.summary.stage, &whole.rules);
            })
            .map(|whole| TargetReport { baselines: state(&whole), ..target_report(whole).0 });
        if let Some(target) = &whole {
            let has_rows = std::mem::take(&mut step.has_rows);
            self.highlights.add_target(target, has_rows);
            step.targets_not_listed += u64::from(is_not_listed(target, has_rows));
            step.targets.add(target.outcome);
        }
        let (target, instances) = target_report(result);
        let chunk = ReportedChunk { target, instances, whole };
        for row in &chunk.instances {
            step.counts.add(row.outcome);
            step.pending_as_planned += u64::from(row.is_pending_as_planned());
            if let Some(promotion) = &mut step.promotion {
                promotion.add(row);
            }
            self.run.counts.add(row.outcome);
            self.readiness.add(&row.findings);
            self.highlights.add_instance(row);
        }
        if let Some(halt) = &mut self.halt {
            halt.add(&chunk);
        }
        chunk
    }

    /// Returns what the report says about the whole run, after every target was added.
    #[must_use]
    pub fn end(self, comparing: Option<Comparing>) -> (Head, Highlights) {
        let mut run = self.run;
        run.matched_nothing.extend(self.matches.end());
        run.matched_nothing.extend(self.rules.end());
        let steps: Vec<StepReport> = self.steps.into_iter().map(|step| step.end(&run)).collect();
        let comparison = comparing.and_then(|comparing| comparing.end(&steps));
        let mut stages: Vec<&str> = steps.iter().map(|step| step.stage.as_str()).collect();
        stages.dedup();
        if run.stages_not_in_run.is_empty() {
            stages.clear();
        }
        let halt = self.halt.map(|halt| halt.end(&run, &stages, &self.execution_arn));
        let head = Head {
            schema_version: SCHEMA_VERSION,
            steps,
            run,
            halt,
            readiness: self.readiness.end(),
            accounts_outside_plan: self.accounts_outside_plan,
            comparison,
        };
        (head, self.highlights)
    }
}

impl StepInWork {
    fn end(self, run: &RunReport) -> StepReport {
        let judged = self.gate.as_ref().map(|gate| (gate.limits, to_milliseconds(gate.at)));
        let skipped = self.gate.as_ref().and_then(|gate| gate.skipped);
        let (decision, reason) = match self.gate {
            Some(gate) if gate.decision == GateDecision::Advance => (StepDecision::Advance, gate.reason),
            Some(gate) => (StepDecision::Halt, gate.reason),
            None if self.begun => (StepDecision::Error, run.reason.clone()),
            None => (StepDecision::NotAttempted, run.reason.clone()),
        };
        StepReport {
            id: self.summary.id,
            stage: self.summary.stage,
            wave: self.summary.wave,
            decision,
            reason,
            counts: self.counts,
            pending_as_planned: self.pending_as_planned,
            targets: self.targets,
            targets_not_listed: self.targets_not_listed,
            promotion: self.promotion.map(PromotionTally::end),
            limits: judged.map(|(limits, _)| limits),
            skipped,
            judged_at: judged.map(|(_, at)| at),
        }
    }
}

fn target_report(result: TargetResult) -> (TargetReport, Vec<InstanceRow>) {
    let TargetResult {
        target,
        chunk: _,
        outcome,
        reason,
        scanned_at,
        reached_at: _,
        installed_at,
        instances,
        conflict_notes,
        matching: _,
        rules: _,
        baseline_changes,
        are_baselines_compared: _,
    } = result;
    let report = TargetReport {
        account_id: target.account_id,
        account_name: target.account_name,
        ou_path: target.ou_path,
        region: target.region,
        stage: target.stage,
        wave: target.wave,
        outcome,
        reason,
        scanned_at: scanned_at.map(to_milliseconds),
        installed_at: installed_at.map(to_milliseconds),
        baselines: None,
        baseline_changes,
        conflict_notes,
    };
    let rows = instances.into_iter();
    let rows = rows.map(|row| InstanceRow { scanned_at: row.scanned_at.map(to_milliseconds), ..row });
    (report, rows.collect())
}

/// Returns a time without what is finer than a millisecond: readers of a report need no nine decimals.
fn to_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn has_baselines(plan: &Plan, stage: &str) -> bool {
    plan.stages.iter().filter(|one| one.name == stage).any(|stage| plan.baselines_of(stage).next().is_some())
}

/// Returns what a run that changes no baselines says about those of a target; None for other runs.
fn baseline_state(operation: Operation, has_baselines: bool, target: &TargetResult) -> Option<BaselineState> {
    if !matches!(operation, Operation::Scan | Operation::PreviewBaselines) {
        return None;
    }
    Some(match (has_baselines, target.are_baselines_compared) {
        (false, _) => BaselineState::PlanHasNone,
        (true, false) => BaselineState::NotCompared,
        (true, true) if target.baseline_changes.is_empty() => BaselineState::AsPlanned,
        (true, true) if target.baseline_changes.iter().all(Change::is_refused_look) => BaselineState::NotCompared,
        (true, true) => BaselineState::Differ,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn no_time_is_finer_than_a_millisecond() {
        let at = Timestamp::from_nanosecond(1_123_456_789).expect("a time");
        let report = fixtures::report_of(|mut records| {
            if let Some(scan) = &mut records.scan {
                scan.at = at;
                for row in &mut scan.instances {
                    row.scanned_at = Some(at);
                }
            }
            KnownTarget::Recorded(Box::new(records))
        });
        let json = serde_json::to_string(&report).expect("JSON");
        assert!(json.matches("1970-01-01T00:00:01.123Z").count() > 3 && !json.contains("123456"), "{json}");
        assert_eq!(to_milliseconds(at).to_string(), "1970-01-01T00:00:01.123Z");
    }

    #[test]
    fn a_judged_result_is_reported_as_its_records_are() {
        let judged = fixtures::report_of(|records| {
            let result = reconcile(records, &StepEnd::Over, Operation::Install);
            let stored = serde_json::to_string(&result).expect("JSON");
            KnownTarget::Judged(serde_json::from_str(&stored).expect("what was stored"))
        });
        assert_eq!(judged, fixtures::report());
    }
}
