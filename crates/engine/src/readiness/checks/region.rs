//! Checks that Systems Manager works in the Region. For information, it also says whether Quick Setup has patch policies
//! there.

use orgpatch_model::fetched::Fetched;

use crate::readiness::Subject;
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let region = &subject.facts.region.code;
    match &subject.facts.region.systems_manager {
        Fetched::No(missing) => Finding::unread(Check::Region, missing),
        Fetched::Yes(false) => Finding::of(
            Check::Region,
            Status::Fail,
            Severity::Critical,
            Problem::new(
                format!("{region} has no Systems Manager"),
                format!("Systems Manager does not answer in {region}."),
                format!("Leave {region} out of the plan."),
            ),
        ),
        Fetched::Yes(true) => {
            let quick_setup = if subject.matrix.support.quick_setup.codes.iter().any(|known| known == region) {
                "Quick Setup patch policies are available there, too"
            } else {
                "Quick Setup patch policies are not available there"
            };
            Finding::pass(Check::Region, format!("Systems Manager answers in {region}; {quick_setup}."))
        }
    }
}
