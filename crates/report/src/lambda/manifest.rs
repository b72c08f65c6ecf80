//! Writes the manifest of a run, behind the files of its report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_aws::store::bucket::Store;
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_records::manifest::{Manifest, ManifestLink, Recorded, StatedBy};
use orgpatch_report::RunReport;

/// Lists every object of the run with its hash, as its writer stated it. Returns the SHA-256 of the manifest, in hex.
///
/// In memory are a key and a hash for each object, about 300 bytes. 2,000 accounts in 17 Regions are 34,000 targets with seven
/// objects each.
pub async fn write(
    store: &Store,
    run: &RunReport,
    previous: Option<ManifestLink>,
    at: Timestamp,
) -> Result<String, RunError> {
    let (prefix, own) = (keys::of_run(&run.id), keys::manifest(&run.id));
    let found = store.list(&prefix).await?.into_iter().filter(|key| *key != own).collect();
    let prefix = prefix.as_str();
    let recorded = |key: String| async move {
        let (stated, bytes) = store.stated_sha256(&key).await?;
        let (sha256, stated_by) = match stated {
            Some(sha256) => (sha256, StatedBy::Writer),
            None => (store.sha256(&key).await?, StatedBy::Report),
        };
        let name = key.strip_prefix(prefix).unwrap_or(&key).to_owned();
        Ok((name, Recorded { sha256, bytes, stated_by }))
    };
    let records: BTreeMap<String, Recorded> = Store::for_each(found, recorded).await?.into_iter().collect();
    let (run_id, plan) = (run.id.clone(), run.plan.clone());
    let manifest = Manifest { schema_version: 1, run_id, plan, at, previous, records };
    store.write_hashed(&own, &manifest).await
}
