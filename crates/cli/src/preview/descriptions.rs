//! Describes selections, promotion and gates in words.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::fmt::friendly::SpanPrinter;
use orgpatch_engine::planner::{DeadlineSource, INSTALL_SECONDS, SCAN_SECONDS, StepDeadline};
use orgpatch_model::english::counted;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_plan::{Approve, Gate, NeverReboot, Reboot, Selection, Stage, TagValues, Untested, has_approval_dates};

/// How many instance ids are listed. If there are more, only their number is shown.
const SPELLED_OUT: usize = 5;

/// Describes which instances are selected.
pub fn selection(select: &Selection) -> String {
    let mut words = if select.tags.is_empty() && select.operating_systems.is_empty() {
        "every instance".to_owned()
    } else {
        "instances".to_owned()
    };
    if !select.operating_systems.is_empty() {
        words += " of ";
        words += &or(select.operating_systems.iter().copied().map(OperatingSystem::name));
    }
    if !select.tags.is_empty() {
        words += " with ";
        words += &tags(&select.tags, " and ");
    }
    let exclude = &select.exclude;
    if !exclude.tags.is_empty() {
        words += "; without those with ";
        words += &tags(&exclude.tags, " or ");
    }
    if !exclude.instances.is_empty() {
        words += "; without ";
        let named = match exclude.instances.len() {
            n if n > SPELLED_OUT => format!("{n} instances that the plan names"),
            _ => exclude.instances.join(", "),
        };
        words += &named;
    }
    words
}

/// Describes when an install reboots an instance.
pub fn reboot(reboot: Reboot, never: &NeverReboot) -> String {
    match reboot {
        Reboot::Never => "never".to_owned(),
        Reboot::IfNeeded if never.is_empty() => "when a patch needs it".to_owned(),
        Reboot::IfNeeded => format!("when a patch needs it; never instances with {}", tags(&never.tags, " or ")),
    }
}

fn tags(tags: &BTreeMap<String, TagValues>, between: &str) -> String {
    let each = tags.iter().map(|(key, values)| match values {
        TagValues::Any(_) => format!("any tag {key}"),
        TagValues::OneOf(values) if matches!(&**values, [value] if value.is_empty()) => format!("an empty tag {key}"),
        TagValues::OneOf(values) => format!("tag {key}={}", or(values.iter().map(String::as_str))),
    });
    each.collect::<Vec<_>>().join(between)
}

/// Joins words: `a`, `a or b`, `a, b or c`.
fn or<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [several @ .., last] => format!("{} or {last}", several.join(", ")),
    }
}

/// Describes the last day whose patches a frozen stage approves for these operating systems. `first` is the plan's first
/// stage.
pub fn frozen(first: &Stage, systems: impl Iterator<Item = OperatingSystem>) -> String {
    let scan = format!("up to the day (UTC) on which stage {} is scanned", first.name);
    let until = match first.approve {
        Some(Approve::AfterDays(days @ 1..)) => format!("{scan}, minus {}", counted(days, "day")),
        Some(Approve::Until(date)) => format!("{scan}, and not after {date}"),
        Some(Approve::AfterDays(_) | Approve::Frozen) | None => scan,
    };
    let (dated, others): (Vec<_>, Vec<_>) = systems.partition(|os| has_approval_dates(*os));
    let others = others.into_iter().map(OperatingSystem::name).collect::<Vec<_>>().join(" and ");
    match (dated.as_slice(), others.as_str()) {
        (_, "") => format!("to patches released {until}"),
        ([], others) => format!("by the tested set alone: no approval dates for {others}"),
        (_, others) => format!("to patches released {until}; {others} by the tested set alone"),
    }
}

/// Describes what is done with untested patches. `first` is the name of the plan's first stage.
pub fn untested(untested: Untested, first: &str) -> String {
    let what = format!("patches that stage {first} has not installed");
    match untested {
        Untested::Allow => format!("allow: {what} are installed and listed"),
        Untested::Warn => format!("warn: {what} are installed, listed and mentioned in the notification"),
        Untested::Block => format!("block: {what} are held back"),
    }
}

/// Describes what must hold after each step of an install run. `is_last`: no stage of the run comes behind this one.
pub fn gate(gate: Gate, is_last: bool) -> String {
    let limit = |percent: u8, outcome: &str| match percent {
        0 => format!("nothing {outcome}"),
        100 => format!("any number {outcome}"),
        percent => format!("at most {percent} % {outcome}"),
    };
    let mut limits = vec![limit(gate.max_failed_percent, "failed"), limit(gate.max_unreachable_percent, "unreachable")];
    match gate.min_succeeded {
        Some(0) => {}
        Some(least) => limits.push(format!("at least {} patched or compliant", counted(least, "instance"))),
        None if is_last => {}
        None => limits.push("at least 1 instance of the whole stage patched or compliant".to_owned()),
    }
    if let Some(most) = gate.max_targets_not_reached {
        limits.push(format!("at most {most} of the targets not reached"));
    }
    if let Some(percent) = gate.max_skipped_percent {
        limits.push(limit(percent, "skipped"));
    }
    limits.join(", ")
}

/// Describes the deadline of each step of a stage.
pub fn deadline(deadline: StepDeadline) -> String {
    let all = hours(deadline.seconds);
    match deadline.source {
        DeadlineSource::Plan => format!("{all} for each step, as the plan says"),
        DeadlineSource::Count => {
            format!("{all} for each step: the longest default, because rate.maxConcurrency is a number of instances")
        }
        DeadlineSource::Turns(turns) => {
            let sum = format!(
                "{} of {}, {} of {}",
                counted(turns.installs, "install"),
                hours(INSTALL_SECONDS),
                counted(turns.scans, "scan"),
                hours(SCAN_SECONDS),
            );
            let needed = turns.seconds();
            if needed > deadline.seconds {
                format!("{all} for each step: the longest default; {sum}, one after the other, take {}", hours(needed))
            } else {
                format!("{all} for each step: {sum}, one after the other")
            }
        }
    }
}

/// Returns a time such as `1h 30m`.
fn hours(seconds: u32) -> String {
    SpanPrinter::new().duration_to_string(&SignedDuration::from_secs(seconds.into()))
}

/// Describes the passes of a stage in which instances of some operating systems may get a second install.
pub fn two_passes(systems: &[OperatingSystem]) -> String {
    let on = if systems.len() == OperatingSystem::ALL.len() {
        String::new()
    } else {
        format!(" on {}", or(systems.iter().copied().map(OperatingSystem::name)))
    };
    format!("up to 2{on}: the second where patches are still missing after the first")
}

#[cfg(test)]
mod tests {
    use orgpatch_engine::planner::{MAX_DEFAULT_SECONDS, Turns};
    use orgpatch_plan::Exclusion;

    use super::*;

    fn map(entries: &[(&str, &[&str])]) -> BTreeMap<String, TagValues> {
        let owned = |values: &[&str]| TagValues::OneOf(values.iter().map(|value| (*value).to_owned()).collect());
        entries.iter().map(|(key, values)| ((*key).to_owned(), owned(values))).collect()
    }

    #[test]
    fn selections() {
        assert_eq!(selection(&Selection::default()), "every instance");
        let all = Selection {
            tags: map(&[("Env", &["a", "b"]), ("Patch", &["enabled"])]),
            operating_systems: vec![
                OperatingSystem::AmazonLinux2023,
                OperatingSystem::Ubuntu,
                OperatingSystem::Windows,
            ],
            exclude: Exclusion {
                accounts: vec![],
                instances: vec!["i-1".into(), "i-2".into()],
                tags: map(&[("Exempt", &[""]), ("Team", &["x"])]),
            },
        };
        assert_eq!(
            selection(&all),
            "instances of AMAZON_LINUX_2023, UBUNTU or WINDOWS with tag Env=a or b and tag Patch=enabled; \
             without those with an empty tag Exempt or tag Team=x; without i-1, i-2"
        );
        let many = Selection {
            exclude: Exclusion { instances: vec!["i-1".into(); 6], ..Exclusion::default() },
            ..Selection::default()
        };
        assert_eq!(selection(&many), "every instance; without 6 instances that the plan names");
        let tags = [("Role".to_owned(), TagValues::ANY)].into();
        let roles = Selection { exclude: Exclusion { tags, ..Exclusion::default() }, ..Selection::default() };
        assert_eq!(selection(&roles), "every instance; without those with any tag Role");
    }

    #[test]
    fn frozen_stages() {
        use OperatingSystem::{Debian, Suse, Ubuntu, Windows};
        let of = |approve: &str, systems: &[OperatingSystem]| {
            let first: Stage = serde_json::from_str(&format!("{{\"name\": \"test\"{approve}}}")).expect("a stage");
            frozen(&first, systems.iter().copied())
        };
        let (days, date) = (r#", "approve": {"afterDays": 3}"#, r#", "approve": {"until": "2026-11-30"}"#);
        let scan = "to patches released up to the day (UTC) on which stage test is scanned";
        assert_eq!(of("", &[Windows]), scan);
        assert_eq!(of(r#", "approve": {"afterDays": 0}"#, &[Suse]), scan);
        assert_eq!(of(r#", "approve": {"afterDays": 1}"#, &[Suse]), format!("{scan}, minus 1 day"));
        assert_eq!(of(days, &[Suse, Windows]), format!("{scan}, minus 3 days"));
        assert_eq!(of(date, &[Suse]), format!("{scan}, and not after 2026-11-30"));
        assert_eq!(of(days, &[Suse, Ubuntu]), format!("{scan}, minus 3 days; UBUNTU by the tested set alone"));
        assert_eq!(of(days, &[Debian, Ubuntu]), "by the tested set alone: no approval dates for DEBIAN and UBUNTU");
    }

    #[test]
    fn deadlines() {
        let turns = |installs, scans| {
            let turns = Turns { installs, scans };
            let seconds = turns.seconds().min(MAX_DEFAULT_SECONDS);
            deadline(StepDeadline { seconds, source: DeadlineSource::Turns(turns) })
        };
        assert_eq!(turns(7, 2), "21h 50m for each step: 7 installs of 2h 30m, 2 scans of 2h 10m, one after the other");
        assert_eq!(
            turns(19, 2),
            "24h for each step: the longest default; 19 installs of 2h 30m, 2 scans of 2h 10m, one after the other, \
             take 51h 50m"
        );
        let of = |seconds, source| deadline(StepDeadline { seconds, source });
        assert_eq!(of(5_400, DeadlineSource::Plan), "1h 30m for each step, as the plan says");
        assert_eq!(
            of(86_400, DeadlineSource::Count),
            "24h for each step: the longest default, because rate.maxConcurrency is a number of instances"
        );
    }

    #[test]
    fn reboots() {
        let never = NeverReboot { tags: map(&[("Role", &["database", "cache"]), ("Tier", &["0"])]) };
        assert_eq!(reboot(Reboot::Never, &NeverReboot::default()), "never");
        assert_eq!(reboot(Reboot::IfNeeded, &NeverReboot::default()), "when a patch needs it");
        assert_eq!(
            reboot(Reboot::IfNeeded, &never),
            "when a patch needs it; never instances with tag Role=database or cache or tag Tier=0"
        );
    }

    #[test]
    fn passes() {
        use OperatingSystem::{Ubuntu, Windows};
        let second = "the second where patches are still missing after the first";
        assert_eq!(two_passes(&[Windows]), format!("up to 2 on WINDOWS: {second}"));
        assert_eq!(two_passes(&[Ubuntu, Windows]), format!("up to 2 on UBUNTU or WINDOWS: {second}"));
        assert_eq!(two_passes(&OperatingSystem::ALL), format!("up to 2: {second}"));
    }

    #[test]
    fn gates() {
        let strict = "nothing failed, nothing unreachable";
        let proof = "at least 1 instance of the whole stage patched or compliant";
        assert_eq!(gate(Gate::default(), true), strict);
        assert_eq!(gate(Gate::default(), false), format!("{strict}, {proof}"));
        assert_eq!(gate(Gate { min_succeeded: Some(0), ..Gate::default() }, false), strict);
        let loose = Gate {
            max_failed_percent: 10,
            max_unreachable_percent: 100,
            min_succeeded: Some(1),
            max_targets_not_reached: Some("5%".parse().expect("a share")),
            max_skipped_percent: Some(20),
        };
        assert_eq!(
            gate(loose, false),
            "at most 10 % failed, any number unreachable, at least 1 instance patched or compliant, at most 5% of the targets not reached, at most 20 % skipped"
        );
    }
}
