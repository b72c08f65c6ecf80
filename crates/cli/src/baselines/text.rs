//! Renders the changes to baselines for people. The same changes in many targets are shown once, with the targets.

use std::fmt::Write as _;

use orgpatch_engine::baselines::Change;
use orgpatch_model::english::counted;
use orgpatch_model::input::Operation;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_report::{Report, TargetReport};

use crate::preview::text::{lines, printable};

/// Targets with the same result.
struct Section<'r> {
    result: SectionResult,
    targets: Vec<&'r TargetReport>,
}

#[derive(PartialEq, Eq)]
enum SectionResult {
    /// Changes, one line each.
    Changes(Vec<String>),
    /// Nothing changes: the reason.
    Nothing(String),
    /// The target was not reached: the reason.
    NotReached(String),
}

/// Renders the whole text. Writing into a string cannot fail, so the results of `writeln!` are ignored.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let sections = sections(report);
    let differs = |section: &&Section<'_>| matches!(section.result, SectionResult::Changes(_));
    let differing: usize = sections.iter().filter(differs).map(|section| section.targets.len()).sum();
    let what = match report.head.run.operation {
        Operation::ApplyBaselines => "applied, or left alone for a reason, in",
        Operation::RestoreBaselines => "restored, or left alone for a reason, in",
        _ => "the accounts' baselines differ from the plan in",
    };
    let (run, all) = (&report.head.run, report.targets.len());
    let _ = writeln!(
        out,
        "Baselines of plan {}: {what} {differing} of {} (run {})",
        run.plan,
        counted(all, "target"),
        run.id
    );
    for section in &sections {
        let n = counted(section.targets.len(), "target");
        match &section.result {
            SectionResult::Changes(changes) => {
                let _ = writeln!(out, "\n{n}:");
                for change in changes {
                    let _ = writeln!(out, "  - {}", printable(change));
                }
            }
            SectionResult::Nothing(reason) => {
                let _ = writeln!(out, "\n{n}: {}", printable(reason));
            }
            SectionResult::NotReached(reason) => {
                let _ = writeln!(out, "\n{n} not reached: {}", printable(reason));
            }
        }
        for line in lines(section.targets.iter().map(|target| cells(target))) {
            let _ = writeln!(out, "   {line}");
        }
    }
    if differing > 0 && report.head.run.operation == Operation::PreviewBaselines {
        let _ = writeln!(
            out,
            "\nNothing was changed. The next install run of the plan makes these changes, or `orgpatch baselines apply {}`.",
            run.plan
        );
    }
    out
}

/// Groups the targets by result: changes first, then in the order of the report.
fn sections(report: &Report) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for target in &report.targets {
        let result = section_result(target);
        match sections.iter_mut().find(|section| section.result == result) {
            Some(section) => section.targets.push(target),
            None => sections.push(Section { result, targets: vec![target] }),
        }
    }
    sections.sort_by_key(|section| match section.result {
        SectionResult::Changes(_) => 0,
        SectionResult::Nothing(_) => 1,
        SectionResult::NotReached(_) => 2,
    });
    sections
}

fn section_result(target: &TargetReport) -> SectionResult {
    let reason = || target.reason.text.clone();
    match target.outcome {
        TargetOutcome::Reached if target.baseline_changes.is_empty() => SectionResult::Nothing(reason()),
        TargetOutcome::Reached => {
            // Ids differ between accounts; with names, the same changes are equal.
            let named = target.baseline_changes.iter().map(Change::without_ids);
            SectionResult::Changes(named.map(|change| change.to_string()).collect())
        }
        _ => SectionResult::NotReached(reason()),
    }
}

fn cells(target: &TargetReport) -> [String; 4] {
    [target.account_id.clone(), printable(&target.account_name), target.stage.clone(), target.region.clone()]
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::{Value, json};

    use super::*;

    fn target(account: &str, outcome: &str, reason: &str, changes: &[Value]) -> Value {
        json!({"accountId": account, "accountName": format!("shop-{}", &account[10..]), "ouPath": "Test",
            "region": "ap-northeast-1", "stage": "test", "wave": 1, "outcome": outcome,
            "reason": {"code": "reached", "text": reason}, "baselineChanges": changes})
    }

    fn report(operation: &str, targets: &[Value]) -> Report {
        let run = json!({"id": "r", "plan": "monthly", "planSha256": "", "operation": operation, "comment": null,
            "startedAt": "2026-11-10T00:00:00Z", "finishedAt": "2026-11-10T00:01:00Z", "decision": "advanced",
            "reason": {"code": "reached", "text": "x"}, "counts": {}});
        let report = json!({"schemaVersion": 1, "run": run, "steps": [], "targets": targets, "instances": [],
            "accountsOutsidePlan": []});
        serde_json::from_value(report).expect("a report")
    }

    /// Returns a change with the same names in every account, but other ids.
    fn register(id: &str) -> Value {
        json!({"change": "register-default", "operatingSystem": "WINDOWS",
            "baseline": {"existing": {"id": format!("pb-ours-{id}"), "name": "orgpatch-monthly-test-WINDOWS"}},
            "previous": {"id": format!("pb-theirs-{id}"), "name": "theirs"}})
    }

    #[test]
    fn the_same_difference_is_shown_once_with_its_targets() {
        let targets = [
            target("000000000001", "reached", "equal", &[]),
            target("000000000002", "reached", "they differ", &[register("2")]),
            target("000000000003", "access-denied", "no role\u{1b}[31m", &[]),
            target("000000000004", "reached", "they differ", &[register("4")]),
        ];
        assert_snapshot!(render(&report("preview-baselines", &targets)), @"
        Baselines of plan monthly: the accounts' baselines differ from the plan in 2 of 4 targets (run r)

        2 targets:
          - orgpatch-monthly-test-WINDOWS becomes the default for WINDOWS instead of theirs
            000000000002  shop-02  test  ap-northeast-1
            000000000004  shop-04  test  ap-northeast-1

        1 target: equal
            000000000001  shop-01  test  ap-northeast-1

        1 target not reached: no role�[31m
            000000000003  shop-03  test  ap-northeast-1

        Nothing was changed. The next install run of the plan makes these changes, or `orgpatch baselines apply monthly`.
        ");
    }

    #[test]
    fn what_was_applied_is_shown_with_the_targets_that_were_not() {
        let left = json!({"change": "left", "baseline": {"id": "pb-3", "name": "orgpatch-monthly-production-WINDOWS"},
            "reason": {"code": "baseline-frozen", "text": "orgpatch-monthly-production-WINDOWS is frozen; it stays"}});
        let targets = [
            target("000000000001", "reached", "1 change made the baselines those of the plan", &[register("1")]),
            target("000000000002", "error", "0 changes made; AWS refused to create it", &[]),
            target("000000000003", "reached", "0 changes made", &[left]),
        ];
        assert_snapshot!(render(&report("apply-baselines", &targets)), @"
        Baselines of plan monthly: applied, or left alone for a reason, in 2 of 3 targets (run r)

        1 target:
          - orgpatch-monthly-test-WINDOWS becomes the default for WINDOWS instead of theirs
            000000000001  shop-01  test  ap-northeast-1

        1 target:
          - orgpatch-monthly-production-WINDOWS is frozen; it stays
            000000000003  shop-03  test  ap-northeast-1

        1 target not reached: 0 changes made; AWS refused to create it
            000000000002  shop-02  test  ap-northeast-1
        ");
    }

    #[test]
    fn nothing_to_do_is_said() {
        let targets = [target("000000000001", "reached", "it was given back before", &[])];
        assert_snapshot!(render(&report("restore-baselines", &targets)), @"
        Baselines of plan monthly: restored, or left alone for a reason, in 0 of 1 target (run r)

        1 target: it was given back before
            000000000001  shop-01  test  ap-northeast-1
        ");
    }
}
