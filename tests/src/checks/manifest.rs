//! Checks the manifest of a run against the objects that the bucket has.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use orgpatch_model::digest::sha256_hex;
use orgpatch_records::manifest::{Difference, Manifest, StatedBy};

use crate::evidence::Evidence;

const NAME: &str = "report/manifest.json";

/// Checks that a run with a report has a manifest, that every object of the run is what the manifest says, and that the hash of
/// a record is the one that its writer stated.
#[must_use]
pub fn the_manifest_holds_every_object(evidence: &Evidence) -> Vec<String> {
    let Ok(text) = fs::read(evidence.objects.join(NAME)) else {
        let is_missing = evidence.report.is_some();
        return is_missing.then(|| format!("there is a report.json without {NAME}")).into_iter().collect();
    };
    let manifest: Manifest = match serde_json::from_slice(&text) {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("{NAME}: {error}")],
    };
    let mut copy = BTreeMap::new();
    if let Err(error) = hashes(&evidence.objects, &evidence.objects, &mut copy) {
        return vec![format!("the objects of the run cannot be read: {error}")];
    }
    copy.remove(NAME);
    let mut complaints: Vec<String> = manifest
        .compare(&copy)
        .into_iter()
        .map(|difference| match difference {
            Difference::Changed { key } => format!("{key} has another hash in {NAME}"),
            Difference::Missing { key } => format!("{NAME} has {key}, and the bucket has not"),
            Difference::Added { key } => format!("{NAME} has no {key}"),
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

fn hashes(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            hashes(root, &path, found)?;
        } else {
            let key = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.insert(key, sha256_hex(fs::read(&path)?));
        }
    }
    Ok(())
}
