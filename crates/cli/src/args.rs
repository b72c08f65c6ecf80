//! The arguments of `orgpatch`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use orgpatch_model::outcome::Outcome;

/// Patches an AWS organization in stages: Test, then Staging, then Production, each after the gate of the stage before.
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
        orgpatch baselines apply monthly\n  \
        orgpatch baselines restore monthly\n  \
        orgpatch report --latest --outcome failed\n  \
        orgpatch verify monthly-2026-11 --copy copy --sha256 HEX\n\n\
        `orgpatch <COMMAND> --help` explains each command."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a plan: show every mistake at once, each with its line and what would be valid.
    ///
    /// Needs no AWS account and no network. It does not check what only the organization can tell: whether an
    /// organizational unit exists, or whether two stages claim the same account. `orgpatch preview` does.
    Validate(ValidateArguments),
    /// Show what a run of a plan would do (dry run): stages, waves, accounts, Regions, and left-out accounts with reasons.
    ///
    /// Reads the organization and changes nothing. It does not enter accounts, so only a run finds out which instances
    /// match the plan. With --baselines, the deployed orgpatch compares the patch baselines of every account instead.
    Preview(PreviewArguments),
    /// Put the patch baselines of a plan in place, or restore those that orgpatch has replaced in the accounts.
    #[command(subcommand)]
    Baselines(BaselinesCommand),
    /// Show what happened to every instance in a run: as a table, as JSON or CSV, or as a page in the browser.
    ///
    /// Reads the report of the run from the bucket. Halted and failed runs have one, too. Filters choose instances: an
    /// instance must match every filter, with any one of the filter's values.
    Report(ReportArguments),
    /// Verify a downloaded copy of a run: every object is what its writer stated when it was written.
    ///
    /// Needs no AWS account and no network. It compares the files of the copy with the hashes in the manifest of the run,
    /// and the manifest with the SHA-256 that the notification of the run carries.
    Verify(VerifyArguments),
}

/// The commands of `orgpatch baselines`.
#[derive(Debug, Subcommand)]
pub enum BaselinesCommand {
    /// Make the patch baselines of every account those of the plan, without scanning or installing anything.
    ///
    /// Works in every account and Region of the plan's stages, stage by stage, as an install run does before its first
    /// scan: for the operating systems of the instances that the plan selects. It creates or updates orgpatch's baselines
    /// and registers them, so that from then on every tool in these accounts patches by them. Baselines that orgpatch did
    /// not create stay as they are. Scan runs change no baselines; this command puts them in place before a scan.
    ///
    /// The baseline of a frozen stage is applied only if no rule of it is frozen. A frozen rule approves what the first
    /// stage was judged on, and only an install run scans that stage.
    Apply(ApplyArguments),
    /// Register again the default baselines, and those of patch groups, that orgpatch has replaced.
    ///
    /// Works in every account and Region of the plan's stages. It registers again what was registered before the first
    /// run that replaced it, whichever plan that run had. A baseline that was registered since then, not by orgpatch,
    /// stays. The baselines of orgpatch stay in the accounts, unused, until the next run of a plan with baselines
    /// registers them again.
    Restore(RestoreArguments),
}

/// Arguments of `orgpatch validate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch validate examples/plans/monthly.yaml\n  \
        orgpatch validate --format json monthly.yaml | jq -r '.errors[] | \"\\(.line): \\(.problem)\"'\n  \
        aws s3 cp s3://BUCKET/plans/monthly.yaml - | orgpatch validate -\n\n\
        Exit status: 0 the plan is valid; 1 it has mistakes; 2 it could not be read, or the command line is wrong.")]
pub struct ValidateArguments {
    /// The plans: YAML files, or `-` for standard input.
    #[arg(value_name = "PLAN", required = true)]
    pub plans: Vec<PathBuf>,
    /// Format of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `orgpatch preview`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch preview examples/plans/monthly.yaml --profile management\n  \
        orgpatch preview monthly.yaml --stages production --bucket NAME\n  \
        orgpatch preview monthly.yaml --format json | jq -r '.accountsOutsidePlan[] | \"\\(.accountId) \\(.reason.text)\"'\n  \
        orgpatch preview monthly.yaml --baselines --stack orgpatch\n\n\
        Credentials: of the management account, or of a delegated administrator of AWS Organizations. They are found\n\
        where the AWS CLI finds them. For profiles with IAM Identity Center (SSO), a login session or a credential\n\
        process, orgpatch calls `aws configure export-credentials`, so the AWS CLI version 2 must be installed and\n\
        signed in.\n\
        Permissions: organizations:DescribeOrganization, ListAccounts, ListRoots, ListOrganizationalUnitsForParent and\n\
        ListAccountsForParent. With --bucket: s3:GetObject on gates/*, s3:ListBucket on the bucket.\n\n\
        With --baselines: only orgpatch's functions may use the member role, so the command starts a run of the\n\
        operation preview-baselines and waits for its report. The plan in the bucket must be the same file. The run\n\
        changes nothing. Ctrl-C ends the command, not the run. Permissions: states:StartExecution on the state machine,\n\
        states:DescribeExecution on its executions, s3:GetObject on plans/* and runs/*, s3:ListBucket on the bucket.\n\
        State machine and bucket are found by the stack (states:ListStateMachines, states:DescribeStateMachine), or\n\
        named: they are its outputs.\n\n\
        schemas/preview.schema.json describes --format json. With --baselines, the JSON is the report of the run\n\
        (schemas/report.schema.json).\n\n\
        Exit status: 0 a run would start; 1 the plan has mistakes or does not fit the organization, or the organization\n\
        cannot be read; 2 the plan could not be read, or the command line is wrong.")]
pub struct PreviewArguments {
    /// The plan: a YAML file, or `-` for standard input.
    pub plan: PathBuf,
    /// Only these stages, as in the input of a run. Default: all stages.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub stages: Option<Vec<String>>,
    /// Format of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Profile of the AWS CLI. Default: AWS_PROFILE, or else the profile `default`.
    #[arg(long)]
    pub profile: Option<String>,
    /// Region of the AWS Organizations endpoint. Default: AWS_REGION, or else the profile's, or else the plan's first Region.
    #[arg(long, conflicts_with = "baselines")]
    pub region: Option<String>,
    /// Compare the patch baselines of every account with the plan, and show what a run would create, change and register.
    #[arg(long)]
    pub baselines: bool,
    /// The deployment, for --baselines. Without it, --bucket or --stack let the preview say of stages that --stages leaves out
    /// whether they have passed.
    #[command(flatten)]
    pub deployment: StackArguments,
}

/// Which deployment of orgpatch.
#[derive(Debug, Clone, Args)]
pub struct StackArguments {
    /// Name of orgpatch's stack in the Region of the credentials, by which state machine and bucket are found. Default: orgpatch.
    #[arg(long, value_name = "NAME", env = "ORGPATCH_STACK")]
    pub stack: Option<String>,
    /// orgpatch's state machine (output StateMachineArn of the stack). Default: the stack's.
    #[arg(long, value_name = "ARN", env = "ORGPATCH_STATE_MACHINE")]
    pub state_machine: Option<StateMachine>,
    /// The bucket of plans and runs (output RunsBucket of the stack). Default: the stack's.
    #[arg(long, value_name = "NAME", env = "ORGPATCH_BUCKET")]
    pub bucket: Option<String>,
}

/// Arguments of `orgpatch baselines apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch preview monthly.yaml --baselines             # shows the changes first\n  \
        orgpatch baselines apply monthly --stack orgpatch\n  \
        orgpatch baselines apply monthly --stages test --yes --format json > applied.json\n\n\
        Only orgpatch's functions may use the member role, so the command starts a run of the operation apply-baselines\n\
        and waits for its report. Ctrl-C ends the command, not the run. Permissions: states:StartExecution on the state\n\
        machine (the right to start installs), states:DescribeExecution on its executions, s3:GetObject on plans/* and\n\
        runs/*, s3:ListBucket on the bucket. State machine and bucket are found by the stack\n\
        (states:ListStateMachines, states:DescribeStateMachine), or named: they are its outputs.\n\n\
        With --format json, the output is the report of the run (schemas/report.schema.json).\n\n\
        Exit status: 0 the run completed all stages; 1 it did not, it was refused, or you did not confirm; 2 the command\n\
        line is wrong.")]
pub struct ApplyArguments {
    /// The run.
    #[command(flatten)]
    pub of_run: ChangeArguments,
}

/// Arguments of `orgpatch baselines restore`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch baselines restore monthly --stack orgpatch\n  \
        orgpatch baselines restore monthly --stages test --yes --format json > restored.json\n  \
        orgpatch baselines restore emergency --to-plan monthly   # after an emergency\n\n\
        Only orgpatch's functions may use the member role, so the command starts a run of the operation\n\
        restore-baselines and waits for its report. Ctrl-C ends the command, not the run. Permissions:\n\
        states:StartExecution on the state machine, states:DescribeExecution on its executions, s3:GetObject on plans/*\n\
        and runs/*, s3:ListBucket on the bucket. State machine and bucket are found by the stack\n\
        (states:ListStateMachines, states:DescribeStateMachine), or named: they are its outputs.\n\n\
        With --format json, the output is the report of the run (schemas/report.schema.json).\n\n\
        Exit status: 0 the run completed all stages; 1 it did not, it was refused, or you did not confirm; 2 the command\n\
        line is wrong.")]
pub struct RestoreArguments {
    /// The run.
    #[command(flatten)]
    pub of_run: ChangeArguments,
    /// Register the baselines of this other plan where those of PLAN-NAME are. Default: what was there before orgpatch.
    #[arg(long, value_name = "NAME")]
    pub to_plan: Option<String>,
}

/// Arguments of a run that changes baselines.
#[derive(Debug, Args)]
pub struct ChangeArguments {
    /// Name of the plan in the bucket: NAME for plans/NAME.yaml.
    #[arg(value_name = "PLAN-NAME")]
    pub plan: String,
    /// Only these stages, as in the input of a run. Default: all stages.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub stages: Option<Vec<String>>,
    /// Do not ask for confirmation.
    #[arg(long)]
    pub yes: bool,
    /// Format of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Profile of the AWS CLI. Default: AWS_PROFILE, or else the profile `default`.
    #[arg(long)]
    pub profile: Option<String>,
    /// The deployment.
    #[command(flatten)]
    pub deployment: StackArguments,
}

/// Arguments of `orgpatch verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        aws s3 sync s3://BUCKET/runs/monthly-2026-11/ copy/\n  \
        orgpatch verify monthly-2026-11 --copy copy --sha256 HEX\n  \
        orgpatch verify monthly-2026-12 --copy december --previous copy\n\n\
        HEX is in the notification of the run. Without it, an administrator who changed the bucket's policy could have\n\
        changed objects and manifest together. Each manifest names the SHA-256 of the manifest of the plan's run before.\n\n\
        Exit status: 0 everything is as stated; 1 something differs; 2 the copy could not be read, or the command line is\n\
        wrong.")]
pub struct VerifyArguments {
    /// Run id: the name of the execution.
    #[arg(value_parser = run_id)]
    pub run: String,
    /// The folder with the copy: what is below runs/RUN/ in the bucket.
    #[arg(long, value_name = "FOLDER")]
    pub copy: PathBuf,
    /// The SHA-256 of the manifest, from the notification of the run.
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    /// The folder with a copy of the plan's run before.
    #[arg(long, value_name = "FOLDER")]
    pub previous: Option<PathBuf>,
    /// Format of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `orgpatch report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        orgpatch report 2b1c9a1e                       # opens the page\n  \
        orgpatch report --latest --plan monthly --format table\n  \
        orgpatch report --latest --ou Production --outcome failed,unreachable\n  \
        orgpatch report 2b1c9a1e --account shop-prod --os WINDOWS --format csv --output shop.csv\n  \
        orgpatch report --latest --format json | jq -r '.instances[] | select(.failed != []) | .instanceId'\n\n\
        In a terminal, the command opens the page (report.html, with all instances) in a browser and prints its path.\n\
        With --format or a filter, or if the output is not a terminal, it prints the report instead: as a table, unless\n\
        --format says otherwise.\n\n\
        --latest is the run that started last and has a report, of all plans or of --plan. Runs about baselines only\n\
        (preview-baselines, apply-baselines, restore-baselines) do not\n\
        count; name their run id.\n\n\
        --format json prints the report (schemas/report.schema.json). Filters apply to its instances and targets; run\n\
        and steps still cover all of them. --format csv has the columns of instances.csv.\n\n\
        Permissions: s3:GetObject on runs/* and latest/*, s3:ListBucket on the bucket, in orgpatch's own account. The\n\
        bucket is found by the stack (states:ListStateMachines, states:DescribeStateMachine), or named. Its Region is\n\
        the Region of --state-machine, or else AWS_REGION, or else the profile's.\n\n\
        Exit status: 0 the report was shown, however the run ended; 1 there is no report, or it cannot be read; 2 the\n\
        command line is wrong.")]
pub struct ReportArguments {
    /// Run id: the name of the execution.
    #[arg(required_unless_present = "latest", value_parser = run_id)]
    pub run: Option<String>,
    /// Take the latest run.
    #[arg(long, conflicts_with = "run")]
    pub latest: bool,
    /// With --latest: the latest run of this plan.
    #[arg(long, value_name = "NAME", requires = "latest", value_parser = run_id)]
    pub plan: Option<String>,
    /// Only these stages.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub stages: Vec<String>,
    /// Only accounts in or below these organizational units, as paths from the root, such as Production/Payments. A / in a
    /// name has a \ in front: CI\/CD.
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
    /// Print the report in this format, and do not open the page.
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
    /// Open the page even if the output is not a terminal.
    #[arg(long, conflicts_with_all = ["format", "stages", "ou", "outcome", "account", "region", "os"])]
    pub open: bool,
    /// Write to this file. The page that is opened is stored there, too.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Profile of the AWS CLI. Default: AWS_PROFILE, or else the profile `default`.
    #[arg(long)]
    pub profile: Option<String>,
    /// The deployment. The Region of its state machine is also the bucket's.
    #[command(flatten)]
    pub deployment: StackArguments,
}

impl ReportArguments {
    /// Returns true if the page is to be opened. `at_terminal` is true if the output is a terminal.
    pub fn opens(&self, at_terminal: bool) -> bool {
        let filters = [&self.stages, &self.ou, &self.account, &self.region, &self.os];
        let is_filtered = !self.outcome.is_empty() || filters.iter().any(|filter| !filter.is_empty());
        self.open || (at_terminal && self.format.is_none() && !is_filtered)
    }
}

/// Formats of a report.
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

/// Checks a run id or a plan name. It becomes part of a key in the bucket, so it may not have a slash.
fn run_id(text: &str) -> Result<String, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || !text.chars().all(fits) {
        return Err("it may contain only letters, digits, -, _ and .");
    }
    Ok(text.to_owned())
}

fn outcome(word: &str) -> Result<Outcome, String> {
    let found = Outcome::ALL.into_iter().find(|outcome| outcome.name() == word);
    found.ok_or_else(|| format!("the outcomes are {}", Outcome::ALL.map(Outcome::name).join(", ")))
}

/// A state machine by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMachine {
    /// The ARN.
    pub arn: String,
    /// The Region in the ARN, which is the Region of the whole deployment.
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
                "it is not the ARN of a state machine, such as arn:aws:states:eu-west-1:111111111111:stateMachine:orgpatch-patch-run",
            ),
        }
    }
}

/// Formats of a result.
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
    fn a_report_is_opened_in_a_terminal_without_format_and_filters() {
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
