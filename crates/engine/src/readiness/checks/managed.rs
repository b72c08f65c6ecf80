//! Checks that Systems Manager manages the instance. If not, it names the most likely reason that is visible from outside.

use jiff::SignedDuration;
use orgpatch_model::fetched::Fetched;

use super::{endpoints, ipv6, no_credentials, no_metadata, stopped};
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::{Path, Subject};

/// How long a new instance can take to register with default host management (its page of the user guide).
const REGISTRATION: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    match &subject.node {
        Fetched::No(missing) => Finding::unread(Check::Managed, missing),
        Fetched::Yes(Some(node)) => {
            let last = node.last_ping.map(|at| format!("; last answer {at:.0}")).unwrap_or_default();
            if node.ping == "Online" {
                return Finding::pass(Check::Managed, format!("Managed and online{last}."));
            }
            if stopped(subject) {
                return does_not_run(subject);
            }
            silent(&node.ping, &last)
        }
        Fetched::Yes(None) if stopped(subject) => does_not_run(subject),
        Fetched::Yes(None) => unmanaged(subject),
    }
}

fn does_not_run(subject: &Subject<'_>) -> Finding {
    let state = &subject.instance.state;
    let evidence = format!("The instance is {state}. Only a running instance shows whether its agent answers.");
    let fix = "Start it before the window; patches can be installed only on a running instance.".to_owned();
    Finding { fix: Some(fix), ..Finding::unknown(Check::Managed, evidence) }
}

/// The finding of an instance that ran when it was listed, and was stopped since.
pub(in crate::readiness) fn stopped_since() -> Finding {
    let evidence = "The instance was stopped after it was listed. Only a running instance can answer.".to_owned();
    let fix = "Keep it running during the window; patches can be installed only on a running instance.".to_owned();
    Finding { fix: Some(fix), ..Finding::unknown(Check::Managed, evidence) }
}

fn silent(ping: &str, last: &str) -> Finding {
    let problem = Problem::new(
        "instances whose SSM Agent no longer answers",
        format!("Systems Manager knows the instance, but its agent does not answer ({ping}{last})."),
        "Restart the SSM Agent, and check the findings about the network and the instance profile.",
    );
    Finding::of(Check::Managed, Status::Fail, Severity::Critical, problem)
}

/// Returns the first likely reason. The reasons are in the order of likelihood, which is also the order of fixing them.
fn unmanaged(subject: &Subject<'_>) -> Finding {
    let instance = subject.instance;
    let no_profile = instance.instance_profile_arn.is_none();
    let dhmc = &subject.facts.default_host_management;
    let path = || endpoints::to_systems_manager(subject);
    let problem = if no_profile && matches!(dhmc, Fetched::Yes(None)) {
        no_credentials()
    } else if let (true, Fetched::No(missing)) = (no_profile, dhmc) {
        no_profile_and(&missing.why())
    } else if instance.metadata.is_some_and(|metadata| !metadata.enabled) {
        no_metadata()
    } else if let Some(problem) = ipv6::unmanaged(subject, path(), role(no_profile)) {
        problem
    } else if let Some(Path::Blocked(problem)) = path() {
        problem
    } else {
        agent_or_role(no_profile)
    };
    let new = instance
        .launched_at
        .filter(|at| subject.now.duration_since(*at) < REGISTRATION)
        .map(|at| format!(" It was launched at {at:.0}; registration can take 30 minutes."))
        .unwrap_or_default();
    let evidence = format!("Systems Manager does not know the instance. {}{new}", problem.evidence);
    Finding::of(Check::Managed, Status::Fail, Severity::Critical, Problem { evidence, ..problem })
}

fn no_profile_and(unread: &str) -> Problem {
    Problem::new(
        "instances without an instance profile where default host management could not be read",
        format!("It has no instance profile, and orgpatch cannot see whether default host management is on: {unread}."),
        "Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.",
    )
}

/// Returns what gives the agent its permissions, for people.
fn role(no_profile: bool) -> &'static str {
    if no_profile { "the role of default host management" } else { "its instance profile" }
}

fn agent_or_role(no_profile: bool) -> Problem {
    let role = role(no_profile);
    Problem::new(
        "unmanaged instances with credentials and a network: SSM Agent missing, stopped or not allowed",
        format!(
            "Likely causes: the SSM Agent is missing or stopped, or {role} does not let it register. orgpatch cannot tell \
             which from outside the instance."
        ),
        "Install or start the SSM Agent, and check that the role has AmazonSSMManagedInstanceCore.",
    )
}
