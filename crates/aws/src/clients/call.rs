//! The errors of calls to AWS, in the few kinds that matter to orgpatch.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use orgpatch_model::error::RunError;
use orgpatch_model::fetched::{Fetched, Unavailable};
use orgpatch_model::text::cut;
use thiserror::Error;

/// The most characters of an error's code, and of its message. Errors become reasons, and reasons are stored.
const CODE_CHARACTERS: usize = 100;
const MESSAGE_CHARACTERS: usize = 500;

/// A call that failed after the client's own retries.
#[derive(Debug, Clone, Error)]
#[error("{operation}: {code}: {message}")]
pub struct CallError {
    /// The kind of the error.
    pub kind: Kind,
    /// The operation, as IAM writes it (`ssm:SendCommand`).
    pub operation: &'static str,
    /// The service's error code, or what failed before the service answered.
    pub code: String,
    /// The service's message.
    pub message: String,
}

/// The kinds of failed calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The service throttled the call. Nothing was done.
    Throttled,
    /// The call is not allowed. Nothing was done.
    Denied,
    /// The credentials are not accepted: they have expired, or the Region does not know them (yet). Nothing was done.
    Credentials,
    /// The Region is not enabled in the account. Nothing was done.
    RegionDisabled,
    /// A condition of the write did not hold. Nothing was done.
    ConditionFailed,
    /// Another write of the same object was under way, and S3 wants this one to be tried again. Nothing was done, and the
    /// object may not exist.
    Conflict,
    /// The object of the call does not exist.
    NotFound,
    /// There was no answer, or the service itself failed: the call may or may not have been carried out.
    Lost,
    /// The service refused the call for another reason. Nothing was done.
    Rejected,
}

impl Kind {
    /// Returns true if AWS will answer the same call in the same way: it is not the moment or the session that is wrong.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        match self {
            Self::Denied | Self::ConditionFailed | Self::NotFound | Self::Rejected => true,
            Self::Throttled | Self::Credentials | Self::RegionDisabled | Self::Conflict | Self::Lost => false,
        }
    }
}

impl CallError {
    /// Converts an error of the SDK.
    pub fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (kind, code, message) = match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("unknown").to_owned();
                let message = service.err().message().unwrap_or_default().to_owned();
                (kind(&code, service.raw().status().as_u16()), code, message)
            }
            SdkError::ConstructionFailure(_) => (Kind::Rejected, "request not built".to_owned(), chain(error)),
            SdkError::TimeoutError(_) => (Kind::Lost, "timed out".to_owned(), chain(error)),
            _ => (Kind::Lost, "no answer".to_owned(), chain(error)),
        };
        Self::new(kind, operation, code, message)
    }

    /// Returns the error with its texts cut: a message may repeat what was sent.
    fn new(kind: Kind, operation: &'static str, code: String, message: String) -> Self {
        Self { kind, operation, code: cut(code, CODE_CHARACTERS), message: cut(message, MESSAGE_CHARACTERS) }
    }

    /// Converts the error of a call in orgpatch's own account to an error of the run.
    #[must_use]
    pub fn into_run_error(self) -> RunError {
        match self.kind {
            Kind::Throttled => RunError::Throttled(self.to_string()),
            Kind::Denied => RunError::AccessDenied(self.to_string()),
            Kind::Lost | Kind::Credentials | Kind::Conflict => RunError::Unavailable(self.to_string()),
            Kind::RegionDisabled | Kind::ConditionFailed | Kind::NotFound | Kind::Rejected => {
                RunError::BrokenRun(self.to_string())
            }
        }
    }
}

/// Returns the kind of an error code. Sources: the services' own error lists, and "Common errors" in each API reference.
fn kind(code: &str, http_status: u16) -> Kind {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RateExceeded"
        | "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "SlowDown" => Kind::Throttled,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Kind::Denied,
        // The last three come from a Region that is not enabled, too, but also from one that does not know a new session yet, and
        // where a clock is off. Whether the Region is enabled is asked before (`assume-role`).
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "AuthFailure" => Kind::Credentials,
        "OptInRequired" | "RegionDisabledException" => Kind::RegionDisabled,
        "ConditionalCheckFailedException" | "PreconditionFailed" => Kind::ConditionFailed,
        // botocore 1.43.127, `PutObjectRequest.IfNoneMatch` and `CompleteMultipartUploadRequest.IfNoneMatch`.
        "ConditionalRequestConflict" | "OperationAborted" => Kind::Conflict,
        "NoSuchKey" | "ExecutionDoesNotExist" => Kind::NotFound,
        _ if http_status == 429 => Kind::Throttled,
        _ if http_status >= 500 => Kind::Lost,
        _ => Kind::Rejected,
    }
}

/// Returns the error and its causes in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Returns the error of a request that could not be built.
pub(crate) fn not_built(operation: &'static str, error: &dyn std::error::Error) -> CallError {
    CallError::new(Kind::Rejected, operation, "request not built".to_owned(), error.to_string())
}

/// Converts the result of a call whose facts are optional. A call that is not allowed, or that the service refuses, gives
/// unavailable facts and does not keep a target from being patched. All other errors stay errors.
pub(crate) fn fetched<T>(answer: Result<T, CallError>) -> Result<Fetched<T>, CallError> {
    match answer {
        Ok(facts) => Ok(Fetched::Yes(facts)),
        Err(error) => match error.kind {
            Kind::Denied => Ok(Fetched::denied(error.operation)),
            Kind::Rejected | Kind::NotFound | Kind::ConditionFailed => Ok(Fetched::No(Unavailable::Failed {
                action: error.operation.to_owned(),
                text: format!("{}: {}", error.code, error.message),
            })),
            Kind::Throttled | Kind::Credentials | Kind::RegionDisabled | Kind::Conflict | Kind::Lost => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(kind: Kind) -> Result<Fetched<()>, Kind> {
        let error =
            CallError { kind, operation: "ec2:DescribeRouteTables", code: "Code".into(), message: "words".into() };
        fetched(Err(error)).map_err(|error| error.kind)
    }

    #[test]
    fn only_what_passes_or_is_about_the_target_is_an_error() {
        assert_eq!(answered(Kind::Denied), Ok(Fetched::denied("ec2:DescribeRouteTables")));
        let failed = Unavailable::Failed { action: "ec2:DescribeRouteTables".into(), text: "Code: words".into() };
        assert_eq!(answered(Kind::Rejected), Ok(Fetched::No(failed)));
        for kind in [Kind::Throttled, Kind::Lost, Kind::Credentials, Kind::Conflict, Kind::RegionDisabled] {
            assert_eq!(answered(kind), Err(kind));
        }
    }

    #[test]
    fn a_message_of_any_length_is_cut() {
        let error = not_built("ec2:DescribeRouteTables", &std::io::Error::other("x".repeat(100_000)));
        assert_eq!(error.message.chars().count(), MESSAGE_CHARACTERS);
    }

    #[test]
    fn credentials_that_are_not_accepted_are_no_proof_of_a_disabled_region() {
        for code in ["AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException"] {
            assert_eq!(kind(code, 400), Kind::Credentials, "{code}");
        }
        assert_eq!(["OptInRequired", "RegionDisabledException"].map(|code| kind(code, 403)), [Kind::RegionDisabled; 2]);
    }

    #[test]
    fn a_server_error_may_have_been_carried_out_and_a_client_error_was_not() {
        assert_eq!(kind("InternalServerError", 500), Kind::Lost);
        assert_eq!(kind("InvalidInstanceId", 400), Kind::Rejected);
        assert_eq!(kind("ConditionalRequestConflict", 409), Kind::Conflict, "the object may not exist");
        assert_eq!(kind("RequestLimitExceeded", 503), Kind::Throttled, "EC2 throttles with 503, and nothing was done");
    }
}
