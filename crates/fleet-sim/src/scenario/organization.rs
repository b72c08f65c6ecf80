//! What a scenario says about the organization: OUs and accounts.
use super::{baselines::BaselineEntry, short_forms::Switch};
use crate::facts::{ids, regions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An organizational unit with its accounts and OUs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OuEntry {
    /// The name of the OU.
    pub ou: String,
    /// The id of the OU. Usually derived from its path.
    #[schemars(regex(pattern = ids::OU_PATTERN))]
    pub id: Option<String>,
    /// Accounts directly in the OU.
    #[serde(default)]
    #[schemars(inner(regex(pattern = ids::ACCOUNT_PATTERN)))]
    pub accounts: Vec<String>,
    /// OUs directly in the OU.
    #[serde(default)]
    pub ous: Vec<OuEntry>,
}

/// Details of an account.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountEntry {
    /// The name of the account. Usually derived from its id.
    pub name: Option<String>,
    /// The email address of the account. Usually derived from its id.
    pub email: Option<String>,
    /// `Account.State` of the Organizations API.
    #[serde(default)]
    pub state: AccountState,
    /// The state of the member role in the account.
    #[serde(default)]
    pub member_role: MemberRole,
    /// Regions that are switched off in this account.
    #[serde(default)]
    #[schemars(inner(regex(pattern = regions::PATTERN)))]
    pub disabled_regions: Vec<String>,
    /// Regions in which a service control policy denies everything to the account.
    #[serde(default)]
    #[schemars(inner(regex(pattern = regions::PATTERN)))]
    pub denied_regions: Vec<String>,
    /// Default Host Management Configuration: `on`, `off`, or the Regions in which it is on.
    #[serde(default)]
    pub default_host_management: Switch,
    /// The account's own patch baselines when the clock starts.
    #[serde(default)]
    pub baselines: Vec<BaselineEntry>,
}

/// A later change of an account: exactly one of `ou`, `state`, `joins` and `leaves`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// The account.
    #[schemars(regex(pattern = ids::ACCOUNT_PATTERN))]
    pub account: String,
    /// How many seconds after the start of the scenario.
    pub after: u32,
    /// The id of the OU to which it is moved, or `root`.
    pub ou: Option<String>,
    /// Its state from then on.
    pub state: Option<AccountState>,
    /// The id of the OU, or `root`, in which it is created. Until then the organization does not have it. The account stands in no
    /// OU of `organization`.
    pub joins: Option<String>,
    /// Whether it leaves the organization.
    #[serde(default)]
    pub leaves: bool,
}

/// A later name of an OU. Its id stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OuRename {
    /// The id of the OU.
    #[schemars(regex(pattern = ids::OU_PATTERN))]
    pub id: String,
    /// How many seconds after the start of the scenario.
    pub after: u32,
    /// Its name from then on.
    pub name: String,
}

/// `Account.State` of the Organizations API.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
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
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRole {
    /// The role can be assumed.
    #[default]
    Present,
    /// There is no role.
    Absent,
    /// The role trusts another external id.
    WrongExternalId,
}
