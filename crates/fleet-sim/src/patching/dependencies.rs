//! Dependencies: an approved patch is installed together with the packages that it requires, approved or not.
use super::{
    catalogue::{Catalogue, InstalledPatches, PatchId},
    snapshot::Snapshot,
};
use crate::{clock::Millis, facts::operating_systems::Os};
use std::collections::{BTreeMap, BTreeSet};

/// What an installation installs.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Patches and versions that are installed.
    pub install: BTreeMap<PatchId, usize>,
    /// Patches that cannot be installed because the baseline blocks a package that they require.
    pub blocked: BTreeSet<PatchId>,
}

/// What an installation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'a> {
    /// Every patch that exists.
    pub catalogue: &'a Catalogue,
    /// The instance's operating system.
    pub os: Os,
    /// The patches on the instance.
    pub installed: &'a InstalledPatches,
    /// The approved patches.
    pub snapshot: &'a Snapshot,
    /// The simulated time.
    pub now: Millis,
}

impl Resolver<'_> {
    /// Adds to some approved patches what they require.
    pub fn resolve(self, patches: &[PatchId]) -> Resolved {
        let mut resolved = Resolved::default();
        for id in patches {
            let version = self.snapshot.approved.get(id).map_or(0, |approval| approval.version);
            let mut together = BTreeMap::new();
            if self.add(id, version, &mut together) {
                resolved.install.extend(together);
            } else {
                resolved.blocked.insert(id.clone());
            }
        }
        resolved
    }

    /// Adds a version of a patch and the packages that it requires. Returns whether all of them can be installed.
    fn add(self, id: &PatchId, version: usize, together: &mut BTreeMap<PatchId, usize>) -> bool {
        if together.insert(id.clone(), version).is_some() {
            return true;
        }
        let Some(patch) = self.catalogue.versions(self.os, id).get(version) else {
            return false;
        };
        patch.requires.iter().all(|wanted| {
            // Any installed version satisfies the requirement.
            if self.installed.contains_key(wanted) {
                return true;
            }
            let versions = self.catalogue.versions(self.os, wanted);
            let approved = self.snapshot.approved.get(wanted).map(|approval| approval.version);
            let out = |n: &usize| versions[*n].released <= self.now && !self.snapshot.blocks(wanted, *n);
            let newest = || (0..versions.len()).rev().find(out);
            approved.or_else(newest).is_some_and(|n| self.add(wanted, n, together))
        })
    }
}
