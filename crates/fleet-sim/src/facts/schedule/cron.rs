//! Cron expressions: minutes, hours, day of the month, month, day of the week and year, optionally with seconds in front.
use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// Expressions that run more often are not supported.
const LEAST_MINUTES: i8 = 5;

/// A cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    seconds: BTreeSet<i16>,
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
    day: On,
    /// The fields as they are written, with seconds.
    written: [String; 7],
}

/// Which days of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
enum On {
    OfMonth(BTreeSet<i16>),
    LastOfMonth,
    LastWeekday,
    NearestWeekday(i8),
    OfWeek(BTreeSet<i16>),
    NthOfWeek(i16, i8),
    LastOfWeek(i16),
}

impl Cron {
    /// Reads the fields between the brackets. Fails with what is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut fields: Vec<&str> = text.split_ascii_whitespace().collect();
        if fields.len() == 6 {
            fields.insert(0, "0");
        }
        let Ok([second, minute, hour, day, month, week, year]) = <[&str; 7]>::try_from(fields) else {
            return Err("a cron expression has six fields, or seven with seconds".to_owned());
        };
        let (seconds, minutes) = (values(second, 0, 59, &[])?, values(minute, 0, 59, &[])?);
        let hours = values(hour, 0, 23, &[])?;
        check_pace(&seconds, &minutes, &hours)?;
        Ok(Self {
            seconds,
            minutes,
            hours,
            months: values(month, 1, 12, &MONTHS)?,
            years: values(year, 1970, 2199, &[])?,
            day: read_day(day, week)?,
            written: [second, minute, hour, day, month, week, year].map(str::to_owned),
        })
    }

    /// Returns whether it runs on a day.
    pub fn is_on(&self, date: Date) -> bool {
        let last = date.days_in_month();
        let week = i16::from(date.weekday().to_sunday_one_offset());
        self.months.contains(&i16::from(date.month()))
            && self.years.contains(&date.year())
            && match &self.day {
                On::OfMonth(days) => days.contains(&i16::from(date.day())),
                On::LastOfMonth => date.day() == last,
                On::LastWeekday => date.day() == nearest_working_day(date, last, true),
                On::NearestWeekday(day) => *day <= last && date.day() == nearest_working_day(date, *day, false),
                On::OfWeek(days) => days.contains(&week),
                On::NthOfWeek(day, n) => week == *day && (date.day() - 1) / 7 + 1 == *n,
                On::LastOfWeek(day) => week == *day && date.day() > last - 7,
            }
    }

    /// Returns the times of a day on which it runs: hour, minute and second.
    pub fn times(&self) -> impl Iterator<Item = (i8, i8, i8)> {
        let narrow = |value: &i16| i8::try_from(*value).unwrap_or_default();
        self.hours.iter().flat_map(move |hour| {
            self.minutes.iter().flat_map(move |minute| {
                self.seconds.iter().map(move |second| (narrow(hour), narrow(minute), narrow(second)))
            })
        })
    }

    /// Checks what State Manager takes: every half, 1, 2, 4, 8 or 12 hours, every day, every week, the nth or the last of a day of
    /// the week in a month. Neither months nor years.
    pub fn check_for_association(&self) -> Result<(), String> {
        let [second, minute, hour, _, month, _, year] = &self.written;
        if second != "0" || month != "*" || year != "*" {
            return Err("a cron expression of an association has no seconds, no months and no years".to_owned());
        }
        let step = |text: &str| text.strip_prefix("0/").or_else(|| text.strip_prefix("*/")).map(str::to_owned);
        let every_day = matches!(&self.day, On::OfMonth(days) if days.len() == 31)
            || matches!(&self.day, On::OfWeek(days) if days.len() == 7);
        let often = (step(minute).as_deref() == Some("30") && hour == "*")
            || (self.minutes.len() == 1
                && (hour == "*" || step(hour).is_some_and(|n| ["1", "2", "4", "8", "12"].contains(&n.as_str()))));
        let once = self.minutes.len() == 1 && self.hours.len() == 1;
        let one_day = match &self.day {
            On::OfWeek(days) => days.len() == 1,
            On::NthOfWeek(..) | On::LastOfWeek(_) => true,
            _ => false,
        };
        if every_day && (often || once) || one_day && once {
            return Ok(());
        }
        Err("a cron expression of an association runs every 30 minutes, every 1, 2, 4, 8 or 12 hours, every day, every \
             week, or on the nth or last weekday of a month"
            .to_owned())
    }
}

/// Refuses what runs more often than every five minutes.
fn check_pace(seconds: &BTreeSet<i16>, minutes: &BTreeSet<i16>, hours: &BTreeSet<i16>) -> Result<(), String> {
    let apart = |gap: i16| gap >= i16::from(LEAST_MINUTES);
    let between = minutes.iter().zip(minutes.iter().skip(1)).all(|(a, b)| apart(b - a));
    // The last minute of an hour and the first of the next one.
    let around = match (minutes.first(), minutes.last()) {
        (Some(first), Some(last)) if minutes.len() > 1 && hours.len() > 1 => apart(60 - last + first),
        _ => true,
    };
    if seconds.len() == 1 && between && around {
        return Ok(());
    }
    Err(format!("it runs more often than every {LEAST_MINUTES} minutes"))
}

/// Exactly one of both fields is `?`.
fn read_day(day: &str, week: &str) -> Result<On, String> {
    match (day, week) {
        ("?", "?") => Err("the day of the month and the day of the week are both ?".to_owned()),
        ("L", "?") => Ok(On::LastOfMonth),
        ("LW", "?") => Ok(On::LastWeekday),
        (day, "?") => match day.strip_suffix('W') {
            Some(number) => {
                let near = number.parse().ok().filter(|n| (1..=31).contains(n));
                near.map(On::NearestWeekday).ok_or_else(|| format!("`{day}` is no day of a month"))
            }
            None => values(day, 1, 31, &[]).map(On::OfMonth),
        },
        // The last day of the week.
        ("?", "L") => Ok(On::OfWeek(BTreeSet::from([7]))),
        ("?", week) => {
            if let Some((name, n)) = week.split_once('#') {
                let n = n.parse().ok().filter(|n| (1..=5).contains(n));
                let n = n.ok_or_else(|| format!("`{week}`: expected #1 to #5"))?;
                return Ok(On::NthOfWeek(value(name, 1, 7, &DAYS)?, n));
            }
            if let Some(name) = week.strip_suffix('L') {
                return Ok(On::LastOfWeek(value(name, 1, 7, &DAYS)?));
            }
            values(week, 1, 7, &DAYS).map(On::OfWeek)
        }
        _ => Err("one of the day of the month and the day of the week must be ?".to_owned()),
    }
}

/// Reads a field: `*`, values, ranges, steps, and lists of these.
fn values(text: &str, least: i16, most: i16, names: &[&str]) -> Result<BTreeSet<i16>, String> {
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step = step.parse::<i16>().ok().filter(|n| *n > 0);
                (range, Some(step.ok_or_else(|| format!("`{part}` has no step"))?))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (value(from, least, most, names)?, value(to, least, most, names)?),
            None => {
                let from = value(range, least, most, names)?;
                (from, if step.is_some() { most } else { from })
            }
        };
        if from > to {
            return Err(format!("`{part}` runs backwards"));
        }
        all.extend((from..=to).step_by(usize::try_from(step.unwrap_or(1)).unwrap_or(1)));
    }
    Ok(all)
}

/// Reads a number or a name; the first name stands for the least value.
fn value(text: &str, least: i16, most: i16, names: &[&str]) -> Result<i16, String> {
    let by_name = names.iter().position(|name| *name == text).and_then(|n| i16::try_from(n).ok()).map(|n| least + n);
    let by_number = || text.parse::<i16>().ok().filter(|n| (least..=most).contains(n));
    by_name.or_else(by_number).ok_or_else(|| format!("`{text}` is not a value from {least} to {most}"))
}

/// Returns the working day that is nearest to a day, in the same month. `back`: only days before it count.
fn nearest_working_day(date: Date, day: i8, back: bool) -> i8 {
    let last = date.days_in_month();
    let weekday = date.with().day(day).build().map(Date::weekday);
    match weekday {
        Ok(Weekday::Saturday) if day > 1 => day - 1,
        Ok(Weekday::Saturday) => day + 2,
        Ok(Weekday::Sunday) if back || day == last => day - 2,
        Ok(Weekday::Sunday) => day + 1,
        _ => day,
    }
}
