//! Versions of Python that the patch module runs on (`data/python.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static RANGES: LazyLock<Ranges> = LazyLock::new(|| crate::read(include_str!("../data/python.json")));

#[derive(Deserialize)]
struct Ranges {
    ranges: Vec<Range>,
}

/// The versions for some operating systems.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// `OperatingSystem` of the API.
    pub operating_systems: Vec<String>,
    /// The oldest, as major.minor.
    pub from: String,
    /// The newest, as major.minor. Every patch level of it counts.
    pub to: String,
}

/// Returns every range. An operating system is in one range at most.
#[must_use]
pub fn ranges() -> &'static [Range] {
    &RANGES.ranges
}

/// Returns the range of an operating system; None if no source names one.
#[must_use]
pub fn range_of(operating_system: &str) -> Option<&'static Range> {
    ranges().iter().find(|range| range.operating_systems.iter().any(|known| known == operating_system))
}
