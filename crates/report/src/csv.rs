//! `instances.csv` and `patches.csv`: the report as tables for spreadsheets.
//!
//! The format is RFC 4180 (comma, CRLF, every cell in quotes) in UTF-8 with a byte order mark, without which Excel assumes
//! another encoding. No cell can become a formula: see `cell`. Columns keep their names and their order; new columns are
//! added at the end.

mod cell;
mod instances;
mod patches;

use std::io::{self, Write};

use csv::{QuoteStyle, Terminator, WriterBuilder};
use jiff::tz::TimeZone;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::operating_system::Platform;

use crate::{ReportedChunk, TargetReport};

/// The mark that tells Excel that a file is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// One of the CSV files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvFile {
    /// `instances.csv`: a line per instance.
    Instances,
    /// `patches.csv`: a line per patch of an instance.
    Patches,
}

impl CsvFile {
    /// Writes the byte order mark and the names of the columns.
    pub fn head(self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut lines = Lines::new(out);
        let columns: &[&str] = match self {
            Self::Instances => &instances::COLUMNS,
            Self::Patches => &patches::COLUMNS,
        };
        lines.add(WHICH.iter().chain(columns).copied())?;
        lines.end()
    }

    /// Writes the lines of a target. `zone` is the plan's time zone, if it has one.
    pub fn lines(self, out: &mut impl Write, target: &ReportedChunk, zone: Option<&TimeZone>) -> io::Result<()> {
        let mut lines = Lines::new(out);
        let mut rows = target.instances.iter();
        match self {
            Self::Instances => rows.try_for_each(|row| instances::line(&mut lines, &target.target, row, zone))?,
            Self::Patches => rows.try_for_each(|row| patches::lines(&mut lines, &target.target, row))?,
        }
        lines.end()
    }
}

/// The first columns of both files, which identify the instance. They have the meaning of the same fields in `report.json`.
const WHICH: [&str; 9] = ["accountId", "accountName", "ouPath", "region", "stage", "wave", "instanceId", "name", "os"];

/// Returns the cells of those columns. `wave` is the row's wave as text.
fn which<'r>(target: &'r TargetReport, row: &'r InstanceRow, wave: &'r str) -> [&'r str; WHICH.len()] {
    [
        &row.account_id,
        &target.account_name,
        &target.ou_path,
        &row.region,
        &row.stage,
        wave,
        &row.instance_id,
        row.name.as_deref().unwrap_or_default(),
        row.os.as_ref().map(Platform::name).unwrap_or_default(),
    ]
}

/// Writes lines of cells.
struct Lines<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> Lines<W> {
    fn new(out: W) -> Self {
        // Quotes around every cell, so that a spreadsheet that splits at another sign than the comma finds no cell to begin.
        let writer = WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(out);
        Self { out: writer }
    }

    fn add<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
        for cell in cells {
            self.out.write_field(cell::harmless(cell).as_ref())?;
        }
        self.out.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
