//! What the JSON services have in common: tokens of pages, and the spelling of values.
use crate::wire::{AwsError, paging::BadToken};
use serde_json::Value;

impl From<BadToken> for AwsError {
    fn from(_: BadToken) -> Self {
        Self::new("InvalidNextToken", "The specified token isn't valid.")
    }
}

/// A value of an API's enum: letters only, in lower case. Some lists spell `INSTALLED_OTHER`, others `InstalledOther`.
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
