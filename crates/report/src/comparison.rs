//! Compares a run with the run before it: newly failing, fixed, new and gone instances.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::reason::ReasonCode;
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{ReportedChunk, StepDecision, StepReport};

/// What changed since the previous run of the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The previous run.
    pub run_id: String,
    /// The stages that are compared, if one of the runs did not work on all stages of the other. Absent: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// Instances that are failed, unreachable or not ready in this run, and were none of these in the previous run.
    pub newly_failing: Vec<ComparedInstance>,
    /// Instances that were failed, unreachable or not ready in the previous run, and are patched or compliant in this run.
    pub fixed: Vec<ComparedInstance>,
    /// Instances that only this run has, in targets that both runs reached.
    pub new: Vec<ComparedInstance>,
    /// Instances that only the previous run has, in targets that both runs reached.
    pub gone: Vec<ComparedInstance>,
}

/// An instance of both runs, or of one of them.
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
    /// Its outcome in the previous run. Null: it was not in that run.
    pub before: Option<Outcome>,
    /// Its outcome in this run. Null: it is not in this run.
    pub now: Option<Outcome>,
}

/// The part of the previous run's `report.json` that the comparison needs: some 150 bytes per instance, in place of the
/// five kilobytes of its row.
#[derive(Debug, Clone, Deserialize)]
pub struct Earlier {
    run: EarlierRun,
    steps: Vec<EarlierStep>,
    targets: Vec<EarlierTarget>,
    #[serde(deserialize_with = "instances")]
    instances: HashMap<Box<str>, Then>,
}

#[derive(Debug, Clone, Deserialize)]
struct EarlierRun {
    id: String,
}

#[derive(Debug, Clone, Deserialize)]
struct EarlierStep {
    stage: String,
    decision: StepDecision,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierTarget {
    account_id: Box<str>,
    region: Box<str>,
    stage: Box<str>,
    outcome: TargetOutcome,
}

/// The account and the Region of a target, and its stage: several stages may share an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TargetKey {
    account_id: Box<str>,
    region: Box<str>,
    stage: Box<str>,
}

/// An instance of the previous run.
#[derive(Debug, Clone)]
struct Then {
    place: Arc<TargetKey>,
    name: Option<Box<str>>,
    outcome: Outcome,
    /// True if it belonged to a stage on which that run did not work.
    is_of_other_stage: bool,
    /// Boxed, because few instances have one.
    pending: Option<Box<Pending>>,
}

/// A reboot for which an instance waited in the previous run, by the clock of the instance.
#[derive(Debug, Clone, Copy)]
struct Pending {
    since: Timestamp,
    /// When the run looked at it last.
    seen_at: Timestamp,
}

/// Reads the instances by id. Each is reduced to what the comparison needs as soon as it is read.
fn instances<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashMap<Box<str>, Then>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        account_id: Box<str>,
        region: Box<str>,
        stage: Box<str>,
        instance_id: Box<str>,
        name: Option<Box<str>>,
        outcome: Outcome,
        reason: Why,
        pending_reboot_since: Option<Timestamp>,
        scanned_at: Option<Timestamp>,
    }

    #[derive(Deserialize)]
    struct Why {
        code: ReasonCode,
    }

    struct Rows;

    impl<'de> Visitor<'de> for Rows {
        type Value = HashMap<Box<str>, Then>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of instances")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
            let mut found = HashMap::new();
            // Instances of a target follow one another, and share its key.
            let mut place: Option<Arc<TargetKey>> = None;
            while let Some(row) = rows.next_element()? {
                let Row { account_id, region, stage, instance_id, name, outcome, reason, .. } = row;
                let pending = row.pending_reboot_since.zip(row.scanned_at);
                let pending = pending.map(|(since, seen_at)| Box::new(Pending { since, seen_at }));
                let target = TargetKey { account_id, region, stage };
                let place = match &mut place {
                    Some(known) if **known == target => Arc::clone(known),
                    other => Arc::clone(other.insert(Arc::new(target))),
                };
                let is_of_other_stage = reason.code == ReasonCode::OtherStage;
                found.insert(instance_id, Then { place, name, outcome, is_of_other_stage, pending });
            }
            Ok(found)
        }
    }

    deserializer.deserialize_seq(Rows)
}

/// A comparison while targets are added, one after the other.
#[derive(Debug)]
pub struct Comparing {
    /// The targets that the previous run reached; true for those that this run reached, too.
    reached: HashMap<TargetKey, bool>,
    /// The stages on which the previous run worked, in its order.
    stages: Vec<String>,
    /// The instances of the previous run that were not added yet.
    then: HashMap<Box<str>, Then>,
    found: Comparison,
}

impl Comparing {
    /// Begins a comparison with that run.
    #[must_use]
    pub fn with(earlier: Earlier) -> Self {
        let targets = earlier.targets.into_iter();
        let reached = targets.filter(|target| target.outcome == TargetOutcome::Reached);
        let place =
            |EarlierTarget { account_id, region, stage, .. }: EarlierTarget| TargetKey { account_id, region, stage };
        Self {
            reached: reached.map(|target| (place(target), false)).collect(),
            stages: worked_on(earlier.steps.iter().map(|step| (step.stage.as_str(), step.decision))),
            then: earlier.instances,
            found: Comparison {
                run_id: earlier.run.id,
                stages: Vec::new(),
                newly_failing: Vec::new(),
                fixed: Vec::new(),
                new: Vec::new(),
                gone: Vec::new(),
            },
        }
    }

    /// Puts the time into a row since when an instance has waited for a reboot, where the previous run knows an earlier one.
    ///
    /// Systems Manager keeps only the last install that did not reboot. If that one is not younger than the previous run's last
    /// look, at which a patch waited already, the instance waits for the same reboot.
    pub fn keep_waiting(&self, row: &mut InstanceRow) {
        let Some(now) = row.pending_reboot_since else { return };
        let Some(then) = self.then.get(row.instance_id.as_str()).and_then(|then| then.pending.as_deref()) else {
            return;
        };
        if now <= then.seen_at && then.since < now {
            row.pending_reboot_since = Some(then.since);
        }
    }

    /// Adds the next chunk of a target with its instances. If one of the runs did not reach the target (another stage, no access),
    /// none of its instances is new or gone.
    pub fn add(&mut self, ReportedChunk { target, instances, whole }: &ReportedChunk) {
        let [account_id, region, stage] =
            [&target.account_id, &target.region, &target.stage].map(|text| text.as_str().into());
        let place = TargetKey { account_id, region, stage };
        let reached_then = self.reached.get_mut(&place);
        let was_reached = reached_then.is_some();
        if let (Some(reached_now), Some(whole)) = (reached_then, whole) {
            *reached_now |= whole.outcome == TargetOutcome::Reached;
        }
        // A stage on which one of the runs did not work says nothing about what changed.
        let is_compared = target.outcome != TargetOutcome::NotAttempted && self.stages.contains(&target.stage);
        for row in instances {
            let before = self.then.remove(row.instance_id.as_str()).map(|then| then.outcome);
            let list = match before {
                _ if !is_compared => continue,
                None if was_reached && row.reason.code != ReasonCode::OtherStage => &mut self.found.new,
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

    /// Returns the comparison, after every target was added; None if the runs worked on no stage together. `steps` are those of this
    /// run. Gone instances are sorted by account, Region and id.
    #[must_use]
    pub fn end(self, steps: &[StepReport]) -> Option<Comparison> {
        let Self { reached, stages, then, mut found } = self;
        let now = worked_on(steps.iter().map(|step| (step.stage.as_str(), step.decision)));
        let both: Vec<String> = now.iter().filter(|stage| stages.contains(stage)).cloned().collect();
        if both.is_empty() {
            return None;
        }
        if both.len() < now.len().max(stages.len()) {
            found.stages = both;
        }
        let is_gone = |then: &Then| !then.is_of_other_stage && reached.get(&*then.place) == Some(&true);
        let gone = then.into_iter().filter(|(_, then)| is_gone(then));
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
        Some(found)
    }
}

/// Returns the stages of the steps on which a run worked.
fn worked_on<'s>(steps: impl Iterator<Item = (&'s str, StepDecision)>) -> Vec<String> {
    let mut stages: Vec<String> = steps
        .filter(|(_, decision)| *decision != StepDecision::NotAttempted)
        .map(|(stage, _)| stage.to_owned())
        .collect();
    stages.dedup();
    stages
}

impl Comparison {
    /// Returns the comparison in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { run_id, stages, newly_failing, fixed, new, gone } = self;
        let only = match stages.len() {
            0 => String::new(),
            1 => format!(", in stage {} only", stages[0]),
            _ => format!(", in the stages {} only", stages.join(", ")),
        };
        format!(
            "since run {run_id}{only}: {} newly failing, {} fixed, {} new, {} gone",
            newly_failing.len(),
            fixed.len(),
            new.len(),
            gone.len()
        )
    }
}

/// Returns true if an operator has to fix something.
fn is_trouble(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Unreachable | Outcome::NotReady)
}

/// Returns true if no patch is missing.
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
        comparing.end(&now.head.steps).expect("a common stage")
    }

    /// `now` without the steps and targets of a stage.
    fn without(now: &Report, stage: &str) -> Report {
        let mut report = now.clone();
        report.head.steps.retain(|step| step.stage != stage);
        report.targets.retain(|target| target.stage != stage);
        report.instances.retain(|row| row.stage != stage);
        report
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
    fn an_instance_goes_on_waiting_for_the_same_reboot() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let mut before = fixtures::report();
        before.instances[0].pending_reboot_since = Some(at(100));
        before.instances[0].scanned_at = Some(at(900));
        let text = serde_json::to_string(&before).expect("JSON");
        let comparing = Comparing::with(serde_json::from_str(&text).expect("a part of a report"));
        let kept = |nth: usize, now: Option<i64>| {
            let mut row = before.instances[nth].clone();
            row.pending_reboot_since = now.map(at);
            comparing.keep_waiting(&mut row);
            row.pending_reboot_since
        };
        assert_eq!(kept(0, Some(800)), Some(at(100)), "the previous run's second install");
        assert_eq!(kept(0, Some(901)), Some(at(901)), "an install since then: it may have been rebooted in between");
        assert_eq!(kept(0, Some(50)), Some(at(50)));
        assert_eq!(kept(0, None), None, "it has been rebooted");
        assert_eq!(kept(1, Some(800)), Some(at(800)), "it did not wait in the previous run");
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
    fn a_target_that_stages_share_is_compared_stage_by_stage() {
        let now = fixtures::report();
        let mut before = now.clone();
        let (mut target, mut row) = (now.targets[0].clone(), now.instances[0].clone());
        (target.stage, row.stage) = ("production".into(), "production".into());
        row.instance_id = "i-00000000000000007".into();
        before.targets.push(target.clone());
        before.instances.push(row);
        assert_eq!(
            short(&compared(&before, &now)),
            "failing  fixed  new  gone ",
            "this run has only one of the stages"
        );
        let mut both = now;
        both.targets.push(target);
        assert_eq!(short(&compared(&before, &both)), "failing  fixed  new  gone 7");
    }

    #[test]
    fn what_belongs_to_a_stage_that_was_not_run_is_neither_new_nor_gone() {
        let before = fixtures::report();
        let mut now = before.clone();
        let mut row = before.instances[0].clone();
        row.instance_id = "i-00000000000000007".into();
        now.instances.push(row);
        assert_eq!(short(&compared(&before, &now)), "failing  fixed  new 7 gone ");
        assert_eq!(short(&compared(&now, &before)), "failing  fixed  new  gone 7");
        let other = now.instances.last_mut().expect("a row");
        (other.outcome, other.reason.code) = (Outcome::Skipped, ReasonCode::OtherStage);
        for (one, other) in [(&now, &before), (&before, &now)] {
            assert_eq!(short(&compared(one, other)), "failing  fixed  new  gone ");
        }
    }

    #[test]
    fn runs_without_a_common_stage_are_not_compared() {
        let both = fixtures::report();
        let [test, production] = ["production", "test"].map(|stage| without(&both, stage));
        let begin = |before: &Report| {
            let json = serde_json::to_string(before).expect("JSON");
            Comparing::with(serde_json::from_str(&json).expect("a part of a report"))
        };
        assert_eq!(begin(&test).end(&production.head.steps), None);
        // A stage that one of the runs did not come to is not common.
        let mut halted = both.clone();
        halted.head.steps[1].decision = StepDecision::NotAttempted;
        assert_eq!(begin(&halted).end(&production.head.steps), None);
        assert_eq!(begin(&production).end(&halted.head.steps), None);
    }

    #[test]
    fn runs_that_share_a_stage_are_compared_over_that_stage() {
        let mut both = fixtures::report();
        let mut before = without(&both, "production");
        before.instances[0].outcome = Outcome::Failed;
        let comparison = compared(&before, &both);
        assert_eq!(short(&comparison), "failing  fixed 1 new  gone ");
        assert_eq!(
            comparison.sentence(),
            "since run monthly-2026-11, in stage test only: 0 newly failing, 1 fixed, 0 new, 0 gone"
        );
        // A report that has rows of a stage to which its run did not come.
        let mut before = both.clone();
        before.head.steps[1].decision = StepDecision::NotAttempted;
        before.instances.iter_mut().filter(|row| row.stage == "production").for_each(|row| {
            row.outcome = Outcome::NotAttempted;
        });
        assert_eq!(short(&compared(&before, &both)), "failing  fixed  new  gone ");
        both.head.steps[0].stage = "production".into();
        assert!(compared(&both.clone(), &both).stages.is_empty(), "both runs worked on the same stages");
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
