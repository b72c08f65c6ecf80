//! Checks the manifest of a run against the objects that the bucket has.

use orgpatch_records::manifest::{Difference, StatedBy};

use crate::evidence::Evidence;

/// Checks that a run with a report has a manifest, that every object of the run is what the manifest says, and that the hash of
/// a record is the one that its writer stated.
#[must_use]
pub fn the_manifest_holds_every_object(evidence: &Evidence) -> Vec<String> {
    let Some(manifest) = &evidence.manifest else {
        let is_missing = evidence.report.is_some();
        return is_missing.then(|| "there is a report.json without manifest.json".to_owned()).into_iter().collect();
    };
    let mut complaints: Vec<String> = manifest
        .compare(&evidence.object_hashes)
        .into_iter()
        .map(|difference| match difference {
            Difference::Changed { key } => format!("{key} has another hash in manifest.json"),
            Difference::Missing { key } => format!("manifest.json has {key}, and the bucket has not"),
            Difference::Added { key } => format!("manifest.json has no {key}"),
        })
        .collect();
    // Another writer states none.
    if evidence.is_tampered_with() {
        return complaints;
    }
    // What one request wrote carries the hash; Step Functions and uploads in parts state none.
    let in_parts = |key: &str| key.starts_with("report/") || key.ends_with("install-plan.json");
    let read = manifest
        .records
        .iter()
        .filter(|(key, record)| record.stated_by == StatedBy::Report && !key.contains("/children/") && !in_parts(key));
    complaints.extend(read.map(|(key, _)| format!("the writer of {key} stated no hash")));
    complaints
}
