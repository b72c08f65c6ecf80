//! How long a stage that has passed opens the stages behind it in later runs: `gateValidFor`.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{At, Decoder};
use super::pattern::{GATE_VALIDITY, GATE_VALIDITY_PATTERN};

/// A number of days from 1 to 365, written `30d`. A day has 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = GATE_VALIDITY_PATTERN))]
pub struct GateValidity(u16);

impl GateValidity {
    /// From one patch day to the next there are at most five weeks; a gate that opens longer would open the next month's night.
    pub const DEFAULT: Self = Self(30);

    /// Returns it as a duration.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.0))
    }
}

impl fmt::Display for GateValidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl FromStr for GateValidity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = Some(text).filter(|text| GATE_VALIDITY.matches(text)).and_then(|text| text.strip_suffix('d'));
        days.and_then(|days| days.parse().ok())
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not {}", GATE_VALIDITY.valid))
    }
}

impl TryFrom<String> for GateValidity {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GateValidity> for String {
    fn from(validity: GateValidity) -> Self {
        validity.to_string()
    }
}

pub(super) fn gate_validity(decoder: &mut Decoder, at: &At<'_>) -> Option<GateValidity> {
    decoder.form(at, &GATE_VALIDITY)?.value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validity_is_a_number_of_days() {
        for days in 1..=365_u16 {
            let text = format!("{days}d");
            let read: GateValidity = text.parse().expect("a validity");
            assert_eq!((read.to_string(), read.duration().as_hours()), (text, 24 * i64::from(days)));
        }
        for wrong in ["0d", "366d", "1000d", "30", "30 d", "24h", "-1d", "1.5d", "030d", ""] {
            assert!(wrong.parse::<GateValidity>().is_err(), "{wrong}");
        }
    }
}
