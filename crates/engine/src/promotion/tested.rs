//! The tested set: what the first stage of a plan installed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use orgpatch_model::operating_system::{OperatingSystem, Platform};
use orgpatch_model::patch::Patch;
use serde::{Deserialize, Serialize};

use crate::results::InstanceRow;

/// What the first stage installed longer ago than so many days is forgotten: by then newer versions have replaced it.
pub const MEMORY_DAYS: i64 = 400;

/// A patch that the first stage installed, in one version for one operating system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestedPatch {
    /// Operating system. A name that this version does not know is kept, so that the set stays readable.
    pub os: Platform,
    /// `KBId` of the API.
    pub id: String,
    /// `Title` of the API, which on Linux holds the version.
    pub title: String,
}

impl TestedPatch {
    fn of(os: OperatingSystem, patch: &Patch) -> Self {
        Self { os: Platform::Supported(os), id: patch.id.clone(), title: patch.title.clone() }
    }
}

/// What the first stage of a plan installed, in this run and in earlier runs of the same plan. The earlier runs matter:
/// if Staging fails and an operator starts a second run, nothing is left to install in Test, and without the earlier
/// run everything would be untested.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestedSet {
    /// When the results of the stage's scan were collected; the latest of its targets. None: none was scanned.
    pub scanned_at: Option<Timestamp>,
    /// When each patch was last installed there.
    #[serde(with = "as_list")]
    patches: BTreeMap<TestedPatch, Timestamp>,
}

impl TestedSet {
    /// Returns what earlier runs installed, without this run.
    #[must_use]
    pub fn of_earlier_runs(self) -> Self {
        Self { scanned_at: None, ..self }
    }

    /// Adds what instances of a target of the first stage installed. `scanned_at`: when its scan was collected.
    ///
    /// A row lists a limited number of patches. What an instance installed beyond those stays untested.
    pub fn add<'a>(
        &mut self,
        scanned_at: Option<Timestamp>,
        rows: impl IntoIterator<Item = &'a InstanceRow>,
        now: Timestamp,
    ) {
        self.scanned_at = self.scanned_at.max(scanned_at);
        for row in rows {
            // Nothing is installed where Patch Manager does not patch.
            let Some(os) = row.os.as_ref().and_then(Platform::supported) else { continue };
            self.patches.extend(row.installed.iter().map(|patch| (TestedPatch::of(os, patch), now)));
        }
    }

    /// Forgets what was installed too long ago.
    pub fn forget(&mut self, now: Timestamp) {
        // Out of the calendar's range nothing is old.
        let oldest = now.checked_sub(SignedDuration::from_hours(24 * MEMORY_DAYS)).unwrap_or(Timestamp::MIN);
        self.patches.retain(|_, at| *at >= oldest);
    }

    /// Both together: a stage may have several steps.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.scanned_at = self.scanned_at.max(other.scanned_at);
        for (patch, at) in other.patches {
            let latest = self.patches.entry(patch).or_insert(at);
            *latest = at.max(*latest);
        }
        self
    }

    /// Returns true if the first stage installed that patch in that version. A patch whose id or title was cut is never
    /// tested, because another one may have the same beginning.
    #[must_use]
    pub fn contains(&self, os: OperatingSystem, patch: &Patch) -> bool {
        if !patch.is_named_in_full() {
            return false;
        }
        let wanted = TestedPatch::of(os, patch);
        if os != OperatingSystem::Windows {
            return self.patches.contains_key(&wanted);
        }
        let first = TestedPatch { title: String::new(), ..wanted.clone() };
        let same_id =
            self.patches.range(first..).take_while(|(known, _)| known.os == wanted.os && known.id == wanted.id);
        same_id.into_iter().any(|(known, _)| is_title_of_same_update(&wanted.id, &known.title, &wanted.title))
    }
}

/// Months as words. Older titles of the removal tool, which has one KB id for all its versions, tell their version by them only.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Returns true if two titles of a KB id are those of the same update. Each Windows reports the title in its own language, in
/// which words and their order differ. The numbers stay: month, version of Windows, version of a definition update. Where one of
/// the titles has its month in words, both must be equal.
fn is_title_of_same_update(id: &str, one: &str, other: &str) -> bool {
    let (of_one, of_other) = (numbers(id, one), numbers(id, other));
    let is_told_by_numbers =
        !of_one.is_empty() && of_one == of_other && ![one, other].iter().any(|title| has_month(title));
    one == other || is_told_by_numbers
}

fn has_month(title: &str) -> bool {
    title.split(|c: char| !c.is_alphabetic()).any(|word| MONTHS.iter().any(|month| month.eq_ignore_ascii_case(word)))
}

/// Returns the numbers in a title but for that of the KB id, with the points inside them, sorted.
fn numbers<'t>(id: &str, title: &'t str) -> Vec<&'t str> {
    let parts = title.split(|c: char| !c.is_ascii_digit() && c != '.').map(|part| part.trim_matches('.'));
    let id = id.trim_start_matches("KB");
    let mut numbers: Vec<&str> = parts.filter(|part| !part.is_empty() && *part != id).collect();
    numbers.sort_unstable();
    numbers
}

/// JSON has no objects as keys.
mod as_list {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::TestedPatch;

    #[derive(Serialize, Deserialize)]
    struct Entry<P> {
        #[serde(flatten)]
        patch: P,
        at: Timestamp,
    }

    pub fn serialize<S: Serializer>(
        patches: &BTreeMap<TestedPatch, Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(patches.iter().map(|(patch, at)| Entry { patch, at: *at }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<TestedPatch, Timestamp>, D::Error> {
        let entries = Vec::<Entry<TestedPatch>>::deserialize(deserializer)?;
        Ok(entries.into_iter().map(|entry| (entry.patch, entry.at)).collect())
    }
}
