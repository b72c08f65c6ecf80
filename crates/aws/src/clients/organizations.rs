//! Reads the organization: accounts with their paths, and the names of the units above them.

use std::collections::{HashMap, HashSet};

use aws_config::SdkConfig;
use aws_sdk_organizations::Client;
use orgpatch_model::error::RunError;
use orgpatch_model::organization::{Account, AccountState, Organization, parents_to_name, units_of_path};
use orgpatch_model::text::cut;

use crate::clients::call::{CallError, Kind};
use crate::clients::config::adaptive_retry;

/// The largest page of the API. A page may be empty and still have a token; the paginator continues then.
const PAGE_SIZE: i32 = 20;

/// Reads the organization that this account belongs to.
///
/// ListAccounts returns every account with its path. The names of units need one call per unit that has other units below
/// it. If accounts come without paths, or `wanted` has a unit that is in no account's path, the whole tree is read instead
/// (one call per unit and more).
pub async fn read(config: &SdkConfig, wanted: &HashSet<String>) -> Result<Organization, RunError> {
    let config = aws_sdk_organizations::config::Builder::from(config).retry_config(adaptive_retry()).build();
    let reader = OrganizationReader { client: Client::from_conf(config) };
    let id = reader.organization_id().await?;
    let mut organization = Organization { id, ..Organization::default() };
    match reader.accounts().await? {
        Listing::WithPaths(accounts) => {
            organization.unit_names = reader.names(&parents_to_name(&accounts)).await?;
            organization.accounts = accounts;
            if !wanted.iter().all(|unit| organization.has_unit(unit)) {
                organization.unit_names = reader.walk().await?.names;
            }
        }
        Listing::WithoutPaths(accounts) => {
            let tree = reader.walk().await?;
            organization.accounts = reader.place(accounts, &tree).await?;
            organization.unit_names = tree.names;
        }
    }
    Ok(organization)
}

/// Single accounts of the organization.
#[derive(Debug, Clone)]
pub struct Accounts {
    client: Client,
}

/// The error code of an account that the organization does not have.
const NO_SUCH_ACCOUNT: &str = "AccountNotFoundException";

impl Accounts {
    /// Builds the client.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        // One call for a target: a client that adapts its rate would wait for seconds because of the target before.
        Self { client: Client::new(config) }
    }

    /// Returns an account as it is now; None if the organization does not have it.
    pub async fn find(&self, account_id: &str) -> Result<Option<Account>, CallError> {
        let answer = self.client.describe_account().account_id(account_id).send().await;
        match answer.map_err(|error| CallError::of("organizations:DescribeAccount", &error)) {
            Ok(answer) => Ok(answer.account.and_then(account)),
            Err(error) if error.code == NO_SUCH_ACCOUNT => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The most characters of the name of an account, a unit or a root: what the API allows (botocore 1.43.106, `AccountName`,
/// `OrganizationalUnitName`, `RootName`).
const NAME_CHARACTERS: usize = 128;

struct OrganizationReader {
    client: Client,
}

/// Accounts as ListAccounts returns them.
enum Listing {
    WithPaths(Vec<Account>),
    /// At least one account came without a usable path.
    WithoutPaths(Vec<Account>),
}

/// Roots and units with their names, and the path of each from the root down to itself.
struct Tree {
    names: HashMap<String, String>,
    paths: Vec<Vec<String>>,
}

impl OrganizationReader {
    async fn organization_id(&self) -> Result<String, RunError> {
        let answer = self
            .client
            .describe_organization()
            .send()
            .await
            .map_err(|error| unreadable(CallError::of("organizations:DescribeOrganization", &error)))?;
        let id = answer.organization.and_then(|organization| organization.id);
        id.ok_or_else(|| {
            RunError::OrganizationUnreadable("organizations:DescribeOrganization names no organization".to_owned())
        })
    }

    async fn accounts(&self) -> Result<Listing, RunError> {
        let mut pages = self.client.list_accounts().max_results(PAGE_SIZE).into_paginator().send();
        let (mut accounts, mut all_placed) = (Vec::new(), true);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unreadable(CallError::of("organizations:ListAccounts", &error)))?;
            for found in page.accounts.unwrap_or_default() {
                let Some(account) = account(found) else { continue };
                all_placed &= !account.path.is_empty();
                accounts.push(account);
            }
        }
        Ok(if all_placed { Listing::WithPaths(accounts) } else { Listing::WithoutPaths(accounts) })
    }

    /// Returns the names of the units directly below each parent.
    async fn names(&self, parents: &[String]) -> Result<HashMap<String, String>, RunError> {
        let mut names = HashMap::new();
        for parent in parents {
            names.extend(self.units_below(parent).await?);
        }
        Ok(names)
    }

    async fn units_below(&self, parent: &str) -> Result<Vec<(String, String)>, RunError> {
        let mut pages = self
            .client
            .list_organizational_units_for_parent()
            .parent_id(parent)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .send();
        let mut units = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| unreadable(CallError::of("organizations:ListOrganizationalUnitsForParent", &error)))?;
            let found = page.organizational_units.unwrap_or_default();
            units.extend(found.into_iter().filter_map(|unit| Some((unit.id?, name(unit.name)))));
        }
        Ok(units)
    }

    async fn walk(&self) -> Result<Tree, RunError> {
        let mut tree = Tree { names: HashMap::new(), paths: Vec::new() };
        let mut pages = self.client.list_roots().max_results(PAGE_SIZE).into_paginator().send();
        let mut open: Vec<Vec<String>> = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unreadable(CallError::of("organizations:ListRoots", &error)))?;
            for root in page.roots.unwrap_or_default() {
                let Some(id) = root.id else { continue };
                tree.names.insert(id.clone(), name(root.name));
                open.push(vec![id]);
            }
        }
        while let Some(path) = open.pop() {
            if let Some(parent) = path.last() {
                for (id, name) in self.units_below(parent).await? {
                    let mut below = path.clone();
                    below.push(id.clone());
                    open.push(below);
                    tree.names.insert(id, name);
                }
            }
            tree.paths.push(path);
        }
        Ok(tree)
    }

    /// Gives accounts their paths from the tree. An account that no unit lists, because it moved in the meantime, keeps an
    /// empty path and so belongs to no stage.
    async fn place(&self, accounts: Vec<Account>, tree: &Tree) -> Result<Vec<Account>, RunError> {
        let mut paths: HashMap<String, Vec<String>> = HashMap::new();
        for path in &tree.paths {
            let Some(parent) = path.last() else { continue };
            let mut pages =
                self.client.list_accounts_for_parent().parent_id(parent).max_results(PAGE_SIZE).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page =
                    page.map_err(|error| unreadable(CallError::of("organizations:ListAccountsForParent", &error)))?;
                let found = page.accounts.unwrap_or_default();
                paths.extend(found.into_iter().filter_map(|account| Some((account.id?, path.clone()))));
            }
        }
        Ok(accounts
            .into_iter()
            .map(|account| Account { path: paths.remove(&account.id).unwrap_or_default(), ..account })
            .collect())
    }
}

fn name(found: Option<String>) -> String {
    cut(found.unwrap_or_default(), NAME_CHARACTERS)
}

fn account(found: aws_sdk_organizations::types::Account) -> Option<Account> {
    let id = found.id?;
    #[allow(deprecated, reason = "partitions that do not send State yet still send Status")]
    let state = match (&found.state, &found.status) {
        (Some(state), _) => AccountState::from_name(state.as_str()),
        (None, Some(status)) => AccountState::from_name(status.as_str()),
        (None, None) => None,
    };
    Some(Account {
        name: name(found.name),
        // An unknown state counts as active; assuming the role shows whether the account can be entered.
        state: state.unwrap_or(AccountState::Active),
        path: found.paths.iter().flatten().find_map(|path| units_of_path(path, &id)).unwrap_or_default(),
        id,
    })
}

fn unreadable(error: CallError) -> RunError {
    match error.kind {
        Kind::Throttled | Kind::Lost | Kind::Credentials => error.into_run_error(),
        _ => RunError::OrganizationUnreadable(error.to_string()),
    }
}
