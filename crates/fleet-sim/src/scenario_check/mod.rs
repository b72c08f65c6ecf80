//! Reads a scenario and checks what its types cannot. Each problem names the field and what would be valid.
mod baselines;
mod instances;

use crate::{
    clock,
    facts::{
        ids,
        operating_systems::{Kind, Os},
    },
    scenario::{FaultEntry, OuEntry, PatchEntry, PatchSet, Scenario},
    services,
    world::organization::Organization,
};
use orgpatch_facts::patch_lists::{self, Form, List, has_wildcard};
use std::collections::{BTreeMap, BTreeSet};

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not a scenario. The message names field and line.
    #[error("{0}")]
    Syntax(String),
    /// Parts of the scenario do not fit each other, one line for each problem.
    #[error("{}", .0.join("\n"))]
    Contradiction(Vec<String>),
}

/// Reads and checks a scenario. Fails with the first syntax error, or with all problems of a readable scenario.
pub fn read(text: &str) -> Result<Scenario, ScenarioError> {
    let scenario: Scenario = serde_saphyr::from_str(text).map_err(|error| ScenarioError::Syntax(error.to_string()))?;
    let problems = check(&scenario);
    if problems.is_empty() { Ok(scenario) } else { Err(ScenarioError::Contradiction(problems)) }
}

/// Returns everything that is wrong with a scenario.
fn check(scenario: &Scenario) -> Vec<String> {
    let mut problems = Vec::new();
    if scenario.schema_version != 1 {
        problems.push(format!("schemaVersion: {} is not supported, expected 1", scenario.schema_version));
    }
    if let Err(error) = clock::parse(&scenario.clock.start) {
        problems.push(format!("clock.start: {error}"));
    }
    if !(scenario.clock.speed.is_finite() && scenario.clock.speed > 0.0) {
        problems.push("clock.speed: expected a number above 0".to_owned());
    }
    let accounts = check_organization(scenario, &mut problems);
    check_account_changes(scenario, &accounts, &mut problems);
    check_ou_renames(scenario, &mut problems);
    check_patches(scenario, &mut problems);
    problems.extend(baselines::problems(scenario));
    problems.extend(instances::problems(scenario, &accounts));
    for (index, fault) in scenario.faults.iter().enumerate() {
        check_fault(&format!("faults[{index}]"), fault, &mut problems);
    }
    problems.extend(scenario.documents.iter().flat_map(crate::scenario::DocumentEntry::problems));
    for calendar in &scenario.calendars {
        for change in &calendar.changes {
            if let Err(error) = clock::parse(&change.at) {
                problems.push(format!("calendars.{}.changes: {error}", calendar.name));
            }
        }
    }
    problems
}

fn check_organization<'a>(scenario: &'a Scenario, problems: &mut Vec<String>) -> BTreeSet<&'a str> {
    let mut placed = BTreeMap::new();
    let mut ou_ids = BTreeMap::new();
    check_ous("", 1, &scenario.organization, &mut placed, &mut ou_ids, problems);
    let mut accounts: BTreeSet<&str> = placed.keys().copied().collect();
    accounts.extend(scenario.accounts.keys().map(String::as_str));
    accounts.insert(&scenario.management);
    for account in &accounts {
        if !ids::is_account_id(account) {
            problems.push(format!("account `{account}`: an account id has twelve digits, in quotes: \"222200000001\""));
        }
    }
    accounts
}

fn check_ous<'a>(
    parent: &str,
    level: usize,
    ous: &'a [OuEntry],
    placed: &mut BTreeMap<&'a str, String>,
    ou_ids: &mut BTreeMap<&'a str, String>,
    problems: &mut Vec<String>,
) {
    let mut names = BTreeSet::new();
    for ou in ous {
        let path = if parent.is_empty() { ou.ou.clone() } else { format!("{parent}/{}", ou.ou) };
        if level > 5 {
            problems.push(format!("organization {path}: too deep, Organizations allows five levels of OUs"));
        }
        if !names.insert(&ou.ou) {
            problems.push(format!("organization {path}: its parent has another OU with this name"));
        }
        if let Some(id) = &ou.id {
            if !ids::is_ou_id(id) {
                problems.push(format!("organization {path}: `{id}` is not an OU id such as ou-abcd-12345678"));
            }
            if let Some(other) = ou_ids.insert(id, path.clone()) {
                problems.push(format!("organization {path}: the id {id} is used by {other} already"));
            }
        }
        for account in &ou.accounts {
            if let Some(other) = placed.insert(account, path.clone()) {
                problems.push(format!(
                    "organization {path}: account {account} is already in {other}, and an account is in one OU only"
                ));
            }
        }
        check_ous(&path, level + 1, &ou.ous, placed, ou_ids, problems);
    }
}

fn check_account_changes(scenario: &Scenario, accounts: &BTreeSet<&str>, problems: &mut Vec<String>) {
    let organization = Organization::new(scenario);
    for (index, change) in scenario.account_changes.iter().enumerate() {
        let name = format!("accountChanges[{index}]");
        if !accounts.contains(change.account.as_str()) || change.account == scenario.management {
            problems.push(format!("{name}.account: {} is not a member account of the scenario", change.account));
        }
        let given = [change.ou.is_some(), change.state.is_some(), change.joins.is_some(), change.leaves];
        if given.iter().filter(|given| **given).count() != 1 {
            problems.push(format!("{name}: expected exactly one of ou, state, joins, leaves: true"));
        }
        for (field, ou) in [("ou", &change.ou), ("joins", &change.joins)] {
            if let Some(ou) = ou.as_ref().filter(|ou| *ou != "root" && !organization.is_parent(ou)) {
                problems.push(format!("{name}.{field}: {ou} is neither root nor the id of an OU in organization"));
            }
        }
        if change.joins.is_some() && is_placed(&scenario.organization, &change.account) {
            problems
                .push(format!("{name}.joins: {} stands in an OU of organization from the beginning", change.account));
        }
    }
}

fn check_ou_renames(scenario: &Scenario, problems: &mut Vec<String>) {
    let organization = Organization::new(scenario);
    for (index, rename) in scenario.ou_renames.iter().enumerate() {
        if !organization.ous.contains_key(&rename.id) || rename.name.is_empty() {
            problems.push(format!("ouRenames[{index}]: expected the id of an OU in organization, and a name"));
        }
    }
}

fn is_placed(ous: &[OuEntry], account: &str) -> bool {
    ous.iter().any(|ou| ou.accounts.iter().any(|known| known == account) || is_placed(&ou.ous, account))
}

fn check_patches(scenario: &Scenario, problems: &mut Vec<String>) {
    let known: BTreeSet<_> = scenario.patches.iter().map(|patch| (patch.os, patch.id.as_str())).collect();
    let mut seen = BTreeSet::new();
    for (index, patch) in scenario.patches.iter().enumerate() {
        check_patch(&format!("patches[{index}]"), patch, &known, problems);
        if !seen.insert((patch.os, &patch.id, &patch.version)) {
            problems.push(format!(
                "patches[{index}]: {} {} is listed twice for {}",
                patch.id,
                patch.version,
                patch.os.code()
            ));
        }
    }
}

fn check_patch(name: &str, patch: &PatchEntry, known: &BTreeSet<(Os, &str)>, problems: &mut Vec<String>) {
    if let Err(error) = clock::parse(&patch.released) {
        problems.push(format!("{name}.released: {error}"));
    }
    if let Some(Err(error)) = patch.updated.as_deref().map(clock::parse) {
        problems.push(format!("{name}.updated: {error}"));
    }
    let windows = patch.os.kind() == Kind::Windows;
    if !windows && (patch.superseded_by.is_some() || patch.patch_set == PatchSet::Application) {
        problems.push(format!("{name}: supersededBy and patchSet are only for WINDOWS"));
    }
    if !windows && patch.applicable_after.is_some() {
        problems.push(format!("{name}.applicableAfter: it is only for WINDOWS; elsewhere requires names packages"));
    }
    if !windows && (patch.title.is_some() || !patch.titles.is_empty() || patch.feature.is_some()) {
        problems.push(format!("{name}: title, titles and feature are only for WINDOWS"));
    }
    if windows && !patch.requires.is_empty() {
        problems.push(format!("{name}.requires: updates for WINDOWS have no dependencies"));
    }
    check_advisories(name, patch, problems);
    for (field, id) in patch
        .superseded_by
        .iter()
        .map(|id| ("supersededBy", id))
        .chain(patch.applicable_after.iter().map(|id| ("applicableAfter", id)))
        .chain(patch.requires.iter().map(|id| ("requires", id)))
    {
        if !known.contains(&(patch.os, id.as_str())) || *id == patch.id {
            problems.push(format!("{name}.{field}: {id} is not another patch for {} in patches", patch.os.code()));
        }
    }
}

/// Checks that a list of approved patches could name the ids.
fn check_advisories(name: &str, patch: &PatchEntry, problems: &mut Vec<String>) {
    let Some(lists) = patch_lists::of(patch.os.code()) else { return };
    let could = |form| lists.takes(List::Approved).contains(&form) || lists.is_in_doubt(List::Approved, form);
    for (field, ids, forms) in [
        ("advisoryIds", &patch.advisory_ids, [Form::Advisory, Form::Bulletin]),
        ("bugzillaIds", &patch.bugzilla_ids, [Form::Number, Form::Number]),
    ] {
        for id in ids {
            let form = Form::of(id);
            if !forms.contains(&form) || !could(form) || has_wildcard(id) {
                problems.push(format!("{name}.{field}: {id} is no such id of {}", patch.os.code()));
            }
        }
        if !ids.is_empty() && patch.classification.is_empty() {
            problems.push(format!("{name}.{field}: a patch without a classification has no advisory"));
        }
    }
}

fn check_fault(name: &str, fault: &FaultEntry, problems: &mut Vec<String>) {
    let effects = [
        fault.error.is_some(),
        fault.latency_ms.is_some(),
        fault.lost_response == Some(true),
        fault.kill_caller.is_some(),
        fault.per_second.is_some(),
        fault.rewrite.is_some(),
    ];
    if effects.iter().filter(|given| **given).count() != 1 {
        problems.push(format!(
            "{name}: expected exactly one of error, latencyMs, lostResponse: true, killCaller, perSecond, rewrite"
        ));
    }
    if fault.rewrite.is_some() && !["s3:GetObject", "dynamodb:GetItem"].contains(&&*fault.operation) {
        problems.push(format!("{name}.rewrite: expected s3:GetObject or dynamodb:GetItem as the operation"));
    }
    check_limit(name, fault, problems);
    if fault.always == Some(true) && (fault.times.is_some() || fault.per_second.is_some()) {
        problems.push(format!("{name}.always: it has no end, so times and perSecond are not for it"));
    }
    if fault.outlived_after_ms.is_some() && (fault.lost_response, &*fault.operation) != (Some(true), "lambda:Invoke") {
        problems.push(format!("{name}.outlivedAfterMs: expected lostResponse: true on lambda:Invoke"));
    }
    match fault.operation.split_once(':') {
        Some((service, operation)) if !service.is_empty() && !operation.is_empty() => {
            if !services::could_match(service, operation) {
                problems.push(format!("{name}.operation: fleet-sim does not simulate {service}:{operation}"));
            }
        }
        _ => problems.push(format!(
            "{name}.operation: `{}` is not a service and an operation such as ssm:SendCommand",
            fault.operation
        )),
    }
}

/// Checks what belongs to a limit. Only fleet-sim itself keeps limits, so their service must be one of its own.
fn check_limit(name: &str, fault: &FaultEntry, problems: &mut Vec<String>) {
    let Some(per_second) = fault.per_second else {
        if fault.burst.is_some() {
            problems.push(format!("{name}.burst: it is only for a limit, which has perSecond"));
        }
        return;
    };
    if !(per_second.is_finite() && per_second > 0.0) {
        problems.push(format!("{name}.perSecond: expected a number above 0"));
    }
    if fault.burst == Some(0) {
        problems.push(format!("{name}.burst: expected 1 or more, or no call ever passes"));
    }
    if fault.times.is_some() || fault.after != 0 {
        problems.push(format!("{name}: times and after are not for a limit, which holds all the time"));
    }
    let service = fault.operation.split(':').next().unwrap_or_default();
    if !services::is_ours(service) {
        problems.push(format!(
            "{name}.perSecond: the service {service} has no limits here, expected ec2, organizations or ssm"
        ));
    }
}

#[cfg(test)]
mod tests;
