//! Can the instance download patches: the patch module and its snapshot from S3, the packages from where its
//! repositories are?

use orgpatch_model::exit_code;
use orgpatch_model::operating_system::OperatingSystem;

use super::{of_path, sentence};
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::network::Reached;
use crate::readiness::{Path, Subject};

/// The exit code of a patch module that could not be downloaded.
const NO_MODULE: i64 = 156;

/// What the exit code of a scan proves; None if nothing.
pub(in crate::readiness) fn by_exit_code(code: i64) -> Option<Finding> {
    if code != NO_MODULE {
        return None;
    }
    let problem = Problem::new(
        "instances whose scan could not download the patch module",
        format!("The scan of this run ended with {}.", exit_code::phrase(NO_MODULE)),
        "Look at the way to S3: route table, security groups, network ACL, policy of the S3 endpoint.",
    );
    Some(Finding::of(Check::Repositories, Status::Fail, Severity::High, problem))
}

/// As far as it can be seen from outside: a proxy, or a mirror in the network, cannot.
pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let (Some(place), Some(internet)) = (&subject.place, &subject.internet) else {
        return Finding::unknown(Check::Repositories, "EC2 names no network for this instance.");
    };
    let to_s3 = subject.view.s3(place, internet);
    if internet.may_lead_on() {
        // S3 goes by its endpoint even where there is internet, so that way has to be open too.
        let worse = if to_s3.by_endpoint && !to_s3.path.may_lead_on() { to_s3.path } else { internet.clone() };
        return of_path(Check::Repositories, Severity::High, worse);
    }
    without_internet(subject, internet, to_s3)
}

fn without_internet(subject: &Subject<'_>, internet: &Path, to_s3: Reached) -> Finding {
    let Path::Blocked(no_internet) = internet.clone() else {
        return of_path(Check::Repositories, Severity::High, internet.clone());
    };
    let amazon = matches!(subject.os, Some(OperatingSystem::AmazonLinux2 | OperatingSystem::AmazonLinux2023));
    match (to_s3.path, subject.os) {
        (_, Some(OperatingSystem::Windows)) => {
            let evidence = format!(
                "{} Windows takes updates from Windows Update or from WSUS; VPC endpoints alone are not enough, and a WSUS \
                 server cannot be seen from outside.",
                no_internet.evidence
            );
            let fix = format!("{} Or make sure that the instance has a WSUS server.", no_internet.fix);
            of_path(Check::Repositories, Severity::High, Path::Blocked(Problem { evidence, fix, ..no_internet }))
        }
        (Path::Open(text), _) if amazon => {
            Finding::pass(Check::Repositories, sentence(&format!("{text}, where the repositories of Amazon Linux are")))
        }
        (Path::Open(text), os) => {
            let name = os.map_or("a Linux that is not known", OperatingSystem::name);
            let problem = Problem::new(
                format!("{} ({name}: its repositories are not in S3)", no_internet.cause),
                format!(
                    "{} {}, but only Amazon Linux has its repositories there; this is {name}.",
                    no_internet.evidence,
                    sentence(&text).trim_end_matches('.')
                ),
                "Make sure that its repositories are mirrored in the network, or give it a way to the internet.",
            );
            Finding::of(Check::Repositories, Status::Warn, Severity::Medium, problem)
        }
        // Nothing leads out at all: the way to S3 is the shorter one to open.
        (path, _) => of_path(Check::Repositories, Severity::High, path),
    }
}
