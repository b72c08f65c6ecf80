//! The plan of a run as it was read from `plans/<name>.yaml`.

use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_plan::Plan;

/// A valid plan and the hash of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDocument {
    /// The plan.
    pub plan: Plan,
    /// SHA-256 of the text, in hex.
    pub sha256: String,
}

impl PlanDocument {
    /// Reads the text of `plans/<name>.yaml`. A plan that is not valid, or that has another name than its object, is
    /// [`RunError::InvalidPlan`].
    pub fn read(name: &str, text: &str) -> Result<Self, RunError> {
        let plan = orgpatch_plan::read(text)
            .map_err(|errors| RunError::InvalidPlan(format!("plan {name:?} is not valid: {errors}")))?;
        if plan.name != name {
            return Err(RunError::InvalidPlan(format!(
                "plans/{name}.yaml holds the plan {:?}; its `name` must be {name:?}",
                plan.name
            )));
        }
        Ok(Self { plan, sha256: sha256_hex(text) })
    }
}
