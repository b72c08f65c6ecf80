//! Runs a case in the local cloud: writes its files, calls the driver, and knows where the results are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::Broken;
use crate::case::{Case, Run, root};

/// Real seconds after which the driver stops a run that does not end. A busy computer may need minutes for a case, and
/// with the stepping clock that changes nothing about its result.
const TIMEOUT_SECONDS: u32 = 300;

/// The results of a case.
#[derive(Debug)]
pub struct Results {
    /// The folder with everything of the case.
    pub directory: PathBuf,
    /// Complaints about the driver: its exit code does not fit the run.
    pub complaints: Vec<String>,
    series: bool,
}

impl Results {
    /// Returns the folder with what is about one run.
    #[must_use]
    pub fn of_run(&self, run: &Run) -> PathBuf {
        if self.series { self.directory.join(&run.name) } else { self.directory.clone() }
    }
}

/// Runs the case. Removes earlier results first.
pub fn run(case: &Case) -> Result<Results, Broken> {
    let place = root().join("build").join("e2e").join(&case.name);
    let (input, output) = (place.join("in"), place.join("out"));
    if place.exists() {
        fs::remove_dir_all(&place).map_err(|error| Broken::File { path: place.display().to_string(), error })?;
    }
    let scenario = write(&input.join("scenario.yaml"), &format!("{:#}\n", case.scenario))?;
    let mut driver = Command::new(root().join("tests").join("cloud").join("run"));
    driver
        .arg(if case.is_series() { "series" } else { "run" })
        .arg("--scenario")
        .arg(scenario)
        .arg("--out")
        .arg(&output);
    driver.args(["--quiet", "--evidence", "--timeout", &TIMEOUT_SECONDS.to_string(), "--clock", case.clock.word()]);
    for (name, value) in &case.parameters {
        driver.args(["--parameter", &format!("{name}={value}")]);
    }
    let mut entries = Vec::new();
    for run in &case.runs {
        let folder = if case.is_series() { input.join(&run.name) } else { input.clone() };
        let plan = write(&folder.join(format!("{}.yaml", run.plan.name)), &run.plan.text)?;
        entries.push((run, plan));
    }
    if case.is_series() {
        let series: Vec<Value> = entries.iter().map(|(run, plan)| entry(run, plan)).collect();
        driver.arg("--series").arg(write(&input.join("series.json"), &format!("{:#}\n", json!(series)))?);
    } else {
        for (run, plan) in &entries {
            driver.arg("--plan").arg(plan).args(["--operation", &run.start.operation, "--name", &run.name]);
            if !run.start.stages.is_empty() {
                driver.args(["--stages", &run.start.stages.join(",")]);
            }
            if !run.start.input.is_empty() {
                driver.args(["--input", &json!(run.start.input).to_string()]);
            }
        }
    }
    let ended = driver
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Broken::File { path: "tests/cloud/run".to_owned(), error })?;
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    write(&place.join("driver.log"), &said)?;
    let broken = || Broken::Cloud { status: ended.status.to_string(), output: said.clone() };
    if case.runs.iter().any(|run| !results_of(&output, case, run).join("execution.json").exists()) {
        return Err(broken());
    }
    let mut complaints = Vec::new();
    let wanted = if case.is_series() { 0 } else { case.runs.first().map_or(0, |run| run.expect.exit) };
    if ended.status.code() != Some(wanted) {
        complaints.push(format!("- the driver ended with {}, expected exit code {wanted}:\n{said}", ended.status));
    }
    Ok(Results { directory: output, complaints, series: case.is_series() })
}

fn results_of(output: &Path, case: &Case, run: &Run) -> PathBuf {
    if case.is_series() { output.join(&run.name) } else { output.to_owned() }
}

/// Returns a run in the form of the driver's series file.
fn entry(run: &Run, plan: &Path) -> Value {
    let behind = run.start.behind.as_deref().unwrap_or_default();
    if let Some(schedule) = &run.start.schedule {
        return json!({"name": run.name, "plan": plan, "schedule": schedule, "then": run.start.then.word(), "behind": behind});
    }
    let mut input = serde_json::Map::new();
    input.insert("operation".to_owned(), json!(run.start.operation));
    input.insert("plan".to_owned(), json!(run.plan.name));
    if !run.start.stages.is_empty() {
        input.insert("stages".to_owned(), json!(run.start.stages));
    }
    input.extend(run.start.input.clone());
    json!({"name": run.name, "plan": plan, "input": input, "then": run.start.then.word(), "behind": behind})
}

fn write(path: &Path, text: &str) -> Result<PathBuf, Broken> {
    let wrong = |error| Broken::File { path: path.display().to_string(), error };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    fs::write(path, text).map_err(wrong)?;
    Ok(path.to_owned())
}
