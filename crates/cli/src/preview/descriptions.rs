//! Describes selections, promotion and gates in words.

use std::collections::BTreeMap;

use orgpatch_model::english::counted;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_plan::{Approve, Gate, Selection, Stage, Untested, has_approval_dates};

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

fn tags(tags: &BTreeMap<String, Vec<String>>, between: &str) -> String {
    let each = tags.iter().map(|(key, values)| match values.as_slice() {
        [value] if value.is_empty() => format!("an empty tag {key}"),
        values => format!("tag {key}={}", or(values.iter().map(String::as_str))),
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
        Some(Approve::AfterDays(days @ 1..)) => format!("{scan}, minus {}", counted(days.into(), "day")),
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

/// Describes what must hold after each step of an install run.
pub fn gate(gate: Gate) -> String {
    let limit = |percent: u8, outcome: &str| match percent {
        0 => format!("nothing {outcome}"),
        100 => format!("any number {outcome}"),
        percent => format!("at most {percent} % {outcome}"),
    };
    let mut limits = vec![limit(gate.max_failed_percent, "failed"), limit(gate.max_unreachable_percent, "unreachable")];
    if gate.min_succeeded > 0 {
        limits.push(format!("at least {} patched or compliant", counted(gate.min_succeeded as usize, "instance")));
    }
    limits.join(", ")
}

#[cfg(test)]
mod tests {
    use orgpatch_plan::Exclusion;

    use super::*;

    fn map(entries: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
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
    fn gates() {
        assert_eq!(gate(Gate::default()), "nothing failed, nothing unreachable");
        let loose = Gate { max_failed_percent: 10, max_unreachable_percent: 100, min_succeeded: 1 };
        assert_eq!(
            gate(loose),
            "at most 10 % failed, any number unreachable, at least 1 instance patched or compliant"
        );
    }
}
