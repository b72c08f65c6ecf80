//! Shares of a target's instances: a count or a whole percentage, as in `MaxConcurrency` and `MaxErrors` of SendCommand.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::pattern::{Form, MAX_CONCURRENCY, MAX_ERRORS};

/// How many targets of a step may end without having been reached: a count from 0, or a percentage from 0 to 100 of the
/// step's targets. See [`Share::rounded_up`].
pub type MaxTargets = Share<0>;

/// How many instances of a target may be in flight at the same time: a count from 1, or a percentage from 1 to 100.
pub type MaxConcurrency = Share<1>;

/// How many instances of a target may fail before nothing further is sent there: a count from 0, or a percentage from 0
/// to 100.
pub type MaxErrors = Share<0>;

/// A share of some instances: a count (at most 9,999,999), or a whole percentage. `MINIMUM` is its smallest value, and also
/// the smallest number of instances that it can come to.
///
/// In JSON and YAML it is a text, `25%` or `10`. A count may also be a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct Share<const MINIMUM: u32>(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count(u32),
    Percent(u8),
}

/// The two forms of a share in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Count(u32),
    Text(String),
}

impl<const MINIMUM: u32> Share<MINIMUM> {
    /// The largest count.
    pub const MAX_COUNT: u32 = 9_999_999;

    /// Returns that many instances; None if `count` is less than the minimum or more than [`Self::MAX_COUNT`].
    #[must_use]
    pub fn count(count: u32) -> Option<Self> {
        (MINIMUM..=Self::MAX_COUNT).contains(&count).then_some(Self(Kind::Count(count)))
    }

    /// Returns that percentage; None if `percent` is less than the minimum or more than 100.
    #[must_use]
    pub fn percent(percent: u8) -> Option<Self> {
        (MINIMUM..=100).contains(&percent.into()).then_some(Self(Kind::Percent(percent)))
    }

    /// Returns the percentage; None for a count.
    #[must_use]
    pub fn as_percent(self) -> Option<u8> {
        match self.0 {
            Kind::Count(_) => None,
            Kind::Percent(percent) => Some(percent),
        }
    }

    /// Returns how many of `total` instances the share is. A percentage is rounded down, and the result is at least
    /// `MINIMUM`, so 25 % of three instances is one in flight but no error. A count stays as it is and may be more than
    /// `total`.
    ///
    /// No document of AWS says how SendCommand rounds. The simulator of this repository rounds in the same way.
    #[must_use]
    pub fn of(self, total: usize) -> usize {
        let share = match self.0 {
            Kind::Count(count) => count as usize,
            // Split in two, so that no total is too large.
            Kind::Percent(percent) => {
                let percent = usize::from(percent);
                total / 100 * percent + total % 100 * percent / 100
            }
        };
        share.max(MINIMUM as usize)
    }

    /// Returns how many of `total` the share is, with a percentage rounded up, so that 5 % of three targets is one. A count
    /// stays as it is and may be more than `total`.
    #[must_use]
    pub fn rounded_up(self, total: u64) -> u64 {
        match self.0 {
            Kind::Count(count) => count.into(),
            Kind::Percent(percent) => {
                let percent = u64::from(percent);
                // Split in two, so that no total is too large.
                total / 100 * percent + (total % 100 * percent).div_ceil(100)
            }
        }
    }

    /// Returns the form of its text.
    pub(super) fn form() -> &'static Form {
        if MINIMUM == 0 { &MAX_ERRORS } else { &MAX_CONCURRENCY }
    }
}

impl MaxConcurrency {
    /// A quarter of the instances.
    pub(super) const DEFAULT: Self = Self(Kind::Percent(25));
}

impl MaxErrors {
    /// A tenth of the instances.
    pub(super) const DEFAULT: Self = Self(Kind::Percent(10));
}

impl<const MINIMUM: u32> fmt::Display for Share<MINIMUM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Count(count) => write!(f, "{count}"),
            Kind::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl<const MINIMUM: u32> FromStr for Share<MINIMUM> {
    type Err = InvalidShare;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share = || match text.strip_suffix('%') {
            Some(percent) => Self::percent(percent.parse().ok()?),
            None => Self::count(text.parse().ok()?),
        };
        // The form refuses what `parse` takes and SendCommand does not: `+5`, `05`.
        let form = Self::form();
        Some(text)
            .filter(|text| form.matches(text))
            .and_then(|_| share())
            .ok_or_else(|| InvalidShare { text: text.to_owned(), valid: form.valid })
    }
}

impl<const MINIMUM: u32> TryFrom<Written> for Share<MINIMUM> {
    type Error = InvalidShare;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Count(count) => count.to_string().parse(),
            Written::Text(text) => text.parse(),
        }
    }
}

impl<const MINIMUM: u32> From<Share<MINIMUM>> for String {
    fn from(share: Share<MINIMUM>) -> Self {
        share.to_string()
    }
}

/// A text that is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not valid; valid: {valid}")]
pub struct InvalidShare {
    text: String,
    valid: &'static str,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn concurrency(text: &str) -> MaxConcurrency {
        text.parse().expect("a share")
    }

    fn errors(text: &str) -> MaxErrors {
        text.parse().expect("a share")
    }

    #[test]
    fn percentages_are_rounded_down() {
        assert_eq!((concurrency("25%").of(50), concurrency("25%").of(7), concurrency("100%").of(3)), (12, 1, 3));
        assert_eq!((errors("10%").of(50), errors("10%").of(9), errors("10%").of(19)), (5, 0, 1));
        assert_eq!(errors("99%").of(usize::MAX - 1) / 1_000, usize::MAX / 100 * 99 / 1_000);
    }

    #[test]
    fn a_share_of_targets_is_rounded_up() {
        assert_eq!([0, 1, 3, 20, 21, 300].map(|total| errors("5%").rounded_up(total)), [0, 1, 1, 1, 2, 15]);
        assert_eq!([0, 3].map(|total| errors("7").rounded_up(total)), [7, 7]);
        assert_eq!((errors("0%").rounded_up(9), errors("100%").rounded_up(u64::MAX)), (0, u64::MAX));
    }

    #[test]
    fn counts_do_not_depend_on_the_total() {
        assert_eq!((concurrency("7").of(3), errors("0").of(3)), (7, 0));
    }

    #[test]
    fn at_least_one_instance_is_in_flight_but_no_error_is_granted() {
        assert_eq!((concurrency("25%").of(3), concurrency("1%").of(0)), (1, 1));
        assert_eq!((errors("25%").of(3), errors("0%").of(1_000)), (0, 0));
    }

    #[test]
    fn the_json_is_a_text_and_a_count_may_be_a_number() {
        let read = |text| serde_json::from_str::<MaxErrors>(text).map_err(|error| error.to_string());
        assert_eq!(serde_json::to_string(&[errors("25%"), errors("10")]).expect("JSON"), r#"["25%","10"]"#);
        assert_eq!(read(r#""10""#), read("10"));
        assert_eq!(read("0"), Ok(errors("0")));
        insta::assert_snapshot!(read(r#""101%""#).expect_err("no share"), @r#""101%" is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%"#);
        for text in ["0", r#""0%""#, r#""+5""#, r#""05""#, r#""5 %""#, r#""""#, "10000000", "-1", "1.5", "null"] {
            assert!(serde_json::from_str::<MaxConcurrency>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_percentage_of_a_total_is_a_part_of_it(percent in 0..=100_u8, total in 0..10_000_usize) {
            let errors = MaxErrors::percent(percent).expect("a percentage").of(total);
            prop_assert_eq!(errors, total * usize::from(percent) / 100);
            if let Some(concurrency) = MaxConcurrency::percent(percent) {
                prop_assert_eq!(concurrency.of(total), errors.max(1));
            }
        }
    }
}
