//! The findings of all instances together: how many have which, and what to fix first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use orgpatch_engine::readiness::{Cause, Causes, Check, Finding, Status};
use orgpatch_model::english::counted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So many causes of instances that are not ready are in the notification; the report has all.
const CAUSES_TOLD: usize = 3;

/// The findings of all instances together. Empty where no instance was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessReport {
    /// How many instances have each status, by check; statuses that none has are absent.
    pub checks: BTreeMap<Check, BTreeMap<Status, u64>>,
    /// Every cause and how many instances have it: what holds instances back first, then what is bad on most of them.
    pub first_to_fix: Vec<Cause>,
}

/// Counts the findings of one instance after the other.
#[derive(Default)]
pub(super) struct ReadinessTally {
    checks: BTreeMap<Check, BTreeMap<Status, u64>>,
    causes: Causes,
}

impl ReadinessTally {
    /// One more instance.
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

impl ReadinessReport {
    /// The first few causes that hold instances back, for the notification; empty if there is none.
    pub(super) fn sentences(&self) -> String {
        let mut text = String::new();
        let failing = || self.first_to_fix.iter().filter(|cause| cause.status == Status::Fail);
        for cause in failing().take(CAUSES_TOLD) {
            let _ = writeln!(text, "  {}: {}", cause.text, counted(cause.instances, "instance"));
        }
        match failing().count() {
            0 => text,
            all if all > CAUSES_TOLD => format!("\nWhat to fix first:\n{text}  and {} more\n", all - CAUSES_TOLD),
            _ => format!("\nWhat to fix first:\n{text}"),
        }
    }
}
