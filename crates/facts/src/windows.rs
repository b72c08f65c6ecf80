//! Maintenance windows of Systems Manager (`data/maintenance-windows.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static WINDOWS: LazyLock<Windows> = LazyLock::new(|| crate::read(include_str!("../data/maintenance-windows.json")));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Windows {
    execution_statuses: Vec<Status>,
    longest_hours: Hours,
}

#[derive(Deserialize)]
struct Status {
    name: String,
    ended: bool,
}

#[derive(Deserialize)]
struct Hours {
    value: u32,
}

/// Returns true for the status of an execution that has ended. A status that the sources do not list has not.
#[must_use]
pub fn has_ended(status: &str) -> bool {
    WINDOWS.execution_statuses.iter().any(|known| known.name == status && known.ended)
}

/// Returns the most hours that a window may be open. Its last tasks may work longer.
#[must_use]
pub fn longest_hours() -> u32 {
    WINDOWS.longest_hours.value
}

#[cfg(test)]
mod tests {
    use super::{has_ended, longest_hours};

    #[test]
    fn what_is_unknown_has_not_ended() {
        let ended = ["SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED", "SKIPPED_OVERLAPPING"];
        assert!(ended.into_iter().all(has_ended));
        assert!(!["PENDING", "IN_PROGRESS", "CANCELLING", "PAUSED", ""].into_iter().any(has_ended));
        assert_eq!(longest_hours(), 24);
    }
}
