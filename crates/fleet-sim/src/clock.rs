//! The simulated clock. It stands still until it is started, then runs `speed` times as fast as real time. Once a caller
//! tells it the time, it moves only when it is told a later one.
use jiff::Timestamp;

/// Simulated time in milliseconds since 1970. The simulation never reads a real clock.
pub type Millis = i64;

/// One simulated second.
pub const SECOND: Millis = 1_000;
/// One simulated hour.
pub const HOUR: Millis = 3_600 * SECOND;
/// One simulated day.
pub const DAY: Millis = 24 * 3_600 * SECOND;

/// What moves a clock.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    /// Nothing has moved it yet.
    Still,
    /// It has run by itself since this real time.
    Running { since_unix_seconds: f64 },
    /// It stands at the latest time that a caller told it.
    Told(Millis),
}

/// The source of simulated time. Callers hand real time in, so that tests control both.
#[derive(Debug)]
pub struct Clock {
    start: Millis,
    speed: f64,
    mode: Mode,
}

impl Clock {
    /// Makes a clock that stands still at `start`.
    pub fn new(start: Millis, speed: f64) -> Self {
        Self { start, speed, mode: Mode::Still }
    }

    /// Starts the clock at a real time. A clock that runs already or that is told the time stays as it is.
    pub fn start(&mut self, real_unix_seconds: f64) {
        if self.mode == Mode::Still {
            self.mode = Mode::Running { since_unix_seconds: real_unix_seconds };
        }
    }

    /// Sets the clock to a simulated time that a caller told, unless it is later already. From then on the clock does
    /// not run by itself.
    pub fn tell(&mut self, at: Millis, real_unix_seconds: f64) {
        self.mode = Mode::Told(self.now(real_unix_seconds).max(at));
    }

    /// Returns the simulated time at a real time.
    #[allow(clippy::cast_possible_truncation, reason = "a clock's milliseconds fit an i64")]
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit the 53 bits of an f64")]
    pub fn now(&self, real_unix_seconds: f64) -> Millis {
        match self.mode {
            Mode::Still => self.start,
            Mode::Running { since_unix_seconds } => {
                let passed = (real_unix_seconds - since_unix_seconds).max(0.0);
                self.start + (passed * self.speed * 1_000.0).floor() as Millis
            }
            Mode::Told(at) => at,
        }
    }

    /// Returns the answer to `GET /_sim/clock`: enough to compute simulated time elsewhere. `mode` is `own`, or `told`
    /// once a caller has told the time. `running` says whether the clock runs by itself.
    pub fn describe(&self, real_unix_seconds: f64) -> serde_json::Value {
        let since = match self.mode {
            Mode::Running { since_unix_seconds } => Some(since_unix_seconds),
            Mode::Still | Mode::Told(_) => None,
        };
        serde_json::json!({
            "now": rfc3339(self.now(real_unix_seconds)),
            "mode": if matches!(self.mode, Mode::Told(_)) { "told" } else { "own" },
            "running": since.is_some(),
            "start": rfc3339(self.start),
            "speed": self.speed,
            "startedAtUnixSeconds": since,
        })
    }
}

/// Writes a time as RFC 3339, with milliseconds if there are any.
pub fn rfc3339(at: Millis) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |stamp| stamp.to_string())
}

/// Returns seconds since 1970, which is how AWS's JSON protocol writes a timestamp.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit the 53 bits of an f64")]
pub fn epoch_seconds(at: Millis) -> f64 {
    at as f64 / 1_000.0
}

/// Reads a timestamp, or a date, which means midnight UTC.
pub fn parse(text: &str) -> Result<Millis, String> {
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(stamp.as_millisecond());
    }
    text.parse::<jiff::civil::Date>()
        .and_then(|date| jiff::tz::TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())))
        .map(Timestamp::as_millisecond)
        .map_err(|_| format!("`{text}` is neither a date (2026-11-01) nor a timestamp (2026-11-01T00:00:00Z)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_still_until_started_then_runs_at_its_speed() {
        let start = parse("2026-11-10T00:00:00Z").expect("valid");
        let mut clock = Clock::new(start, 600.0);
        assert_eq!(clock.now(5_000.0), start);
        clock.start(5_000.0);
        clock.start(9_999.0);
        assert_eq!(clock.now(5_001.5), start + 900 * SECOND);
        assert_eq!(clock.now(4_000.0), start, "a real clock set back does not turn simulated time back");
        assert_eq!(clock.describe(5_001.0)["now"], "2026-11-10T00:10:00Z");
    }

    #[test]
    fn a_clock_that_is_told_the_time_never_runs_by_itself_and_never_goes_back() {
        let start = parse("2026-11-10T00:00:00Z").expect("valid");
        for started in [false, true] {
            let mut clock = Clock::new(start, 600.0);
            if started {
                clock.start(5_000.0);
            }
            assert_eq!(clock.describe(5_000.0)["mode"], "own");
            clock.tell(start + 90 * SECOND, 5_000.0);
            assert_eq!(clock.now(6_000.0), start + 90 * SECOND, "real time no longer counts");
            clock.start(6_000.0);
            clock.tell(start + 60 * SECOND, 7_000.0);
            assert_eq!(clock.now(8_000.0), start + 90 * SECOND, "it does not go back");
            let described = clock.describe(8_000.0);
            assert_eq!((&described["mode"], &described["running"]), (&"told".into(), &false.into()));
            assert_eq!(described["now"], "2026-11-10T00:01:30Z");
        }
        let mut ahead = Clock::new(start, 600.0);
        ahead.start(5_000.0);
        ahead.tell(start, 5_001.0);
        assert_eq!(ahead.now(5_001.0), start + 600 * SECOND, "it keeps what has passed by itself");
    }

    #[test]
    fn reads_dates_and_timestamps() {
        assert_eq!(parse("2026-11-01"), parse("2026-11-01T00:00:00Z"));
        assert!(parse("yesterday").is_err());
    }
}
