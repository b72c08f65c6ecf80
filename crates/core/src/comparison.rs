//! A run against the one before it: what fails since then, what does not any more, which instances are new or gone.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::{Outcome, TargetOutcome};
use crate::report::Report;

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

/// What is needed of the report of the run before: a part of `report.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Earlier {
    run: EarlierRun,
    targets: Vec<EarlierTarget>,
    instances: Vec<EarlierInstance>,
}

#[derive(Debug, Clone, Deserialize)]
struct EarlierRun {
    id: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierTarget {
    account_id: String,
    region: String,
    outcome: TargetOutcome,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierInstance {
    account_id: String,
    region: String,
    instance_id: String,
    name: Option<String>,
    outcome: Outcome,
}

/// Compares. Where one of the runs did not look (another stage, a locked account), nothing is new and nothing is gone.
#[must_use]
pub fn compare(earlier: &Earlier, report: &Report) -> Comparison {
    let reached_then: HashSet<(&str, &str)> = earlier
        .targets
        .iter()
        .filter(|target| target.outcome == TargetOutcome::Reached)
        .map(|target| (target.account_id.as_str(), target.region.as_str()))
        .collect();
    let reached_now: HashSet<(&str, &str)> = report
        .targets
        .iter()
        .filter(|target| target.outcome == TargetOutcome::Reached)
        .map(|target| (target.account_id.as_str(), target.region.as_str()))
        .collect();
    let mut then: HashMap<&str, &EarlierInstance> =
        earlier.instances.iter().map(|instance| (instance.instance_id.as_str(), instance)).collect();
    let mut comparison = Comparison {
        run_id: earlier.run.id.clone(),
        newly_failing: Vec::new(),
        fixed: Vec::new(),
        new: Vec::new(),
        gone: Vec::new(),
    };
    for row in &report.instances {
        let before = then.remove(row.instance_id.as_str()).map(|instance| instance.outcome);
        let list = match before {
            None if reached_then.contains(&(row.account_id.as_str(), row.region.as_str())) => &mut comparison.new,
            Some(before) if is_trouble(row.outcome) && !is_trouble(before) => &mut comparison.newly_failing,
            Some(before) if is_well(row.outcome) && is_trouble(before) => &mut comparison.fixed,
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
    // In the order of the earlier report, which a map does not keep.
    let gone = earlier.instances.iter().filter(|instance| {
        let place = (instance.account_id.as_str(), instance.region.as_str());
        then.contains_key(instance.instance_id.as_str())
            && reached_then.contains(&place)
            && reached_now.contains(&place)
    });
    comparison.gone.extend(gone.map(|instance| ComparedInstance {
        account_id: instance.account_id.clone(),
        region: instance.region.clone(),
        instance_id: instance.instance_id.clone(),
        name: instance.name.clone(),
        before: Some(instance.outcome),
        now: None,
    }));
    comparison
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
    use crate::fixtures;

    fn earlier(report: &Report) -> Earlier {
        serde_json::from_value(serde_json::to_value(report).expect("JSON")).expect("a part of a report")
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
        assert_eq!(short(&compare(&earlier(&now), &now)), "failing  fixed  new  gone ");

        let mut before = now.clone();
        before.instances[0].outcome = Outcome::Unreachable;
        before.instances[1].outcome = Outcome::Missing;
        before.instances[2].instance_id = "i-00000000000000009".into();
        let comparison = compare(&earlier(&before), &now);
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
        assert_eq!(short(&compare(&earlier(&before), &now)), "failing  fixed  new  gone ");
        // And the other way round.
        assert_eq!(short(&compare(&earlier(&now), &before)), "failing  fixed  new  gone ");
    }

    #[test]
    fn trouble_that_only_changes_its_name_is_neither_new_nor_fixed() {
        let now = fixtures::report();
        let mut before = now.clone();
        before.instances[1].outcome = Outcome::Unreachable;
        before.instances[0].outcome = Outcome::Compliant;
        assert_eq!(short(&compare(&earlier(&before), &now)), "failing  fixed  new  gone ");
    }
}
