//! The claim of an execution to the name of a run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `claim.json`: the execution to which the objects of a run belong. Step Functions lets a name be used again after 90 days,
/// and objects stay longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunClaim {
    /// ARN of the execution.
    pub execution_arn: String,
    /// When it started. Two executions of one name have one ARN.
    pub started_at: Timestamp,
}

/// `closed.json`: the run is closed. Its own execution, if it is redriven, sends nothing more and writes no report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosedRun {
    /// Name of the first execution that closed it.
    pub closed_by: String,
    /// When that began.
    pub at: Timestamp,
}
