//! The history of all runs as tables: what `report` writes below `results/`, one JSON document per line, and Athena reads.
//!
//! Only runs that ask instances something are in it; those about baselines say nothing about patches. A run has one file
//! per table and stage, under the same key each time: a report that is made again replaces its lines and repeats none.
//! An empty file is written too, so that nothing of an earlier try is left.
//!
//! The columns are stable: one may be added, none renamed or given another meaning. Names are in snake_case, because
//! Athena knows no upper case. Times are UTC with milliseconds, so that they sort as text. The table's partition is
//! `date`, the day (UTC) on which the run began.

mod instance;
mod patch;
mod run;
mod target;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use run::{Place, Subject};
use serde::Serialize;

use crate::{ReportedTarget, RunReport};

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// A line per instance and run.
    Instances,
    /// A line per instance, patch and what was seen of it in the run.
    Patches,
    /// A line per target (account and Region) and run: those that could not be entered have no instances to show for it.
    Targets,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 3] = [Self::Instances, Self::Patches, Self::Targets];

    /// Its name, as a folder and in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Patches => "patches",
            Self::Targets => "targets",
        }
    }
}

impl Table {
    /// Where a run's lines about a stage lie, without the ending that a compression adds. The stage is in the key for people
    /// and tools that copy; Athena's partition is the date, and the stage an ordinary column.
    #[must_use]
    pub fn key(self, run: &RunReport, stage: &str) -> String {
        let table = self.name();
        let date = TimeZone::UTC.to_datetime(run.started_at).date();
        format!("results/{table}/date={date}/stage={stage}/{}.jsonl", run.id)
    }

    /// Writes the lines of a target. Fails only if `out` does.
    pub fn lines(self, out: &mut impl Write, run: &RunReport, target: &ReportedTarget) -> io::Result<()> {
        let ReportedTarget { target, instances } = target;
        let place = Place::of(run, target);
        match self {
            Self::Instances => {
                instances.iter().try_for_each(|row| line(out, &instance::Line::of(Subject::of(&place, row), row)))
            }
            Self::Patches => instances.iter().try_for_each(|row| {
                let subject = Subject::of(&place, row);
                patch::Line::all_of(&subject, run, target, row).try_for_each(|one| line(out, &one))
            }),
            Self::Targets => line(out, &target::Line::of(&place, target)),
        }
    }
}

/// Whether a run is in the history: one about baselines only is not.
#[must_use]
pub fn has(run: &RunReport) -> bool {
    !run.operation.is_about_baselines_only()
}

fn line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// A time as the tables have it.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
