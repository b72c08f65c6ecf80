//! Writes a run's metrics to standard output, from which CloudWatch Logs makes metrics.

use std::io::{self, Write};

use orgpatch_report::{Head, metrics};

/// Writes the lines without the logger, which would wrap them. An error must not prevent the report, so it is only logged;
/// the alarm on missing runs fires then.
pub fn write(head: &Head, namespace: &str) {
    let mut out = io::stdout().lock();
    for line in metrics::lines(head, namespace) {
        if let Err(error) = writeln!(out, "{line}") {
            tracing::warn!(run = head.run.id, "metrics could not be written: {error}");
        }
    }
}
