//! The checks, one file each. A check looks at one instance and the facts around it.

mod agent;
pub(super) mod endpoints;
mod instance_profile;
mod ipv6;
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

/// Turns a path through the network into a finding.
fn from_path(check: Check, severity: Severity, path: Path) -> Finding {
    match path {
        Path::Open(text) => Finding::pass(check, sentence(&text)),
        Path::Limited(problem) => Finding::of(check, Status::Warn, Severity::Medium, problem),
        Path::Unseen(problem) => Finding::of(check, Status::Unknown, Severity::Low, problem),
        Path::Blocked(problem) => Finding::of(check, Status::Fail, severity, problem),
        Path::Unread(unread) => match unread {
            super::network::Unread::Unavailable(missing) => Finding::unread(check, &missing),
            super::network::Unread::NotThere(text) => Finding::unknown(check, sentence(&format!("not known: {text}"))),
        },
    }
}

/// Turns a failure into a warning, because `proof` shows that the problem does not hold patching back.
pub(super) fn downgraded(finding: Finding, proof: &str) -> Finding {
    if finding.status != Status::Fail {
        return finding;
    }
    Finding {
        status: Status::Warn,
        severity: Severity::Low,
        evidence: format!("{} However, {proof}, so there is a path that orgpatch cannot see.", finding.evidence),
        ..finding
    }
}

/// Returns the text with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    // An id keeps its spelling: `subnet-…` and not `Subnet-…`.
    let id = text.split_whitespace().next().is_some_and(|word| word.contains('-'));
    match letters.next() {
        Some(first) if !id => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        Some(_) => format!("{text}."),
        None => String::new(),
    }
}

/// Returns the platform that EC2 bills, for people.
fn billed_as<'s>(subject: &'s Subject<'_>) -> &'s str {
    subject.instance.platform_details.as_deref().unwrap_or("Linux/UNIX")
}

pub(in crate::readiness) use managed::stopped_since;

/// Returns true if the instance does not run, so that its agent and network cannot be checked.
fn stopped(subject: &Subject<'_>) -> bool {
    subject.instance.state != "running"
}

/// Returns the problem that nothing gives the instance credentials, which several checks report.
fn no_credentials() -> Problem {
    Problem::new(
        "instances without an instance profile where default host management is off",
        "It has no instance profile, and default host management is off in this account and Region.",
        "Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.",
    )
}

/// Returns the problem that the metadata service is off, which several checks report.
fn no_metadata() -> Problem {
    Problem::new(
        "instances whose metadata service is off",
        "Its metadata service is off, so the SSM Agent cannot get credentials.",
        "Turn the metadata service on (HttpEndpoint enabled, HttpTokens required).",
    )
}
