//! What a scan has proved of an instance's readiness, beyond what could be seen before.

use orgpatch_model::operating_system::OperatingSystem;

use super::checks::{although, python, repositories};
use super::{Check, Finding, Matrix, Status};

/// Everything that a scan needs to end with success. The end of a system's life is not among it.
const PROVED: [Check; 4] = [Check::Agent, Check::Python, Check::Repositories, Check::Endpoints];

/// The findings of an instance after a scan, which ended with that exit code of AWS-RunPatchBaseline. What could not be
/// known of Python is known by some codes, and so is that the patch module could not be downloaded. Success proves that
/// what seemed to stand in the way does not.
#[must_use]
pub fn after_scan(findings: Vec<Finding>, os: Option<OperatingSystem>, exit_code: i64) -> Vec<Finding> {
    findings.into_iter().map(|finding| proved(finding, os, exit_code)).collect()
}

fn proved(finding: Finding, os: Option<OperatingSystem>, exit_code: i64) -> Finding {
    let better = match finding.check {
        // What was seen from outside names the cause.
        Check::Repositories if finding.status != Status::Fail => repositories::by_exit_code(exit_code),
        Check::Python if finding.status == Status::Unknown => {
            os.and_then(|os| Matrix::get().python(os)).and_then(|range| python::by_exit_code(exit_code, range))
        }
        _ => None,
    };
    match better {
        Some(better) => better,
        None if exit_code == 0 && PROVED.contains(&finding.check) => {
            although(finding, "the scan of this run ended with success")
        }
        None => finding,
    }
}
