//! What the checks of paths say where a path by IPv6 is possible, which nothing checks.

use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::network::Ipv6;
use crate::readiness::{Path, Subject, Version};

/// Who uses a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    /// The SSM Agent. Its version says whether it can use dual-stack endpoints, which have IPv6 addresses.
    Agent,
    /// The package manager and the script of the patch document. The version of the agent says nothing about them.
    Downloads,
}

/// Returns the finding about paths of an instance in an IPv6-only subnet; None if its subnet has IPv4 addresses.
pub(super) fn only(check: Check, subject: &Subject<'_>, user: User) -> Option<Finding> {
    let Some(Ipv6::Only { subnet }) = subject.ipv6() else {
        return None;
    };
    let problem = Problem::new(
        format!("{subnet} is IPv6-only; paths by IPv6 are not checked"),
        format!("{subnet} is IPv6-only. Paths by IPv6 are not checked."),
        format!("Check that {subnet} leads out by IPv6, and that {}.", uses_it(user, subject)),
    );
    Some(Finding::of(check, Status::Unknown, Severity::Low, problem))
}

/// Returns true if the agent may take a path by IPv6.
pub(super) fn agent_may_use_it(subject: &Subject<'_>) -> bool {
    subject.ipv6().is_some_and(|ipv6| shut_out(&ipv6, subject).is_none())
}

/// Returns true if the subnet leads out by IPv6, but not for the agent.
pub(super) fn agent_is_shut_out(subject: &Subject<'_>) -> bool {
    subject.ipv6().is_some_and(|ipv6| shut_out(&ipv6, subject).is_some())
}

/// Returns the version of an agent to which a way out by IPv6 is of no use: it is too old for dual-stack endpoints, and no
/// route leads to NAT64, which would give it the usual ones.
fn shut_out(ipv6: &Ipv6, subject: &Subject<'_>) -> Option<Version> {
    old_agent(subject).filter(|_| matches!(ipv6, Ipv6::Also { nat64: None, .. }))
}

/// Turns a failure of the path by IPv4 into an unknown if the user of the path may also take IPv6. If the agent cannot,
/// the failure stays, and says why.
pub(super) fn unless_also(finding: Finding, subject: &Subject<'_>, user: User) -> Finding {
    if finding.status != Status::Fail {
        return finding;
    }
    let Some(ipv6) = subject.ipv6() else { return finding };
    let shut_out = shut_out(&ipv6, subject).filter(|_| user == User::Agent);
    let Ipv6::Also { subnet, table, target, nat64 } = ipv6 else { return finding };
    if let Some(version) = shut_out {
        return not_for(&version, finding, &table, &target, subject);
    }
    let needs_nat64 = user == User::Agent && old_agent(subject).is_some();
    let target = nat64.filter(|_| needs_nat64).unwrap_or(target);
    let problem = Problem::new(
        format!("{table} leads to {target} by IPv6; paths by IPv6 are not checked"),
        format!("{} {}", finding.evidence, also(&subnet, &table, &target)),
        format!(
            "Check that the instance has an IPv6 address, and that {}. Otherwise: {}",
            uses_it(user, subject),
            finding.fix.as_deref().unwrap_or("open the path by IPv4.")
        ),
    );
    Finding::of(finding.check, Status::Unknown, Severity::Low, problem)
}

/// Adds why the route by IPv6 does not help an agent of that version. The causes stay those of the path by IPv4.
fn not_for(version: &Version, finding: Finding, table: &str, target: &str, subject: &Subject<'_>) -> Finding {
    let floor = &subject.matrix.agent.dual_stack_endpoints;
    let evidence = format!(
        "{} {table} leads to {target} by IPv6, but SSM Agent {version} is too old for dual-stack endpoints, and no route \
         leads to NAT64.",
        finding.evidence
    );
    let or = format!("SSM Agent {floor} or later can use dual-stack endpoints by IPv6 (UseDualStackEndpoint).");
    let fix = finding.fix.map_or_else(|| or.clone(), |fix| format!("{fix} Or upgrade the agent: {or}"));
    Finding { evidence, fix: Some(fix), ..finding }
}

/// Returns the likely causes if Systems Manager does not know an instance that may reach it by IPv6 only; None if the path by
/// IPv4 says more. `to_systems_manager` is that path, if it is blocked.
pub(super) fn unmanaged(subject: &Subject<'_>, to_systems_manager: Option<Path>, role: &str) -> Option<Problem> {
    let (cause, seen) = match (subject.ipv6()?, to_systems_manager) {
        (Ipv6::Only { subnet }, _) => (
            "unmanaged instances in IPv6-only subnets, whose paths are not checked",
            format!("{subnet} is IPv6-only. Paths by IPv6 are not checked."),
        ),
        (Ipv6::Also { subnet, table, target, .. }, Some(Path::Blocked(problem))) => (
            "unmanaged instances that may reach Systems Manager by IPv6 only, which is not checked",
            format!("{} {}", problem.evidence, also(&subnet, &table, &target)),
        ),
        (Ipv6::Also { .. }, _) => return None,
    };
    Some(Problem::new(
        cause,
        format!(
            "{seen} Likely causes: there is no path by IPv6, the SSM Agent does not use it, is missing or stopped, or {role} \
             does not let it register."
        ),
        format!("Check the path by IPv6, and that {}. Then check agent and role.", uses_it(User::Agent, subject)),
    ))
}

fn also(subnet: &str, table: &str, target: &str) -> String {
    format!(
        "However, {subnet} has IPv6 addresses, and {table} leads to {target} by IPv6. Paths by IPv6 are not checked."
    )
}

/// Returns what to check about the user of a path, as a clause. What the version of the agent says is left out.
fn uses_it(user: User, subject: &Subject<'_>) -> String {
    let floor = &subject.matrix.agent.dual_stack_endpoints;
    if user == User::Downloads {
        return "package repositories and S3 are reached by IPv6 or NAT64".to_owned();
    }
    match (old_agent(subject), subject.agent()) {
        (Some(old), _) => {
            format!("the SSM Agent uses NAT64 with DNS64 ({old} cannot use dual-stack endpoints, {floor} or later can)")
        }
        (None, Some(_)) => "the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint) or NAT64".to_owned(),
        (None, None) => {
            format!("the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version {floor} or later) or NAT64")
        }
    }
}

/// Returns the version of an agent that is known to be too old for dual-stack endpoints.
fn old_agent(subject: &Subject<'_>) -> Option<Version> {
    subject.agent().filter(|version| *version < subject.matrix.agent.dual_stack_endpoints)
}
