//! How a patch is named on the list of rejected patches.
//!
//! Source: "Package name formats for approved and rejected patch lists", Systems Manager user guide. Systems with RPM
//! take `name.arch:epoch:version-release` and `name-version-release.arch`, so that one version is held back and others
//! are not. Lists for Debian and Ubuntu take names of packages only: there an entry holds back every version.

use orgpatch_facts::packages::split_architecture;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::Patch;

/// An entry of the list takes so many characters (botocore 1.43.11, `PatchId`).
const MAX_ENTRY: usize = 100;

/// The entry that names a patch, as exactly as the operating system's lists can.
pub fn rejected_entry(os: OperatingSystem, patch: &Patch) -> String {
    match os {
        OperatingSystem::Windows | OperatingSystem::MacOs => patch.id.clone(),
        OperatingSystem::Debian | OperatingSystem::Ubuntu => split_architecture(&patch.id).0.to_owned(),
        _ => versioned(patch).filter(|entry| entry.chars().count() <= MAX_ENTRY).unwrap_or_else(|| patch.id.clone()),
    }
}

/// With its version, which stands behind the id in the title.
fn versioned(patch: &Patch) -> Option<String> {
    let version =
        patch.title.strip_prefix(patch.id.as_str())?.strip_prefix(':').filter(|version| !version.is_empty())?;
    // With an epoch the title is one of the forms itself.
    if version.contains(':') {
        return Some(patch.title.clone());
    }
    Some(match split_architecture(&patch.id) {
        (name, Some(architecture)) => format!("{name}-{version}.{architecture}"),
        (name, None) => format!("{name}-{version}"),
    })
}

#[cfg(test)]
mod tests {
    use orgpatch_model::patch::PatchDisposition;

    use super::*;

    #[test]
    fn an_entry_is_as_exact_as_the_lists_of_the_operating_system() {
        use OperatingSystem as Os;
        let entry = |os, id: &str, title: &str| {
            let patch = Patch {
                id: id.into(),
                title: title.into(),
                classification: String::new(),
                severity: String::new(),
                state: PatchDisposition::Missing,
                cve_ids: vec![],
                more_cve_ids: 0,
            };
            rejected_entry(os, &patch)
        };
        let dbus = "dbus.x86_64:1:1.12.28-1.amzn2023.0.1";
        assert_eq!(entry(Os::AmazonLinux2023, "dbus.x86_64", dbus), dbus);
        assert_eq!(entry(Os::Suse, "bash.x86_64", "bash.x86_64:5.1-2"), "bash-5.1-2.x86_64");
        assert_eq!(entry(Os::RockyLinux, "java-1.8.0", "java-1.8.0:8-1"), "java-1.8.0-8-1");
        assert_eq!(entry(Os::RockyLinux, "bash.x86_64", "bash.x86_64"), "bash.x86_64");
        assert_eq!(entry(Os::AmazonLinux2, "bash.x86_64", &format!("bash.x86_64:0:{}", "9".repeat(90))), "bash.x86_64");
        assert_eq!(entry(Os::Ubuntu, "libssl3:amd64", "libssl3:amd64:3.0.2-0ubuntu1.15"), "libssl3");
        assert_eq!(entry(Os::Debian, "libc6.1", "libc6.1:2.36-9"), "libc6.1");
        assert_eq!(entry(Os::Windows, "KB5031356", "2026-11 Cumulative Update (KB5031356)"), "KB5031356");
    }
}
