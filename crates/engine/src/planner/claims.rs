//! Which stage claims an account: through an organizational unit above it, or by its id.

use std::collections::{BTreeSet, HashMap, HashSet};

use orgpatch_model::error::RunError;
use orgpatch_model::organization::Account;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::text::plain;
use orgpatch_plan::{NotShared, Plan};

/// The longest name of an account, in characters (botocore 1.43.106, organizations `AccountName`).
const LONGEST_NAME: usize = 128;

/// Where the plan puts an account.
pub(super) enum Assignment {
    /// Into the stages at those indices of the plan, in the order of the plan. At least one of them belongs to the run.
    Stages(Vec<usize>),
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
    /// Whether two stages may share an account, as far as it was asked.
    may_share: HashMap<(usize, usize), Result<(), NotShared>>,
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
            may_share: HashMap::new(),
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

    /// Returns the stages that claim an account, or why no step of this run works on it. Two stages that claim the same account
    /// and may not share it are an error, also if only one of them belongs to the run.
    pub(super) fn assign(&mut self, account: &Account) -> Result<Assignment, RunError> {
        if self.excluded_everywhere.contains(account.id.as_str()) {
            return Ok(Assignment::Outside(Reason::new(ReasonCode::ExcludedByPlan, "the plan excludes this account")));
        }
        let by_unit = account.path.iter().filter_map(|unit| self.units.get(unit.as_str())).flatten();
        let by_account = self.accounts.get(account.id.as_str()).into_iter().flatten();
        let (left_out_by, claimed_by): (BTreeSet<usize>, BTreeSet<usize>) =
            by_unit.chain(by_account).partition(|stage| self.excludes(**stage, account));
        let claimed_by: Vec<usize> = claimed_by.into_iter().collect();
        self.check_sharing(account, &claimed_by)?;
        let name = |stage: usize| format!("{:?}", self.plan.stages[stage].name);
        if claimed_by.iter().any(|stage| self.plan.stages[*stage].is_in_run(self.only)) {
            return Ok(Assignment::Stages(claimed_by));
        }
        let (code, text) = match (&claimed_by[..], left_out_by.last()) {
            (&[stage], _) => (ReasonCode::StageNotInRun, format!("stage {} is not part of this run", name(stage))),
            ([], Some(stage)) => (ReasonCode::ExcludedByStage, format!("stage {} excludes this account", name(*stage))),
            ([], None) => (ReasonCode::NoStage, "no stage of the plan claims this account".to_owned()),
            (stages, _) => {
                let names: Vec<String> = stages.iter().map(|stage| name(*stage)).collect();
                (ReasonCode::StageNotInRun, format!("the stages {} are not part of this run", names.join(", ")))
            }
        };
        Ok(Assignment::Outside(Reason::new(code, text)))
    }

    /// Refuses an account that two stages claim which may not share it.
    fn check_sharing(&mut self, account: &Account, claimed_by: &[usize]) -> Result<(), RunError> {
        for (nth, &second) in claimed_by.iter().enumerate() {
            for &first in &claimed_by[..nth] {
                let stages = (&self.plan.stages[first], &self.plan.stages[second]);
                let asked = self.may_share.entry((first, second));
                if let Err(why) = asked.or_insert_with(|| self.plan.may_share(stages.0, stages.1)) {
                    return Err(RunError::AccountInTwoStages {
                        account: account.id.clone(),
                        // The error is told in a notification.
                        name: plain(&account.name, LONGEST_NAME),
                        first: stages.0.name.clone(),
                        second: stages.1.name.clone(),
                        why: why.to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    fn excludes(&self, stage: usize, account: &Account) -> bool {
        self.excluded_accounts.contains(&(stage, account.id.as_str()))
            || account.path.iter().any(|unit| self.excluded_units.contains(&(stage, unit.as_str())))
    }
}
