//! Table `targets`: what became of an account in a Region.

use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::reason::ReasonCode;
use serde::Serialize;

use super::run::Place;
use crate::TargetReport;

/// A line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    place: &'r Place<'r>,
    /// What happened to the target: `reached`, `access-denied` …
    outcome: TargetOutcome,
    /// Why, as a code.
    reason_code: &'r ReasonCode,
    /// Why, for people.
    reason_text: &'r str,
}

impl<'r> Line<'r> {
    pub(super) fn of(place: &'r Place<'r>, target: &'r TargetReport) -> Self {
        Self { place, outcome: target.outcome, reason_code: &target.reason.code, reason_text: &target.reason.text }
    }
}
