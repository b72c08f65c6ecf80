//! Table `targets`: the result of a target (one account in one Region) in a run.

use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::reason::ReasonCode;
use serde::Serialize;

use super::run::TargetColumns;
use crate::TargetReport;

/// A line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    place: &'r TargetColumns<'r>,
    /// What happened to the target: `reached`, `access-denied` …
    outcome: TargetOutcome,
    /// Code of the reason.
    reason_code: &'r ReasonCode,
    /// Text of the reason.
    reason_text: &'r str,
}

impl<'r> Line<'r> {
    pub(super) fn of(place: &'r TargetColumns<'r>, target: &'r TargetReport) -> Self {
        Self { place, outcome: target.outcome, reason_code: &target.reason.code, reason_text: &target.reason.text }
    }
}
