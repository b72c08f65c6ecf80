//! The patch filters of each operating system, and the features that Systems Manager does not have on all of them.
//!
//! Source: botocore 1.43.11 (`DescribePatchProperties`, `PatchFilterKey`, `PatchRule`).

use orgpatch_model::operating_system::OperatingSystem as Os;

/// A property of a patch by which a rule can select it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Returns the filters of an operating system.
    #[must_use]
    pub fn of(os: Os) -> &'static [Self] {
        match os {
            Os::Windows => {
                &[Self::Product, Self::ProductFamily, Self::Classification, Self::MsrcSeverity, Self::PatchSet]
            }
            Os::Debian | Os::Ubuntu => &[Self::Product, Self::Priority],
            Os::MacOs => &[Self::Product, Self::Classification],
            Os::AlmaLinux
            | Os::AmazonLinux2
            | Os::AmazonLinux2023
            | Os::CentOs
            | Os::OracleLinux
            | Os::RedhatEnterpriseLinux
            | Os::RockyLinux
            | Os::Suse => &[Self::Product, Self::Classification, Self::Severity],
        }
    }
}

/// Returns true if rules can say when a patch is approved. Packages of Debian and Ubuntu have no release date.
#[must_use]
pub fn has_approval_dates(os: Os) -> bool {
    !matches!(os, Os::Debian | Os::Ubuntu)
}

/// Returns true for Linux. Only Linux has patch sources and non-security updates.
pub(crate) fn is_linux(os: Os) -> bool {
    !matches!(os, Os::Windows | Os::MacOs)
}

/// Returns the values that AWS documents. Others may exist, so the reader refuses a value only if it looks like a
/// misspelling of one of these: a rule for `Securty` would silently approve nothing.
pub(crate) fn known_values(os: Os, key: FilterKey) -> &'static [&'static str] {
    match (key, os) {
        (FilterKey::Classification, Os::Windows) => &[
            "CriticalUpdates",
            "DefinitionUpdates",
            "Drivers",
            "FeaturePacks",
            "SecurityUpdates",
            "ServicePacks",
            "Tools",
            "UpdateRollups",
            "Updates",
            "Upgrades",
        ],
        (FilterKey::Classification, Os::Suse) => {
            &["Security", "Recommended", "Optional", "Feature", "Document", "Yast"]
        }
        (FilterKey::Classification, _) => &["Security", "Bugfix", "Enhancement", "Recommended", "Newpackage"],
        (FilterKey::Severity | FilterKey::MsrcSeverity, _) => {
            &["Critical", "Important", "Moderate", "Medium", "Low", "None", "Unspecified"]
        }
        (FilterKey::Priority, _) => &["Required", "Important", "Standard", "Optional", "Extra"],
        _ => &[],
    }
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
}
