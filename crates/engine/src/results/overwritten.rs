//! Finds the tool that probably overwrote the compliance row of our scan.

use jiff::Timestamp;
use orgpatch_model::reason::{Reason, ReasonCode};

use crate::competing::Conflict;
use crate::results::outcome_rules::ComplianceRow;

/// The scan whose row was expected.
#[derive(Debug, Clone, Copy)]
pub struct OurScan<'a> {
    /// Its snapshot.
    pub snapshot_id: &'a str,
    /// When the instance's scan before it ended, by the clock of the instance; for the first scan, when its command was sent.
    pub since: Timestamp,
}

/// What conflicts say of who it was, in the order in which they are believed.
const SUSPECTS: [(ReasonCode, ReasonCode); 4] = [
    (ReasonCode::ConflictRunningCommand, ReasonCode::Command),
    (ReasonCode::ConflictPatchPolicy, ReasonCode::PatchPolicy),
    (ReasonCode::ConflictAssociation, ReasonCode::Association),
    (ReasonCode::ConflictMaintenanceWindow, ReasonCode::MaintenanceWindow),
];

/// Returns the tool that probably wrote the row of an instance after our scan ended. Returns None if the row is of this
/// run, or older than our scan: then ours is still to come.
///
/// `execution_type` is the one of the instance's compliance summary, if it was read; `conflicts` are those of the
/// instance. Code: `patch-policy`, `association`, `maintenance-window`, `command` or `somebody`.
#[must_use]
pub fn overwritten_by(
    row: &ComplianceRow,
    ours: &OurScan<'_>,
    execution_type: Option<&str>,
    conflicts: &[Conflict],
) -> Option<Reason> {
    // With our snapshot it is of this run, though perhaps of its install.
    let of_this_run = row.snapshot_id.as_deref() == Some(ours.snapshot_id);
    // The row's times have no fractions of a second, the send time has.
    if of_this_run || row.ended_at.as_second() < ours.since.as_second() {
        return None;
    }
    let snapshot = row.snapshot_id.as_deref().map_or("no snapshot".to_owned(), |id| format!("snapshot {id}"));
    let seen = format!(
        "the compliance row is of an operation ({}) that ended at {} with {snapshot}",
        row.operation, row.ended_at
    );
    if execution_type == Some("PatchPolicy") {
        return Some(Reason::new(ReasonCode::PatchPolicy, format!("{seen}, of a patch policy")));
    }
    let suspect = SUSPECTS.into_iter().find_map(|(code, by)| {
        conflicts.iter().find(|conflict| conflict.reason.code == code).map(|conflict| (by, &conflict.reason.text))
    });
    Some(match suspect {
        Some((by, text)) => Reason::new(by, format!("{seen}; probably because {text}")),
        None => Reason::new(ReasonCode::Somebody, format!("{seen}; orgpatch has found no tool that explains it")),
    })
}
