//! The pace at which commands are sent in one account and Region. The limit of SendCommand is not documented, so it is found:
//! the rate grows slowly with each command and shrinks at once when the service throttles.

use std::time::Duration;

/// Commands per second.
const FIRST_RATE: f64 = 10.0;
const HIGHEST_RATE: f64 = 40.0;
const LOWEST_RATE: f64 = 0.2;
/// By how much a command that was taken raises the rate.
const STEP: f64 = 0.2;
/// What is left of the rate after a command that was throttled.
const BACK_OFF: f64 = 0.6;

/// The pace of one account and Region. Times are durations since any fixed moment, from a clock that never goes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    per_second: f64,
    /// Before this nothing is sent.
    free_at: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { per_second: FIRST_RATE, free_at: Duration::ZERO }
    }
}

impl Pace {
    /// Takes the next turn, and returns how long to wait for it; None if that is more than `at_most`, and then the turn is
    /// left to the next one who asks.
    pub fn take_turn(&mut self, now: Duration, at_most: Duration) -> Option<Duration> {
        let turn = self.free_at.max(now);
        let wait = turn.saturating_sub(now);
        if wait > at_most {
            return None;
        }
        self.free_at = turn + Duration::from_secs_f64(1.0 / self.per_second);
        Some(wait)
    }

    /// The service took a command.
    pub fn taken(&mut self) {
        self.per_second = (self.per_second + STEP).min(HIGHEST_RATE);
    }

    /// The service throttled a command.
    pub fn throttled(&mut self, now: Duration) {
        self.per_second = (self.per_second * BACK_OFF).max(LOWEST_RATE);
        self.free_at = self.free_at.max(now + Duration::from_secs_f64(1.0 / self.per_second));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a service that takes so many commands per second, and returns how many it took and throttled in a minute.
    fn minute(limit: f64) -> (u32, u32) {
        let (mut pace, mut now) = (Pace::default(), Duration::ZERO);
        let (mut tokens, mut taken, mut throttled) = (limit, 0, 0);
        while now < Duration::from_mins(1) {
            let wait = pace.take_turn(now, Duration::MAX).expect("a turn");
            tokens = (tokens + wait.as_secs_f64() * limit).min(limit);
            now += wait;
            if tokens >= 1.0 {
                tokens -= 1.0;
                taken += 1;
                pace.taken();
            } else {
                throttled += 1;
                pace.throttled(now);
            }
        }
        (taken, throttled)
    }

    #[test]
    fn the_pace_finds_the_limit_of_the_service() {
        for limit in [2.0, 5.0, 20.0] {
            let (taken, throttled) = minute(limit);
            assert!(f64::from(taken) >= limit * 60.0 * 0.6, "limit {limit}: {taken} taken");
            assert!(throttled * 3 <= taken, "limit {limit}: {throttled} throttled, {taken} taken");
        }
        assert_eq!(minute(1_000.0).1, 0, "without a limit nothing is throttled");
    }

    #[test]
    fn turns_are_apart_and_a_pause_is_not_saved_up() {
        let mut pace = Pace::default();
        let mut turn = |now| pace.take_turn(Duration::from_secs(now), Duration::from_secs(1));
        assert_eq!(turn(0), Some(Duration::ZERO));
        assert_eq!(turn(0), Some(Duration::from_millis(100)));
        assert_eq!(turn(60), Some(Duration::ZERO));
        assert_eq!(turn(60), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_turn_that_comes_too_late_is_not_used_up() {
        let mut pace = Pace::default();
        let turns = (0..100).filter_map(|_| pace.take_turn(Duration::ZERO, Duration::from_secs(1))).count();
        assert_eq!(turns, 11, "those of one second");
        assert_eq!(pace.take_turn(Duration::from_secs(2), Duration::ZERO), Some(Duration::ZERO));
    }
}
