//! Where everything lies in the runs bucket. Objects below `runs/` are written once, those below `baselines/` again and
//! again. The keys of the history, below `results/`, are in [`crate::history`].

use crate::contract::{Phase, Target};

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

/// What `scan` saw in a target before it sent anything.
#[must_use]
pub fn inventory(run_id: &str, step: &str, target: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/inventory/{}", target_file(target))
}

/// What is done to the baselines of a target in a step, and what was there before; written before the first change.
#[must_use]
pub fn baselines(run_id: &str, step: &str, target: &Target) -> String {
    format!("{}{}", all_baselines(run_id, step), target_file(target))
}

/// The same of all targets of a step begins with this.
#[must_use]
pub fn all_baselines(run_id: &str, step: &str) -> String {
    format!("runs/{run_id}/steps/{step}/baselines/")
}

/// What was there before orgpatch's baselines in a target, since the first run that changed any. It outlives runs, is
/// extended by each, and emptied when it has been given back.
#[must_use]
pub fn earlier_baselines(target: &Target) -> String {
    format!("baselines/{}", target_file(target))
}

/// What was done to the baselines of a target so that they hold untested patches back.
#[must_use]
pub fn holding_baselines(run_id: &str, step: &str, target: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/holding-baselines/{}", target_file(target))
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

/// The result of a target in a phase. What is done around an install belongs to it.
#[must_use]
pub fn record(run_id: &str, step: &str, phase: Phase, target: &Target) -> String {
    let folder = match phase {
        Phase::Inventory | Phase::Scan | Phase::PreviewBaselines | Phase::RestoreBaselines => "scan",
        Phase::Hold | Phase::Install | Phase::Verify => "install",
    };
    format!("runs/{run_id}/steps/{step}/{folder}/{}", target_file(target))
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

/// One target's part of the install plan.
#[must_use]
pub fn install_order(run_id: &str, step: &str, target: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/install-plan/{}", target_file(target))
}

/// What is left of a target's order when a scan has proved what would go in while untested patches are held back; there
/// only where some are.
#[must_use]
pub fn cleared_order(run_id: &str, step: &str, target: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/cleared/{}", target_file(target))
}

/// Since when a target waits for the end of patch commands that somebody else runs there; only where it has to.
#[must_use]
pub fn waiting(run_id: &str, step: &str, target: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/waiting/{}", target_file(target))
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

fn target_file(target: &Target) -> String {
    format!("{}/{}.json", target.account_id, target.region)
}
