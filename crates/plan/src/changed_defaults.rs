//! What a plan meant under an earlier build and does not mean any more, because a default has become a safer one.

use orgpatch_model::operating_system::OperatingSystem;
use serde::Serialize;

use super::model::{Plan, Stage};
use super::working_time::Passes;

/// A changed default that a plan meets. `CHANGELOG.md` has an entry of that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedDefault {
    /// The entry in `CHANGELOG.md`.
    pub entry: &'static str,
    /// What the default means now.
    pub meaning: &'static str,
    /// The stages that say nothing else.
    pub stages: Vec<String>,
    /// The line in a stage that gives back what the plan meant before.
    pub earlier: &'static str,
}

/// A default that has changed.
struct Change {
    entry: &'static str,
    meaning: &'static str,
    earlier: &'static str,
    /// True if a stage of a plan meets it.
    is_met_by: fn(&Plan, &Stage) -> bool,
}

const CHANGES: [Change; 2] = [
    Change {
        entry: "Passes",
        meaning: "an instance of Windows may get a second install",
        earlier: "passes: 1",
        is_met_by: |plan, stage| {
            let own = stage.select.as_ref().map(|select| &select.operating_systems).filter(|own| !own.is_empty());
            let systems = own.unwrap_or(&plan.select.operating_systems);
            let has_windows = systems.is_empty() || systems.contains(&OperatingSystem::Windows);
            has_windows && stage.passes.is_none() && plan.passes(stage, OperatingSystem::Windows) == Passes::Two
        },
    },
    Change {
        entry: "Deadline",
        meaning: "a step ends after at most 24 hours",
        earlier: "deadline: 72h",
        is_met_by: |_, stage| stage.deadline.is_none(),
    },
];

/// Returns the changed defaults that a plan meets.
#[must_use]
pub fn changed_defaults(plan: &Plan) -> Vec<ChangedDefault> {
    let met = CHANGES.iter().map(|change| ChangedDefault {
        entry: change.entry,
        meaning: change.meaning,
        stages: plan
            .stages
            .iter()
            .filter(|stage| (change.is_met_by)(plan, stage))
            .map(|stage| stage.name.clone())
            .collect(),
        earlier: change.earlier,
    });
    met.filter(|changed| !changed.stages.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(more: &str, stage: &str) -> Vec<&'static str> {
        let text = format!(
            "schemaVersion: 1\nname: m\nregions: [ap-northeast-1]\n{more}stages: [{{name: test, ous: [r-abcd]{stage}}}]\n"
        );
        changed_defaults(&super::super::read(&text).expect("a plan")).iter().map(|changed| changed.entry).collect()
    }

    #[test]
    fn a_plan_that_says_what_it_wants_meets_no_change() {
        assert_eq!(met("", ""), ["Passes", "Deadline"]);
        assert_eq!(met("", ", passes: 1, deadline: 72h"), [""; 0]);
        assert_eq!(met("", ", passes: 2"), ["Deadline"], "what is written has not changed");
        assert_eq!(met("reboot: never\n", ""), ["Deadline"]);
        assert_eq!(met("select: {operatingSystems: [UBUNTU]}\n", ""), ["Deadline"]);
        assert_eq!(
            met("select: {operatingSystems: [WINDOWS]}\n", ", select: {operatingSystems: [UBUNTU]}"),
            ["Deadline"]
        );
    }

    #[test]
    fn every_change_stands_in_the_changelog_with_its_line() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../CHANGELOG.md");
        let changelog = std::fs::read_to_string(path).expect("the changelog");
        for change in &CHANGES {
            let entry = format!("- **{}.**", change.entry);
            let (_, rest) = changelog.split_once(&entry).unwrap_or_else(|| panic!("{entry}"));
            let words = rest.split("\n- **").next().unwrap_or_default();
            assert!(words.contains(&format!("`{}`", change.earlier)), "{entry}: {words}");
        }
    }
}
