//! Says how the stages stand that lie before those of a run and are not part of it.

use orgpatch_engine::stage_memory::EarlierStage;

use crate::RunReport;

/// Returns a sentence for each of these stages, in the order of the plan, and one for the reason why they did not matter. The
/// texts have foreign words in them.
#[must_use]
pub fn sentences(run: &RunReport) -> Vec<String> {
    let mut sentences: Vec<String> = run.earlier_stages.iter().map(sentence).collect();
    if let Some(reason) = &run.without_earlier_gates {
        sentences.push(format!("The run was started without regard to earlier stages: {reason}"));
    }
    sentences
}

fn sentence(stage: &EarlierStage) -> String {
    format!("Stage {}, not part of this run, {}.", stage.stage, stage.standing("has NOT passed"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures;

    #[test]
    fn the_stages_before_a_run_are_told() {
        let mut run = fixtures::report().head.run;
        assert_eq!(sentences(&run), [""; 0]);
        run.earlier_stages = serde_json::from_value(json!([
            {"stage": "test", "run": "night-1", "at": "2026-11-11T03:00:00.123456789Z"},
            {"stage": "qa", "run": "night-1", "at": "2026-11-11T05:00:00Z", "planChanged": true},
            {"stage": "staging", "run": "night-2", "at": "2026-11-13T11:22:00Z", "notPassed": "run night-2 halted there"},
        ]))
        .expect("stages");
        run.without_earlier_gates = Some("CHG-7: zero-day".into());
        assert_eq!(
            sentences(&run),
            [
                "Stage test, not part of this run, passed in run night-1 at 2026-11-11T03:00:00Z.",
                "Stage qa, not part of this run, passed in run night-1 at 2026-11-11T05:00:00Z; the plan has changed since.",
                "Stage staging, not part of this run, has NOT passed: run night-2 halted there.",
                "The run was started without regard to earlier stages: CHG-7: zero-day",
            ]
        );
    }
}
