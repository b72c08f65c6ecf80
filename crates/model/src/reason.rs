//! Why: a code for machines and one sentence for people, on every outcome, decision and left-out account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Stable and machine-readable: lower case with hyphens, such as `not-selected-by-tags`.
    pub code: String,
    /// One sentence for people.
    pub text: String,
}

impl Reason {
    /// A reason of that code and sentence.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text, self.code)
    }
}
