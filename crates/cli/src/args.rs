//! What can be written behind `orgpatch` on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Staged patching of an AWS organization: Test, then Staging, then Production, each behind the gate of the last.
#[derive(Debug, Parser)]
#[command(
    name = "orgpatch",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        orgpatch validate examples/plans/monthly.yaml\n  \
        orgpatch validate --format json - < monthly.yaml\n  \
        orgpatch preview examples/plans/monthly.yaml --profile management\n\n\
        `orgpatch <COMMAND> --help` says more about each command."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a plan: every mistake at once, each with its line and what would be valid.
    ///
    /// Needs no AWS account and no network. What only the organization can tell (an organizational unit that does
    /// not exist, an account that two stages reach) is not checked here.
    Validate(ValidateArguments),
    /// Show what a run of a plan would do: stages, waves, accounts and Regions, and what is left out and why.
    ///
    /// Reads the organization and changes nothing. It enters no account: which instances match the plan is found out
    /// by the run.
    Preview(PreviewArguments),
}

/// Arguments of `orgpatch validate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch validate examples/plans/monthly.yaml\n  \
        orgpatch validate --format json monthly.yaml | jq -r '.errors[] | \"\\(.line): \\(.problem)\"'\n  \
        aws s3 cp s3://BUCKET/plans/monthly.yaml - | orgpatch validate -\n\n\
        Exit status: 0 the plan is valid, 1 it has mistakes, 2 it could not be read or the command line is wrong.")]
pub struct ValidateArguments {
    /// The plan, a YAML file; `-` reads standard input.
    pub plan: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `orgpatch preview`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch preview examples/plans/monthly.yaml --profile management\n  \
        orgpatch preview monthly.yaml --stages test,staging\n  \
        orgpatch preview monthly.yaml --format json | jq -r '.accountsOutsidePlan[] | \"\\(.accountId) \\(.reason.text)\"'\n\n\
        Credentials: of the management account or of a delegated administrator of AWS Organizations, found where the\n\
        AWS CLI finds them. For profiles with IAM Identity Center (SSO), a login session or a credential process the\n\
        AWS CLI version 2 is asked (`aws configure export-credentials`), so it must be installed and signed in.\n\
        Permissions: organizations:DescribeOrganization, ListAccounts, ListRoots, ListOrganizationalUnitsForParent and\n\
        ListAccountsForParent.\n\n\
        The shape of --format json is described by schemas/preview.schema.json.\n\n\
        Exit status: 0 a run would start, 1 the plan has mistakes, does not fit the organization or the organization\n\
        cannot be read, 2 the plan could not be read or the command line is wrong.")]
pub struct PreviewArguments {
    /// The plan, a YAML file; `-` reads standard input.
    pub plan: PathBuf,
    /// Only these stages, as in the input of a run; absent: all.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub stages: Option<Vec<String>>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Profile of the AWS CLI; absent: AWS_PROFILE, or the default one.
    #[arg(long)]
    pub profile: Option<String>,
    /// Region whose endpoint of AWS Organizations is asked; absent: AWS_REGION, the profile's, or the plan's first.
    #[arg(long)]
    pub region: Option<String>,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
}
