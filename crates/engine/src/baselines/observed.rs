//! The baselines, defaults and patch groups of an account in a Region, as the API describes them.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_model::operating_system::OperatingSystem;
use serde::{Deserialize, Serialize};

use super::{BaselineMemory, Definition, PLAN_TAG, STAGE_TAG};

/// The baselines of a target. The order of lists does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The account.
    pub account_id: String,
    /// Every baseline, including those of AWS (`DescribePatchBaselines`).
    pub baselines: Vec<ObservedBaseline>,
    /// Id of the default baseline of each operating system (`DefaultBaseline` of the same list, or
    /// `GetDefaultPatchBaseline`).
    pub defaults: BTreeMap<OperatingSystem, String>,
    /// The baselines of patch groups (`DescribePatchGroups`).
    pub patch_groups: Vec<PatchGroup>,
}

/// One baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedBaseline {
    /// `pb-…`, or the ARN of a baseline of AWS.
    pub id: String,
    /// Name. Several baselines may have the same.
    pub name: String,
    /// `OperatingSystem` of the API. It is text, because an account may have one that Patch Manager no longer supports.
    pub operating_system: String,
    /// Tags (`ListTagsForResource`). They are read for baselines with a name of orgpatch, and for baselines that are
    /// registered where one of orgpatch should be.
    pub tags: BTreeMap<String, String>,
    /// Its definition (`GetPatchBaseline`). None: it was not read, so only the hash in the tags counts, and a change made by
    /// hand is not detected.
    pub definition: Option<Definition>,
    /// True if orgpatch has a record of having created it ([`Observed::recognized`]).
    pub is_recorded: bool,
}

impl ObservedBaseline {
    /// Returns true for a baseline of AWS, as that account sees it. Those do not count towards the quota. AWS's baselines
    /// have ARNs in accounts of AWS; no other account can share one. The name proves nothing: a customer may choose `AWS-…`.
    #[must_use]
    pub fn is_predefined(&self, account_id: &str) -> bool {
        let owner = self.id.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(3));
        owner.is_some_and(|owner| owner != account_id)
    }

    /// Returns true for a baseline that orgpatch made, from any plan: its tags and orgpatch's own record say so. Anyone who may
    /// tag baselines in the account can set the tags, so the tags alone prove nothing.
    #[must_use]
    pub fn is_of_orgpatch(&self) -> bool {
        self.is_recorded && self.has_tags_of_orgpatch()
    }

    /// Returns true for a baseline with the tags that orgpatch gives its baselines, from any plan.
    #[must_use]
    pub fn has_tags_of_orgpatch(&self) -> bool {
        [PLAN_TAG, STAGE_TAG].iter().all(|tag| self.tags.contains_key(*tag))
    }
}

/// The baseline of a patch group for one operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchGroup {
    /// Operating system. A group may have one baseline for each.
    pub operating_system: OperatingSystem,
    /// Name of the group: the value of the instance tag.
    pub group: String,
    /// Id of the baseline.
    pub baseline_id: String,
}

impl Observed {
    /// Marks the baselines of which `memory` knows that orgpatch created them. Without this call none is orgpatch's.
    #[must_use]
    pub fn recognized(mut self, memory: &BaselineMemory) -> Self {
        for baseline in &mut self.baselines {
            baseline.is_recorded = memory.has_created(baseline);
        }
        self
    }

    /// Leaves out the baselines of those patch groups.
    #[must_use]
    pub fn without_groups(mut self, groups: &BTreeSet<(OperatingSystem, String)>) -> Self {
        self.patch_groups.retain(|entry| !groups.contains(&(entry.operating_system, entry.group.clone())));
        self
    }

    /// Returns the baseline of that id or ARN.
    #[must_use]
    pub fn baseline(&self, id: &str) -> Option<&ObservedBaseline> {
        self.baselines.iter().find(|baseline| same_id(&baseline.id, id))
    }

    /// Returns the id of the baseline of a patch group for an operating system.
    #[must_use]
    pub fn of_group(&self, os: OperatingSystem, group: &str) -> Option<&str> {
        let is_it = |entry: &&PatchGroup| entry.operating_system == os && entry.group == group;
        self.patch_groups.iter().find(is_it).map(|entry| entry.baseline_id.as_str())
    }
}

/// Returns true if two ids name the same baseline, as `pb-0123` and `arn:…:patchbaseline/pb-0123` do.
#[must_use]
pub fn same_id(a: &str, b: &str) -> bool {
    let id = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    id(a) == id(b)
}
