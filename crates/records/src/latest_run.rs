//! The pointer from a plan to its latest run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `latest/<plan>.json`: the latest run of a plan that has a report about instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestRun {
    /// The run.
    pub run_id: String,
    /// Name of the plan.
    pub plan: String,
    /// When it was planned.
    pub started_at: Timestamp,
    /// When its report was made.
    pub finished_at: Timestamp,
    /// The run that was the latest one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// SHA-256 of the run's manifest, in hex. None: its report was made by a version without manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
    /// The same of the run before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_manifest_sha256: Option<String>,
}
