//! "Did you mean": finds the known name that is nearest to a misspelled one.

use std::cmp::Reverse;

use orgpatch_model::operating_system::OperatingSystem;

/// Returns the candidate that is nearest to `written`, if one is near enough to be a likely misspelling.
pub(super) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A name that is longer than any known name is not a misspelling of one, and comparing it would take long.
    if written.len() > 64 {
        return None;
    }
    let written = letters(written);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let name = letters(candidate);
            let slips = strsim::osa_distance(&written, &name);
            let shortened = written.len() >= 4 && name.starts_with(&written);
            let same = written.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            // Of versions that are equally near, the one with the same beginning.
            (slips <= written.len().max(name.len()) / 4 || shortened).then_some(((slips, Reverse(same)), candidate))
        })
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, candidate)| candidate)
}

/// Returns the question after the name that was probably meant; nothing if there is none.
pub(super) fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default()
}

/// Other names of operating systems, as people and package managers write them: letters only, without the version. The names
/// of Amazon Linux have its version, which makes them two systems.
const OTHER_NAMES: [(&str, &str); 24] = [
    ("al2", "AMAZON_LINUX_2"),
    ("amzn2", "AMAZON_LINUX_2"),
    ("amazon2", "AMAZON_LINUX_2"),
    ("amazonlinux2", "AMAZON_LINUX_2"),
    ("al2023", "AMAZON_LINUX_2023"),
    ("al23", "AMAZON_LINUX_2023"),
    ("amzn2023", "AMAZON_LINUX_2023"),
    ("amazon2023", "AMAZON_LINUX_2023"),
    ("amazonlinux", "AMAZON_LINUX_2023 or AMAZON_LINUX_2"),
    ("amazon", "AMAZON_LINUX_2023 or AMAZON_LINUX_2"),
    ("alma", "ALMA_LINUX"),
    ("macosx", "MACOS"),
    ("mac", "MACOS"),
    ("osx", "MACOS"),
    ("ol", "ORACLE_LINUX"),
    ("oel", "ORACLE_LINUX"),
    ("oracle", "ORACLE_LINUX"),
    ("rhel", "REDHAT_ENTERPRISE_LINUX"),
    ("redhat", "REDHAT_ENTERPRISE_LINUX"),
    ("redhatlinux", "REDHAT_ENTERPRISE_LINUX"),
    ("sles", "SUSE"),
    ("opensuse", "SUSE"),
    ("win", "WINDOWS"),
    ("windowsserver", "WINDOWS"),
];

/// Returns the operating system that was probably meant, by its name in plans: one of its other names, with a version or without
/// one, or a misspelling.
pub(super) fn system_meant(written: &str) -> Option<&'static str> {
    let letters = letters(written);
    // Whatever follows the first digit is a version, such as `2022r2`.
    let without_version = letters.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or_default();
    let other = |name: &str| OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, system)| *system);
    let names = || OperatingSystem::ALL.into_iter().map(OperatingSystem::name);
    other(&letters)
        .or_else(|| names().find(|name| self::letters(name) == letters))
        .or_else(|| other(without_version))
        .or_else(|| names().find(|name| self::letters(name) == without_version))
        .or_else(|| nearest(written, names()))
}

/// Words of other vendors and of other filters, in lower case, and the value with that meaning. A word with several meanings has
/// one for each vocabulary.
const VALUE_WORDS: [(&str, &str); 16] = [
    ("high", "Important"),
    ("medium", "Moderate"),
    ("medium", "Standard"),
    ("moderate", "Medium"),
    ("informational", "Low"),
    ("low", "Optional"),
    ("none", "Low"),
    ("unspecified", "Low"),
    ("critical", "Required"),
    ("criticalupdates", "Security"),
    ("securityupdates", "Security"),
    ("security", "SecurityUpdates"),
    ("bugfix", "Updates"),
    ("updates", "Bugfix"),
    ("updaterollups", "Bugfix"),
    ("enhancement", "Updates"),
];

/// Returns the value of a filter that was probably meant: a misspelling, or the word of another vendor.
pub(super) fn value_meant<'c>(written: &str, valid: &[&'c str]) -> Option<&'c str> {
    let letters = letters(written);
    let with_meaning = |(word, meaning): &(&str, &str)| {
        (*word == letters).then(|| valid.iter().copied().find(|value| value == meaning)).flatten()
    };
    nearest(written, valid.iter().copied()).or_else(|| VALUE_WORDS.iter().find_map(with_meaning))
}

/// Returns only letters and digits in lower case: case, hyphens, underscores and spaces are the usual misspellings.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_operating_systems_are_known() {
        for (written, meant) in [
            ("RHEL", "REDHAT_ENTERPRISE_LINUX"),
            ("RHEL 8.9", "REDHAT_ENTERPRISE_LINUX"),
            ("Red Hat", "REDHAT_ENTERPRISE_LINUX"),
            ("AL2", "AMAZON_LINUX_2"),
            ("amzn2", "AMAZON_LINUX_2"),
            ("AL2023", "AMAZON_LINUX_2023"),
            ("Amazon Linux 2023", "AMAZON_LINUX_2023"),
            ("Amazon Linux", "AMAZON_LINUX_2023 or AMAZON_LINUX_2"),
            ("Ubuntu 22.04", "UBUNTU"),
            ("UBUNTU_2404", "UBUNTU"),
            ("Windows Server 2022 R2", "WINDOWS"),
            ("Debian12", "DEBIAN"),
            ("OL8", "ORACLE_LINUX"),
            ("SLES 15", "SUSE"),
            ("rocky-linux-9", "ROCKY_LINUX"),
            ("WINDOW", "WINDOWS"),
        ] {
            assert_eq!(system_meant(written), Some(meant), "{written}");
        }
        for unknown in ["BeOS", "", "42", "linux"] {
            assert_eq!(system_meant(unknown), None, "{unknown}");
        }
    }
}
