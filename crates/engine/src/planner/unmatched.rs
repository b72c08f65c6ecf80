//! The accounts and organizational units of a plan that select or leave out nothing. That they exist is checked before.

use std::collections::{HashMap, HashSet};

use orgpatch_model::organization::{Account, Organization};
use orgpatch_plan::{Plan, Stage};

use crate::matches::{MatchedNothing, PlanEntry, PlanField};

/// Returns the accounts and organizational units that match nothing, in the order of the plan: units without an account, and
/// exclusions of what no stage of the plan, or not that stage, would work on. `only` names the stages of the run; None is all of
/// them.
#[must_use]
pub fn unmatched(plan: &Plan, organization: &Organization, only: Option<&[String]>) -> Vec<MatchedNothing> {
    let by_id: HashMap<&str, &Account> =
        organization.accounts.iter().map(|account| (account.id.as_str(), account)).collect();
    let mut below: HashMap<&str, Vec<&Account>> = HashMap::new();
    for account in &organization.accounts {
        for unit in &account.path {
            below.entry(unit).or_default().push(account);
        }
    }
    let is_claimed = |stage: &Stage, account: &Account| {
        stage.accounts.contains(&account.id) || account.path.iter().any(|unit| stage.ous.contains(unit))
    };
    let accounts_below = |unit: &str| below.get(unit).map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    let units: HashSet<&str> = plan.stages.iter().flat_map(|stage| &stage.ous).map(String::as_str).collect();
    let named: HashSet<&str> = plan.stages.iter().flat_map(|stage| &stage.accounts).map(String::as_str).collect();
    for id in &plan.select.exclude.accounts {
        let is_claimed = named.contains(id.as_str())
            || by_id
                .get(id.as_str())
                .is_some_and(|account| account.path.iter().any(|unit| units.contains(unit.as_str())));
        if !is_claimed {
            found.push(MatchedNothing::new(None, PlanEntry::new(PlanField::ExcludeAccounts, id)));
        }
    }
    for stage in plan.stages.iter().filter(|stage| stage.is_in_run(only)) {
        let mut add = |field, id: &String| {
            found.push(MatchedNothing::new(Some(stage.name.clone()), PlanEntry::new(field, id)));
        };
        for ou in stage.ous.iter().filter(|ou| accounts_below(ou).is_empty()) {
            add(PlanField::Ous, ou);
        }
        let excludes = |id: &str| by_id.get(id).is_some_and(|account| is_claimed(stage, account));
        for id in stage.exclude.accounts.iter().filter(|id| !excludes(id)) {
            add(PlanField::StageExcludeAccounts, id);
        }
        for ou in &stage.exclude.ous {
            if !accounts_below(ou).iter().any(|account| is_claimed(stage, account)) {
                add(PlanField::StageExcludeOus, ou);
            }
        }
        let own = stage.select.iter().flat_map(|select| &select.exclude.accounts);
        for id in own.filter(|id| !excludes(id)) {
            add(PlanField::ExcludeAccounts, id);
        }
    }
    found
}
