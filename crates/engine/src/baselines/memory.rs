//! What is remembered of a target's baselines from run to run: which of them orgpatch created, and what was registered before.

use std::collections::HashMap;

use orgpatch_model::operating_system::OperatingSystem;
use serde::{Deserialize, Serialize};

use super::{Change, Observed, ObservedBaseline, PLAN_TAG, Previous, STAGE_TAG, baseline_name, same_id};

/// `baselines/<account>/<Region>.json`.
///
/// A baseline is orgpatch's if its tags and this record say so. A member account can set the tags; only `scan` writes the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineMemory {
    /// What was registered before orgpatch.
    #[serde(flatten)]
    pub previous: Previous,
    /// The baselines that orgpatch created. None: an earlier version wrote the record, which did not remember them, so the tags
    /// alone count until a run that may change baselines has filled in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Vec<CreatedBaseline>>,
}

/// A baseline that orgpatch created, or is about to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedBaseline {
    /// Its id. None: the record is from before the call. If the function died before it knew the id, the baseline of that name
    /// with the tags of orgpatch is the one that it created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its operating system. It is text, so that a later version may know more of them.
    pub operating_system: String,
    /// The plan for which it was created.
    pub plan: String,
}

impl Default for BaselineMemory {
    /// Of a target for which there is no record, no baseline is orgpatch's.
    fn default() -> Self {
        Self { previous: Previous::default(), created: Some(Vec::new()) }
    }
}

impl BaselineMemory {
    /// Returns true if the list of created baselines must still be made from the tags of all baselines.
    #[must_use]
    pub fn is_of_earlier_version(&self) -> bool {
        self.created.is_none()
    }

    /// Returns true if orgpatch created that baseline.
    #[must_use]
    pub fn has_created(&self, baseline: &ObservedBaseline) -> bool {
        let Some(created) = &self.created else { return has_its_name_and_tags(baseline) };
        created.iter().any(|one| match &one.id {
            Some(id) => same_id(id, &baseline.id),
            None => one.name == baseline.name && has_its_name_and_tags(baseline),
        })
    }

    /// Returns what to remember before those changes are made: what they replace, every baseline that was recognized, and those
    /// that will be created. `is_incomplete`: AWS did not show everything, so what is expected and not found stays expected.
    #[must_use]
    pub fn before(self, changes: &[Change], observed: &Observed, is_incomplete: bool) -> Self {
        let previous = self.previous.or_later(Previous::of(changes, observed));
        // Ids of baselines that the list does not show stay: a list may be behind.
        let mut created: Vec<CreatedBaseline> =
            self.created.into_iter().flatten().filter(|one| is_incomplete || one.id.is_some()).collect();
        for baseline in observed.baselines.iter().filter(|baseline| baseline.is_of_orgpatch()) {
            let is_known = |one: &CreatedBaseline| one.id.as_ref().is_some_and(|id| same_id(id, &baseline.id));
            if !created.iter().any(is_known) {
                created.push(CreatedBaseline {
                    id: Some(baseline.id.clone()),
                    name: baseline.name.clone(),
                    operating_system: baseline.operating_system.clone(),
                    plan: baseline.tags.get(PLAN_TAG).cloned().unwrap_or_default(),
                });
            }
        }
        for change in changes {
            if let Change::Create { baseline } = change {
                created.push(CreatedBaseline {
                    id: None,
                    name: baseline.name.clone(),
                    operating_system: baseline.operating_system.name().to_owned(),
                    plan: baseline.tags.get(PLAN_TAG).cloned().unwrap_or_default(),
                });
            }
        }
        Self { previous, created: Some(created) }
    }

    /// Returns what to remember after the changes. `ids` are those of the baselines that were created, by name; what was not
    /// created is no longer expected, unless AWS did not show everything (`is_incomplete`).
    #[must_use]
    pub fn after(mut self, ids: &HashMap<String, String>, is_incomplete: bool) -> Self {
        for one in self.created.iter_mut().flatten().filter(|one| one.id.is_none()) {
            one.id = ids.get(&one.name).cloned();
        }
        if let Some(created) = self.created.as_mut().filter(|_| !is_incomplete) {
            created.retain(|one| one.id.is_some());
        }
        self
    }
}

/// Returns true if the tags of a baseline are those that orgpatch gives a baseline of that name.
fn has_its_name_and_tags(baseline: &ObservedBaseline) -> bool {
    let tag = |key: &str| baseline.tags.get(key).map(String::as_str);
    let os = OperatingSystem::from_name(&baseline.operating_system);
    let (Some(plan), Some(stage), Some(os)) = (tag(PLAN_TAG), tag(STAGE_TAG), os) else { return false };
    baseline_name((plan, stage), os) == baseline.name
}
