//! Checks that the instance can reach Systems Manager and S3: through VPC endpoints if its subnet is private, and
//! without broken endpoints in between if it is not.

use orgpatch_facts::buckets;
use orgpatch_model::operating_system::OperatingSystem;

use super::ipv6::{self, User};
use super::{downgraded, from_path};
use crate::readiness::finding::{Check, Finding, Severity, Status};
use crate::readiness::network::ServicePath;
use crate::readiness::{Path, Subject};

/// Services that every instance needs.
const NEEDED: [&str; 2] = ["ssm", "ssmmessages"];

/// Services that some features need: encrypted sessions, command output, snapshots of Windows volumes.
const OPTIONAL: [&str; 3] = ["ec2", "kms", "logs"];

/// Returns true if a check reads the endpoints of that service.
#[must_use]
pub fn endpoint_matters(service: &str) -> bool {
    ["s3", "ec2messages"].contains(&service) || NEEDED.contains(&service) || OPTIONAL.contains(&service)
}

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let (Some(place), Some(internet)) = (&subject.place, &subject.internet) else {
        return Finding::unknown(Check::Endpoints, "EC2 lists no VPC and subnet for this instance.");
    };
    if let Some(finding) = ipv6::only(Check::Endpoints, subject, User::Agent) {
        return finding;
    }
    let mut reached: Vec<Finding> = needed(subject)
        .into_iter()
        .map(|service| {
            let finding =
                from_path(Check::Endpoints, Severity::Critical, subject.view.service(place, service, internet).path);
            // The agent reports its status through this endpoint, or by IPv6.
            if service == "ssm" && subject.online() && !ipv6::agent_may_use_it(subject) {
                downgraded(finding, "its agent is online")
            } else {
                finding
            }
        })
        .collect();
    let agent_fails = reached.iter().any(|finding| finding.status == Status::Fail);
    let user = if agent_fails { User::Agent } else { User::Downloads };
    // Where only downloads may use IPv6, what fails for the agent is certain, and what fails for them is not.
    if !(agent_fails && ipv6::agent_is_shut_out(subject)) {
        let ServicePath { path, .. } = subject.view.s3(place, internet);
        reached.push(from_path(Check::Endpoints, Severity::High, path));
        let families = families(subject);
        reached.push(from_path(Check::Endpoints, Severity::High, subject.view.s3_policy(place, &families)));
    }
    ipv6::unless_also(worst(reached, subject), subject, user)
}

/// Returns the worst of those findings, with the evidence of all that are equally bad.
fn worst(all: Vec<Finding>, subject: &Subject<'_>) -> Finding {
    let Some(status) = all.iter().map(|finding| finding.status).max() else {
        return Finding::pass(Check::Endpoints, "The instance needs no endpoint.");
    };
    let mut of_status = all.into_iter().filter(|finding| finding.status == status);
    let Some(mut first) = of_status.next() else {
        return Finding::pass(Check::Endpoints, "The instance needs no endpoint.");
    };
    for next in of_status {
        if !next.evidence.is_empty() && !first.evidence.contains(&next.evidence) {
            first.evidence = format!("{} {}", first.evidence, next.evidence);
        }
        if let (Some(fix), Some(other)) = (&mut first.fix, &next.fix)
            && !fix.contains(other.as_str())
        {
            *fix = format!("{fix} {other}");
        }
        for cause in next.causes {
            if !first.causes.contains(&cause) {
                first.causes.push(cause);
            }
        }
        first.severity = first.severity.max(next.severity);
    }
    if status == Status::Pass {
        first.evidence.push_str(&optional(subject));
    }
    first
}

/// Returns a sentence about missing endpoints that only some features need, if the subnet has no internet access.
fn optional(subject: &Subject<'_>) -> String {
    let (Some(place), Some(Path::Blocked(_))) = (&subject.place, &subject.internet) else {
        return String::new();
    };
    let absent: Vec<&str> =
        OPTIONAL.into_iter().filter(|service| !subject.view.has_endpoint(place.vpc, service)).collect();
    if absent.is_empty() {
        return String::new();
    }
    format!(" {} has no endpoints for {}, which only some features need.", place.vpc, absent.join(", "))
}

fn needed(subject: &Subject<'_>) -> Vec<&'static str> {
    let mut needed = NEEDED.to_vec();
    let old = subject.agent().is_some_and(|version| version < subject.matrix.agent.without_ec2messages);
    // If the service does not exist, an endpoint would not help; the finding of the agent says so.
    if old && subject.matrix.no_ec2messages(&subject.facts.region.code, subject.today).is_none() {
        needed.push("ec2messages");
    }
    needed
}

/// Returns the prefixes of the names of the buckets from which the instance downloads, by purpose.
fn families(subject: &Subject<'_>) -> Vec<Vec<String>> {
    let region = &subject.facts.region.code;
    let buckets = buckets::buckets();
    let names = |family: &buckets::Family| {
        let macos = subject.os == Some(OperatingSystem::MacOs) && !family.macos.is_empty();
        let prefixes = if macos { &family.macos } else { &family.prefixes };
        prefixes.iter().map(|prefix| prefix.replace("{region}", region)).collect()
    };
    vec![names(&buckets.module), names(&buckets.snapshot)]
}

/// Returns a blocked path to Systems Manager, if there is one.
pub(super) fn to_systems_manager(subject: &Subject<'_>) -> Option<Path> {
    let (place, internet) = (subject.place.as_ref()?, subject.internet.as_ref()?);
    NEEDED
        .into_iter()
        .map(|service| subject.view.service(place, service, internet).path)
        .find(|path| !path.is_not_blocked())
}
