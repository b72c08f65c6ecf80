//! What the summaries say of parts of the plan that matched nothing.

use orgpatch_engine::matches::MatchedNothing;
use orgpatch_model::english::counted;

use crate::RunReport;

/// How many of them are named. The report has all.
const NAMED: usize = 5;

/// How many characters their names may have together, if there are several.
const LONGEST: usize = 160;

/// Returns a sentence about those that name something, and one about approval rules; none where there are none. Tags may have any text.
pub fn sentences(run: &RunReport) -> impl Iterator<Item = String> {
    let (rules, parts): (Vec<&MatchedNothing>, Vec<&MatchedNothing>) =
        run.matched_nothing.iter().partition(|one| one.rule.is_some());
    let here = if run.stages_not_in_run.is_empty() { "" } else { " in the stages of this run" };
    let parts = (!parts.is_empty()).then(|| {
        let (count, named) = (counted(parts.len(), "part"), named(&parts, ToString::to_string));
        format!("Warning: {count} of the plan matched nothing{here} and may be misspelt: {named}.")
    });
    let rules = (!rules.is_empty()).then(|| {
        let count = counted(rules.len(), "approval rule");
        let named = named(&rules, |one| match &one.rule {
            Some(rule) => format!("{one}, {} scanned", counted(rule.instances, "instance")),
            None => one.to_string(),
        });
        format!(
            "Warning: {count} of the plan approved no patch that a scan{here} found, installed or missing: {named}."
        )
    });
    parts.into_iter().chain(rules)
}

/// Names the first of them and counts the others. A summary cuts what is longer, and with it would go the number.
fn named(all: &[&MatchedNothing], name: impl Fn(&MatchedNothing) -> String) -> String {
    let mut text = String::new();
    for (done, one) in all.iter().enumerate() {
        let next = name(one);
        if done == NAMED || (done > 0 && text.chars().count() + next.chars().count() > LONGEST) {
            return format!("{text}; and {} more", all.len() - done);
        }
        text.push_str(if done == 0 { "" } else { "; " });
        text.push_str(&next);
    }
    text
}

#[cfg(test)]
mod tests {
    use orgpatch_engine::matches::{PlanEntry, PlanField, UnmatchedRule};
    use orgpatch_model::operating_system::OperatingSystem;

    use super::*;
    use crate::fixtures;

    /// Returns summary and mail of a run with these parts.
    fn told(parts: Vec<MatchedNothing>) -> [String; 2] {
        let mut report = fixtures::report();
        let highlights = report.highlights();
        report.head.run.matched_nothing = parts;
        [crate::summary::markdown(&report.head, &highlights), report.head.answer(&highlights, "b", "0123").message]
    }

    #[test]
    fn both_summaries_warn_of_what_matched_nothing() {
        let part = |nth: usize| {
            let stage = (nth == 0).then(|| "test".to_owned());
            MatchedNothing::new(stage, PlanEntry::new(PlanField::ExcludeTags, format!("Exempt{nth}=off")))
        };
        for text in told(Vec::new()) {
            assert!(!text.contains("matched nothing") && !text.contains("approval rule"), "{text}");
        }
        for text in told((0..7).map(part).collect()) {
            let line = text.lines().find(|line| line.contains("Warning")).expect("a line");
            assert!(
                line.contains(
                    "7 parts of the plan matched nothing and may be misspelt: excluded tag Exempt0=off of stage test; "
                ),
                "{line}"
            );
            assert!(line.ends_with("excluded tag Exempt4=off; and 2 more."), "{line}");
        }
    }

    #[test]
    fn both_summaries_name_rules_that_approved_nothing_and_count_what_they_do_not_name() {
        let rule = |number| {
            let rule = UnmatchedRule {
                stages: vec!["test".to_owned()],
                operating_system: OperatingSystem::AmazonLinux2023,
                patch_groups: Vec::new(),
                number,
                filters: "severity: Urgent".to_owned(),
                instances: 1,
            };
            let entry =
                PlanEntry::new(PlanField::BaselineRules, format!("{number} of AMAZON_LINUX_2023 (severity: Urgent)"));
            MatchedNothing { stage: None, entry, rule: Some(rule) }
        };
        for text in told((1..=6).map(rule).collect()) {
            let line = text.lines().find(|line| line.contains("Warning")).expect("a line");
            let begin = "Warning: 6 approval rules of the plan approved no patch that a scan found, installed or missing: rule 1 of ";
            assert!(line.contains(begin), "{line}");
            assert!(line.ends_with(" (severity: Urgent), 1 instance scanned; and 4 more."), "{line}");
            assert!(!text.contains("misspelt"), "{text}");
        }
    }
}
