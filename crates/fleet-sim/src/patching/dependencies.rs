//! What a package brings along: an approved patch is installed together with what it requires, approved or not.
use crate::{
    clock::Millis,
    fleet::Node,
    patching::{
        catalogue::{Catalogue, PatchId},
        snapshot::Snapshot,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What an installation comes to.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Patches and versions that are installed.
    pub install: BTreeMap<PatchId, usize>,
    /// Patches that cannot be installed because the baseline blocks something that they require.
    pub blocked: BTreeSet<PatchId>,
}

/// Resolves what some approved patches require.
pub fn resolve(catalogue: &Catalogue, node: &Node, snapshot: &Snapshot, todo: &[PatchId], now: Millis) -> Resolved {
    let mut resolved = Resolved::default();
    for id in todo {
        let version = snapshot.approved.get(id).map_or(0, |approval| approval.version);
        let mut together = BTreeMap::new();
        if add(catalogue, node, snapshot, id, version, now, &mut together) {
            resolved.install.extend(together);
        } else {
            resolved.blocked.insert(id.clone());
        }
    }
    resolved
}

/// Adds a version of a patch and what it requires. Answers whether everything can be had.
fn add(
    catalogue: &Catalogue,
    node: &Node,
    snapshot: &Snapshot,
    id: &PatchId,
    version: usize,
    now: Millis,
    together: &mut BTreeMap<PatchId, usize>,
) -> bool {
    if together.insert(id.clone(), version).is_some() {
        return true;
    }
    let Some(patch) = catalogue.versions(node.os, id).get(version) else {
        return false;
    };
    patch.requires.iter().all(|wanted| {
        // Any version that is there will do.
        if node.installed.contains_key(wanted) {
            return true;
        }
        let versions = catalogue.versions(node.os, wanted);
        let approved = snapshot.approved.get(wanted).map(|approval| approval.version);
        let newest =
            || (0..versions.len()).rev().find(|n| versions[*n].released <= now && !snapshot.blocks(wanted, *n));
        approved.or_else(newest).is_some_and(|n| add(catalogue, node, snapshot, wanted, n, now, together))
    })
}
