//! The run lock, seen by a run that starts: what it does if another run of the deployment is in progress.
//!
//! An install waits for a run that only reads. A scan that a schedule started gives way without noise: its schedule starts
//! the next one. Everything else is refused, so that people are told.

use jiff::Timestamp;
use orgpatch_model::error::RunError;
use orgpatch_model::input::{Operation, RunInput};

/// An install waits so long for another run, from the start of its execution.
const LONGEST_SECONDS: i64 = 2 * 3_600;
/// The shortest wait between two looks at the lock, in seconds. The last wait before [`LONGEST_SECONDS`] may be shorter.
const SHORTEST_WAIT: i64 = 60;
/// The longest wait between two looks at the lock, in seconds.
const LONGEST_WAIT: i64 = 300;
/// An execution that starts later than this number of seconds after its `scheduledTime` was not started by the schedule: a
/// person has started an earlier execution again, with its input. template.yaml lets a schedule try for a quarter of an
/// hour.
const LATEST_START: i64 = 3_600;
/// A run waits so long, in seconds, until a run that ended without a report is closed. Closing is short: it asks once what was
/// under way, and writes the report.
const LONGEST_CLOSING: i64 = 15 * 60;
/// The wait between two looks whether it is closed, in seconds.
const CLOSING_WAIT: u32 = 60;
/// How many seconds the clocks of two services may differ: EventBridge Scheduler never starts before the time.
const EARLIEST_START: i64 = -60;

/// The run that starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starter {
    /// What it is to do.
    pub operation: Operation,
    /// For which time a schedule started it; None: a person or another program did.
    pub scheduled_for: Option<Timestamp>,
    /// Seconds since its execution started, which it has spent with waiting.
    pub waited_seconds: i64,
}

/// The run that holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its run id.
    pub run_id: String,
    /// What it does; None: an earlier version took the lock, which did not write it down.
    pub operation: Option<Operation>,
}

/// What the run that starts does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It begins: no other run is in progress.
    Go,
    /// It looks at the lock again after that number of seconds, 1 to 300.
    Wait(u32),
    /// It ends without an alarm, for that reason.
    EndQuietly(String),
    /// It fails.
    Refuse(RunError),
}

impl Starter {
    /// The run of an execution that started at `started_at`, now.
    #[must_use]
    pub fn of(input: &RunInput, started_at: Timestamp, now: Timestamp) -> Self {
        let started_by_schedule = |time: &Timestamp| {
            let late = started_at.as_second() - time.as_second();
            (EARLIEST_START..=LATEST_START).contains(&late)
        };
        Self {
            operation: input.operation,
            scheduled_for: input.scheduled_time.filter(started_by_schedule),
            waited_seconds: now.as_second() - started_at.as_second(),
        }
    }

    /// Returns true if the run has probably waited before, so that its plan was checked already.
    #[must_use]
    pub fn has_waited(&self) -> bool {
        self.waited_seconds >= SHORTEST_WAIT
    }

    /// Decides what the run does beside the holder of the lock.
    #[must_use]
    pub fn decide(&self, holder: Option<&Holder>) -> Decision {
        let Some(holder) = holder else { return Decision::Go };
        match holder.operation {
            Some(operation) if self.gives_way() => {
                let Holder { run_id, .. } = holder;
                Decision::EndQuietly(format!(
                    "the {operation} run {run_id} is still running; the schedule starts the next {}",
                    self.operation
                ))
            }
            Some(operation) if self.operation == Operation::Install && only_reads(operation) => {
                wait(holder, self.waited_seconds)
            }
            _ => refuse(holder, 0),
        }
    }

    /// Ends a second execution of the same start, which `first` has.
    #[must_use]
    pub fn already_started(&self, first: &str) -> Decision {
        Decision::EndQuietly(format!(
            "the schedule has started run {first} for the same time already; to start another, leave out `scheduledTime`"
        ))
    }

    fn gives_way(&self) -> bool {
        self.scheduled_for.is_some() && only_reads(self.operation)
    }
}

/// Returns how many seconds to wait for the execution that closes a run, since when it works; None: it has had its time, and the
/// lock is taken from it. It sends nothing, so nothing is sent twice: what is lost at the worst is an answer in its report.
#[must_use]
pub fn wait_for_closing(since: Timestamp, now: Timestamp) -> Option<u32> {
    (now.as_second() - since.as_second() < LONGEST_CLOSING).then_some(CLOSING_WAIT)
}

/// Returns how a run waits for another one, which has seen `waited_seconds` pass since its execution started: longer from look to
/// look, because every look costs calls and events. After two hours it is refused.
#[must_use]
pub fn wait(holder: &Holder, waited_seconds: i64) -> Decision {
    let left = LONGEST_SECONDS - waited_seconds;
    let seconds = (waited_seconds / 4).clamp(SHORTEST_WAIT, LONGEST_WAIT).min(left);
    match u32::try_from(seconds) {
        Ok(seconds) if seconds > 0 => Decision::Wait(seconds),
        _ => refuse(holder, waited_seconds / 60),
    }
}

fn refuse(holder: &Holder, waited_minutes: i64) -> Decision {
    Decision::Refuse(RunError::RunInProgress { run: holder.run_id.clone(), waited_minutes })
}

/// Returns true for operations that install nothing and give nothing back.
fn only_reads(operation: Operation) -> bool {
    matches!(operation, Operation::Scan | Operation::PreviewBaselines)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NIGHT: &str = "2026-11-08T02:00:00Z";

    fn starter(operation: Operation, scheduled: bool, waited_seconds: i64) -> Starter {
        let scheduled_for = scheduled.then(|| NIGHT.parse().expect("a time"));
        Starter { operation, scheduled_for, waited_seconds }
    }

    fn holder(operation: Option<Operation>) -> Holder {
        Holder { run_id: "first".into(), operation }
    }

    /// The table of statemachine/README.md, one line per run that starts and one word per holder of the lock: a scan, a
    /// preview, an install, an apply, a restore, and one of an earlier version.
    #[test]
    fn every_pair_of_runs_has_its_answer() {
        use Operation::{ApplyBaselines, Install, PreviewBaselines, RestoreBaselines, Scan};
        let holders =
            [Some(Scan), Some(PreviewBaselines), Some(Install), Some(ApplyBaselines), Some(RestoreBaselines), None];
        for (operation, scheduled, expected) in [
            (Scan, true, ["end", "end", "end", "end", "end", "refuse"]),
            (PreviewBaselines, true, ["end", "end", "end", "end", "end", "refuse"]),
            (Install, true, ["wait", "wait", "refuse", "refuse", "refuse", "refuse"]),
            (Install, false, ["wait", "wait", "refuse", "refuse", "refuse", "refuse"]),
            (Scan, false, ["refuse"; 6]),
            (PreviewBaselines, false, ["refuse"; 6]),
            (ApplyBaselines, true, ["refuse"; 6]),
            (ApplyBaselines, false, ["refuse"; 6]),
            (RestoreBaselines, true, ["refuse"; 6]),
            (RestoreBaselines, false, ["refuse"; 6]),
        ] {
            let own = starter(operation, scheduled, 0);
            let found = holders.map(|held| match own.decide(Some(&holder(held))) {
                Decision::Go => "go",
                Decision::Wait(_) => "wait",
                Decision::EndQuietly(_) => "end",
                Decision::Refuse(_) => "refuse",
            });
            assert_eq!(found, expected, "{operation}, scheduled: {scheduled}");
            assert_eq!(own.decide(None), Decision::Go);
        }
    }

    #[test]
    fn an_install_waits_two_hours_and_is_then_refused() {
        let scan = holder(Some(Operation::Scan));
        let mut waited = 0;
        let mut waits = Vec::new();
        let refused = loop {
            match starter(Operation::Install, true, waited).decide(Some(&scan)) {
                Decision::Wait(seconds) => {
                    waits.push(seconds);
                    waited += i64::from(seconds);
                }
                other => break other,
            }
        };
        assert_eq!(waited, 7_200);
        assert_eq!(refused, Decision::Refuse(RunError::RunInProgress { run: "first".into(), waited_minutes: 120 }));
        // Two hours cost few events: each look is nine (statemachine/README.md).
        assert!(waits.len() < 40, "{waits:?}");
        assert_eq!((waits[0], waits.iter().max()), (60, Some(&300)));
        let Decision::Refuse(error) = refused else { return };
        assert!(error.to_string().contains("after 120 minutes of waiting"), "{error}");
        let at_once = starter(Operation::Scan, false, 3).decide(Some(&scan));
        let Decision::Refuse(error) = at_once else { panic!("{at_once:?}") };
        assert!(error.to_string().starts_with("run first is still running; wait"), "{error}");
    }

    #[test]
    fn no_wait_is_empty_and_none_passes_the_two_hours() {
        for waited in 0..8_000 {
            match starter(Operation::Install, true, waited).decide(Some(&holder(Some(Operation::Scan)))) {
                Decision::Wait(seconds) => {
                    assert!(
                        (1..=300).contains(&seconds) && waited + i64::from(seconds) <= 7_200,
                        "{waited}: {seconds}"
                    );
                }
                Decision::Refuse(_) => assert!(waited >= 7_200, "{waited}"),
                other => panic!("{waited}: {other:?}"),
            }
        }
    }

    /// A time far from the start of the execution was copied by a person, or written down in advance to keep the night from
    /// starting.
    #[test]
    fn a_schedule_starts_near_its_time() {
        let input =
            RunInput::read(&json!({"operation": "scan", "plan": "m", "scheduledTime": NIGHT})).expect("an input");
        let time: Timestamp = NIGHT.parse().expect("a time");
        for (late, scheduled) in [(-61, false), (-60, true), (0, true), (3_600, true), (3_601, false), (86_400, false)]
        {
            let started = time + jiff::SignedDuration::from_secs(late);
            let own = Starter::of(&input, started, started + jiff::SignedDuration::from_secs(7));
            assert_eq!((own.scheduled_for.is_some(), own.waited_seconds), (scheduled, 7), "{late} s late");
        }
    }

    #[test]
    fn a_run_waits_a_quarter_of_an_hour_until_another_is_closed() {
        let since: Timestamp = NIGHT.parse().expect("a time");
        let after = |seconds| wait_for_closing(since, since + jiff::SignedDuration::from_secs(seconds));
        assert_eq!([after(-5), after(0), after(899), after(900)], [Some(60), Some(60), Some(60), None]);
    }

    #[test]
    fn a_quiet_end_says_why() {
        let own = starter(Operation::Scan, true, 0);
        let Decision::EndQuietly(reason) = own.decide(Some(&holder(Some(Operation::Install)))) else {
            panic!("no end")
        };
        assert_eq!(reason, "the install run first is still running; the schedule starts the next scan");
        let Decision::EndQuietly(reason) = own.already_started("first") else { panic!("no end") };
        assert!(reason.contains("run first") && reason.contains("`scheduledTime`"), "{reason}");
    }
}
