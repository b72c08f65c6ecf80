//! Writes a run's lines of the history: one compressed file per table and stage, the same keys each time.

use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use orgpatch_aws::store::Store;
use orgpatch_core::error::RunError;
use orgpatch_core::history::{self, Part};
use orgpatch_core::report::Report;

/// Athena and DuckDB tell a compressed file by this ending, and not by its media type.
const ENDING: &str = ".gz";
const MEDIA_TYPE: &str = "application/gzip";

/// Writes every part, one after the other: what is in memory is the report and one compressed file.
pub async fn write(store: &Store, report: &Report) -> Result<(), RunError> {
    for part in history::parts(report) {
        let key = part.key(&report.run) + ENDING;
        let bytes = compressed(&part, report)
            .map_err(|error| RunError::BrokenRun(format!("{key} cannot be written: {error}")))?;
        store.write_bytes(&key, MEDIA_TYPE, bytes).await?;
    }
    Ok(())
}

/// The part's lines as gzip. Without a time in the header: the same lines are the same bytes.
fn compressed(part: &Part<'_>, report: &Report) -> io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    part.write(report, &mut out)?;
    out.finish()
}
