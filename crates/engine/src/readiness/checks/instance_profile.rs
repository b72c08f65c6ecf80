//! Checks that the instance gets credentials: from an instance profile, or from default host management.

use orgpatch_model::fetched::Fetched;

use super::{no_credentials, no_metadata};
use crate::readiness::Subject;
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let metadata = subject.instance.metadata;
    if metadata.is_some_and(|metadata| !metadata.enabled) && !subject.online() {
        return Finding::of(Check::InstanceProfile, Status::Fail, Severity::Critical, no_metadata());
    }
    if let Some(arn) = &subject.instance.instance_profile_arn {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let role = if subject.node().is_some() {
            ""
        } else {
            " orgpatch cannot see from outside whether its role allows what the SSM Agent needs."
        };
        return Finding::pass(Check::InstanceProfile, format!("It has the instance profile {name}.{role}"));
    }
    match &subject.facts.default_host_management {
        Fetched::No(missing) => Finding::unread(Check::InstanceProfile, missing),
        Fetched::Yes(None) if subject.online() => Finding::pass(
            Check::InstanceProfile,
            "It has no instance profile and default host management is off, but its agent is online: it gets credentials \
             from elsewhere, or still has earlier ones.",
        ),
        Fetched::Yes(None) => Finding::of(Check::InstanceProfile, Status::Fail, Severity::Critical, no_credentials()),
        Fetched::Yes(Some(role)) if metadata.is_some_and(|metadata| !metadata.tokens_required) => {
            let floor = &subject.matrix.agent.default_host_management;
            let problem = Problem::new(
                "instances under default host management that do not require IMDSv2",
                format!(
                    "It has no instance profile; default host management ({role}) gives it credentials. That needs IMDSv2 \
                     and SSM Agent {floor} or later, and the instance does not require IMDSv2."
                ),
                "Set HttpTokens to required, or attach an instance profile.",
            );
            Finding::of(Check::InstanceProfile, Status::Warn, Severity::Low, problem)
        }
        Fetched::Yes(Some(role)) => Finding::pass(
            Check::InstanceProfile,
            format!("It has no instance profile; default host management ({role}) gives it credentials."),
        ),
    }
}
