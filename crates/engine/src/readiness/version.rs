//! Versions of dotted numbers: SSM Agent (`3.3.40.0`), Python (`3.12`), releases (`15.5`). Libraries for semantic
//! versions do not read them, because those have exactly three numbers.

use std::cmp::Ordering;
use std::fmt;

use serde::Deserialize;

/// A version of dotted numbers, compared from left to right. `3.3` equals `3.3.0`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Version(Vec<u64>);

impl Version {
    /// Reads the numbers at the beginning of a text, after an epoch (`1:`) if there is one: `3.9.16-1.amzn2023.0.9` is
    /// 3.9.16. None if the text begins with anything else.
    #[must_use]
    pub fn leading(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = match text.split_once(':') {
            Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => text,
        };
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
        Self::exact(text[..end].trim_end_matches('.'))
    }

    /// Reads a text that has only dotted numbers.
    #[must_use]
    pub fn exact(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u64>> = text
            .split('.')
            // `parse` alone would accept a sign.
            .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten())
            .collect();
        numbers.map(Self)
    }

    /// Returns the version of its first `n` numbers: 3.12 for 3.12.4.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        Self(self.0.iter().copied().take(n).collect())
    }

    /// Returns true if this is that release or a minor version of it: 9.3 and 9 are within 9, 90 is not.
    #[must_use]
    pub fn is_within(&self, release: &Self) -> bool {
        self.0.starts_with(&release.0)
    }

    /// Returns how many numbers it has.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.0.len()
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        let padded = |version: &Self| -> Vec<u64> {
            let mut numbers = version.0.clone();
            numbers.resize(length, 0);
            numbers
        };
        padded(self).cmp(&padded(other))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::exact(&text).ok_or_else(|| format!("{text:?} is not a version of dotted numbers"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Version;

    fn version(text: &str) -> Version {
        Version::exact(text).expect("a version")
    }

    #[test]
    fn numbers_count_and_not_letters() {
        assert!(version("3.3.987.0") > version("3.3.40.0"));
        assert!(version("3.10") > version("3.9"));
        assert_eq!(version("3.3"), version("3.3.0.0"));
    }

    #[test]
    fn what_packages_write_behind_a_version_does_not_count() {
        for (text, expected) in [
            ("3.9.16-1.amzn2023.0.9", Some("3.9.16")),
            ("1:3.8.2-0ubuntu2", Some("3.8.2")),
            ("3.11.2+b1", Some("3.11.2")),
            ("3.", Some("3")),
            ("", None),
            ("latest", None),
            (".3", None),
        ] {
            assert_eq!(Version::leading(text).map(|found| found.to_string()).as_deref(), expected, "{text}");
        }
        for text in ["", "3..1", "+3", "3.-1", "3 ", "99999999999999999999"] {
            assert!(Version::exact(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_release_is_not_the_beginning_of_a_number() {
        assert!(version("9.3").is_within(&version("9")));
        assert!(!version("90").is_within(&version("9")));
        assert!(!version("9").is_within(&version("9.3")));
    }

    proptest! {
        #[test]
        fn the_order_is_the_one_of_the_first_number_that_differs(
            head in proptest::collection::vec(0..1000_u64, 0..3),
            a in 0..1000_u64,
            b in 0..1000_u64,
            tails in proptest::array::uniform2(proptest::collection::vec(0..1000_u64, 0..3)),
        ) {
            let build = |middle: u64, tail: &[u64]| Version([head.as_slice(), &[middle], tail].concat());
            prop_assume!(a != b);
            prop_assert_eq!(build(a, &tails[0]).cmp(&build(b, &tails[1])), a.cmp(&b));
        }

        #[test]
        fn it_reads_what_it_writes_and_no_text_makes_it_panic(numbers in proptest::collection::vec(any::<u64>(), 1..6), text in "\\PC*") {
            let written = Version(numbers.clone()).to_string();
            prop_assert_eq!(Version::exact(&written).map(|found| found.0), Some(numbers));
            let _ = Version::leading(&text);
        }

        #[test]
        fn equal_versions_compare_equal_whatever_zeros_follow(numbers in proptest::collection::vec(0..100_u64, 1..5), zeros in 0..3_usize) {
            let mut longer = numbers.clone();
            longer.resize(numbers.len() + zeros, 0);
            prop_assert_eq!(Version(numbers), Version(longer));
        }
    }
}
