//! Why: a code for machines and one sentence for people, on every outcome, decision and left-out account.

mod catalogue;
mod code;
#[cfg(test)]
mod pages;

pub use catalogue::Topic;
pub use code::{ReasonCode, ServiceErrorName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Stable and machine-readable; docs/reason-codes.md says what each code means and what to do about it.
    pub code: ReasonCode,
    /// One sentence for people. No rule reads it.
    pub text: String,
}

impl Reason {
    /// Returns a reason of that code and sentence.
    pub fn new(code: ReasonCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text, self.code)
    }
}
