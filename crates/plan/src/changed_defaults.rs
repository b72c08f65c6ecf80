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
    /// The line in a stage, or the command, that gives back what the plan meant before.
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

const CHANGES: [Change; 6] = [
    Change {
        entry: "A stage must prove something",
        meaning: "a stage in which no instance ends as patched or compliant halts an install run",
        earlier: "gate: {minSucceeded: 0}",
        // Behind the last stage there is none to halt for.
        is_met_by: |plan, stage| {
            let is_last = plan.stages.last().is_some_and(|last| last.name == stage.name);
            stage.gate.min_succeeded.is_none() && !is_last
        },
    },
    Change {
        entry: "Gates hold between runs",
        meaning: "an install run of later stages starts only if each stage before them is in the run or has passed within 30 days",
        earlier: "withoutEarlierGates",
        // Before the first stage there is none.
        is_met_by: |plan, stage| {
            let is_first = plan.stages.first().is_some_and(|first| first.name == stage.name);
            plan.gate_valid_for.is_none() && !is_first
        },
    },
    Change {
        entry: "Passes",
        meaning: "an instance of Windows may get a second install",
        earlier: "passes: 1",
        is_met_by: |plan, stage| {
            let systems = plan.selected_by(stage);
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
    Change {
        entry: "Scan runs and baselines",
        meaning: "a scan run changes no baselines, and judges by those that the accounts have",
        earlier: "orgpatch baselines apply",
        is_met_by: |plan, stage| plan.baselines_of(stage).next().is_some(),
    },
    Change {
        entry: "Another baseline",
        meaning: "an instance that another baseline than the plan's judges, such as that of its patch group, is skipped",
        earlier: "conflicts: {otherBaseline: warn}",
        is_met_by: |plan, stage| {
            let says = stage.conflicts.other_baseline.or(plan.conflicts.other_baseline);
            says.is_none() && plan.baselines_of(stage).next().is_some()
        },
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
        entries(&text)
    }

    fn entries(text: &str) -> Vec<&'static str> {
        changed_defaults(&super::super::read(text).expect("a plan")).iter().map(|changed| changed.entry).collect()
    }

    #[test]
    fn a_plan_that_says_what_it_wants_meets_no_change() {
        assert_eq!(met("", ""), ["Passes", "Deadline"]);
        assert_eq!(met("", ", passes: 1, deadline: 72h"), [""; 0]);
        assert_eq!(met("", ", passes: 2"), ["Deadline"], "what is written has not changed");
        assert_eq!(met("reboot: never\n", ""), ["Deadline"]);
        let baselines =
            "select: {operatingSystems: [UBUNTU]}\nbaselines: {UBUNTU: {rules: [{priority: [Required]}]}}\n";
        assert_eq!(met(baselines, ", deadline: 72h"), ["Scan runs and baselines", "Another baseline"]);
        let says = ", deadline: 72h, conflicts: {otherBaseline: warn}";
        assert_eq!(met(baselines, says), ["Scan runs and baselines"], "the stage says it");
        let plan_says = format!("{baselines}conflicts: {{otherBaseline: skip}}\n");
        assert_eq!(met(&plan_says, ", deadline: 72h"), ["Scan runs and baselines"], "the plan says it");
        assert_eq!(met("select: {operatingSystems: [UBUNTU]}\n", ""), ["Deadline"]);
        assert_eq!(
            met("select: {operatingSystems: [WINDOWS]}\n", ", select: {operatingSystems: [UBUNTU]}"),
            ["Deadline"]
        );
    }

    #[test]
    fn every_stage_but_the_last_must_prove_something() {
        let met = |gate: &str| {
            let says = "passes: 1, deadline: 16h";
            let first = format!("{{name: test, accounts: [\"111111111111\"], {says}{gate}}}");
            let last = format!("{{name: production, ous: [r-abcd], {says}}}");
            entries(&format!(
                "schemaVersion: 1\nname: m\nregions: [ap-northeast-1]\ngateValidFor: 30d\nstages:\n  - {first}\n  - {last}\n"
            ))
        };
        assert_eq!(met(""), ["A stage must prove something"]);
        assert_eq!(met(", gate: {minSucceeded: 0}"), [""; 0]);
        assert_eq!(met(", gate: {minSucceeded: 3}"), [""; 0]);
    }

    #[test]
    fn every_stage_but_the_first_has_a_gate_before_it() {
        let stage = |name: &str, account: u8| {
            format!(
                "{{name: {name}, accounts: [\"11111111111{account}\"], passes: 1, deadline: 16h, gate: {{minSucceeded: 0}}}}"
            )
        };
        let text = |more: &str| {
            let stages = [stage("test", 1), stage("staging", 2), stage("production", 3)].join(", ");
            format!("schemaVersion: 1\nname: m\nregions: [ap-northeast-1]\n{more}stages: [{stages}]\n")
        };
        let plan = super::super::read(&text("")).expect("a plan");
        let [changed] = &changed_defaults(&plan)[..] else { panic!("one change") };
        assert_eq!(
            (changed.entry, &*changed.stages),
            ("Gates hold between runs", &["staging".to_owned(), "production".to_owned()][..])
        );
        assert_eq!(entries(&text("gateValidFor: 30d\n")), [""; 0]);
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
