//! Whether an account still belongs to its stage when the step begins: accounts move and close while a run works on earlier stages.

use orgpatch_model::organization::Account;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::Stage;
use serde::{Deserialize, Serialize};

/// What a stage claims, as far as an account of the step can come to it or leave it by a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageClaim {
    /// The organizational units and roots of the stage.
    pub ous: Vec<String>,
    /// The units below them that it excludes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_ous: Vec<String>,
    /// The accounts of the step that the stage names by their ids, wherever they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
}

/// Whether an account still belongs to its stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// It does.
    Holds,
    /// It does not, for that reason.
    Left(Reason),
    /// Organizations does not say where the account is.
    NotSaid,
}

impl StageClaim {
    /// Returns the claim of a stage on the accounts of a step.
    #[must_use]
    pub fn of(stage: &Stage, accounts: &[String]) -> Self {
        Self {
            ous: stage.ous.clone(),
            excluded_ous: stage.exclude.ous.clone(),
            named: accounts.iter().filter(|id| stage.accounts.contains(id)).cloned().collect(),
        }
    }

    /// Says whether an account still belongs to the stage. `found` is the account as Organizations describes it now; None: the
    /// organization has no such account.
    ///
    /// A move inside the stage changes nothing. Another stage that claims the account now gets it in the next run.
    #[must_use]
    pub fn membership(&self, account_id: &str, found: Option<&Account>) -> Membership {
        let left = |code, text: String| Membership::Left(Reason::new(code, text));
        let Some(account) = found else {
            let text = "the account has left the organization since the run was planned";
            return left(ReasonCode::Moved, text.to_owned());
        };
        if !account.state.can_be_entered() {
            return left(ReasonCode::Closed, format!("the account is {} since the run was planned", account.state));
        }
        let is_named = self.named.iter().any(|id| id == account_id);
        if account.path.is_empty() {
            return if is_named && self.excluded_ous.is_empty() { Membership::Holds } else { Membership::NotSaid };
        }
        let is_in = |units: &[String]| account.path.iter().any(|unit| units.contains(unit));
        if (is_named || is_in(&self.ous)) && !is_in(&self.excluded_ous) {
            return Membership::Holds;
        }
        let now = account.path.last().map_or_else(String::new, |unit| format!(": it is in {unit} now"));
        left(ReasonCode::Moved, format!("the account was moved out of the stage since the run was planned{now}"))
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::organization::AccountState;

    use super::*;

    #[test]
    fn an_account_belongs_to_the_stage_that_claimed_it_until_it_leaves() {
        let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let claim =
            StageClaim { ous: texts(&["ou-stage"]), excluded_ous: texts(&["ou-not"]), named: texts(&["named"]) };
        let account =
            |state, path: &[&str]| Account { id: String::new(), name: String::new(), state, path: texts(path) };
        let word = |id: &str, found: Option<&Account>| match claim.membership(id, found) {
            Membership::Holds => "holds".to_owned(),
            Membership::Left(reason) => reason.to_string(),
            Membership::NotSaid => "not said".to_owned(),
        };
        let active = |id: &str, path: &[&str]| word(id, Some(&account(AccountState::Active, path)));
        assert_eq!(active("1", &["r-1", "ou-stage"]), "holds");
        assert_eq!(active("1", &["r-1", "ou-stage", "ou-below"]), "holds", "a move inside the stage");
        assert_eq!(active("named", &["r-1", "ou-other"]), "holds", "the plan names it wherever it is");
        let moved = |unit: &str| {
            format!("the account was moved out of the stage since the run was planned: it is in {unit} now (moved)")
        };
        assert_eq!(active("1", &["r-1", "ou-other"]), moved("ou-other"));
        assert_eq!(active("1", &["r-1"]), moved("r-1"));
        assert_eq!(active("1", &["r-1", "ou-stage", "ou-not"]), moved("ou-not"));
        assert_eq!(active("named", &["r-1", "ou-not"]), moved("ou-not"));
        assert_eq!(word("named", None), "the account has left the organization since the run was planned (moved)");
        for state in [AccountState::Suspended, AccountState::Closed, AccountState::PendingActivation] {
            let text = format!("the account is {state} since the run was planned (closed)");
            assert_eq!(word("1", Some(&account(state, &["r-1", "ou-stage"]))), text);
        }
        let closing = account(AccountState::PendingClosure, &["r-1", "ou-stage"]);
        assert_eq!(word("1", Some(&closing)), "holds", "it is tried");
        assert_eq!(active("1", &[]), "not said");
    }
}
