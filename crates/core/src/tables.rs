//! `instances.csv` and `patches.csv`: the report as tables for spreadsheets.
//!
//! RFC 4180 (comma, CRLF, every cell in quotes) in UTF-8 with a byte order mark, without which Excel takes Japanese names
//! for another encoding. No cell can become a formula: see `tables::cell`. Columns keep their names and their order; new ones
//! are added at the end.

mod cell;
mod instances;
mod patches;

use std::io::{self, Write};

use csv::{QuoteStyle, Terminator, WriterBuilder};

pub use instances::{COLUMNS as INSTANCE_COLUMNS, write as write_instances};
pub use patches::{COLUMNS as PATCH_COLUMNS, write as write_patches};

/// What tells Excel that a file is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table with its head, ready for rows of as many cells.
struct Table<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> Table<W> {
    fn new(mut out: W, columns: &[&str]) -> io::Result<Self> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        // Quotes around every cell: a spreadsheet that splits at something else than commas has no cell to begin.
        let mut out =
            WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(out);
        out.write_record(columns)?;
        Ok(Self { out })
    }

    fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
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
