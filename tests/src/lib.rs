//! End-to-end tests: one file in `scenarios/` is one case, which is one or more runs of the deployed system.
//!
//! [`case`] is the format of those files. [`cloud`] runs a case in the local cloud. [`evidence`] is what a run leaves
//! behind. [`checks`] hold in every run. [`expect`] is what the case itself expects.

pub mod case;
pub mod checks;
pub mod cloud;
pub mod evidence;
pub mod expect;
#[cfg(test)]
mod files;

use std::path::Path;

use case::Case;
use evidence::Evidence;

/// Why a case fails.
#[derive(thiserror::Error)]
pub enum Broken {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The text of a file is wrong.
    #[error("{path}: {text}")]
    Text {
        /// The file.
        path: String,
        /// What is wrong.
        text: String,
    },
    /// The driver of the local cloud failed.
    #[error("the local cloud failed ({status}):\n{output}")]
    Cloud {
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
    /// The run is not as it must be.
    #[error("{} of case {name}; everything it left behind is in {place}\n{}", count_of(.complaints.len()), .complaints.join("\n"))]
    Complaints {
        /// The case.
        name: String,
        /// The folder with its results.
        place: String,
        /// One complaint per line.
        complaints: Vec<String>,
    },
    /// A case fails under both clocks of Run Command.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    UnderBothClocks(Vec<Broken>),
}

/// The test runner prints this. Complaints are for people, one per line.
impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

fn count_of(n: usize) -> String {
    if n == 1 { "1 complaint".to_owned() } else { format!("{n} complaints") }
}

/// Runs the case of a file, under both clocks if it says so. Fails with every complaint about every run of it.
pub fn run(path: &Path) -> Result<(), Broken> {
    let mut broken: Vec<_> = Case::read(path)?.iter().filter_map(|case| run_case(case).err()).collect();
    match broken.pop() {
        None => Ok(()),
        Some(only) if broken.is_empty() => Err(only),
        Some(last) => {
            broken.push(last);
            Err(Broken::UnderBothClocks(broken))
        }
    }
}

fn run_case(case: &Case) -> Result<(), Broken> {
    let results = cloud::run(case)?;
    let mut complaints = results.complaints.clone();
    for run in &case.runs {
        let evidence = Evidence::read(&results, case, run)?;
        let found = checks::all(&evidence).into_iter().chain(expect::compare(&run.expect, &evidence));
        complaints.extend(found.map(|complaint| {
            if case.is_series() { format!("- {}: {complaint}", run.name) } else { format!("- {complaint}") }
        }));
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Broken::Complaints { name: case.name.clone(), place: results.directory.display().to_string(), complaints })
}
