//! Finds credentials where the AWS CLI finds them.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::config;
use orgpatch_aws::clients::config::FoundCredentials;

/// Returns a configuration of the SDK with credentials, or the reason why there are none, in one sentence.
///
/// The SDK is built without single sign-on, login sessions and credential processes, because those would also be built
/// into the Lambda functions. Operators who use them have the AWS CLI, so this asks the AWS CLI for credentials.
pub async fn connect(profile: Option<&str>, region: Option<&str>, fallback_region: &str) -> Result<SdkConfig, String> {
    let config = config::for_person(profile, region, fallback_region).await;
    let Err(why) = config::check_credentials(&config).await else {
        return Ok(config);
    };
    match ask_aws_cli(profile) {
        Ok(found) => Ok(config::with_credentials(&config, found)),
        Err(why_not) => Err(format!("there are no credentials: {}; and {why_not}", in_words(why, profile))),
    }
}

/// Returns why the SDK has no credentials. At the end of its chain it asks the metadata service of EC2 (IMDS), which the
/// computer of an operator does not have; what it says of that hides what is missing.
fn in_words(why: String, profile: Option<&str>) -> String {
    if !why.contains("IMDS") && !why.contains("not enabled") {
        return why;
    }
    match profile {
        Some(profile) => format!("the profile {profile:?} does not exist or has none"),
        None => "neither the environment nor the default profile has any".to_owned(),
    }
}

fn ask_aws_cli(profile: Option<&str>) -> Result<FoundCredentials, String> {
    let mut aws = Command::new("aws");
    aws.args(["configure", "export-credentials", "--format", "process"]);
    if let Some(profile) = profile {
        aws.args(["--profile", profile]);
    }
    // The AWS CLI must not read standard input, because the plan may come from there.
    let output = aws.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => "the AWS CLI, which supports more kinds of credentials, is not installed".to_owned(),
        _ => format!("the AWS CLI cannot be started: {error}"),
    })?;
    if output.status.success() {
        // Without the parser's message, which could quote a secret.
        return serde_json::from_slice(&output.stdout)
            .map_err(|_| "`aws configure export-credentials` did not print credentials".to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.trim_start().starts_with("usage:") {
        return Err("the installed AWS CLI cannot export credentials; install version 2".to_owned());
    }
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it gave no reason");
    Err(format!("the AWS CLI has none either: {last}"))
}
