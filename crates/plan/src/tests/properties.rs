//! Properties: any valid plan survives a round trip, and no text at all makes the reader panic.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_model::input::is_plan_name;
use orgpatch_model::operating_system::OperatingSystem;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::super::{
    Approve, Conflicts, Deadline, Exclusion, Gate, NeverReboot, Passes, Percent, Plan, Rate, Reboot, Selection,
    SkipOrWarn, Stage, StageExclusion, TagValues, Wave, WhileRunning, has_approval_dates, read,
};
use super::listed;
use super::planned_baselines::{Parts, baselines_of, parts};

proptest! {
    /// The input of a run has a pattern of its own, because it knows no plan.
    #[test]
    fn what_names_a_plan_in_it_names_it_in_the_input_of_a_run(name in "[-_.a-zA-Z0-9é ]{0,3}|[a-z]{62,65}") {
        let read = read(&format!("schemaVersion: 1\nname: \"{name}\"\nregions: [ap-northeast-1]\nstages: [{{name: test, ous: [r-abcd]}}]\n"));
        prop_assert_eq!(read.is_ok(), is_plan_name(&name));
    }
}

const NAME: &str = "[A-Za-z0-9][A-Za-z0-9_-]{0,12}";
const REGION: &str = "(ap|us-gov|eusc-de)-(north|southeast)-[1-9]";
const ACCOUNT: &str = "[0-9]{12}";
const UNIT: &str = "ou-[0-9a-z]{4}-[0-9a-z]{8}|r-[0-9a-z]{4}";
const INSTANCE: &str = "i-([0-9a-f]{8}|[0-9a-f]{17})";

fn list(set: BTreeSet<String>) -> Vec<String> {
    set.into_iter().collect()
}

fn tags() -> impl Strategy<Value = BTreeMap<String, TagValues>> {
    // Tag texts of every kind: numbers, words that YAML takes for something else, signs, other scripts.
    let text = || {
        prop_oneof![
            select(vec!["true", "null", "~", "1", "0x1F", "1e3", "no", "- a", "#"]).prop_map(String::from),
            "\\PC{1,12}"
        ]
    };
    let value = || text().prop_map(|text| text.replace(['*', '?'], "_"));
    let one_of = btree_set(value(), 1..4).prop_map(|values| TagValues::OneOf(list(values)));
    btree_map(text(), prop_oneof![4 => one_of, 1 => Just(TagValues::ANY)], 0..4)
}

fn selection() -> impl Strategy<Value = Selection> {
    let exclude = (btree_set(ACCOUNT, 0..3), btree_set(INSTANCE, 0..3), tags());
    (tags(), subsequence(OperatingSystem::ALL.to_vec(), 0..4), exclude).prop_map(
        |(tags, operating_systems, (accounts, instances, excluded))| Selection {
            tags,
            operating_systems,
            exclude: Exclusion { accounts: list(accounts), instances: list(instances), tags: excluded },
        },
    )
}

fn conflicts() -> impl Strategy<Value = Conflicts> {
    let skip_or_warn = || proptest::option::of(select(vec![SkipOrWarn::Skip, SkipOrWarn::Warn]));
    let running = select(vec![WhileRunning::Wait, WhileRunning::Skip, WhileRunning::Fail]);
    (skip_or_warn(), proptest::option::of(running), skip_or_warn(), skip_or_warn(), skip_or_warn()).prop_map(
        |(patch_policy, running_command, maintenance_window, auto_scaling, other_baseline)| Conflicts {
            patch_policy,
            running_command,
            maintenance_window,
            auto_scaling,
            other_baseline,
        },
    )
}

fn rate() -> impl Strategy<Value = Rate> {
    (1..=1000_u32, "[1-9][0-9]{0,6}|[1-9][0-9]?%|100%", "0|[1-9][0-9]{0,6}|[1-9]?[0-9]%|100%").prop_map(
        |(targets, max_concurrency, max_errors)| Rate {
            targets,
            max_concurrency: max_concurrency.parse().expect("a share"),
            max_errors: max_errors.parse().expect("a share"),
        },
    )
}

fn waves() -> impl Strategy<Value = Vec<Wave>> {
    let growing = (btree_set(1..=999_999_u32, 0..4), btree_set(1..100_u8, 0..4));
    prop_oneof![
        Just(Vec::new()),
        growing.prop_map(|(counts, percents)| {
            let percents = percents.into_iter().filter_map(Percent::new).chain([Percent::ALL]);
            counts.into_iter().map(Wave::Accounts).chain(percents.map(Wave::Percent)).collect()
        }),
    ]
}

fn working_time() -> impl Strategy<Value = (Option<Passes>, Option<Deadline>)> {
    let deadline = (30..=4_320_u32).prop_map(|minutes| format!("{minutes}m").parse().expect("a deadline"));
    (proptest::option::of(select(vec![Passes::One, Passes::Two])), proptest::option::of(deadline))
}

fn gate() -> impl Strategy<Value = Gate> {
    let least = proptest::option::of(0..=1_000_000_u32);
    let targets = proptest::option::of("(0|[1-9][0-9]{0,6}|[1-9]?[0-9]%|100%)");
    let skipped = proptest::option::of(0..=100_u8);
    (0..=100_u8, 0..=100_u8, least, targets, skipped).prop_map(|(failed, unreachable, least, targets, skipped)| Gate {
        max_failed_percent: failed,
        max_unreachable_percent: unreachable,
        min_succeeded: least,
        max_targets_not_reached: targets.map(|text| text.parse().expect("a share")),
        max_skipped_percent: skipped,
    })
}

/// A stage whose ids come from `ids`, which no other stage has.
fn stage(name: String, ids: (BTreeSet<String>, BTreeSet<String>)) -> impl Strategy<Value = Stage> {
    let rest = (
        btree_set(REGION, 0..3),
        proptest::option::of(selection()),
        waves(),
        gate(),
        any::<(Index, Index)>(),
        conflicts(),
        working_time(),
    );
    rest.prop_map(move |(regions, select, waves, gate, (ous_named, accounts_named), conflicts, working_time)| {
        let (mut ous, mut accounts) = (list(ids.0.clone()), list(ids.1.clone()));
        // What is not named is excluded, so that the two never meet.
        let mut excluded_ous = ous.split_off(ous_named.index(ous.len() + 1));
        let excluded_accounts = accounts.split_off(accounts_named.index(accounts.len() + 1));
        if ous.is_empty() && accounts.is_empty() {
            std::mem::swap(&mut ous, &mut excluded_ous);
        }
        Stage {
            name: name.clone(),
            ous,
            accounts,
            exclude: StageExclusion { accounts: excluded_accounts, ous: excluded_ous },
            regions: list(regions),
            select,
            // Added by `with_baselines`.
            baselines: BTreeMap::new(),
            approve: None,
            untested: None,
            conflicts,
            waves,
            passes: working_time.0,
            deadline: working_time.1,
            gate,
        }
    })
}

fn stages() -> impl Strategy<Value = Vec<Stage>> {
    (btree_set(UNIT, 4..12), btree_set(ACCOUNT, 0..8), btree_map("[a-z0-9][a-z0-9_-]{0,12}", any::<bool>(), 1..4))
        .prop_flat_map(|(ous, accounts, names)| {
            let count = names.len();
            let share = |ids: &BTreeSet<String>, nth: usize| -> BTreeSet<String> {
                ids.iter().skip(nth).step_by(count).cloned().collect()
            };
            let stages: Vec<_> = names
                .into_iter()
                .enumerate()
                .map(|(nth, (name, upper))| {
                    let name = if upper { name.to_ascii_uppercase() } else { name };
                    // At least one unit for each of at most three stages.
                    stage(name, (share(&ous, nth), share(&accounts, nth)))
                })
                .collect();
            stages
        })
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![plan_without_baselines(), (plan_without_baselines(), parts()).prop_map(with_baselines)]
}

/// Baselines for a plan, so that every operating system that a stage selects has one and every rule is dated.
fn with_baselines((mut plan, parts): (Plan, Parts)) -> Plan {
    plan.select.operating_systems.clone_from(&parts.systems);
    plan.baselines = baselines_of(&parts.systems, &parts.raw);
    for (nth, (stage, of_stage)) in plan.stages.iter_mut().zip(parts.stages).enumerate() {
        let systems = of_stage.systems;
        let selected = if systems.is_empty() { parts.systems.clone() } else { systems.clone() };
        match &mut stage.select {
            Some(select) => select.operating_systems = systems,
            None if systems.is_empty() => {}
            none => *none = Some(Selection { operating_systems: systems, ..Selection::default() }),
        }
        if of_stage.own {
            stage.baselines = baselines_of(&selected[..1], &parts.raw);
        }
        stage.approve = selected.iter().any(|os| has_approval_dates(*os)).then_some(of_stage.approve);
        if nth == 0 {
            continue;
        }
        stage.untested = of_stage.untested;
        let (frozen, frozen_rules) = of_stage.frozen;
        if frozen {
            stage.approve = Some(Approve::Frozen);
        }
        let rules = stage.baselines.values_mut().flat_map(|baseline| &mut baseline.rules);
        for rule in rules.filter(|rule| frozen_rules && rule.approve.is_some()) {
            rule.approve = Some(Approve::Frozen);
        }
    }
    plan
}

fn plan_without_baselines() -> impl Strategy<Value = Plan> {
    // Where the plan never reboots, it names no instances that are not.
    let never = tags().prop_map(|tags| (Reboot::IfNeeded, NeverReboot { tags }));
    let reboot = prop_oneof![1 => Just((Reboot::Never, NeverReboot::default())), 2 => never];
    let days = (1..=365_u16).prop_map(|days| format!("{days}d").parse().expect("a validity"));
    let gate_valid_for = proptest::option::of(days);
    (NAME, btree_set(REGION, 1..4), selection(), reboot, conflicts(), rate(), gate_valid_for, stages()).prop_map(
        |(name, regions, select, (reboot, never_reboot), conflicts, rate, gate_valid_for, stages): (
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            Vec<Stage>,
        )| Plan {
            schema_version: 1,
            name,
            time_zone: None,
            // Most of these are made up.
            allow_unknown_regions: {
                let of_stages = stages.iter().flat_map(|stage| stage.regions.iter().cloned());
                list(regions.iter().cloned().chain(of_stages).collect())
            },
            regions: list(regions),
            select,
            reboot,
            never_reboot,
            conflicts,
            rate,
            gate_valid_for,
            baselines: BTreeMap::new(),
            stages,
        },
    )
}

fn yaml(plan: &Plan) -> String {
    serde_saphyr::to_string(plan).expect("a plan as YAML")
}

fn json(plan: &Plan) -> String {
    serde_json::to_string_pretty(plan).expect("a plan as JSON")
}

proptest! {
    #[test]
    fn a_plan_survives_a_round_trip(plan in plan()) {
        for text in [yaml(&plan), json(&plan)] {
            match read(&text) {
                Ok(again) => prop_assert_eq!(&again, &plan),
                Err(errors) => prop_assert!(false, "{}\n{text}", listed(&errors)),
            }
        }
    }

    #[test]
    fn only_later_stages_are_compared(plan in plan(), nth in any::<Index>()) {
        let (first, later) = plan.stages.split_first().expect("a stage");
        prop_assert!(!plan.is_frozen(first) && plan.untested(first).is_none());
        for stage in later {
            prop_assert!(plan.untested(stage).is_some() || (!plan.is_frozen(stage) && stage.untested.is_none()));
        }
        // Any compared stage that is moved to the front is refused, whatever else the plan says.
        let mut moved = plan.clone();
        moved.stages.rotate_left(nth.index(plan.stages.len()));
        let refused = plan.untested(&moved.stages[0]).is_some();
        prop_assert_eq!(read(&yaml(&moved)).is_err(), refused, "{}", yaml(&moved));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        places_are_real(&text);
    }

    #[test]
    fn no_yaml_signs_make_the_reader_panic(parts in vec(select(SIGNS.to_vec()), 0..60)) {
        places_are_real(&parts.concat());
    }

    #[test]
    fn no_change_to_a_plan_makes_the_reader_panic(
        plan in plan(),
        changes in vec((any::<Index>(), 0..4_usize, select(SIGNS.to_vec())), 1..6),
    ) {
        let mut text = yaml(&plan);
        for (place, length, sign) in changes {
            let characters: Vec<char> = text.chars().collect();
            let at = place.index(characters.len() + 1);
            let end = (at + length).min(characters.len());
            text = characters[..at].iter().collect::<String>() + sign + &characters[end..].iter().collect::<String>();
        }
        places_are_real(&text);
    }
}

const SIGNS: [&str; 36] = [
    "\n",
    "\r",
    "\r\n",
    "\n  ",
    "\n    ",
    "\t",
    " ",
    ": ",
    "- ",
    "? ",
    "# ",
    "&a ",
    "*a",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "!!str ",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "\u{feff}",
    "\u{85}",
    "é",
    "日",
    "stages",
    "name",
    "12",
    "~",
    "<<",
];

/// Whatever the text: an answer, and each mistake at a place that exists.
fn places_are_real(text: &str) {
    let Err(errors) = read(text) else { return };
    assert!(errors.iter().len() > 0);
    for error in &errors {
        assert!(text.get(error.span.clone()).is_some(), "{error} at {:?} in {text:?}", error.span);
        assert!(error.line >= 1 && error.column >= 1, "{error}");
    }
}
