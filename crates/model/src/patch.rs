//! Patches as Patch Manager describes them on an instance.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operating_system::OperatingSystem;

/// Entries for the lists of rejected patches, by operating system.
pub type WithheldPatches = BTreeMap<OperatingSystem, Vec<String>>;

/// A patch as Patch Manager describes it on an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// `KBId` in the API: a KB article on Windows, package name and version on Linux.
    pub id: String,
    /// Title.
    pub title: String,
    /// Classification, such as `Security`.
    pub classification: String,
    /// Severity, such as `Important`.
    pub severity: String,
    /// Where the patch stands on the instance.
    pub state: PatchDisposition,
    /// CVE ids, if the API names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cve_ids: Vec<String>,
}

/// Where a patch stands that is not simply installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum PatchDisposition {
    Missing,
    Failed,
    InstalledPendingReboot,
}

impl PatchDisposition {
    /// Every value: what is left to do about a patch.
    pub const TO_DO: [Self; 3] = [Self::Missing, Self::Failed, Self::InstalledPendingReboot];

    /// The name in the API's filters and in the examples of its reference.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "Missing",
            Self::Failed => "Failed",
            Self::InstalledPendingReboot => "InstalledPendingReboot",
        }
    }

    /// The value of that name. The API's model spells it `INSTALLED_PENDING_REBOOT`, its reference's examples
    /// `InstalledPendingReboot`; both are taken.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.replace('_', "");
        Self::TO_DO.into_iter().find(|state| state.name().eq_ignore_ascii_case(&plain))
    }
}
