//! Checks that the SSM Agent is new enough: for the patch document, for the endpoints that exist, and for default host
//! management.

use orgpatch_model::fetched::Fetched;

use super::{ipv6, stopped};
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::{Path, Subject, Version};

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let node = match &subject.node {
        Fetched::No(missing) => return Finding::unread(Check::Agent, missing),
        Fetched::Yes(None) => {
            let why = if stopped(subject) { "the instance is stopped" } else { "Systems Manager does not know it" };
            return Finding::unknown(Check::Agent, format!("The version of the SSM Agent is not known: {why}."));
        }
        Fetched::Yes(Some(node)) => node,
    };
    let Some(version) = subject.agent() else {
        let said = &node.agent_version;
        return Finding::unknown(Check::Agent, format!("The SSM Agent reports {said:?} as its version."));
    };
    let floors = &subject.matrix.agent;
    if version < floors.minimum {
        let floor = &floors.minimum;
        return fail(Problem::new(
            format!("SSM Agents below {floor}"),
            format!("SSM Agent {version} is older than {floor}, below which AWS-RunPatchBaseline does not run."),
            upgrade(&floors.supported),
        ));
    }
    if version < floors.without_ec2messages
        && let Some(problem) = no_ec2messages(subject, &version)
    {
        return fail(problem);
    }
    let dhmc = &floors.default_host_management;
    if subject.instance.instance_profile_arn.is_none() && version < *dhmc && !subject.online() {
        return fail(Problem::new(
            format!("SSM Agents below {dhmc} without an instance profile"),
            format!(
                "SSM Agent {version} is older than {dhmc}, which default host management needs, and there is no instance \
                 profile."
            ),
            upgrade(&floors.supported),
        ));
    }
    if version < floors.supported {
        let supported = &floors.supported;
        let problem = Problem::new(
            format!("SSM Agents below {supported}"),
            format!("SSM Agent {version} is older than {supported}. AWS asks to upgrade to that version or later."),
            upgrade(supported),
        );
        return Finding::of(Check::Agent, Status::Warn, Severity::Medium, problem);
    }
    Finding::pass(Check::Agent, format!("SSM Agent {version}."))
}

/// Returns the problem of an agent that needs `ec2messages` and cannot reach it; None if it can, or if that is not known.
fn no_ec2messages(subject: &Subject<'_>, version: &Version) -> Option<Problem> {
    let floor = &subject.matrix.agent.without_ec2messages;
    let fix = upgrade(floor);
    if let Some(why) = subject.matrix.no_ec2messages(&subject.facts.region.code, subject.today) {
        return Some(Problem::new(
            format!("SSM Agents below {floor}, which need ec2messages: {why}"),
            format!("SSM Agent {version} is older than {floor}, so it needs ec2messages, and {why}."),
            fix,
        ));
    }
    if ipv6::agent_may_use_it(subject) {
        // A NAT gateway may translate for it, and paths by IPv6 are not checked.
        return None;
    }
    let (place, internet) = (subject.place.as_ref()?, subject.internet.as_ref()?);
    match subject.view.service(place, "ec2messages", internet).path {
        Path::Blocked(problem) => Some(Problem::new(
            format!("SSM Agents below {floor} in {}, where ec2messages is out of reach", place.vpc),
            format!("SSM Agent {version} is older than {floor}, so it needs ec2messages. {}", problem.evidence),
            fix,
        )),
        _ => None,
    }
}

fn upgrade(version: &Version) -> String {
    format!("Upgrade the SSM Agent to {version} or later (AWS-UpdateSSMAgent).")
}

fn fail(problem: Problem) -> Finding {
    Finding::of(Check::Agent, Status::Fail, Severity::High, problem)
}
