//! The environment of a function, which is read once. A missing variable ends the start-up with an error that names it.

use std::env;
use std::sync::OnceLock;

use lambda_runtime::Error;
use orgpatch_model::error::RunError;

/// Returns the name of the bucket with plans and runs: `RUNS_BUCKET`.
pub fn runs_bucket() -> Result<String, Error> {
    required("RUNS_BUCKET")
}

/// Returns the name of the DynamoDB table with lock and intents: `LEDGER_TABLE`.
pub fn ledger_table() -> Result<String, Error> {
    required("LEDGER_TABLE")
}

/// Returns the namespace of the deployment's metrics: `METRICS_NAMESPACE`.
pub fn metrics_namespace() -> Result<String, Error> {
    required("METRICS_NAMESPACE")
}

/// Returns how many days Object Lock keeps the files of a report: `EVIDENCE_RETENTION_DAYS`, 0 to 9,999. None: the bucket has no
/// Object Lock.
pub fn evidence_retention_days() -> Result<Option<u16>, Error> {
    let text = required("EVIDENCE_RETENTION_DAYS")?;
    let days: u16 = text.parse().map_err(|_| format!("EVIDENCE_RETENTION_DAYS is no number of days: {text:?}"))?;
    Ok(Some(days).filter(|days| *days > 0))
}

/// The role through which a function enters member accounts: the one that acts, or the one that looks.
#[derive(Debug, Clone)]
pub struct MemberRole {
    /// Name of the role in every member account: `MEMBER_ROLE_NAME`.
    pub role_name: String,
    /// Path of the role, which begins and ends with a slash: `MEMBER_ROLE_PATH`.
    pub role_path: String,
    /// External id that the role's trust policy requires: `EXTERNAL_ID`.
    pub external_id: String,
    /// The stack set that makes the role, if the deployment has one: `MEMBER_ROLE_STACK_SET`, `STACK_SET_CALL_AS`.
    pub stack_set: Option<StackSet>,
}

/// The stack set that makes the member role.
#[derive(Debug, Clone)]
pub struct StackSet {
    /// Its name.
    pub name: String,
    /// `SELF` in the management account, `DELEGATED_ADMIN` in the account of a delegated administrator.
    pub call_as: String,
}

impl MemberRole {
    /// Reads the variables that the fields name.
    pub fn from_env() -> Result<Self, Error> {
        let stack_set = match optional("MEMBER_ROLE_STACK_SET") {
            Some(name) => Some(StackSet { name, call_as: required("STACK_SET_CALL_AS")? }),
            None => None,
        };
        Ok(Self {
            role_name: required("MEMBER_ROLE_NAME")?,
            role_path: required("MEMBER_ROLE_PATH")?,
            external_id: required("EXTERNAL_ID")?,
            stack_set,
        })
    }

    /// Returns the ARN of the role in an account.
    #[must_use]
    pub fn arn(&self, partition: &str, account_id: &str) -> String {
        format!("arn:{partition}:iam::{account_id}:role{}{}", self.role_path, self.role_name)
    }

    /// Returns why the role may not let orgpatch in. A missing role and a refused trust look the same from outside, so it
    /// names the command that shows the status of the account's stack. `region` is the Region of the stack set.
    #[must_use]
    pub fn refusal(&self, account_id: &str, region: &str) -> String {
        let refusal = format!(
            "role {} does not let orgpatch in: it does not exist, or its trust policy names another external id, organization \
             or role",
            self.role_name
        );
        match &self.stack_set {
            None => refusal,
            Some(StackSet { name, call_as }) => format!(
                "{refusal}. To see whether its stack failed: aws cloudformation list-stack-instances --stack-set-name {name} \
                 --stack-instance-account {account_id} --call-as {call_as} --region {region}"
            ),
        }
    }
}

/// The partition of the function's own ARN. Nothing tells it before the first event.
static PARTITION: OnceLock<String> = OnceLock::new();

/// Returns the partition in which the function runs, such as `aws-us-gov`.
///
/// # Errors
///
/// `BrokenRun` before the first event, or if the function's own ARN is none.
pub fn partition() -> Result<&'static str, RunError> {
    let unknown = || RunError::BrokenRun("the function does not know its own ARN, and so no partition".to_owned());
    PARTITION.get().map(String::as_str).ok_or_else(unknown)
}

/// Remembers the partition of the function's own ARN, as the context of an event has it.
pub(super) fn remember_partition(function_arn: &str) {
    if let Some(partition) = partition_of(function_arn) {
        // It is the same in every event.
        PARTITION.get_or_init(|| partition.to_owned());
    }
}

fn partition_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next() == Some("arn")).then(|| parts.next()).flatten().filter(|partition| !partition.is_empty())
}

fn required(name: &str) -> Result<String, Error> {
    optional(name).ok_or_else(|| format!("the environment variable {name} is missing; template.yaml sets it").into())
}

fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(path: &str, stack_set: Option<StackSet>) -> MemberRole {
        MemberRole {
            role_name: "orgpatch-member".to_owned(),
            role_path: path.to_owned(),
            external_id: "0123456789abcdef".to_owned(),
            stack_set,
        }
    }

    #[test]
    fn the_partition_is_that_of_the_own_arn() {
        for partition in ["aws", "aws-us-gov", "aws-cn", "aws-eusc", "aws-iso-f"] {
            let arn = format!("arn:{partition}:lambda:some-region-1:111111111111:function:orgpatch-scan:7");
            assert_eq!(partition_of(&arn), Some(partition));
        }
        for other in ["", "scan", "arn", "arn:", "arn::lambda", "function:scan"] {
            assert_eq!(partition_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_path_of_the_role_is_part_of_its_arn() {
        for (path, arn) in [
            ("/", "arn:aws-cn:iam::222200000001:role/orgpatch-member"),
            ("/ops/patching/", "arn:aws-cn:iam::222200000001:role/ops/patching/orgpatch-member"),
        ] {
            assert_eq!(role(path, None).arn("aws-cn", "222200000001"), arn);
        }
    }

    #[test]
    fn a_refusal_names_the_command_that_shows_the_stack_of_the_account() {
        let stack_set = StackSet { name: "orgpatch-member-role".to_owned(), call_as: "DELEGATED_ADMIN".to_owned() };
        let command = "aws cloudformation list-stack-instances --stack-set-name orgpatch-member-role \
                       --stack-instance-account 222200000001 --call-as DELEGATED_ADMIN --region eu-central-1";
        let refusal = |stack_set| role("/", stack_set).refusal("222200000001", "eu-central-1");
        assert!(refusal(Some(stack_set)).ends_with(command));
        // A role that was deployed by hand has no stack instance to look at.
        assert!(!refusal(None).contains("aws "));
    }
}
