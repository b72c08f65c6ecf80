//! Exit codes of AWS-RunPatchBaseline (`data/exit-codes.json`).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde::Deserialize;

static CODES: LazyLock<Codes> = LazyLock::new(|| crate::read(include_str!("../data/exit-codes.json")));

#[derive(Deserialize)]
struct Codes {
    codes: Vec<Meaning>,
    causes: BTreeMap<Cause, Code>,
}

/// What a code, or several in a row, means.
#[derive(Debug, Deserialize)]
pub struct Meaning {
    from: i64,
    to: i64,
    /// In a few words.
    pub meaning: String,
}

#[derive(Deserialize)]
struct Code {
    code: i64,
}

/// A cause of a failure whose exit code a source names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// No Python with which the patch module can be started.
    MissingPython,
    /// The patch module runs, but a package that it needs is missing.
    MissingDependency,
    /// Patch Manager does not know the operating system.
    UnsupportedOperatingSystem,
    /// The patch module cannot be downloaded.
    ModuleNotDownloaded,
    /// `BaselineOverride` cannot be downloaded.
    OverrideNotDownloaded,
    /// `BaselineOverride` and `InstallOverrideList` are both there.
    OverrideAndInstallList,
    /// Any failure on Windows.
    Windows,
}

impl Meaning {
    /// Returns the codes.
    #[must_use]
    pub fn codes(&self) -> RangeInclusive<i64> {
        self.from..=self.to
    }
}

/// Returns every code with its meaning.
#[must_use]
pub fn meanings() -> &'static [Meaning] {
    &CODES.codes
}

/// Returns what a code means; None for one that the sources do not list.
#[must_use]
pub fn meaning(code: i64) -> Option<&'static str> {
    meanings().iter().find(|known| known.codes().contains(&code)).map(|known| known.meaning.as_str())
}

/// Returns the code with which a cause ends.
#[must_use]
pub fn code_of(cause: Cause) -> i64 {
    CODES.causes[&cause].code
}

#[cfg(test)]
mod tests {
    use super::{Cause, code_of, meaning};

    #[test]
    fn a_missing_python_is_no_dependency_check() {
        assert_eq!(code_of(Cause::MissingPython), 1);
        assert_eq!(code_of(Cause::MissingDependency), 2);
        assert_eq!(code_of(Cause::UnsupportedOperatingSystem), 146);
        assert_eq!(code_of(Cause::ModuleNotDownloaded), 156);
        assert_eq!(code_of(Cause::OverrideNotDownloaded), 162);
        assert_eq!(code_of(Cause::OverrideAndInstallList), 167);
        assert_eq!(code_of(Cause::Windows), -1);
        assert_eq!(meaning(164), Some("the baseline override is not usable"));
        assert_eq!(meaning(168), None);
    }
}
