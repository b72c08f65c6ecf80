//! Can the instance reach Systems Manager and S3: by VPC endpoints where its subnet is private, and not past broken
//! ones where it is not?

use orgpatch_model::operating_system::OperatingSystem;

use super::{although, of_path};
use crate::readiness::finding::{Check, Finding, Severity, Status};
use crate::readiness::matrix::BucketFamily;
use crate::readiness::network::Reached;
use crate::readiness::{Path, Subject};

/// Services that every instance needs.
const NEEDED: [&str; 2] = ["ssm", "ssmmessages"];

/// Services that some features need: encrypted sessions, command output, snapshots of Windows volumes.
const OPTIONAL: [&str; 3] = ["ec2", "kms", "logs"];

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let (Some(place), Some(internet)) = (&subject.place, &subject.internet) else {
        return Finding::unknown(Check::Endpoints, "EC2 names no network for this instance.");
    };
    let mut reached: Vec<Finding> = needed(subject)
        .into_iter()
        .map(|service| {
            let finding =
                of_path(Check::Endpoints, Severity::Critical, subject.view.service(place, service, internet).path);
            // The agent reports itself through this very endpoint.
            if service == "ssm" && subject.online() { although(finding, "its agent is online") } else { finding }
        })
        .collect();
    let Reached { path, .. } = subject.view.s3(place, internet);
    reached.push(of_path(Check::Endpoints, Severity::High, path));
    let families = families(subject);
    reached.push(of_path(Check::Endpoints, Severity::High, subject.view.s3_policy(place, &families)));
    worst(reached, subject)
}

/// The worst of those findings, with the evidence of everything that is as bad.
fn worst(all: Vec<Finding>, subject: &Subject<'_>) -> Finding {
    let Some(status) = all.iter().map(|finding| finding.status).max() else {
        return Finding::pass(Check::Endpoints, "Nothing is needed.");
    };
    let mut of_status = all.into_iter().filter(|finding| finding.status == status);
    let Some(mut first) = of_status.next() else {
        return Finding::pass(Check::Endpoints, "Nothing is needed.");
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

/// A word on endpoints that only some features need, where there is no other way.
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
    let old = subject.agent().is_some_and(|version| version < subject.matrix.agent.without_ec2messages.version);
    // Where the service does not exist, an endpoint cannot be asked for; the agent's own finding says so.
    if old && subject.matrix.no_ec2messages(&subject.facts.region.code, subject.today).is_none() {
        needed.push("ec2messages");
    }
    needed
}

/// Beginnings of the names of the buckets that the instance downloads from, by purpose.
fn families(subject: &Subject<'_>) -> Vec<Vec<String>> {
    let region = &subject.facts.region.code;
    let buckets = &subject.matrix.buckets;
    let names = |family: &BucketFamily| {
        let macos = subject.os == Some(OperatingSystem::MacOs) && !family.macos.is_empty();
        let prefixes = if macos { &family.macos } else { &family.prefixes };
        prefixes.iter().map(|prefix| prefix.replace("{region}", region)).collect()
    };
    vec![names(&buckets.module), names(&buckets.snapshot)]
}

/// The way to Systems Manager itself; None if nothing is known of the network.
pub(super) fn to_systems_manager(subject: &Subject<'_>) -> Option<Path> {
    let (place, internet) = (subject.place.as_ref()?, subject.internet.as_ref()?);
    NEEDED
        .into_iter()
        .map(|service| subject.view.service(place, service, internet).path)
        .find(|path| !path.may_lead_on())
}
