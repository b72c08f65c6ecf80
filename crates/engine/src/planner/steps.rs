//! The ordered steps: which account in which stage and wave, and why another one is in none.

use std::collections::BTreeMap;

use orgpatch_model::error::RunError;
use orgpatch_model::organization::{Account, Organization};
use orgpatch_model::target::Target;
use orgpatch_plan::{Plan, Stage, Wave};

use super::AccountOutsidePlan;
use super::checks::{check_ids, check_stages};
use super::claims::{Assignment, Claims};
use super::order::sort_accounts;
use super::selection::regions_of;
use super::waves::waves_of;

/// One wave of one stage. The state machine runs one step after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `<nn>-<stage>-<wave>`, nn counting all steps of the run from 01.
    pub id: String,
    /// Index of the stage in the plan.
    pub stage_index: usize,
    /// Name of the stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// How many of the stage's accounts are done after it, as the plan says it; None: all of them.
    pub up_to: Option<Wave>,
    /// How many accounts.
    pub accounts: usize,
    /// Every account of the wave in every Region of the stage, account by account.
    pub targets: Vec<Target>,
}

/// What a run will work on: its steps in order, and the accounts it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// In the order in which they run. A wave without an account is no step.
    pub steps: Vec<Step>,
    /// Sorted by account id.
    pub outside: Vec<AccountOutsidePlan>,
    /// The accounts that several stages claim, by id, with the indices of those stages in the plan. Not each of the stages need
    /// belong to the run.
    pub shared: BTreeMap<String, Vec<usize>>,
}

/// Resolves the plan against the organization. `only` names the stages to run; None is all of them.
///
/// Errors: a unit or an account that the organization does not have, a stage that the plan does not have, an account that
/// two stages claim that may not share it, a stage without an account. Time and memory grow with accounts × depth, not with stages.
pub fn resolve(plan: &Plan, organization: &Organization, only: Option<&[String]>) -> Result<Resolution, RunError> {
    check_stages(plan, only)?;
    check_ids(plan, organization)?;

    let mut claims = Claims::of(plan, only);
    let mut members: Vec<Vec<&Account>> = vec![Vec::new(); plan.stages.len()];
    let mut outside = Vec::new();
    let mut shared = BTreeMap::new();
    for account in &organization.accounts {
        match claims.assign(account)? {
            Assignment::Stages(stages) => {
                for stage in &stages {
                    members[*stage].push(account);
                }
                if stages.len() > 1 {
                    shared.insert(account.id.clone(), stages);
                }
            }
            Assignment::Outside(reason) => outside.push(AccountOutsidePlan {
                account_id: account.id.clone(),
                account_name: account.name.clone(),
                ou_path: organization.ou_path(account),
                account_state: Some(account.state),
                reason,
            }),
        }
    }
    outside.sort_by(|a, b| a.account_id.cmp(&b.account_id));

    let mut steps = Vec::new();
    for (stage_index, stage) in plan.stages.iter().enumerate() {
        if !stage.is_in_run(only) {
            continue;
        }
        let accounts = &mut members[stage_index];
        if accounts.is_empty() {
            return Err(RunError::StageWithoutAccounts { stage: stage.name.clone() });
        }
        sort_accounts(stage, accounts);
        for wave in waves_of(stage, accounts.len()).into_iter().filter(|wave| !wave.accounts.is_empty()) {
            let wave_accounts = &accounts[wave.accounts];
            steps.push(Step {
                id: format!("{:02}-{}-{}", steps.len() + 1, stage.name, wave.number),
                stage_index,
                stage: stage.name.clone(),
                wave: wave.number,
                up_to: wave.up_to,
                accounts: wave_accounts.len(),
                targets: targets(organization, stage, wave.number, wave_accounts, regions_of(plan, stage)),
            });
        }
    }
    Ok(Resolution { steps, outside, shared })
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
