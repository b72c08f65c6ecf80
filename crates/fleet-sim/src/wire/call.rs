//! A call to AWS, and the errors that a service answers.

/// A call, as the bridge hands it over.
#[derive(Debug, Clone)]
pub struct Call {
    /// `ssm`, `organizations` or `ec2`.
    pub service: String,
    /// For example `SendCommand`.
    pub operation: String,
    /// The account whose credentials call.
    pub account: String,
    /// The Region of the endpoint.
    pub region: String,
    /// The caller: the ARN of a role.
    pub caller: String,
    /// The body, as received.
    pub body: String,
    /// The body as data.
    pub request: serde_json::Value,
}

/// An error as a service answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// HTTP status.
    pub status: u16,
    /// The code that SDKs match on.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl AwsError {
    /// Returns an error with HTTP status 400, as nearly all errors have.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// Returns the same error with another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}
