//! What holds of every plan and every organization.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orgpatch_model::input::{Operation, RunInput};
use orgpatch_plan::{AllowedSources, Approve, Untested};
use proptest::collection::vec;
use proptest::sample::subsequence;

use super::*;
use crate::planner::{PlanDocument, PlannedRun, RunIdentity, waves_of};
use crate::stage_memory::StageMemory;

/// The units of the made-up organization, each with its path.
const PATHS: [&[&str]; 5] =
    [&["r-1"], &["r-1", "ou-t"], &["r-1", "ou-s"], &["r-1", "ou-p"], &["r-1", "ou-p", "ou-p-pay"]];

/// Everything that a run is planned from, so that planning succeeds: each stage has an account that nothing excludes.
#[derive(Debug, Clone)]
struct Case {
    plan: Plan,
    organization: Organization,
    input: RunInput,
}

fn operations() -> impl Strategy<Value = (Operation, bool)> {
    prop_oneof![
        Just((Operation::Install, false)),
        Just((Operation::Scan, false)),
        Just((Operation::Scan, true)),
        Just((Operation::PreviewBaselines, false)),
        Just((Operation::ApplyBaselines, false)),
        Just((Operation::RestoreBaselines, false)),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let accounts = vec((0..PATHS.len(), any::<bool>()), 0..40);
    let later_stages = (waves(), waves(), waves(), any::<bool>(), 0_usize..4);
    // The stages of the run; the first one is always among them, since another one may be compared with it.
    let only = proptest::option::of(subsequence(vec!["staging", "production"], 0..=2));
    let excluded = (vec(0_usize..40, 0..4), vec(0_usize..40, 0..4), any::<bool>());
    (accounts, later_stages, only, excluded, operations()).prop_map(
        |(accounts, (first, second, third, frozen, compared), only, (by_plan, by_stage, payments), operation)| {
            let mut accounts: Vec<Account> = accounts
                .into_iter()
                .enumerate()
                .map(|(n, (unit, active))| Account {
                    state: if active { AccountState::Active } else { AccountState::Suspended },
                    ..account(&format!("{n:012}"), PATHS[unit])
                })
                .collect();
            let existing = |wanted: Vec<usize>| -> Vec<String> {
                let there = wanted.into_iter().filter(|n| *n < accounts.len());
                there.map(|n| format!("{n:012}")).collect()
            };
            let (by_plan, by_stage) = (existing(by_plan), existing(by_stage));
            accounts.extend([1, 2, 3].map(|unit| account(&format!("99999999999{unit}"), PATHS[unit])));

            let mut plan =
                plan(vec![stage("test", &["ou-t"]), stage("staging", &["ou-s"]), stage("production", &["ou-p"])]);
            plan.select.exclude.accounts = by_plan;
            plan.stages[2].exclude.accounts = by_stage;
            if payments {
                plan.stages[2].exclude.ous = vec!["ou-p-pay".into()];
            }
            for (stage, waves) in plan.stages.iter_mut().zip([first, second, third]) {
                stage.waves = waves;
            }
            plan.stages[1].approve = frozen.then_some(Approve::Frozen);
            plan.stages[2].untested =
                [None, Some(Untested::Allow), Some(Untested::Warn), Some(Untested::Block)][compared];
            let mut organization = organization(accounts);
            organization.unit_names.insert("ou-s".into(), "Staging".into());
            let stages = only.map(|later| ["test"].into_iter().chain(later).map(str::to_owned).collect());
            let (operation, readiness_only) = operation;
            let input = RunInput {
                operation,
                plan: plan.name.clone(),
                stages,
                readiness_only,
                plan_sha256: None,
                // Stages may be left out of the run.
                without_earlier_gates: (operation == Operation::Install).then(|| "a test".to_owned()),
                to_plan: None,
                comment: None,
                scheduled_time: None,
            };
            Case { plan, organization, input }
        },
    )
}

fn planned(Case { plan, organization, input }: &Case) -> PlannedRun {
    let document = PlanDocument { plan: plan.clone(), sha256: "0".into() };
    let identity = RunIdentity {
        run_id: "r".into(),
        now: Timestamp::UNIX_EPOCH,
        lambda_concurrency: None,
        allowed_sources: AllowedSources::default(),
    };
    crate::planner::plan(document, organization, input.clone(), identity, &StageMemory::default())
        .expect("a planned run")
}

proptest! {
    #[test]
    fn waves_grow_and_end_with_all_accounts(waves in waves(), accounts in 0_usize..200) {
        let ends = wave_ends(&waves, accounts);
        prop_assert!(ends.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert_eq!(ends.last().copied(), Some(accounts));
    }

    #[test]
    fn every_account_is_in_exactly_one_step_or_outside(places in proptest::collection::vec(0_usize..4, 1..60), waves in waves()) {
        let units: [&[&str]; 4] = [&["r-1"], &["r-1", "ou-t"], &["r-1", "ou-p"], &["r-1", "ou-p", "ou-p-pay"]];
        let mut accounts: Vec<Account> = places.iter().enumerate().map(|(n, place)| account(&format!("{n:012}"), units[*place])).collect();
        accounts.push(account("999999999998", units[1]));
        accounts.push(account("999999999999", units[2]));
        let mut plan = plan(vec![stage("test", &["ou-t"]), stage("production", &["ou-p"])]);
        plan.stages[1].waves = waves;
        let resolution = resolve(&plan, &organization(accounts.clone()), None).expect("resolves");
        let mut seen: Vec<String> = resolution.outside.iter().map(|o| o.account_id.clone()).collect();
        for step in &resolution.steps {
            let of_step: BTreeSet<String> = step.targets.iter().map(|t| t.account_id.clone()).collect();
            prop_assert_eq!(of_step.len(), step.accounts);
            seen.extend(of_step);
        }
        seen.sort();
        let mut all: Vec<String> = accounts.into_iter().map(|a| a.id).collect();
        all.sort();
        prop_assert_eq!(seen, all);
        // All of test comes before anything of production.
        let stages: Vec<&str> = resolution.steps.iter().map(|step| step.stage.as_str()).collect();
        let first_production = stages.iter().position(|stage| *stage == "production").unwrap_or(stages.len());
        prop_assert!(stages[first_production..].iter().all(|stage| *stage == "production"));
    }
    #[test]
    fn the_waves_of_a_stage_cover_every_account_once(waves in waves(), accounts in 0_usize..200) {
        let stage = Stage { waves: waves.clone(), ..stage("test", &[]) };
        let planned = waves_of(&stage, accounts);
        prop_assert!(planned.iter().map(|wave| wave.number).eq(1..=u32::try_from(planned.len()).expect("few")));
        prop_assert!(planned.iter().flat_map(|wave| wave.accounts.clone()).eq(0..accounts));
        let asked: Vec<Wave> = planned.iter().filter_map(|wave| wave.up_to).collect();
        prop_assert_eq!(asked, waves);
    }

    #[test]
    fn a_planned_run_has_every_account_once(case in cases()) {
        let run = planned(&case);
        let mut seen: Vec<&str> =
            run.document.accounts_outside_plan.iter().map(|account| account.account_id.as_str()).collect();
        for (step, summary) in run.steps.iter().zip(&run.document.steps) {
            // Of each account every Region, one after the other.
            let accounts = step.targets.chunk_by(|a, b| a.account_id == b.account_id);
            for targets in accounts.clone() {
                prop_assert!(targets.iter().map(|target| &target.region).eq(&case.plan.regions));
                seen.push(&targets[0].account_id);
            }
            prop_assert_eq!(summary.accounts, accounts.count());
            prop_assert_eq!(summary.targets, step.targets.len());
            prop_assert!(summary.accounts > 0);
        }
        seen.sort_unstable();
        let mut all: Vec<&str> = case.organization.accounts.iter().map(|account| account.id.as_str()).collect();
        all.sort_unstable();
        prop_assert_eq!(seen, all);
    }

    #[test]
    fn steps_are_numbered_in_their_order_and_know_all_steps_before_them(case in cases()) {
        let run = planned(&case);
        let ids: Vec<&str> = run.steps.iter().map(|step| step.settings.step.as_str()).collect();
        prop_assert!(run.document.steps.iter().map(|step| step.id.as_str()).eq(ids.iter().copied()));
        prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        let mut at = (0, 0);
        for (index, (step, summary)) in run.steps.iter().zip(&run.document.steps).enumerate() {
            prop_assert_eq!(&summary.id, &format!("{:02}-{}-{}", index + 1, summary.stage, summary.wave));
            let stage = case.plan.stages.iter().position(|stage| stage.name == summary.stage).expect("of the plan");
            prop_assert!((stage, summary.wave) > at);
            at = (stage, summary.wave);
            prop_assert!(step.settings.earlier_steps.iter().eq(&ids[..index]));
            prop_assert!(step.targets.iter().all(|target| (&target.stage, target.wave) == (&summary.stage, summary.wave)));
        }
    }

    #[test]
    fn a_step_is_compared_with_all_steps_of_the_first_stage_or_with_none(case in cases()) {
        let run = planned(&case);
        let of_first = |step: &&crate::planner::StepSummary| step.stage == case.plan.stages[0].name;
        let first: Vec<&str> = run.document.steps.iter().filter(of_first).map(|step| step.id.as_str()).collect();
        for step in &run.steps {
            let settings = &step.settings;
            prop_assert_eq!(settings.is_first_stage, first.contains(&settings.step.as_str()));
            if let Some(promotion) = &settings.promotion {
                prop_assert!(case.input.scans() && !settings.is_first_stage);
                prop_assert!(promotion.tested_in.iter().eq(&first));
                // The first stage is over before the step begins.
                prop_assert!(promotion.tested_in.iter().all(|id| settings.earlier_steps.contains(id)));
            }
            prop_assert!(!settings.is_frozen() || settings.baselines.is_empty());
        }
    }
}
