//! Values of patch filters, and what rules select where repositories have no advisories (`data/patch-values.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static FACTS: LazyLock<PatchValues> = LazyLock::new(|| crate::read(include_str!("../data/patch-values.json")));

#[derive(Deserialize)]
struct PatchValues {
    properties: Vec<Property>,
    advisories: Vec<Advisories>,
}

/// The values of a filter key for some operating systems.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// Values of the API's enum `OperatingSystem`.
    pub systems: Vec<String>,
    /// The `PatchFilterKey`.
    pub key: String,
    /// The `PatchSet` that has the list; None where there is only one set.
    pub patch_set: Option<String>,
    /// Values that a source names.
    pub documented: Vec<String>,
    /// Values that AWS may have, by sources about other systems.
    #[serde(default)]
    pub in_doubt: Vec<String>,
    /// True if more values exist than any source lists.
    #[serde(default)]
    pub open: bool,
}

/// What rules select where repositories have no `updateinfo.xml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Advisories {
    systems: Vec<String>,
    /// True if the system's own repositories have one.
    pub default_repositories: bool,
    /// What is selected without one.
    pub without: Selected,
}

/// What a rule selects without advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selected {
    /// Packages, if the rule has `EnableNonSecurity`.
    NonSecurity,
    /// Nothing at all.
    Nothing,
}

/// Returns every list of values.
#[must_use]
pub fn all() -> &'static [Property] {
    &FACTS.properties
}

/// Returns the lists of a filter key for an operating system: one, or one of each patch set.
pub fn of<'a>(system: &'a str, key: &'a str) -> impl Iterator<Item = &'static Property> + 'a {
    all().iter().filter(move |property| property.key == key && property.systems.iter().any(|name| name == system))
}

/// Returns what rules of an operating system select without advisories; None where it makes no difference.
#[must_use]
pub fn advisories(system: &str) -> Option<&'static Advisories> {
    FACTS.advisories.iter().find(|entry| entry.systems.iter().any(|name| name == system))
}
