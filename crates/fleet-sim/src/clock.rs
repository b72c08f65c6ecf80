//! The simulated clock. It stands still until it is started, then runs `speed` times as fast as real time.
use jiff::Timestamp;

/// Simulated time in milliseconds since 1970. The simulation never reads a real clock.
pub type Millis = i64;

/// One simulated second.
pub const SECOND: Millis = 1_000;
/// One simulated day.
pub const DAY: Millis = 24 * 3_600 * SECOND;

/// The source of simulated time. Callers hand real time in, so that tests control both.
#[derive(Debug)]
pub struct Clock {
    start: Millis,
    speed: f64,
    started_at_unix_seconds: Option<f64>,
}

impl Clock {
    /// Makes a clock that stands still at `start`.
    pub fn new(start: Millis, speed: f64) -> Self {
        Self { start, speed, started_at_unix_seconds: None }
    }

    /// Starts the clock at a real time. Starting it twice changes nothing.
    pub fn start(&mut self, real_unix_seconds: f64) {
        self.started_at_unix_seconds.get_or_insert(real_unix_seconds);
    }

    /// Returns the simulated time at a real time.
    #[allow(clippy::cast_possible_truncation, reason = "a clock's milliseconds fit an i64")]
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit the 53 bits of an f64")]
    pub fn now(&self, real_unix_seconds: f64) -> Millis {
        let passed = self.started_at_unix_seconds.map_or(0.0, |started| (real_unix_seconds - started).max(0.0));
        self.start + (passed * self.speed * 1_000.0).floor() as Millis
    }

    /// Returns the answer to `GET /_sim/clock`: enough to compute simulated time elsewhere.
    pub fn describe(&self, real_unix_seconds: f64) -> serde_json::Value {
        serde_json::json!({
            "now": rfc3339(self.now(real_unix_seconds)),
            "running": self.started_at_unix_seconds.is_some(),
            "start": rfc3339(self.start),
            "speed": self.speed,
            "startedAtUnixSeconds": self.started_at_unix_seconds,
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
    fn reads_dates_and_timestamps() {
        assert_eq!(parse("2026-11-01"), parse("2026-11-01T00:00:00Z"));
        assert!(parse("yesterday").is_err());
    }
}
