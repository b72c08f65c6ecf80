//! Corrects the findings of an instance by what a scan has proved.

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};

use super::checks::{downgraded, python, repositories, stopped_since};
use super::{Check, Finding, Matrix, Status};

/// The checks that a successful scan proves. It says nothing about the end of life of the operating system.
const PROVED: [Check; 4] = [Check::Agent, Check::Python, Check::Repositories, Check::Endpoints];

/// Returns the findings of an instance after a scan that ended with that exit code of AWS-RunPatchBaseline.
///
/// Some exit codes show whether there is a suitable Python, or that the patch module could not be downloaded. A
/// successful scan proves that a problem seen from outside does not hold patching back.
#[must_use]
pub fn after_scan(findings: Vec<Finding>, os: Option<OperatingSystem>, exit_code: i64) -> Vec<Finding> {
    findings.into_iter().map(|finding| proved(finding, os, exit_code)).collect()
}

/// Returns the findings of an instance that did not answer, for that reason.
#[must_use]
pub fn after_silence(mut findings: Vec<Finding>, why: &Reason) -> Vec<Finding> {
    if why.code == ReasonCode::Stopped {
        for finding in findings.iter_mut().filter(|one| one.check == Check::Managed && one.status == Status::Pass) {
            *finding = stopped_since();
        }
    }
    findings
}

fn proved(finding: Finding, os: Option<OperatingSystem>, exit_code: i64) -> Finding {
    let better = match finding.check {
        // A problem seen from outside already names the cause.
        Check::Repositories if finding.status != Status::Fail => repositories::by_exit_code(exit_code),
        Check::Python if finding.status == Status::Unknown => {
            os.and_then(|os| Matrix::get().python(os)).and_then(|range| python::by_exit_code(exit_code, range))
        }
        _ => None,
    };
    match better {
        Some(better) => better,
        None if exit_code == 0 && PROVED.contains(&finding.check) => {
            downgraded(finding, "the scan of this run ended with success")
        }
        None => finding,
    }
}
