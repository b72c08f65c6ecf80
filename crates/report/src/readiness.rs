//! The findings of all instances together: counts by check and status, and what to fix first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use orgpatch_engine::readiness::{Cause, Causes, Check, Finding, Status};
use orgpatch_model::english::counted;
use orgpatch_model::text::plain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A longer cause is cut in the notification, in characters. It may have names of an account in it.
const LONGEST_CAUSE: usize = 200;

/// How many causes the notification lists. The report lists all.
const CAUSES_TOLD: usize = 3;

/// The findings of all instances together. Empty: no instance was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessReport {
    /// Number of instances by check and status. A status that no instance has is absent.
    pub checks: BTreeMap<Check, BTreeMap<Status, u64>>,
    /// Every cause with its number of instances: failures first, then by number of instances.
    pub first_to_fix: Vec<Cause>,
}

/// Counts the findings of one instance after the other.
#[derive(Default)]
pub(super) struct ReadinessTally {
    checks: BTreeMap<Check, BTreeMap<Status, u64>>,
    causes: Causes,
}

impl ReadinessTally {
    /// Adds one more instance.
    pub(super) fn add(&mut self, findings: &[Finding]) {
        for finding in findings {
            *self.checks.entry(finding.check).or_default().entry(finding.status).or_default() += 1;
        }
        self.causes.add(findings);
    }

    pub(super) fn end(self) -> ReadinessReport {
        ReadinessReport { checks: self.checks, first_to_fix: self.causes.first_to_fix() }
    }
}

/// Returns the first few causes of failures for the notification. Empty: there is none.
pub(super) fn sentences(causes: &[Cause]) -> String {
    let mut text = String::new();
    let failing = || causes.iter().filter(|cause| cause.status == Status::Fail);
    for cause in failing().take(CAUSES_TOLD) {
        // No line begins with what may be a name of an account.
        let _ = writeln!(text, "  - {}: {}", plain(&cause.text, LONGEST_CAUSE), counted(cause.instances, "instance"));
    }
    match failing().count() {
        0 => text,
        all if all > CAUSES_TOLD => format!("\nWhat to fix first:\n{text}  and {} more\n", all - CAUSES_TOLD),
        _ => format!("\nWhat to fix first:\n{text}"),
    }
}
