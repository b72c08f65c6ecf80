//! The file of a case: a scenario, a plan, how to start the run, and what is expected of it.
//!
//! Fields that a case's scenario or plan leaves out come from `defaults.yaml`, so that a case says only what it is
//! about. Unknown fields are errors. `schemas/end-to-end-case.schema.json` is made from these types.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Broken;
use crate::expect::Expect;

/// A case, ready to run.
#[derive(Debug)]
pub struct Case {
    /// Its topic and the name of its file, joined by a hyphen. If it runs under both clocks, followed by the clock.
    pub name: String,
    /// The scenario, complete.
    pub scenario: Value,
    /// Its runs, in the order in which they start.
    pub runs: Vec<Run>,
    /// How simulated time passes.
    pub clock: Clock,
    /// Parameters of the template, by name.
    pub parameters: BTreeMap<String, String>,
    series: bool,
}

/// A run of a case.
#[derive(Debug)]
pub struct Run {
    /// The run id. It is also the name of the plan, unless the plan has one.
    pub name: String,
    /// The plan document.
    pub plan: Plan,
    /// How the run starts.
    pub start: Start,
    /// What is expected of it.
    pub expect: Expect,
}

/// A plan document.
#[derive(Debug)]
pub struct Plan {
    /// The name of its object, without `.yaml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// How a run starts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Start {
    /// `operation` of the execution input. A case about wrong input may give any text.
    #[schemars(extend("anyOf" = [{"enum": ["scan", "install", "preview-baselines", "apply-baselines", "restore-baselines"]}, {}]))]
    pub operation: String,
    /// `stages` of the execution input: only these stages of the plan run.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Further fields of the execution input, such as `comment` or `readinessOnly`. They replace the fields above.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// The schedule of the stack that starts the run, for example `InstallSchedule`. `operation` is then what the schedule
    /// asks for, and the plan must have the name `monthly`. For one of several `runs` only.
    pub schedule: Option<String>,
    /// What happens before the next run of `runs` starts.
    #[serde(default)]
    pub then: Then,
    /// With `then: stop` or `then: go-on`: not when this run has taken the lock, but when it has written this object, whose key
    /// stands here without `runs/<run id>/`.
    #[serde(default)]
    pub behind: Option<String>,
}

/// What happens before the next run of a series starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// This run ends.
    #[default]
    Wait,
    /// This run has taken the lock and goes on.
    GoOn,
    /// This run has taken the lock and is stopped.
    Stop,
}

impl Then {
    /// Returns the word in the driver's series file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::GoOn => "go-on",
            Self::Stop => "stop",
        }
    }
}

/// How simulated time passes in a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// It stands still while anything works, and then skips what everything waits for.
    #[default]
    Stepping,
    /// It runs at the scenario's `clock.speed`, also while the computer works.
    Running,
}

impl Clock {
    /// Returns the driver's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stepping => "stepping",
            Self::Running => "running",
        }
    }
}

/// An end-to-end case: a simulated organization, a plan, one or more runs, and what is expected of each.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = [{"required": ["run", "expect"]}, {"required": ["runs"]}]))]
pub(crate) struct File {
    /// What the case shows, in one sentence.
    #[schemars(length(min = 1))]
    about: String,
    /// Whether the case runs twice, once under each clock of Run Command: `per-invocation` and `documented`. Everything
    /// that is expected must hold under both. The scenario then has no `runCommand`.
    #[serde(default)]
    under_both_clocks: bool,
    /// The simulated organization. Fields that are left out come from tests/defaults.yaml.
    scenario: Map<String, Value>,
    /// The plan of all runs that have none of their own. Fields that are left out come from tests/defaults.yaml.
    plan: Option<Map<String, Value>>,
    /// The plan as text, for a document that is not even YAML.
    plan_text: Option<String>,
    /// How simulated time passes.
    #[serde(default)]
    clock: Clock,
    /// How the only run starts.
    run: Option<Start>,
    /// What is expected of the only run.
    expect: Option<Expect>,
    /// Parameters of the template that differ from their defaults, for example `EnableScanSchedule: "true"`.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// Several runs in one cloud, in the order in which they start.
    #[serde(default)]
    runs: Vec<FileRun>,
}

/// One of several runs of a case.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FileRun {
    /// The run id. It is also the name of the plan, unless the plan has one.
    name: String,
    /// The plan of this run. Usually the plan of the case. Fields that are left out come from tests/defaults.yaml.
    plan: Option<Map<String, Value>>,
    /// The plan of this run as text, for a document that is not even YAML.
    plan_text: Option<String>,
    /// How the run starts.
    run: Start,
    /// What is expected of the run.
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Defaults {
    scenario: Map<String, Value>,
    plan: Map<String, Value>,
}

/// The clocks of Run Command in a scenario.
const CLOCKS: [&str; 2] = ["per-invocation", "documented"];

impl Case {
    /// Reads the case of a file, which is two cases if it runs under both clocks.
    pub fn read(path: &Path) -> Result<Vec<Self>, Broken> {
        Self::from_text(path, &read(path)?)
    }

    /// Reads the case of a file's text.
    fn from_text(path: &Path, text: &str) -> Result<Vec<Self>, Broken> {
        let (name, file): (_, File) = (name_of(path), yaml(path, text)?);
        if !file.under_both_clocks {
            return Ok(vec![Self::new(path, file, name)?]);
        }
        if file.scenario.contains_key("runCommand") {
            let text =
                "`scenario.runCommand` chooses one clock, and `underBothClocks` runs both: leave one of them out";
            return Err(Broken::Text { path: path.display().to_string(), text: text.to_owned() });
        }
        CLOCKS
            .into_iter()
            .map(|clock| {
                let mut file: File = yaml(path, text)?;
                file.scenario.insert("runCommand".to_owned(), clock.into());
                Self::new(path, file, format!("{name}-{clock}"))
            })
            .collect()
    }

    fn new(path: &Path, file: File, name: String) -> Result<Self, Broken> {
        let wrong = |text: &str| Broken::Text { path: path.display().to_string(), text: text.to_owned() };
        let defaults_path = Path::new(env!("CARGO_MANIFEST_DIR")).join("defaults.yaml");
        let defaults: Defaults = yaml(&defaults_path, &read(&defaults_path)?)?;
        if file.about.trim().is_empty() {
            return Err(wrong("`about` is empty: say in one sentence what the case shows"));
        }
        let series = !file.runs.is_empty();
        let entries = match (file.run, file.expect, series) {
            (Some(run), Some(expect), false) => {
                vec![FileRun { name: name.clone(), plan: None, plan_text: None, run, expect }]
            }
            (None, None, true) => file.runs,
            _ => return Err(wrong("a case has either `run` and `expect`, or `runs`, and nothing of both")),
        };
        let mut runs = Vec::with_capacity(entries.len());
        for entry in entries {
            let plan =
                match (entry.plan.or_else(|| file.plan.clone()), entry.plan_text.or_else(|| file.plan_text.clone())) {
                    (Some(plan), None) => Plan::from_fields(plan, &defaults.plan, &entry.name),
                    (_, Some(text)) => Plan { name: entry.name.clone(), text },
                    (None, None) => {
                        return Err(wrong(&format!(
                            "run {} has neither `plan` nor `planText`, and the case has none for all runs",
                            entry.name
                        )));
                    }
                };
            runs.push(Run { name: entry.name, plan, start: entry.run, expect: entry.expect });
        }
        let scenario = Value::Object(with_defaults(file.scenario, &defaults.scenario));
        Ok(Self { name, scenario, runs, clock: file.clock, parameters: file.parameters, series })
    }

    /// Returns whether several runs share one cloud.
    #[must_use]
    pub fn is_series(&self) -> bool {
        self.series
    }
}

impl Plan {
    fn from_fields(plan: Map<String, Value>, defaults: &Map<String, Value>, run: &str) -> Self {
        let mut plan = with_defaults(plan, defaults);
        let name = plan.entry("name").or_insert_with(|| run.into()).as_str().unwrap_or(run).to_owned();
        // JSON is YAML.
        Self { name, text: format!("{:#}\n", Value::Object(plan)) }
    }
}

/// Returns the name of the case of a file: `scenarios/stages/waves.yaml` becomes `stages-waves`. It names the folder
/// below `build/e2e`, and the run and the plan of a case with one run.
#[must_use]
pub fn name_of(path: &Path) -> String {
    let parts: Vec<_> = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let folder = parts
        .iter()
        .rposition(|part| part == "scenarios")
        .map_or(parts.len().saturating_sub(1), |position| position + 1);
    parts[folder..].join("-")
}

fn with_defaults(mut fields: Map<String, Value>, defaults: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in defaults {
        fields.entry(name).or_insert_with(|| value.clone());
    }
    fields
}

fn yaml<T: for<'de> Deserialize<'de>>(path: &Path, text: &str) -> Result<T, Broken> {
    serde_saphyr::from_str(text)
        .map_err(|error| Broken::Text { path: path.display().to_string(), text: error.to_string() })
}

/// Returns the text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Broken> {
    std::fs::read_to_string(path).map_err(|error| Broken::File { path: path.display().to_string(), error })
}

/// Returns the root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "
about: A case.
scenario: {fleet: []}
plan: {stages: []}
run: {operation: scan}
expect: {exit: 0}
";

    fn cases(text: &str) -> Result<Vec<Case>, Broken> {
        Case::from_text(Path::new("scenarios/sending/slow.yaml"), text)
    }

    #[test]
    fn a_case_runs_once_under_the_clock_of_its_scenario() {
        let cases = cases(CASE).expect("valid");
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].name, "sending-slow");
        assert!(cases[0].scenario.get("runCommand").is_none());
    }

    #[test]
    fn a_case_under_both_clocks_is_two_cases_with_names_of_their_own() {
        let cases = cases(&format!("{CASE}underBothClocks: true")).expect("valid");
        let found: Vec<_> =
            cases.iter().map(|case| (case.name.as_str(), case.scenario["runCommand"].clone())).collect();
        let wanted = [("sending-slow-per-invocation", "per-invocation"), ("sending-slow-documented", "documented")];
        assert_eq!(found, wanted.map(|(name, clock)| (name, Value::from(clock))));
        assert_eq!(cases[1].runs[0].name, "sending-slow-documented", "the run id too");
    }

    #[test]
    fn a_case_under_both_clocks_chooses_none() {
        let text = CASE.replace("fleet: []", "runCommand: documented") + "underBothClocks: true";
        assert!(cases(&text).expect_err("contradicts itself").to_string().contains("runCommand"));
    }
}
