//! What is wrong with baselines, and with what approves patches.

use insta::assert_snapshot;

use super::{HEAD, mistakes};

const LINUX: &str = "select: {operatingSystems: [AMAZON_LINUX_2023]}\n";

/// The mistakes of a plan for one operating system whose baseline begins in line 6.
fn in_baseline(os: &str, lines: &str) -> String {
    let indented = format!("    {}\n", lines.trim_matches('\n').replace('\n', "\n    "));
    let approve = if matches!(os, "DEBIAN" | "UBUNTU") { "" } else { ", approve: {afterDays: 0}" };
    mistakes(&format!(
        "{HEAD}select: {{operatingSystems: [{os}]}}\nbaselines:\n  {os}:\n{indented}stages: [{{name: test, ous: [ou-abcd-11111111]{approve}}}]\n"
    ))
}

/// The mistakes of a plan in which `lines` (from line 4) come before the stages.
fn in_plan(lines: &str, stages: &str) -> String {
    mistakes(&format!("{HEAD}{}\nstages:\n{}\n", lines.trim_matches('\n'), stages.trim_matches('\n')))
}

const RULES: &str = "baselines: {AMAZON_LINUX_2023: {rules: [{product: [\"*\"]}]}}\n";

#[test]
fn baselines_that_are_none() {
    assert_snapshot!(in_plan("baselines: []", "  - {name: a, ous: [r-abcd]}"), @"line 4, column 12: baselines: a list is not a mapping of fields to values; valid: operating systems with their baselines: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS");
    assert_snapshot!(in_plan("baselines: {}", "  - {name: a, ous: [r-abcd]}"), @"line 4, column 12: baselines: there is no baseline in it; valid: at least one operating system with its baseline; or no such field, for the baselines that the accounts have");
    assert_snapshot!(in_plan("baselines: {RASPBIAN: {}, amazon-linux-2023: {}, BEOS: {}, WINDOWS: }", "  - {name: a, ous: [r-abcd]}"), @r#"
    line 4, column 13: baselines.RASPBIAN: "RASPBIAN" is not valid: Patch Manager no longer supports it, and it does not run on EC2; valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 27: baselines.amazon-linux-2023: "amazon-linux-2023" is not an operating system (did you mean AMAZON_LINUX_2023?); valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 50: baselines.BEOS: "BEOS" is not an operating system; valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 60: baselines.WINDOWS: there is no value; valid: the fields rules, approved, approvedComplianceLevel, approvedNonSecurity, rejected, rejectedAction, availableSecurityUpdates, sources, globalFilters, patchGroup
    "#);
    assert_snapshot!(in_baseline("WINDOWS", "rejected: [KB1234567]\nrule: []\nname: x\nmsrcSeverity: [Critical]"), @r#"
    line 6, column 3: baselines.WINDOWS: the baseline of WINDOWS has neither rules nor approved patches, so it would approve nothing; valid: rules: a list of rules, or approved: a list of patches, or both
    line 8, column 5: baselines.WINDOWS.rule: unknown field "rule" (did you mean rules?); valid: rules, approved, approvedComplianceLevel, approvedNonSecurity, rejected, rejectedAction, availableSecurityUpdates, sources, globalFilters, patchGroup
    line 9, column 5: baselines.WINDOWS.name: unknown field "name": it belongs in the plan itself or stages[] or baselines.<operating system>.sources[]; valid: rules, approved, approvedComplianceLevel, approvedNonSecurity, rejected, rejectedAction, availableSecurityUpdates, sources, globalFilters, patchGroup
    line 10, column 5: baselines.WINDOWS.msrcSeverity: unknown field "msrcSeverity": it belongs in baselines.<operating system>.rules[] or baselines.<operating system>.globalFilters; valid: rules, approved, approvedComplianceLevel, approvedNonSecurity, rejected, rejectedAction, availableSecurityUpdates, sources, globalFilters, patchGroup
    "#);
}

#[test]
fn baselines_that_approve_nothing() {
    assert_snapshot!(in_baseline("UBUNTU", "approved: []\nrejected: [a]"), @"line 6, column 3: baselines.UBUNTU: the baseline of UBUNTU has neither rules nor approved patches, so it would approve nothing; valid: rules: a list of rules, or approved: a list of patches, or both");
}

#[test]
fn filters_that_the_operating_system_does_not_have() {
    assert_snapshot!(in_baseline("UBUNTU", "rules:\n- {classification: [Security], severity: [Critical]}"), @"
    line 8, column 24: baselines.UBUNTU.rules[0].classification: UBUNTU has no filter classification; valid: the filters product, priority
    line 8, column 46: baselines.UBUNTU.rules[0].severity: UBUNTU has no filter severity; valid: the filters product, priority
    ");
    assert_snapshot!(in_baseline("MACOS", "rules:\n- {priority: [Required], classification: [Recommended]}"), @"line 8, column 18: baselines.MACOS.rules[0].priority: MACOS has no filter priority; valid: the filters product, classification");
    assert_snapshot!(in_baseline("WINDOWS", "rules:\n- {severity: [Critical], priority: [Required]}"), @"
    line 8, column 18: baselines.WINDOWS.rules[0].severity: WINDOWS has no filter severity; valid: the filters product, productFamily, classification, msrcSeverity, patchSet
    line 8, column 40: baselines.WINDOWS.rules[0].priority: WINDOWS has no filter priority; valid: the filters product, productFamily, classification, msrcSeverity, patchSet
    ");
    assert_snapshot!(in_baseline("SUSE", "rules:\n- {msrcSeverity: [Critical], patchSet: [OS], productFamily: [Office]}"), @"
    line 8, column 22: baselines.SUSE.rules[0].msrcSeverity: SUSE has no filter msrcSeverity; valid: the filters product, classification, severity
    line 8, column 44: baselines.SUSE.rules[0].patchSet: SUSE has no filter patchSet; valid: the filters product, classification, severity
    line 8, column 65: baselines.SUSE.rules[0].productFamily: SUSE has no filter productFamily; valid: the filters product, classification, severity
    ");
    assert_snapshot!(in_baseline("DEBIAN", "rules:\n- {kind: [Security]}"), @r#"
    line 8, column 7: baselines.DEBIAN.rules[0]: the rule has no filter; valid: at least one of product, priority; for every patch: product: ["*"]
    line 8, column 8: baselines.DEBIAN.rules[0].kind: unknown field "kind"; valid: product, productFamily, classification, severity, msrcSeverity, priority, patchSet, complianceLevel, enableNonSecurity, approve
    "#);
}

#[test]
fn values_of_filters() {
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", "rules:\n- {product: [], classification: Security, severity: [critical, Importan, Weird, 3, '', \"*\", \"*\"]}"), @r#"
    line 8, column 17: baselines.AMAZON_LINUX_2023.rules[0].product: the list is empty; valid: a list of values, such as ["*"], which is every value
    line 8, column 37: baselines.AMAZON_LINUX_2023.rules[0].classification: "Security" is not a list; valid: a list of values, such as ["*"], which is every value
    line 8, column 58: baselines.AMAZON_LINUX_2023.rules[0].severity[0]: "critical" is no severity of AMAZON_LINUX_2023 (did you mean Critical?); valid: Critical, Important, Medium, Low, or * for every value
    line 8, column 68: baselines.AMAZON_LINUX_2023.rules[0].severity[1]: "Importan" is no severity of AMAZON_LINUX_2023 (did you mean Important?); valid: Critical, Important, Medium, Low, or * for every value
    line 8, column 78: baselines.AMAZON_LINUX_2023.rules[0].severity[2]: "Weird" is no severity of AMAZON_LINUX_2023; valid: Critical, Important, Medium, Low, or * for every value
    line 8, column 85: baselines.AMAZON_LINUX_2023.rules[0].severity[3]: 3 is a number in YAML; valid: a value (as text in quotes: "3")
    line 8, column 88: baselines.AMAZON_LINUX_2023.rules[0].severity[4]: "" has 0 characters; valid: a value of 1 to 64 characters
    line 8, column 97: baselines.AMAZON_LINUX_2023.rules[0].severity[6]: "*" stands twice in this list, first in line 8; valid: each value once
    "#);
    assert_snapshot!(in_baseline("WINDOWS", "rules:\n- {classification: [Security, SecurityUpdate, SecurityUpdates], patchSet: [os, APPLICATION]}"), @r#"
    line 8, column 25: baselines.WINDOWS.rules[0].classification[0]: "Security" is a classification of other operating systems, not of WINDOWS (did you mean SecurityUpdates?); valid: CriticalUpdates, DefinitionUpdates, Drivers, FeaturePacks, SecurityUpdates, ServicePacks, Tools, UpdateRollups, Updates, Upgrades, or * for every value
    line 8, column 35: baselines.WINDOWS.rules[0].classification[1]: "SecurityUpdate" is no classification of WINDOWS (did you mean SecurityUpdates?); valid: CriticalUpdates, DefinitionUpdates, Drivers, FeaturePacks, SecurityUpdates, ServicePacks, Tools, UpdateRollups, Updates, Upgrades, or * for every value
    line 8, column 80: baselines.WINDOWS.rules[0].patchSet[0]: "os" is not known (did you mean OS?); valid: OS, APPLICATION
    "#);
    assert_snapshot!(in_baseline("WINDOWS", &format!("rules:\n- {{product: [{}]}}", "x".repeat(65))), @r#"line 8, column 18: baselines.WINDOWS.rules[0].product[0]: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" has 65 characters; valid: a value of 1 to 64 characters"#);
}

#[test]
fn rules_without_a_filter_or_with_too_many() {
    assert_snapshot!(in_baseline("UBUNTU", "rules: []"), @"line 7, column 12: baselines.UBUNTU.rules: the list is empty; valid: a list of rules, each with some of the filters product, priority");
    assert_snapshot!(in_baseline("UBUNTU", "rules:\n- {complianceLevel: HIGH}"), @r#"line 8, column 7: baselines.UBUNTU.rules[0]: the rule has no filter; valid: at least one of product, priority; for every patch: product: ["*"]"#);
    assert_snapshot!(in_baseline("WINDOWS", "rules:\n- {product: [a], productFamily: [b], classification: [Tools], msrcSeverity: [Low], patchSet: [OS]}"), @"line 8, column 7: baselines.WINDOWS.rules[0]: the rule has 5 filters; valid: at most 4, as Systems Manager takes");
}

#[test]
fn more_than_the_api_takes() {
    let many = |n: usize| (0..n).map(|i| format!("p{i}")).collect::<Vec<_>>().join(", ");
    let rules = "- {product: [\"*\"]}\n".repeat(11);
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", &format!("rules:\n{rules}")), @"line 7, column 5: baselines.AMAZON_LINUX_2023.rules: there are 11 rules; valid: at most 10, as Systems Manager takes");
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", &format!("rules:\n- {{product: [{}]}}", many(21))), @"line 8, column 17: baselines.AMAZON_LINUX_2023.rules[0].product: there are 21 values; valid: at most 20, as Systems Manager takes");
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", &format!("approved: [{}]\nrejected: [{}]", many(51), many(51))), @"
    line 7, column 15: baselines.AMAZON_LINUX_2023.approved: there are 51 patches; valid: at most 50, as Systems Manager takes
    line 8, column 15: baselines.AMAZON_LINUX_2023.rejected: there are 51 patches; valid: at most 50, as Systems Manager takes
    ");
    let source = "- {name: src, products: [\"*\"], configuration: x}\n".repeat(21);
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", &format!("approved: [a]\nsources:\n{source}")), @"line 8, column 5: baselines.AMAZON_LINUX_2023.sources: there are 21 sources; valid: at most 20, as Systems Manager takes");
}

#[test]
fn patches() {
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", &format!("approved: [a, b, a, '', {}]\nrejected: [b, 7]\nrejectedAction: DENY\napprovedComplianceLevel: critical\napprovedNonSecurity: yes", "x".repeat(101))), @r#"
    line 7, column 22: baselines.AMAZON_LINUX_2023.approved[2]: "a" stands twice in this list, first in line 7; valid: each value once
    line 7, column 25: baselines.AMAZON_LINUX_2023.approved[3]: "" has 0 characters; valid: the name of a patch of 1 to 100 characters
    line 7, column 29: baselines.AMAZON_LINUX_2023.approved[4]: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" has 101 characters; valid: the name of a patch of 1 to 100 characters
    line 8, column 16: baselines.AMAZON_LINUX_2023.rejected[0]: "b" is approved in line 7 and rejected here; valid: each patch in one of the two lists
    line 8, column 19: baselines.AMAZON_LINUX_2023.rejected[1]: 7 is a number in YAML; valid: the name of a patch (as text in quotes: "7")
    line 9, column 21: baselines.AMAZON_LINUX_2023.rejectedAction: "DENY" is not known; valid: ALLOW_AS_DEPENDENCY, BLOCK
    line 10, column 30: baselines.AMAZON_LINUX_2023.approvedComplianceLevel: "critical" is not known (did you mean CRITICAL?); valid: CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNSPECIFIED
    line 11, column 26: baselines.AMAZON_LINUX_2023.approvedNonSecurity: "yes" is neither true nor false; valid: true, false
    "#);
}

#[test]
fn what_is_for_windows_alone() {
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\navailableSecurityUpdates: non-compliant"), @"line 8, column 31: baselines.UBUNTU.availableSecurityUpdates: this is for WINDOWS only, not for UBUNTU; valid: no such field");
    assert_snapshot!(in_baseline("WINDOWS", "approved: [KB1234567]\navailableSecurityUpdates: NON_COMPLIANT"), @r#"line 8, column 31: baselines.WINDOWS.availableSecurityUpdates: "NON_COMPLIANT" is not known (did you mean non-compliant?); valid: compliant, non-compliant"#);
}

#[test]
fn what_is_for_linux_alone() {
    assert_snapshot!(in_baseline("WINDOWS", "approved: [KB1]\napprovedNonSecurity: false\nsources: []\nrules:\n- {product: [\"*\"], enableNonSecurity: true}"), @"
    line 8, column 26: baselines.WINDOWS.approvedNonSecurity: this is for Linux only, not for WINDOWS; valid: no such field
    line 9, column 14: baselines.WINDOWS.sources: this is for Linux only, not for WINDOWS; valid: no such field
    line 11, column 43: baselines.WINDOWS.rules[0].enableNonSecurity: this is for Linux only, not for WINDOWS; valid: no such field
    ");
    assert_snapshot!(in_baseline("AMAZON_LINUX_2023", "rules:\n- {product: [\"*\"], enableNonSecurity: \"true\", complianceLevel: SEVERE}"), @r#"
    line 8, column 43: baselines.AMAZON_LINUX_2023.rules[0].enableNonSecurity: "true" is text because of its quotes; valid: true, false
    line 8, column 68: baselines.AMAZON_LINUX_2023.rules[0].complianceLevel: "SEVERE" is not known; valid: CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNSPECIFIED
    "#);
}

#[test]
fn sources() {
    assert_snapshot!(in_baseline(
        "AMAZON_LINUX_2023",
        &format!("approved: [a]\nsources:\n- {{name: a b, products: [], configuration: {}}}\n- {{name: own, products: [\"*\"], configuration: ''}}\n- {{name: own}}", "x".repeat(1025))
    ), @r#"
    line 9, column 14: baselines.AMAZON_LINUX_2023.sources[0].name: "a b" is not valid; valid: 3 to 50 letters, digits, dots, hyphens and underscores
    line 9, column 29: baselines.AMAZON_LINUX_2023.sources[0].products: the list is empty; valid: a list of versions of the operating system, such as [AmazonLinux2023], or ["*"]
    line 9, column 48: baselines.AMAZON_LINUX_2023.sources[0].configuration: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" has 1025 characters; valid: the configuration of the repository of 1 to 1024 characters
    line 10, column 51: baselines.AMAZON_LINUX_2023.sources[1].configuration: "" has 0 characters; valid: the configuration of the repository of 1 to 1024 characters
    line 11, column 7: baselines.AMAZON_LINUX_2023.sources[2]: the field products is missing; valid: products: a list of versions of the operating system, such as [AmazonLinux2023], or ["*"]
    line 11, column 7: baselines.AMAZON_LINUX_2023.sources[2]: the field configuration is missing; valid: configuration: the configuration of the repository
    line 11, column 14: baselines.AMAZON_LINUX_2023.sources[2].name: "own" stands twice in this list, first in line 10; valid: each value once
    "#);
}

#[test]
fn patch_groups() {
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\npatchGroup: web;servers"), @r#"line 8, column 17: baselines.UBUNTU.patchGroup: "web;servers" is not valid; valid: letters, digits, spaces and the signs _ . : / = + - @"#);
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\npatchGroup: ''"), @r#"line 8, column 17: baselines.UBUNTU.patchGroup: "" has 0 characters; valid: the name of a patch group of 1 to 256 characters"#);
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\npatchGroup: [web, 'db;x', web, '']"), @r#"
    line 8, column 23: baselines.UBUNTU.patchGroup[1]: "db;x" is not valid; valid: letters, digits, spaces and the signs _ . : / = + - @
    line 8, column 31: baselines.UBUNTU.patchGroup[2]: "web" stands twice in this list, first in line 8; valid: each value once
    line 8, column 36: baselines.UBUNTU.patchGroup[3]: "" has 0 characters; valid: the name of a patch group of 1 to 256 characters
    "#);
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\npatchGroup: []"), @"line 8, column 17: baselines.UBUNTU.patchGroup: the list is empty; valid: the name of a patch group, or a list of names");
    let many = (0..26).map(|n| format!("g{n}")).collect::<Vec<_>>().join(", ");
    assert_snapshot!(in_baseline("UBUNTU", &format!("approved: [a]\npatchGroup: [{many}]")), @"line 8, column 17: baselines.UBUNTU.patchGroup: there are 26 patch groups; valid: at most 25, as Systems Manager takes");
}

#[test]
fn global_filters() {
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\nglobalFilters: {}"), @"line 8, column 20: baselines.UBUNTU.globalFilters: there is no filter in it; valid: at least one of product, priority; or no such field");
    assert_snapshot!(in_baseline("UBUNTU", "approved: [a]\nglobalFilters: {priority: [High], severity: [Critical], name: [x]}"), @r#"
    line 8, column 32: baselines.UBUNTU.globalFilters.priority[0]: "High" is no priority of UBUNTU (did you mean Important?); valid: Required, Important, Standard, Optional, Extra, or * for every value
    line 8, column 49: baselines.UBUNTU.globalFilters.severity: UBUNTU has no filter severity; valid: the filters product, priority
    line 8, column 61: baselines.UBUNTU.globalFilters.name: unknown field "name": it belongs in the plan itself or stages[] or baselines.<operating system>.sources[]; valid: product, productFamily, classification, severity, msrcSeverity, priority, patchSet
    "#);
    assert_snapshot!(in_baseline("WINDOWS", "approved: [a]\nglobalFilters: {product: [\"*\"], productFamily: [\"*\"], classification: [Tools], msrcSeverity: [Low], patchSet: [OS]}"), @"line 8, column 20: baselines.WINDOWS.globalFilters: the baseline has 5 filters; valid: at most 4, as Systems Manager takes");
}

#[test]
fn what_approves() {
    let of = |approve: &str| {
        in_plan(&format!("{LINUX}{RULES}"), &format!("  - {{name: a, ous: [r-abcd], approve: {approve}}}"))
    };
    assert_snapshot!(of("{afterDays: 3, until: 2026-11-30}"), @"line 7, column 61: stages[0].approve.until: afterDays and until exclude each other; valid: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}");
    assert_snapshot!(of("{afterDays: 361}"), @"line 7, column 51: stages[0].approve.afterDays: 361 is over 360; valid: a whole number from 0 to 360");
    assert_snapshot!(of("{afterDays: -1}"), @"line 7, column 51: stages[0].approve.afterDays: -1 is under 0; valid: a whole number from 0 to 360");
    assert_snapshot!(of("{afterDays: 3d}"), @r#"line 7, column 51: stages[0].approve.afterDays: "3d" is not a whole number; valid: a whole number from 0 to 360"#);
    assert_snapshot!(of("{until: 2026-02-30}"), @r#"line 7, column 47: stages[0].approve.until: "2026-02-30" is not a day of the calendar; valid: a day as YYYY-MM-DD, such as 2026-11-30"#);
    assert_snapshot!(of("{until: 30.11.2026}"), @r#"line 7, column 47: stages[0].approve.until: "30.11.2026" is not valid; valid: a day as YYYY-MM-DD, such as 2026-11-30"#);
    assert_snapshot!(of("{until: 20261130}"), @r#"line 7, column 47: stages[0].approve.until: 20261130 is a number in YAML; valid: a day as YYYY-MM-DD, such as 2026-11-30 (as text in quotes: "20261130")"#);
    assert_snapshot!(of("{}"), @"line 7, column 39: stages[0].approve: it does not say when; valid: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}");
    assert_snapshot!(of("7"), @"line 7, column 39: stages[0].approve: 7 is not a mapping of fields to values; valid: the fields afterDays, until, frozen");
    assert_snapshot!(of("{frozen: true}"), @r#"line 7, column 39: stages[0].approve: "a" is the first stage, so there is no stage before it to which it could be frozen; valid: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}"#);
    assert_snapshot!(of("{after: 3}"), @r#"line 7, column 40: stages[0].approve.after: unknown field "after" (did you mean afterDays?); valid: afterDays, until, frozen"#);
}

#[test]
fn approval_dates_on_debian_and_ubuntu() {
    assert_snapshot!(in_baseline("UBUNTU", "rules:\n- {product: [\"*\"], approve: {afterDays: 3}}"), @"line 8, column 33: baselines.UBUNTU.rules[0].approve: UBUNTU has no approval dates: its packages carry no release date; valid: no such field: what the filters match is approved at once");
    assert_snapshot!(in_baseline("DEBIAN", "rules:\n- {product: [\"*\"], approve: {until: 2026-11-30}}"), @"line 8, column 33: baselines.DEBIAN.rules[0].approve: DEBIAN has no approval dates: its packages carry no release date; valid: no such field: what the filters match is approved at once");
    assert_snapshot!(in_plan(
        "select: {operatingSystems: [UBUNTU]}\nbaselines: {UBUNTU: {rules: [{product: [\"*\"]}]}}",
        "  - {name: a, ous: [r-abcd], approve: {afterDays: 3}}"
    ), @r#"line 7, column 39: stages[0].approve: UBUNTU has no approval dates, and the stage "a" has baselines only for such systems; valid: no such field: what the filters match is approved at once; or {frozen: true}, which compares with the tested set"#);
}

#[test]
fn rules_that_nothing_approves() {
    assert_snapshot!(in_plan(&format!("{LINUX}{RULES}"), "
  - {name: a, ous: [ou-abcd-11111111], approve: {afterDays: 0}}
  - {name: b, ous: [ou-abcd-22222222]}
  - name: c
    ous: [ou-abcd-33333333]
    baselines: {AMAZON_LINUX_2023: {rules: [{product: [\"*\"], approve: {afterDays: 1}}, {product: [x]}]}}
"), @r#"
    line 8, column 5: stages[1]: the stage "b" does not say when patches are approved, which the rules of AMAZON_LINUX_2023 need; valid: approve: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}, in the stage or in each rule
    line 9, column 5: stages[2]: the stage "c" does not say when patches are approved, which the rules of AMAZON_LINUX_2023 need; valid: approve: {afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}, in the stage or in each rule
    "#);
}

#[test]
fn approve_without_baselines() {
    assert_snapshot!(in_plan("", "  - {name: a, ous: [r-abcd], approve: {afterDays: 3}}"), @"line 6, column 39: stages[0].approve: there are no baselines, so nothing would be approved by it; valid: baselines with rules, in the plan or in the stage; or no such field, for the baselines that the accounts have");
}

#[test]
fn operating_systems_without_a_baseline() {
    let approve = "approve: {afterDays: 0}";
    // Said once for the plan, however many stages there are.
    let stages = format!(
        "  - {{name: a, ous: [ou-abcd-11111111], {approve}}}\n  - {{name: b, ous: [ou-abcd-22222222], {approve}}}"
    );
    assert_snapshot!(in_plan(&format!("select: {{operatingSystems: [WINDOWS, AMAZON_LINUX_2023, UBUNTU]}}\n{RULES}"), &stages), @"line 4, column 28: select.operatingSystems: the plan selects WINDOWS, UBUNTU, for which there is no baseline, although AMAZON_LINUX_2023 has one; valid: select: {operatingSystems: [AMAZON_LINUX_2023]}, or baselines for WINDOWS, UBUNTU");
    assert_snapshot!(in_plan(RULES, &stages), @"line 4, column 12: baselines: the plan selects every operating system, but there are baselines for AMAZON_LINUX_2023 only; valid: select: {operatingSystems: [AMAZON_LINUX_2023]}, or baselines for ALMA_LINUX, AMAZON_LINUX_2, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS");
    assert_snapshot!(in_plan(&format!("{LINUX}{RULES}"), &format!("
  - {{name: a, ous: [ou-abcd-11111111], {approve}}}
  - {{name: b, ous: [ou-abcd-22222222], {approve}, select: {{operatingSystems: [WINDOWS]}}}}
  - {{name: c, ous: [ou-abcd-33333333], {approve}, baselines: {{UBUNTU: {{approved: [a]}}}}}}
")), @r#"
line 8, column 92: stages[1].select.operatingSystems: the stage "b" selects WINDOWS, for which there is no baseline, although AMAZON_LINUX_2023 has one; valid: baselines for WINDOWS
line 9, column 77: stages[2].baselines.UBUNTU: the stage "c" does not select UBUNTU, so its baseline would do nothing; valid: a baseline for what the stage selects: AMAZON_LINUX_2023
"#);
    assert_snapshot!(in_plan("", &format!("
  - {{name: a, ous: [ou-abcd-11111111], {approve}, baselines: {{WINDOWS: {{rules: [{{product: [\"*\"]}}]}}}}}}
")), @r#"line 6, column 5: stages[0]: the stage "a" selects every operating system, but there are baselines for WINDOWS only; valid: select: {operatingSystems: [WINDOWS]}, or baselines for ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU"#);
}

#[test]
fn what_belongs_to_later_versions_or_elsewhere() {
    assert_snapshot!(in_plan("approve: {afterDays: 3}\nrules: []\nuntil: 2026-11-30\nfrozen: true", "  - {name: a, ous: [r-abcd], untested: block, rejected: [a]}"), @r#"
    line 4, column 1: approve: unknown field "approve": it belongs in stages[] or baselines.<operating system>.rules[]; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 5, column 1: rules: unknown field "rules": it belongs in baselines.<operating system>; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 6, column 1: until: unknown field "until": it belongs in approve; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 7, column 1: frozen: unknown field "frozen": it belongs in approve; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 9, column 40: stages[0].untested: "a" is the first stage, so there is no stage before it to compare it with; valid: no such field: what the first stage installs is the tested set
    line 9, column 47: stages[0].rejected: unknown field "rejected": it belongs in baselines.<operating system>; valid: name, ous, accounts, exclude, regions, select, baselines, approve, untested, conflicts, waves, passes, deadline, gate
    "#);
}
