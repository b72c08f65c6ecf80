//! What the summaries say of parts of the plan that matched nothing.

use orgpatch_model::english::counted;

use crate::RunReport;

/// How many of them are named. The report has all.
const NAMED: usize = 5;

/// Returns a sentence about them; None if there are none. Tags may have any text.
pub(crate) fn sentence(run: &RunReport) -> Option<String> {
    let all = &run.matched_nothing;
    let mut named: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    if all.len() > NAMED {
        named.push("…".to_owned());
    }
    let here = if run.stages_not_in_run.is_empty() { "" } else { " in the stages of this run" };
    (!all.is_empty()).then(|| {
        let parts = counted(all.len(), "part");
        format!("Warning: {parts} of the plan matched nothing{here} and may be misspelt: {}.", named.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use orgpatch_engine::matches::{MatchedNothing, PlanEntry, PlanField};

    use crate::fixtures;

    #[test]
    fn both_summaries_warn_of_what_matched_nothing() {
        let mut report = fixtures::report();
        let highlights = report.highlights();
        let mut told = |parts: usize| {
            let part = |nth| MatchedNothing {
                stage: (nth == 0).then(|| "test".to_owned()),
                entry: PlanEntry::new(PlanField::ExcludeTags, format!("Exempt{nth}=off")),
            };
            report.head.run.matched_nothing = (0..parts).map(part).collect();
            [crate::summary::markdown(&report.head, &highlights), report.head.answer(&highlights, "b", "0123").message]
        };
        for text in told(0) {
            assert!(!text.contains("matched nothing"), "{text}");
        }
        for text in told(7) {
            let line = text.lines().find(|line| line.contains("Warning")).expect("a line");
            assert!(
                line.contains(
                    "7 parts of the plan matched nothing and may be misspelt: excluded tag Exempt0=off of stage test; "
                ),
                "{line}"
            );
            assert!(line.ends_with("excluded tag Exempt4=off; …."), "{line}");
        }
    }
}
