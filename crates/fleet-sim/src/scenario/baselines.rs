//! The accounts' own patch baselines that are there when the clock starts, ours and those of others.
use crate::{
    facts::operating_systems::Os,
    patching::baseline::content::{
        ComplianceLevel, ComplianceStatus, Content, Filter, FilterGroup, Key, RejectedPatchesAction, Rule, RuleGroup,
    },
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A patch baseline of an account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BaselineEntry {
    /// Its name. Several may have the same one.
    pub name: String,
    /// Where it is; absent: wherever the account has instances.
    pub regions: Option<Vec<String>>,
    /// The system that it is for.
    pub os: Os,
    /// Is it the default for its system?
    #[serde(default)]
    pub default: bool,
    /// The patch groups that it is registered for.
    #[serde(default)]
    pub patch_groups: Vec<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// `Description`
    pub description: Option<String>,
    /// Approval rules.
    #[serde(default)]
    pub rules: Vec<RuleEntry>,
    /// `GlobalFilters`
    #[serde(default)]
    pub global_filters: BTreeMap<Key, Vec<String>>,
    /// `ApprovedPatches`
    #[serde(default)]
    pub approved_patches: Vec<String>,
    /// `ApprovedPatchesComplianceLevel`
    #[serde(default)]
    pub approved_patches_compliance_level: ComplianceLevel,
    /// `ApprovedPatchesEnableNonSecurity`
    #[serde(default)]
    pub approved_patches_enable_non_security: bool,
    /// `RejectedPatches`
    #[serde(default)]
    pub rejected_patches: Vec<String>,
    /// `RejectedPatchesAction`
    #[serde(default)]
    pub rejected_patches_action: RejectedPatchesAction,
    /// `AvailableSecurityUpdatesComplianceStatus`
    pub available_security_updates_compliance_status: Option<ComplianceStatus>,
}

/// An approval rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleEntry {
    /// For example `{CLASSIFICATION: [Security]}`.
    #[serde(default)]
    pub filters: BTreeMap<Key, Vec<String>>,
    /// `ComplianceLevel`
    #[serde(default)]
    pub compliance_level: ComplianceLevel,
    /// `ApproveAfterDays`
    pub approve_after_days: Option<i64>,
    /// `ApproveUntilDate`
    pub approve_until_date: Option<String>,
    /// `EnableNonSecurity`
    #[serde(default)]
    pub enable_non_security: bool,
}

impl BaselineEntry {
    /// Returns what the baseline says, as the API has it.
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
