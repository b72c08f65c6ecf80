//! What a scenario says about faults between a caller and the cloud.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fault between a caller and the cloud. It has exactly one effect: `error`, `latencyMs`, `lostResponse`, `killCaller`
/// or `perSecond`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = [
    {"required": ["error"]}, {"required": ["latencyMs"]}, {"required": ["lostResponse"]}, {"required": ["killCaller"]},
    {"required": ["perSecond"]}, {"required": ["rewrite"]},
]))]
pub struct FaultEntry {
    /// The operations that it strikes, with wildcards: `ssm:SendCommand`, `ssm:Describe*`, `ssm:*`, `*:*`.
    #[schemars(regex(pattern = "^[^:]+:.+$"))]
    pub operation: String,
    /// Effect: the call is not executed, and this error code is the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The text of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Effect: this many real milliseconds pass before the call is executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Effect: the call is executed, but its caller gets no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_response: Option<bool>,
    /// With `lostResponse` on `lambda:Invoke`: the state machine loses the answer after this many real milliseconds, and
    /// the invocation goes on. Otherwise it loses the answer at the end of the invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlived_after_ms: Option<u64>,
    /// Effect: the caller dies before or after the call is executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_caller: Option<KillCaller>,
    /// Effect: before the call is executed, a writer that no policy stops replaces a text in an object. Only for
    /// `s3:GetObject`, and for `dynamodb:GetItem`: there the run `replace` takes the run lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
    /// Effect: a limit of calls per real second, whatever the speed of the simulated clock, because SDKs pace their
    /// retries in real time. A call beyond it is not executed and answered as throttled. Each account and Region has a
    /// bucket of its own. Only for ec2, organizations and ssm.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub per_second: Option<f64>,
    /// With `perSecond`: how many calls the bucket holds, and so how many pass at once after a pause. Usually
    /// `perSecond`, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub burst: Option<u32>,
    /// How often it strikes. Usually once. A latency usually strikes every call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// It strikes every matching call, from the first one after `after` on, until the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// How many matching calls pass before it strikes.
    #[serde(default)]
    pub after: u32,
    /// Strikes only calls into this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Strikes only calls in this Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Strikes only calls that contain this text: in the body, and for S3 also in method, key and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// What a writer that no policy stops does to an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// The key of the object. Usually the one that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A text that the object has. If it is left out, the object is created, or replaced as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// What is in its place then.
    pub replace: String,
}

/// When a caller dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KillCaller {
    /// The caller dies before the call is executed.
    Before,
    /// The caller dies after the call was executed.
    After,
}
