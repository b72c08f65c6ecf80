//! A run against the one before it: what fails since then, what does not any more, which instances are new or gone.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use orgpatch_model::outcome::{Outcome, TargetOutcome};
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ReportedTarget;

/// What changed since the run of the same plan before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The run before.
    pub run_id: String,
    /// In trouble now (failed, unreachable or not ready), and not in trouble then.
    pub newly_failing: Vec<ComparedInstance>,
    /// In trouble then; patched or compliant now.
    pub fixed: Vec<ComparedInstance>,
    /// Not there then, in a target that was reached in both runs.
    pub new: Vec<ComparedInstance>,
    /// Not there any more, in a target that was reached in both runs.
    pub gone: Vec<ComparedInstance>,
}

/// An instance in both runs, or in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedInstance {
    /// Account id.
    pub account_id: String,
    /// Region code.
    pub region: String,
    /// Instance id.
    pub instance_id: String,
    /// Value of the `Name` tag, or null.
    pub name: Option<String>,
    /// Its outcome in the run before; null: it was not there.
    pub before: Option<Outcome>,
    /// Its outcome in this run; null: it is not there.
    pub now: Option<Outcome>,
}

/// What is needed of the report of the run before, read from its `report.json`: an instance is some 150 bytes of it, and
/// not the five kilobytes that its row is.
#[derive(Debug, Clone, Deserialize)]
pub struct Earlier {
    run: EarlierRun,
    targets: Vec<EarlierTarget>,
    #[serde(deserialize_with = "instances")]
    instances: HashMap<Box<str>, Then>,
}

#[derive(Debug, Clone, Deserialize)]
struct EarlierRun {
    id: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierTarget {
    account_id: Box<str>,
    region: Box<str>,
    outcome: TargetOutcome,
}

/// An account in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    account_id: Box<str>,
    region: Box<str>,
}

/// An instance in the run before.
#[derive(Debug, Clone)]
struct Then {
    place: Arc<Place>,
    name: Option<Box<str>>,
    outcome: Outcome,
}

/// Reads the instances by id, each made small when its turn comes.
fn instances<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashMap<Box<str>, Then>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        account_id: Box<str>,
        region: Box<str>,
        instance_id: Box<str>,
        name: Option<Box<str>>,
        outcome: Outcome,
    }

    struct Rows;

    impl<'de> Visitor<'de> for Rows {
        type Value = HashMap<Box<str>, Then>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of instances")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
            let mut found = HashMap::new();
            // Instances of a target follow one another, and share its place.
            let mut place: Option<Arc<Place>> = None;
            while let Some(Row { account_id, region, instance_id, name, outcome }) = rows.next_element()? {
                let row = Place { account_id, region };
                let place = match &mut place {
                    Some(known) if **known == row => Arc::clone(known),
                    other => Arc::clone(other.insert(Arc::new(row))),
                };
                found.insert(instance_id, Then { place, name, outcome });
            }
            Ok(found)
        }
    }

    deserializer.deserialize_seq(Rows)
}

/// A run that is being compared, one target after the other.
#[derive(Debug)]
pub struct Comparing {
    /// The targets that the run before reached; true for those that this one has reached, too.
    reached: HashMap<Place, bool>,
    /// The instances of the run before that have not been seen in this one.
    then: HashMap<Box<str>, Then>,
    found: Comparison,
}

impl Comparing {
    /// Begins to compare with that run.
    #[must_use]
    pub fn with(earlier: Earlier) -> Self {
        let targets = earlier.targets.into_iter();
        let reached = targets.filter(|target| target.outcome == TargetOutcome::Reached);
        let place = |target: EarlierTarget| Place { account_id: target.account_id, region: target.region };
        Self {
            reached: reached.map(|target| (place(target), false)).collect(),
            then: earlier.instances,
            found: Comparison {
                run_id: earlier.run.id,
                newly_failing: Vec::new(),
                fixed: Vec::new(),
                new: Vec::new(),
                gone: Vec::new(),
            },
        }
    }

    /// One more target with its instances. Where one of the runs did not look (another stage, a locked account), nothing is
    /// new and nothing is gone.
    pub fn add(&mut self, ReportedTarget { target, instances }: &ReportedTarget) {
        let place = Place { account_id: target.account_id.as_str().into(), region: target.region.as_str().into() };
        let reached_then = self.reached.get_mut(&place);
        let was_reached = reached_then.is_some();
        if let Some(reached_now) = reached_then {
            *reached_now |= target.outcome == TargetOutcome::Reached;
        }
        for row in instances {
            let before = self.then.remove(row.instance_id.as_str()).map(|then| then.outcome);
            let list = match before {
                None if was_reached => &mut self.found.new,
                Some(before) if is_trouble(row.outcome) && !is_trouble(before) => &mut self.found.newly_failing,
                Some(before) if is_well(row.outcome) && is_trouble(before) => &mut self.found.fixed,
                _ => continue,
            };
            list.push(ComparedInstance {
                account_id: row.account_id.clone(),
                region: row.region.clone(),
                instance_id: row.instance_id.clone(),
                name: row.name.clone(),
                before,
                now: Some(row.outcome),
            });
        }
    }

    /// What changed, when every target was added. What is gone is sorted by account, Region and id.
    #[must_use]
    pub fn end(self) -> Comparison {
        let Self { reached, then, mut found } = self;
        let gone = then.into_iter().filter(|(_, then)| reached.get(&*then.place) == Some(&true));
        found.gone.extend(gone.map(|(instance_id, then)| ComparedInstance {
            account_id: then.place.account_id.to_string(),
            region: then.place.region.to_string(),
            instance_id: instance_id.into(),
            name: then.name.map(Into::into),
            before: Some(then.outcome),
            now: None,
        }));
        found.gone.sort_by(|a, b| {
            (&a.account_id, &a.region, &a.instance_id).cmp(&(&b.account_id, &b.region, &b.instance_id))
        });
        found
    }
}

impl Comparison {
    /// In one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { run_id, newly_failing, fixed, new, gone } = self;
        format!(
            "since run {run_id}: {} newly failing, {} fixed, {} new, {} gone",
            newly_failing.len(),
            fixed.len(),
            new.len(),
            gone.len()
        )
    }
}

/// Somebody has to do something about it.
fn is_trouble(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Unreachable | Outcome::NotReady)
}

/// It is where it should be.
fn is_well(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Patched | Outcome::Compliant)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Report, fixtures};

    /// `now` compared with `before`.
    fn compared(before: &Report, now: &Report) -> Comparison {
        let text = serde_json::to_string(before).expect("JSON");
        let mut comparing = Comparing::with(serde_json::from_str(&text).expect("a part of a report"));
        for target in now.clone().into_reported() {
            comparing.add(&target);
        }
        comparing.end()
    }

    fn short(comparison: &Comparison) -> String {
        let Comparison { newly_failing, fixed, new, gone, .. } = comparison;
        let ids = |list: &[ComparedInstance]| {
            let words = list.iter().map(|one| one.instance_id.trim_start_matches("i-0000000000000000").to_owned());
            words.collect::<Vec<String>>().join(",")
        };
        format!("failing {} fixed {} new {} gone {}", ids(newly_failing), ids(fixed), ids(new), ids(gone))
    }

    /// The report of the fixtures: instance 1 patched, 2 failed, 3 not ready.
    #[test]
    fn what_changed_is_listed_and_nothing_else() {
        let now = fixtures::report();
        assert_eq!(short(&compared(&now, &now)), "failing  fixed  new  gone ");

        let mut before = now.clone();
        before.instances[0].outcome = Outcome::Unreachable;
        before.instances[1].outcome = Outcome::Missing;
        before.instances[2].instance_id = "i-00000000000000009".into();
        let comparison = compared(&before, &now);
        assert_eq!(short(&comparison), "failing 2 fixed 1 new 3 gone 9");
        assert_eq!(comparison.sentence(), "since run monthly-2026-11: 1 newly failing, 1 fixed, 1 new, 1 gone");
        assert_eq!(
            serde_json::to_value(&comparison.gone[0]).expect("JSON"),
            json!({"accountId": "444400000001", "region": "ap-northeast-1", "instanceId": "i-00000000000000009", "name": null,
                "before": "not-ready", "now": null})
        );
    }

    #[test]
    fn where_one_run_did_not_look_nothing_is_new_or_gone() {
        let now = fixtures::report();
        let mut before = now.clone();
        before.instances.clear();
        for target in &mut before.targets {
            target.outcome = TargetOutcome::AccessDenied;
        }
        assert_eq!(short(&compared(&before, &now)), "failing  fixed  new  gone ");
        // And the other way round.
        assert_eq!(short(&compared(&now, &before)), "failing  fixed  new  gone ");
    }

    #[test]
    fn trouble_that_only_changes_its_name_is_neither_new_nor_fixed() {
        let now = fixtures::report();
        let mut before = now.clone();
        before.instances[1].outcome = Outcome::Unreachable;
        before.instances[0].outcome = Outcome::Compliant;
        assert_eq!(short(&compared(&before, &now)), "failing  fixed  new  gone ");
    }
}
