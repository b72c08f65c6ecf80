//! The accounts' own patch baselines that are there when the clock starts, ours and those of others.
use super::Scenario;
use crate::{
    clock::{DAY, Millis},
    facts::{operating_systems::Os, regions},
    patching::baseline::{
        Action, Baselines, Content, Filter, FilterGroup, Key, Level, Rule, RuleGroup, Status, check, check_tag,
    },
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

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
    pub approved_patches_compliance_level: Level,
    /// `ApprovedPatchesEnableNonSecurity`
    #[serde(default)]
    pub approved_patches_enable_non_security: bool,
    /// `RejectedPatches`
    #[serde(default)]
    pub rejected_patches: Vec<String>,
    /// `RejectedPatchesAction`
    #[serde(default)]
    pub rejected_patches_action: Action,
    /// `AvailableSecurityUpdatesComplianceStatus`
    pub available_security_updates_compliance_status: Option<Status>,
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
    pub compliance_level: Level,
    /// `ApproveAfterDays`
    pub approve_after_days: Option<i64>,
    /// `ApproveUntilDate`
    pub approve_until_date: Option<String>,
    /// `EnableNonSecurity`
    #[serde(default)]
    pub enable_non_security: bool,
}

impl BaselineEntry {
    fn content(&self) -> Content {
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

    fn regions<'a>(&'a self, scenario: &'a Scenario, account: &str) -> BTreeSet<&'a str> {
        let used = || scenario.fleet.iter().filter(|entry| entry.account == account).map(|entry| entry.region.as_str());
        self.regions.as_ref().map_or_else(|| used().collect(), |given| given.iter().map(String::as_str).collect())
    }
}

fn filters(entries: &BTreeMap<Key, Vec<String>>) -> FilterGroup {
    let filter = |(key, values): (&Key, &Vec<String>)| Filter { key: *key, values: values.clone() };
    FilterGroup { patch_filters: entries.iter().map(filter).collect() }
}

/// The baselines of a scenario. What AWS would refuse is left out: `find` names it.
pub fn baselines(scenario: &Scenario, start: Millis) -> Baselines {
    let mut baselines = Baselines::default();
    build(scenario, start, &mut baselines);
    baselines
}

/// Everything that AWS would refuse about the baselines of a scenario.
pub fn find(scenario: &Scenario) -> Vec<String> {
    let mut findings = Vec::new();
    for (account, index, entry) in entries(scenario) {
        let mut find = |text: &str| findings.push(format!("accounts.{account}.baselines[{index}]: {text}"));
        if let Err(text) = check(entry.os, &entry.content()) {
            find(&text);
        }
        if let Some(text) = entry.tags.iter().find_map(|(key, value)| check_tag(key, value).err()) {
            find(&text);
        }
        let regions = entry.regions(scenario, account);
        if regions.is_empty() {
            find("regions: the account has no instances, so its Regions must be given");
        }
        if let Some(wrong) = regions.iter().find(|region| !regions::is_region_name(region)) {
            find(&format!("regions: `{wrong}` is not shaped like ap-northeast-1"));
        }
    }
    findings.extend(build(scenario, 0, &mut Baselines::default()));
    findings
}

fn entries(scenario: &Scenario) -> impl Iterator<Item = (&str, usize, &BaselineEntry)> {
    scenario.accounts.iter().flat_map(|(account, entry)| {
        entry.baselines.iter().enumerate().map(move |(index, entry)| (account.as_str(), index, entry))
    })
}

fn build(scenario: &Scenario, start: Millis, baselines: &mut Baselines) -> Vec<String> {
    // What is there from the beginning was made a month earlier.
    let before = start - 30 * DAY;
    let mut findings = Vec::new();
    let mut defaults = BTreeSet::new();
    for (account, index, entry) in entries(scenario) {
        for region in entry.regions(scenario, account) {
            let mut find = |text: String| findings.push(format!("accounts.{account}.baselines[{index}]: {text}"));
            let place = baselines.place(account, region);
            let Ok(id) = place.create(entry.os, entry.content(), entry.tags.clone(), before) else {
                find(format!("more than 50 baselines in {region}"));
                continue;
            };
            if entry.default && (place.make_default(&id).is_err() || !defaults.insert((account, region, entry.os))) {
                find(format!("a second default for {} in {region}", entry.os.code()));
            }
            for group in &entry.patch_groups {
                if let Err(refusal) = place.register(&id, group) {
                    find(format!("patch group {group} in {region}: {refusal:?}"));
                }
            }
        }
    }
    findings
}
