//! What an entry of a baseline's lists of approved and rejected patches may be (`data/patch-lists.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static FACTS: LazyLock<PatchLists> = LazyLock::new(|| crate::read(include_str!("../data/patch-lists.json")));

#[derive(Deserialize)]
struct PatchLists {
    lists: Vec<Lists>,
}

/// One of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `ApprovedPatches`.
    Approved,
    /// `RejectedPatches`.
    Rejected,
}

/// What an entry is, by its text alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The id of an update notice: `RHSA-2017:0864`, `ALAS2023-2025-123`, `SUSE-SLE-Module-Basesystem-15-SP2-2020-1000`. Also in small
    /// letters, which no list compares as equal.
    Advisory,
    /// A KB id.
    Article,
    /// The id of a security bulletin of Microsoft: `MS10-048`.
    Bulletin,
    /// A CVE id.
    Cve,
    /// Digits only.
    Number,
    /// Anything else: the name of a package.
    Package,
}

impl Form {
    /// Returns what an entry is.
    #[must_use]
    pub fn of(entry: &str) -> Self {
        if is_number(entry) {
            Self::Number
        } else if entry.starts_with("CVE-") || is_cve(&entry.to_ascii_uppercase()) {
            Self::Cve
        } else if is_advisory(entry) {
            Self::Advisory
        } else if entry.strip_prefix("KB").is_some_and(is_number) {
            Self::Article
        } else if is_bulletin(entry) {
            Self::Bulletin
        } else {
            Self::Package
        }
    }
}

/// What both lists of some operating systems take.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lists {
    systems: Vec<String>,
    approved: Vec<Form>,
    #[serde(default)]
    approved_in_doubt: Vec<Form>,
    rejected: Vec<Form>,
    /// True if names may have wildcards.
    pub wildcards: bool,
}

impl Lists {
    /// Returns the forms that a list takes by a source.
    #[must_use]
    pub fn takes(&self, list: List) -> &[Form] {
        match list {
            List::Approved => &self.approved,
            List::Rejected => &self.rejected,
        }
    }

    /// Returns true if entries can only be names of packages: one of digits is a name, too.
    #[must_use]
    pub fn are_names_only(&self) -> bool {
        self.approved == [Form::Package] && self.approved_in_doubt.is_empty()
    }

    /// Returns true if no source says whether a list takes a form.
    #[must_use]
    pub fn is_in_doubt(&self, list: List, form: Form) -> bool {
        list == List::Approved && self.approved_in_doubt.contains(&form)
    }
}

/// Returns what the lists of an operating system take.
#[must_use]
pub fn of(system: &str) -> Option<&'static Lists> {
    FACTS.lists.iter().find(|lists| lists.systems.iter().any(|known| known == system))
}

/// Returns true if a text is a whole CVE id: `CVE-2018-1234567`.
#[must_use]
pub fn is_cve(text: &str) -> bool {
    let parts = text.strip_prefix("CVE-").and_then(|tail| tail.split_once('-'));
    parts.is_some_and(|(year, number)| year.len() == 4 && is_number(year) && number.len() >= 4 && is_number(number))
}

/// Returns true if the letters of a publisher are not the capitals that it writes itself. Only openSUSE has small ones.
#[must_use]
pub fn has_small_publisher(advisory: &str) -> bool {
    let publisher = advisory.split('-').next().unwrap_or_default();
    publisher != "openSUSE" && publisher.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Returns true if a text has a wildcard.
#[must_use]
pub fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The publishers of notices for YUM and DNF by their first letters; the third one says of which kind a notice is. In capitals any
/// two letters are one. In small letters others may be packages (`mesa-2026-1`).
const PUBLISHERS: [&str; 4] = ["AL", "EL", "RH", "RL"];

/// Publishers write `RHSA-2017:0864`, `ELSA-2025-123`, `FEDORA-EPEL-2026-0a1b2c3d4e`, `USN-6000-1`, and Amazon Linux
/// `ALAS2023-2025-123` or `ALAS2KERNEL-5.10-2023-040`. Where digits stand, a wildcard may stand by mistake, and small letters may
/// stand for capitals.
fn is_advisory(text: &str) -> bool {
    if ["SUSE-", "openSUSE-", "FEDORA-"].iter().any(|begin| text.starts_with(begin)) {
        return true;
    }
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'?'));
    let capitals = text.to_ascii_uppercase();
    if let Some((_, number)) =
        capitals.split_once('-').filter(|(publisher, _)| ["DLA", "DSA", "USN"].contains(publisher))
    {
        return number.split('-').all(digits);
    }
    let Some((head, number)) = capitals.rsplit_once([':', '-']) else { return false };
    let Some((publisher, year)) = head.rsplit_once('-') else { return false };
    let is_publisher = match publisher.as_bytes() {
        [a, b, b'S' | b'B' | b'E', b'A'] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => {
            text.starts_with(publisher) || PUBLISHERS.contains(&&publisher[..2])
        }
        _ => publisher.starts_with("ALAS"),
    };
    is_publisher && digits(number) && digits(year)
}

fn is_bulletin(text: &str) -> bool {
    let parts = text.strip_prefix("MS").and_then(|tail| tail.split_once('-'));
    parts.is_some_and(|(year, number)| year.len() == 2 && is_number(year) && number.len() == 3 && is_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_entry_is_follows_from_its_text() {
        for (form, entries) in [
            (
                Form::Advisory,
                &[
                    "RHSA-2017:0864",
                    "RHBA-2024:1",
                    "ALAS-2018-123",
                    "ALAS2023-2025-123",
                    "ALAS2KERNEL-5.10-2023-040",
                    "ELSA-2025-123",
                    "ALSA-2025:0012",
                    "RHSA-2026:*",
                    "SUSE-SLE-Module-Basesystem-15-SP2-2020-1000",
                    "FEDORA-EPEL-2026-0a1b2c3d4e",
                    "USN-6000-1",
                    "DSA-5000-1",
                    "dla-3000",
                    "rhsa-2026:1234",
                    "alas2023-2026-123",
                ][..],
            ),
            (Form::Cve, &["CVE-2018-1234567", "CVE-2026-*", "cve-2018-1234"]),
            (Form::Number, &["1234567"]),
            (Form::Article, &["KB2032276"]),
            (Form::Bulletin, &["MS10-048"]),
            (
                Form::Package,
                &[
                    "dbus.x86_64",
                    "dbus-1.12.28",
                    "1.12.28",
                    "cve-bin-tool",
                    "kernel-2026-1",
                    "ALSA-lib",
                    "alsa-lib-1-2",
                    "mesa-2026-1",
                    "usn-tool",
                    "äA-2026-1",
                    "KB*",
                    "MS10-48",
                    "",
                    "kernel*",
                ],
            ),
        ] {
            for entry in entries {
                assert_eq!(Form::of(entry), form, "{entry}");
            }
        }
        assert!(
            is_cve("CVE-2018-1234") && !is_cve("CVE-2018-123") && !is_cve("cve-2018-1234") && !is_cve("CVE-2018-*")
        );
    }

    #[test]
    fn only_suse_and_windows_reject_by_what_is_no_package() {
        for os in ["AMAZON_LINUX_2023", "REDHAT_ENTERPRISE_LINUX", "ROCKY_LINUX", "UBUNTU", "MACOS"] {
            let lists = of(os).expect("known");
            assert!(!lists.takes(List::Rejected).iter().any(|form| matches!(form, Form::Advisory | Form::Cve)), "{os}");
        }
        assert!(of("SUSE").expect("known").takes(List::Rejected).contains(&Form::Advisory));
        assert!(of("WINDOWS").expect("known").takes(List::Rejected).contains(&Form::Bulletin));
        assert!(of("ROCKY_LINUX").expect("known").is_in_doubt(List::Approved, Form::Cve));
        assert!(!of("ROCKY_LINUX").expect("known").is_in_doubt(List::Rejected, Form::Cve));
    }
}
