//! Counts causes over all instances: the same cause on many instances is one line of "what to fix first".

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::{Check, Finding, Status};

/// A cause, and how many instances have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The problem, with ids: `vpc-0a… has no ssmmessages endpoint`.
    pub text: String,
    /// The check that found it. If several checks did, the one nearest to the cause.
    pub check: Check,
    /// `fail` if it keeps instances from being patched.
    pub status: Status,
    /// What to do. Absent: no fix is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// How many instances have it.
    pub instances: usize,
}

/// A cause while it is counted.
#[derive(Default)]
struct Seen {
    /// Number of instances by status.
    instances: BTreeMap<Status, usize>,
    /// The finding that the report shows: the worst, and among equals the one nearest to the cause.
    told: Option<(Status, Check, Option<String>)>,
}

/// Counts the causes in the findings of all instances, one instance after the other. Its size depends on the number of
/// causes, not on the number of instances.
#[derive(Default)]
pub struct Causes(BTreeMap<String, Seen>);

impl Causes {
    /// Adds all findings of one more instance. The instance counts once per cause, even if several checks found it.
    pub fn add(&mut self, findings: &[Finding]) {
        let mut of_instance: BTreeSet<(&str, Status)> = BTreeSet::new();
        for finding in findings {
            for cause in &finding.causes {
                of_instance.insert((&cause.text, finding.status));
                let seen = self.0.entry(cause.text.clone()).or_default();
                // `managed` repeats causes that other checks find, so it sorts first and the other check wins.
                let told = (finding.status, finding.check, cause.fix.clone());
                seen.told = seen.told.take().max(Some(told));
            }
        }
        for (text, status) in of_instance {
            if let Some(seen) = self.0.get_mut(text) {
                *seen.instances.entry(status).or_default() += 1;
            }
        }
    }

    /// Returns the causes: first failures, then warnings, then what could not be read. Within each group, the causes with
    /// the most instances come first, then they are sorted by text.
    #[must_use]
    pub fn first_to_fix(self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self
            .0
            .into_iter()
            .filter_map(|(text, seen)| {
                let (status, check, fix) = seen.told?;
                let instances = seen.instances.get(&status).copied().unwrap_or_default();
                Some(Cause { text, check, status, fix, instances })
            })
            .collect();
        causes.sort_by(|a, b| (b.status, b.instances, &a.text).cmp(&(a.status, a.instances, &b.text)));
        causes
    }
}
