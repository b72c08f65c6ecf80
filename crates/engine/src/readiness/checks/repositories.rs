//! Checks that the instance can download patches: the patch module and its snapshot from S3, and packages from its
//! repositories.

use orgpatch_facts::exit_codes::{Cause, code_of};
use orgpatch_model::exit_code;
use orgpatch_model::operating_system::OperatingSystem;

use super::ipv6::{self, User};
use super::{from_path, sentence};
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::network::ServicePath;
use crate::readiness::{InstanceNetwork, Path, Subject};

/// Returns the finding that the exit code of a scan proves; None if it proves nothing about downloads.
pub(in crate::readiness) fn by_exit_code(code: i64) -> Option<Finding> {
    if code != code_of(Cause::ModuleNotDownloaded) {
        return None;
    }
    let problem = Problem::new(
        "instances whose scan could not download the patch module",
        format!("The scan of this run ended with {}.", exit_code::phrase(code)),
        "Check the path to S3: route table, security groups, network ACL, policy of the S3 endpoint.",
    );
    Some(Finding::of(Check::Repositories, Status::Fail, Severity::High, problem))
}

/// Checks what is visible from outside. A proxy, or a mirror in the network, is not.
pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let (Some(place), Some(internet)) = (&subject.place, &subject.internet) else {
        return Finding::unknown(Check::Repositories, "EC2 lists no VPC and subnet for this instance.");
    };
    if let Some(finding) = ipv6::only(Check::Repositories, subject, User::Downloads) {
        return finding;
    }
    ipv6::unless_also(by_ipv4(subject, place, internet), subject, User::Downloads)
}

fn by_ipv4(subject: &Subject<'_>, place: &InstanceNetwork<'_>, internet: &Path) -> Finding {
    let to_s3 = subject.view.s3(place, internet);
    if internet.is_not_blocked() {
        // Traffic to S3 uses its endpoint even if there is internet access, so that path must be open, too.
        let worse = if to_s3.by_endpoint && !to_s3.path.is_not_blocked() { to_s3.path } else { internet.clone() };
        return from_path(Check::Repositories, Severity::High, worse);
    }
    without_internet(subject, internet, to_s3)
}

fn without_internet(subject: &Subject<'_>, internet: &Path, to_s3: ServicePath) -> Finding {
    let Path::Blocked(no_internet) = internet.clone() else {
        return from_path(Check::Repositories, Severity::High, internet.clone());
    };
    let amazon = matches!(subject.os, Some(OperatingSystem::AmazonLinux2 | OperatingSystem::AmazonLinux2023));
    match (to_s3.path, subject.os) {
        (_, Some(OperatingSystem::Windows)) => {
            let evidence = format!(
                "{} Windows gets updates from Windows Update or from WSUS, so VPC endpoints alone are not enough. orgpatch \
                 cannot see from outside whether there is a WSUS server.",
                no_internet.evidence
            );
            let fix = format!("{} Or make sure that the instance has a WSUS server.", no_internet.fix);
            from_path(Check::Repositories, Severity::High, Path::Blocked(Problem { evidence, fix, ..no_internet }))
        }
        (Path::Open(text), _) if amazon => {
            Finding::pass(Check::Repositories, sentence(&format!("{text}, where the repositories of Amazon Linux are")))
        }
        (Path::Open(text), os) => {
            let name = os.map_or("an unknown Linux", OperatingSystem::name);
            let problem = Problem::new(
                format!("{} ({name}: its repositories are not in S3)", no_internet.cause),
                format!(
                    "{} {}, but only Amazon Linux has its repositories there; this is {name}.",
                    no_internet.evidence,
                    sentence(&text).trim_end_matches('.')
                ),
                "Make sure that its repositories are mirrored in the network, or give it internet access.",
            );
            Finding::of(Check::Repositories, Status::Warn, Severity::Medium, problem)
        }
        // There is no path out at all, and the path to S3 is easier to open than one to the internet.
        (path, _) => from_path(Check::Repositories, Severity::High, path),
    }
}
