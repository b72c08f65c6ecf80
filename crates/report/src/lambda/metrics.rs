//! Says what a run's metrics are: lines on standard output, from which CloudWatch Logs makes metrics.

use std::io::{self, Write};

use orgpatch_report::{Head, metrics};

/// Writes the lines. They are not log events of their own kind, so they do not go through the logger, which would wrap
/// them. That they cannot be written must not cost the report: it is logged, and the alarm on missing runs will tell.
pub fn write(head: &Head, namespace: &str) {
    let mut out = io::stdout().lock();
    for line in metrics::lines(head, namespace) {
        if let Err(error) = writeln!(out, "{line}") {
            tracing::warn!(run = head.run.id, "metrics could not be written: {error}");
        }
    }
}
