//! What a scenario says about patches.
use crate::{
    clock,
    facts::operating_systems::Os,
    patching::catalogue::{Patch, PatchId},
};
use serde::Deserialize;

/// A patch: a package or an update at one version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PatchEntry {
    /// Package name with architecture, or a KB number.
    pub id: String,
    /// Its version. The same id may occur again with a later one.
    #[serde(default)]
    pub version: String,
    /// The system that it is for.
    pub os: Os,
    /// Date or timestamp of its release.
    pub released: String,
    /// Date or timestamp at which its advisory was updated: Amazon Linux 2 counts from then on.
    pub updated: Option<String>,
    /// `Security`, `Bugfix`, `SecurityUpdates` … Empty when no advisory covers it.
    pub classification: String,
    /// Absent for packages whose repository states none.
    pub severity: Option<String>,
    /// Its priority on Debian and Ubuntu; absent: it fits any.
    pub priority: Option<String>,
    /// The product it is for, for example `AmazonLinux2023`; absent: it fits any.
    pub product: Option<String>,
    /// The family of that product, for example `Office`; absent: it fits any.
    pub product_family: Option<String>,
    /// Is it for Windows itself or for an application on it?
    #[serde(default)]
    pub patch_set: PatchSet,
    /// CVE ids that it closes; the API names them while it is missing.
    #[serde(default)]
    pub cve_ids: Vec<String>,
    /// Does it take effect only after a reboot?
    #[serde(default)]
    pub reboot: bool,
    /// The Windows update that replaces it: once that one is out, this one is never installed.
    pub superseded_by: Option<String>,
    /// Ids of packages that are installed together with it, at the newest version that is not blocked.
    #[serde(default)]
    pub requires: Vec<String>,
}

/// `PATCH_SET` of an update.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum PatchSet {
    #[default]
    Os,
    Application,
}

impl PatchEntry {
    /// Returns the patch of a checked entry, as the catalogue has it.
    pub fn patch(&self) -> Patch {
        Patch {
            id: PatchId::from(self.id.as_str()),
            version: self.version.clone(),
            // The scenario is checked: the dates can be read.
            released: clock::parse(&self.released).unwrap_or_default(),
            updated: self.updated.as_deref().and_then(|text| clock::parse(text).ok()),
            classification: self.classification.clone(),
            severity: self.severity.clone(),
            priority: self.priority.clone(),
            product: self.product.clone(),
            product_family: self.product_family.clone(),
            application: self.patch_set == PatchSet::Application,
            cve_ids: self.cve_ids.clone(),
            reboot: self.reboot,
            superseded_by: self.superseded_by.clone(),
            requires: self.requires.iter().map(|id| PatchId::from(id.as_str())).collect(),
        }
    }
}
