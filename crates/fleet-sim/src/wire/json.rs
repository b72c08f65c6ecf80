//! The JSON 1.1 protocol: Organizations and Systems Manager.
use super::call::AwsError;
use serde_json::{Value, json};

/// Reads a body. An empty body is an empty request.
pub fn parse(body: &str) -> Result<Value, AwsError> {
    let text = if body.trim().is_empty() { "{}" } else { body };
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(AwsError::new("SerializationException", "the body is not a JSON object")),
    }
}

/// Returns the body of an error.
pub fn error(error: &AwsError) -> String {
    json!({"__type": error.code, "message": error.message}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_is_an_empty_request() {
        assert_eq!(parse(""), Ok(json!({})));
        assert_eq!(parse("[]").expect_err("no object").code, "SerializationException");
    }
}
