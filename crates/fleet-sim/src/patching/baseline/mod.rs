//! Patch baselines: what one says, which patch it approves when, and which baselines an account has.
mod approval;
mod check;
mod content;
mod patch_names;
pub mod predefined;
mod registry;
#[cfg(test)]
mod tests;

pub use approval::Verdict;
pub use check::{check, check_tag};
pub use content::{Action, Content, Filter, FilterGroup, Key, Level, Rule, RuleGroup, Status};
pub use registry::{Baselines, Place, Refusal};

use crate::{clock::Millis, facts::operating_systems::Os};
use std::collections::BTreeMap;

/// A patch baseline.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// `pb-` and 17 hex digits.
    pub id: String,
    /// AWS names its predefined baselines by ARN, in an account of its own; absent for one of the account's own.
    pub arn: Option<String>,
    /// The system that it is for.
    pub os: Os,
    /// Everything that can be set and changed.
    pub content: Content,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Millis,
    /// When it was last changed.
    pub modified: Millis,
}

impl Baseline {
    /// `BaselineId` as the API answers it: the ARN of a predefined baseline, the id of any other.
    pub fn reference(&self) -> &str {
        self.arn.as_deref().unwrap_or(&self.id)
    }

    /// May a rejected patch not be there under any circumstances?
    pub fn blocks(&self) -> bool {
        self.content.rejected_patches_action == Action::Block
    }
}
