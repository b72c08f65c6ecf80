//! The time that is left to an invocation of a function.

use std::time::{Duration, Instant, SystemTime};

/// What a function still has to do when its time is short: finish the calls that it has begun, and answer.
const MARGIN: Duration = Duration::from_mins(1);

/// No invocation works longer than this, so that the others of the same account get a turn where few may run at a time.
const LONGEST: Duration = Duration::from_secs(90);

/// Until when an invocation may begin something new.
#[derive(Debug, Clone, Copy)]
pub struct TimeLeft {
    until: Instant,
}

impl TimeLeft {
    /// The time until that deadline of Lambda, less a margin for what has begun by then.
    #[must_use]
    pub fn until(deadline: SystemTime) -> Self {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        Self { until: Instant::now() + left.saturating_sub(MARGIN).min(LONGEST) }
    }

    /// Returns true if the function must come to an end: it begins nothing new, and answers that it goes on later.
    #[must_use]
    pub fn is_short(self) -> bool {
        self.left().is_zero()
    }

    /// Returns the time in which something new may begin.
    #[must_use]
    pub fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_stops_in_time_before_its_limit() {
        let at = |seconds| TimeLeft::until(SystemTime::now() + Duration::from_secs(seconds));
        assert!(at(30).is_short() && at(60).is_short());
        assert!(!at(80).is_short() && at(80).left() <= Duration::from_secs(20));
        assert!(at(900).left() <= LONGEST, "no invocation sends for longer than that");
    }
}
