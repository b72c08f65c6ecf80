//! Golden files: plan, organization and input of a run, and the whole planned run.
//!
//! `golden/planner/<plan>.plan.yaml` and `organization.json` go in, `<case>.planned.json` comes out. To write the results
//! anew: `UPDATE_GOLDEN=1 cargo test -p orgpatch-engine planner`.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use orgpatch_model::input::RunInput;
use orgpatch_plan::AllowedSources;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::planner::{PlanDocument, PlannedRun, PlannedStep, RunIdentity, frozen_baselines, plan};
use crate::stage_memory::StageMemory;

/// Name of the case, of its plan, and what the input of the run adds to operation and plan.
const CASES: [(&str, &str, &str, &str); 12] = [
    ("staged", "staged", "install", "{}"),
    ("waves", "waves", "install", r#"{"comment": "CHG-1"}"#),
    ("overlaps", "overlaps", "install", "{}"),
    ("frozen", "frozen", "install", "{}"),
    ("frozen-scan", "frozen", "scan", "{}"),
    ("frozen-readiness-only", "frozen", "scan", r#"{"readinessOnly": true}"#),
    ("frozen-preview-baselines", "frozen", "preview-baselines", "{}"),
    ("frozen-apply-baselines", "frozen", "apply-baselines", "{}"),
    ("frozen-restore-baselines", "frozen", "restore-baselines", r#"{"stages": ["production"]}"#),
    (
        "frozen-some-stages",
        "frozen",
        "install",
        r#"{"stages": ["production", "test"], "withoutEarlierGates": "CHG-2"}"#,
    ),
    ("frozen-after-test", "frozen", "install", r#"{"stages": ["production"], "withoutEarlierGates": "CHG-2"}"#),
    ("staged-some-stages", "staged", "install", r#"{"stages": ["staging"]}"#),
];

/// [`Organization`] as the golden file writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrganizationFile {
    id: String,
    unit_names: HashMap<String, String>,
    accounts: Vec<AccountFile>,
}

#[derive(Deserialize)]
struct AccountFile {
    id: String,
    name: String,
    state: AccountState,
    path: Vec<String>,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/planner").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The organization of every golden file.
pub fn golden_organization() -> Organization {
    let OrganizationFile { id, unit_names, accounts } =
        serde_json::from_str(&text("organization.json")).expect("an organization");
    let account = |AccountFile { id, name, state, path }| Account { id, name, state, path };
    Organization { id, accounts: accounts.into_iter().map(account).collect(), unit_names }
}

/// Plans a run of a golden plan of which no run is remembered; `more` are fields of its input besides operation and plan.
pub fn golden_run(name: &str, operation: &str, more: &str) -> Result<PlannedRun, RunError> {
    golden_run_after(name, operation, more, &StageMemory::default())
}

/// The same, after earlier runs of the plan.
pub fn golden_run_after(name: &str, operation: &str, more: &str, memory: &StageMemory) -> Result<PlannedRun, RunError> {
    let document = PlanDocument::read(name, &text(&format!("{name}.plan.yaml")))?;
    let mut input: Value = serde_json::from_str(more).expect("fields of an input");
    input["operation"] = json!(operation);
    input["plan"] = json!(name);
    let identity = RunIdentity {
        run_id: "monthly-2026-11".into(),
        now: "2026-11-10T03:30:00Z".parse::<Timestamp>().expect("a time"),
        lambda_concurrency: None,
        allowed_sources: AllowedSources::default(),
    };
    plan(document, &golden_organization(), RunInput::read(&input)?, identity, memory)
}

/// Two days before, Test has passed in a run of its own.
fn after_test() -> StageMemory {
    let run = json!({"runId": "test-2026-11", "planSha256": "0", "beganAt": "2026-11-08T03:00:00Z", "end": {
        "at": "2026-11-08T05:00:00Z", "advanced": true, "counts": {"patched": 3},
        "reason": {"code": "within-limits", "text": "every instance is patched"},
    }});
    let passed = json!({"runId": "test-2026-11", "at": "2026-11-08T05:00:00Z", "scannedAt": "2026-11-08T03:20:00Z"});
    serde_json::from_value(json!({"stages": {"test": {"latest": run, "passed": passed}}})).expect("a memory")
}

fn shown(run: &PlannedRun) -> Value {
    let step = |step: &PlannedStep| {
        json!({
            "settings": step.settings,
            "targets": step.targets,
            "maxConcurrency": step.max_concurrency,
        })
    };
    json!({"run": run.document, "steps": run.steps.iter().map(step).collect::<Vec<_>>()})
}

#[test]
fn planned_runs_are_the_committed_ones() {
    let mut different = Vec::new();
    for (case, plan, operation, more) in CASES {
        let run =
            golden_run_after(plan, operation, more, &after_test()).unwrap_or_else(|error| panic!("{case}: {error}"));
        let name = format!("{case}.planned.json");
        let planned = format!("{:#}\n", shown(&run));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(file(&name), &planned).expect("the file written");
        }
        if fs::read_to_string(file(&name)).unwrap_or_default() != planned {
            different.push(name);
        }
    }
    assert!(
        different.is_empty(),
        "not what is committed: {}; look at the difference after UPDATE_GOLDEN=1 cargo test -p orgpatch-engine planner",
        different.join(", ")
    );
}

#[test]
fn passes_depend_on_the_operating_system_unless_the_stage_says_them() {
    use orgpatch_model::operating_system::OperatingSystem::{Ubuntu, Windows};
    let passes = |plan: &str, step: usize| {
        let run = golden_run(plan, "install", "{}").expect("a planned run");
        [Windows, Ubuntu].map(|os| run.steps[step].settings.passes_of(os))
    };
    assert_eq!(passes("staged", 0), [2, 1]);
    assert_eq!(passes("waves", 0), [1, 1], "the plan never reboots");
    assert_eq!(passes("waves", 3), [1, 1], "whatever the stage says");
}

#[test]
fn no_golden_file_is_without_a_case() {
    let entries = fs::read_dir(file("")).expect("the folder");
    let found: BTreeSet<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    let results = CASES.iter().map(|(case, ..)| format!("{case}.planned.json"));
    let plans = CASES.iter().map(|(_, plan, ..)| format!("{plan}.plan.yaml"));
    assert_eq!(found, results.chain(plans).chain(["organization.json".to_owned()]).collect());
}

#[test]
fn a_frozen_step_gets_the_day_on_which_the_first_stage_was_scanned() {
    let run = golden_run("frozen", "install", "{}").expect("a planned run").document;
    let scanned_at = "2026-11-12T23:59:00Z".parse().expect("a time");
    let baselines = frozen_baselines(&run, "05-production-2", scanned_at).expect("baselines");
    let approved: Vec<_> = baselines
        .iter()
        .flat_map(|baseline| &baseline.definition.approval_rules)
        .map(|rule| (rule.approve_after_days, rule.approve_until_date.map(|date| date.to_string())))
        .collect();
    // The rule with an `approve` of its own keeps it; the other one gets the day of the scan minus the three days of test.
    assert_eq!(approved, [(Some(0), None), (None, Some("2026-11-09".to_owned()))]);
    assert_eq!(baselines[0].name, "orgpatch-frozen-production-WINDOWS");

    let error = frozen_baselines(&run, "09-production-9", scanned_at).expect_err("no such step");
    assert_eq!(error, RunError::BrokenRun("run.json does not know the stage of step 09-production-9".into()));
}
