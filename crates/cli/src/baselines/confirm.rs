//! Asks for confirmation before accounts are changed.

use std::io::{self, BufRead as _, IsTerminal, Write as _};

use orgpatch_plan::Plan;

/// Returns true if the command runs in a terminal, so that it can ask.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Returns the text that says what restoring the baselines of a plan does.
pub fn what(plan: &Plan, only: Option<&[String]>, bucket: &str) -> String {
    let stages = plan.stages.iter().map(|stage| stage.name.as_str());
    let stages: Vec<&str> = stages.filter(|name| only.is_none_or(|only| only.iter().any(|one| one == name))).collect();
    format!(
        "Plan {} of the bucket {bucket}, stages {}:\n\
         orgpatch registers again, in every account and Region of these stages, the default patch baselines and those of \
         patch groups that it has replaced, whichever plan replaced them.\n\
         A baseline that was registered since then, not by orgpatch, stays. Baselines of orgpatch stay in the accounts, \
         unused, until the next run of a plan with baselines registers them again.\n\n",
        plan.name,
        stages.join(", "),
    )
}

/// Shows the text on standard error and waits for an answer. Returns true only for yes.
pub fn ask(what: &str) -> bool {
    eprint!("{what}Restore? [y/N] ");
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
        assert!(what(&plan, None, "b").starts_with("Plan monthly of the bucket b, stages test, production:\n"));
        assert!(what(&plan, Some(&["production".to_owned()]), "b").contains("stages production:"));
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Yes\r\n", " YES "].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yep\n"].into_iter().any(is_yes));
    }
}
