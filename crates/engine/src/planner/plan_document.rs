//! The plan of a run as it was read from `plans/<name>.yaml`.

use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_model::input::RunInput;
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

    /// Refuses an input that means another text of the plan, with [`RunError::InvalidInput`].
    pub fn check_hash(&self, input: &RunInput) -> Result<(), RunError> {
        match &input.plan_sha256 {
            Some(meant) if *meant != self.sha256 => Err(RunError::InvalidInput(format!(
                "`planSha256` is {meant}, but the plan {:?} in the bucket has {}: it is not the plan that was meant. Look at what has changed, and start again with its hash",
                self.plan.name, self.sha256
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_starts_only_with_the_plan_that_was_meant() {
        let text = "schemaVersion: 1\nname: m\nregions: [ap-northeast-1]\nstages: [{name: test, ous: [r-abcd]}]\n";
        let document = PlanDocument::read("m", text).expect("a plan");
        let check = |hash: &str| {
            let input = json!({"operation": "install", "plan": "m", "planSha256": hash});
            document.check_hash(&RunInput::read(&input).expect("an input"))
        };
        assert_eq!(check(&sha256_hex(text)), Ok(()));
        let another = sha256_hex("another text");
        let error = check(&another).expect_err("refused").to_string();
        assert!(error.contains(&another) && error.contains(&document.sha256), "{error}");
    }
}
