//! How to go on after a halt: the one place of these sentences. Mail, summary and page show them, and docs/run.md repeats
//! them, which a test compares.

use orgpatch_engine::planner::StepSummary;
use orgpatch_model::input::Operation;
use serde_json::{Map, Value};

use crate::RunReport;

const REPAIR: &str = "Repair these instances and accounts.";
const AGAIN: &str = "Start the run again. It scans first, and what is installed already ends as compliant: nothing is \
                     installed twice.";
/// For a run that installs nothing.
const ONLY_AGAIN: &str = "Start the run again.";

/// Returns what to do after a halt at that step, in this order.
pub(super) fn what_to_do(operation: Operation, halted: &StepSummary, later: &[StepSummary]) -> Vec<String> {
    let again = if operation == Operation::Install { AGAIN } else { ONLY_AGAIN };
    let mut all = vec![REPAIR.to_owned(), again.to_owned()];
    if later.iter().any(|step| step.stage != halted.stage) {
        all.push(only(&halted.stage));
    }
    all
}

/// Returns how to keep the later stages waiting.
fn only(stage: &str) -> String {
    format!("If later stages must wait, name the stages that may run in the input: \"stages\": [\"{stage}\"].")
}

/// Says how it stands with the steps behind the one that halted the run: a run sends nothing to a step before every earlier one has
/// advanced.
pub(super) fn later_steps(halted: &StepSummary, later: &[StepSummary]) -> String {
    let mut stages: Vec<&str> = later.iter().map(|step| step.stage.as_str()).collect();
    stages.dedup();
    let waves = stages.first() == Some(&halted.stage.as_str());
    if waves {
        stages.remove(0);
    }
    let waves = waves.then(|| format!("the later waves of stage {}", halted.stage));
    let stages = match &stages[..] {
        [] => None,
        [stage] => Some(format!("stage {stage}")),
        all => Some(format!("the stages {}", all.join(", "))),
    };
    let all: Vec<String> = waves.into_iter().chain(stages).collect();
    if all.is_empty() {
        return "No later stage was to follow in this run.".to_owned();
    }
    format!("Not touched: {}. Nothing was sent to their instances.", all.join(", "))
}

/// Returns the command that starts a run with the same operation, plan and stages; None if the execution has no ARN that names its
/// state machine. `stages` are those of the run if it does not work on all of the plan.
pub(super) fn command(run: &RunReport, stages: &[&str], execution_arn: &str) -> Option<String> {
    let (before, name) = execution_arn.split_once(":execution:")?;
    let (machine, _) = name.split_once(':')?;
    let region = before.split(':').nth(3)?;
    let mut input = Map::new();
    let mut set = |field: &str, value: Value| input.insert(field.to_owned(), value);
    set("operation", run.operation.name().into());
    set("plan", run.plan.as_str().into());
    if !stages.is_empty() {
        set("stages", stages.iter().copied().map(Value::from).collect());
    }
    if run.without_earlier_gates.is_some() {
        set("withoutEarlierGates", "<reason>".into());
    }
    // A shell ends a text in quotes at the next one.
    let input = Value::Object(input).to_string().replace('\'', r"'\''");
    Some(format!(
        "aws stepfunctions start-execution --region {region} --state-machine-arn {before}:stateMachine:{machine} --input '{input}'"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn step(stage: &str, wave: u32) -> StepSummary {
        StepSummary { id: format!("0-{stage}-{wave}"), stage: stage.into(), wave, accounts: 1, targets: 1 }
    }

    /// Returns the sentences of a text without what is only its form.
    fn words(text: &str) -> String {
        text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_documents_say_what_the_report_says() {
        let document = words(include_str!("../../../docs/run.md"));
        let (_, section) = document.split_once("## After a halt").expect("the section");
        for sentence in what_to_do(Operation::Install, &step("staging", 1), &[step("production", 1)]) {
            assert!(section.contains(&words(&sentence)), "docs/run.md lacks: {sentence}");
        }
    }

    #[test]
    fn later_steps_are_named_as_they_are() {
        let of = |later: &[StepSummary]| later_steps(&step("qa", 1), later);
        assert_eq!(of(&[]), "No later stage was to follow in this run.");
        assert_eq!(
            of(&[step("qa", 2), step("qa", 3)]),
            "Not touched: the later waves of stage qa. Nothing was sent to their instances."
        );
        assert_eq!(
            of(&[step("qa", 2), step("a", 1), step("b", 1), step("b", 2)]),
            "Not touched: the later waves of stage qa, the stages a, b. Nothing was sent to their instances."
        );
        assert_eq!(of(&[step("a", 1)]), "Not touched: stage a. Nothing was sent to their instances.");
    }

    #[test]
    fn only_a_run_with_later_stages_can_keep_them_waiting() {
        let of = |operation, later: &[StepSummary]| what_to_do(operation, &step("qa", 1), later);
        assert_eq!(of(Operation::Install, &[step("qa", 2)]), [REPAIR, AGAIN]);
        assert_eq!(of(Operation::Install, &[step("a", 1)]).len(), 3);
        assert_eq!(of(Operation::ApplyBaselines, &[]), [REPAIR, ONLY_AGAIN]);
    }

    #[test]
    fn the_command_starts_the_same_run() {
        const ARN: &str = "arn:aws:states:eu-west-1:111111111111:execution:orgpatch-patch-run:night";
        let mut run = fixtures::report().head.run;
        assert_eq!(
            command(&run, &[], ARN).as_deref(),
            Some(
                "aws stepfunctions start-execution --region eu-west-1 --state-machine-arn \
                 arn:aws:states:eu-west-1:111111111111:stateMachine:orgpatch-patch-run --input \
                 '{\"operation\":\"install\",\"plan\":\"monthly\"}'"
            )
        );
        run.without_earlier_gates = Some("zero-day".into());
        let told = command(&run, &["it's"], ARN).expect("a command");
        assert!(told.ends_with(r#""stages":["it'\''s"],"withoutEarlierGates":"<reason>"}'"#), "{told}");
        assert_eq!(command(&run, &[], ""), None);
    }
}
