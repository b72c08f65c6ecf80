//! What a scenario says about instances that have much of something: missing patches, or tags.
use super::instances::FleetEntry;
use crate::{
    clock::{DAY, Millis},
    facts::operating_systems::{Kind, Os},
    patching::catalogue::{Patch, PatchId},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most patches that `missing` makes.
pub const MOST_PATCHES: u32 = 9_999;
/// The most CVE ids that `missing` gives each of them.
pub const MOST_CVES: u32 = 1_000;

/// Made-up patches that instances lack when the clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingEntry {
    /// How many: `made-up-0001.x86_64` and so on, on WINDOWS `KB9000001`. An entry with more of them has those of an
    /// entry with fewer, too.
    #[schemars(range(min = 1, max = MOST_PATCHES))]
    pub patches: u32,
    /// How many CVE ids each of them closes. All entries with one operating system say the same.
    #[serde(default)]
    #[schemars(range(max = MOST_CVES))]
    pub cves: u32,
}

/// Tags with long values.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManyTagsEntry {
    /// How many: `tag-01`, `tag-02` and so on.
    #[schemars(range(min = 1, max = 50))]
    pub count: usize,
    /// How many characters each value has.
    #[schemars(range(min = 1, max = 256))]
    pub length: usize,
    /// The text that a value repeats until it has its length. Usually `x`.
    #[serde(default = "super::defaults::tag_text")]
    #[schemars(length(min = 1))]
    pub text: String,
}

impl ManyTagsEntry {
    /// Returns the tags.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let value: String = self.text.chars().cycle().take(self.length).collect();
        (1..=self.count).map(|number| (format!("tag-{number:02}"), value.clone())).collect()
    }
}

/// Returns the id of a made-up patch. Numbers begin at 1.
pub fn made_up_id(os: Os, number: u32) -> String {
    if os.kind() == Kind::Windows { format!("KB9{number:06}") } else { format!("made-up-{number:04}.x86_64") }
}

/// Returns the made-up patches of all entries, each once for its operating system. They came out a month before the start, so that
/// the usual delays are over.
pub fn made_up_patches(fleet: &[FleetEntry], start: Millis) -> impl Iterator<Item = (Os, Patch)> {
    let mut most: BTreeMap<&str, (Os, MissingEntry)> = BTreeMap::new();
    for (entry, missing) in fleet.iter().filter_map(|entry| Some((entry, entry.missing?))) {
        let known = most.entry(entry.os.code()).or_insert((entry.os, missing));
        known.1.patches = known.1.patches.max(missing.patches);
    }
    let all: Vec<_> = most.into_values().collect();
    all.into_iter().flat_map(move |(os, missing)| {
        (1..=missing.patches).map(move |number| (os, made_up_patch(os, number, missing.cves, start - 30 * DAY)))
    })
}

fn made_up_patch(os: Os, number: u32, cves: u32, released: Millis) -> Patch {
    let windows = os.kind() == Kind::Windows;
    Patch {
        id: PatchId::from(made_up_id(os, number)),
        version: "1.0.0-1".to_owned(),
        released,
        updated: None,
        classification: if windows { "SecurityUpdates" } else { "Security" }.to_owned(),
        severity: Some("Critical".to_owned()),
        priority: None,
        product: None,
        product_family: None,
        application: false,
        cve_ids: (1..=cves).map(|cve| format!("CVE-2026-{number:04}{cve:04}")).collect(),
        advisory_ids: Vec::new(),
        bugzilla_ids: Vec::new(),
        titles: BTreeMap::new(),
        own_title: None,
        feature: None,
        reboot: false,
        superseded_by: None,
        applicable_after: None,
        requires: Vec::new(),
        made_up: Some(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_as_many_characters_as_they_say() {
        let tags = ManyTagsEntry { count: 3, length: 5, text: "日本".to_owned() }.tags();
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["tag-01", "tag-02", "tag-03"]);
        assert!(tags.values().all(|value| value == "日本日本日"));
    }
}
