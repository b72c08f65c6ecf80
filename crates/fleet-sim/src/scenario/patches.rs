//! What a scenario says about patches.
use crate::{
    clock,
    facts::operating_systems::Os,
    patching::catalogue::{Patch, PatchId},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A patch: a package or an update at one version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PatchEntry {
    /// Package name with architecture, or a KB number.
    pub id: String,
    /// Its version. A later version is another entry with the same id.
    #[serde(default)]
    pub version: String,
    /// The operating system that it is for.
    pub os: Os,
    /// Date or timestamp of its release.
    pub released: String,
    /// Date or timestamp of the latest update of its advisory. Approval delays on Amazon Linux 2 count from it.
    pub updated: Option<String>,
    /// `Security`, `Bugfix`, `SecurityUpdates` and so on. Empty for a patch without an advisory.
    pub classification: String,
    /// Its severity. Left out for packages whose repository gives none.
    pub severity: Option<String>,
    /// Its priority on Debian and Ubuntu. Left out, it fits every filter.
    pub priority: Option<String>,
    /// The product that it is for, for example `AmazonLinux2023`. Left out, it fits every filter.
    pub product: Option<String>,
    /// The family of that product, for example `Office`. Left out, it fits every filter.
    pub product_family: Option<String>,
    /// Whether it is for Windows itself (`OS`) or for an application (`APPLICATION`). Only for WINDOWS.
    #[serde(default)]
    pub patch_set: PatchSet,
    /// CVE ids that it closes. The API reports them while the patch is missing.
    #[serde(default)]
    pub cve_ids: Vec<String>,
    /// Ids of the advisories that it belongs to, such as `ALAS2023-2026-123`. The API does not report them; lists of approved
    /// patches may name them. On SUSE names of its patches; on WINDOWS ids of security bulletins. Not for Debian, Ubuntu
    /// and MACOS.
    #[serde(default)]
    pub advisory_ids: Vec<String>,
    /// Bugzilla ids of its advisories. Only where lists of approved patches may name them.
    #[serde(default)]
    pub bugzilla_ids: Vec<String>,
    /// The title that instances report. Usually id and version. Only for WINDOWS.
    pub title: Option<String>,
    /// The title by language, as instances report it whose `language` is that. Only for WINDOWS.
    #[serde(default)]
    pub titles: BTreeMap<String, String>,
    /// The feature of Windows that it is for, such as `IIS`. Where that is not installed it is NOT_APPLICABLE once it is
    /// approved, and is never installed. Only for WINDOWS.
    pub feature: Option<String>,
    /// Whether it takes effect only after a reboot.
    #[serde(default)]
    pub reboot: bool,
    /// The id of the update that replaces it. Once that update is released, this one is never installed. Only for
    /// WINDOWS.
    pub superseded_by: Option<String>,
    /// The id of the update that must be installed, and must not wait for a reboot, before this one is applicable. Until
    /// then no scan lists this one, and no installation installs it. Only for WINDOWS.
    pub applicable_after: Option<String>,
    /// Ids of packages that are installed with it, at the newest version that is not blocked. Not for WINDOWS.
    #[serde(default)]
    pub requires: Vec<String>,
}

/// `PATCH_SET` of an update.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum PatchSet {
    #[default]
    Os,
    Application,
}

impl PatchEntry {
    /// Returns the patch of a checked entry, in the form of the catalogue.
    pub fn patch(&self) -> Patch {
        Patch {
            id: PatchId::from(self.id.as_str()),
            version: self.version.clone(),
            // The check of the scenario has read the dates before.
            released: clock::parse(&self.released).unwrap_or_default(),
            updated: self.updated.as_deref().and_then(|text| clock::parse(text).ok()),
            classification: self.classification.clone(),
            severity: self.severity.clone(),
            priority: self.priority.clone(),
            product: self.product.clone(),
            product_family: self.product_family.clone(),
            application: self.patch_set == PatchSet::Application,
            cve_ids: self.cve_ids.clone(),
            advisory_ids: self.advisory_ids.clone(),
            bugzilla_ids: self.bugzilla_ids.clone(),
            titles: self.titles.clone(),
            own_title: self.title.clone(),
            feature: self.feature.clone(),
            reboot: self.reboot,
            superseded_by: self.superseded_by.clone(),
            applicable_after: self.applicable_after.as_deref().map(PatchId::from),
            requires: self.requires.iter().map(|id| PatchId::from(id.as_str())).collect(),
            made_up: None,
        }
    }
}
