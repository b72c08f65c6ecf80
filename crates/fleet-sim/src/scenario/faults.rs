//! What a scenario says about faults between a caller and the cloud.
use serde::{Deserialize, Serialize};

/// Something that goes wrong between caller and cloud. Exactly one of the four effects is given.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FaultEntry {
    /// `ssm:SendCommand`, `ssm:Describe*`, `ssm:*`, `*:*`.
    pub operation: String,
    /// Effect: this error code instead of an answer; the call is not executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Effect: this many *real* milliseconds before the call is executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Effect: the call is executed, its caller never receives_commands of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_response: Option<bool>,
    /// Effect: the caller dies, before the call is executed or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_caller: Option<KillCaller>,
    /// How often; 1 when absent, without limit for a latency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many matching calls pass untouched first.
    #[serde(default)]
    pub after: u32,
    /// Only calls into this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only calls in this Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only calls whose body contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// When a caller dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KillCaller {
    /// The call is not executed.
    Before,
    /// The call is executed.
    After,
}
