//! How does the instance get credentials: from an instance profile, or from default host management?

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
            " Whether its role allows what the SSM Agent needs cannot be seen from outside."
        };
        return Finding::pass(Check::InstanceProfile, format!("It has the instance profile {name}.{role}"));
    }
    match &subject.facts.default_host_management {
        Fetched::No(missing) => Finding::unread(Check::InstanceProfile, missing),
        Fetched::Yes(None) if subject.online() => Finding::pass(
            Check::InstanceProfile,
            "It has no instance profile and default host management is off, yet its agent is online: it has credentials \
             from elsewhere, or keeps those that it had.",
        ),
        Fetched::Yes(None) => Finding::of(Check::InstanceProfile, Status::Fail, Severity::Critical, no_credentials()),
        Fetched::Yes(Some(role)) if metadata.is_some_and(|metadata| !metadata.tokens_required) => {
            let floor = &subject.matrix.agent.default_host_management.version;
            let problem = Problem::new(
                "instances under default host management that do not require IMDSv2",
                format!(
                    "It has no instance profile; default host management ({role}) gives it credentials, which needs IMDSv2 \
                     and an agent from {floor} on. IMDSv2 is not required on it."
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
