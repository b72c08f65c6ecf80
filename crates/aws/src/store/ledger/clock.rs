//! The clock of the functions: the `Date` header of the ledger's answers.
//!
//! A function that works for minutes cannot use the time at which its state was entered, which a Retry does not renew, and
//! the clocks of two function instances may differ. The ledger is asked before and after everything that must not happen
//! twice, so its own time is at hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::{DateTime, date_time};
use jiff::Timestamp;

/// No answer has come yet.
const UNKNOWN: i64 = i64::MIN;

/// The time of the last answer. Clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNKNOWN)))
    }
}

impl Clock {
    /// Returns the time of the last answer; None before the first.
    pub fn now(&self) -> Option<Timestamp> {
        let seconds = self.0.load(Ordering::Acquire);
        (seconds != UNKNOWN).then(|| Timestamp::from_second(seconds).ok()).flatten()
    }

    /// Takes the time of an answer. Answers may overtake each other; the clock does not go back.
    fn set(&self, date: &str) {
        if let Ok(date) = read(date) {
            self.0.fetch_max(date.secs(), Ordering::AcqRel);
        }
    }
}

/// Reads the value of a `Date` header (RFC 9110, section 5.6.7).
fn read(date: &str) -> Result<DateTime, date_time::DateTimeParseError> {
    DateTime::from_str(date, Format::HttpDate)
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "LedgerClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.set(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_takes_the_latest_date_and_nothing_else() {
        let clock = Clock::default();
        assert_eq!(clock.now(), None);
        clock.set("yesterday");
        assert_eq!(clock.now(), None);
        clock.set("Fri, 27 Nov 2026 20:28:17 GMT");
        clock.set("Fri, 27 Nov 2026 20:28:16 GMT");
        assert_eq!(clock.now().map(|now| now.to_string()).as_deref(), Some("2026-11-27T20:28:17Z"));
    }
}
