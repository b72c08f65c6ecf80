//! What can be written behind `orgpatch` on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use orgpatch_model::outcome::Outcome;

/// Staged patching of an AWS organization: Test, then Staging, then Production, each behind the gate of the last.
#[derive(Debug, Parser)]
#[command(
    name = "orgpatch",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        orgpatch validate examples/plans/monthly.yaml\n  \
        orgpatch validate --format json - < monthly.yaml\n  \
        orgpatch preview examples/plans/monthly.yaml --profile management\n  \
        orgpatch preview monthly.yaml --baselines\n  \
        orgpatch baselines restore monthly\n  \
        orgpatch report --latest --outcome failed\n\n\
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
    /// by the run. With --baselines it has the deployed orgpatch compare the patch baselines of every account instead.
    Preview(PreviewArguments),
    /// Patch baselines that orgpatch has registered in the accounts.
    #[command(subcommand)]
    Baselines(BaselinesCommand),
    /// Show what happened to every instance in a run: as a table, for programs, or as the page in a browser.
    ///
    /// Reads the report that the run left in the bucket, also of a run that was halted or broke. Filters leave out
    /// instances; values of one filter are alternatives, several filters must all hold.
    Report(ReportArguments),
}

/// The commands behind `orgpatch baselines`.
#[derive(Debug, Subcommand)]
pub enum BaselinesCommand {
    /// Give back the default baselines, and those of patch groups, that were there before orgpatch's.
    ///
    /// In every account and Region of the plan's stages what was registered before the first run that replaced it is
    /// registered again, whichever plan replaced it. What somebody registered since then stays. The baselines of
    /// orgpatch stay in the accounts, unused, until the next run of a plan with baselines registers them again.
    Restore(RestoreArguments),
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
        orgpatch preview monthly.yaml --format json | jq -r '.accountsOutsidePlan[] | \"\\(.accountId) \\(.reason.text)\"'\n  \
        orgpatch preview monthly.yaml --baselines --state-machine ARN --bucket NAME\n\n\
        Credentials: of the management account or of a delegated administrator of AWS Organizations, found where the\n\
        AWS CLI finds them. For profiles with IAM Identity Center (SSO), a login session or a credential process the\n\
        AWS CLI version 2 is asked (`aws configure export-credentials`), so it must be installed and signed in.\n\
        Permissions: organizations:DescribeOrganization, ListAccounts, ListRoots, ListOrganizationalUnitsForParent and\n\
        ListAccountsForParent.\n\n\
        With --baselines: the member role lets nobody in but orgpatch's functions, so the command starts a run of the\n\
        operation preview-baselines and waits for its report. The plan in the bucket must be the same file. The run\n\
        changes nothing; Ctrl-C ends the waiting, not the run. Permissions: states:StartExecution on the state machine,\n\
        states:DescribeExecution on its executions, s3:GetObject on plans/* and runs/*, s3:ListBucket on the bucket.\n\
        Both names are outputs of the stack: `aws cloudformation describe-stacks --stack-name orgpatch`.\n\n\
        The shape of --format json is described by schemas/preview.schema.json, with --baselines it is the report of\n\
        the run (schemas/report.schema.json).\n\n\
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
    #[arg(long, conflicts_with = "baselines")]
    pub region: Option<String>,
    /// Compare the patch baselines of every account with the plan: what would be created, changed and registered.
    #[arg(long)]
    pub baselines: bool,
    /// With --baselines: the state machine of orgpatch; output StateMachineArn of its stack.
    #[arg(long, value_name = "ARN", env = "ORGPATCH_STATE_MACHINE", required_if_eq("baselines", "true"))]
    pub state_machine: Option<StateMachine>,
    /// With --baselines: the bucket of plans and runs; output RunsBucket of the stack.
    #[arg(long, value_name = "NAME", env = "ORGPATCH_BUCKET", required_if_eq("baselines", "true"))]
    pub bucket: Option<String>,
}

/// Arguments of `orgpatch baselines restore`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch baselines restore monthly --state-machine ARN --bucket NAME\n  \
        orgpatch baselines restore monthly --stages test --yes --format json > restored.json\n\n\
        The member role lets nobody in but orgpatch's functions, so the command starts a run of the operation\n\
        restore-baselines and waits for its report. Ctrl-C ends the waiting, not the run. Permissions:\n\
        states:StartExecution on the state machine, states:DescribeExecution on its executions, s3:GetObject on plans/*\n\
        and runs/*, s3:ListBucket on the bucket.\n\
        Both names are outputs of the stack: `aws cloudformation describe-stacks --stack-name orgpatch`.\n\n\
        --format json is the report of the run (schemas/report.schema.json).\n\n\
        Exit status: 0 the run went through all stages, 1 it did not, was refused, or nobody said yes, 2 the command\n\
        line is wrong.")]
pub struct RestoreArguments {
    /// Name of the plan, as in the bucket: plans/NAME.yaml.
    #[arg(value_name = "PLAN-NAME")]
    pub plan: String,
    /// Only these stages, as in the input of a run; absent: all.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub stages: Option<Vec<String>>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Profile of the AWS CLI; absent: AWS_PROFILE, or the default one.
    #[arg(long)]
    pub profile: Option<String>,
    /// The state machine of orgpatch; output StateMachineArn of its stack.
    #[arg(long, value_name = "ARN", env = "ORGPATCH_STATE_MACHINE")]
    pub state_machine: StateMachine,
    /// The bucket of plans and runs; output RunsBucket of the stack.
    #[arg(long, value_name = "NAME", env = "ORGPATCH_BUCKET")]
    pub bucket: String,
}

/// Arguments of `orgpatch report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch report 2b1c9a1e                       opens its page\n  \
        orgpatch report --latest --plan monthly --format table\n  \
        orgpatch report --latest --ou Production --outcome failed,unreachable\n  \
        orgpatch report 2b1c9a1e --account shop-prod --os WINDOWS --format csv --output shop.csv\n  \
        orgpatch report --latest --format json | jq -r '.instances[] | select(.failed != []) | .instanceId'\n\n\
        At a terminal the page (report.html, with all instances) is opened in a browser, and where it was put is\n\
        printed. With --format or a filter, and where the output goes elsewhere, the report is printed: as a table,\n\
        unless --format says otherwise.\n\n\
        --latest is the run that began last among those that have a report, of all plans or of --plan. Runs about\n\
        baselines only (preview-baselines, restore-baselines) do not count; name them.\n\n\
        --format json is the report (schemas/report.schema.json) with the instances and targets that are asked for;\n\
        what it says of the run and its steps is about all of them. --format csv has the columns of instances.csv.\n\n\
        Permissions: s3:GetObject on runs/* and latest/*, s3:ListBucket on the bucket, in orgpatch's own account. The\n\
        bucket is an output of the stack: `aws cloudformation describe-stacks --stack-name orgpatch`. Its Region is\n\
        that of --state-machine, or else AWS_REGION or the profile's.\n\n\
        Exit status: 0 the report was shown, however the run ended; 1 there is none or it cannot be read; 2 the command\n\
        line is wrong.")]
pub struct ReportArguments {
    /// Id of the run: the name of its execution.
    #[arg(required_unless_present = "latest", value_parser = run_id)]
    pub run: Option<String>,
    /// The latest run.
    #[arg(long, conflicts_with = "run")]
    pub latest: bool,
    /// With --latest: the latest run of that plan.
    #[arg(long, value_name = "NAME", requires = "latest", value_parser = run_id)]
    pub plan: Option<String>,
    /// Only these stages.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub stages: Vec<String>,
    /// Only accounts in these organizational units and below, as paths from the root: Production/Payments.
    #[arg(long, value_name = "PATH,…", value_delimiter = ',')]
    pub ou: Vec<String>,
    /// Only instances with these outcomes, such as failed,unreachable.
    #[arg(long, value_name = "OUTCOME,…", value_delimiter = ',', value_parser = outcome)]
    pub outcome: Vec<Outcome>,
    /// Only these accounts, by id or name.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub account: Vec<String>,
    /// Only these Regions.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    pub region: Vec<String>,
    /// Only these operating systems, such as WINDOWS.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub os: Vec<String>,
    /// How to print it, instead of opening its page.
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
    /// Open the page even where the output goes elsewhere.
    #[arg(long, conflicts_with_all = ["format", "stages", "ou", "outcome", "account", "region", "os"])]
    pub open: bool,
    /// Write into this file instead of to the screen; a page that is opened stays there.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Profile of the AWS CLI; absent: AWS_PROFILE, or the default one.
    #[arg(long)]
    pub profile: Option<String>,
    /// The state machine of orgpatch, whose Region is that of the bucket; output StateMachineArn of its stack.
    #[arg(long, value_name = "ARN", env = "ORGPATCH_STATE_MACHINE")]
    pub state_machine: Option<StateMachine>,
    /// The bucket of plans and runs; output RunsBucket of the stack.
    #[arg(long, value_name = "NAME", env = "ORGPATCH_BUCKET")]
    pub bucket: String,
}

impl ReportArguments {
    /// True if the page is to be opened; `at_terminal`: somebody looks at the output.
    pub fn opens(&self, at_terminal: bool) -> bool {
        let filters = [&self.stages, &self.ou, &self.account, &self.region, &self.os];
        let is_filtered = !self.outcome.is_empty() || filters.iter().any(|filter| !filter.is_empty());
        self.open || (at_terminal && self.format.is_none() && !is_filtered)
    }
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A line per instance, for people.
    Table,
    /// For programs: the report as one JSON document.
    Json,
    /// For spreadsheets: the columns of instances.csv.
    Csv,
    /// For chat and tickets: a summary in Markdown.
    Md,
}

/// A part of a key in the bucket: names of executions and of plans have no slash.
fn run_id(text: &str) -> Result<String, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || !text.chars().all(fits) {
        return Err("letters, digits, - and _ are what a name has");
    }
    Ok(text.to_owned())
}

fn outcome(word: &str) -> Result<Outcome, String> {
    let found = Outcome::ALL.into_iter().find(|outcome| outcome.name() == word);
    found.ok_or_else(|| format!("outcomes are {}", Outcome::ALL.map(Outcome::name).join(", ")))
}

/// A state machine by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMachine {
    /// The ARN.
    pub arn: String,
    /// The Region in it, in which everything of the deployment is.
    pub region: String,
}

impl FromStr for StateMachine {
    type Err = &'static str;

    fn from_str(arn: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "states", region, _, "stateMachine", _, ..] if !region.is_empty() => {
                Ok(Self { arn: arn.to_owned(), region: (*region).to_owned() })
            }
            _ => Err(
                "not the ARN of a state machine, such as arn:aws:states:eu-west-1:111111111111:stateMachine:orgpatch-patch-run",
            ),
        }
    }
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(line: &str, at_terminal: bool) -> bool {
        let words = ["orgpatch", "report", "--bucket", "b"].into_iter().chain(line.split(' '));
        match Arguments::try_parse_from(words).expect("a command line").command {
            Command::Report(arguments) => arguments.opens(at_terminal),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_report_is_opened_where_somebody_looks_and_asks_for_nothing_else() {
        for whole in ["run-1", "--latest", "--latest --plan monthly", "run-1 --output page.html"] {
            assert!(opens(whole, true) && !opens(whole, false), "{whole}");
            assert!(opens(&format!("{whole} --open"), false), "{whole}");
        }
        for asks in
            ["--format table", "--stages test", "--ou Test", "--outcome failed", "--account a", "--region r", "--os o"]
        {
            assert!(!opens(&format!("run-1 {asks}"), true), "{asks}");
        }
    }
}
