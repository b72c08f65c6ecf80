//! Checks that the instance has a Python on which the patch module runs. The answer comes from Inventory if that is
//! collected. Otherwise it is unknown until the exit code of a scan proves it; orgpatch does not guess.

use orgpatch_facts::exit_codes::{Cause, code_of};
use orgpatch_model::exit_code;
use orgpatch_model::fetched::Fetched;
use orgpatch_model::operating_system::OperatingSystem;

use super::billed_as;
use crate::readiness::facts::Package;
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::matrix::PythonRange;
use crate::readiness::{Subject, Version};

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let Some(os) = subject.os else {
        return Finding::unknown(
            Check::Python,
            format!(
                "The Python that patching needs depends on the operating system. EC2 lists only the platform: {}.",
                billed_as(subject)
            ),
        );
    };
    if os == OperatingSystem::Windows {
        return Finding::pass(Check::Python, "Windows needs no Python.");
    }
    let Some(range) = subject.matrix.python(os) else {
        return Finding::unknown(Check::Python, format!("No source says which Python patching needs on {os}."));
    };
    match &subject.facts.inventory {
        Fetched::Yes(inventory) if inventory.collected.contains(&subject.instance.id) => {
            let packages = inventory.packages.get(&subject.instance.id).map(Vec::as_slice).unwrap_or_default();
            by_inventory(packages, range, os)
        }
        Fetched::Yes(_) => Finding {
            fix: Some("Collect applications with Inventory (AWS-GatherSoftwareInventory) to find out.".to_owned()),
            ..Finding::unknown(Check::Python, "Inventory does not collect the applications of this instance.")
        },
        Fetched::No(missing) => Finding::unread(Check::Python, missing),
    }
}

fn by_inventory(packages: &[Package], range: &PythonRange, os: OperatingSystem) -> Finding {
    let mut found: Vec<Version> = packages.iter().filter_map(interpreter).collect();
    found.sort();
    found.dedup();
    let fits = found.iter().find(|version| {
        let version = version.first(2);
        range.from <= version && version <= range.to
    });
    if let Some(version) = fits {
        return Finding::pass(Check::Python, format!("Python {version} is installed; {} is needed.", needed(range)));
    }
    let there = if found.is_empty() {
        "Inventory lists no Python".to_owned()
    } else {
        let found: Vec<String> = found.iter().map(Version::to_string).collect();
        format!("Inventory lists only Python {}", found.join(", "))
    };
    let problem = Problem::new(
        format!("{os} instances without Python {}", needed(range)),
        format!("{there}; the patch module needs {}.", needed(range)),
        format!("Install a Python from {}, next to what is there.", needed(range)),
    );
    Finding::of(Check::Python, Status::Fail, Severity::High, problem)
}

/// Returns the finding that the exit code of a scan proves; None if it proves nothing about Python. A missing Python ends
/// with the code of any other failure (1), so it proves nothing. The dependency check runs in Python and looks for
/// packages that the module needs next to it.
pub(in crate::readiness) fn by_exit_code(code: i64, range: &PythonRange) -> Option<Finding> {
    match code {
        0 => Some(Finding::pass(Check::Python, "The scan of this run succeeded, so a suitable Python is installed.")),
        _ if code == code_of(Cause::MissingDependency) => Some(Finding::of(
            Check::Python,
            Status::Fail,
            Severity::High,
            Problem::new(
                "instances on which the dependency check of a scan failed",
                format!("The scan of this run ended with {}.", exit_code::phrase(code)),
                format!("Install a Python from {}, and the packages that the output of the scan names.", needed(range)),
            ),
        )),
        _ => None,
    }
}

fn needed(range: &PythonRange) -> String {
    format!("{} to {}", range.from, range.to)
}

/// Returns true for the package of an interpreter: the other packages say nothing about Python.
pub(in crate::readiness) fn is_interpreter(package: &Package) -> bool {
    interpreter(package).is_some()
}

/// Returns the version of a package that is an interpreter. Libraries such as `python3-apt` have versions of their own,
/// and `platform-python` is not on the search path of other programs.
fn interpreter(package: &Package) -> Option<Version> {
    let rest = package.name.strip_prefix("python")?;
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    if !matches!(rest, "" | "-minimal" | "-base") {
        return None;
    }
    Version::leading(&package.version).filter(|version| version.parts() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_no_interpreters() {
        let version = |name: &str, version: &str| {
            interpreter(&Package { name: name.into(), version: version.into() }).map(|version| version.to_string())
        };
        assert_eq!(version("python3", "3.9.16-1.amzn2023.0.9"), Some("3.9.16".into()));
        assert_eq!(version("python", "2.7.18"), Some("2.7.18".into()));
        assert_eq!(version("python3.11-minimal", "3.11.2-6+deb12u5"), Some("3.11.2".into()));
        assert_eq!(version("python311-base", "3.11.9"), Some("3.11.9".into()));
        for name in ["python3-apt", "python3-libs", "platform-python", "pythonic", "python3-pip"] {
            assert_eq!(version(name, "2.6.0"), None, "{name}");
        }
        assert_eq!(version("python3", "unknown"), None);
    }
}
