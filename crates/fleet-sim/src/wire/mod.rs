//! How calls and answers look on the wire.
pub mod ec2;
pub mod fields;
pub mod json;
pub mod paging;

/// A call, as the bridge hands it over.
#[derive(Debug, Clone)]
pub struct Call {
    /// `ssm`, `organizations` or `ec2`.
    pub service: String,
    /// For example `SendCommand`.
    pub operation: String,
    /// Whose credentials call.
    pub account: String,
    /// The endpoint's Region.
    pub region: String,
    /// Who calls: a role's ARN.
    pub caller: String,
    /// The body as it came.
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
    /// An error with HTTP status 400, as nearly all are.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// Turns an answer into status, content type and body of the service's protocol.
pub fn encode(service: &str, answer: &Result<String, AwsError>) -> (u16, &'static str, String) {
    let content_type = if service == "ec2" { "text/xml;charset=UTF-8" } else { "application/x-amz-json-1.1" };
    match answer {
        Ok(body) => (200, content_type, body.clone()),
        Err(error) if service == "ec2" => (error.status, content_type, ec2::error(error)),
        Err(error) => (error.status, content_type, json::error(error)),
    }
}

/// Reads a body. Fails as the service does with what it cannot read.
pub fn decode(service: &str, body: &str) -> Result<serde_json::Value, AwsError> {
    if service == "ec2" { Ok(ec2::parse_query(body)) } else { json::parse(body) }
}
