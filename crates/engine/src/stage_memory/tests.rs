//! Nights one after another: what each leaves behind, and what the next one may begin.

use jiff::SignedDuration;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::ReasonCode;
use proptest::prelude::*;

use super::*;

const PLAN: &str = "schemaVersion: 1
name: monthly
regions: [ap-northeast-1]
stages:
  - {name: test, ous: [ou-abcd-11111111], waves: [1, 100%]}
  - {name: staging, ous: [ou-abcd-22222222]}
  - {name: production, ous: [ou-abcd-33333333]}
";

fn plan_with(more: &str) -> Plan {
    orgpatch_plan::read(&format!("{PLAN}{more}")).expect("a plan")
}

fn day(number: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * number)
}

fn step(stage: &str, earlier_waves: &[&str], is_last_wave: bool) -> StageStep {
    let earlier_waves = earlier_waves.iter().map(|wave| (*wave).to_owned()).collect();
    StageStep { stage: stage.into(), plan_sha256: "a".into(), earlier_waves, is_last_wave, must_prove: false }
}

fn ended(at: Timestamp, advanced: bool, outcomes: &[Outcome]) -> StageEnd {
    let mut counts = Counts::default();
    for outcome in outcomes {
        counts.add(*outcome);
    }
    let (code, text) =
        if advanced { (ReasonCode::WithinLimits, "within limits") } else { (ReasonCode::Halted, "1 of 2 failed") };
    StageEnd { at, advanced, reason: Reason::new(code, text), counts, pending_as_planned: 0 }
}

/// A run that works on one stage, which has one wave.
fn night(memory: &mut StageMemory, stage: &str, run: &str, end: StageEnd, scanned_at: Option<Timestamp>) {
    let step = step(stage, &[], true);
    memory.begin(&step, run, end.at);
    memory.end(&step, &Gate::default(), run, end, scanned_at);
}

fn refusal(plan: &Plan, stages: &[&str], memory: &StageMemory, now: Timestamp) -> Option<String> {
    let stages: Vec<String> = stages.iter().map(|stage| (*stage).to_owned()).collect();
    let earlier = earlier_stages(plan, "a", Some(&stages), memory, now);
    check_earlier_stages(&earlier).err().map(|error| {
        assert_eq!(error.name(), "EarlierStageNotPassed");
        error.to_string()
    })
}

#[test]
fn a_stage_that_only_waits_for_reboots_as_planned_has_passed() {
    let plan = plan_with("");
    let refused = |pending_as_planned| {
        let mut memory = StageMemory::default();
        let end = StageEnd { pending_as_planned, ..ended(day(0), true, &[Outcome::PendingReboot]) };
        night(&mut memory, "test", "run-1", end, None);
        refusal(&plan, &["staging"], &memory, day(1))
    };
    assert_eq!(refused(1), None);
    let why = refused(0).expect("it waits although the plan reboots it");
    assert!(why.contains("no instance was patched or compliant there"), "{why}");
}

#[test]
fn a_stage_begins_only_behind_stages_that_have_passed() {
    use Outcome::{Compliant, Failed, Patched};
    let (plan, mut memory) = (plan_with(""), StageMemory::default());
    let check = |stages: &[&str], memory: &StageMemory, now| refusal(&plan, stages, memory, day(now));
    assert_eq!(check(&["test"], &memory, 0), None, "nothing lies before the first stage");
    assert_eq!(check(&["test", "staging", "production"], &memory, 0), None, "all are in the run");
    let never = check(&["production"], &memory, 0).expect("refused");
    assert!(
        never.starts_with(
            "stage \"test\" is not part of this run and has not passed: no install run of this plan has begun it. "
        ),
        "{never}"
    );

    night(&mut memory, "test", "wednesday", ended(day(0), true, &[Patched]), None);
    assert_eq!(check(&["staging"], &memory, 2), None);
    night(&mut memory, "staging", "friday", ended(day(2), false, &[Patched, Failed]), None);
    let halted = check(&["production"], &memory, 3).expect("refused");
    assert!(
        halted.starts_with("stage \"staging\" is not part of this run and has not passed: run friday halted there at 1970-01-03T00:00:00Z: 1 of 2 failed. "),
        "{halted}"
    );
    assert_eq!(check(&["staging", "production"], &memory, 3), None, "the run decides itself");
    let without_staging = check(&["test", "production"], &memory, 3).expect("refused");
    assert!(without_staging.contains("\"staging\""), "{without_staging}");

    night(&mut memory, "staging", "repaired", ended(day(3), true, &[Compliant, Compliant]), None);
    assert_eq!(check(&["production"], &memory, 4), None);
}

#[test]
fn a_stage_that_was_begun_and_not_ended_has_not_passed() {
    let (plan, mut memory) = (plan_with(""), StageMemory::default());
    night(&mut memory, "test", "first", ended(day(0), true, &[Outcome::Patched]), None);
    memory.begin(&step("test", &[], false), "stopped", day(1));
    let refused = refusal(&plan, &["staging"], &memory, day(1)).expect("refused");
    assert!(refused.contains("run stopped began it at 1970-01-02T00:00:00Z and has not ended it"), "{refused}");
    // The first wave advances; the stage has another one.
    memory.end(&step("test", &[], false), &Gate::default(), "stopped", ended(day(1), true, &[Outcome::Patched]), None);
    assert!(refusal(&plan, &["staging"], &memory, day(1)).is_some());
    let last = step("test", &["01-test-1"], true);
    memory.end(&last, &Gate::default(), "stopped", ended(day(1), true, &[Outcome::Patched]), None);
    assert_eq!(refusal(&plan, &["staging"], &memory, day(1)), None);
}

#[test]
fn a_halt_in_the_first_of_several_waves_ends_the_stage() {
    let mut memory = StageMemory::default();
    let first = step("test", &[], false);
    memory.begin(&first, "night", day(0));
    memory.end(&first, &Gate::default(), "night", ended(day(0), false, &[Outcome::Failed]), None);
    assert!(
        refusal(&plan_with(""), &["staging"], &memory, day(0)).expect("refused").contains("run night halted there")
    );
}

#[test]
fn a_stage_that_proved_nothing_opens_none_unless_its_plan_says_so() {
    let end = || ended(day(0), true, &[Outcome::Skipped, Outcome::PendingReboot]);
    let mut memory = StageMemory::default();
    night(&mut memory, "test", "night", end(), Some(day(0)));
    let refused = refusal(&plan_with(""), &["staging"], &memory, day(0)).expect("refused");
    assert!(
        refused.contains("in run night of 1970-01-01T00:00:00Z no instance was patched or compliant there"),
        "{refused}"
    );
    assert_eq!(memory.first_stage_scanned_at(&plan_with("")), None, "nothing to be frozen to");

    let mut plan = plan_with("");
    plan.stages[0].gate.min_succeeded = Some(0);
    assert_eq!(refusal(&plan, &["staging"], &memory, day(0)), None);
    plan.stages[0].gate.min_succeeded = Some(1);
    assert!(refusal(&plan, &["staging"], &memory, day(0)).is_some());
}

#[test]
fn a_gate_opens_for_as_long_as_the_plan_says() {
    let mut memory = StageMemory::default();
    night(&mut memory, "test", "night", ended(day(0), true, &[Outcome::Patched]), None);
    let second = SignedDuration::from_secs(1);
    for (more, days) in [("", 30), ("gateValidFor: 3d\n", 3)] {
        let plan = plan_with(more);
        assert_eq!(refusal(&plan, &["staging"], &memory, day(days)), None);
        let refused = refusal(&plan, &["staging"], &memory, day(days) + second).expect("refused");
        assert!(refused.contains(&format!("which is more than {days}d ago (`gateValidFor`)")), "{refused}");
    }
}

#[test]
fn the_stages_that_lie_before_a_run_are_told_with_their_runs() {
    let (plan, mut memory) = (plan_with(""), StageMemory::default());
    night(&mut memory, "test", "night", ended(day(0), true, &[Outcome::Patched]), None);
    let only = ["production".to_owned()];
    let earlier = earlier_stages(&plan, "b", Some(&only), &memory, day(1));
    insta::assert_json_snapshot!(earlier, @r#"
    [
      {
        "stage": "test",
        "run": "night",
        "at": "1970-01-01T00:00:00Z",
        "planChanged": true
      },
      {
        "stage": "staging",
        "notPassed": "no install run of this plan has begun it"
      }
    ]
    "#);
}

#[test]
fn a_frozen_stage_goes_back_to_the_last_run_that_passed() {
    let (plan, mut memory) = (plan_with(""), StageMemory::default());
    night(&mut memory, "test", "passed", ended(day(0), true, &[Outcome::Patched]), Some(day(0)));
    night(&mut memory, "test", "halted", ended(day(5), false, &[Outcome::Failed]), Some(day(5)));
    assert_eq!(memory.first_stage_scanned_at(&plan), Some(day(0)));
}

proptest! {
    /// A stage passes by its last run alone, whatever happened before it, and a second call for the same decision changes nothing.
    #[test]
    fn the_last_run_decides(nights in proptest::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 1..8)) {
        let (plan, mut memory) = (plan_with(""), StageMemory::default());
        for (number, (is_stopped, advanced, proves)) in nights.iter().enumerate() {
            let (run, step) = (format!("r{number}"), step("test", &[], true));
            memory.begin(&step, &run, day(0));
            let outcome = if *proves { Outcome::Patched } else { Outcome::Skipped };
            for _ in 0..2 {
                memory.begin(&step, &run, day(0));
                if !is_stopped {
                    memory.end(&step, &Gate::default(), &run, ended(day(0), *advanced, &[outcome]), None);
                }
            }
        }
        let (is_stopped, advanced, proves) = nights[nights.len() - 1];
        let has_passed = refusal(&plan, &["staging"], &memory, day(1)).is_none();
        prop_assert_eq!(has_passed, !is_stopped && advanced && proves);
        prop_assert_eq!(memory.stages["test"].passed.is_some(), nights.contains(&(false, true, true)));
    }
}
