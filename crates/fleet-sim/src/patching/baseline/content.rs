//! What a baseline says, in the spelling of the API. Requests, answers and scenarios use the same types.
use crate::{clock::Millis, facts::operating_systems::Os};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A patch baseline.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// `pb-` and 17 hex digits.
    pub id: String,
    /// The ARN of a predefined baseline, which is in an account of AWS. None for a baseline of the account itself.
    pub arn: Option<String>,
    /// The operating system that it is for.
    pub os: Os,
    /// Everything that can be set and changed.
    pub content: Content,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was created.
    pub created: Millis,
    /// When it was last changed.
    pub modified: Millis,
}

impl Baseline {
    /// Returns `BaselineId` as the API answers it: the ARN of a predefined baseline, the id of any other.
    pub fn reference(&self) -> &str {
        self.arn.as_deref().unwrap_or(&self.id)
    }

    /// Returns whether a rejected patch must not be installed under any circumstances.
    pub fn blocks(&self) -> bool {
        self.content.rejected_patches_action == RejectedPatchesAction::Block
    }
}

/// Everything that CreatePatchBaseline sets, without operating system and tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(missing_docs, reason = "the names are the API's")]
pub struct Content {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub global_filters: FilterGroup,
    pub approval_rules: RuleGroup,
    pub approved_patches: Vec<String>,
    pub approved_patches_compliance_level: ComplianceLevel,
    pub approved_patches_enable_non_security: bool,
    pub rejected_patches: Vec<String>,
    pub rejected_patches_action: RejectedPatchesAction,
    pub sources: Vec<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_security_updates_compliance_status: Option<ComplianceStatus>,
}

/// `PatchFilterGroup`: a patch must pass all of its filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the API's")]
pub struct FilterGroup {
    pub patch_filters: Vec<Filter>,
}

/// `PatchFilter`: one of the values, or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the API's")]
pub struct Filter {
    pub key: Key,
    pub values: Vec<String>,
}

/// `PatchFilterKey`: the keys that some operating system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum Key {
    Classification,
    MsrcSeverity,
    PatchSet,
    Priority,
    Product,
    ProductFamily,
    Severity,
}

impl Key {
    /// Returns the API's spelling.
    pub fn code(self) -> &'static str {
        match self {
            Self::Classification => "CLASSIFICATION",
            Self::MsrcSeverity => "MSRC_SEVERITY",
            Self::PatchSet => "PATCH_SET",
            Self::Priority => "PRIORITY",
            Self::Product => "PRODUCT",
            Self::ProductFamily => "PRODUCT_FAMILY",
            Self::Severity => "SEVERITY",
        }
    }
}

/// `PatchRuleGroup`: a patch is approved when one of its rules approves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the API's")]
pub struct RuleGroup {
    pub patch_rules: Vec<Rule>,
}

/// `PatchRule`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the API's")]
pub struct Rule {
    pub patch_filter_group: FilterGroup,
    #[serde(default)]
    pub compliance_level: ComplianceLevel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve_after_days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve_until_date: Option<String>,
    #[serde(default)]
    pub enable_non_security: bool,
}

/// `PatchComplianceLevel`, lowest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum ComplianceLevel {
    #[default]
    Unspecified,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// `PatchAction`: what happens to a rejected patch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RejectedPatchesAction {
    /// It may be installed as a dependency, and does not count as a problem where it is installed.
    #[default]
    AllowAsDependency,
    /// Neither it nor a patch that requires it is installed.
    Block,
}

/// `PatchComplianceStatus`: how available security updates count that are not approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum ComplianceStatus {
    Compliant,
    NonCompliant,
}

/// `PatchSource`: stored and answered, without effect on the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the API's")]
pub struct Source {
    pub name: String,
    pub products: Vec<String>,
    pub configuration: String,
}
