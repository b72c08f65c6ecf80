//! Whose eyes the organization is seen with: credentials from where the AWS CLI finds them.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use orgpatch_aws::SdkConfig;
use orgpatch_aws::clients::config;
use orgpatch_aws::clients::config::FoundCredentials;

/// Configuration of the SDK with credentials that are there; or why there are none, in one sentence.
///
/// The SDK is built without single sign-on, login sessions and credential processes, since whatever it can do here
/// would be built into the Lambda functions too. Whoever uses those has the AWS CLI, and it is asked.
pub async fn connect(profile: Option<&str>, region: Option<&str>, fallback_region: &str) -> Result<SdkConfig, String> {
    let config = config::for_person(profile, region, fallback_region).await;
    let Err(why) = config::check_credentials(&config).await else {
        return Ok(config);
    };
    match ask_aws_cli(profile) {
        Ok(found) => Ok(config::with_credentials(&config, found)),
        Err(why_not) => Err(format!("there are no credentials: {why}; and {why_not}")),
    }
}

fn ask_aws_cli(profile: Option<&str>) -> Result<FoundCredentials, String> {
    let mut aws = Command::new("aws");
    aws.args(["configure", "export-credentials", "--format", "process"]);
    if let Some(profile) = profile {
        aws.args(["--profile", profile]);
    }
    // Not ours to share: the plan may come from standard input.
    let output = aws.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => "the AWS CLI, which may know more, is not installed".to_owned(),
        _ => format!("the AWS CLI cannot be started: {error}"),
    })?;
    if output.status.success() {
        // Not the parser's own words: they could quote a secret.
        return serde_json::from_slice(&output.stdout)
            .map_err(|_| "what `aws configure export-credentials` printed is not a set of credentials".to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.trim_start().starts_with("usage:") {
        return Err("this AWS CLI cannot export credentials (version 2 can)".to_owned());
    }
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it does not say why");
    Err(format!("the AWS CLI has none either: {last}"))
}
