//! Beginnings of the names of buckets that an instance downloads from while it is patched (`data/patch-buckets.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static BUCKETS: LazyLock<Buckets> = LazyLock::new(|| crate::read(include_str!("../data/patch-buckets.json")));

/// The buckets.
#[derive(Debug, Deserialize)]
pub struct Buckets {
    /// With the patch module: any of these will do.
    pub module: Family,
    /// With the snapshot of approved patches.
    pub snapshot: Family,
}

/// Buckets that have the same purpose. Suffixes follow no formula, so only beginnings are listed; `{region}` stands for
/// the Region.
#[derive(Debug, Deserialize)]
pub struct Family {
    /// How their names begin.
    pub prefixes: Vec<String>,
    /// The same for macOS, where that differs; otherwise empty.
    #[serde(default)]
    pub macos: Vec<String>,
}

/// Returns the buckets.
#[must_use]
pub fn buckets() -> &'static Buckets {
    &BUCKETS
}
