//! Patches as Patch Manager describes them on an instance.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operating_system::OperatingSystem;
use crate::text::{cut, is_cut};

/// The most patches of an instance that are listed. The rest is counted.
///
/// An instance that is patched every month lacks tens of patches. The API has no limit, and its lists are held in memory for
/// many instances at the same time.
pub const MOST_PATCHES: usize = 500;

/// The most CVE ids of a patch that are listed. The rest is counted.
pub const MOST_CVE_IDS: usize = 20;

/// The longest id and the longest title of a patch, in characters. The API states no limit for any text of a patch (API
/// reference, `PatchComplianceData`: `Title`, `KBId`, `Classification`, `Severity` and `CVEIds` are strings without a
/// length).
pub const LONGEST_ID_OR_TITLE: usize = 250;

/// The longest classification and the longest severity, in characters.
pub const LONGEST_CLASS: usize = 100;

/// The longest CVE id, in characters. A CVE id has no fixed number of digits; those of today have at most 16 characters.
pub const LONGEST_CVE_ID: usize = 40;

/// What Systems Manager counts patches or an instance as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ComplianceStatus {
    /// Nothing is wrong.
    #[default]
    Compliant,
    /// Something is wrong.
    NonCompliant,
}

impl ComplianceStatus {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Compliant, Self::NonCompliant];

    /// Returns the name in plans and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::NonCompliant => "non-compliant",
        }
    }

    /// Returns the name in the API (`PatchComplianceStatus`).
    #[must_use]
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Compliant => "COMPLIANT",
            Self::NonCompliant => "NON_COMPLIANT",
        }
    }

    /// Returns the status with that name in the API.
    #[must_use]
    pub fn from_api_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.api_name() == name)
    }

    /// Returns the status of an instance by the numbers of its patches that are wrong, each None if the answer does not have it.
    /// "The status of these managed nodes is `NON_COMPLIANT`" (API reference, `InstancePatchState`, the three counts of that
    /// name). None: the answer does not tell.
    #[must_use]
    pub fn of_counts(counts: [Option<i32>; 3]) -> Option<Self> {
        if counts.iter().flatten().any(|n| *n > 0) {
            return Some(Self::NonCompliant);
        }
        counts.iter().all(Option::is_some).then_some(Self::Compliant)
    }
}

/// Entries for the lists of rejected patches, by operating system.
pub type WithheldPatches = BTreeMap<OperatingSystem, Vec<String>>;

/// A patch as Patch Manager describes it on an instance. A text that is too long is cut and ends in `…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// `KBId` in the API: a KB article on Windows, package name and version on Linux.
    pub id: String,
    /// Title.
    pub title: String,
    /// Classification, such as `Security`.
    pub classification: String,
    /// Severity, such as `Important`.
    pub severity: String,
    /// Where the patch stands on the instance.
    pub state: PatchDisposition,
    /// CVE ids, if the API names any; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cve_ids: Vec<String>,
    /// Number of further CVE ids, which are not listed. Absent: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_cve_ids: u32,
}

impl Patch {
    /// Returns the patch with its texts cut to their limits, and with the CVE ids of `cve_ids`, which are separated by commas.
    #[must_use]
    pub fn within_limits(self, cve_ids: &str) -> Self {
        let mut ids = cve_ids.split(',').map(str::trim).filter(|id| !id.is_empty());
        let listed = ids.by_ref().take(MOST_CVE_IDS).map(|id| cut(id, LONGEST_CVE_ID)).collect();
        Self {
            id: cut(self.id, LONGEST_ID_OR_TITLE),
            title: cut(self.title, LONGEST_ID_OR_TITLE),
            classification: cut(self.classification, LONGEST_CLASS),
            severity: cut(self.severity, LONGEST_CLASS),
            state: self.state,
            cve_ids: listed,
            more_cve_ids: u32::try_from(ids.count()).unwrap_or(u32::MAX),
        }
    }

    /// Returns true if the whole id and title are known: another patch may have the same beginning as one that was cut.
    #[must_use]
    pub fn is_named_in_full(&self) -> bool {
        !is_cut(&self.id, LONGEST_ID_OR_TITLE) && !is_cut(&self.title, LONGEST_ID_OR_TITLE)
    }
}

/// Returns true if nothing is missing in a list: the number of what it does not name is not written then.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
#[must_use]
pub fn is_zero(more: &u32) -> bool {
    *more == 0
}

/// The patches that an instance lacks, sorted by id and title: the first ones are listed, the rest is counted.
///
/// Which ones are listed depends on their ids only, so that the lists of the same instance before and after an install can be
/// compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatchList {
    patches: Vec<Patch>,
    more: u32,
}

impl PatchList {
    /// Returns the list of those patches. At most `most` of them are listed.
    #[must_use]
    pub fn of(patches: impl IntoIterator<Item = Patch>, most: usize) -> Self {
        let mut list = Self::default();
        list.add(patches, most);
        list
    }

    /// Adds a page of patches, in any order. At most `most` patches stay listed.
    pub fn add(&mut self, page: impl IntoIterator<Item = Patch>, most: usize) {
        self.patches.extend(page);
        self.patches.sort();
        let rest = self.patches.len().saturating_sub(most);
        self.patches.truncate(most);
        self.more = self.more.saturating_add(u32::try_from(rest).unwrap_or(u32::MAX));
    }

    /// Returns true if the list does not rule out that the patch, in any version, is missing: it is listed, or it would come
    /// after the last one that is listed while more are missing than those.
    #[must_use]
    pub fn may_contain(&self, patch: &Patch) -> bool {
        let is_listed = self.patches.binary_search_by(|listed| listed.id.cmp(&patch.id)).is_ok();
        is_listed || (self.more > 0 && self.patches.last().is_none_or(|last| last.id < patch.id))
    }

    /// Returns the listed patches, and the number of those that are not listed.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Patch>, u32) {
        (self.patches, self.more)
    }
}

/// Where a patch stands that is not simply installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum PatchDisposition {
    Missing,
    Failed,
    InstalledPendingReboot,
}

impl PatchDisposition {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Missing, Self::Failed, Self::InstalledPendingReboot];

    /// The values of a patch that an instance lacks.
    pub const LACKING: [Self; 2] = [Self::Missing, Self::Failed];

    /// The name in the API's filters and in the examples of its reference.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "Missing",
            Self::Failed => "Failed",
            Self::InstalledPendingReboot => "InstalledPendingReboot",
        }
    }

    /// The value of that name. The API's model spells it `INSTALLED_PENDING_REBOOT`, its reference's examples
    /// `InstalledPendingReboot`; both are taken.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.replace('_', "");
        Self::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(&plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(id: &str, title: &str) -> Patch {
        Patch {
            id: id.into(),
            title: title.into(),
            classification: String::new(),
            severity: String::new(),
            state: PatchDisposition::Missing,
            cve_ids: Vec::new(),
            more_cve_ids: 0,
        }
    }

    #[test]
    fn one_count_above_zero_is_non_compliant_and_only_all_counts_are_compliant() {
        let of = ComplianceStatus::of_counts;
        assert_eq!(of([Some(0), Some(0), Some(0)]), Some(ComplianceStatus::Compliant));
        assert_eq!(of([Some(0), Some(1), None]), Some(ComplianceStatus::NonCompliant));
        assert_eq!(of([Some(0), None, Some(0)]), None, "an older answer has no such counts");
    }

    #[test]
    fn what_the_api_says_of_a_patch_is_cut_to_its_limits_and_counted() {
        let long = "日".repeat(1_000);
        let of_the_api = Patch { classification: long.clone(), severity: long.clone(), ..patch(&long, &long) };
        let ids: Vec<String> = (1..=50).map(|n| format!(" CVE-2026-{n:04} ")).collect();
        let kept = of_the_api.within_limits(&format!("{long},,{}", ids.join(",")));
        let lengths = [&kept.id, &kept.title, &kept.classification, &kept.severity, &kept.cve_ids[0]];
        assert_eq!(lengths.map(|text| text.chars().count()), [250, 250, 100, 100, 40]);
        assert_eq!((kept.cve_ids.len(), kept.more_cve_ids), (20, 31));
        assert_eq!(kept.cve_ids[19], "CVE-2026-0019");
        assert!(!kept.is_named_in_full());

        let short = patch("kernel.x86_64", "kernel.x86_64:0:6.1.119").within_limits("");
        assert_eq!(short, patch("kernel.x86_64", "kernel.x86_64:0:6.1.119"));
        assert!(short.is_named_in_full());
    }

    #[test]
    fn a_number_of_zero_is_not_written_and_a_patch_without_it_is_read() {
        let text = serde_json::to_string(&patch("KB1", "")).expect("JSON");
        assert!(!text.contains("moreCveIds"), "{text}");
        assert_eq!(serde_json::from_str::<Patch>(&text).expect("a patch"), patch("KB1", ""));
    }

    #[test]
    fn the_first_patches_by_id_are_listed_whatever_page_they_come_on() {
        let named = |ids: &[&str]| ids.iter().map(|id| patch(id, id)).collect::<Vec<Patch>>();
        let mut list = PatchList::default();
        for page in [named(&["e", "b"]), named(&["d", "a"]), named(&["c"])] {
            list.add(page, 3);
        }
        assert_eq!(list, PatchList::of(named(&["a", "b", "c", "d", "e"]), 3));
        assert_eq!(list.into_parts(), (named(&["a", "b", "c"]), 2));
    }

    #[test]
    fn a_list_that_was_cut_rules_out_only_what_comes_before_its_end() {
        let may_contain =
            |list: &PatchList| ["a", "b", "c", "d"].map(|id| list.may_contain(&patch(id, "another version")));
        let listed = [patch("a", "1"), patch("c", "1")];
        assert_eq!(may_contain(&PatchList::of(listed.clone(), 2)), [true, false, true, false]);
        let cut = PatchList::of(listed.into_iter().chain([patch("x", "1")]), 2);
        assert_eq!(may_contain(&cut), [true, false, true, true]);
        assert_eq!(may_contain(&PatchList::of([patch("a", "1")], 0)), [true; 4]);
        assert_eq!(may_contain(&PatchList::default()), [false; 4]);
    }
}
