//! The mistakes of a plan, each with its line, its field and what would be valid.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// One mistake in a plan document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{}", self.sentence())]
pub struct PlanError {
    /// Line of the mistake, from 1.
    pub line: usize,
    /// Column of the mistake in characters, from 1.
    pub column: usize,
    /// Location of the mistake in the text, in bytes, within one line.
    #[serde(skip)]
    pub span: Range<usize>,
    /// The field, as in `stages[1].gate.maxFailedPercent`. Empty: the whole document.
    pub path: String,
    /// What is wrong, with the wrong value.
    pub problem: String,
    /// What would be valid.
    pub valid: String,
    /// A second place that is part of the mistake, for example the first of two equal names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<Related>,
}

impl PlanError {
    fn sentence(&self) -> String {
        let mut sentence = format!("line {}, column {}: ", self.line, self.column);
        if !self.path.is_empty() {
            sentence.push_str(&self.path);
            sentence.push_str(": ");
        }
        sentence.push_str(&self.problem);
        sentence.push_str("; valid: ");
        sentence.push_str(&self.valid);
        sentence
    }
}

/// A second place that is part of a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Related {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Location in the text, in bytes.
    #[serde(skip)]
    pub span: Range<usize>,
    /// What is at that place.
    pub text: String,
}

/// All mistakes of a plan document, in the order of its lines. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
pub struct PlanErrors(Vec<PlanError>);

impl PlanErrors {
    /// How many mistakes the one-line form lists. It becomes the cause of a failed execution, whose length is limited.
    const SPELLED_OUT: usize = 5;

    pub(super) fn new(errors: Vec<PlanError>) -> Self {
        Self(errors)
    }

    /// Returns the mistakes in the order of their lines.
    pub fn iter(&self) -> std::slice::Iter<'_, PlanError> {
        self.0.iter()
    }
}

impl fmt::Display for PlanErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().take(Self::SPELLED_OUT).enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            error.fmt(f)?;
        }
        match self.0.len().saturating_sub(Self::SPELLED_OUT) {
            0 => Ok(()),
            more => write!(f, " | and {more} more"),
        }
    }
}

impl IntoIterator for PlanErrors {
    type Item = PlanError;
    type IntoIter = std::vec::IntoIter<PlanError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a PlanErrors {
    type Item = &'a PlanError;
    type IntoIter = std::slice::Iter<'a, PlanError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
