//! The history of all runs as tables, which `report` writes below `results/`, one JSON document per line, and Athena reads.
//!
//! Runs about baselines only are not in it, because they say nothing about patches. A run has one file per table and
//! stage, always under the same key, so a report that is made again replaces its lines. Empty files are written, too, so
//! that nothing of an earlier try stays.
//!
//! The columns are stable: columns may be added, but never renamed or given another meaning. Names are in snake_case,
//! because Athena has no upper case. Times are UTC with milliseconds, so that they sort as text. The partition of the
//! tables is `date`, the day (UTC) on which the run started.

mod instance;
mod patch;
mod run;
mod target;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use run::{InstanceColumns, TargetColumns};
use serde::Serialize;

use crate::{ReportedChunk, RunReport};

/// A table of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryTable {
    /// A line per instance and run.
    Instances,
    /// A line per instance, patch and event in the run.
    Patches,
    /// A line per target (account and Region) and run. Targets that were not reached have no instances.
    Targets,
}

impl HistoryTable {
    /// Every table.
    pub const ALL: [Self; 3] = [Self::Instances, Self::Patches, Self::Targets];

    /// Returns its name, as a folder and in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Patches => "patches",
            Self::Targets => "targets",
        }
    }
}

impl HistoryTable {
    /// Returns the key of a run's lines about a stage, without the suffix of the compression. The stage is in the key for
    /// people and for tools that copy. Athena's partition is the date; the stage is an ordinary column.
    #[must_use]
    pub fn key(self, run: &RunReport, stage: &str) -> String {
        let table = self.name();
        let date = TimeZone::UTC.to_datetime(run.started_at).date();
        format!("results/{table}/date={date}/stage={stage}/{}.jsonl", run.id)
    }

    /// Writes the lines of a chunk of a target. Fails only if `out` does.
    pub fn lines(self, out: &mut impl Write, run: &RunReport, chunk: &ReportedChunk) -> io::Result<()> {
        let ReportedChunk { target, instances, whole } = chunk;
        let place = TargetColumns::of(run, target);
        match self {
            Self::Instances => instances
                .iter()
                .try_for_each(|row| line(out, &instance::Line::of(InstanceColumns::of(&place, row), row))),
            Self::Patches => instances.iter().try_for_each(|row| {
                let subject = InstanceColumns::of(&place, row);
                patch::Line::all_of(&subject, run, target, row).try_for_each(|one| line(out, &one))
            }),
            Self::Targets => whole.iter().try_for_each(|target| line(out, &target::Line::of(&place, target))),
        }
    }
}

/// Returns true if a run is in the history. A run about baselines only is not.
#[must_use]
pub fn has(run: &RunReport) -> bool {
    !run.operation.is_about_baselines_only()
}

fn line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Returns a time in the format of the tables.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
