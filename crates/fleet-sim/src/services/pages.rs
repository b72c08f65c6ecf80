//! What the JSON services share: page tokens, and the spelling of enum values.
use crate::wire::{AwsError, paging::BadToken};
use serde_json::Value;

impl From<BadToken> for AwsError {
    fn from(_: BadToken) -> Self {
        Self::new("InvalidNextToken", "The specified token isn't valid.")
    }
}

/// Returns a value of an API's enum in lower case and with letters and digits only. Some lists spell `INSTALLED_OTHER`,
/// others `InstalledOther`.
pub fn normalized(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Adds `NextToken` to an answer, if there is one.
pub fn with_token(mut answer: Value, token: Option<String>) -> String {
    if let (Some(token), Some(object)) = (token, answer.as_object_mut()) {
        object.insert("NextToken".to_owned(), Value::String(token));
    }
    answer.to_string()
}
