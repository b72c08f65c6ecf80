//! From the plan and the organization to the ordered steps: which account in which stage and wave, and why not.

use std::collections::{HashMap, HashSet};

use orgpatch_model::error::RunError;
use orgpatch_model::organization::{Account, Organization};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use orgpatch_plan::{Plan, Selection, Stage, Wave};

use crate::planner::AccountOutsidePlan;

/// One stage × wave: what the state machine runs one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `<nn>-<stage>-<wave>`, nn counting all steps of the run from 01.
    pub id: String,
    /// Place of the stage in the plan.
    pub stage_index: usize,
    /// Name of the stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// How many accounts.
    pub accounts: usize,
    /// Every account of the wave in every Region of the stage, account by account.
    pub targets: Vec<Target>,
}

/// What a run will do: its steps in order, and the accounts it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// In the order in which they run. A wave without an account is no step.
    pub steps: Vec<Step>,
    /// Sorted by account id.
    pub outside: Vec<AccountOutsidePlan>,
}

/// Where an account belongs.
enum Place {
    Stage(usize),
    Outside(Reason),
}

/// Resolves the plan against the organization. `only` names the stages to run; None is all of them.
///
/// Errors: a unit or account that is not there, a stage that the plan does not have, one that needs the first stage
/// without it, an account that two stages claim, a stage that ends without an account. Time and memory grow with accounts × depth, not with stages.
pub fn resolve(plan: &Plan, organization: &Organization, only: Option<&[String]>) -> Result<Resolution, RunError> {
    check_stages(plan, only)?;
    check_ids(plan, organization)?;

    let claims = Claims::of(plan);
    let mut members: Vec<Vec<&Account>> = vec![Vec::new(); plan.stages.len()];
    let mut outside = Vec::new();
    for account in &organization.accounts {
        match claims.place(plan, account, only)? {
            Place::Stage(stage) => members[stage].push(account),
            Place::Outside(reason) => outside.push(AccountOutsidePlan {
                account_id: account.id.clone(),
                account_name: account.name.clone(),
                ou_path: organization.ou_path(account),
                reason,
            }),
        }
    }
    outside.sort_by(|a, b| a.account_id.cmp(&b.account_id));

    let mut steps = Vec::new();
    for (stage_index, stage) in plan.stages.iter().enumerate() {
        if !runs(stage, only) {
            continue;
        }
        let accounts = &mut members[stage_index];
        if accounts.is_empty() {
            return Err(RunError::StageWithoutAccounts { stage: stage.name.clone() });
        }
        order(stage, accounts);
        let regions = if stage.regions.is_empty() { &plan.regions } else { &stage.regions };
        let mut from = 0;
        for (wave, to) in (1..).zip(wave_ends(&stage.waves, accounts.len())) {
            let wave_accounts = &accounts[from..to];
            from = to;
            if wave_accounts.is_empty() {
                continue;
            }
            steps.push(Step {
                id: format!("{:02}-{}-{wave}", steps.len() + 1, stage.name),
                stage_index,
                stage: stage.name.clone(),
                wave,
                accounts: wave_accounts.len(),
                targets: targets(organization, stage, wave, wave_accounts, regions),
            });
        }
    }
    Ok(Resolution { steps, outside })
}

/// Every root and organizational unit that the plan names.
#[must_use]
pub fn units_of(plan: &Plan) -> HashSet<String> {
    plan.stages.iter().flat_map(|stage| stage.ous.iter().chain(&stage.exclude.ous)).cloned().collect()
}

/// The selection of a stage: `tags` and `operatingSystems` of the stage replace the plan's, exclusions add up, so
/// that nothing that the plan leaves out can come back through a stage.
#[must_use]
pub fn selection_of(plan: &Plan, stage: &Stage) -> Selection {
    let mut selection = plan.select.clone();
    let Some(own) = &stage.select else { return selection };
    if !own.tags.is_empty() {
        selection.tags.clone_from(&own.tags);
    }
    if !own.operating_systems.is_empty() {
        selection.operating_systems.clone_from(&own.operating_systems);
    }
    selection.exclude.accounts.extend(own.exclude.accounts.iter().cloned());
    selection.exclude.instances.extend(own.exclude.instances.iter().cloned());
    for (key, values) in &own.exclude.tags {
        selection.exclude.tags.entry(key.clone()).or_default().extend(values.iter().cloned());
    }
    selection
}

/// How many accounts are done after each wave; the last number is `accounts`. Percentages are rounded up, and no
/// wave ends before the one before it.
#[must_use]
pub fn wave_ends(waves: &[Wave], accounts: usize) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::with_capacity(waves.len().max(1));
    for wave in waves {
        let wanted = match wave {
            Wave::Accounts(n) => *n as usize,
            Wave::Percent(percent) => (accounts * usize::from(percent.value())).div_ceil(100),
        };
        let before = ends.last().copied().unwrap_or(0);
        ends.push(wanted.clamp(before, accounts.max(before)));
    }
    if ends.last() != Some(&accounts) {
        ends.push(accounts);
    }
    ends
}

fn runs(stage: &Stage, only: Option<&[String]>) -> bool {
    only.is_none_or(|names| names.contains(&stage.name))
}

/// Refuses a name in `only` that no stage of the plan has. Needs no organization.
pub fn check_stages(plan: &Plan, only: Option<&[String]>) -> Result<(), RunError> {
    let unknown = only.unwrap_or_default().iter().find(|name| !plan.stages.iter().any(|stage| &stage.name == *name));
    if let Some(stage) = unknown {
        return Err(RunError::UnknownStage {
            stage: stage.clone(),
            valid: plan.stages.iter().map(|stage| stage.name.clone()).collect(),
        });
    }
    Ok(())
}

/// Refuses a stage that is compared with the first one but would be scanned or installed without it: there would be
/// neither a cut-off date nor a tested set.
pub fn check_first_stage(plan: &Plan, only: Option<&[String]>) -> Result<(), RunError> {
    let Some(first) = plan.stages.first().filter(|first| !runs(first, only)) else { return Ok(()) };
    let needs_it = |stage: &&Stage| runs(stage, only) && plan.untested(stage).is_some();
    plan.stages.iter().find(needs_it).map_or(Ok(()), |stage| {
        Err(RunError::FirstStageNotInRun { stage: stage.name.clone(), first: first.name.clone() })
    })
}

/// A misspelt id in an exclusion would let an account in, so every id of the plan must exist.
fn check_ids(plan: &Plan, organization: &Organization) -> Result<(), RunError> {
    let units: HashSet<&str> = organization
        .accounts
        .iter()
        .flat_map(|account| account.path.iter().map(String::as_str))
        .chain(organization.unit_names.keys().map(String::as_str))
        .collect();
    let accounts: HashSet<&str> = organization.accounts.iter().map(|account| account.id.as_str()).collect();
    let known_account = |place: &str, id: &String| {
        if accounts.contains(id.as_str()) {
            return Ok(());
        }
        Err(RunError::UnknownAccount {
            place: place.to_owned(),
            account: id.clone(),
            organization: organization.id.clone(),
        })
    };
    for id in &plan.select.exclude.accounts {
        known_account("select.exclude.accounts", id)?;
    }
    for stage in &plan.stages {
        if let Some(ou) = stage.ous.iter().chain(&stage.exclude.ous).find(|ou| !units.contains(ou.as_str())) {
            return Err(RunError::UnknownOrganizationalUnit {
                stage: stage.name.clone(),
                ou: ou.clone(),
                organization: organization.id.clone(),
            });
        }
        let place = format!("stage {:?}", stage.name);
        let own = stage.select.iter().flat_map(|select| &select.exclude.accounts);
        for id in stage.accounts.iter().chain(&stage.exclude.accounts).chain(own) {
            known_account(&place, id)?;
        }
    }
    Ok(())
}

/// Who claims and who excludes what, by id, so that each account is looked up and not searched for.
struct Claims<'a> {
    units: HashMap<&'a str, Vec<usize>>,
    accounts: HashMap<&'a str, Vec<usize>>,
    excluded_units: HashSet<(usize, &'a str)>,
    excluded_accounts: HashSet<(usize, &'a str)>,
    excluded_everywhere: HashSet<&'a str>,
}

impl<'a> Claims<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut claims = Self {
            units: HashMap::new(),
            accounts: HashMap::new(),
            excluded_units: HashSet::new(),
            excluded_accounts: HashSet::new(),
            excluded_everywhere: plan.select.exclude.accounts.iter().map(String::as_str).collect(),
        };
        for (index, stage) in plan.stages.iter().enumerate() {
            for ou in &stage.ous {
                claims.units.entry(ou).or_default().push(index);
            }
            for account in &stage.accounts {
                claims.accounts.entry(account).or_default().push(index);
            }
            claims.excluded_units.extend(stage.exclude.ous.iter().map(|ou| (index, ou.as_str())));
            let own = stage.select.iter().flat_map(|select| &select.exclude.accounts);
            claims.excluded_accounts.extend(stage.exclude.accounts.iter().chain(own).map(|id| (index, id.as_str())));
        }
        claims
    }

    fn place(&self, plan: &Plan, account: &Account, only: Option<&[String]>) -> Result<Place, RunError> {
        if self.excluded_everywhere.contains(account.id.as_str()) {
            return Ok(Place::Outside(Reason::new(ReasonCode::ExcludedByPlan, "the plan excludes this account")));
        }
        let mut claimed_by: Option<usize> = None;
        let mut left_out_by: Option<usize> = None;
        let by_unit = account.path.iter().filter_map(|unit| self.units.get(unit.as_str())).flatten();
        let by_account = self.accounts.get(account.id.as_str()).into_iter().flatten();
        for &stage in by_unit.chain(by_account) {
            if self.excludes(stage, account) {
                left_out_by = Some(stage);
                continue;
            }
            match claimed_by {
                Some(first) if first != stage => {
                    let (first, second) = (first.min(stage), first.max(stage));
                    return Err(RunError::AccountInTwoStages {
                        account: account.id.clone(),
                        name: account.name.clone(),
                        first: plan.stages[first].name.clone(),
                        second: plan.stages[second].name.clone(),
                    });
                }
                _ => claimed_by = Some(stage),
            }
        }
        Ok(match (claimed_by, left_out_by) {
            (Some(stage), _) if runs(&plan.stages[stage], only) => Place::Stage(stage),
            (Some(stage), _) => Place::Outside(Reason::new(
                ReasonCode::StageNotInRun,
                format!("stage {:?} is not part of this run", plan.stages[stage].name),
            )),
            (None, Some(stage)) => Place::Outside(Reason::new(
                ReasonCode::ExcludedByStage,
                format!("stage {:?} excludes this account", plan.stages[stage].name),
            )),
            (None, None) => {
                Place::Outside(Reason::new(ReasonCode::NoStage, "no stage of the plan claims this account"))
            }
        })
    }

    fn excludes(&self, stage: usize, account: &Account) -> bool {
        self.excluded_accounts.contains(&(stage, account.id.as_str()))
            || account.path.iter().any(|unit| self.excluded_units.contains(&(stage, unit.as_str())))
    }
}

/// The order inside a stage: accounts that the stage names come first, as they are written, so that people can
/// choose their canary; then by id. Accounts that cannot be entered come last: as a canary they would prove nothing.
fn order(stage: &Stage, accounts: &mut [&Account]) {
    let named: HashMap<&str, usize> = stage.accounts.iter().enumerate().map(|(i, id)| (id.as_str(), i)).collect();
    accounts.sort_by_cached_key(|account| {
        let place = named.get(account.id.as_str()).copied().unwrap_or(usize::MAX);
        (!account.state.can_be_entered(), place, account.id.clone())
    });
}

fn targets(
    organization: &Organization,
    stage: &Stage,
    wave: u32,
    accounts: &[&Account],
    regions: &[String],
) -> Vec<Target> {
    accounts
        .iter()
        .flat_map(|account| {
            let ou_path = organization.ou_path(account);
            regions.iter().map(move |region| Target {
                account_id: account.id.clone(),
                account_name: account.name.clone(),
                account_state: account.state,
                ou_path: ou_path.clone(),
                region: region.clone(),
                stage: stage.name.clone(),
                wave,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
