//! Writes everything about a run into the bucket, one file after the other, each while it is made.

use std::sync::Arc;

use orgpatch_aws::store::Store;
use orgpatch_core::error::RunError;
use orgpatch_core::report::Report;
use orgpatch_core::{keys, page, summary, tables};

/// The built page; `crates/report/page` are its sources.
const PAGE: &str = include_str!("../page.html");

/// Writes `report.json`, the tables, the summary and the page. Returns the report without its instances.
pub async fn all(store: &Store, report: Report) -> Result<Report, RunError> {
    let run_id = report.run.id.clone();
    let key = |name: &str| keys::report_file(&run_id, name);
    let summary = summary::markdown(&report);
    store
        .upload(&key("summary.md"), "text/markdown; charset=utf-8", move |out| out.write_all(summary.as_bytes()))
        .await?;
    let report = Arc::new(report);
    let shared = Arc::clone(&report);
    store
        .upload(&key("instances.csv"), "text/csv; charset=utf-8", move |out| {
            tables::write_instances(out, &shared.targets, &shared.instances)
        })
        .await?;
    let shared = Arc::clone(&report);
    store
        .upload(&key("patches.csv"), "text/csv; charset=utf-8", move |out| {
            tables::write_patches(out, &shared.targets, &shared.instances)
        })
        .await?;
    let shared = Arc::clone(&report);
    store
        .upload(&key("report.json"), "application/json", move |out| {
            serde_json::to_writer(out, &*shared).map_err(Into::into)
        })
        .await?;
    // Every clone went into a closure that has ended.
    let mut head = Arc::unwrap_or_clone(report);
    let rows = std::mem::take(&mut head.instances);
    store
        .upload(&key("report.html"), "text/html; charset=utf-8", move |out| {
            page::write(out, PAGE, &head, &rows)?;
            Ok(head)
        })
        .await
}
