//! The patch catalogue: which versions of a patch exist, and when they were released.
use crate::{clock::Millis, facts::operating_systems::Os};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Package name with architecture, or KB number. It is shared, because thousands of instances have the same patches.
pub type PatchId = Arc<str>;

/// One version of a patch.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Its id.
    pub id: PatchId,
    /// Its version. Empty if the scenario gives none.
    pub version: String,
    /// When it was released.
    pub released: Millis,
    /// When its advisory was updated.
    pub updated: Option<Millis>,
    /// `Security`, `Bugfix` and so on. Empty for a patch without an advisory.
    pub classification: String,
    /// Its severity. None where the repository gives none.
    pub severity: Option<String>,
    /// Its priority on Debian and Ubuntu.
    pub priority: Option<String>,
    /// The product that it is for.
    pub product: Option<String>,
    /// The family of that product.
    pub product_family: Option<String>,
    /// Whether it is for an application instead of the operating system. Windows only.
    pub application: bool,
    /// CVE ids that it closes.
    pub cve_ids: Vec<String>,
    /// Ids of its advisories.
    pub advisory_ids: Vec<String>,
    /// Bugzilla ids of its advisories.
    pub bugzilla_ids: Vec<String>,
    /// Its title by language. Windows only.
    pub titles: BTreeMap<String, String>,
    /// Its title in all other languages. None: id and version.
    pub own_title: Option<String>,
    /// The feature that it is for. Windows only.
    pub feature: Option<String>,
    /// Whether it takes effect only after a reboot.
    pub reboot: bool,
    /// The update that replaces it. Windows only.
    pub superseded_by: Option<String>,
    /// The update after which it is applicable: a cumulative update may need the servicing stack update. Windows only.
    pub applicable_after: Option<PatchId>,
    /// Packages that it requires.
    pub requires: Vec<PatchId>,
    /// The number of a made-up patch, which is only for instances with so many of them.
    pub made_up: Option<u32>,
}

impl Patch {
    /// Returns whether it is a security patch, in the spelling of any operating system.
    pub fn is_security(&self) -> bool {
        matches!(self.classification.as_str(), "Security" | "SecurityUpdates")
    }

    /// Returns whether an instance can install it.
    pub fn is_applicable(&self, machine: Machine<'_>) -> bool {
        let in_effect = |id: &PatchId| machine.installed.get(id).is_some_and(|have| !have.pending_reboot);
        let is_for_it = self.made_up.is_none_or(|number| number <= machine.made_up);
        is_for_it && self.has_feature(machine) && self.applicable_after.as_ref().is_none_or(in_effect)
    }

    /// Returns whether an instance has the feature that it is for.
    pub fn has_feature(&self, machine: Machine<'_>) -> bool {
        self.feature.as_ref().is_none_or(|feature| machine.features.contains(feature))
    }

    /// Returns `Title` of the compliance API as an instance of that language reports it; usually name and version.
    pub fn title(&self, language: Option<&str>) -> String {
        let localized = language.and_then(|language| self.titles.get(language));
        if let Some(title) = localized.or(self.own_title.as_ref()) {
            return title.clone();
        }
        if self.version.is_empty() { self.id.to_string() } else { format!("{}:{}", self.id, self.version) }
    }
}

/// A patch on an instance.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Position among the patch's versions.
    pub version: usize,
    /// When it was installed.
    pub at: Millis,
    /// Whether it waits for a reboot.
    pub pending_reboot: bool,
}

/// The patches on an instance.
pub type InstalledPatches = BTreeMap<PatchId, Installed>;

/// What decides which patches an instance can install.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    /// Its operating system.
    pub os: Os,
    /// The patches on it.
    pub installed: &'a InstalledPatches,
    /// How many made-up patches are for it.
    pub made_up: u32,
    /// The features of Windows that are installed on it.
    pub features: &'a [String],
}

/// All patches: operating system → id → versions, oldest first.
#[derive(Debug, Default)]
pub struct Catalogue {
    by_os: HashMap<Os, BTreeMap<PatchId, Vec<Arc<Patch>>>>,
}

impl Catalogue {
    /// Builds a catalogue of patches and their operating systems.
    pub fn new(patches: impl IntoIterator<Item = (Os, Patch)>) -> Self {
        let mut catalogue = Self::default();
        for (os, patch) in patches {
            catalogue.by_os.entry(os).or_default().entry(patch.id.clone()).or_default().push(Arc::new(patch));
        }
        for versions in catalogue.by_os.values_mut().flat_map(BTreeMap::values_mut) {
            versions.sort_by_key(|patch| patch.released);
        }
        catalogue
    }

    /// Returns the patches of an operating system: id and versions, oldest first.
    pub fn of(&self, os: Os) -> impl Iterator<Item = (&PatchId, &Vec<Arc<Patch>>)> {
        self.by_os.get(&os).into_iter().flatten()
    }

    /// Returns the versions of a patch, oldest first.
    pub fn versions(&self, os: Os, id: &str) -> &[Arc<Patch>] {
        self.by_os.get(&os).and_then(|patches| patches.get(id)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns whether the update that replaces a patch is released. Windows then no longer offers the patch.
    pub fn is_superseded(&self, os: Os, patch: &Patch, now: Millis) -> bool {
        let by = patch.superseded_by.as_deref();
        by.is_some_and(|id| self.versions(os, id).iter().any(|other| other.released <= now))
    }

    /// Returns the version of a patch that was newest at a time. If none was released by then, returns the oldest.
    pub fn newest_at(&self, os: Os, id: &str, now: Millis) -> usize {
        self.versions(os, id).iter().rposition(|patch| patch.released <= now).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{self, DAY},
        patching::{baseline::predefined, snapshot::Snapshot},
        scenario::PatchEntry,
    };

    fn entry(fields: &str) -> (Os, Patch) {
        let text = format!("{{classification: Security, severity: Critical, {fields}}}");
        let entry: PatchEntry = serde_saphyr::from_str(&text).expect("valid");
        (entry.os, entry.patch())
    }

    #[test]
    fn the_newest_approved_version_counts() {
        let os = Os::from_code("AMAZON_LINUX_2023").expect("known");
        let catalogue = Catalogue::new([
            entry("id: openssl, version: \"2\", os: AMAZON_LINUX_2023, released: \"2026-11-10\""),
            entry("id: openssl, version: \"1\", os: AMAZON_LINUX_2023, released: \"2026-11-01\""),
        ]);
        let baseline = Arc::new(predefined::default_for(os, "eu-west-1"));
        let approved = |now| Snapshot::take(&catalogue, baseline.clone(), now).approved;
        let first = clock::parse("2026-11-01").expect("valid");
        assert!(approved(first + 6 * DAY).is_empty());
        assert_eq!(approved(first + 15 * DAY)["openssl"].version, 0);
        assert_eq!(approved(first + 16 * DAY)["openssl"].version, 1);
        assert_eq!(catalogue.newest_at(os, "openssl", first + 9 * DAY), 1);
        assert_eq!(catalogue.newest_at(os, "openssl", first - DAY), 0);
    }

    #[test]
    fn a_superseded_update_is_gone_from_the_day_its_successor_is_out() {
        let os = Os::from_code("WINDOWS").expect("known");
        let catalogue = Catalogue::new([
            entry("id: KB1, os: WINDOWS, released: \"2026-10-13\", supersededBy: KB2"),
            entry("id: KB2, os: WINDOWS, released: \"2026-11-10\""),
        ]);
        let (first, second) = (&catalogue.versions(os, "KB1")[0], &catalogue.versions(os, "KB2")[0]);
        assert!(!catalogue.is_superseded(os, first, second.released - 1));
        assert!(catalogue.is_superseded(os, first, second.released));
        assert!(!catalogue.is_superseded(os, second, second.released));
    }
}
