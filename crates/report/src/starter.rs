//! Who started a run, by CloudTrail's event history.

use orgpatch_records::messages::ListedStart;

/// What a report says if CloudTrail does not name who started the run.
pub const UNKNOWN: &str = "unknown";

/// An ARN has at most 2,048 characters (API reference of IAM, `arnType`).
const LONGEST_ARN: usize = 2_048;

/// Returns the ARN of the principal that started the run, or [`UNKNOWN`].
///
/// If `scan-run` has started the run, it is the principal that started the execution of `scan-run`, which has the name of the
/// run. Repeating a start answers with the same execution while that runs, so the earliest start counts.
#[must_use]
pub fn started_by(execution_arn: &str, starts: &[ListedStart], scan_run_role: &str) -> String {
    let first = |execution: &str| {
        let found = starts.iter().rev().find(|start| start.execution.as_deref() == Some(execution));
        found.and_then(|start| start.by.as_deref()).filter(|by| is_arn(by))
    };
    let by = match first(execution_arn) {
        Some(by) if is_session_of(by, scan_run_role) => first(&execution_of_scan_run(execution_arn)),
        by => by,
    };
    by.unwrap_or(UNKNOWN).to_owned()
}

/// Returns the ARN of the execution of `scan-run` that has started an execution of `patch-run`: the name is the same, and a name
/// has no colon.
fn execution_of_scan_run(execution_arn: &str) -> String {
    execution_arn.replacen("-patch-run:", "-scan-run:", 1)
}

/// Returns true for `arn:aws:sts::111111111111:assumed-role/<role>/<session>`.
fn is_session_of(arn: &str, role: &str) -> bool {
    let session = arn.split_once(":assumed-role/").and_then(|(_, name)| name.split_once('/'));
    session.is_some_and(|(name, _)| name == role)
}

/// Returns true for what can be an ARN. Paths of users may have every ASCII sign from `!` on.
fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.len() <= LONGEST_ARN && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "arn:aws:states:eu-west-1:111111111111:execution:orgpatch-patch-run:night";
    const SCAN_RUN: &str = "arn:aws:states:eu-west-1:111111111111:execution:orgpatch-scan-run:night";
    const ROLE: &str = "orgpatch-ScanRunRole-1";
    const THROUGH: &str = "arn:aws:sts::111111111111:assumed-role/orgpatch-ScanRunRole-1/abcdef";
    const ALICE: &str = "arn:aws:sts::111111111111:assumed-role/Operators/alice@example.com";
    const BOB: &str = "arn:aws:iam::111111111111:user/ops/bob";

    fn start(execution: &str, by: &str) -> ListedStart {
        ListedStart { execution: Some(execution.into()), by: Some(by.into()) }
    }

    fn found(starts: &[ListedStart]) -> String {
        started_by(RUN, starts, ROLE)
    }

    #[test]
    fn a_run_is_started_by_the_caller_of_its_execution() {
        let another = RUN.replace(":night", ":night-2");
        assert_eq!(found(&[start(&another, BOB), start(RUN, ALICE), start(SCAN_RUN, BOB)]), ALICE);
    }

    #[test]
    fn a_run_that_scan_run_started_is_started_by_the_caller_of_scan_run() {
        assert_eq!(found(&[start(RUN, THROUGH), start(SCAN_RUN, BOB)]), BOB);
        // The role's name as the name of a session or of a longer role is another role.
        for other in ["assumed-role/Operators/orgpatch-ScanRunRole-1", "assumed-role/orgpatch-ScanRunRole-12/x"] {
            let by = format!("arn:aws:sts::111111111111:{other}");
            assert_eq!(found(&[start(RUN, &by), start(SCAN_RUN, BOB)]), by);
        }
    }

    #[test]
    fn the_earliest_of_equal_starts_counts() {
        assert_eq!(found(&[start(RUN, BOB), start(RUN, ALICE)]), ALICE);
    }

    #[test]
    fn where_cloudtrail_is_silent_the_starter_is_unknown() {
        let failed = ListedStart { execution: None, by: Some(ALICE.into()) };
        let nameless = ListedStart { execution: Some(RUN.into()), by: None };
        let long = format!("arn:{}", "x".repeat(2_048));
        for starts in [
            vec![],
            vec![failed],
            vec![nameless],
            vec![start(RUN, THROUGH)],
            vec![start(RUN, "")],
            vec![start(RUN, "alice")],
            vec![start(RUN, "arn:aws:iam::1:user/a\nPay now")],
            vec![start(RUN, &long)],
        ] {
            assert_eq!(found(&starts), UNKNOWN, "{starts:?}");
        }
    }
}
