//! Patch baselines that accounts have when the clock starts: orgpatch's and others.
use crate::{
    facts::{operating_systems::Os, regions},
    patching::baseline::content::{
        ComplianceLevel, ComplianceStatus, Content, Filter, FilterGroup, Key, RejectedPatchesAction, Rule, RuleGroup,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A patch baseline of an account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BaselineEntry {
    /// Its name. Several baselines may have the same name.
    pub name: String,
    /// The Regions that it is in. Usually every Region in which the account has instances.
    #[schemars(inner(regex(pattern = regions::PATTERN)))]
    pub regions: Option<Vec<String>>,
    /// The operating system that it is for.
    pub os: Os,
    /// How many seconds after the start `default` and `patchGroups` take effect, instead of whatever is registered there then:
    /// another team registers it. Usually it is registered from the beginning.
    pub registered_after: Option<u32>,
    /// Whether it is the default for its operating system.
    #[serde(default)]
    pub default: bool,
    /// The patch groups that it is registered for.
    #[serde(default)]
    pub patch_groups: Vec<String>,
    /// The tags of the baseline.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// `Description` of the API.
    pub description: Option<String>,
    /// Approval rules.
    #[serde(default)]
    pub rules: Vec<RuleEntry>,
    /// `GlobalFilters` of the API, as a map of filter keys and values.
    #[serde(default)]
    pub global_filters: BTreeMap<Key, Vec<String>>,
    /// `ApprovedPatches` of the API.
    #[serde(default)]
    pub approved_patches: Vec<String>,
    /// `ApprovedPatchesComplianceLevel` of the API.
    #[serde(default)]
    pub approved_patches_compliance_level: ComplianceLevel,
    /// `ApprovedPatchesEnableNonSecurity` of the API.
    #[serde(default)]
    pub approved_patches_enable_non_security: bool,
    /// `RejectedPatches` of the API.
    #[serde(default)]
    pub rejected_patches: Vec<String>,
    /// `RejectedPatchesAction` of the API.
    #[serde(default)]
    pub rejected_patches_action: RejectedPatchesAction,
    /// `AvailableSecurityUpdatesComplianceStatus` of the API. Only for WINDOWS.
    pub available_security_updates_compliance_status: Option<ComplianceStatus>,
}

/// An approval rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleEntry {
    /// Filter keys and values, for example `{CLASSIFICATION: [Security]}`.
    #[serde(default)]
    pub filters: BTreeMap<Key, Vec<String>>,
    /// `ComplianceLevel` of the API.
    #[serde(default)]
    pub compliance_level: ComplianceLevel,
    /// `ApproveAfterDays` of the API: 0 to 360.
    pub approve_after_days: Option<i64>,
    /// `ApproveUntilDate` of the API: a date such as `2026-11-16`.
    pub approve_until_date: Option<String>,
    /// `EnableNonSecurity` of the API.
    #[serde(default)]
    pub enable_non_security: bool,
}

impl BaselineEntry {
    /// Returns what the baseline says, in the form of the API.
    pub fn content(&self) -> Content {
        let rule = |entry: &RuleEntry| Rule {
            patch_filter_group: filters(&entry.filters),
            compliance_level: entry.compliance_level,
            approve_after_days: entry.approve_after_days,
            approve_until_date: entry.approve_until_date.clone(),
            enable_non_security: entry.enable_non_security,
        };
        Content {
            name: self.name.clone(),
            description: self.description.clone(),
            global_filters: filters(&self.global_filters),
            approval_rules: RuleGroup { patch_rules: self.rules.iter().map(rule).collect() },
            approved_patches: self.approved_patches.clone(),
            approved_patches_compliance_level: self.approved_patches_compliance_level,
            approved_patches_enable_non_security: self.approved_patches_enable_non_security,
            rejected_patches: self.rejected_patches.clone(),
            rejected_patches_action: self.rejected_patches_action,
            sources: Vec::new(),
            available_security_updates_compliance_status: self.available_security_updates_compliance_status,
        }
    }
}

fn filters(entries: &BTreeMap<Key, Vec<String>>) -> FilterGroup {
    let filter = |(key, values): (&Key, &Vec<String>)| Filter { key: *key, values: values.clone() };
    FilterGroup { patch_filters: entries.iter().map(filter).collect() }
}
