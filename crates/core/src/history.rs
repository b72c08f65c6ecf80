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

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::report::{Report, RunReport, TargetReport};

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

/// What one file holds: the lines of a table about a stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'r> {
    /// The table.
    pub table: Table,
    /// Name of the stage.
    pub stage: &'r str,
}

impl Part<'_> {
    /// Where the file lies, without the ending that a compression adds. The stage is in the key for people and tools that
    /// copy; Athena's partition is the date, and the stage an ordinary column.
    #[must_use]
    pub fn key(&self, run: &RunReport) -> String {
        let (table, stage) = (self.table.name(), self.stage);
        let date = TimeZone::UTC.to_datetime(run.started_at).date();
        format!("results/{table}/date={date}/stage={stage}/{}.jsonl", run.id)
    }

    /// Writes the lines. Fails only if `out` does.
    pub fn write(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let targets: HashMap<Place, &TargetReport> = report
            .targets
            .iter()
            .filter(|target| target.stage == self.stage)
            .map(|target| ((target.account_id.as_str(), target.region.as_str()), target))
            .collect();
        let rows = || {
            report.instances.iter().filter(|row| row.stage == self.stage).filter_map(|row| {
                // Every row is of a target of its stage.
                let target = targets.get(&(row.account_id.as_str(), row.region.as_str()))?;
                Some((*target, row))
            })
        };
        match self.table {
            Table::Instances => {
                rows().try_for_each(|(target, row)| line(out, &instance::Line::of(report, target, row)))
            }
            Table::Patches => rows().try_for_each(|(target, row)| {
                patch::Line::all_of(report, target, row).iter().try_for_each(|one| line(out, one))
            }),
            Table::Targets => report
                .targets
                .iter()
                .filter(|target| target.stage == self.stage)
                .try_for_each(|target| line(out, &target::Line::of(report, target))),
        }
    }
}

/// Account and Region.
type Place<'r> = (&'r str, &'r str);

/// Every part of a run's history; none if the run was about baselines only.
#[must_use]
pub fn parts(report: &Report) -> Vec<Part<'_>> {
    if report.run.operation.is_about_baselines_only() {
        return Vec::new();
    }
    let stages: BTreeSet<&str> = report.steps.iter().map(|step| step.stage.as_str()).collect();
    Table::ALL.into_iter().flat_map(|table| stages.iter().map(move |stage| Part { table, stage })).collect()
}

fn line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// A time as the tables have it.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
