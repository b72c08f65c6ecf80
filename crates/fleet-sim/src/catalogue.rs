//! The patch catalogue: which versions of a patch exist, and which of them are approved at a time.
use crate::{
    baseline::{Baseline, Facts},
    clock::{self, Millis},
    platform::Os,
    scenario::PatchEntry,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Package with architecture, or KB number. Shared: thousands of nodes have the same patches.
pub type PatchId = Arc<str>;

/// One version of a patch.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Its id.
    pub id: PatchId,
    /// Its version; empty when the scenario gives none.
    pub version: String,
    /// When it was released.
    pub released: Millis,
    /// `Security`, `Bugfix` …
    pub classification: String,
    /// Absent where the repository states none.
    pub severity: Option<String>,
    /// Does it take effect only after a reboot?
    pub reboot: bool,
}

impl Patch {
    /// What a baseline's rule looks at.
    pub fn facts(&self) -> Facts<'_> {
        Facts { classification: &self.classification, severity: self.severity.as_deref(), released: self.released }
    }

    /// Is it a security patch, in the words of any system?
    pub fn is_security(&self) -> bool {
        matches!(self.classification.as_str(), "Security" | "SecurityUpdates")
    }

    /// `Title` of the compliance API: name and version.
    pub fn title(&self) -> String {
        if self.version.is_empty() { self.id.to_string() } else { format!("{}:{}", self.id, self.version) }
    }
}

/// Patch id → position among its versions, oldest first. What a node has, or what a snapshot approves.
pub type Versions = BTreeMap<PatchId, usize>;

/// All patches: system → id → versions, oldest first.
#[derive(Debug, Default)]
pub struct Catalogue {
    by_os: HashMap<Os, BTreeMap<PatchId, Vec<Arc<Patch>>>>,
}

impl Catalogue {
    /// Builds the catalogue of a checked scenario.
    pub fn new(entries: &[PatchEntry]) -> Self {
        let mut catalogue = Self::default();
        for entry in entries {
            let id = PatchId::from(entry.id.as_str());
            let patch = Patch {
                id: id.clone(),
                version: entry.version.clone(),
                // The scenario is checked: the date can be read.
                released: clock::parse(&entry.released).unwrap_or_default(),
                classification: entry.classification.clone(),
                severity: entry.severity.clone(),
                reboot: entry.reboot,
            };
            catalogue.by_os.entry(entry.os).or_default().entry(id).or_default().push(Arc::new(patch));
        }
        for versions in catalogue.by_os.values_mut().flat_map(BTreeMap::values_mut) {
            versions.sort_by_key(|patch| patch.released);
        }
        catalogue
    }

    /// The patches of a system: id and versions, oldest first.
    pub fn of(&self, os: Os) -> impl Iterator<Item = (&PatchId, &Vec<Arc<Patch>>)> {
        self.by_os.get(&os).into_iter().flatten()
    }

    /// The newest approved version of every patch at a time.
    pub fn approved(&self, baseline: &Baseline, now: Millis) -> Versions {
        self.of(baseline.os)
            .filter_map(|(id, versions)| {
                let newest = versions.iter().rposition(|patch| baseline.approves(patch.facts(), now))?;
                Some((id.clone(), newest))
            })
            .collect()
    }

    /// The version of a patch that was newest at a time; the oldest one when none was released by then.
    pub fn newest_at(&self, os: Os, id: &str, now: Millis) -> usize {
        self.by_os
            .get(&os)
            .and_then(|patches| patches.get(id))
            .and_then(|versions| versions.iter().rposition(|patch| patch.released <= now))
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{baseline, clock::DAY};

    #[test]
    fn the_newest_approved_version_counts() {
        let os = Os::from_code("AMAZON_LINUX_2023").expect("known");
        let entry = |version: &str, released: &str| PatchEntry {
            id: "openssl".into(),
            version: version.into(),
            os,
            released: released.into(),
            classification: "Security".into(),
            severity: Some("Critical".into()),
            reboot: false,
        };
        let catalogue = Catalogue::new(&[entry("2", "2026-11-10"), entry("1", "2026-11-01")]);
        let baseline = baseline::default_for(os, "eu-west-1");
        let first = clock::parse("2026-11-01").expect("valid");
        assert!(catalogue.approved(&baseline, first + 6 * DAY).is_empty());
        assert_eq!(catalogue.approved(&baseline, first + 15 * DAY)["openssl"], 0);
        assert_eq!(catalogue.approved(&baseline, first + 16 * DAY)["openssl"], 1);
        assert_eq!(catalogue.newest_at(os, "openssl", first + 9 * DAY), 1);
        assert_eq!(catalogue.newest_at(os, "openssl", first - DAY), 0);
    }
}
