//! What Patch Manager supports: the types of `data/support-matrix.json`, which only the rules need, and of those facts of
//! `orgpatch-facts` on which readiness depends. To update a fact, edit its data file.

use std::sync::LazyLock;

use jiff::civil::Date;
use orgpatch_model::operating_system::OperatingSystem;
use serde::Deserialize;

use super::version::Version;

static MATRIX: LazyLock<Matrix> = LazyLock::new(|| Matrix {
    support: serde_json::from_str(include_str!("../../data/support-matrix.json"))
        .expect("the file, which a test reads"),
    agent: Agent::of(orgpatch_facts::agent::versions()),
    python: orgpatch_facts::python::ranges().iter().map(PythonRange::of).collect(),
    ec2messages_retired: orgpatch_facts::message_endpoints::retired_on().parse().expect("the date, which a test reads"),
});

/// The facts on which readiness depends.
#[derive(Debug)]
pub struct Matrix {
    /// The file of the rules.
    pub support: Support,
    /// Versions of the SSM Agent.
    pub agent: Agent,
    /// Versions of Python that the patch module runs on.
    pub python: Vec<PythonRange>,
    /// The first day without `ec2messages` in all Regions.
    ec2messages_retired: Date,
}

/// The file of the rules.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Support {
    /// A note for people who open the file.
    pub about: String,
    /// Releases that Patch Manager patches.
    pub operating_systems: Vec<Release>,
    /// Operating systems that it never patches, by a word in their names.
    pub never_patched: Vec<NeverPatched>,
    /// Regions in which Quick Setup offers patch policies.
    pub quick_setup: Regions,
}

/// The source of an entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Page or document.
    pub source: String,
    /// When it was read.
    pub date: Date,
}

/// A release of an operating system.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Release {
    /// The operating system.
    pub os: OperatingSystem,
    /// Its name for people.
    pub name: String,
    /// The beginning of its version, or for Windows what follows `Windows Server` in its name.
    pub version: String,
    /// The oldest supported version of the release. Absent: all versions are supported.
    pub minimum: Option<Version>,
    /// The source that says that it is supported.
    pub supported: Source,
    /// The end of its life. Absent: no source was found.
    pub end_of_life: Option<EndOfLife>,
}

/// The end of a release.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndOfLife {
    /// The last day with free updates.
    pub date: Date,
    /// Page or document.
    pub source: String,
    /// When it was read.
    pub read: Date,
    /// A remark on the date, for people.
    pub note: Option<String>,
    /// Paid updates afterwards.
    pub extension: Option<Extension>,
}

/// Paid updates after the end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Name of the offer.
    pub name: String,
    /// Its last day.
    pub until: Date,
}

/// An operating system that Patch Manager never patches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverPatched {
    /// A word of its name, in lower case.
    pub word: String,
    /// Its name for people.
    pub name: String,
    /// The reason, as the end of a sentence.
    pub why: String,
    /// Page or document.
    pub source: String,
    /// When it was read.
    pub date: Date,
}

/// Versions of the SSM Agent that matter.
#[derive(Debug)]
pub struct Agent {
    /// Below this AWS-RunPatchBaseline does not run.
    pub minimum: Version,
    /// From this on the agent does without `ec2messages`.
    pub without_ec2messages: Version,
    /// Below this an upgrade is due.
    pub supported: Version,
    /// From this on the agent can use the default host management configuration.
    pub default_host_management: Version,
    /// From this on the agent can use dual-stack endpoints, which have IPv6 addresses.
    pub dual_stack_endpoints: Version,
}

impl Agent {
    fn of(versions: &orgpatch_facts::agent::Versions) -> Self {
        Self {
            minimum: version(&versions.minimum.version),
            without_ec2messages: version(&versions.without_ec2messages.version),
            supported: version(&versions.supported.version),
            default_host_management: version(&versions.default_host_management.version),
            dual_stack_endpoints: version(&versions.dual_stack_endpoints.version),
        }
    }
}

/// Which Python the patch module runs on.
#[derive(Debug)]
pub struct PythonRange {
    /// The operating systems to which the range applies.
    pub operating_systems: Vec<OperatingSystem>,
    /// The oldest, as major.minor.
    pub from: Version,
    /// The newest, as major.minor.
    pub to: Version,
}

impl PythonRange {
    fn of(range: &orgpatch_facts::python::Range) -> Self {
        let systems = range.operating_systems.iter().filter_map(|name| OperatingSystem::from_name(name));
        Self { operating_systems: systems.collect(), from: version(&range.from), to: version(&range.to) }
    }
}

/// Reads a version of the data files, which are part of the program.
fn version(text: &str) -> Version {
    Version::exact(text).expect("a version, which a test reads")
}

/// A list of Regions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    /// Region codes, sorted.
    pub codes: Vec<String>,
    /// Page or document.
    pub source: String,
    /// When it was read.
    pub date: Date,
}

impl Matrix {
    /// Returns the matrix of this version of orgpatch.
    #[must_use]
    pub fn get() -> &'static Self {
        &MATRIX
    }

    /// Returns the release of an instance by the report of its agent. The most specific entry wins.
    #[must_use]
    pub fn release(&self, os: OperatingSystem, platform_name: &str, platform_version: &str) -> Option<&Release> {
        self.support
            .operating_systems
            .iter()
            .filter(|release| release.os == os && release.is(platform_name, platform_version))
            .max_by_key(|release| release.version.len())
    }

    /// Returns the entry for an operating system that is never patched, by the name that the agent reports.
    #[must_use]
    pub fn never_patched(&self, platform_name: &str) -> Option<&NeverPatched> {
        let name = platform_name.to_ascii_lowercase();
        self.support.never_patched.iter().find(|entry| name.contains(&entry.word))
    }

    /// Returns the range of Pythons that the patch module needs on an operating system; None if no source names one.
    #[must_use]
    pub fn python(&self, os: OperatingSystem) -> Option<&PythonRange> {
        self.python.iter().find(|range| range.operating_systems.contains(&os))
    }

    /// Returns the reason why a Region has no `ec2messages` on a day, as the end of a sentence; None if it has.
    #[must_use]
    pub fn no_ec2messages(&self, region: &str, today: Date) -> Option<String> {
        if orgpatch_facts::message_endpoints::is_absent_in(region) {
            return Some(format!("{region} has no ec2messages"));
        }
        let retired = self.ec2messages_retired;
        (today >= retired).then(|| format!("AWS retired ec2messages on {retired}"))
    }
}

impl Release {
    fn is(&self, platform_name: &str, platform_version: &str) -> bool {
        if self.os == OperatingSystem::Windows {
            // The version is the kernel's (10.0.20348); only the name says which Windows Server it is.
            return platform_name
                .split_once("Server ")
                .and_then(|(_, name)| name.strip_prefix(self.version.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        }
        let (Some(version), Some(release)) = (Version::leading(platform_version), Version::exact(&self.version)) else {
            return false;
        };
        version.is_within(&release)
            // "7" alone does not say which minor version it is, so it counts as supported.
            && (version.parts() == 1 || self.minimum.as_ref().is_none_or(|minimum| version >= *minimum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_found_and_means_one_thing() {
        let matrix = Matrix::get();
        let mut seen = std::collections::BTreeSet::new();
        for entry in &matrix.support.operating_systems {
            assert!(seen.insert((entry.os, &entry.version)), "{} is there twice", entry.name);
            let windows = entry.os == OperatingSystem::Windows;
            assert!(windows || Version::exact(&entry.version).is_some(), "{}", entry.version);
            let version = entry.minimum.as_ref().map_or(entry.version.clone(), Version::to_string);
            let platform = format!("Microsoft Windows Server {} Datacenter", entry.version);
            let found = matrix.release(entry.os, if windows { &platform } else { "" }, &version);
            let same = found.is_some_and(|found| found.name == entry.name || found.version.starts_with(&entry.version));
            assert!(same, "{} is found as {found:?}", entry.name);
            if let Some(end) = &entry.end_of_life {
                assert!(end.extension.as_ref().is_none_or(|extension| extension.until > end.date), "{}", entry.name);
            }
        }
        for os in OperatingSystem::ALL {
            assert!(matrix.support.operating_systems.iter().any(|entry| entry.os == os), "{os} has no release");
        }
        let mut with_python: Vec<_> = matrix.python.iter().flat_map(|range| &range.operating_systems).collect();
        let ranges = with_python.len();
        with_python.sort();
        with_python.dedup();
        assert_eq!(with_python.len(), ranges, "an operating system has two ranges");
        for range in &matrix.python {
            assert!(range.from <= range.to && range.to.parts() == 2 && range.from.parts() == 2);
        }
        assert!(matrix.support.quick_setup.codes.is_sorted_by(|a, b| a < b));
        for entry in &matrix.support.never_patched {
            assert_eq!(entry.word, entry.word.to_ascii_lowercase());
        }
        assert!(matrix.agent.minimum < matrix.agent.supported);
    }

    #[test]
    fn the_most_exact_release_wins() {
        let matrix = Matrix::get();
        let name = |os, platform: &str, version: &str| {
            matrix.release(os, platform, version).map(|release| release.name.as_str())
        };
        assert_eq!(name(OperatingSystem::Suse, "SLES", "15.5"), Some("SUSE Linux Enterprise Server 15 SP5"));
        assert_eq!(name(OperatingSystem::Suse, "SLES", "15.7"), Some("SUSE Linux Enterprise Server 15"));
        assert_eq!(name(OperatingSystem::Suse, "SLES", "15.2"), None);
        assert_eq!(name(OperatingSystem::Suse, "SLES", "12.5"), None);
        let windows = OperatingSystem::Windows;
        assert_eq!(
            name(windows, "Microsoft Windows Server 2012 R2 Standard", "6.3.9600"),
            Some("Windows Server 2012 R2")
        );
        assert_eq!(name(windows, "Microsoft Windows Server 2012 Standard", "6.2.9200"), Some("Windows Server 2012"));
        assert_eq!(name(windows, "Microsoft Windows Server 2008 R2 Standard", "6.1"), None);
        assert_eq!(name(windows, "Microsoft Windows 11 Pro", "10.0"), None);
        assert_eq!(name(OperatingSystem::OracleLinux, "Oracle Linux Server", "7.4"), None);
        assert_eq!(name(OperatingSystem::OracleLinux, "Oracle Linux Server", "7.9"), Some("Oracle Linux 7"));
    }

    #[test]
    fn ec2messages_ends_on_its_day_and_never_was_everywhere() {
        let day = |text: &str| text.parse().expect("a date");
        let absent = |region, on| Matrix::get().no_ec2messages(region, day(on)).is_some();
        assert!(!absent("eu-west-1", "2026-09-29"));
        assert!(absent("eu-west-1", "2026-09-30"));
        assert!(absent("mx-central-1", "2025-01-01"));
        assert!(!absent("ca-west-1", "2026-01-01"));
    }
}
