//! Which operating system has which patch filters, and what Systems Manager does not offer on all of them.
//!
//! Source: botocore 1.43.11 (`DescribePatchProperties`, `PatchFilterKey`, `PatchRule`).

use orgpatch_model::operating_system::OperatingSystem as Os;

/// A property of a patch that a rule can ask for.
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

    /// The field of a rule in a plan.
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

    /// The name in the API (`PatchFilterKey`).
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

    /// The filters that an operating system has.
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

/// Whether rules can say when a patch is approved. The packages of Debian and Ubuntu have no release date.
#[must_use]
pub fn has_approval_dates(os: Os) -> bool {
    !matches!(os, Os::Debian | Os::Ubuntu)
}

/// Sources and updates that are not security updates are for Linux alone.
pub(crate) fn is_linux(os: Os) -> bool {
    !matches!(os, Os::Windows | Os::MacOs)
}

/// Values that AWS documents. CompetingPatchers may exist, so that a value is refused only if it looks like a slip of one of
/// these: a rule for `Securty` would approve nothing and say nothing.
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
