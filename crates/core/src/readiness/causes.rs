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

struct Seen<'a, K> {
    /// By how bad it is there.
    instances: BTreeMap<Status, BTreeSet<K>>,
    told: Option<(Status, Check, Option<&'a str>)>,
}

/// The causes of those findings: first what holds instances back, then warnings, then what could not be read; in each
/// the one with the most instances first, then by text.
///
/// `K` tells instances apart, across targets too where findings of several are put together.
pub fn first_to_fix<'a, K: Ord + Copy>(findings: impl IntoIterator<Item = (K, &'a [Finding])>) -> Vec<Cause> {
    let mut causes: BTreeMap<&str, Seen<'a, K>> = BTreeMap::new();
    for (instance, findings) in findings {
        for finding in findings {
            for cause in &finding.causes {
                let seen = causes.entry(&cause.text).or_insert_with(|| Seen { instances: BTreeMap::new(), told: None });
                seen.instances.entry(finding.status).or_default().insert(instance);
                // `managed` names the causes that other checks find, so it comes first and gives way to them.
                let told = (finding.status, finding.check, cause.fix.as_deref());
                seen.told = seen.told.max(Some(told));
            }
        }
    }
    let mut causes: Vec<Cause> = causes
        .into_iter()
        .filter_map(|(text, seen)| {
            let (status, check, fix) = seen.told?;
            let instances = seen.instances.get(&status).map_or(0, BTreeSet::len);
            Some(Cause { text: text.to_owned(), check, status, fix: fix.map(str::to_owned), instances })
        })
        .collect();
    causes.sort_by(|a, b| (b.status, b.instances, &a.text).cmp(&(a.status, a.instances, &b.text)));
    causes
}
