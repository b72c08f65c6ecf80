//! Questions that AWS's documentation leaves open, and the answers of this simulated AWS.
use schemars::JsonSchema;
use serde::Deserialize;

/// Which answer this AWS gives where the documentation is silent or contradicts itself. A caller must be right under both.
/// The usual answer is the strict one.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct InDoubt {
    /// A rule for Debian, Raspbian or Ubuntu with neither `ApproveAfterDays` nor `ApproveUntilDate`. The API reference
    /// says both "not supported" there and "your request must include a value for either".
    pub missing_approval_delay: Answer,
    /// `Sources`, `ApprovedPatchesEnableNonSecurity` and `EnableNonSecurity` for systems other than Linux, even empty or
    /// false. The API reference says "applies to Linux managed nodes only".
    pub linux_only_fields: Answer,
    /// `GetInventory` with the result type `AWS:Application`. The API reference says "valid value:
    /// AWS:InstanceInformation", and AWS refused other types (<https://github.com/aws/aws-sdk/issues/640>, 2023).
    pub inventory_of_applications: Answer,
    /// A value of a patch filter that no source names for this operating system: a product that is not listed, or a
    /// severity such as `None`. A word of another vocabulary is always refused.
    pub undocumented_values: Answer,
    /// `AssumeRole` into an account in the state `PENDING_CLOSURE`. The reference of `CloseAccount` says only that the state
    /// lasts while the account is being closed (read on 2026-11-29). A closed account certainly refuses.
    pub roles_of_closing_accounts: Answer,
}

/// An answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The call fails.
    #[default]
    Refused,
    /// The call succeeds.
    Taken,
}
