//! What a scenario says about change calendars.
use serde::Deserialize;

/// A change calendar.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarEntry {
    /// Name of its document.
    pub name: String,
    /// Its state when the clock starts.
    pub state: CalendarState,
    /// When it changes.
    #[serde(default)]
    pub changes: Vec<CalendarChange>,
}

/// A change of a calendar's state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarChange {
    /// RFC 3339.
    pub at: String,
    /// The state from then on.
    pub to: CalendarState,
}

/// May changes be made?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum CalendarState {
    Open,
    Closed,
}
