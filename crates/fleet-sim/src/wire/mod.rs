//! The wire: calls and answers in the protocols of the services.
mod call;
pub mod ec2;
pub mod fields;
pub mod json;
pub mod paging;

pub use call::{AwsError, Call};

/// Returns status, content type and body of an answer in the service's protocol.
pub fn encode(service: &str, answer: &Result<String, AwsError>) -> (u16, &'static str, String) {
    let content_type = if service == "ec2" { "text/xml;charset=UTF-8" } else { "application/x-amz-json-1.1" };
    match answer {
        Ok(body) => (200, content_type, body.clone()),
        Err(error) if service == "ec2" => (error.status, content_type, ec2::error(error)),
        Err(error) => (error.status, content_type, json::error(error)),
    }
}

/// Reads a body. Fails as the service does with a body that it cannot read.
pub fn decode(service: &str, body: &str) -> Result<serde_json::Value, AwsError> {
    if service == "ec2" { Ok(ec2::parse_query(body)) } else { json::parse(body) }
}
