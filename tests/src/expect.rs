//! What a case expects, and how the run differs from it.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_engine::readiness::{Check, Status};
use orgpatch_model::organization::AccountState;
use orgpatch_model::outcome::RunDecision;
use orgpatch_model::outcome::{Counts, Outcome, TargetOutcome};
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_report::{Report, StepDecision};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use crate::checks;
use crate::evidence::Evidence;

/// What is expected of a run. Fields that are left out are not compared, except `targets` and `denied`, which then must
/// be empty.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// The exit code: 0 the run advanced through all steps, 3 a gate halted it, 1 an error.
    pub exit: i32,
    /// The error name of the execution.
    pub error: Option<String>,
    /// Parts of the cause of the execution.
    #[serde(default)]
    pub error_contains: Vec<String>,
    /// A part of the reason with which the execution ended quietly, without a run. Its exit code is 0.
    pub not_started: Option<String>,
    /// States that the execution itself entered, for example `WaitForOther`.
    #[serde(default)]
    pub entered: BTreeSet<String>,
    /// Parts of `summary.md`.
    #[serde(default)]
    pub summary_contains: Vec<String>,
    /// Parts of the notification.
    #[serde(default)]
    pub notification_contains: Vec<String>,
    /// Everything that the report names as a part of the plan that matched nothing.
    pub matched_nothing: Option<Vec<String>>,
    /// The decision of the run.
    pub decision: Option<RunDecision>,
    /// The code of the run's reason.
    pub reason: Option<String>,
    /// The number of instances by outcome, all of them.
    #[serde(default)]
    #[schemars(schema_with = "counts_schema")]
    pub counts: Option<Counts>,
    /// Instances by id, or by their `Name` tag, which then must be unique.
    #[serde(default)]
    pub instances: BTreeMap<String, ExpectInstance>,
    /// Every target that was not reached, as `account/region`. Targets of steps that were not attempted may be left
    /// out.
    #[serde(default)]
    pub targets: BTreeMap<String, TargetOutcome>,
    /// The reasons of targets, as `account/region`. Targets that are left out are not compared.
    #[serde(default)]
    pub target_reasons: BTreeMap<String, ExpectReason>,
    /// All steps, in order.
    pub steps: Option<Vec<ExpectStep>>,
    /// Accounts to which no command was ever sent, successful or not.
    #[serde(default)]
    pub never_sent_to: Vec<String>,
    /// How many commands Systems Manager accepted.
    pub send_commands: Option<ExpectCommands>,
    /// Every account outside the plan, with the code of its reason.
    pub outside_plan: Option<BTreeMap<String, String>>,
    /// The `ouPath` of accounts, of the plan and outside it. Accounts that are left out are not compared.
    #[serde(default)]
    pub ou_paths: BTreeMap<String, String>,
    /// The state in Organizations of accounts outside the plan. Accounts that are left out are not compared.
    #[serde(default)]
    pub states_outside_plan: BTreeMap<String, AccountState>,
    /// How many installs really began, by instance id.
    #[serde(default)]
    pub installs_started: BTreeMap<String, u32>,
    /// Every call that IAM denied, as `action resource`.
    #[serde(default)]
    pub denied: BTreeSet<String>,
    /// How many tasks of the state machine failed with an error name, before retries. It proves that a fault has
    /// struck.
    #[serde(default)]
    pub task_errors: BTreeMap<String, usize>,
    /// How often a state was entered, by the run and the executions of its targets together.
    #[serde(default)]
    pub states_entered: BTreeMap<String, usize>,
    /// How often an operation succeeded in member accounts, for example `ssm:CreatePatchBaseline: 2`.
    #[serde(default)]
    pub calls: BTreeMap<String, usize>,
    /// The most calls of an operation in any one target, successful or not, for example `ec2:DescribeSubnets: 1`. `all`
    /// stands for all operations together.
    #[serde(default)]
    pub max_calls_per_target: BTreeMap<String, usize>,
    /// The first causes in the report's "what to fix first", with the number of instances of each.
    #[serde(default)]
    pub first_to_fix: Vec<ExpectCause>,
    /// The baseline changes of the report by target (`account/region`): their kinds, in order. If the field is given,
    /// every target that it leaves out must have none.
    pub baseline_changes: Option<BTreeMap<String, Vec<String>>>,
    /// `baselines` of the report by target (`account/region`). Targets that are left out are not compared.
    #[serde(default)]
    pub baselines: BTreeMap<String, String>,
    /// The codes of `conflictNotes` of the report by target (`account/region`). If the field is given, every target
    /// that it leaves out must have none.
    pub conflict_notes: Option<BTreeMap<String, Vec<String>>>,
    /// The baselines that are registered in a target (`account/region`) after the last run of the case.
    #[serde(default)]
    pub registered: BTreeMap<String, ExpectRegistered>,
    /// What saved queries over the history answer after the last run of the case, by the name of the query: lines in their order,
    /// each with some of its columns as text.
    #[serde(default)]
    pub answers: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    /// The simulated hours that the run took: from and to.
    pub hours: Option<[f64; 2]>,
    /// The largest number of installs that were in flight at the same time, by target (`account/region`).
    #[serde(default)]
    pub most_in_flight: BTreeMap<String, usize>,
    /// How often fleet-sim answered an operation with an error. It proves that a fault has struck.
    #[serde(default)]
    pub call_errors: BTreeMap<String, ExpectCallErrors>,
}

/// What is expected of an instance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectInstance {
    outcome: Outcome,
    reason: Option<String>,
    /// The ids of all patches that the row reports as installed.
    installed: Option<BTreeSet<String>>,
    /// Whether the plan never reboots it.
    never_reboot: Option<bool>,
    /// The install of the instance behind which it waits for a reboot, counted from 1 over all runs of the case.
    pending_since_install: Option<usize>,
    /// The ids of all patches that the row reports as failed.
    failed: Option<BTreeSet<String>>,
    /// The ids of all patches that the row reports as missing at the end.
    missing_after: Option<BTreeSet<String>>,
    /// The outcomes of its passes, if it had two.
    passes: Option<Vec<Outcome>>,
    /// The codes of all conflicts of the row.
    conflicts: Option<BTreeSet<String>>,
    /// The code of the row's `overwrittenBy`.
    overwritten_by: Option<String>,
    /// Whether the row names an install command that had not ended.
    open_command: Option<bool>,
    /// The code of the row's `judgedBy`; `none` if the plan's baseline judged it.
    judged_by: Option<String>,
    /// How many security updates the row says are out and not approved.
    available_security_updates: Option<u32>,
    /// What the row says that Systems Manager counts it as.
    aws_status: Option<ComplianceStatus>,
    /// The ids of all installed patches that the row reports as untested.
    installed_untested: Option<BTreeSet<String>>,
    /// The ids of all patches that the row reports as held back.
    held_back: Option<BTreeSet<String>>,
    /// What of the patches that were missing before is listed, and how much is only counted.
    missing_before: Option<ExpectListed>,
    /// The status of readiness checks. Checks that are left out are not compared.
    #[serde(default)]
    #[schemars(schema_with = "by_check::<Status>")]
    findings: BTreeMap<Check, Status>,
    /// Parts of the text of the row's reason.
    #[serde(default)]
    reason_contains: Vec<String>,
    /// A part of the evidence of readiness checks.
    #[serde(default)]
    #[schemars(schema_with = "by_check::<String>")]
    evidence_contains: BTreeMap<Check, String>,
}

/// What is expected of a list of patches.
#[derive(Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectListed {
    /// Patches that are listed.
    listed: usize,
    /// Patches that are only counted.
    more: u32,
    /// CVE ids of the listed patches that are only counted, of all together.
    more_cve_ids: u32,
}

/// A cause in the report's "what to fix first".
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectCause {
    /// A part of its text. Ids in the text are derived, so a case cannot know all of it.
    contains: String,
    instances: usize,
}

/// What is expected of a reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectReason {
    code: String,
    /// A part of its text.
    contains: String,
}

/// What is expected of a step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectStep {
    id: String,
    decision: StepDecision,
    reason: Option<String>,
    #[serde(default)]
    #[schemars(schema_with = "counts_schema")]
    counts: Option<Counts>,
}

/// Numbers of commands by operation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectCommands {
    install: Option<usize>,
    scan: Option<usize>,
}

/// All baselines that are registered in a target, by name.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectRegistered {
    /// Defaults that are not the predefined ones, by operating system.
    defaults: BTreeMap<String, String>,
    /// Baselines of patch groups, by group and operating system, for example `web UBUNTU`.
    patch_groups: BTreeMap<String, String>,
}

/// Errors of one operation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectCallErrors {
    code: String,
    times: usize,
}

/// Returns the schema of counts: their keys are outcomes.
fn counts_schema(generator: &mut SchemaGenerator) -> Schema {
    map_schema::<Outcome, u64>(generator)
}

/// Returns the schema of a map with checks as keys.
fn by_check<V: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    map_schema::<Check, V>(generator)
}

fn map_schema<K: JsonSchema, V: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let (keys, values) = (generator.subschema_for::<K>(), generator.subschema_for::<V>());
    json_schema!({"type": "object", "propertyNames": keys, "additionalProperties": values})
}

/// Returns every difference between the expectation and the run.
#[must_use]
pub fn compare(expect: &Expect, evidence: &Evidence) -> Vec<String> {
    let mut complaints = Vec::new();
    ending(expect, evidence, &mut complaints);
    calls(expect, evidence, &mut complaints);
    registered(expect, evidence, &mut complaints);
    answers(expect, evidence, &mut complaints);
    pace(expect, evidence, &mut complaints);
    match &evidence.report {
        Some(report) => {
            in_report(expect, report, &mut complaints);
            instances(expect, evidence, report, &mut complaints);
            if let Some(wanted) = &expect.matched_nothing {
                let found: Vec<String> = report.head.run.matched_nothing.iter().map(ToString::to_string).collect();
                same("what matched nothing", wanted, &found, &mut complaints);
            }
            targets(expect, report, &mut complaints);
            first_to_fix(expect, report, &mut complaints);
            baseline_changes(expect, report, &mut complaints);
            baselines(expect, report, &mut complaints);
            organization(expect, report, &mut complaints);
            conflict_notes(expect, report, &mut complaints);
        }
        None if expect.decision.is_some() => complaints.push("the run wrote no report".to_owned()),
        None => {}
    }
    complaints
}

/// Compares two values and reports the difference.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, found: &T, complaints: &mut Vec<String>) {
    if expected != found {
        complaints.push(format!("{what}: expected {expected:?}, found {found:?}"));
    }
}

fn ending(expect: &Expect, evidence: &Evidence, complaints: &mut Vec<String>) {
    let execution = &evidence.execution;
    let exit = match (execution.status.as_str(), execution.error.as_deref()) {
        ("SUCCEEDED", _) => 0,
        ("FAILED", Some("Halted")) => 3,
        _ => 1,
    };
    let text = format!(
        "{} {} {}",
        execution.status,
        execution.error.as_deref().unwrap_or_default(),
        execution.cause.as_deref().unwrap_or_default()
    );
    if exit != expect.exit {
        complaints.push(format!("the run ends with {exit}, expected {}: {text}", expect.exit));
    }
    if expect.error.is_some() {
        same("error of the execution", &expect.error, &execution.error, complaints);
    }
    let cause = execution.cause.as_deref().unwrap_or_default();
    for part in expect.error_contains.iter().filter(|part| !cause.contains(part.as_str())) {
        complaints.push(format!("the cause of the execution does not contain {part:?}: {cause:?}"));
    }
    not_started(expect, &execution.output, complaints);
    let summary = evidence.files.summary.as_deref().unwrap_or_default();
    for part in expect.summary_contains.iter().filter(|part| !summary.contains(part.as_str())) {
        complaints.push(format!("summary.md does not contain {part:?}: {summary}"));
    }
    for part in &expect.notification_contains {
        if !evidence.notifications().any(|message| message.contains(part.as_str())) {
            let told: Vec<String> = evidence.notifications().collect();
            complaints.push(format!("no notification contains {part:?}: {told:?}"));
        }
    }
    let entered: BTreeSet<&str> = evidence
        .own_executions()
        .filter(|one| one.execution_arn == execution.execution_arn)
        .flat_map(|one| &one.events)
        .filter_map(|event| event.pointer("/stateEnteredEventDetails/name")?.as_str())
        .collect();
    for state in expect.entered.iter().filter(|state| !entered.contains(state.as_str())) {
        complaints.push(format!("the execution did not enter {state}, but {entered:?}"));
    }
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    for error in evidence.own_executions().flat_map(|execution| &execution.events).filter_map(task_error) {
        *failed.entry(error).or_default() += 1;
    }
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let entered = evidence.own_executions().flat_map(|execution| &execution.events);
    for state in entered.filter_map(|event| event.pointer("/stateEnteredEventDetails/name")?.as_str()) {
        *states.entry(state).or_default() += 1;
    }
    for (state, wanted) in &expect.states_entered {
        let found = states.get(state.as_str()).copied().unwrap_or_default();
        same(&format!("how often {state} was entered"), wanted, &found, complaints);
    }
    for (error, wanted) in &expect.task_errors {
        let found = failed.get(error.as_str()).copied().unwrap_or_default();
        same(&format!("tasks that failed with {error}"), wanted, &found, complaints);
    }
}

fn pace(expect: &Expect, evidence: &Evidence, complaints: &mut Vec<String>) {
    if let Some([from, to]) = expect.hours {
        let took = evidence.execution.stopped_at.duration_since(evidence.execution.started_at);
        let hours = took.as_secs_f64() / 3_600.0;
        if !(from..=to).contains(&hours) {
            complaints.push(format!("the run took {hours:.2} hours, expected {from} to {to}"));
        }
    }
    let found = checks::pacing::most_in_flight(evidence);
    for (target, wanted) in &expect.most_in_flight {
        let found = found.get(target).copied().unwrap_or_default();
        same(&format!("installs in flight in {target}"), wanted, &found, complaints);
    }
}

/// Compares how the execution ended without a run, if it did.
fn not_started(expect: &Expect, output: &Value, complaints: &mut Vec<String>) {
    let ended_quietly = output.get("decision").and_then(Value::as_str) == Some("not-started");
    same("whether the execution ends without a run", &expect.not_started.is_some(), &ended_quietly, complaints);
    let reason = output.get("reason").and_then(Value::as_str).unwrap_or_default();
    if let Some(part) = expect.not_started.as_ref().filter(|part| !reason.contains(part.as_str())) {
        complaints.push(format!("the reason does not contain {part:?}: {reason:?}"));
    }
}

/// Returns the error of an event of a failed task.
fn task_error(event: &Value) -> Option<&str> {
    let details = ["taskFailedEventDetails", "taskTimedOutEventDetails"];
    details.iter().find_map(|name| event.get(name)?.get("error")?.as_str())
}

fn calls(expect: &Expect, evidence: &Evidence, complaints: &mut Vec<String>) {
    for account in &expect.never_sent_to {
        let sent = evidence.calls.iter().filter(|call| &call.account == account && call.command().is_some()).count();
        if sent > 0 {
            complaints.push(format!("{sent} commands were sent to account {account}, expected none ever"));
        }
    }
    if let Some(wanted) = &expect.send_commands {
        for (operation, wanted) in [("Install", wanted.install), ("Scan", wanted.scan)] {
            let found = evidence.commands().filter(|(_, command)| *command == operation).count();
            if let Some(wanted) = wanted {
                same(&format!("accepted {operation} commands"), &wanted, &found, complaints);
            }
        }
    }
    for (id, wanted) in &expect.installs_started {
        match evidence.truth.get(id) {
            Some(truth) => same(&format!("installs started on {id}"), wanted, &truth.installs_started, complaints),
            None => complaints.push(format!("the scenario has no instance {id}")),
        }
    }
    for (operation, wanted) in &expect.calls {
        let found = evidence.calls.iter().filter(|call| &call.operation == operation && call.error.is_none()).count();
        same(&format!("calls of {operation}"), wanted, &found, complaints);
    }
    for (operation, most) in &expect.max_calls_per_target {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let counted = |call: &&crate::evidence::Call| operation == "all" || &call.operation == operation;
        for call in evidence.calls.iter().filter(|call| call.is_in_member()).filter(counted) {
            *found.entry(call.target()).or_default() += 1;
        }
        if found.is_empty() {
            complaints.push(format!("no target was asked {operation}, expected some and at most {most} calls"));
        }
        for (target, found) in found.into_iter().filter(|(_, found)| found > most) {
            complaints.push(format!("{found} calls of {operation} in {target}, expected at most {most}"));
        }
    }
    for (operation, wanted) in &expect.call_errors {
        let found = evidence
            .calls
            .iter()
            .filter(|call| &call.operation == operation && call.error.as_ref() == Some(&wanted.code))
            .count();
        same(&format!("answers {} to {operation}", wanted.code), &wanted.times, &found, complaints);
    }
    let denied: BTreeSet<String> = evidence
        .authorized
        .iter()
        .filter(|decision| decision.decision != "authorized")
        .map(|decision| format!("{} {}", decision.action, decision.resource))
        .collect();
    same("calls that IAM denied", &expect.denied, &denied, complaints);
}

fn in_report(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    if let Some(decision) = expect.decision {
        same("decision of the run", &decision, &report.head.run.decision, complaints);
    }
    if let Some(code) = &expect.reason {
        same("reason of the run", code, &report.head.run.reason.code.to_string(), complaints);
    }
    if let Some(counts) = &expect.counts {
        same("counts of the run", counts, &report.head.run.counts, complaints);
    }
    if let Some(wanted) = &expect.outside_plan {
        let outside = report.head.accounts_outside_plan.iter();
        let found = outside.map(|account| (account.account_id.clone(), account.reason.code.to_string())).collect();
        same("accounts outside the plan", wanted, &found, complaints);
    }
    if let Some(steps) = &expect.steps {
        let ids = |ids: Vec<&String>| ids.into_iter().cloned().collect::<Vec<_>>();
        same(
            "steps",
            &ids(steps.iter().map(|step| &step.id).collect()),
            &ids(report.head.steps.iter().map(|step| &step.id).collect()),
            complaints,
        );
        for (wanted, found) in steps.iter().zip(&report.head.steps) {
            same(&format!("decision of {}", wanted.id), &wanted.decision, &found.decision, complaints);
            if let Some(code) = &wanted.reason {
                same(&format!("reason of {}", wanted.id), code, &found.reason.code.to_string(), complaints);
            }
            if let Some(counts) = &wanted.counts {
                same(&format!("counts of {}", wanted.id), counts, &found.counts, complaints);
            }
        }
    }
}

fn instances(expect: &Expect, evidence: &Evidence, report: &Report, complaints: &mut Vec<String>) {
    for (name, wanted) in &expect.instances {
        let fits =
            |row: &&orgpatch_engine::results::InstanceRow| &row.instance_id == name || row.name.as_ref() == Some(name);
        let rows: Vec<_> = report.instances.iter().filter(fits).collect();
        let [row] = rows.as_slice() else {
            complaints.push(format!("{} rows are of instance {name}, expected 1", rows.len()));
            continue;
        };
        if row.outcome != wanted.outcome || wanted.reason.as_ref().is_some_and(|code| *code != row.reason.code.name()) {
            let reason = wanted.reason.as_deref().unwrap_or("any reason");
            complaints.push(format!(
                "instance {name}: expected {} ({reason}), found {} ({})",
                wanted.outcome, row.outcome, row.reason
            ));
        }
        for part in wanted.reason_contains.iter().filter(|part| !row.reason.text.contains(part.as_str())) {
            complaints.push(format!("the reason of {name} does not contain {part:?}: {}", row.reason));
        }
        if let Some(passes) = &wanted.passes {
            let found: Vec<Outcome> = row.passes.iter().map(|pass| pass.outcome).collect();
            same(&format!("passes of {name}"), passes, &found, complaints);
        }
        let finding = |check: Check| row.findings.iter().find(|finding| finding.check == check);
        for (check, status) in &wanted.findings {
            let found = finding(*check);
            if found.map(|finding| finding.status) != Some(*status) {
                complaints.push(format!("check {} of {name}: expected {status:?}, found {found:?}", check.id()));
            }
        }
        for (check, part) in &wanted.evidence_contains {
            let evidence = finding(*check).map_or("", |finding| &finding.evidence);
            if !evidence.contains(part.as_str()) {
                complaints.push(format!("check {} of {name} does not say {part:?}: {evidence:?}", check.id()));
            }
        }
        if let Some(wanted) = wanted.never_reboot {
            same(&format!("neverReboot of {name}"), &wanted, &row.never_reboot.is_some(), complaints);
        }
        if wanted.pending_since_install.is_some() {
            let found = row.pending_reboot_since.and_then(|since| evidence.install_that_ended(&row.instance_id, since));
            same(
                &format!("install of pendingRebootSince of {name}"),
                &wanted.pending_since_install,
                &found,
                complaints,
            );
        }
        if let Some(wanted) = &wanted.conflicts {
            let found: BTreeSet<String> =
                row.conflicts.iter().map(|conflict| conflict.reason.code.to_string()).collect();
            same(&format!("conflicts of {name}"), wanted, &found, complaints);
        }
        if wanted.open_command.is_some() {
            let found = Some(row.open_command.is_some());
            same(&format!("openCommand of {name}"), &wanted.open_command, &found, complaints);
        }
        if wanted.overwritten_by.is_some() {
            let found = row.overwritten_by.as_ref().map(|reason| reason.code.to_string());
            same(&format!("overwrittenBy of {name}"), &wanted.overwritten_by, &found, complaints);
        }
        if let Some(wanted) = &wanted.judged_by {
            let found = row.judged_by.as_ref().map_or_else(|| "none".to_owned(), |reason| reason.code.to_string());
            same(&format!("judgedBy of {name}"), wanted, &found, complaints);
        }
        if wanted.available_security_updates.is_some() {
            let found = Some(row.available_security_updates);
            same(
                &format!("availableSecurityUpdates of {name}"),
                &wanted.available_security_updates,
                &found,
                complaints,
            );
        }
        if wanted.aws_status.is_some() {
            same(&format!("awsStatus of {name}"), &wanted.aws_status, &row.aws_status, complaints);
        }
        for (what, wanted, found) in [
            ("installed on", &wanted.installed, &row.installed),
            ("failed on", &wanted.failed, &row.failed),
            ("missing at the end on", &wanted.missing_after, &row.missing_after),
            ("installed untested on", &wanted.installed_untested, &row.installed_untested),
            ("held back on", &wanted.held_back, &row.held_back),
        ] {
            if let Some(wanted) = wanted {
                let found: BTreeSet<String> = found.iter().map(|patch| patch.id.clone()).collect();
                same(&format!("patches {what} {name}"), wanted, &found, complaints);
            }
        }
        if wanted.missing_before.is_some() {
            let found = ExpectListed {
                listed: row.missing_before.len(),
                more: row.more_missing_before,
                more_cve_ids: row.missing_before.iter().map(|patch| patch.more_cve_ids).sum(),
            };
            same(&format!("patches missing before on {name}"), &wanted.missing_before, &Some(found), complaints);
        }
    }
}

fn first_to_fix(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    for (index, wanted) in expect.first_to_fix.iter().enumerate() {
        let found = report.head.readiness.first_to_fix.get(index);
        if found.is_none_or(|found| !found.text.contains(&wanted.contains) || found.instances != wanted.instances) {
            complaints.push(format!("cause {} to fix: expected {wanted:?}, found {found:?}", index + 1));
        }
    }
}

fn baseline_changes(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    let Some(wanted) = &expect.baseline_changes else { return };
    // The kind is the tag in the JSON of the type.
    let kind = |change| serde_json::to_value(change).ok()?.get("change")?.as_str().map(str::to_owned);
    let changed = report.targets.iter().filter(|target| !target.baseline_changes.is_empty());
    let found: BTreeMap<String, Vec<String>> = changed
        .map(|target| {
            let kinds = target.baseline_changes.iter().filter_map(kind).collect();
            (format!("{}/{}", target.account_id, target.region), kinds)
        })
        .collect();
    same("changes of baselines", wanted, &found, complaints);
}

fn baselines(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    for (place, wanted) in &expect.baselines {
        let target = report.targets.iter().find(|target| *place == format!("{}/{}", target.account_id, target.region));
        let found = target.and_then(|target| serde_json::to_value(target.baselines).ok());
        if found.as_ref().and_then(|found| found.as_str()) != Some(wanted) {
            complaints.push(format!("baselines of {place}: expected {wanted}, found {found:?}"));
        }
    }
}

fn organization(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    let outside = &report.head.accounts_outside_plan;
    for (account, wanted) in &expect.ou_paths {
        let of_plan = report.targets.iter().map(|target| (&target.account_id, &target.ou_path));
        let mut all = of_plan.chain(outside.iter().map(|one| (&one.account_id, &one.ou_path)));
        let found = all.find(|(id, _)| *id == account).map(|(_, path)| path);
        same(&format!("ouPath of {account}"), &Some(wanted), &found, complaints);
    }
    for (account, wanted) in &expect.states_outside_plan {
        let found = outside.iter().find(|one| one.account_id == *account).and_then(|one| one.account_state);
        same(&format!("state of {account}"), &Some(*wanted), &found, complaints);
    }
}

fn conflict_notes(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    let Some(wanted) = &expect.conflict_notes else { return };
    let noted = report.targets.iter().filter(|target| !target.conflict_notes.is_empty());
    let found: BTreeMap<String, Vec<String>> = noted
        .map(|target| {
            let codes = target.conflict_notes.iter().map(|note| note.code.to_string()).collect();
            (format!("{}/{}", target.account_id, target.region), codes)
        })
        .collect();
    same("conflict notes", wanted, &found, complaints);
}

fn answers(expect: &Expect, evidence: &Evidence, complaints: &mut Vec<String>) {
    for (query, wanted) in &expect.answers {
        let Some(answer) = evidence.answers.iter().find(|answer| answer.query == *query) else {
            complaints.push(format!("there is no saved query {query}"));
            continue;
        };
        let found: Vec<BTreeMap<&str, &str>> = answer.lines().collect();
        let fits = |(line, wanted): (&BTreeMap<&str, &str>, &BTreeMap<String, String>)| {
            wanted.iter().all(|(column, text)| line.get(column.as_str()) == Some(&text.as_str()))
        };
        if found.len() != wanted.len() || !found.iter().zip(wanted).all(fits) {
            complaints.push(format!("the query {query} answers {found:?}, expected {wanted:?}"));
        }
    }
}

fn registered(expect: &Expect, evidence: &Evidence, complaints: &mut Vec<String>) {
    for (place, wanted) in &expect.registered {
        let truth = place.split_once('/').and_then(|(account, region)| evidence.baselines.get(account)?.get(region));
        let found = truth.map_or_else(ExpectRegistered::default, |truth| ExpectRegistered {
            defaults: truth.defaults.iter().map(|(os, known)| (os.clone(), known.name.clone())).collect(),
            patch_groups: truth
                .patch_groups
                .iter()
                .map(|entry| (format!("{} {}", entry.patch_group, entry.os), entry.name.clone()))
                .collect(),
        });
        same(&format!("what is registered in {place}"), wanted, &found, complaints);
    }
}

fn targets(expect: &Expect, report: &Report, complaints: &mut Vec<String>) {
    let mut left = expect.targets.clone();
    for target in &report.targets {
        let key = format!("{}/{}", target.account_id, target.region);
        let step = report.head.steps.iter().find(|step| (&step.stage, step.wave) == (&target.stage, target.wave));
        let unattempted = step.is_some_and(|step| step.decision == StepDecision::NotAttempted);
        let wanted = match (left.remove(&key), unattempted) {
            (Some(wanted), _) => wanted,
            (None, true) => TargetOutcome::NotAttempted,
            (None, false) => TargetOutcome::Reached,
        };
        if wanted != target.outcome {
            complaints
                .push(format!("target {key}: expected {wanted:?}, found {:?}: {}", target.outcome, target.reason));
        }
    }
    complaints.extend(left.keys().map(|key| format!("target {key} is not in the report")));
    for (key, wanted) in &expect.target_reasons {
        let mut targets = report.targets.iter();
        let found = targets.find(|target| *key == format!("{}/{}", target.account_id, target.region));
        match found.map(|target| &target.reason) {
            Some(reason) if reason.code.name() == wanted.code && reason.text.contains(&wanted.contains) => {}
            found => complaints.push(format!("reason of target {key}: expected {wanted:?}, found {found:?}")),
        }
    }
}
