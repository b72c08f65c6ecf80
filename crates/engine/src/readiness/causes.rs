//! What to fix first: the same cause on many instances is one line.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::{Check, Finding, Status};

/// A cause, and how many instances have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// What is wrong, with the ids: `vpc-0a… has no ssmmessages endpoint`.
    pub text: String,
    /// The check that found it. Where several did, the one nearest to the cause.
    pub check: Check,
    /// `fail` if it holds instances back.
    pub status: Status,
    /// What to do; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// How many instances have it.
    pub instances: usize,
}

/// A cause as far as it is counted.
#[derive(Default)]
struct Seen {
    /// Instances by how bad it is there.
    instances: BTreeMap<Status, usize>,
    /// The finding that is told: the gravest, of those the one nearest to the cause.
    told: Option<(Status, Check, Option<String>)>,
}

/// Counts the causes of the findings of one instance after the other. It grows with the causes there are, and not with
/// the instances.
#[derive(Default)]
pub struct Causes(BTreeMap<String, Seen>);

impl Causes {
    /// The findings of one more instance, all of them: it counts once for a cause, whatever number of checks found that.
    pub fn add(&mut self, findings: &[Finding]) {
        let mut of_instance: BTreeSet<(&str, Status)> = BTreeSet::new();
        for finding in findings {
            for cause in &finding.causes {
                of_instance.insert((&cause.text, finding.status));
                let seen = self.0.entry(cause.text.clone()).or_default();
                // `managed` names the causes that other checks find, so it comes first and gives way to them.
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

    /// The causes: first what holds instances back, then warnings, then what could not be read; in each the one with the
    /// most instances first, then by text.
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
