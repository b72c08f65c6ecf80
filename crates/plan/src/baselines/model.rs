//! Baselines of a plan as types. Limits are those of the API (botocore 1.43.11, `CreatePatchBaseline`).

use std::collections::BTreeMap;

use jiff::civil::Date;
use orgpatch_model::patch::ComplianceStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::pattern::{DATE_PATTERN, SOURCE_NAME_PATTERN};
use super::FilterKey;

pub(crate) const MAX_RULES: usize = 10;
pub(crate) const MAX_FILTERS: usize = 4;
pub(crate) const MAX_VALUES: usize = 20;
pub(crate) const MAX_VALUE: usize = 64;
/// The most entries in a list of approved or rejected patches (botocore 1.43.11, `PatchIdList`).
pub const MAX_PATCHES: usize = 50;
pub(crate) const MAX_PATCH_ID: usize = 100;
pub(crate) const MAX_SOURCES: usize = 20;
pub(crate) const MAX_PRODUCT: usize = 128;
pub(crate) const MAX_CONFIGURATION: usize = 1024;
pub(crate) const MAX_PATCH_GROUP: usize = 256;
/// The most patch groups of a baseline (Systems Manager quotas).
pub(crate) const MAX_PATCH_GROUPS: usize = 25;
/// The most days of `ApproveAfterDays`. The schema needs a constant; a test compares it with the fact.
pub(crate) const LONGEST_DELAY: u32 = 360;

/// What may be installed on the instances of one operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("anyOf" = [
    {"required": ["rules"]},
    {"required": ["approved"], "properties": {"approved": {"minItems": 1}}},
]))]
pub struct PlannedBaseline {
    /// Rules. A patch is approved if one of them approves it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_RULES))]
    pub rules: Vec<PlannedRule>,
    /// Patches that are approved at once, independent of the rules: KB articles on Windows, package names elsewhere. On Amazon
    /// Linux, CentOS, Oracle Linux and RHEL also ids of advisories, CVE ids and Bugzilla ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_PATCHES), inner(length(min = 1, max = MAX_PATCH_ID)), extend("uniqueItems" = true))]
    pub approved: Vec<String>,
    /// The severity of a missing patch of `approved`.
    #[serde(skip_serializing_if = "ComplianceLevel::is_unspecified")]
    pub approved_compliance_level: ComplianceLevel,
    /// Whether `approved` may install updates that are not security updates. Linux only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub approved_non_security: bool,
    /// Patches that are never installed. This list wins over rules and `approved`. It takes names of packages and KB
    /// articles only; on SUSE also names of patches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_PATCHES), inner(length(min = 1, max = MAX_PATCH_ID)), extend("uniqueItems" = true))]
    pub rejected: Vec<String>,
    /// Whether a rejected patch may be installed as a dependency of another one.
    #[serde(skip_serializing_if = "RejectedAction::is_default")]
    pub rejected_action: RejectedAction,
    /// What security updates count as that are out and not approved, because their delay is not over or another rule leaves them
    /// out. WINDOWS only. Absent: `compliant`, as AWS counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ComplianceStatus")]
    pub available_security_updates: Option<ComplianceStatus>,
    /// Repositories that replace those of an instance. Linux only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_SOURCES))]
    pub sources: Vec<PatchSource>,
    /// Filters that a patch must pass before a rule may approve it. They are those of a rule.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "GlobalFilters")]
    pub global_filters: BTreeMap<FilterKey, Vec<String>>,
    /// The patch group (instance tag `Patch Group` or `PatchGroup`) that gets this baseline, or a list of them. Absent: the
    /// baseline becomes the default of its operating system.
    #[serde(rename = "patchGroup", skip_serializing_if = "Vec::is_empty", with = "one_or_more")]
    #[schemars(with = "PatchGroups")]
    pub patch_groups: Vec<String>,
}

/// The schema of `globalFilters`.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = MAX_FILTERS))]
#[allow(dead_code, reason = "only its schema is used")]
struct GlobalFilters {
    product: Option<FilterValues>,
    product_family: Option<FilterValues>,
    classification: Option<FilterValues>,
    severity: Option<FilterValues>,
    msrc_severity: Option<FilterValues>,
    priority: Option<FilterValues>,
    patch_set: Option<FilterValues>,
}

/// The schema of the values of a global filter.
#[derive(JsonSchema)]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema is used")]
struct FilterValues(
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
     Vec<String>,
);

/// The schema of `patchGroup`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema is used")]
enum PatchGroups {
    One(#[schemars(length(min = 1, max = MAX_PATCH_GROUP))] String),
    More(
        #[schemars(
            length(min = 1, max = MAX_PATCH_GROUPS),
            inner(length(min = 1, max = MAX_PATCH_GROUP)),
            extend("uniqueItems" = true)
        )]
        Vec<String>,
    ),
}

/// Writes one text as a text and several as a list, and reads both.
mod one_or_more {
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    pub fn serialize<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match texts {
            [one] => one.serialize(serializer),
            texts => texts.serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Texts {
            One(String),
            More(Vec<String>),
        }
        Ok(match Texts::deserialize(deserializer)? {
            Texts::One(text) => vec![text],
            Texts::More(texts) => texts,
        })
    }
}

/// Which patches are approved, and when. A patch must match every filter with any of its values; `*` matches every value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct PlannedRule {
    /// Versions of the operating system, or the product's name, such as `WindowsServer2022`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
    pub product: Vec<String>,
    /// Product families of Microsoft, such as `Office`. WINDOWS only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
    pub product_family: Vec<String>,
    /// Kinds of patches, such as `Security` (Linux) or `SecurityUpdates` (Windows). Not on DEBIAN and UBUNTU.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
    pub classification: Vec<String>,
    /// Severities, such as `Critical`. Not on DEBIAN, MACOS, UBUNTU and WINDOWS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
    pub severity: Vec<String>,
    /// Severities of the Microsoft Security Response Center, such as `Critical`. WINDOWS only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
    pub msrc_severity: Vec<String>,
    /// Priorities of packages, such as `Required`. DEBIAN and UBUNTU only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = MAX_VALUES), inner(length(min = 1, max = MAX_VALUE)), extend("uniqueItems" = true))]
    pub priority: Vec<String>,
    /// `OS` for Windows itself, `APPLICATION` for other products of Microsoft. WINDOWS only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), extend("items" = {"type": "string", "enum": PATCH_SETS}, "uniqueItems" = true))]
    pub patch_set: Vec<String>,
    /// The severity of a missing patch that this rule approves.
    #[serde(skip_serializing_if = "ComplianceLevel::is_unspecified")]
    pub compliance_level: ComplianceLevel,
    /// Whether the rule may install updates that are not security updates. Linux only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enable_non_security: bool,
    /// When this rule approves patches, in place of the stage's `approve`: for patches that must not wait, such as virus
    /// definitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Approve")]
    pub approve: Option<Approve>,
}

/// Values of the filter `patchSet`.
pub(crate) const PATCH_SETS: [&str; 2] = ["OS", "APPLICATION"];

impl PlannedRule {
    /// Returns the values of a filter; empty if the rule does not have it.
    #[must_use]
    pub fn values(&self, key: FilterKey) -> &[String] {
        match key {
            FilterKey::Product => &self.product,
            FilterKey::ProductFamily => &self.product_family,
            FilterKey::Classification => &self.classification,
            FilterKey::Severity => &self.severity,
            FilterKey::MsrcSeverity => &self.msrc_severity,
            FilterKey::Priority => &self.priority,
            FilterKey::PatchSet => &self.patch_set,
        }
    }

    pub(crate) fn set(&mut self, key: FilterKey, values: Vec<String>) {
        *match key {
            FilterKey::Product => &mut self.product,
            FilterKey::ProductFamily => &mut self.product_family,
            FilterKey::Classification => &mut self.classification,
            FilterKey::Severity => &mut self.severity,
            FilterKey::MsrcSeverity => &mut self.msrc_severity,
            FilterKey::Priority => &mut self.priority,
            FilterKey::PatchSet => &mut self.patch_set,
        } = values;
    }
}

/// When a patch that a rule matches is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "ApproveFields", into = "ApproveFields")]
#[schemars(with = "ApproveFields")]
pub enum Approve {
    /// This many days after its release: 0 to 360.
    AfterDays(u16),
    /// If it was released on that day (UTC) or earlier.
    Until(Date),
    /// If the first stage had approved it when that stage was scanned in the same run, in whole days; see
    /// `orgpatch_engine::baselines::cutoff`. Never in the first stage.
    Frozen,
}

impl std::fmt::Display for Approve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AfterDays(0) => f.write_str("at once"),
            Self::AfterDays(1) => f.write_str("1 day after release"),
            Self::AfterDays(days) => write!(f, "{days} days after release"),
            Self::Until(date) => write!(f, "if released until {date}"),
            Self::Frozen => f.write_str("frozen to the first stage"),
        }
    }
}

/// The fields of [`Approve`] in a plan. Exactly one of the three is set.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Approve", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
struct ApproveFields {
    /// Days after the release of a patch: 0 to 360.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u16", range(max = LONGEST_DELAY))]
    after_days: Option<u16>,
    /// The last day (UTC) whose releases are approved, such as 2026-11-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = DATE_PATTERN))]
    until: Option<Date>,
    /// True: approves what the first stage had approved in the same run, which is everything released up to the day of its
    /// scan, minus its `afterDays`. Not in the first stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool", extend("const" = true))]
    frozen: Option<bool>,
}

impl From<Approve> for ApproveFields {
    fn from(approve: Approve) -> Self {
        match approve {
            Approve::AfterDays(days) => Self { after_days: Some(days), until: None, frozen: None },
            Approve::Until(date) => Self { after_days: None, until: Some(date), frozen: None },
            Approve::Frozen => Self { after_days: None, until: None, frozen: Some(true) },
        }
    }
}

impl TryFrom<ApproveFields> for Approve {
    type Error = &'static str;

    fn try_from(fields: ApproveFields) -> Result<Self, Self::Error> {
        match (fields.after_days, fields.until, fields.frozen) {
            (Some(days), None, None) => Ok(Self::AfterDays(days)),
            (None, Some(date), None) => Ok(Self::Until(date)),
            (None, None, Some(true)) => Ok(Self::Frozen),
            _ => Err("approve needs exactly one of afterDays, until and frozen: true"),
        }
    }
}

/// The severity of a missing approved patch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum ComplianceLevel {
    Critical,
    High,
    Medium,
    Low,
    Informational,
    #[default]
    Unspecified,
}

impl ComplianceLevel {
    /// Every value, worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational, Self::Unspecified];

    /// Returns the name in the API and in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL",
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
            Self::Informational => "INFORMATIONAL",
            Self::Unspecified => "UNSPECIFIED",
        }
    }

    /// Returns the value of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_unspecified(&self) -> bool {
        *self == Self::Unspecified
    }
}

/// What to do with a rejected patch that another patch needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RejectedAction {
    /// It is installed only as a dependency.
    #[default]
    AllowAsDependency,
    /// Neither it nor a patch that needs it is installed.
    Block,
}

impl RejectedAction {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::AllowAsDependency, Self::Block];

    /// Returns the name in the API and in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AllowAsDependency => "ALLOW_AS_DEPENDENCY",
            Self::Block => "BLOCK",
        }
    }

    /// Returns the value of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A repository that instances use in place of their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchSource {
    /// Name: 3 to 50 letters, digits, dots, hyphens and underscores.
    #[schemars(regex(pattern = SOURCE_NAME_PATTERN))]
    pub name: String,
    /// Versions of the operating system that use it, such as `AmazonLinux2023`; `*` matches every version.
    #[schemars(
        length(min = 1, max = MAX_VALUES),
        inner(length(min = 1, max = MAX_PRODUCT)),
        extend("uniqueItems" = true)
    )]
    pub products: Vec<String>,
    /// The repository's configuration in the syntax of the package manager: a section for yum, one line for apt.
    #[schemars(length(min = 1, max = MAX_CONFIGURATION))]
    pub configuration: String,
}
