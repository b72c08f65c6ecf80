//! The baselines of a frozen step, which wait for the scan of the first stage.

use jiff::Timestamp;
use orgpatch_model::error::RunError;

use super::RunDocument;
use crate::baselines::{self, Baseline};

/// Returns the baselines of a frozen step that begins: its frozen rules approve what the first stage approved when it was
/// scanned, at `scanned_at`.
pub fn frozen_baselines(run: &RunDocument, step: &str, scanned_at: Timestamp) -> Result<Vec<Baseline>, RunError> {
    let broken = || RunError::BrokenRun(format!("run.json does not know the stage of step {step}"));
    let summary = run.steps.iter().find(|summary| summary.id == step).ok_or_else(broken)?;
    let stage = run.plan.stages.iter().find(|stage| stage.name == summary.stage).ok_or_else(broken)?;
    Ok(baselines::desired(&run.plan, stage, Some(baselines::cutoff(&run.plan, scanned_at))))
}
