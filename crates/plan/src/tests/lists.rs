//! Entries of the lists of approved and rejected patches.

use super::super::read_with_warnings;
use super::HEAD;

fn plan(os: &str, lists: &str) -> String {
    let approve = if matches!(os, "DEBIAN" | "UBUNTU") { "" } else { ", approve: {afterDays: 0}" };
    format!(
        "{HEAD}select: {{operatingSystems: [{os}]}}\nbaselines:\n  {os}: {{rules: [{{product: ['*']}}], {lists}}}\nstages: [{{name: test, ous: [ou-abcd-11111111]{approve}}}]\n"
    )
}

/// The problem of the only mistake, and what is valid.
fn refused(os: &str, lists: &str) -> (String, String) {
    let errors = read_with_warnings(&plan(os, lists)).expect_err(lists);
    let [error] = &errors.iter().collect::<Vec<_>>()[..] else { panic!("{os} {lists}: {errors}") };
    (error.problem.clone(), error.valid.clone())
}

fn warnings(os: &str, lists: &str) -> Vec<String> {
    let (_, warnings) = read_with_warnings(&plan(os, lists)).unwrap_or_else(|errors| panic!("{os} {lists}: {errors}"));
    warnings.iter().filter(|one| !one.problem.contains("updateinfo")).map(|one| one.problem.clone()).collect()
}

#[test]
fn what_names_no_patch_on_a_list_is_refused() {
    let rpm = "versions of packages, names of packages";
    for (os, lists, problem, valid) in [
        (
            "AMAZON_LINUX_2023",
            "rejected: [ALAS2023-2026-123]",
            "\"ALAS2023-2026-123\" is the id of an advisory: on the list of rejected patches Systems Manager holds back nothing by it for AMAZON_LINUX_2023",
            rpm,
        ),
        (
            "ROCKY_LINUX",
            "rejected: [CVE-2026-12345]",
            "\"CVE-2026-12345\" is a CVE id: on the list of rejected patches Systems Manager holds back nothing by it for ROCKY_LINUX",
            rpm,
        ),
        (
            "UBUNTU",
            "approved: [CVE-2026-12345]",
            "\"CVE-2026-12345\" is a CVE id: on the list of approved patches Systems Manager approves nothing by it for UBUNTU",
            "names of packages",
        ),
        (
            "DEBIAN",
            "rejected: [KB5031356]",
            "\"KB5031356\" is a KB id: on the list of rejected patches Systems Manager holds back nothing by it for DEBIAN",
            "names of packages",
        ),
        (
            "SUSE",
            "approved: ['1234567']",
            "\"1234567\" is a number, as Bugzilla ids are: on the list of approved patches Systems Manager approves nothing by it for SUSE",
            "ids of advisories, names of packages",
        ),
        (
            "WINDOWS",
            "approved: [CVE-2026-12345]",
            "\"CVE-2026-12345\" is a CVE id: on the list of approved patches Systems Manager approves nothing by it for WINDOWS",
            "KB ids, ids of security bulletins (MS10-048)",
        ),
        (
            "AMAZON_LINUX_2",
            "approved: [CVE-2026-*]",
            "\"CVE-2026-*\" is not a whole CVE id, and Systems Manager compares those exactly",
            "CVE-2026-12345 in full",
        ),
        (
            "AMAZON_LINUX_2",
            "approved: [cve-2026-12345]",
            "\"cve-2026-12345\" is not a whole CVE id, and Systems Manager compares those exactly",
            "CVE-2026-12345 in full",
        ),
        (
            "REDHAT_ENTERPRISE_LINUX",
            "approved: ['RHSA-2026:*']",
            "\"RHSA-2026:*\" has a wildcard, and Systems Manager compares ids of advisories exactly",
            "the id in full",
        ),
        (
            "REDHAT_ENTERPRISE_LINUX",
            "approved: ['rhsa-2026:1234']",
            "\"rhsa-2026:1234\" has small letters, and Systems Manager compares ids of advisories exactly",
            "\"RHSA-2026:1234\" as its publisher writes it",
        ),
        (
            "REDHAT_ENTERPRISE_LINUX",
            "rejected: [FEDORA-EPEL-2026-0a1b2c3d4e]",
            "\"FEDORA-EPEL-2026-0a1b2c3d4e\" is the id of an advisory: on the list of rejected patches Systems Manager holds back nothing by it for REDHAT_ENTERPRISE_LINUX",
            rpm,
        ),
        (
            "UBUNTU",
            "rejected: [USN-6000-1]",
            "\"USN-6000-1\" is the id of an advisory: on the list of rejected patches Systems Manager holds back nothing by it for UBUNTU",
            "names of packages",
        ),
        (
            "MACOS",
            "rejected: ['Safari*']",
            "\"Safari*\" has a wildcard, which the lists of MACOS do not take",
            "the name in full",
        ),
    ] {
        assert_eq!(refused(os, lists), (problem.to_owned(), valid.to_owned()), "{os} {lists}");
    }
}

#[test]
fn documented_entries_are_taken_without_a_warning() {
    for (os, lists) in [
        ("AMAZON_LINUX_2023", "approved: [CVE-2026-12345, ALAS2023-2026-123, '1234567', 'kernel*', dbus.x86_64]"),
        (
            "REDHAT_ENTERPRISE_LINUX",
            "approved: ['RHSA-2017:0864', FEDORA-EPEL-2026-0a1b2c3d4e], rejected: ['dbus-1.12.2*', '20260101']",
        ),
        ("SUSE", "approved: [SUSE-SLE-Module-Basesystem-15-SP5-2026-1000], rejected: ['SUSE-SLE-Module-*']"),
        ("UBUNTU", "approved: [openssl], rejected: ['linux-*', '2048']"),
        ("MACOS", "approved: [XProtectPlistConfigData]"),
        ("WINDOWS", "approved: [KB2032276], rejected: [MS10-048]"),
    ] {
        assert_eq!(warnings(os, lists), [""; 0], "{os} {lists}");
    }
}

#[test]
fn what_no_source_settles_is_a_warning() {
    assert_eq!(
        warnings("ALMA_LINUX", "approved: [CVE-2026-12345]"),
        ["\"CVE-2026-12345\" is a CVE id, and AWS's documentation names no such entries for ALMA_LINUX"]
    );
    assert_eq!(
        warnings("WINDOWS", "rejected: ['KB50*']"),
        ["\"KB50*\" is neither a KB id nor the id of a security bulletin, so it may name no patch"]
    );
}
