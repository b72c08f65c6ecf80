//! Which step lists an instance of a target that several stages share.
//!
//! An instance belongs to the stage that its tags say, whether the plan selects it or not. The step of that stage lists it. What
//! belongs to no stage, or to none whose step has yet to come, is listed by the last step of the run that works on the target. The
//! tags of an instance may change between two steps: what one step has listed, no later one lists again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use orgpatch_plan::{Selection, TagValues};

use super::{Eligibility, InventoryInstance};
use crate::planner::{SharingStage, StepSettings, Turn};
use crate::selection::{lacks_tag, matching_tag};

/// The most stages of which a reason says what they ask for.
const MOST_TOLD: usize = 3;

/// The stages that share a target, as one step sees them.
pub struct Sharing<'s> {
    stage: &'s str,
    select: &'s Selection,
    others: Vec<&'s SharingStage>,
}

/// Where an instance is listed.
enum Listed {
    /// In another step.
    Elsewhere,
    /// Here, as it is.
    Here,
    /// Here, left out for that reason.
    LeftOut(Reason),
}

impl<'s> Sharing<'s> {
    /// Returns the stages that share a target with the step; None if the target is the step's alone.
    #[must_use]
    pub fn of(settings: &'s StepSettings, target: &'s Target) -> Option<Self> {
        let others: Vec<&SharingStage> = settings.sharing.iter().filter(|other| other.has_target(target)).collect();
        (!others.is_empty()).then_some(Self { stage: &target.stage, select: &settings.select, others })
    }

    /// Returns the patch groups that get baselines of the other stages.
    #[must_use]
    pub fn other_groups(&self) -> BTreeSet<(OperatingSystem, String)> {
        self.others.iter().flat_map(|other| &other.patch_groups).cloned().collect()
    }

    /// Returns the steps that listed instances of the target before, by their ids.
    pub fn earlier_steps(&self) -> impl Iterator<Item = &'s str> {
        self.others.iter().filter_map(|other| match &other.turn {
            Turn::Earlier(step) => Some(step.as_str()),
            Turn::Later | Turn::Never => None,
        })
    }

    /// Keeps the instances that this step lists. `before` are the ids that earlier steps listed.
    pub fn keep_listed(&self, instances: &mut Vec<InventoryInstance>, ec2: &[Ec2Instance], before: &HashSet<String>) {
        let ec2: HashMap<&str, &Ec2Instance> = ec2.iter().map(|one| (one.id.as_str(), one)).collect();
        let is_last = self.others.iter().all(|other| other.turn != Turn::Later);
        instances.retain_mut(|row| {
            if before.contains(&row.instance_id) {
                return false;
            }
            let listed = match ec2.get(row.instance_id.as_str()) {
                Some(instance) => self.listed(instance, is_last),
                // A hybrid node, which no stage selects.
                None if is_last => Listed::Here,
                None => Listed::Elsewhere,
            };
            if let Listed::LeftOut(reason) = listed {
                row.eligibility = Eligibility::Skipped(reason);
                return true;
            }
            matches!(listed, Listed::Here)
        });
    }

    fn listed(&self, instance: &Ec2Instance, is_last: bool) -> Listed {
        let others = || self.others.iter().copied();
        let all = || [self.select].into_iter().chain(others().map(|other| &other.select));
        // No two of them select the same instance.
        let owner = if has_its_tags(instance, self.select) {
            return Listed::Here;
        } else if let Some(other) = others().find(|other| has_its_tags(instance, &other.select)) {
            Some(other)
        } else if belongs(instance, self.select, all()) {
            return Listed::Here;
        } else {
            others().find(|other| belongs(instance, &other.select, all()))
        };
        match owner.map(|other| (&other.stage, &other.turn)) {
            Some((_, Turn::Later)) => Listed::Elsewhere,
            _ if !is_last => Listed::Elsewhere,
            Some((stage, Turn::Earlier(_))) => Listed::LeftOut(Reason::new(
                ReasonCode::OtherStage,
                format!(
                    "the instance belongs to stage {stage:?}, whose step did not list it: it came or got its tags later, or the \
                     target could not be read then"
                ),
            )),
            Some((stage, Turn::Never)) => Listed::LeftOut(Reason::new(
                ReasonCode::OtherStage,
                format!("the instance belongs to stage {stage:?}, which is not part of this run"),
            )),
            None => Listed::LeftOut(self.belongs_to_none(instance)),
        }
    }

    fn belongs_to_none(&self, instance: &Ec2Instance) -> Reason {
        let others = self.others.iter().map(|other| (other.stage.as_str(), &other.select));
        let asked = [(self.stage, self.select)].into_iter().chain(others).filter_map(|(stage, select)| {
            let key = lacks_tag(select, instance)?;
            Some(format!("{stage:?} asks for {key}={}", select.tags[key]))
        });
        let mut asked: Vec<String> = asked.collect();
        if asked.len() > MOST_TOLD {
            let more = format!("and {} more", asked.len() - MOST_TOLD);
            asked.truncate(MOST_TOLD);
            asked.push(more);
        }
        let text = format!("no stage selects this instance by its tags: {}", asked.join(", "));
        Reason::new(ReasonCode::NotSelectedByTags, text)
    }
}

/// Returns true if an instance is selected by its tags.
fn has_its_tags(instance: &Ec2Instance, select: &Selection) -> bool {
    lacks_tag(select, instance).is_none() && matching_tag(&select.exclude.tags, &instance.tags).is_none()
}

/// Returns true if an instance that is selected by no stage belongs to the one of that selection, among those that share its target:
/// it has all tags that the stage selects, and no other stage selects the value of the tag by which the two are told apart.
fn belongs<'s>(instance: &Ec2Instance, select: &Selection, mut all: impl Iterator<Item = &'s Selection>) -> bool {
    let is_of_other = |other: &Selection| {
        select.told_apart_by(other).and_then(|key| instance.tags.get_key_value(key)).is_some_and(|(key, value)| {
            let matches = |tags: &BTreeMap<String, TagValues>| tags.get(key).is_some_and(|all| all.matches(value));
            matches(&other.tags) && !matches(&other.exclude.tags)
        })
    };
    lacks_tag(select, instance).is_none() && !all.any(is_of_other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::target;
    use crate::inventory::list;

    /// The stages of a plan: those with a value select it, one without leaves out what the others select.
    const STAGES: [(&str, Option<&str>); 4] =
        [("dev", Some("dev")), ("test", Some("test")), ("production", Some("prod")), ("rest", None)];

    /// Whatever the stage, the plan leaves out exempt instances, and production selects Linux only.
    fn selection(value: Option<&str>) -> Selection {
        let mut select = Selection::default();
        select.exclude.tags.insert("Exempt".to_owned(), TagValues::ANY);
        match value {
            Some(value) => select.tags.insert("Env".to_owned(), [value].into()),
            None => select.exclude.tags.insert("Env".to_owned(), ["dev", "test", "prod"].into()),
        };
        if value == Some("prod") {
            select.operating_systems = vec![OperatingSystem::AmazonLinux2023];
        }
        select
    }

    fn instance(id: &str, tags: &[(&str, &str)]) -> Ec2Instance {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Ec2Instance { id: id.into(), state: "running".into(), tags, ..Ec2Instance::default() }
    }

    /// Returns what each step of a run lists, by stage. `stages` are those that share the target, `in_run` those of the run, and `ec2`
    /// gives what is there when each of these lists its instances.
    fn listed(
        stages: &[(&str, Option<&str>)],
        in_run: &[usize],
        ec2: impl Fn(usize) -> Vec<Ec2Instance>,
    ) -> Vec<(String, Vec<InventoryInstance>)> {
        let mut before = HashSet::new();
        let mut all = Vec::new();
        for (turn, &stage) in in_run.iter().enumerate() {
            let others: Vec<SharingStage> = (0..stages.len())
                .filter(|other| *other != stage)
                .map(|other| SharingStage {
                    stage: stages[other].0.into(),
                    turn: match in_run.iter().position(|one| *one == other) {
                        Some(position) if position < turn => {
                            Turn::Earlier(format!("{position:02}-{}-1", stages[other].0))
                        }
                        Some(_) => Turn::Later,
                        None => Turn::Never,
                    },
                    select: selection(stages[other].1),
                    accounts: ["222200000001".to_owned()].into(),
                    regions: vec!["ap-northeast-1".into()],
                    patch_groups: BTreeSet::new(),
                })
                .collect();
            let select = selection(stages[stage].1);
            let sharing = Sharing { stage: stages[stage].0, select: &select, others: others.iter().collect() };
            let ec2 = ec2(turn);
            let mut rows = list::inventory(&select, &ec2, &[]);
            sharing.keep_listed(&mut rows, &ec2, &before);
            before.extend(rows.iter().map(|row| row.instance_id.clone()));
            all.push((stages[stage].0.to_owned(), rows));
        }
        all
    }

    fn lines(listed: &[(String, Vec<InventoryInstance>)]) -> String {
        let line = |stage: &String, row: &InventoryInstance| match &row.eligibility {
            Eligibility::Skipped(reason) => format!("{stage}: {} {reason}", row.instance_id),
            _ => format!("{stage}: {} selected", row.instance_id),
        };
        let all = listed.iter().flat_map(|(stage, rows)| rows.iter().map(move |row| line(stage, row)));
        all.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_no_stage_selects_is_listed_by_the_last_step() {
        let ec2 = |_| {
            vec![
                instance("i-dev", &[("Env", "dev")]),
                instance("i-none", &[]),
                instance("i-prod", &[("Env", "prod")]),
                instance("i-test", &[("Env", "test")]),
            ]
        };
        insta::assert_snapshot!(lines(&listed(&STAGES[..3], &[0, 1, 2], ec2)), @r#"
        dev: i-dev selected
        test: i-test selected
        production: i-none no stage selects this instance by its tags: "production" asks for Env=prod, "dev" asks for Env=dev, "test" asks for Env=test (not-selected-by-tags)
        production: i-prod selected
        "#);
        insta::assert_snapshot!(lines(&listed(&STAGES[..3], &[1], ec2)), @r#"
        test: i-dev the instance belongs to stage "dev", which is not part of this run (other-stage)
        test: i-none no stage selects this instance by its tags: "test" asks for Env=test, "dev" asks for Env=dev, "production" asks for Env=prod (not-selected-by-tags)
        test: i-prod the instance belongs to stage "production", which is not part of this run (other-stage)
        test: i-test selected
        "#);
        insta::assert_snapshot!(lines(&listed(&STAGES, &[3, 1], ec2)), @r#"
        rest: i-none selected
        test: i-dev the instance belongs to stage "dev", which is not part of this run (other-stage)
        test: i-prod the instance belongs to stage "production", which is not part of this run (other-stage)
        test: i-test selected
        "#);
    }

    #[test]
    fn what_the_plan_leaves_out_is_of_the_stage_of_its_tags() {
        let ec2 = |_| {
            let mut windows = instance("i-windows", &[("Env", "prod")]);
            windows.windows = true;
            vec![
                instance("i-exempt", &[("Env", "test"), ("Exempt", "")]),
                instance("i-exempt-prod", &[("Env", "prod"), ("Exempt", "")]),
                windows,
            ]
        };
        insta::assert_snapshot!(lines(&listed(&STAGES[1..], &[2, 0, 1], ec2)), @"
        test: i-exempt the plan excludes instances with tag Exempt= (excluded-by-tag)
        production: i-exempt-prod the plan excludes instances with tag Exempt= (excluded-by-tag)
        production: i-windows not selected by operating system: the plan does not list WINDOWS (not-selected-by-operating-system)
        ");
        insta::assert_snapshot!(lines(&listed(&STAGES[1..], &[1], ec2)), @r#"
        production: i-exempt the instance belongs to stage "test", which is not part of this run (other-stage)
        production: i-exempt-prod the plan excludes instances with tag Exempt= (excluded-by-tag)
        production: i-windows not selected by operating system: the plan does not list WINDOWS (not-selected-by-operating-system)
        "#);
    }

    #[test]
    fn what_a_stage_selects_is_listed_there_whatever_another_one_selects_and_leaves_out() {
        let tags = |values: &[&str]| -> BTreeMap<String, TagValues> {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            [("Env".to_owned(), TagValues::OneOf(values))].into()
        };
        let dev = Selection { tags: tags(&["dev"]), ..Selection::default() };
        // The stage inherits the tags of the plan, and leaves out a value of them.
        let mut production = Selection { tags: tags(&["dev", "prod"]), ..Selection::default() };
        production.exclude.tags = tags(&["dev"]);
        assert!(dev.told_apart_by(&production).is_some());
        let other = |stage: &str, turn, select: &Selection| SharingStage {
            stage: stage.into(),
            turn,
            select: select.clone(),
            accounts: BTreeSet::new(),
            regions: Vec::new(),
            patch_groups: BTreeSet::new(),
        };
        let ec2 = [instance("i-dev", &[("Env", "dev")]), instance("i-prod", &[("Env", "prod")])];
        let ids = |stage, select: &Selection, other: &SharingStage| {
            let mut rows = list::inventory(select, &ec2, &[]);
            Sharing { stage, select, others: vec![other] }.keep_listed(&mut rows, &ec2, &HashSet::new());
            rows.into_iter().filter(InventoryInstance::is_selected).map(|row| row.instance_id).collect::<Vec<_>>()
        };
        assert_eq!(ids("dev", &dev, &other("production", Turn::Later, &production)), ["i-dev"]);
        assert_eq!(ids("production", &production, &other("dev", Turn::Later, &dev)), ["i-prod"]);
    }

    #[test]
    fn an_instance_whose_tags_change_between_two_steps_is_listed_once() {
        let ec2 = |turn| {
            let value = |first, then| if turn == 0 { first } else { then };
            vec![
                instance("i-back", &[("Env", value("prod", "test"))]),
                instance("i-forth", &[("Env", value("test", "prod"))]),
            ]
        };
        insta::assert_snapshot!(lines(&listed(&STAGES[1..3], &[0, 1], ec2)), @r#"
        test: i-forth selected
        production: i-back the instance belongs to stage "test", whose step did not list it: it came or got its tags later, or the target could not be read then (other-stage)
        "#);
    }

    #[test]
    fn a_target_that_no_other_stage_has_is_the_steps_alone() {
        let target = target();
        let mut other = SharingStage {
            stage: "production".into(),
            turn: Turn::Later,
            select: Selection::default(),
            accounts: BTreeSet::from(["222200000001".to_owned()]),
            regions: vec!["ap-northeast-3".into()],
            patch_groups: BTreeSet::new(),
        };
        assert!(!other.has_target(&target));
        other.regions.push("ap-northeast-1".into());
        assert!(other.has_target(&target));
        other.accounts = BTreeSet::from(["222200000002".to_owned()]);
        assert!(!other.has_target(&target));
    }

    proptest! {
        /// Whatever the tags are when a step lists its instances: each one is listed by exactly one step. If they stay, it is the
        /// step of the stage that selects it.
        #[test]
        fn each_instance_is_listed_once(
            in_run in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle().prop_flat_map(|all| {
                (1..=all.len()).prop_map(move |n| all[..n].to_vec())
            }),
            values in proptest::collection::vec(
                (proptest::collection::vec(proptest::option::of(0..4_usize), 4), any::<bool>(), any::<bool>()), 0..12
            ),
            stays in any::<bool>(),
        ) {
            const VALUES: [&str; 4] = ["dev", "test", "prod", "Prod"];
            let ec2 = |turn: usize| values.iter().enumerate().map(|(nth, (values, exempt, windows))| {
                let value = values[if stays { 0 } else { turn }].map(|value| ("Env", VALUES[value]));
                let tags: Vec<(&str, &str)> = value.into_iter().chain(exempt.then_some(("Exempt", "yes"))).collect();
                Ec2Instance { windows: *windows, ..instance(&format!("i-{nth}"), &tags) }
            }).collect::<Vec<_>>();
            let all = listed(&STAGES, &in_run, ec2);
            let mut places: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
            for (stage, rows) in &all {
                for row in rows {
                    places.entry(&row.instance_id).or_default().push((stage, row.is_selected()));
                }
            }
            prop_assert_eq!(places.len(), values.len());
            for (id, places) in places {
                prop_assert_eq!(places.len(), 1, "{} {:?}", id, places);
                if stays {
                    let nth: usize = id.trim_start_matches("i-").parse().expect("a number");
                    let (value, exempt, windows) = &values[nth];
                    let value = value[0].map(|value| VALUES[value]);
                    let of = |stage: &usize| {
                        STAGES[*stage].1 == value || (STAGES[*stage].1.is_none() && value.is_none_or(|value| value == "Prod"))
                    };
                    let own = in_run.iter().find(|stage| of(stage)).map(|stage| STAGES[*stage]);
                    let selects = |(_, value): (&str, Option<&str>)| !(*exempt || *windows && value == Some("prod"));
                    prop_assert_eq!(own.is_some_and(selects), places[0].1);
                    prop_assert!(own.is_none_or(|(own, _)| own == places[0].0));
                }
            }
        }
    }
}
