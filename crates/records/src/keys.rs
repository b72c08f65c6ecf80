//! The key of every object in the runs bucket, and the one writer of each. Objects below `runs/` are written once, those
//! below `baselines/`, `tested/`, `gates/` and `latest/` again and again. The keys of the history, below `results/`, are in the crate
//! of the report, which owns them.
//!
//! A `*` in an IAM policy also matches `/`. A policy can therefore tell two writers apart only if no name of a file belongs
//! to both of them, in whatever folder. [`owners`] lists every kind of object; a check compares the list with the policies
//! in `template.yaml`.

mod target;
#[cfg(test)]
mod tests;

use orgpatch_model::target::Target;

pub use target::{ChunkObject, FIRST_ROUND, OfTarget, TargetObject, of_chunk, of_target, place_and_object};

/// What writes objects of a run. Each kind of object has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The Lambda function `list-accounts`.
    ListAccounts,
    /// The Lambda function `assume-role`.
    AssumeRole,
    /// The Lambda function `scan`.
    Scan,
    /// The Lambda function `install`.
    Install,
    /// The Lambda function `collect-results`.
    CollectResults,
    /// The Lambda function `gate`.
    Gate,
    /// The Lambda function `report`.
    Report,
    /// The state machine `patch-run`, whose Maps write how their children ended.
    PatchRun,
}

impl Owner {
    /// Its name in the template, without the stack's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ListAccounts => "list-accounts",
            Self::AssumeRole => "assume-role",
            Self::Scan => "scan",
            Self::Install => "install",
            Self::CollectResults => "collect-results",
            Self::Gate => "gate",
            Self::Report => "report",
            Self::PatchRun => "patch-run",
        }
    }
}

/// An object of which each step has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepObject {
    /// What the functions of the step need of the plan.
    Settings,
    /// The targets of the step.
    Targets,
    /// Why the step did not start; only there if it did not.
    Entry,
    /// The baselines of a frozen step, with the day on which the first stage was scanned; written when the step begins.
    FrozenBaselines,
    /// What would be installed in the step, as a whole.
    InstallPlan,
    /// The hashes of the install orders, by target.
    OrderHashes,
    /// The targets of the step that have something to install.
    InstallTargets,
    /// What a step of the first stage installed, in this run and before; written when it is judged.
    Tested,
    /// The decision about a step that was worked on.
    Gate,
}

impl StepObject {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Settings,
        Self::Targets,
        Self::Entry,
        Self::FrozenBaselines,
        Self::InstallPlan,
        Self::OrderHashes,
        Self::InstallTargets,
        Self::Tested,
        Self::Gate,
    ];

    /// Its file.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Settings => "settings.json",
            Self::Targets => "targets.json",
            Self::Entry => "entry.json",
            Self::FrozenBaselines => "frozen-baselines.json",
            Self::InstallPlan => "install-plan.json",
            Self::OrderHashes => "order-hashes.json",
            Self::InstallTargets => "install-targets.json",
            Self::Tested => "tested.json",
            Self::Gate => "gate.json",
        }
    }

    /// Its writer.
    #[must_use]
    pub fn owner(self) -> Owner {
        match self {
            Self::Settings | Self::Targets => Owner::ListAccounts,
            Self::Entry
            | Self::FrozenBaselines
            | Self::InstallPlan
            | Self::OrderHashes
            | Self::InstallTargets
            | Self::Tested
            | Self::Gate => Owner::Gate,
        }
    }
}

/// The plan of that name. An operator puts it there; nothing of orgpatch writes it.
#[must_use]
pub fn plan(name: &str) -> String {
    format!("plans/{name}.yaml")
}

/// The run's own document: plan, input, organization, ordered steps. Written by `list-accounts`, last of all.
#[must_use]
pub fn run(run_id: &str) -> String {
    format!("{}run.json", of_run(run_id))
}

/// The claim of an execution to the name of a run, written before anything else of the run. Written by `list-accounts`.
#[must_use]
pub fn claim(run_id: &str) -> String {
    format!("{}claim.json", of_run(run_id))
}

/// Says that a run which ended without a report is closed, written before anything else is done about it. Written by
/// `list-accounts`.
#[must_use]
pub fn closed(run_id: &str) -> String {
    format!("{}closed.json", of_run(run_id))
}

/// Everything of a run begins with this.
#[must_use]
pub fn of_run(run_id: &str) -> String {
    format!("runs/{run_id}/")
}

/// Everything of a step begins with this.
#[must_use]
pub fn step(run_id: &str, step: &str) -> String {
    format!("{}steps/{step}/", of_run(run_id))
}

/// An object of a step.
#[must_use]
pub fn of_step(run_id: &str, step: &str, object: StepObject) -> String {
    format!("runs/{run_id}/steps/{step}/{}", object.file())
}

/// Returns where the state machine writes how the children of a step's Map (`scan` or `install`) ended.
#[must_use]
pub fn children(run_id: &str, step: &str, map: &str) -> String {
    format!("runs/{run_id}/steps/{step}/children/{map}")
}

/// Returns the key of what is remembered of a target's baselines: which of them orgpatch created, and what was registered before
/// its first change, until that has been given back. The object outlives runs. Written by `scan`.
#[must_use]
pub fn earlier_baselines(target: &Target) -> String {
    format!("baselines/{}/{}.json", target.account_id, target.region)
}

/// Returns the key of what the first stage of a plan installed in any run. Not below `runs/`: every run adds to it.
/// Written by `gate`.
#[must_use]
pub fn tested_memory(plan: &str) -> String {
    format!("tested/{plan}.json")
}

/// Returns the key of what install runs of a plan decided about its stages. Not below `runs/`: each install run adds to it.
/// Written by `gate`.
#[must_use]
pub fn stage_memory(plan: &str) -> String {
    format!("gates/{plan}.json")
}

/// The report of a run.
#[must_use]
pub fn report(run_id: &str) -> String {
    report_file(run_id, "report.json")
}

/// The files of a report, the one that people open first. Written by `report`.
pub const REPORT_FILES: [&str; 5] = ["report.html", "summary.md", "instances.csv", "patches.csv", "report.json"];

/// One of [`REPORT_FILES`].
#[must_use]
pub fn report_file(run_id: &str, name: &str) -> String {
    format!("{}report/{name}", of_run(run_id))
}

/// Returns the key of the manifest of a run, which is written behind the files of its report. Written by `report`.
#[must_use]
pub fn manifest(run_id: &str) -> String {
    report_file(run_id, "manifest.json")
}

/// Returns the key of the pointer to the latest run of a plan. Written by `report`.
#[must_use]
pub fn latest(plan: &str) -> String {
    format!("{}{plan}.json", all_latest())
}

/// Returns the prefix of all those keys.
#[must_use]
pub fn all_latest() -> String {
    "latest/".to_owned()
}

/// Every kind of object, by the key that it has for that run, step, target and plan, and its writer.
#[must_use]
pub fn owners(run_id: &str, step: &str, target: &Target, plan: &str) -> Vec<(String, Owner)> {
    let mut all = vec![
        (claim(run_id), Owner::ListAccounts),
        (run(run_id), Owner::ListAccounts),
        (closed(run_id), Owner::ListAccounts),
        (children(run_id, step, "scan/manifest.json"), Owner::PatchRun),
        (children(run_id, step, "install/manifest.json"), Owner::PatchRun),
        (earlier_baselines(target), Owner::Scan),
        (tested_memory(plan), Owner::Gate),
        (stage_memory(plan), Owner::Gate),
        (latest(plan), Owner::Report),
        (manifest(run_id), Owner::Report),
    ];
    all.extend(REPORT_FILES.map(|name| (report_file(run_id, name), Owner::Report)));
    all.extend(StepObject::ALL.map(|object| (of_step(run_id, step, object), object.owner())));
    all.extend(TargetObject::ALL.map(|object| (of_target(run_id, step, target, object), object.owner())));
    all.extend(ChunkObject::ALL.map(|object| (of_chunk(run_id, step, target, object, 1), object.owner())));
    all
}
