//! Which stage claims an account: through an organizational unit above it, or by its id.

use std::collections::{HashMap, HashSet};

use orgpatch_model::error::RunError;
use orgpatch_model::organization::Account;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::text::plain;
use orgpatch_plan::Plan;

/// The longest name of an account, in characters (botocore 1.43.106, organizations `AccountName`).
const LONGEST_NAME: usize = 128;

/// Where the plan puts an account.
pub(super) enum Assignment {
    /// Into the stage at that index of the plan.
    Stage(usize),
    /// Into no step of this run, for that reason.
    Outside(Reason),
}

/// What each stage claims and excludes, by id, so that an account needs one look-up per unit above it and no search.
pub(super) struct Claims<'a> {
    plan: &'a Plan,
    only: Option<&'a [String]>,
    units: HashMap<&'a str, Vec<usize>>,
    accounts: HashMap<&'a str, Vec<usize>>,
    excluded_units: HashSet<(usize, &'a str)>,
    excluded_accounts: HashSet<(usize, &'a str)>,
    excluded_everywhere: HashSet<&'a str>,
}

impl<'a> Claims<'a> {
    /// Collects the claims of a plan. `only` names the stages of the run; None is all of them.
    pub(super) fn of(plan: &'a Plan, only: Option<&'a [String]>) -> Self {
        let mut claims = Self {
            plan,
            only,
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

    /// Returns the one stage that claims an account, or why no step of this run works on it. Two stages that claim the
    /// same account are an error, also if only one of them belongs to the run.
    pub(super) fn assign(&self, account: &Account) -> Result<Assignment, RunError> {
        if self.excluded_everywhere.contains(account.id.as_str()) {
            return Ok(Assignment::Outside(Reason::new(ReasonCode::ExcludedByPlan, "the plan excludes this account")));
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
                        // The error is told in a notification.
                        name: plain(&account.name, LONGEST_NAME),
                        first: self.plan.stages[first].name.clone(),
                        second: self.plan.stages[second].name.clone(),
                    });
                }
                _ => claimed_by = Some(stage),
            }
        }
        Ok(match (claimed_by, left_out_by) {
            (Some(stage), _) if self.plan.stages[stage].is_in_run(self.only) => Assignment::Stage(stage),
            (Some(stage), _) => Assignment::Outside(Reason::new(
                ReasonCode::StageNotInRun,
                format!("stage {:?} is not part of this run", self.plan.stages[stage].name),
            )),
            (None, Some(stage)) => Assignment::Outside(Reason::new(
                ReasonCode::ExcludedByStage,
                format!("stage {:?} excludes this account", self.plan.stages[stage].name),
            )),
            (None, None) => {
                Assignment::Outside(Reason::new(ReasonCode::NoStage, "no stage of the plan claims this account"))
            }
        })
    }

    fn excludes(&self, stage: usize, account: &Account) -> bool {
        self.excluded_accounts.contains(&(stage, account.id.as_str()))
            || account.path.iter().any(|unit| self.excluded_units.contains(&(stage, unit.as_str())))
    }
}
