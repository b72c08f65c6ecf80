//! What a scenario says about change calendars.
use schemars::JsonSchema;
use serde::Deserialize;

/// A change calendar. Every account can ask for it by name or ARN.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarEntry {
    /// Name of the calendar's document.
    pub name: String,
    /// The state when the clock starts.
    pub state: CalendarState,
    /// When the state changes.
    #[serde(default)]
    pub changes: Vec<CalendarChange>,
}

/// A change of a calendar's state.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarChange {
    /// When it changes (RFC 3339).
    pub at: String,
    /// The state from then on.
    pub to: CalendarState,
}

/// The state of a change calendar: OPEN allows changes, CLOSED does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum CalendarState {
    Open,
    Closed,
}
