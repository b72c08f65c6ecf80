//! How long a step may work and how often it may install: the stage's `deadline` and `passes`.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::fmt::friendly::{SpanParser, SpanPrinter};
use orgpatch_model::operating_system::OperatingSystem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{At, Decoder, quote};
use super::model::{Plan, Reboot, Stage};
use super::pattern::{DEADLINE, DEADLINE_PATTERN};

/// The longest working time of a step, from 30 minutes to 72 hours, in whole minutes. In JSON and YAML it is a text such as
/// `16h` or `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = DEADLINE_PATTERN))]
pub struct Deadline(SignedDuration);

impl Deadline {
    /// The shortest deadline. A scan of one instance alone takes minutes.
    pub const MIN: Self = Self(SignedDuration::from_mins(30));
    /// The longest deadline. A step works with one snapshot of approved patches, and Systems Manager offers a snapshot for
    /// three days after it was made (document AWS-RunPatchBaseline, `SnapshotId`).
    pub const MAX: Self = Self(SignedDuration::from_hours(72));

    /// Returns the working time in seconds, 1,800 to 259,200.
    #[must_use]
    pub fn seconds(self) -> u32 {
        // The limits of the type fit.
        u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&SpanPrinter::new().duration_to_string(&self.0))
    }
}

impl FromStr for Deadline {
    type Err = InvalidDeadline;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The form refuses further spellings that jiff reads, such as `16 hours` and `16h ago`.
        let form = |text: &&str| DEADLINE.matches(text);
        let parsed = Some(text).filter(form).and_then(|text| SpanParser::new().parse_duration(text).ok()).map(Self);
        match parsed {
            None => Err(InvalidDeadline::Form),
            Some(deadline) if deadline < Self::MIN => Err(InvalidDeadline::TooShort),
            Some(deadline) if deadline > Self::MAX => Err(InvalidDeadline::TooLong),
            Some(deadline) => Ok(deadline),
        }
    }
}

impl TryFrom<String> for Deadline {
    type Error = InvalidDeadline;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Deadline> for String {
    fn from(deadline: Deadline) -> Self {
        deadline.to_string()
    }
}

/// Why a text is no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDeadline {
    /// It is not written in hours and minutes.
    #[error("is not a time in hours and minutes")]
    Form,
    /// It is shorter than [`Deadline::MIN`].
    #[error("is under {}", Deadline::MIN)]
    TooShort,
    /// It is longer than [`Deadline::MAX`].
    #[error("is over {}, the time for which a snapshot of approved patches lives", Deadline::MAX)]
    TooLong,
}

/// How many installs an instance may get in a step, at the most.
///
/// The second pass goes only to instances that answered the first and whose scan afterwards still finds an approved patch
/// missing. Windows often needs it: the servicing stack first, then the cumulative update; and some updates become
/// applicable only after the reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u8", extend("minimum" = 1, "maximum" = 2))]
pub enum Passes {
    /// One install.
    One,
    /// One install, and a second one where the first was not enough.
    Two,
}

impl Passes {
    /// Returns the passes for an operating system. `stage` is what the stage says. Where it says nothing, these are two on Windows
    /// and otherwise one. Without a reboot it is one, whatever the stage says: the second install would find what the first has
    /// found.
    #[must_use]
    pub fn of(stage: Option<Self>, os: OperatingSystem, reboot: Reboot) -> Self {
        let default = if os == OperatingSystem::Windows { Self::Two } else { Self::One };
        match reboot {
            Reboot::Never => Self::One,
            Reboot::IfNeeded => stage.unwrap_or(default),
        }
    }

    /// Returns the number, 1 or 2.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

impl TryFrom<u8> for Passes {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(format!("{number} is not a number of passes; valid: 1, 2")),
        }
    }
}

impl From<Passes> for u8 {
    fn from(passes: Passes) -> Self {
        passes.number()
    }
}

impl Plan {
    /// Returns how many installs an instance of that operating system may get in a step of the stage.
    #[must_use]
    pub fn passes(&self, stage: &Stage, os: OperatingSystem) -> Passes {
        Passes::of(stage.passes, os, self.reboot)
    }
}

pub(super) fn deadline(decoder: &mut Decoder, at: &At<'_>) -> Option<Deadline> {
    let found = decoder.form(at, &DEADLINE)?;
    let deadline = found.value.parse();
    deadline
        .map_err(|error: InvalidDeadline| {
            decoder.refuse(&found.path, found.place, format!("{} {error}", quote(&found.value)), DEADLINE.valid);
        })
        .ok()
}

pub(super) fn passes(decoder: &mut Decoder, at: &At<'_>) -> Option<Passes> {
    let number = decoder.whole(at, 1, 2)?;
    u8::try_from(number).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_deadline_is_written_in_hours_and_minutes() {
        let read = |text: &str| text.parse::<Deadline>().map(|deadline| (deadline.to_string(), deadline.seconds()));
        assert_eq!(read("16h"), Ok(("16h".to_owned(), 57_600)));
        assert_eq!(read("90m"), Ok(("1h 30m".to_owned(), 5_400)));
        assert_eq!(read("1h30m"), read("1h 30m"));
        assert_eq!(read("30m"), Ok((Deadline::MIN.to_string(), 1_800)));
        assert_eq!(read("72h"), Ok((Deadline::MAX.to_string(), 259_200)));
        assert_eq!((read("29m"), read("72h 1m")), (Err(InvalidDeadline::TooShort), Err(InvalidDeadline::TooLong)));
        for text in ["", "16", "16 hours", "16h ago", "-16h", "1.5h", "1d", "3600s", "PT16H", "0h", "16H", "16h\n"] {
            assert_eq!(read(text), Err(InvalidDeadline::Form), "{text:?}");
        }
    }

    #[test]
    fn two_passes_need_windows_and_a_reboot() {
        for os in OperatingSystem::ALL {
            let two = os == OperatingSystem::Windows;
            assert_eq!(Passes::of(None, os, Reboot::IfNeeded).number(), if two { 2 } else { 1 });
            assert_eq!(Passes::of(None, os, Reboot::Never), Passes::One);
            assert_eq!(Passes::of(Some(Passes::Two), os, Reboot::IfNeeded), Passes::Two);
            assert_eq!(Passes::of(Some(Passes::Two), os, Reboot::Never), Passes::One);
        }
    }

    #[test]
    fn only_one_and_two_are_passes() {
        let read = |text| serde_json::from_str::<Passes>(text).map_err(|error| error.to_string());
        assert_eq!((read("1"), read("2")), (Ok(Passes::One), Ok(Passes::Two)));
        assert_eq!(serde_json::to_string(&Passes::Two).expect("JSON"), "2");
        assert_eq!(read("3"), Err("3 is not a number of passes; valid: 1, 2".to_owned()));
        assert!(read("0").is_err() && read("\"1\"").is_err());
    }

    proptest! {
        #[test]
        fn a_deadline_survives_a_round_trip(minutes in 30..=4_320_u32) {
            let deadline: Deadline = format!("{minutes}m").parse().expect("a deadline");
            prop_assert_eq!(deadline.seconds(), minutes * 60);
            prop_assert_eq!(deadline.to_string().parse(), Ok(deadline));
        }
    }
}
