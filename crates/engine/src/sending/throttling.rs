//! How long a target in which AWS throttles the calls is tried again.

use jiff::Timestamp;
use orgpatch_model::input::Operation;
use orgpatch_model::target::Phase;

use super::command::time_limit_seconds;
use super::ends_at;

/// So long after the time of a phase is over a target is tried again, in seconds: results may be there that only need be
/// recorded.
const BEYOND_THE_END_SECONDS: i64 = 600;

/// Returns the moment at which a target in which calls are throttled is given up. `deadline` is that of the step,
/// `deadline_seconds` the step's whole working time.
///
/// In an install run all targets of a step are scanned before the first one is installed. So the first scan of one target must
/// not use up the time of the others' installs: it gets the time that one scan may take, but a third of the step's at the most.
#[must_use]
pub fn given_up_at(phase: Phase, operation: Operation, deadline: Timestamp, deadline_seconds: u32) -> Timestamp {
    let seconds = if phase == Phase::Scan && operation == Operation::Install {
        let scan = (deadline_seconds / 3).min(time_limit_seconds(Phase::Scan));
        deadline.as_second() - i64::from(deadline_seconds - scan)
    } else {
        ends_at(phase, deadline).as_second().saturating_add(BEYOND_THE_END_SECONDS)
    };
    Timestamp::from_second(seconds).unwrap_or(deadline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttled_scan_leaves_the_others_time_for_their_installs() {
        let begun = Timestamp::from_second(1_800_000_000).expect("a time");
        let minutes = |phase, operation, working_minutes: u32| {
            let deadline = Timestamp::from_second(begun.as_second() + i64::from(working_minutes) * 60).expect("a time");
            (given_up_at(phase, operation, deadline, working_minutes * 60).as_second() - begun.as_second()) / 60
        };
        assert_eq!(minutes(Phase::Scan, Operation::Install, 30), 10);
        assert_eq!(minutes(Phase::Scan, Operation::Install, 24 * 60), 130);
        // Nothing comes behind these.
        assert_eq!(minutes(Phase::Scan, Operation::Scan, 30), 40);
        assert_eq!(minutes(Phase::Verify, Operation::Install, 30), 40);
        // An install ends ten minutes earlier, for the scan behind it.
        assert_eq!(minutes(Phase::Install, Operation::Install, 30), 30);
    }
}
