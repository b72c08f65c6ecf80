//! What an account has in a Region: baselines, defaults and patch groups, as the API describes them.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;
use serde::{Deserialize, Serialize};

use super::{Definition, PLAN_TAG};

/// The baselines of a target. The order of lists does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// Every baseline, those of AWS too (`DescribePatchBaselines`).
    pub baselines: Vec<ObservedBaseline>,
    /// Id of the default baseline of each operating system (`DefaultBaseline` of the same list, or
    /// `GetDefaultPatchBaseline`).
    pub defaults: BTreeMap<OperatingSystem, String>,
    /// Which patch group has which baseline (`DescribePatchGroups`).
    pub patch_groups: Vec<PatchGroup>,
}

/// One baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedBaseline {
    /// `pb-…`, or the ARN for a baseline of AWS.
    pub id: String,
    /// Name; several baselines may have the same.
    pub name: String,
    /// `OperatingSystem` of the API; a text, because an account may have what Patch Manager no longer supports.
    pub operating_system: String,
    /// Tags (`ListTagsForResource`). CommandResult for at least where the name is one of ours or the baseline is where one of
    /// ours should be.
    pub tags: BTreeMap<String, String>,
    /// What it approves (`GetPatchBaseline`), where that was asked for. Without it the hash in the tags is believed,
    /// so that a change by hand is not seen.
    pub definition: Option<Definition>,
}

impl ObservedBaseline {
    /// True for a baseline that AWS made. They do not count towards the quota.
    #[must_use]
    pub fn is_predefined(&self) -> bool {
        // AWS- is the prefix of AWS's own baselines; their ids are ARNs in an account of AWS.
        self.name.starts_with("AWS-")
    }

    /// True for a baseline that orgpatch made, from whatever plan.
    #[must_use]
    pub fn is_of_orgpatch(&self) -> bool {
        self.tags.contains_key(PLAN_TAG)
    }
}

/// The baseline of a patch group for one operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchGroup {
    /// Operating system; a group may have a baseline for each.
    pub operating_system: OperatingSystem,
    /// Name of the group: the value of the instance tag.
    pub group: String,
    /// Id of the baseline.
    pub baseline_id: String,
}

impl Observed {
    /// The baseline of that id, whether ids are written as ids or as ARNs.
    #[must_use]
    pub fn baseline(&self, id: &str) -> Option<&ObservedBaseline> {
        self.baselines.iter().find(|baseline| same_id(&baseline.id, id))
    }

    /// Id of the baseline of a patch group for an operating system.
    #[must_use]
    pub fn of_group(&self, os: OperatingSystem, group: &str) -> Option<&str> {
        let is_it = |entry: &&PatchGroup| entry.operating_system == os && entry.group == group;
        self.patch_groups.iter().find(is_it).map(|entry| entry.baseline_id.as_str())
    }
}

/// Whether two ids name the same baseline: `pb-0123` and `arn:…:patchbaseline/pb-0123` do.
#[must_use]
pub fn same_id(a: &str, b: &str) -> bool {
    let id = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    id(a) == id(b)
}
