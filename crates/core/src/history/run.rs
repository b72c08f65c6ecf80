//! The columns about the run that every table begins with.

use serde::Serialize;

use super::time;
use crate::contract::RunDecision;
use crate::input::Operation;
use crate::report::{Report, TargetReport};

/// The run, and where the line is about.
#[derive(Debug, Serialize)]
pub(super) struct Place<'r> {
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
    /// Names of the organizational units from the root down, joined by `/`; empty directly below the root.
    ou_path: &'r str,
    /// Region code.
    region: &'r str,
}

impl<'r> Place<'r> {
    pub(super) fn of(report: &'r Report, target: &'r TargetReport) -> Self {
        Self {
            run_id: &report.run.id,
            plan: &report.run.plan,
            operation: report.run.operation,
            started_at: time(report.run.started_at),
            finished_at: time(report.run.finished_at),
            decision: report.run.decision,
            stage: &target.stage,
            wave: target.wave,
            account_id: &target.account_id,
            account_name: &target.account_name,
            ou_path: &target.ou_path,
            region: &target.region,
        }
    }
}
