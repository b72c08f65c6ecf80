//! Does Systems Manager know the instance, and if not: the most likely reason, as far as it can be seen from outside.

use jiff::SignedDuration;
use orgpatch_model::fetched::Fetched;

use super::{endpoints, no_credentials, no_metadata, stopped};
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::{Path, Subject};

/// How long it can take until a new instance is known, with default host management (its page of the user guide).
const REGISTRATION: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    match &subject.node {
        Fetched::No(missing) => Finding::unread(Check::Managed, missing),
        Fetched::Yes(Some(node)) => {
            let last = node.last_ping.map(|at| format!("; last answer {at}")).unwrap_or_default();
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
    let evidence = format!("The instance is {state}; whether its agent answers can be seen only while it runs.");
    let fix = "Start it before the window; patches can be installed only on a running instance.".to_owned();
    Finding { fix: Some(fix), ..Finding::unknown(Check::Managed, evidence) }
}

fn silent(ping: &str, last: &str) -> Finding {
    let problem = Problem::new(
        "instances whose SSM Agent no longer answers",
        format!("Systems Manager knows the instance, but its agent does not answer ({ping}{last})."),
        "Restart the SSM Agent, and look at the findings of the network and the instance profile.",
    );
    Finding::of(Check::Managed, Status::Fail, Severity::Critical, problem)
}

/// Reasons in the order in which they are likely, and in which they have to be fixed.
fn unmanaged(subject: &Subject<'_>) -> Finding {
    let instance = subject.instance;
    let no_profile = instance.instance_profile_arn.is_none();
    let dhmc = &subject.facts.default_host_management;
    let problem = if no_profile && matches!(dhmc, Fetched::Yes(None)) {
        no_credentials()
    } else if let (true, Fetched::No(missing)) = (no_profile, dhmc) {
        no_profile_and(&missing.why())
    } else if instance.metadata.is_some_and(|metadata| !metadata.enabled) {
        no_metadata()
    } else if let Some(Path::Blocked(problem)) = endpoints::to_systems_manager(subject) {
        problem
    } else {
        agent_or_role(no_profile)
    };
    let new = instance
        .launched_at
        .filter(|at| subject.now.duration_since(*at) < REGISTRATION)
        .map(|at| format!(" It was launched at {at}; it can take 30 minutes until an instance is known."))
        .unwrap_or_default();
    let evidence = format!("Systems Manager does not know the instance. Most likely: {}{new}", problem.evidence);
    Finding::of(Check::Managed, Status::Fail, Severity::Critical, Problem { evidence, ..problem })
}

fn no_profile_and(unread: &str) -> Problem {
    Problem::new(
        "instances without an instance profile where default host management could not be read",
        format!("It has no instance profile, and whether default host management is on is not known: {unread}."),
        "Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.",
    )
}

fn agent_or_role(no_profile: bool) -> Problem {
    let role = if no_profile { "default host management" } else { "its instance profile" };
    Problem::new(
        "unmanaged instances with credentials and a network: SSM Agent missing, stopped or not allowed",
        format!(
            "The SSM Agent is missing, stopped, or not allowed to register by the role of {role}; from outside that \
             cannot be told apart."
        ),
        "Install or start the SSM Agent, and check that the role has AmazonSSMManagedInstanceCore.",
    )
}
