//! What a scenario says about the organization: its OUs and accounts.
use super::{baselines::BaselineEntry, short_forms::Switch};
use serde::{Deserialize, Serialize};

/// An organizational unit and what is below it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuEntry {
    /// Its name.
    pub ou: String,
    /// Its id; derived from the path when absent.
    pub id: Option<String>,
    /// Accounts directly in it.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// OUs directly in it.
    #[serde(default)]
    pub ous: Vec<OuEntry>,
}

/// What is special about an account.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountEntry {
    /// Its name; derived from the id when absent.
    pub name: Option<String>,
    /// Its address; derived from the id when absent.
    pub email: Option<String>,
    /// `Account.State`.
    #[serde(default)]
    pub state: AccountState,
    /// Is the member role there? The cloud around this simulator acts on it.
    #[serde(default)]
    pub member_role: MemberRole,
    /// Regions that are switched off in this account.
    #[serde(default)]
    pub disabled_regions: Vec<String>,
    /// Default Host Management Configuration: `on`, `off`, or the Regions where it is on.
    #[serde(default)]
    pub default_host_management: Switch,
    /// Its own patch baselines when the clock starts.
    #[serde(default)]
    pub baselines: Vec<BaselineEntry>,
}

/// `Account.State` of the Organizations API.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum AccountState {
    PendingActivation,
    #[default]
    Active,
    Suspended,
    PendingClosure,
    Closed,
}

/// The state of the member role in an account.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRole {
    /// It can be assumed.
    #[default]
    Present,
    /// There is none.
    Absent,
    /// It trusts somebody else.
    WrongExternalId,
}
