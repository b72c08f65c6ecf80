//! Checks that Patch Manager supports the operating system, and that it has not reached its end of life.

use jiff::ToSpan;
use orgpatch_model::fetched::Fetched;

use super::billed_as;
use crate::readiness::Subject;
use crate::readiness::finding::{Check, Finding, Problem, Severity, Status};
use crate::readiness::matrix::{EndOfLife, Release};

/// How many days before the end of life of a release the check warns.
const NOTICE_DAYS: i64 = 90;

pub(super) fn check(subject: &Subject<'_>) -> Finding {
    let node = match &subject.node {
        Fetched::No(missing) => return Finding::unread(Check::OperatingSystem, missing),
        Fetched::Yes(None) => {
            return Finding::unknown(
                Check::OperatingSystem,
                format!(
                    "EC2 lists the platform as {}; only the SSM Agent reports the name and version.",
                    billed_as(subject)
                ),
            );
        }
        Fetched::Yes(Some(node)) => node,
    };
    let platform = node.platform();
    // First, because the name of CoreOS contains the name of an operating system that is patched.
    if let Some(never) = subject.matrix.never_patched(&node.platform_name) {
        return Finding::of(
            Check::OperatingSystem,
            Status::Fail,
            Severity::Critical,
            Problem::new(
                format!("{} instances, which Patch Manager never patches", never.name),
                format!("Patch Manager never patches {} ({platform}): {}.", never.name, never.why),
                "Leave it out of the plan, and update it with its own tools.",
            ),
        );
    }
    let release = subject.os.and_then(|os| subject.matrix.release(os, &node.platform_name, &node.platform_version));
    match release {
        None => Finding::of(
            Check::OperatingSystem,
            Status::Fail,
            Severity::Critical,
            Problem::new(
                // Causes are told in messages. Root on an instance writes what its agent says, so that is evidence only.
                match subject.os {
                    Some(os) => format!("{os} instances of a release that Patch Manager does not support"),
                    None => "instances of an unknown platform, which Patch Manager does not support".to_owned(),
                },
                format!("{platform} is not among the operating systems that Patch Manager supports."),
                "Move to a supported release, or leave the instance out of the plan.",
            ),
        ),
        Some(release) => match &release.end_of_life {
            None => Finding::pass(
                Check::OperatingSystem,
                format!("{platform} is supported by Patch Manager; no source for its end of life is known."),
            ),
            Some(end) => of_end(subject, release, end, &platform),
        },
    }
}

fn of_end(subject: &Subject<'_>, release: &Release, end: &EndOfLife, platform: &str) -> Finding {
    let (name, date) = (&release.name, end.date);
    let note = end.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    let extension = end.extension.as_ref().filter(|extension| subject.today <= extension.until);
    if subject.today > date {
        let paid = extension.map_or_else(String::new, |extension| {
            format!(" It gets updates only with {}, until {}.", extension.name, extension.until)
        });
        let fix = match extension {
            Some(extension) => format!("Move to a supported release, or make sure that it has {}.", extension.name),
            None => "Move to a supported release. There are no new patches for this one, so a scan finds none missing."
                .to_owned(),
        };
        let severity = if extension.is_some() { Severity::Medium } else { Severity::High };
        let problem = Problem::new(
            format!("{name} instances, at the end of life since {date}"),
            format!("{platform} reached its end of life on {date}{note}.{paid}"),
            fix,
        );
        return Finding::of(Check::OperatingSystem, Status::Fail, severity, problem);
    }
    let soon = subject.today.checked_add(NOTICE_DAYS.days()).is_ok_and(|then| then > date);
    if soon {
        let problem = Problem::new(
            format!("{name} instances, whose end of life is {date}"),
            format!("{platform} reaches its end of life on {date}{note}."),
            "Plan the move to a newer release.",
        );
        return Finding::of(Check::OperatingSystem, Status::Warn, Severity::Medium, problem);
    }
    Finding::pass(
        Check::OperatingSystem,
        format!("{platform} is supported by Patch Manager, and updated until {date}."),
    )
}
