//! The organization: one root, nested OUs, accounts. It is built from the scenario, which also has its
//! later changes.
use crate::{
    facts::ids,
    scenario::{AccountChange, AccountState, Answer, InDoubt, MemberRole, OuEntry, OuRename, Scenario, Switch},
};
use std::collections::{BTreeMap, BTreeSet};

/// An organizational unit.
#[derive(Debug, Clone)]
pub struct Ou {
    /// `ou-`, the root's part, `-`, its own part.
    pub id: String,
    /// Its own name.
    pub name: String,
    /// The OU or root directly above.
    pub parent: String,
    /// Names of the OUs from the top, joined by `/`.
    pub path: String,
    /// Ids of the OUs from the top, its own last.
    pub ids: Vec<String>,
}

/// A member account, or the management account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its email address.
    pub email: String,
    /// Its state.
    pub state: AccountState,
    /// The state of the member role.
    pub member_role: MemberRole,
    /// Regions that are switched off.
    pub disabled_regions: BTreeSet<String>,
    /// Regions in which a service control policy denies everything.
    pub denied_regions: BTreeSet<String>,
    /// Default Host Management Configuration.
    pub default_host_management: Switch,
    /// The OU or root directly above.
    pub parent: String,
}

impl Account {
    /// Returns whether credentials of the account work. A suspended or closed account refuses all of them.
    pub fn works(&self) -> bool {
        matches!(self.state, AccountState::Active | AccountState::PendingClosure)
    }

    /// Returns whether a role of the account can be assumed. Credentials of an earlier session may still work.
    pub fn may_be_entered(&self, in_doubt: InDoubt) -> bool {
        let closing = self.state == AccountState::PendingClosure;
        self.works() && (!closing || in_doubt.roles_of_closing_accounts == Answer::Taken)
    }
}

/// The organization.
#[derive(Debug)]
pub struct Organization {
    /// `o-` and ten characters.
    pub id: String,
    /// `r-` and four characters.
    pub root: String,
    /// The management account's id.
    pub management: String,
    /// Whether Organizations answers `Account.Paths`.
    pub paths: bool,
    /// Whether Organizations sometimes answers an empty page with a `NextToken`.
    pub empty_pages: bool,
    /// OUs by id.
    pub ous: BTreeMap<String, Ou>,
    /// Accounts by id.
    pub accounts: BTreeMap<String, Account>,
    /// Whether accounts change after the start.
    changing: bool,
    /// Accounts that are created later.
    later: BTreeMap<String, Account>,
}

impl Organization {
    /// Builds the organization of a checked scenario.
    pub fn new(scenario: &Scenario) -> Self {
        // An OU's id contains its root's id, so given ids decide the id of the root.
        let given = first_given_id(&scenario.organization);
        let root_part = given.and_then(|id| id.split('-').nth(1)).unwrap_or("abcd").to_owned();
        let root = format!("r-{root_part}");
        let mut organization = Self {
            id: format!("o-{}", ids::hex(&["organization", &scenario.management], 10)),
            root: root.clone(),
            management: scenario.management.clone(),
            paths: scenario.paths,
            empty_pages: scenario.empty_pages,
            ous: BTreeMap::new(),
            accounts: BTreeMap::new(),
            changing: !scenario.account_changes.is_empty(),
            later: BTreeMap::new(),
        };
        organization.add_ous(scenario, &root_part, None, &scenario.organization);
        // Accounts that no OU names sit directly under the root, as the management account usually does.
        for id in scenario.accounts.keys().chain([&scenario.management]) {
            if !organization.accounts.contains_key(id) {
                organization.add_account(scenario, id, &root);
            }
        }
        // What joins later is not there yet.
        for joins in scenario.account_changes.iter().filter(|change| change.joins.is_some()) {
            if let Some(mut account) = organization.accounts.remove(&joins.account) {
                let parent = joins.joins.clone().filter(|ou| ou != "root");
                account.parent = parent.unwrap_or_else(|| organization.root.clone());
                organization.later.insert(account.id.clone(), account);
            }
        }
        organization
    }

    fn add_ous(&mut self, scenario: &Scenario, root_part: &str, parent: Option<&Ou>, entries: &[OuEntry]) {
        for entry in entries {
            let name = escaped(&entry.ou);
            let path = parent.map_or_else(|| name.clone(), |above| format!("{}/{name}", above.path));
            let id = entry.id.clone().unwrap_or_else(|| format!("ou-{root_part}-{}", ids::hex(&["ou", &path], 8)));
            let mut chain = parent.map(|above| above.ids.clone()).unwrap_or_default();
            chain.push(id.clone());
            let above = parent.map_or_else(|| self.root.clone(), |above| above.id.clone());
            let ou = Ou { id: id.clone(), name: entry.ou.clone(), parent: above, path, ids: chain };
            for account in &entry.accounts {
                self.add_account(scenario, account, &id);
            }
            self.ous.insert(id, ou.clone());
            self.add_ous(scenario, root_part, Some(&ou), &entry.ous);
        }
    }

    fn add_account(&mut self, scenario: &Scenario, id: &str, parent: &str) {
        let entry = scenario.accounts.get(id).cloned().unwrap_or_default();
        let account = Account {
            id: id.to_owned(),
            name: entry.name.unwrap_or_else(|| format!("account-{id}")),
            email: entry.email.unwrap_or_else(|| format!("aws+{id}@example.com")),
            state: entry.state,
            member_role: entry.member_role,
            disabled_regions: entry.disabled_regions.into_iter().collect(),
            denied_regions: entry.denied_regions.into_iter().collect(),
            default_host_management: entry.default_host_management,
            parent: parent.to_owned(),
        };
        self.accounts.insert(account.id.clone(), account);
    }

    /// Gives an OU another name. The paths of the OUs below follow.
    pub fn rename(&mut self, change: &OuRename) {
        let Some(ou) = self.ous.get_mut(&change.id) else { return };
        ou.name.clone_from(&change.name);
        let paths: Vec<(String, String)> = self.ous.values().map(|ou| (ou.id.clone(), self.path_of(ou))).collect();
        for (id, path) in paths {
            if let Some(ou) = self.ous.get_mut(&id) {
                ou.path = path;
            }
        }
    }

    /// Returns the names of an OU and of those above, as orgpatch writes them: a `/` in a name is told from one between names.
    fn path_of(&self, ou: &Ou) -> String {
        let names = ou.ids.iter().filter_map(|id| self.ous.get(id));
        names.map(|ou| escaped(&ou.name)).collect::<Vec<_>>().join("/")
    }

    /// Changes an account, as the scenario says. One that has left does not change any more.
    pub fn change(&mut self, change: &AccountChange) {
        if change.joins.is_some()
            && let Some(account) = self.later.remove(&change.account)
        {
            self.accounts.insert(account.id.clone(), account);
        }
        if change.leaves {
            self.accounts.remove(&change.account);
        }
        let Some(account) = self.accounts.get_mut(&change.account) else { return };
        if let Some(ou) = &change.ou {
            account.parent = if ou == "root" { self.root.clone() } else { ou.clone() };
        }
        if let Some(state) = change.state {
            account.state = state;
        }
    }

    /// Returns whether an id is that of the root or of an OU.
    pub fn is_parent(&self, id: &str) -> bool {
        id == self.root || self.ous.contains_key(id)
    }

    /// Returns the OU that an account is directly in. None if it is under the root.
    pub fn ou_of(&self, account: &Account) -> Option<&Ou> {
        self.ous.get(&account.parent)
    }

    /// Returns the path of an OU as the API writes it: `o-x/r-y/ou-a/ou-b/`. For `None`, that of the root.
    pub fn api_path(&self, ou: Option<&Ou>) -> String {
        let mut path = format!("{}/{}/", self.id, self.root);
        for id in ou.map(|ou| ou.ids.as_slice()).unwrap_or_default() {
            path.push_str(id);
            path.push('/');
        }
        path
    }

    /// Returns the answer to `GET /_sim/organization`. Accounts that join later are in it, so that the member roles are there when
    /// they do: StackSets deploys them by itself into an account that comes to a target unit.
    pub fn describe(&self, in_doubt: InDoubt) -> serde_json::Value {
        let accounts: Vec<_> = self
            .accounts
            .values()
            .chain(self.later.values())
            .map(|account| {
                let ou = self.ou_of(account);
                serde_json::json!({
                    "id": account.id,
                    "name": account.name,
                    "state": account.state,
                    "memberRole": account.member_role,
                    "mayBeEntered": account.may_be_entered(in_doubt),
                    "ouPath": ou.map_or("", |ou| ou.path.as_str()),
                    "ouIds": ou.map(|ou| ou.ids.as_slice()).unwrap_or_default(),
                })
            })
            .collect();
        serde_json::json!({
            "organizationId": self.id,
            "managementAccountId": self.management,
            "rootId": self.root,
            "changing": self.changing,
            "accounts": accounts,
        })
    }
}

/// Writes a name in a path, so that a `/` in it is told from one between names.
fn escaped(name: &str) -> String {
    name.replace('\\', r"\\").replace('/', r"\/")
}

fn first_given_id(entries: &[OuEntry]) -> Option<&str> {
    entries.iter().find_map(|entry| entry.id.as_deref().or_else(|| first_given_id(&entry.ous)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario_check;

    #[test]
    fn ids_are_derived_from_the_path_and_follow_the_root() {
        let text = r#"
schemaVersion: 1
clock: {start: "2026-11-10T00:00:00Z"}
management: "111111111111"
organization:
  - {ou: Test, id: ou-wxyz-11111111, accounts: ["222200000001"], ous: [{ou: Deep, accounts: ["222200000002"]}]}
accounts: {"333300000001": {name: loose}}
"#;
        let organization = Organization::new(&scenario_check::read(text).expect("valid"));
        assert_eq!(organization.root, "r-wxyz");
        assert!(organization.id.len() == 12 && organization.id.starts_with("o-"));
        let deep = organization.ou_of(&organization.accounts["222200000002"]).expect("in an OU");
        assert!(ids::is_ou_id(&deep.id) && deep.id.starts_with("ou-wxyz-"));
        assert_eq!((deep.path.as_str(), deep.ids[0].as_str()), ("Test/Deep", "ou-wxyz-11111111"));
        assert_eq!(
            organization.api_path(Some(deep)),
            format!("{}/r-wxyz/ou-wxyz-11111111/{}/", organization.id, deep.id)
        );
        for id in ["111111111111", "333300000001"] {
            assert_eq!(organization.accounts[id].parent, "r-wxyz", "no OU names {id}");
        }
    }
}
