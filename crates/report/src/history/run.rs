//! The columns that several tables have in common: those of the run and target, and those of an instance.

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::input::Operation;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::RunDecision;
use serde::Serialize;

use super::time;
use crate::{RunReport, TargetReport};

/// The columns of the run and the target.
#[derive(Debug, Serialize)]
pub(super) struct TargetColumns<'r> {
    /// Run id.
    run_id: &'r str,
    /// Name of the plan.
    plan: &'r str,
    /// `scan` or `install`.
    operation: Operation,
    /// When the run was planned.
    started_at: String,
    /// When its report was made.
    finished_at: String,
    /// How it ended: `advanced`, `halted` or `error`.
    decision: RunDecision,
    /// Name of the stage.
    stage: &'r str,
    /// Wave in the stage, from 1.
    wave: u32,
    /// Account id.
    account_id: &'r str,
    /// Account name.
    account_name: &'r str,
    /// Names of the organizational units from the root down, joined by `/`. Empty: directly below the root.
    ou_path: &'r str,
    /// Region code.
    region: &'r str,
}

impl<'r> TargetColumns<'r> {
    pub(super) fn of(run: &'r RunReport, target: &'r TargetReport) -> Self {
        Self {
            run_id: &run.id,
            plan: &run.plan,
            operation: run.operation,
            started_at: time(run.started_at),
            finished_at: time(run.finished_at),
            decision: run.decision,
            stage: &target.stage,
            wave: target.wave,
            account_id: &target.account_id,
            account_name: &target.account_name,
            ou_path: &target.ou_path,
            region: &target.region,
        }
    }
}

/// The columns of the run, the target and the instance.
#[derive(Debug, Serialize)]
pub(super) struct InstanceColumns<'r> {
    #[serde(flatten)]
    place: &'r TargetColumns<'r>,
    /// Instance id.
    instance_id: &'r str,
    /// Value of the `Name` tag, or null.
    name: Option<&'r str>,
    /// Operating system: its API name, or else the name that the agent reports, or else null.
    os: Option<&'r str>,
}

impl<'r> InstanceColumns<'r> {
    pub(super) fn of(place: &'r TargetColumns<'r>, row: &'r InstanceRow) -> Self {
        Self {
            place,
            instance_id: &row.instance_id,
            name: row.name.as_deref(),
            os: row.os.as_ref().map(Platform::name),
        }
    }
}
