//! Finds the state machine and the bucket of a deployment by the name of its stack.

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::call::CallError;
use orgpatch_aws::clients::executions::Executions;
use serde_json::Value;

use crate::args::{StackArguments, StateMachine};
use crate::credentials;

/// The stack in the commands of the documents.
const DEFAULT: &str = "orgpatch";

/// The Region of the calls if none is configured.
const FALLBACK_REGION: &str = "us-east-1";

/// Where the definition of the state machine names the bucket: the list of targets that its Map reads.
const BUCKET: &str = "/States/Steps/ItemProcessor/States/Targets/ItemReader/Arguments/Bucket";

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The state machine.
    pub state_machine: StateMachine,
    /// The bucket of plans and runs.
    pub bucket: String,
}

/// Why no deployment is found.
#[derive(Debug)]
pub enum NotFound {
    /// There are no credentials; one sentence says why.
    NoCredentials(String),
    /// A call failed.
    Call(CallError),
    /// A deployment is named twice.
    Twice {
        /// The stack.
        stack: String,
        /// The other option, with its value.
        other: String,
    },
    /// There is no such stack in the Region.
    NoStack {
        /// Its name.
        stack: String,
        /// The Region.
        region: String,
    },
    /// The state machine names no bucket, so it is not one of orgpatch, or of another version.
    NoBucket {
        /// Its ARN.
        state_machine: String,
    },
}

impl NotFound {
    /// Returns what is wrong.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NoCredentials(sentence) => sentence.clone(),
            Self::Call(error) => format!("the stack cannot be looked for: {error}"),
            Self::Twice { stack, other } => format!("the deployment is named twice: --stack {stack} and {other}"),
            Self::NoStack { stack, region } => {
                format!(
                    "there is no stack {stack} of orgpatch in Region {region}: it has no state machine {stack}-patch-run"
                )
            }
            Self::NoBucket { state_machine } => format!("the state machine {state_machine} names no bucket"),
        }
    }

    /// Returns what to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::NoCredentials(_) => crate::advice::SIGN_IN.to_owned(),
            Self::Call(_) => "sign in to orgpatch's own account with a role that allows states:ListStateMachines and \
                 states:DescribeStateMachine, or name state machine and bucket: --state-machine, --bucket"
                .to_owned(),
            Self::Twice { .. } => {
                "leave one of them out. The environment counts, too: ORGPATCH_STACK, ORGPATCH_STATE_MACHINE, \
                 ORGPATCH_BUCKET"
                    .to_owned()
            }
            Self::NoStack { .. } => {
                "sign in to orgpatch's own account, set its home Region (AWS_REGION), and name the stack: \
                 --stack NAME. Or name its outputs: --state-machine, --bucket"
                    .to_owned()
            }
            Self::NoBucket { .. } => "name the bucket: --bucket (output RunsBucket of the stack)".to_owned(),
        }
    }
}

/// Refuses a stack beside another name of a deployment: a value that lies in the environment would win over what was asked for.
fn check(arguments: &StackArguments) -> Result<(), NotFound> {
    let StackArguments { stack, state_machine, bucket } = arguments;
    let machine = state_machine.as_ref().map(|machine| format!("--state-machine {}", machine.arn));
    let other = machine.or_else(|| bucket.as_ref().map(|bucket| format!("--bucket {bucket}")));
    match (stack, other) {
        (Some(stack), Some(other)) => Err(NotFound::Twice { stack: stack.clone(), other }),
        _ => Ok(()),
    }
}

/// Returns the deployment that the arguments name: by its outputs, or else by its stack.
pub async fn find(arguments: &StackArguments, profile: Option<&str>) -> Result<Place, NotFound> {
    check(arguments)?;
    let StackArguments { stack, state_machine, bucket } = arguments;
    if let (Some(state_machine), Some(bucket)) = (state_machine, bucket) {
        return Ok(Place { state_machine: state_machine.clone(), bucket: bucket.clone() });
    }
    let region = state_machine.as_ref().map(|machine| machine.region.as_str());
    let config = credentials::connect(profile, region, FALLBACK_REGION).await.map_err(NotFound::NoCredentials)?;
    let executions = Executions::new(&config);
    let state_machine = match state_machine {
        Some(machine) => machine.clone(),
        None => named(&executions, &config, stack.as_deref().unwrap_or(DEFAULT)).await?,
    };
    let bucket = if let Some(bucket) = bucket {
        bucket.clone()
    } else {
        let definition = executions.definition(&state_machine.arn).await.map_err(NotFound::Call)?;
        bucket_of(&definition).ok_or_else(|| NotFound::NoBucket { state_machine: state_machine.arn.clone() })?
    };
    Ok(Place { state_machine, bucket })
}

/// Returns the Region of the bucket, if it is known, and the bucket. A bucket that is named is enough.
pub async fn bucket(arguments: &StackArguments, profile: Option<&str>) -> Result<(Option<String>, String), NotFound> {
    check(arguments)?;
    if let Some(bucket) = &arguments.bucket {
        return Ok((arguments.state_machine.as_ref().map(|machine| machine.region.clone()), bucket.clone()));
    }
    let found = find(arguments, profile).await?;
    Ok((Some(found.state_machine.region), found.bucket))
}

async fn named(executions: &Executions, config: &SdkConfig, stack: &str) -> Result<StateMachine, NotFound> {
    let found = executions.state_machine(&format!("{stack}-patch-run")).await.map_err(NotFound::Call)?;
    found.and_then(|arn| arn.parse().ok()).ok_or_else(|| NotFound::NoStack {
        stack: stack.to_owned(),
        region: config.region().map(ToString::to_string).unwrap_or_default(),
    })
}

fn bucket_of(definition: &str) -> Option<String> {
    let definition: Value = serde_json::from_str(definition).ok()?;
    definition.pointer(BUCKET)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_named_once() {
        let machine = "arn:aws:states:ap-northeast-1:111111111111:stateMachine:orgpatch-patch-run";
        let named = |stack: bool, with_machine: bool, bucket: bool| {
            check(&StackArguments {
                stack: stack.then(|| "orgpatch-test".to_owned()),
                state_machine: with_machine.then(|| machine.parse().expect("an ARN")),
                bucket: bucket.then(|| "orgpatch-runs-1".to_owned()),
            })
            .map_err(|error| error.sentence())
        };
        assert_eq!((named(true, false, false), named(false, true, true)), (Ok(()), Ok(())));
        let twice = "the deployment is named twice: --stack orgpatch-test and --bucket orgpatch-runs-1";
        assert_eq!(named(true, false, true), Err(twice.to_owned()));
        assert!(named(true, true, false).is_err() && named(true, true, true).is_err());
    }

    #[test]
    fn the_state_machine_names_the_bucket() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../statemachine/patch-run.asl.json");
        let definition = std::fs::read_to_string(path).expect("a file");
        assert_eq!(
            bucket_of(&definition.replace("${RunsBucket}", "orgpatch-runs-1")).as_deref(),
            Some("orgpatch-runs-1")
        );
        assert_eq!(bucket_of("{}"), None);
        assert_eq!(bucket_of("no JSON"), None);
    }
}
