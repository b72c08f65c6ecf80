//! One file per check. Each sees one instance and what is around it.

mod agent;
mod endpoints;
mod instance_profile;
mod managed;
mod operating_system;
pub(super) mod python;
mod region;
pub(super) mod repositories;

use super::Subject;
use super::finding::{Check, Finding, Problem, Severity, Status};
use super::network::Path;

pub(super) fn run(check: Check, subject: &Subject<'_>) -> Finding {
    match check {
        Check::Managed => managed::check(subject),
        Check::Agent => agent::check(subject),
        Check::OperatingSystem => operating_system::check(subject),
        Check::Python => python::check(subject),
        Check::Repositories => repositories::check(subject),
        Check::Endpoints => endpoints::check(subject),
        Check::InstanceProfile => instance_profile::check(subject),
        Check::Region => region::check(subject),
    }
}

/// A way through the network as a finding.
fn of_path(check: Check, severity: Severity, path: Path) -> Finding {
    match path {
        Path::Open(text) => Finding::pass(check, sentence(&text)),
        Path::Limited(problem) => Finding::of(check, Status::Warn, Severity::Medium, problem),
        Path::Unseen(problem) => Finding::of(check, Status::Unknown, Severity::Low, problem),
        Path::Blocked(problem) => Finding::of(check, Status::Fail, severity, problem),
        Path::Unread(unread) => match unread {
            super::network::Unread::Unavailable(missing) => Finding::unread(check, &missing),
            super::network::Unread::NotThere(text) => {
                Finding::unknown(check, sentence(&format!("this cannot be known: {text}")))
            }
        },
    }
}

/// The same problem, but something proves that it does not hold patching back.
pub(super) fn although(finding: Finding, proof: &str) -> Finding {
    if finding.status != Status::Fail {
        return finding;
    }
    Finding {
        status: Status::Warn,
        severity: Severity::Low,
        evidence: format!("{} Yet {proof}, so there is a way that cannot be seen from outside.", finding.evidence),
        ..finding
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    // An id is written as it is: `subnet-…` and not `Subnet-…`.
    let id = text.split_whitespace().next().is_some_and(|word| word.contains('-'));
    match letters.next() {
        Some(first) if !id => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        Some(_) => format!("{text}."),
        None => String::new(),
    }
}

/// What EC2 bills the platform as, for people.
fn billed_as<'s>(subject: &'s Subject<'_>) -> &'s str {
    subject.instance.platform_details.as_deref().unwrap_or("Linux/UNIX")
}

/// No such problem can be known of an instance that does not run.
fn stopped(subject: &Subject<'_>) -> bool {
    subject.instance.state != "running"
}

/// The cause of many findings: nothing gives the instance credentials.
fn no_credentials() -> Problem {
    Problem::new(
        "instances without an instance profile where default host management is off",
        "It has no instance profile, and default host management is off in this account and Region.",
        "Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.",
    )
}

/// The cause of many findings: the metadata service is off.
fn no_metadata() -> Problem {
    Problem::new(
        "instances whose metadata service is off",
        "Its metadata service is off, and that is where the SSM Agent gets its credentials.",
        "Turn the metadata service on (HttpEndpoint enabled, HttpTokens required).",
    )
}
