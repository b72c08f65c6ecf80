//! The patch filters of each operating system, and the features that Systems Manager does not have on all of them.
//!
//! The table is in `orgpatch-facts`.

use orgpatch_model::operating_system::OperatingSystem as Os;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A property of a patch by which a rule can select it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum FilterKey {
    Product,
    ProductFamily,
    Classification,
    Severity,
    MsrcSeverity,
    Priority,
    PatchSet,
}

impl FilterKey {
    /// Every value.
    pub const ALL: [Self; 7] = [
        Self::Product,
        Self::ProductFamily,
        Self::Classification,
        Self::Severity,
        Self::MsrcSeverity,
        Self::Priority,
        Self::PatchSet,
    ];

    /// Returns the field of a rule in a plan.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::ProductFamily => "productFamily",
            Self::Classification => "classification",
            Self::Severity => "severity",
            Self::MsrcSeverity => "msrcSeverity",
            Self::Priority => "priority",
            Self::PatchSet => "patchSet",
        }
    }

    /// Returns the name in the API (`PatchFilterKey`).
    #[must_use]
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Product => "PRODUCT",
            Self::ProductFamily => "PRODUCT_FAMILY",
            Self::Classification => "CLASSIFICATION",
            Self::Severity => "SEVERITY",
            Self::MsrcSeverity => "MSRC_SEVERITY",
            Self::Priority => "PRIORITY",
            Self::PatchSet => "PATCH_SET",
        }
    }

    /// Returns the value of that name in the API; None for a filter that orgpatch does not know.
    pub(super) fn from_api_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.api_name() == name)
    }

    /// Returns what its values are, for people.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::ProductFamily => "product family",
            Self::Classification => "classification",
            Self::Severity => "severity",
            Self::MsrcSeverity => "MSRC severity",
            Self::Priority => "priority",
            Self::PatchSet => "patch set",
        }
    }

    /// Returns what one of its values is, for people: the noun with its article.
    pub(super) fn one(self) -> String {
        format!("{} {}", if self == Self::MsrcSeverity { "an" } else { "a" }, self.noun())
    }

    /// Returns the filters of an operating system, in the order in which AWS lists them.
    #[must_use]
    pub fn of(os: Os) -> Vec<Self> {
        os.baseline_facts().patch_filters.iter().filter_map(|name| Self::from_api_name(name)).collect()
    }
}

/// Returns true if rules can say when a patch is approved. Packages of Debian and Ubuntu have no release date.
#[must_use]
pub fn has_approval_dates(os: Os) -> bool {
    os.baseline_facts().release_dates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operating_system_has_the_filters_that_the_api_documents() {
        let of = |os| FilterKey::of(os).iter().map(|key| key.api_name()).collect::<Vec<_>>().join(" ");
        for os in Os::ALL {
            let expected = match os {
                Os::Windows => "PRODUCT PRODUCT_FAMILY CLASSIFICATION MSRC_SEVERITY PATCH_SET",
                Os::Debian | Os::Ubuntu => "PRODUCT PRIORITY",
                Os::MacOs => "PRODUCT CLASSIFICATION",
                _ => "PRODUCT CLASSIFICATION SEVERITY",
            };
            assert_eq!(of(os), expected, "{os}");
        }
    }

    #[test]
    fn the_longest_delay_of_the_schema_is_that_of_the_facts() {
        let most = orgpatch_facts::baselines::approve_after_days().most;
        assert_eq!(crate::baselines::model::LONGEST_DELAY, u32::from(most));
    }
}
