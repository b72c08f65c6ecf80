//! What a run leaves behind, as types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::digest::sha256_hex;
use orgpatch_plan::Plan;
use orgpatch_records::manifest::Manifest;
use orgpatch_report::{Report, TargetReport};
use serde::Deserialize;
use serde_json::Value;

use crate::Broken;
use crate::case::{Case, Run, Then, read};
use crate::cloud::Results;

/// Where the manifest is among the objects of a run.
const MANIFEST: &str = "report/manifest.json";

/// Everything about one run.
#[derive(Debug)]
pub struct Evidence {
    /// The run id.
    pub run_id: String,
    /// The execution.
    pub execution: Execution,
    /// `report.json`, if the run wrote one.
    pub report: Option<Report>,
    /// `report.json` as it was written.
    pub report_text: Value,
    /// The files beside `report.json`.
    pub files: Files,
    /// The plan, if it is valid.
    pub plan: Option<Plan>,
    /// `operation` of the execution input.
    pub operation: String,
    /// Every account of the scenario's organization.
    pub accounts: BTreeSet<String>,
    /// Those of them that join it while the case runs.
    pub joining: BTreeSet<String>,
    /// What accounts and instances say of themselves: names, tags, platforms. Each line is one text.
    pub foreign: BTreeSet<String>,
    /// fleet-sim's own log from the start of the run to its end.
    pub calls: Vec<Call>,
    /// The ground truth, by instance id.
    pub truth: BTreeMap<String, GroundTruth>,
    /// Every command that fleet-sim took, with when it was sent and when its invocations ended.
    pub commands_in_truth: Vec<CommandTruth>,
    /// The baselines that are registered after the last run of the case, by account and Region. Only where they were
    /// ever changed.
    pub baselines: BTreeMap<String, BTreeMap<String, RegisteredBaselines>>,
    /// Executions with their events: the state machine's, and those of its Maps' children.
    pub history: Vec<ExecutionHistory>,
    /// Every decision about a permission.
    pub authorized: Vec<IamDecision>,
    /// Every session that was issued.
    pub secrets: Vec<Secret>,
    /// Every file in which no session may appear.
    pub public_files: Vec<PathBuf>,
    /// The copy of `runs/<run id>/`. It does not exist if the run wrote nothing.
    pub objects: PathBuf,
    /// What the saved queries answered after the last run of the case.
    pub answers: Vec<Answer>,
    /// The errors of the functions when they were called once more as the stopped execution would have, by function. None: the run
    /// was not stopped.
    pub redriven: Option<BTreeMap<String, String>>,
    /// Every fault that struck, without fleet-sim's errors, which are in its log.
    pub struck: Vec<Strike>,
    /// The manifest of the run; None if it has none.
    pub manifest: Option<Manifest>,
    /// SHA-256 of every object of the run but the manifest, by what follows the run in its key.
    pub object_hashes: BTreeMap<String, String>,
    /// The faults of the scenario.
    pub faults: Vec<Fault>,
    /// fleet-sim's whole log, with all runs of the case.
    pub all_calls: Vec<Call>,
    /// Whether the case has no other run.
    pub is_only_run: bool,
    /// Whether another run was under way at the same time. Then some of the calls are not of this run.
    pub shares_its_time: bool,
}

/// The texts of the files beside `report.json`. None for a file that is not there.
#[derive(Debug, Default)]
pub struct Files {
    /// `report.html`.
    pub page: Option<String>,
    /// `instances.csv`.
    pub instances: Option<String>,
    /// `patches.csv`.
    pub patches: Option<String>,
    /// `summary.md`.
    pub summary: Option<String>,
}

impl Files {
    fn read(folder: &Path) -> Result<Self, Broken> {
        let text = |name: &str| {
            let path = folder.join(name);
            if path.exists() { read(&path).map(Some) } else { Ok(None) }
        };
        Ok(Self {
            page: text("report.html")?,
            instances: text("instances.csv")?,
            patches: text("patches.csv")?,
            summary: text("summary.md")?,
        })
    }
}

/// `execution.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// `SUCCEEDED`, `FAILED`, `ABORTED` and so on.
    pub status: String,
    /// The error name.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
    /// Its ARN.
    pub execution_arn: String,
    /// Its output. Null: it has none.
    #[serde(default)]
    pub output: Value,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Timestamp,
}

impl Execution {
    /// Returns its name, which is the run id.
    #[must_use]
    pub fn name(&self) -> &str {
        self.execution_arn.rsplit(':').next().unwrap_or_default()
    }
}

/// A line of `calls.jsonl`.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// When it was made, by the simulated clock.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// The role of the caller: its ARN.
    pub caller: String,
    /// The name of the caller's session.
    pub session: Option<String>,
    /// The account that the call is about.
    pub account: String,
    /// The Region.
    pub region: String,
    /// `ssm:SendCommand`.
    pub operation: String,
    /// Its parameters.
    pub request: Value,
    /// Error code.
    pub error: Option<String>,
}

impl Call {
    /// Returns whether the call is into a member account: every call but those to Organizations.
    #[must_use]
    pub fn is_in_member(&self) -> bool {
        self.operation.starts_with("ssm:") || self.operation.starts_with("ec2:")
    }

    /// Returns `Scan` or `Install` if the call is a command.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        if self.operation != "ssm:SendCommand" {
            return None;
        }
        self.request.pointer("/Parameters/Operation/0").and_then(Value::as_str)
    }

    /// Returns the instance ids of a command.
    #[must_use]
    pub fn instance_ids(&self) -> Vec<&str> {
        let ids = self.request.get("InstanceIds").and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Returns `account/region`.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}/{}", self.account, self.region)
    }
}

/// The ground truth about an instance.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroundTruth {
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// How many installs its agent began.
    pub installs_started: u32,
    /// How many installs of orgpatch began while a competing patcher's operation ran.
    pub installs_beside: u32,
    /// Patches that were installed in this simulation.
    pub installed: BTreeSet<String>,
    /// The version of each of them that is installed now.
    #[serde(default)]
    pub installed_versions: BTreeMap<String, String>,
    /// Patches that are missing now.
    pub missing: BTreeSet<String>,
    /// Whether it rebooted.
    pub rebooted: bool,
    /// How far its clock is ahead of simulated time.
    #[serde(default)]
    pub clock_skew_seconds: i64,
    /// Its tags, without those of `manyTags`.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// When it was launched. None: before the scenario started.
    #[serde(default)]
    pub launched: Option<Timestamp>,
    /// When it was terminated. None: it exists.
    #[serde(default)]
    pub terminated: Option<Timestamp>,
}

impl GroundTruth {
    /// Returns true if it existed all the time from `start` to `end`.
    #[must_use]
    pub fn exists_during(&self, start: Timestamp, end: Timestamp) -> bool {
        self.launched.is_none_or(|at| at <= start) && self.terminated.is_none_or(|at| at >= end)
    }
}

/// A command in the ground truth.
#[derive(Debug, Clone, Deserialize)]
pub struct CommandTruth {
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// `Scan` or `Install`.
    pub operation: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// Its invocations.
    pub invocations: Vec<InvocationTruth>,
}

/// An invocation in the ground truth.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvocationTruth {
    /// Its instance.
    pub instance_id: String,
    /// When it ended, by what the service reports. None: it has not.
    pub ended: Option<Timestamp>,
}

/// The baselines that are registered in an account and Region.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredBaselines {
    /// Defaults that are not the predefined ones, by operating system.
    pub defaults: BTreeMap<String, RegisteredDefault>,
    /// The baselines of patch groups.
    pub patch_groups: Vec<RegisteredGroup>,
}

/// A default baseline.
#[derive(Debug, Deserialize)]
pub struct RegisteredDefault {
    /// Name of the baseline.
    pub name: String,
}

/// A patch group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredGroup {
    /// The patch group.
    pub patch_group: String,
    /// The operating system.
    pub os: String,
    /// Name of the baseline.
    pub name: String,
}

/// An execution in `history.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionHistory {
    /// Its ARN.
    pub execution_arn: String,
    /// The Map that it is a child of.
    pub map_run_arn: Option<String>,
    /// Its events.
    pub events: Vec<Value>,
}

/// A line of `authorized.jsonl`.
#[derive(Debug, Deserialize)]
pub struct IamDecision {
    /// The name of the role.
    pub principal: String,
    /// Action.
    pub action: String,
    /// ARN.
    pub resource: String,
    /// `authorized` or `denied`.
    pub decision: String,
}

/// An entry of `secrets.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The role of the session.
    pub principal: String,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: String,
}

/// A line of `struck.jsonl`.
#[derive(Debug, Deserialize)]
pub struct Strike {
    /// The operation, for example `dynamodb:PutItem`.
    pub operation: String,
    /// `error`, `lostResponse` or `killCaller`.
    pub effect: String,
}

/// A fault of the scenario, with what decides whether it has struck.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// `dynamodb:PutItem`, with wildcards.
    pub operation: String,
    /// Effect: an error.
    pub error: Option<String>,
    /// Effect: the answer is lost.
    pub lost_response: Option<bool>,
    /// Effect: the caller dies.
    pub kill_caller: Option<String>,
    /// Effect: a limit. At least one call must be beyond it.
    pub per_second: Option<f64>,
    /// How often it strikes. None: once.
    pub times: Option<usize>,
    /// Effect: another writer replaces an object.
    pub rewrite: Option<Value>,
}

/// The answer to a saved query.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// Its name.
    pub query: String,
    /// Names and types of the columns.
    columns: Vec<(String, String)>,
    /// The lines, as text. None: the column is null.
    rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// Returns the lines: the text of each column that is not null, by the name of the column.
    pub fn lines(&self) -> impl Iterator<Item = BTreeMap<&str, &str>> {
        let names = || self.columns.iter().map(|(name, _)| name.as_str());
        self.rows
            .iter()
            .map(move |row| names().zip(row).filter_map(|(name, text)| Some((name, text.as_deref()?))).collect())
    }
}

#[derive(Deserialize)]
struct TruthFile {
    instances: BTreeMap<String, GroundTruth>,
    baselines: BTreeMap<String, BTreeMap<String, RegisteredBaselines>>,
    #[serde(default)]
    commands: Vec<CommandTruth>,
}

#[derive(Deserialize)]
struct HistoryFile {
    executions: Vec<ExecutionHistory>,
}

/// Returns the run of the case in whose name a call was made. The name of a run may end like that of another one.
fn run_of<'c>(call: &Call, case: &'c Case) -> Option<&'c str> {
    let session = call.session.as_deref()?;
    let names = case.runs.iter().map(|run| run.name.as_str());
    names.filter(|name| session.ends_with(&format!("-{name}"))).max_by_key(|name| name.len())
}

impl Evidence {
    /// Returns true if another writer has changed the objects of the run.
    #[must_use]
    pub fn is_tampered_with(&self) -> bool {
        self.faults.iter().any(|fault| fault.rewrite.is_some())
    }

    /// Reads what a run left behind.
    pub fn read(results: &Results, case: &Case, run: &Run) -> Result<Self, Broken> {
        let (cloud, own) = (&results.directory, results.of_run(run));
        let execution: Execution = json(&own.join("execution.json"))?;
        let (report, report_text) = match own.join("report.json") {
            path if path.exists() => (Some(json(&path)?), json(&path)?),
            _ => (None, Value::Null),
        };
        let truth: TruthFile = json(&cloud.join("truth.json"))?;
        let history: HistoryFile = json(&cloud.join("history.json"))?;
        // The driver sees the end of a run late, when another one may have begun.
        let mut calls: Vec<Call> = json_lines(&own.join("calls.jsonl"))?;
        calls.retain(|call| call.at.is_none_or(|at| at <= execution.stopped_at));
        // Another run may be closed meanwhile: its functions say its name in their sessions.
        calls.retain(|call| run_of(call, case).is_none_or(|owner| owner == run.name));
        let bucket = cloud.join("bucket");
        let mut public_files = vec![cloud.join("history.json"), cloud.join("logs.jsonl"), own.join("execution.json")];
        files(&bucket, &mut public_files)?;
        files(&own.join("report"), &mut public_files)?;
        let objects = bucket.join("runs").join(execution.name());
        let manifest = objects.join(MANIFEST);
        Ok(Self {
            run_id: execution.name().to_owned(),
            manifest: if manifest.exists() { Some(json(&manifest)?) } else { None },
            object_hashes: object_hashes(&objects)?,
            objects,
            operation: run.start.operation.clone(),
            plan: orgpatch_plan::read(&run.plan.text).ok(),
            files: Files::read(&own)?,
            accounts: accounts(&case.scenario),
            joining: joining(&case.scenario),
            foreign: foreign(&case.scenario),
            answers: json(&cloud.join("answers.json"))?,
            redriven: match own.join("redriven.json") {
                path if path.exists() => Some(json(&path)?),
                _ => None,
            },
            struck: optional_json_lines(&cloud.join("struck.jsonl"))?,
            faults: faults(&case.scenario)?,
            all_calls: json_lines(&cloud.join("calls.jsonl"))?,
            is_only_run: case.runs.len() == 1,
            execution,
            report,
            report_text,
            calls,
            truth: truth.instances,
            commands_in_truth: truth.commands,
            baselines: truth.baselines,
            history: history.executions,
            authorized: json_lines(&cloud.join("authorized.jsonl"))?,
            secrets: json(&cloud.join("secrets.json"))?,
            public_files,
            shares_its_time: case.runs.iter().any(|run| run.start.then == Then::GoOn),
        })
    }

    /// Returns which install of an instance ended closest to a time, counted from 1 over all runs of the case.
    #[must_use]
    pub fn install_that_ended(&self, instance_id: &str, at: Timestamp) -> Option<usize> {
        let installs = self.commands_in_truth.iter().filter(|command| command.operation == "Install");
        let of_it = installs.flat_map(|command| &command.invocations).filter(|one| one.instance_id == instance_id);
        let mut ends: Vec<Timestamp> = of_it.filter_map(|one| one.ended).collect();
        ends.sort_unstable();
        let distance = |end: &Timestamp| (end.as_second() - at.as_second()).abs();
        ends.iter().enumerate().min_by_key(|(_, end)| distance(end)).map(|(nth, _)| nth + 1)
    }

    /// Returns whether the run is about baselines only.
    #[must_use]
    pub fn is_about_baselines_only(&self) -> bool {
        self.report.as_ref().is_some_and(|report| report.head.run.operation.is_about_baselines_only())
    }

    /// Returns the ARN of the execution that closed the run, if one did.
    fn closing_arn(&self) -> Option<String> {
        let name = self.report.as_ref()?.head.run.closed_by.as_ref()?;
        let (machine, _) = self.execution.execution_arn.rsplit_once(':')?;
        Some(format!("{machine}:{name}"))
    }

    /// Returns the run's own execution, and the one that closed it.
    fn parents(&self) -> impl Iterator<Item = &ExecutionHistory> {
        let closing = self.closing_arn();
        self.history.iter().filter(move |execution| {
            let arn = &execution.execution_arn;
            *arn == self.execution.execution_arn || closing.as_ref() == Some(arn)
        })
    }

    /// Returns the run's own execution, the one that closed it, and the children of their Maps.
    pub fn own_executions(&self) -> impl Iterator<Item = &ExecutionHistory> {
        let maps: BTreeSet<&str> = self.parents().flat_map(|parent| &parent.events).filter_map(map_run).collect();
        let ours = move |child: &&ExecutionHistory| child.map_run_arn.as_deref().is_some_and(|arn| maps.contains(arn));
        self.parents().chain(self.history.iter().filter(ours))
    }

    /// Returns every notification that the run itself sent.
    pub fn notifications(&self) -> impl Iterator<Item = String> {
        self.parents().flat_map(|execution| &execution.events).filter_map(|event| {
            let parameters = event.pointer("/taskScheduledEventDetails/parameters")?.as_str()?;
            let parameters: Value = serde_json::from_str(parameters).ok()?;
            Some(parameters.get("Message")?.as_str()?.to_owned())
        })
    }

    /// Returns every instance of the report.
    pub fn rows(&self) -> impl Iterator<Item = &InstanceRow> {
        self.report.iter().flat_map(|report| &report.instances)
    }

    /// Returns every target of the report.
    pub fn targets(&self) -> impl Iterator<Item = &TargetReport> {
        self.report.iter().flat_map(|report| &report.targets)
    }

    /// Returns the accepted commands of this run, each with its operation.
    pub fn commands(&self) -> impl Iterator<Item = (&Call, &str)> {
        let accepted = self.calls.iter().filter(|call| call.error.is_none() && self.is_own(call));
        accepted.filter_map(|call| Some((call, call.command()?)))
    }

    /// Returns whether a command belongs to this run: its comment ends with the run id. Where no other run was under way,
    /// every command does.
    #[must_use]
    pub fn is_own(&self, command: &Call) -> bool {
        let comment = command.request.get("Comment").and_then(Value::as_str).unwrap_or_default();
        !self.shares_its_time || comment.rsplit(' ').next() == Some(self.run_id.as_str())
    }

    /// Returns how many installs of an instance belong to this run: those that really began, or, where several runs
    /// share a cloud, how many commands of this run name it.
    #[must_use]
    pub fn installs_of(&self, instance_id: &str) -> u32 {
        if self.is_only_run {
            return self.truth.get(instance_id).map_or(0, |truth| truth.installs_started);
        }
        let naming = self
            .commands()
            .filter(|(call, command)| *command == "Install" && call.instance_ids().contains(&instance_id));
        u32::try_from(naming.count()).unwrap_or(u32::MAX)
    }

    /// Returns the real `account/region` of an instance.
    #[must_use]
    pub fn place(&self, instance_id: &str) -> Option<String> {
        self.truth.get(instance_id).map(|truth| format!("{}/{}", truth.account, truth.region))
    }
}

/// Returns the Map that an event says has started.
fn map_run(event: &Value) -> Option<&str> {
    event.pointer("/mapRunStartedEventDetails/mapRunArn")?.as_str()
}

/// Returns every account of a scenario: those in its OUs, those that it describes, and the management account.
fn accounts(scenario: &Value) -> BTreeSet<String> {
    fn below(unit: &Value, found: &mut BTreeSet<String>) {
        let list = |name: &str| unit.get(name).and_then(Value::as_array).into_iter().flatten();
        found.extend(list("accounts").filter_map(Value::as_str).map(str::to_owned));
        list("ous").for_each(|unit| below(unit, found));
    }
    let mut found = BTreeSet::new();
    let units = scenario.get("organization").and_then(Value::as_array);
    units.into_iter().flatten().for_each(|unit| below(unit, &mut found));
    let described = scenario.get("accounts").and_then(Value::as_object);
    found.extend(described.into_iter().flat_map(serde_json::Map::keys).cloned());
    found.extend(scenario.get("management").and_then(Value::as_str).map(str::to_owned));
    found
}

/// Returns the accounts of a scenario that are created while it runs.
fn joining(scenario: &Value) -> BTreeSet<String> {
    let changes = scenario.get("accountChanges").and_then(Value::as_array).into_iter().flatten();
    let joining =
        changes.filter(|change| change.get("joins").is_some()).filter_map(|change| change.get("account")?.as_str());
    joining.map(str::to_owned).collect()
}

/// Returns the lines of what a scenario's accounts and instances say of themselves. A short one could be a word of orgpatch.
fn foreign(scenario: &Value) -> BTreeSet<String> {
    const SHORTEST: usize = 8;
    let described = scenario.get("accounts").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values);
    let fleet = scenario.get("fleet").and_then(Value::as_array).into_iter().flatten();
    let tags = fleet.clone().filter_map(|instance| instance.get("tags")?.as_object()).flat_map(serde_json::Map::values);
    let own = fleet.flat_map(|instance| ["platformName", "agentVersion"].map(|field| instance.get(field)));
    let texts = described.map(|account| account.get("name")).chain(tags.map(Some)).chain(own);
    let lines = texts.flatten().filter_map(Value::as_str).flat_map(|text| text.split(LINE_ENDS));
    lines.map(str::trim).filter(|line| line.chars().count() >= SHORTEST).map(str::to_owned).collect()
}

/// What begins a line somewhere.
pub const LINE_ENDS: [char; 7] = ['\r', '\n', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

fn object_hashes(folder: &Path) -> Result<BTreeMap<String, String>, Broken> {
    let mut paths = Vec::new();
    files(folder, &mut paths)?;
    let mut hashes = BTreeMap::new();
    for path in paths {
        let key = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        if key != MANIFEST {
            let wrong = |error| Broken::File { path: path.display().to_string(), error };
            hashes.insert(key, sha256_hex(std::fs::read(&path).map_err(wrong)?));
        }
    }
    Ok(hashes)
}

fn faults(scenario: &Value) -> Result<Vec<Fault>, Broken> {
    let entries = scenario.get("faults").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
    serde_json::from_value(entries)
        .map_err(|error| Broken::Text { path: "scenario.faults".to_owned(), text: error.to_string() })
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Broken> {
    let text = read(path)?;
    serde_json::from_str(&text)
        .map_err(|error| Broken::Text { path: path.display().to_string(), text: error.to_string() })
}

/// Reads the lines of a file. No lines if there is no file.
fn optional_json_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, Broken> {
    if path.exists() { json_lines(path) } else { Ok(Vec::new()) }
}

fn json_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, Broken> {
    let parse = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| Broken::Text {
            path: path.display().to_string(),
            text: format!("line {}: {error}", number + 1),
        })
    };
    read(path)?.lines().enumerate().map(parse).collect()
}

/// Adds every file below a folder, if the folder exists.
fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Broken> {
    if !folder.exists() {
        return Ok(());
    }
    let wrong = |error| Broken::File { path: folder.display().to_string(), error };
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
