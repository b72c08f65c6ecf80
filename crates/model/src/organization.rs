//! An organization: its accounts, and the organizational units above each of them.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Reason, ReasonCode};

/// State of an account, by the names of the Organizations API (`Account.State`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum AccountState {
    PendingActivation,
    Active,
    Suspended,
    PendingClosure,
    Closed,
}

impl AccountState {
    /// Returns true if roles in the account may be assumed. In the state `PENDING_CLOSURE`, which lasts some minutes, no source
    /// says whether that works. It is tried, because a refusal is an outcome of the target, and nothing else.
    #[must_use]
    pub fn can_be_entered(self) -> bool {
        matches!(self, Self::Active | Self::PendingClosure)
    }

    /// Returns the reason why no role can be assumed in an account of this state; None if one can.
    #[must_use]
    pub fn reason_not_to_enter(self) -> Option<Reason> {
        (!self.can_be_entered()).then(|| Reason::new(ReasonCode::AccountInactive, format!("the account is {self}")))
    }

    /// Returns the state of that name in the API, be it a value of `State` or of the retired `Status`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "PENDING_ACTIVATION" => Self::PendingActivation,
            "ACTIVE" => Self::Active,
            "SUSPENDED" => Self::Suspended,
            "PENDING_CLOSURE" => Self::PendingClosure,
            "CLOSED" => Self::Closed,
            _ => return None,
        })
    }
}

impl std::fmt::Display for AccountState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        })
    }
}

/// An account and its path in the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// State.
    pub state: AccountState,
    /// Ids of the root and of the organizational units above it, from the root downwards.
    pub path: Vec<String>,
}

/// An organization: its accounts, and the names of those organizational units that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// Id, `o-…`.
    pub id: String,
    /// Accounts, in no particular order.
    pub accounts: Vec<Account>,
    /// Names of the organizational units by id. A unit without accounts below it is known only from here.
    pub unit_names: HashMap<String, String>,
}

impl Organization {
    /// Returns the names of the organizational units above an account as a path ([`path_of_names`]). A unit whose name is
    /// not known appears by its id. The root does not appear.
    #[must_use]
    pub fn ou_path(&self, account: &Account) -> String {
        let units = account.path.iter().filter(|id| !id.starts_with("r-"));
        path_of_names(units.map(|id| self.unit_names.get(id).map_or(id.as_str(), String::as_str)))
    }

    /// Returns true if the organization has that root or organizational unit.
    #[must_use]
    pub fn has_unit(&self, id: &str) -> bool {
        self.unit_names.contains_key(id)
            || self.accounts.iter().any(|account| account.path.iter().any(|unit| unit == id))
    }
}

/// Returns names of organizational units, from the root down, joined by `/`. The name of a unit may hold any character
/// (botocore 1.43.106, organizations `OrganizationalUnitName`: pattern `[\s\S]*`), so a `/` or `\` within a name gets a `\`
/// in front. [`names_of_path`] returns the names.
#[must_use]
pub fn path_of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let escaped: Vec<String> = names.into_iter().map(|name| name.replace('\\', r"\\").replace('/', r"\/")).collect();
    escaped.join("/")
}

/// Returns the names in a path that [`path_of_names`] has written. Empty names are left out: no unit has one.
#[must_use]
pub fn names_of_path(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        let last = names.len() - 1;
        match character {
            '/' => names.push(String::new()),
            '\\' => names[last].push(characters.next().unwrap_or('\\')),
            other => names[last].push(other),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Returns the units of a path in `Account.Paths` (`o-x/r-y/ou-a/ou-b/123456789012/`): root first, without the
/// organization and the account. None if it is not such a path.
#[must_use]
pub fn units_of_path(path: &str, account_id: &str) -> Option<Vec<String>> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    if !parts.next()?.starts_with("o-") {
        return None;
    }
    let mut units: Vec<String> = parts.map(str::to_owned).collect();
    if units.last().is_some_and(|last| last == account_id) {
        units.pop();
    }
    let well_formed = units.first().is_some_and(|root| root.starts_with("r-"))
        && units.iter().skip(1).all(|unit| unit.starts_with("ou-"));
    well_formed.then_some(units)
}

/// Returns the parents whose children's names must be read so that every path can be written in names: each unit that has
/// another unit below it in the path of an account.
#[must_use]
pub fn parents_to_name<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> Vec<String> {
    let mut parents: BTreeSet<&str> = BTreeSet::new();
    for account in accounts {
        for pair in account.path.windows(2) {
            parents.insert(&pair[0]);
        }
    }
    parents.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_api_is_read() {
        assert_eq!(
            units_of_path("o-x/r-y/ou-y-a/ou-y-b/123456789012/", "123456789012"),
            Some(vec!["r-y".into(), "ou-y-a".into(), "ou-y-b".into()])
        );
        assert_eq!(units_of_path("o-x/r-y/123456789012/", "123456789012"), Some(vec!["r-y".into()]));
    }

    #[test]
    fn a_slash_in_a_name_is_not_one_between_names() {
        let paths: [(&[&str], &str); 5] = [
            (&[], ""),
            (&["CI", "CD"], "CI/CD"),
            (&["CI/CD"], r"CI\/CD"),
            (&[r"CI\", "CD"], r"CI\\/CD"),
            (&[r"\/", "/"], r"\\\//\/"),
        ];
        for (names, path) in paths {
            assert_eq!(path_of_names(names.iter().copied()), path);
            assert_eq!(names_of_path(path), names, "{path}");
        }
        // As a person may write it.
        assert_eq!(names_of_path("/Test/Shop/"), ["Test", "Shop"]);
    }

    #[test]
    fn anything_else_is_not_a_path() {
        for path in ["", "r-y/ou-y-a", "o-x", "o-x/123456789012/", "o-x/r-y/what/123456789012/"] {
            assert_eq!(units_of_path(path, "123456789012"), None, "{path}");
        }
    }
}
