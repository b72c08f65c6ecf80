//! `orgpatch`: checks a plan, shows what a run of it would do and what runs have done, applies its baselines, restores those
//! that runs have replaced, and verifies copies of runs.

mod advice;
mod args;
mod baselines;
mod credentials;
mod deployment;
mod mistakes;
mod plan_file;
mod preview;
mod progress;
mod report;
mod stack;
mod validate;
mod verify;

use std::io::{self, Write as _};
use std::process::ExitCode;

use args::{Arguments, BaselinesCommand, Command};
use clap::Parser;
use orgpatch_model::input::Operation;

/// Exit status if the plan has mistakes or does not fit the organization, or if there is no result.
const REFUSED: u8 = 1;
/// Exit status if the plan could not be read. clap uses the same one for a wrong command line.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Preview(arguments) if arguments.baselines => baselines::preview(&arguments),
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Baselines(BaselinesCommand::Apply(arguments)) => {
            baselines::change(Operation::ApplyBaselines, &arguments.of_run, None)
        }
        Command::Baselines(BaselinesCommand::Restore(arguments)) => {
            baselines::change(Operation::RestoreBaselines, &arguments.of_run, arguments.to_plan.as_deref())
        }
        Command::Report(arguments) => report::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
    }
}

/// Prints a result. A closed pipe (`| head`) is not an error; the exit status stays that of the result.
fn print(output: &str) {
    let _ = io::stdout().write_all(output.as_bytes());
}

/// Runs `work`, which calls AWS, to its end. Returns an exit status if it cannot start.
fn wait_for<T>(work: impl Future<Output = T>) -> Result<T, ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| fail(&format!("cannot start: {error}"), REFUSED))?;
    // Boxed: the futures of the SDK nest deeper than the compiler likes.
    Ok(runtime.block_on(Box::pin(work)))
}

/// Ends a command with one sentence on standard error.
fn fail(message: &str, status: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(status)
}
