//! What it means for a target that a function of orgpatch failed on it for good, after all its retries.

use orgpatch_model::error::RunError;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Phase;

use crate::gate::CaughtError;

/// Returns the outcome of the target and its reason; None if the error is one of the run itself, whose records or
/// permissions are broken. Such a target stays without a record, and its result is lost.
#[must_use]
pub fn outcome_of_failure(phase: Phase, failure: &CaughtError) -> Option<(TargetOutcome, Reason)> {
    let sentence = failure.sentence();
    let reason = match failure.error.as_str() {
        "Throttled" => Reason::new(ReasonCode::Throttled, format!("AWS throttled the calls: {sentence}")),
        "Unavailable" => Reason::new(ReasonCode::CallFailed, format!("a call failed again and again: {sentence}")),
        "RecordsChanged" => Reason::new(ReasonCode::RecordsChanged, failure.message()),
        name if RunError::NAMES.contains(&name) => return None,
        _ => Reason::new(ReasonCode::FunctionFailed, format!("a function failed on the target: {sentence}")),
    };
    Some(match phase {
        // The step did not start, and its targets are only listed.
        Phase::Inventory => {
            let text =
                format!("the run did not come to the target, and its instances could not be listed: {}", reason.text);
            (TargetOutcome::NotAttempted, Reason::new(ReasonCode::Halted, text))
        }
        _ => (TargetOutcome::Error, reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_the_targets_unless_the_run_itself_is_broken() {
        let shown = |(error, cause): (&str, &str)| {
            let failure = CaughtError { error: error.into(), cause: cause.into() };
            match outcome_of_failure(Phase::Install, &failure) {
                Some((outcome, reason)) => format!("{error}: {outcome} {reason}"),
                None => format!("{error}: of the run"),
            }
        };
        let throttled = r#"{"errorType":"Throttled","errorMessage":"throttled: sts:AssumeRole: ThrottlingException: Rate exceeded"}"#;
        let lines = [
            ("Throttled", throttled),
            ("Unavailable", "temporarily unavailable: ec2:DescribeInstances: AuthFailure: no"),
            ("Lambda.TooManyRequestsException", ""),
            (
                "Runtime.ExitError",
                r#"{"errorMessage":"RequestId: 1 Error: Runtime exited with error: signal: killed"}"#,
            ),
            ("States.Timeout", ""),
            ("&str", r#"{"errorMessage":"index out of bounds"}"#),
            ("AccessDenied", "s3:PutObject"),
            ("BrokenRun", "an object is missing"),
            ("RecordsChanged", r#"{"errorMessage":"the run's own records were changed: settings.json"}"#),
            ("InvalidInput", ""),
        ];
        insta::assert_snapshot!(lines.map(shown).join("\n"), @r"
        Throttled: error AWS throttled the calls: Throttled: throttled: sts:AssumeRole: ThrottlingException: Rate exceeded (throttled)
        Unavailable: error a call failed again and again: Unavailable: temporarily unavailable: ec2:DescribeInstances: AuthFailure: no (call-failed)
        Lambda.TooManyRequestsException: error a function failed on the target: Lambda.TooManyRequestsException (function-failed)
        Runtime.ExitError: error a function failed on the target: Runtime.ExitError: RequestId: 1 Error: Runtime exited with error: signal: killed (function-failed)
        States.Timeout: error a function failed on the target: States.Timeout (function-failed)
        &str: error a function failed on the target: &str: index out of bounds (function-failed)
        AccessDenied: of the run
        BrokenRun: of the run
        RecordsChanged: error the run's own records were changed: settings.json (records-changed)
        InvalidInput: of the run
        ");
    }

    #[test]
    fn a_target_that_is_only_listed_stays_not_attempted() {
        let failure = CaughtError { error: "Unavailable".into(), cause: "no answer".into() };
        let (outcome, reason) = outcome_of_failure(Phase::Inventory, &failure).expect("of the target");
        assert_eq!((outcome, reason.code), (TargetOutcome::NotAttempted, ReasonCode::Halted));
    }

    #[test]
    fn every_transient_error_is_one_of_the_target() {
        for error in [RunError::Throttled("x".into()), RunError::Unavailable("x".into())] {
            assert!(error.is_transient());
            let failure = CaughtError { error: error.name().into(), cause: String::new() };
            let (outcome, reason) = outcome_of_failure(Phase::Scan, &failure).expect("of the target");
            assert_eq!(outcome, TargetOutcome::Error);
            assert_ne!(reason.code, ReasonCode::FunctionFailed, "{error}");
        }
    }
}
