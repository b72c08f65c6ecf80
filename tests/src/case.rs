//! The file of a case: a scenario, a plan, how to start the run, and what must come of it.
//!
//! Fields that a case's scenario or plan leaves out come from `defaults.yaml`, so that a case says only what it is
//! about. Unknown fields are errors.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Broken;
use crate::expect::Expect;

/// A case, ready to run.
#[derive(Debug)]
pub struct Case {
    /// Name of its file.
    pub name: String,
    /// The scenario, complete.
    pub scenario: Value,
    /// Its runs, in the order in which they are started.
    pub runs: Vec<Run>,
    series: bool,
}

/// A run of a case.
#[derive(Debug)]
pub struct Run {
    /// Run id, and the name of the plan's object unless the plan has another one.
    pub name: String,
    /// The plan document.
    pub plan: Plan,
    /// How it is started.
    pub start: Start,
    /// What must come of it.
    pub expect: Expect,
}

/// A plan document.
#[derive(Debug)]
pub struct Plan {
    /// Name of its object, without `.yaml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// How a run is started.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Start {
    /// `operation` of the execution input.
    pub operation: String,
    /// `stages` of the execution input.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Further fields of the execution input, or others than those above.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// In a series: what happens before the next run starts.
    #[serde(default)]
    pub then: Then,
}

/// What happens before the next run of a series starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// This one ends.
    #[default]
    Wait,
    /// This one has taken the lock and goes on.
    GoOn,
    /// This one has taken the lock and is stopped.
    Stop,
}

impl Then {
    /// The word in the driver's series file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::GoOn => "go-on",
            Self::Stop => "stop",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    /// One sentence for people.
    about: String,
    scenario: Map<String, Value>,
    plan: Option<Map<String, Value>>,
    plan_text: Option<String>,
    run: Option<Start>,
    expect: Option<Expect>,
    #[serde(default)]
    runs: Vec<FileRun>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileRun {
    name: String,
    plan: Option<Map<String, Value>>,
    plan_text: Option<String>,
    run: Start,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Defaults {
    scenario: Map<String, Value>,
    plan: Map<String, Value>,
}

impl Case {
    /// Reads the case in that file.
    pub fn read(path: &Path) -> Result<Self, Broken> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let wrong = |text: &str| Broken::Text { path: path.display().to_string(), text: text.to_owned() };
        let file: File = yaml(path)?;
        let defaults: Defaults = yaml(&Path::new(env!("CARGO_MANIFEST_DIR")).join("defaults.yaml"))?;
        if file.about.trim().is_empty() {
            return Err(wrong("`about` is empty"));
        }
        let series = !file.runs.is_empty();
        let entries = match (file.run, file.expect, series) {
            (Some(run), Some(expect), false) => {
                vec![FileRun { name: name.clone(), plan: None, plan_text: None, run, expect }]
            }
            (None, None, true) => file.runs,
            _ => return Err(wrong("a case has either `run` and `expect`, or `runs`")),
        };
        let mut runs = Vec::with_capacity(entries.len());
        for entry in entries {
            let plan =
                match (entry.plan.or_else(|| file.plan.clone()), entry.plan_text.or_else(|| file.plan_text.clone())) {
                    (Some(plan), None) => Plan::from_fields(plan, &defaults.plan, &entry.name),
                    (_, Some(text)) => Plan { name: entry.name.clone(), text },
                    (None, None) => return Err(wrong("there is neither `plan` nor `planText`")),
                };
            runs.push(Run { name: entry.name, plan, start: entry.run, expect: entry.expect });
        }
        let scenario = Value::Object(with_defaults(file.scenario, &defaults.scenario));
        Ok(Self { name, scenario, runs, series })
    }

    /// True if several runs share one cloud.
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

fn with_defaults(mut fields: Map<String, Value>, defaults: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in defaults {
        fields.entry(name).or_insert_with(|| value.clone());
    }
    fields
}

fn yaml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Broken> {
    let text = read(path)?;
    serde_saphyr::from_str(&text)
        .map_err(|error| Broken::Text { path: path.display().to_string(), text: error.to_string() })
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Broken> {
    std::fs::read_to_string(path).map_err(|error| Broken::File { path: path.display().to_string(), error })
}

/// The checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
