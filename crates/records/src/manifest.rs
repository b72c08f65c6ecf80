//! `manifest.json`: the hash of every object of a run, so that a copy of the run can be checked years later, without AWS.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an object of a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// SHA-256 in hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Who stated the hash.
    pub stated_by: StatedBy,
}

/// Who stated the hash of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatedBy {
    /// Its writer, in the request that wrote it. S3 compared it with the object, and keeps it.
    Writer,
    /// The function `report`, which read the object at the end of the run: it was written in parts, or by Step Functions.
    Report,
}

/// The manifest of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// The run.
    pub run_id: String,
    /// Name of the plan.
    pub plan: String,
    /// When it was made.
    pub at: Timestamp,
    /// The plan's run before; None for the first one.
    pub previous: Option<ManifestLink>,
    /// Every object of the run but this one, by what follows `runs/<run id>/` in its key.
    pub records: BTreeMap<String, Recorded>,
}

/// The manifest of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestLink {
    /// The run.
    pub run_id: String,
    /// SHA-256 of its manifest, in hex.
    pub sha256: String,
}

/// How a copy of a run differs from its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "problem")]
pub enum Difference {
    /// An object has another content.
    Changed {
        /// What follows `runs/<run id>/` in its key.
        key: String,
    },
    /// An object is not in the copy.
    Missing {
        /// What follows `runs/<run id>/` in its key.
        key: String,
    },
    /// The copy has an object that the manifest does not have.
    Added {
        /// What follows `runs/<run id>/` in its key.
        key: String,
    },
}

impl Manifest {
    /// Compares the manifest with a copy of the run: the SHA-256 (in hex) of each of its objects but the manifest. Returns the
    /// differences in the order of the keys; none if the copy is what the manifest says.
    #[must_use]
    pub fn compare(&self, copy: &BTreeMap<String, String>) -> Vec<Difference> {
        let of_manifest = self.records.iter().filter_map(|(key, record)| match copy.get(key) {
            None => Some(Difference::Missing { key: key.clone() }),
            Some(sha256) if *sha256 != record.sha256 => Some(Difference::Changed { key: key.clone() }),
            Some(_) => None,
        });
        let added = copy.keys().filter(|key| !self.records.contains_key(*key));
        let mut all: Vec<Difference> =
            of_manifest.chain(added.map(|key| Difference::Added { key: key.clone() })).collect();
        all.sort_by(|a, b| a.key().cmp(b.key()));
        all
    }
}

impl Difference {
    /// Returns what follows `runs/<run id>/` in the key of the object.
    #[must_use]
    pub fn key(&self) -> &str {
        let (Self::Changed { key } | Self::Missing { key } | Self::Added { key }) = self;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_compared_object_by_object() {
        let recorded = |sha256: &str| Recorded { sha256: sha256.into(), bytes: 1, stated_by: StatedBy::Writer };
        let manifest = Manifest {
            schema_version: 1,
            run_id: "r".into(),
            plan: "p".into(),
            at: Timestamp::UNIX_EPOCH,
            previous: None,
            records: [("run.json", "a"), ("steps/gate.json", "b"), ("steps/x.json", "c")]
                .map(|(key, sha256)| (key.to_owned(), recorded(sha256)))
                .into(),
        };
        let copy = |objects: &[(&str, &str)]| {
            objects.iter().map(|(key, sha256)| ((*key).to_owned(), (*sha256).to_owned())).collect()
        };
        let same = [("run.json", "a"), ("steps/gate.json", "b"), ("steps/x.json", "c")];
        assert_eq!(manifest.compare(&copy(&same)), []);
        let other = copy(&[("run.json", "a"), ("steps/gate.json", "changed"), ("steps/new.json", "d")]);
        assert_eq!(
            manifest.compare(&other),
            [
                Difference::Changed { key: "steps/gate.json".into() },
                Difference::Added { key: "steps/new.json".into() },
                Difference::Missing { key: "steps/x.json".into() },
            ]
        );
    }
}
