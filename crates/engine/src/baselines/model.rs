//! A baseline in the terms of the API, with every field set.

use std::collections::BTreeMap;

use jiff::civil::Date;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::{ComplianceLevel, MAX_PATCHES, PatchSource, RejectedAction, has_approval_dates};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ObservedBaseline;

/// Tag with the name of the plan that a baseline belongs to.
pub const PLAN_TAG: &str = "orgpatch:plan";
/// Tag with the name of the stage.
pub const STAGE_TAG: &str = "orgpatch:stage";
/// Tag with the hash of the desired state; see [`Baseline::hash`].
pub const HASH_TAG: &str = "orgpatch:hash";

/// The longest useful delay on Windows, in days. After about a month the next cumulative update replaces an update, so an
/// update that waits longer is never installed.
const LONGEST_WINDOWS_DELAY: u16 = 30;

/// The baseline that a target should have for one operating system. `S` is how it holds its sources: whole, or as people may
/// read them ([`Baseline::shown`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Baseline")]
pub struct Baseline<S = PatchSource> {
    /// `orgpatch-<plan>-<stage>-<operating system>`.
    pub name: String,
    /// Operating system. It is always set, because the API's default is Windows.
    pub operating_system: OperatingSystem,
    /// The rules and lists by which it approves patches.
    pub definition: Definition<S>,
    /// The patch group for which it is registered. None: it is the default of its operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch_group: Option<String>,
    /// The other patch groups for which it is registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_patch_groups: Vec<String>,
    /// `orgpatch:plan`, `orgpatch:stage` and `orgpatch:hash`, which mark it as orgpatch's.
    pub tags: BTreeMap<String, String>,
}

impl Baseline {
    /// Makes a baseline of that name with the tags of its plan and stage.
    #[must_use]
    pub fn new(
        name: String,
        (plan, stage): (&str, &str),
        operating_system: OperatingSystem,
        definition: Definition,
        patch_groups: &[String],
    ) -> Self {
        let (patch_group, more_patch_groups) = match patch_groups {
            [] => (None, Vec::new()),
            [first, more @ ..] => (Some(first.clone()), more.to_vec()),
        };
        let tags = BTreeMap::new();
        let mut baseline = Self { name, operating_system, definition, patch_group, more_patch_groups, tags };
        baseline.tags = BTreeMap::from([
            (PLAN_TAG.to_owned(), plan.to_owned()),
            (STAGE_TAG.to_owned(), stage.to_owned()),
            (HASH_TAG.to_owned(), baseline.hash()),
        ]);
        baseline
    }

    /// Returns the baseline as reports and records show it.
    #[must_use]
    pub fn shown(&self) -> Baseline<ShownSource> {
        let source = |source: &PatchSource| ShownSource {
            name: source.name.clone(),
            products: source.products.clone(),
            configuration_sha256: sha256_hex(&source.configuration),
        };
        let definition = self.definition.clone();
        Baseline {
            name: self.name.clone(),
            operating_system: self.operating_system,
            definition: Definition {
                description: definition.description,
                global_filters: definition.global_filters,
                approval_rules: definition.approval_rules,
                approved_patches: definition.approved_patches,
                approved_patches_compliance_level: definition.approved_patches_compliance_level,
                approved_patches_enable_non_security: definition.approved_patches_enable_non_security,
                rejected_patches: definition.rejected_patches,
                rejected_patches_action: definition.rejected_patches_action,
                available_security_updates: definition.available_security_updates,
                sources: definition.sources.iter().map(source).collect(),
            },
            patch_group: self.patch_group.clone(),
            more_patch_groups: self.more_patch_groups.clone(),
            tags: self.tags.clone(),
        }
    }

    /// Returns the SHA-256 in hex of the desired state in its canonical form. Baselines with the same hash are equal.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "texts, numbers and lists are always JSON")]
    pub fn hash(&self) -> String {
        let definition = self.definition.canonical(self.operating_system);
        let state = (self.operating_system, definition, &self.patch_group);
        let json = match self.more_patch_groups.as_slice() {
            // As before a baseline could have several groups, so that those of earlier versions are not changed.
            [] => serde_json::to_vec(&state),
            more => serde_json::to_vec(&(state, more)),
        };
        sha256_hex(json.expect("texts, numbers and lists are always JSON"))
    }

    /// Returns the places where it is registered: patch groups, or the default of its operating system (None).
    pub fn places(&self) -> impl Iterator<Item = Option<&str>> {
        let more = self.more_patch_groups.iter().map(|group| Some(group.as_str()));
        std::iter::once(self.patch_group.as_deref()).chain(more)
    }

    /// Returns true if that one is this baseline of orgpatch, whatever its definition is: its tags and orgpatch's record say so.
    #[must_use]
    pub fn is_ours(&self, other: &ObservedBaseline) -> bool {
        other.is_recorded && self.has_tags_of(&other.tags)
    }

    /// Returns true if those tags are the plan and the stage of this baseline.
    #[must_use]
    pub fn has_tags_of(&self, tags: &BTreeMap<String, String>) -> bool {
        [PLAN_TAG, STAGE_TAG].iter().all(|tag| tags.get(*tag).is_some_and(|value| self.tags.get(*tag) == Some(value)))
    }

    /// Returns the baseline with these patches added to its rejected patches, so that neither they nor patches that need
    /// them are installed. Its tag gets the hash of the new state. Without any patch it returns the baseline unchanged.
    ///
    /// The action becomes [`RejectedAction::Block`] for the whole list, the plan's own entries included: the API has one
    /// action for all, and [`RejectedAction::AllowAsDependency`] would install a patch as the dependency of another one.
    /// The API does not accept more than [`Self::room_for_rejected`] new entries.
    #[must_use]
    pub fn withholding(&self, patches: &[String]) -> Self {
        let mut baseline = self.clone();
        if patches.is_empty() {
            return baseline;
        }
        let definition = &mut baseline.definition;
        definition.rejected_patches.extend_from_slice(patches);
        set(&mut definition.rejected_patches);
        definition.rejected_patches_action = RejectedAction::Block;
        let hash = baseline.hash();
        baseline.tags.insert(HASH_TAG.to_owned(), hash);
        baseline
    }

    /// Returns true if a rule is frozen and its day is not known: AWS would refuse the baseline.
    #[must_use]
    pub fn waits_for_its_day(&self) -> bool {
        let waits = |rule: &PatchRule| rule.approve_after_days.is_none() && rule.approve_until_date.is_none();
        has_approval_dates(self.operating_system) && self.definition.approval_rules.iter().any(waits)
    }

    /// Returns how many entries [`Self::withholding`] can add at most. The API accepts 50 in all.
    #[must_use]
    pub fn room_for_rejected(&self) -> usize {
        MAX_PATCHES.saturating_sub(self.definition.rejected_patches.len())
    }

    /// Returns cautions for people: settings that are allowed but are seldom intended.
    #[must_use]
    pub fn cautions(&self) -> Vec<Reason> {
        let longest = self.definition.approval_rules.iter().filter_map(|rule| rule.approve_after_days).max();
        let os = self.operating_system;
        match (os, longest) {
            (OperatingSystem::Windows, Some(days)) if days > LONGEST_WINDOWS_DELAY => vec![Reason::new(
                ReasonCode::WindowsDelayBeyondAMonth,
                format!(
                    "{os}: after {days} days a newer update may have replaced an update, which is then never installed"
                ),
            )],
            (OperatingSystem::AmazonLinux2, Some(1..)) => vec![Reason::new(
                ReasonCode::DelayFromUpdatedDate,
                format!(
                    "{os}: the delay counts from the day on which a patch was last updated, so each update restarts it"
                ),
            )],
            _ => Vec::new(),
        }
    }
}

/// Every field of `CreatePatchBaseline` that decides which patches a baseline approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Definition")]
pub struct Definition<S = PatchSource> {
    /// `Description`.
    pub description: String,
    /// `GlobalFilters`. orgpatch removes those that were added by hand.
    pub global_filters: Vec<PatchFilter>,
    /// `ApprovalRules`.
    pub approval_rules: Vec<PatchRule>,
    /// `ApprovedPatches`.
    pub approved_patches: Vec<String>,
    /// `ApprovedPatchesComplianceLevel`.
    pub approved_patches_compliance_level: ComplianceLevel,
    /// `ApprovedPatchesEnableNonSecurity`.
    pub approved_patches_enable_non_security: bool,
    /// `RejectedPatches`.
    pub rejected_patches: Vec<String>,
    /// `RejectedPatchesAction`.
    pub rejected_patches_action: RejectedAction,
    /// `AvailableSecurityUpdatesComplianceStatus`. None: the plan does not say, or the answer does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_security_updates: Option<ComplianceStatus>,
    /// `Sources`.
    pub sources: Vec<S>,
}

/// A source as reports and records show it. A configuration may hold what only root of an instance should read, and AWS marks
/// it as sensitive (botocore's model of ssm, `PatchSourceConfiguration`), so only its hash is there: enough to compare it with
/// the plan's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownSource {
    /// Name.
    pub name: String,
    /// Versions of the operating system that use it; `*` matches every version.
    pub products: Vec<String>,
    /// SHA-256 of the configuration, in hex. Empty in records of earlier versions.
    #[serde(default)]
    pub configuration_sha256: String,
}

/// An approval rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchRule {
    /// `PatchFilterGroup`. A patch must match all filters.
    pub patch_filters: Vec<PatchFilter>,
    /// `ComplianceLevel`.
    pub compliance_level: ComplianceLevel,
    /// `ApproveAfterDays`. A rule has either this or the date; on Debian and Ubuntu it is 0 and has no effect. A rule with
    /// neither is frozen, and its day is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve_after_days: Option<u16>,
    /// `ApproveUntilDate`, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub approve_until_date: Option<Date>,
    /// `EnableNonSecurity`.
    pub enable_non_security: bool,
}

/// A patch filter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchFilter {
    /// `PatchFilterKey`, such as `CLASSIFICATION`. It is text, because baselines that orgpatch did not make may have any
    /// key.
    pub key: String,
    /// Values. A patch must match one of them.
    pub values: Vec<String>,
}

impl Definition {
    /// Returns the definition in a form for comparison: sorted, because lists are sets to Patch Manager, and without
    /// approval dates on Debian and Ubuntu, where a delay has no effect. So a baseline from before orgpatch sent a delay
    /// there counts as equal.
    #[must_use]
    pub fn canonical(&self, os: OperatingSystem) -> Self {
        let mut canonical = self.clone();
        let filters = |filters: &mut Vec<PatchFilter>| {
            for filter in filters.iter_mut() {
                set(&mut filter.values);
            }
            set(filters);
        };
        filters(&mut canonical.global_filters);
        for rule in &mut canonical.approval_rules {
            filters(&mut rule.patch_filters);
            if !has_approval_dates(os) {
                rule.approve_after_days = None;
                rule.approve_until_date = None;
            }
        }
        set(&mut canonical.approval_rules);
        set(&mut canonical.approved_patches);
        set(&mut canonical.rejected_patches);
        for source in &mut canonical.sources {
            set(&mut source.products);
        }
        set(&mut canonical.sources);
        canonical
    }
}

fn set<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}
