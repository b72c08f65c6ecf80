//! What the checks of paths say where a path by IPv6 is possible, which nothing checks.

use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::network::Ipv6;
use crate::readiness::{Path, Subject};

/// Returns the finding about paths of an instance in an IPv6-only subnet; None if its subnet has IPv4 addresses.
pub(super) fn only(check: Check, subject: &Subject<'_>) -> Option<Finding> {
    let Some(Ipv6::Only { subnet }) = subject.ipv6() else {
        return None;
    };
    let problem = Problem::new(
        format!("{subnet} is IPv6-only; paths by IPv6 are not checked"),
        format!("{subnet} is IPv6-only. Paths by IPv6 are not checked."),
        format!("Check that {subnet} leads out by IPv6, and that {}.", agent_uses_it(subject)),
    );
    Some(Finding::of(check, Status::Unknown, Severity::Low, problem))
}

/// Turns a failure of the path by IPv4 into an unknown if the subnet also leads out by IPv6.
pub(super) fn unless_also(finding: Finding, subject: &Subject<'_>) -> Finding {
    if finding.status != Status::Fail {
        return finding;
    }
    let Some(Ipv6::Also { subnet, table, target }) = subject.ipv6() else {
        return finding;
    };
    let problem = Problem::new(
        format!("{table} leads to {target} by IPv6; paths by IPv6 are not checked"),
        format!("{} {}", finding.evidence, also(&subnet, &table, &target)),
        format!(
            "Check that the instance has an IPv6 address, and that {}. Otherwise: {}",
            agent_uses_it(subject),
            finding.fix.as_deref().unwrap_or("open the path by IPv4.")
        ),
    );
    Finding::of(finding.check, Status::Unknown, Severity::Low, problem)
}

/// Returns the likely causes if Systems Manager does not know an instance that may reach it by IPv6 only; None if the path by
/// IPv4 says more. `to_systems_manager` is that path, if it is blocked.
pub(super) fn unmanaged(subject: &Subject<'_>, to_systems_manager: Option<Path>, role: &str) -> Option<Problem> {
    let (cause, seen) = match (subject.ipv6()?, to_systems_manager) {
        (Ipv6::Only { subnet }, _) => (
            "unmanaged instances in IPv6-only subnets, whose paths are not checked",
            format!("{subnet} is IPv6-only. Paths by IPv6 are not checked."),
        ),
        (Ipv6::Also { subnet, table, target }, Some(Path::Blocked(problem))) => (
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
        format!("Check the path by IPv6, and that {}. Then check agent and role.", agent_uses_it(subject)),
    ))
}

fn also(subnet: &str, table: &str, target: &str) -> String {
    format!(
        "However, {subnet} has IPv6 addresses, and {table} leads to {target} by IPv6. Paths by IPv6 are not checked."
    )
}

fn agent_uses_it(subject: &Subject<'_>) -> String {
    let floor = &subject.matrix.agent.dual_stack_endpoints;
    format!("the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version {floor} or later) or NAT64")
}
