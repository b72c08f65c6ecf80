//! Asks for confirmation before accounts are changed.

use std::io::{self, BufRead as _, IsTerminal, Write as _};

use orgpatch_model::input::Operation;
use orgpatch_plan::{Plan, Stage};

/// Returns true if the command runs in a terminal, so that it can ask.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Returns the text that says what a run of that operation does with the baselines of a plan.
/// `only` are the only stages, and `to_plan` is the plan to which the baselines give way.
pub fn what(operation: Operation, plan: &Plan, only: Option<&[String]>, to_plan: Option<&str>, bucket: &str) -> String {
    let is_in_run = |stage: &&Stage| stage.is_in_run(only);
    let stages = names(plan.stages.iter().filter(is_in_run));
    let mut text = format!("Plan {} of the bucket {bucket}, stages {stages}:\n", plan.name);
    if let Some(to) = to_plan {
        let sentence = format!(
            "orgpatch registers the patch baselines of plan {to}, in every account and Region of these stages, wherever those of \
             plan {} are registered. Where {to} has none, they stay.\n\n",
            plan.name
        );
        return text + &sentence;
    }
    if operation == Operation::RestoreBaselines {
        text.push_str(
            "orgpatch registers again, in every account and Region of these stages, the default patch baselines and those of \
             patch groups that it has replaced, whichever plan replaced them.\n\
             A baseline that was registered since then, not by orgpatch, stays. Baselines of orgpatch stay in the accounts, \
             unused, until the next install run of a plan with baselines registers them again.\n\n",
        );
        return text;
    }
    text.push_str(
        "orgpatch makes the patch baselines of the plan, in every account and Region of these stages that has instances for \
         them, and registers them as the default or for their patch group. From then on every tool there patches by them.\n\
         It sends no command to any instance. Baselines that orgpatch did not create stay as they are, and \
         `orgpatch baselines restore` gives back what was registered before.\n",
    );
    let frozen = names(plan.stages.iter().filter(is_in_run).filter(|stage| plan.is_frozen(stage)));
    if !frozen.is_empty() {
        text.push_str("Baselines with frozen rules stay as they are until an install run; frozen stages: ");
        text.push_str(&frozen);
        text.push_str(".\n");
    }
    text + "\n"
}

fn names<'p>(stages: impl Iterator<Item = &'p Stage>) -> String {
    stages.map(|stage| stage.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Shows the text on standard error and waits for an answer. Returns true only for yes.
pub fn ask(operation: Operation, what: &str) -> bool {
    let verb = if operation == Operation::RestoreBaselines { "Restore" } else { "Apply" };
    eprint!("{what}{verb}? [y/N] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use orgpatch_plan::read;

    use super::*;

    #[test]
    fn it_says_which_stages() {
        let plan = read(
            "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\n\
             stages: [{name: test, ous: [r-abcd]}, {name: production, accounts: [\"111111111111\"]}]\n",
        )
        .expect("a plan");
        for operation in [Operation::ApplyBaselines, Operation::RestoreBaselines] {
            let text = what(operation, &plan, None, None, "b");
            assert!(text.starts_with("Plan monthly of the bucket b, stages test, production:\n"), "{text}");
            let text = what(operation, &plan, Some(&["production".to_owned()]), None, "b");
            assert!(text.contains("stages production:") && !text.contains("frozen"), "{text}");
        }
    }

    #[test]
    fn it_says_to_which_plan_the_baselines_give_way() {
        let plan = read(
            "schemaVersion: 1\nname: emergency\nregions: [ap-northeast-1]\nstages: [{name: all, ous: [r-abcd]}]\n",
        );
        let text = what(Operation::RestoreBaselines, &plan.expect("a plan"), None, Some("monthly"), "b");
        assert!(text.contains("baselines of plan monthly") && text.contains("those of plan emergency"), "{text}");
    }

    #[test]
    fn it_says_which_stages_keep_their_baselines() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/plans/frozen.yaml");
        let plan = read(&std::fs::read_to_string(path).expect("a file")).expect("a plan");
        let text = what(Operation::ApplyBaselines, &plan, None, None, "b");
        let frozen = plan.stages.iter().filter(|stage| plan.is_frozen(stage));
        let frozen: Vec<&str> = frozen.map(|stage| stage.name.as_str()).collect();
        assert!(text.contains(&format!("frozen stages: {}.\n", frozen.join(", "))), "{text}");
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Yes\r\n", " YES "].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yep\n"].into_iter().any(is_yes));
    }
}
