//! Where everything lies in the runs bucket. Objects below `runs/` are written once, those below `baselines/` again and
//! again. The keys of the history, below `results/`, are in [`orgpatch_report::history`].

use orgpatch_model::target::{Phase, Target};

/// The plan of that name.
#[must_use]
pub fn plan(name: &str) -> String {
    format!("plans/{name}.yaml")
}

/// The run's own document: plan, input, organization, ordered steps.
#[must_use]
pub fn run(run_id: &str) -> String {
    format!("runs/{run_id}/run.json")
}

/// Everything of a step begins with this.
#[must_use]
pub fn step(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/")
}

/// What the functions of a step need of the plan.
#[must_use]
pub fn settings(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/settings.json")
}

/// The targets of a step.
#[must_use]
pub fn targets(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/targets.json")
}

/// A folder of a step with one object for each target of which there is something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// What `scan` saw before it sent anything.
    Inventory,
    /// What is done to the baselines, and what was there before; written before the first change.
    Baselines,
    /// What was done to the baselines so that they hold untested patches back.
    HoldingBaselines,
    /// The result of the scan.
    Scan,
    /// The target's part of the install plan.
    InstallPlan,
    /// What is left of that when a scan has proved what would go in while untested patches are held back; there only where
    /// some are.
    Cleared,
    /// Since when a target waits for the end of patch commands that somebody else runs there; only where it has to.
    Waiting,
    /// The result of the install.
    Install,
}

impl Folder {
    /// Every folder.
    pub const ALL: [Self; 8] = [
        Self::Inventory,
        Self::Baselines,
        Self::HoldingBaselines,
        Self::Scan,
        Self::InstallPlan,
        Self::Cleared,
        Self::Waiting,
        Self::Install,
    ];

    /// The folder with the result of a phase. What is done around an install belongs to it.
    #[must_use]
    pub fn of_phase(phase: Phase) -> Self {
        match phase {
            Phase::Inventory | Phase::Scan | Phase::PreviewBaselines | Phase::RestoreBaselines => Self::Scan,
            Phase::PreInstallScan | Phase::Install | Phase::Verify => Self::Install,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Baselines => "baselines",
            Self::HoldingBaselines => "holding-baselines",
            Self::Scan => "scan",
            Self::InstallPlan => "install-plan",
            Self::Cleared => "cleared",
            Self::Waiting => "waiting",
            Self::Install => "install",
        }
    }
}

/// The object of a target in a folder of a step.
#[must_use]
pub fn of_target(run_id: &str, step: &str, folder: Folder, target: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/{}/{}", folder.name(), target_file(target))
}

/// The folder of an object and the place of its target (`<account>/<Region>.json`), by what follows the key of
/// [`step`]; None if it is about no target.
#[must_use]
pub fn folder_and_place(key_in_step: &str) -> Option<(Folder, &str)> {
    let (name, place) = key_in_step.split_once('/')?;
    let folder = Folder::ALL.into_iter().find(|folder| folder.name() == name)?;
    Some((folder, place))
}

/// What was there before orgpatch's baselines in a target, since the first run that changed any. It outlives runs, is
/// extended by each, and emptied when it has been given back.
#[must_use]
pub fn earlier_baselines(target: &Target) -> String {
    format!("baselines/{}", target_file(target))
}

/// The baselines of a frozen step, with the day on which the first stage was scanned; written when the step begins.
#[must_use]
pub fn frozen_baselines(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/frozen-baselines.json")
}

/// What a step of the first stage installed, in this run and before; written when it is judged.
#[must_use]
pub fn tested(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/tested.json")
}

/// What the first stage of a plan installed in any run. Not below `runs/`: every run adds to it.
#[must_use]
pub fn tested_memory(plan: &str) -> String {
    format!("tested/{plan}.json")
}

/// The result of a target in a phase.
#[must_use]
pub fn record(run_id: &str, step: &str, phase: Phase, target: &Target) -> String {
    of_target(run_id, step, Folder::of_phase(phase), target)
}

/// What would be installed in a step, as a whole.
#[must_use]
pub fn install_plan(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/install-plan.json")
}

/// The targets of a step that have something to install.
#[must_use]
pub fn install_targets(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/install-targets.json")
}

/// Why a step did not start; only there if it did not.
#[must_use]
pub fn entry(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/entry.json")
}

/// The decision about a step that was worked on.
#[must_use]
pub fn gate(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/gate.json")
}

/// Where the state machine leaves what became of the children of a step's Map (`scan` or `install`).
#[must_use]
pub fn children(run_id: &str, step: &str, map: &str) -> String {
    format!("runs/{run_id}/steps/{step}/children/{map}")
}

/// The report of a run.
#[must_use]
pub fn report(run_id: &str) -> String {
    format!("runs/{run_id}/report/report.json")
}

/// The files of a report, the one that people open first.
pub const REPORT_FILES: [&str; 5] = ["report.html", "summary.md", "instances.csv", "patches.csv", "report.json"];

/// One of [`REPORT_FILES`].
#[must_use]
pub fn report_file(run_id: &str, name: &str) -> String {
    format!("runs/{run_id}/report/{name}")
}

/// Which run of a plan is the latest one.
#[must_use]
pub fn latest(plan: &str) -> String {
    format!("{}{plan}.json", all_latest())
}

/// What the keys of all of those begin with.
#[must_use]
pub fn all_latest() -> String {
    "latest/".to_owned()
}

/// Where a target's objects lie in their folders: `<account>/<Region>.json`.
#[must_use]
pub fn target_file(target: &Target) -> String {
    format!("{}/{}.json", target.account_id, target.region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn what_is_written_for_a_target_is_found_again() {
        let target = fixtures::target();
        for folder in Folder::ALL {
            let key = of_target("r", "01-test-1", folder, &target);
            let in_step = key.strip_prefix(&step("r", "01-test-1")).expect("in the step");
            assert_eq!(folder_and_place(in_step), Some((folder, target_file(&target).as_str())));
        }
        for other in ["targets.json", "gate.json", "children/scan/uuid/FAILED_0.json"] {
            assert_eq!(folder_and_place(other), None, "{other}");
        }
    }
}
