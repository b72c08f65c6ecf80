//! Which approval rules of the plan's baselines have approved a patch, by what a scan shows.
//!
//! Systems Manager does not tell which rule approved a patch, and of a patch on an instance it tells classification and severity and
//! no other property. So a rule counts as approving unless everything that is told rules it out.

mod evidence;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use evidence::{RuleEvidence, RuleLook};
use orgpatch_facts::patch_values;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::LONGEST_CLASS;
use orgpatch_model::text::cut;
use serde::{Deserialize, Serialize};

use crate::baselines::{PatchFilter, PatchRule};

/// What the scan of a target has shown of the approval rules of one of the plan's baselines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesSeen {
    /// Operating system of the baseline.
    pub operating_system: OperatingSystem,
    /// How many instances have a result of this run by that baseline.
    pub scanned: u64,
    /// Numbers, from 1, of the rules that have approved a patch of these instances or may have.
    pub approving: BTreeSet<usize>,
}

impl RulesSeen {
    /// Adds what another part of a target has shown.
    pub fn merge(all: &mut Vec<Self>, other: &[Self]) {
        for one in other {
            match all.iter_mut().find(|known| known.operating_system == one.operating_system) {
                Some(known) => {
                    known.scanned += one.scanned;
                    known.approving.extend(&one.approving);
                }
                None => all.push(one.clone()),
            }
        }
    }
}

/// What Systems Manager tells of a patch by which a rule can select it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatchKind {
    /// Classification.
    pub classification: String,
    /// Severity; on Windows that of the Microsoft Security Response Center.
    pub severity: String,
}

impl PatchKind {
    /// Returns the kind with its texts cut as those of a patch are. No value that a rule may ask for is as long.
    #[must_use]
    pub fn within_limits(self) -> Self {
        Self { classification: cut(self.classification, LONGEST_CLASS), severity: cut(self.severity, LONGEST_CLASS) }
    }
}

/// The patches of an instance that its baseline covers and that are installed, as far as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoveredPatches {
    /// Their kinds.
    pub kinds: BTreeSet<PatchKind>,
    /// How many were read.
    pub count: u64,
}

/// Returns true unless what is told of a patch rules out that the rule approved it.
fn may_approve(os: OperatingSystem, rule: &PatchRule, kind: &PatchKind) -> bool {
    rule.patch_filters.iter().all(|filter| match filter.key.as_str() {
        "CLASSIFICATION" => may_have(os, filter, &kind.classification),
        "SEVERITY" | "MSRC_SEVERITY" => may_have(os, filter, &kind.severity),
        // Systems Manager does not tell the value that the patch has.
        _ => true,
    })
}

fn may_have(os: OperatingSystem, filter: &PatchFilter, value: &str) -> bool {
    filter.values.iter().any(|wanted| wanted == "*" || wanted.eq_ignore_ascii_case(value))
        || !is_told(os, &filter.key, value)
}

/// The severities of a patch that has none. A rule matches it by its classification only.
const NO_SEVERITY: [&str; 2] = ["None", "Unspecified"];

/// Returns true for a value that a source names. Any other may be a spelling of what the rule asks for, or no value at all.
fn is_told(os: OperatingSystem, key: &str, value: &str) -> bool {
    let is = |known: &str| known.eq_ignore_ascii_case(value);
    patch_values::of(os.name(), key).any(|property| property.documented.iter().any(|known| is(known)))
        && !NO_SEVERITY.iter().any(|none| is(none))
}

/// Returns true if a patch that the rule selects may still wait for its day, so that it is not approved yet.
fn may_wait(rule: &PatchRule) -> bool {
    rule.approve_after_days != Some(0)
}
