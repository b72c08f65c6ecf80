//! The pace at which this process sends commands in each account and Region.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use orgpatch_engine::sending::Pace;

/// The most places that are remembered. A process works for one target after the other.
const MAX_PLACES: usize = 256;

/// One [`Pace`] for each account and Region. It outlives an invocation, so that the next one begins at the rate that was
/// found.
#[derive(Debug)]
pub struct Paces {
    began: Instant,
    places: Mutex<HashMap<String, Pace>>,
}

impl Default for Paces {
    fn default() -> Self {
        Self { began: Instant::now(), places: Mutex::default() }
    }
}

impl Paces {
    /// Takes the next turn in a place, and returns how long to wait for it; None if that is more than `at_most`.
    pub fn take_turn(&self, place: &str, at_most: Duration) -> Option<Duration> {
        self.with(place, |pace, now| pace.take_turn(now, at_most))
    }

    /// The service took a command there.
    pub fn taken(&self, place: &str) {
        self.with(place, |pace, _| pace.taken());
    }

    /// The service throttled a command there.
    pub fn throttled(&self, place: &str) {
        self.with(place, Pace::throttled);
    }

    fn with<T>(&self, place: &str, act: impl FnOnce(&mut Pace, Duration) -> T) -> T {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MAX_PLACES && !places.contains_key(place) {
            places.clear();
        }
        act(places.entry(place.to_owned()).or_default(), self.began.elapsed())
    }
}
