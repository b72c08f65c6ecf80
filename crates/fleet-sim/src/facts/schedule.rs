//! The part of Systems Manager's schedule expressions that scenarios need.
use crate::clock::{DAY, Millis, SECOND};
use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use serde::Deserialize;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Monday),
    ("TUE", Weekday::Tuesday),
    ("WED", Weekday::Wednesday),
    ("THU", Weekday::Thursday),
    ("FRI", Weekday::Friday),
    ("SAT", Weekday::Saturday),
    ("SUN", Weekday::Sunday),
];

/// A schedule: `rate(…)`, or `cron(…)` with a time of day and all or some weekdays, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Schedule {
    text: String,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Every(Millis),
    At { millis_of_day: Millis, weekdays: Vec<Weekday> },
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rule = rate(&text).or_else(|| cron(&text)).ok_or_else(|| {
            format!(
                "unknown schedule `{text}`, expected for example rate(30 minutes), rate(1 day), cron(0 2 ? * SUN *) or cron(30 1 * * ? *): cron takes a time of day on all or some weekdays"
            )
        })?;
        Ok(Self { text, rule })
    }
}

fn rate(text: &str) -> Option<Rule> {
    let (number, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => 60 * SECOND,
        "hour" => 3_600 * SECOND,
        "day" => DAY,
        _ => return None,
    };
    number.parse::<i64>().ok().filter(|n| (1..=1_000).contains(n)).map(|n| Rule::Every(n * unit))
}

/// Reads six fields, or seven with the seconds first, as State Manager writes them.
fn cron(text: &str) -> Option<Rule> {
    let fields: Vec<_> = text.strip_prefix("cron(")?.strip_suffix(')')?.split_ascii_whitespace().collect();
    let fields = match fields.as_slice() {
        ["0", rest @ ..] if fields.len() == 7 => rest,
        all => all,
    };
    let number = |text: &str, below: i64| text.parse::<i64>().ok().filter(|n| (0..below).contains(n));
    let [minute, hour, "*" | "?", "*", weekdays, "*"] = fields else {
        return None;
    };
    let weekdays = match *weekdays {
        "*" | "?" => WEEKDAYS.iter().map(|(_, day)| *day).collect(),
        names => names
            .split(',')
            .map(|name| WEEKDAYS.iter().find(|(known, _)| *known == name).map(|(_, day)| *day))
            .collect::<Option<Vec<_>>>()?,
    };
    let minutes = number(hour, 24)? * 60 + number(minute, 60)?;
    Some(Rule::At { millis_of_day: minutes * 60 * SECOND, weekdays })
}

impl Schedule {
    /// Returns the expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the first run after `after`. A rate counts from `origin`, in both directions.
    pub fn next(&self, origin: Millis, after: Millis) -> Millis {
        match &self.rule {
            Rule::Every(step) => origin + ((after - origin).div_euclid(*step) + 1) * step,
            Rule::At { millis_of_day, weekdays } => {
                let midnight = after.div_euclid(DAY) * DAY;
                (0..=7)
                    .map(|day| midnight + day * DAY + millis_of_day)
                    .find(|at| *at > after && weekdays.contains(&weekday(*at)))
                    .unwrap_or(after + 7 * DAY)
            }
        }
    }

    /// Returns the last run at or before `at`.
    pub fn previous(&self, origin: Millis, at: Millis) -> Millis {
        match &self.rule {
            Rule::Every(step) => self.next(origin, at) - step,
            Rule::At { millis_of_day, weekdays } => {
                let midnight = at.div_euclid(DAY) * DAY;
                (0..=7)
                    .map(|day| midnight - day * DAY + millis_of_day)
                    .find(|run| *run <= at && weekdays.contains(&weekday(*run)))
                    .unwrap_or(at - 7 * DAY)
            }
        }
    }
}

fn weekday(at: Millis) -> Weekday {
    Timestamp::from_millisecond(at).map_or(Weekday::Monday, |stamp| TimeZone::UTC.to_datetime(stamp).date().weekday())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{parse, rfc3339};

    fn schedule(text: &str) -> Schedule {
        Schedule::try_from(text.to_owned()).expect(text)
    }

    fn around(text: &str, at: &str) -> (String, String) {
        let (origin, at) = (parse("2026-11-10T00:30:00Z").expect("valid"), parse(at).expect("valid"));
        let schedule = schedule(text);
        (rfc3339(schedule.previous(origin, at)), rfc3339(schedule.next(origin, at)))
    }

    #[test]
    fn runs_before_and_after() {
        for (text, at, previous, next) in [
            ("rate(30 minutes)", "2026-11-10T01:00:00Z", "2026-11-10T01:00:00Z", "2026-11-10T01:30:00Z"),
            ("rate(1 day)", "2026-11-10T00:00:00Z", "2026-11-09T00:30:00Z", "2026-11-10T00:30:00Z"),
            ("cron(0 2 ? * SUN *)", "2026-11-10T00:00:00Z", "2026-11-08T02:00:00Z", "2026-11-15T02:00:00Z"),
            ("cron(0 30 1 * * ? *)", "2026-11-10T01:30:00Z", "2026-11-10T01:30:00Z", "2026-11-11T01:30:00Z"),
            ("cron(15 12 ? * MON,TUE *)", "2026-11-10T12:00:00Z", "2026-11-09T12:15:00Z", "2026-11-10T12:15:00Z"),
        ] {
            assert_eq!(around(text, at), (previous.to_owned(), next.to_owned()), "{text} {at}");
        }
    }

    #[test]
    fn what_is_not_simulated_is_refused() {
        for text in
            ["rate(0 days)", "rate(1 week)", "cron(0 2 1 * ? *)", "cron(0 25 * * ? *)", "cron(0 2 ? * SON *)", "at 5"]
        {
            assert!(Schedule::try_from(text.to_owned()).expect_err(text).contains(text), "{text}");
        }
    }
}
