//! The order of the accounts inside a stage.

use std::collections::HashMap;

use orgpatch_model::organization::Account;
use orgpatch_plan::Stage;

/// Sorts the accounts of a stage. Accounts that the stage names come first, as they are written, so that people can
/// choose their canary; then by id. Accounts that cannot be entered come last: as a canary they would prove nothing.
pub(super) fn sort_accounts(stage: &Stage, accounts: &mut [&Account]) {
    let named: HashMap<&str, usize> = stage.accounts.iter().enumerate().map(|(i, id)| (id.as_str(), i)).collect();
    accounts.sort_by_cached_key(|account| {
        let rank = named.get(account.id.as_str()).copied().unwrap_or(usize::MAX);
        (!account.state.can_be_entered(), rank, account.id.clone())
    });
}
