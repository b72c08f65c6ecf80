//! What a patch baseline of an operating system may and must say (`data/baselines.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static FACTS: LazyLock<Baselines> = LazyLock::new(|| crate::read(include_str!("../data/baselines.json")));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Baselines {
    operating_systems: Vec<OperatingSystem>,
    fields: Vec<FieldFacts>,
    approve_after_days: Days,
}

#[derive(Deserialize)]
struct FieldFacts {
    name: Field,
    families: Vec<Family>,
}

/// Numbers that the API accepts.
#[derive(Debug, Deserialize)]
pub struct Days {
    /// The least.
    pub least: u16,
    /// The most.
    pub most: u16,
}

/// The family of an operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names say all there is to say")]
pub enum Family {
    Linux,
    MacOs,
    Windows,
}

/// A field of a baseline or of its rules that only some families have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum Field {
    ApprovedPatchesEnableNonSecurity,
    AvailableSecurityUpdatesComplianceStatus,
    EnableNonSecurity,
    Sources,
}

/// An operating system of the API's enum `OperatingSystem`, including those that Patch Manager no longer supports.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatingSystem {
    /// The value of the enum.
    pub name: String,
    /// Its family.
    pub family: Family,
    /// `PatchFilterKey` of the filters that its rules may have, in the order in which AWS lists them.
    pub patch_filters: Vec<String>,
    /// True if its packages have release dates. If false, a rule must still carry `ApproveAfterDays`, although it has no
    /// effect.
    pub release_dates: bool,
}

impl OperatingSystem {
    /// Returns true if a baseline of this operating system may have that field.
    #[must_use]
    pub fn may_have(&self, field: Field) -> bool {
        FACTS.fields.iter().any(|known| known.name == field && known.families.contains(&self.family))
    }
}

/// Returns the operating system of that name.
#[must_use]
pub fn operating_system(name: &str) -> Option<&'static OperatingSystem> {
    FACTS.operating_systems.iter().find(|os| os.name == name)
}

/// Returns the values of `ApproveAfterDays`.
#[must_use]
pub fn approve_after_days() -> &'static Days {
    &FACTS.approve_after_days
}
