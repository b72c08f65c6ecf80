//! The metrics of a run: log lines in CloudWatch's embedded metric format.
//!
//! Source: "Specification: Embedded metric format", CloudWatch user guide. Every line has all metrics of its kind,
//! including zeros, so that graphs and alarms have a value for each run. There are few dimensions, because each combination
//! of names and values is a metric that costs money. Metrics of a run have no dimension, which the alarms use for all
//! plans, and the plan. Metrics of a stage have the plan and the stage. Each deployment has its own namespace.

use jiff::Timestamp;
use orgpatch_model::outcome::{Counts, Outcome, RunDecision};
use serde_json::{Map, Value, json};

use crate::{Head, StepDecision, StepReport};

/// Dimension: name of the plan.
const PLAN: &str = "Plan";
/// Dimension: name of the stage.
const STAGE: &str = "Stage";

/// A metric's name, unit and value.
type Metric = (&'static str, &'static str, u64);

/// Returns the lines of a run: one about the run, and one for each stage. A run about baselines only has none, because it
/// must not count as a successful run.
#[must_use]
pub fn lines(report: &Head, namespace: &str) -> Vec<Value> {
    if report.run.operation.is_about_baselines_only() {
        return Vec::new();
    }
    let run = &report.run;
    let at = run.finished_at;
    let mut stages: Vec<&str> = report.steps.iter().map(|step| step.stage.as_str()).collect();
    stages.dedup();
    let of_run =
        line(namespace, at, &json!([[], [PLAN]]), &run_metrics(report), &[(PLAN, &run.plan), ("run", &run.id)]);
    let of_stages = stages.into_iter().map(|stage| {
        let names = [(PLAN, run.plan.as_str()), (STAGE, stage), ("run", run.id.as_str())];
        line(namespace, at, &json!([[PLAN, STAGE]]), &stage_metrics(report, stage), &names)
    });
    std::iter::once(of_run).chain(of_stages).collect()
}

/// Returns the metrics of how the run ended, and how long it took.
fn run_metrics(report: &Head) -> Vec<Metric> {
    let run = &report.run;
    let ended = |decision| u64::from(run.decision == decision);
    // It advanced because nothing stopped it, and is no success: `no-successful-run` must not take it for one.
    let nothing = u64::from(report.reached_nothing());
    let seconds = run.finished_at.duration_since(run.started_at).as_secs();
    vec![
        ("RunsAdvanced", "Count", ended(RunDecision::Advanced) - nothing),
        ("RunsReachedNothing", "Count", nothing),
        ("RunsHalted", "Count", ended(RunDecision::Halted)),
        ("RunsBroken", "Count", ended(RunDecision::Error)),
        ("RunSeconds", "Seconds", u64::try_from(seconds).unwrap_or_default()),
    ]
}

/// Returns the metrics of the stage's steps by gate decision, and of its instances by outcome.
fn stage_metrics(report: &Head, stage: &str) -> Vec<Metric> {
    let steps: Vec<&StepReport> = report.steps.iter().filter(|step| step.stage == stage).collect();
    let said = |decision| steps.iter().map(|step| u64::from(step.decision == decision)).sum();
    let mut counts = Counts::default();
    for step in &steps {
        counts.merge(&step.counts);
    }
    let mut metrics = vec![
        ("StepsAdvanced", "Count", said(StepDecision::Advance)),
        ("StepsHalted", "Count", said(StepDecision::Halt)),
        ("StepsNotAttempted", "Count", said(StepDecision::NotAttempted)),
        ("StepsBroken", "Count", said(StepDecision::Error)),
    ];
    metrics.extend(Outcome::ALL.map(|outcome| (metric_of(outcome), "Count", counts.of(outcome))));
    metrics
}

/// Returns the name of the metric that counts instances with that outcome.
fn metric_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Compliant => "InstancesCompliant",
        Outcome::Missing => "InstancesMissing",
        Outcome::Patched => "InstancesPatched",
        Outcome::PendingReboot => "InstancesPendingReboot",
        Outcome::Failed => "InstancesFailed",
        Outcome::Unreachable => "InstancesUnreachable",
        Outcome::NotReady => "InstancesNotReady",
        Outcome::Skipped => "InstancesSkipped",
        Outcome::NotAttempted => "InstancesNotAttempted",
    }
}

/// Returns one log line: names and values, and the `_aws` member that says which of them are metrics and dimensions.
fn line(namespace: &str, at: Timestamp, dimensions: &Value, metrics: &[Metric], names: &[(&str, &str)]) -> Value {
    let described: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": dimensions, "Metrics": described}]
        }),
    );
    line.extend(names.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    line.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(operation: &str) -> Head {
        let step = |id: &str, stage: &str, decision: &str, counts: Value| {
            json!({"id": id, "stage": stage, "wave": 1, "decision": decision, "reason": {"code": "reached", "text": "because"},
                   "counts": counts, "promotion": null})
        };
        serde_json::from_value(json!({
            "schemaVersion": 1,
            "run": {
                "id": "night", "plan": "monthly", "planSha256": "00", "operation": operation, "comment": null,
                "startedAt": "2026-11-10T00:00:00Z", "finishedAt": "2026-11-10T01:30:00.25Z", "decision": "halted",
                "reason": {"code": "reached", "text": "because"}, "counts": {}
            },
            "steps": [
                step("01-test-1", "test", "advance", json!({"patched": 2, "not-ready": 1})),
                step("02-test-2", "test", "halt", json!({"patched": 1, "failed": 3})),
                step("03-production-1", "production", "not-attempted", json!({"not-attempted": 4}))
            ],
            "accountsOutsidePlan": []
        }))
        .expect("a report")
    }

    #[test]
    fn a_run_is_one_line_and_each_stage_another() {
        let lines: Vec<String> = lines(&report("install"), "orgpatch/prod").iter().map(Value::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_run_that_reached_nothing_is_no_success() {
        let counted = |outcomes: &str| {
            let mut report = report("scan");
            report.run.decision = RunDecision::Advanced;
            report.steps[0].targets = serde_json::from_str(outcomes).expect("targets by outcome");
            let line = &lines(&report, "orgpatch/prod")[0];
            (line["RunsAdvanced"].as_u64(), line["RunsReachedNothing"].as_u64())
        };
        assert_eq!(counted(r#"{"access-denied": 300}"#), (Some(0), Some(1)));
        assert_eq!(counted(r#"{"access-denied": 299, "reached": 1}"#), (Some(1), Some(0)));
        assert_eq!(counted("{}"), (Some(1), Some(0)), "the report of an earlier version");
    }

    #[test]
    fn a_run_about_baselines_is_no_success() {
        assert!(lines(&report("preview-baselines"), "orgpatch/prod").is_empty());
    }
}
