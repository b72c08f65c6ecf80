//! What baselines approve, what the API refuses in one, and which one applies: one rule per test.
use super::*;
use crate::{
    clock::{self, DAY, Millis, SECOND},
    facts::operating_systems::Os,
    patching::catalogue::{Catalogue, Patch},
    scenario::{Answer, InDoubt, PatchEntry},
};
use serde_json::{Value, json};
use std::{borrow::Borrow, collections::BTreeMap, sync::Arc};

fn os(code: &str) -> Os {
    Os::from_code(code).expect("known")
}

/// Returns a patch, written as in a scenario. It is released on 2026-11-01 unless the fields say otherwise.
fn patch(code: &str, fields: &str) -> Arc<Patch> {
    let text = format!("{{os: {code}, {fields}}}");
    let text = if fields.contains("released:") { text } else { text.replace("{os", "{released: \"2026-11-01\", os") };
    let text = if fields.contains("id:") { text } else { text.replace("{rel", "{id: p, rel") };
    let entry: PatchEntry = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let catalogue = Catalogue::new([(entry.os, entry.patch())]);
    let (_, versions) = catalogue.of(os(code)).next().expect("one patch");
    versions[0].clone()
}

fn content(fields: impl Borrow<Value>) -> Content {
    let fields = fields.borrow();
    let mut all = json!({"Name": "mine"});
    for (name, value) in fields.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap_or_else(|error| panic!("{fields}: {error}"))
}

fn baseline(code: &str, fields: impl Borrow<Value>) -> Baseline {
    let content = content(fields);
    assert_eq!(check(os(code), &content), Ok(()));
    Baseline { id: "pb-1".into(), arn: None, os: os(code), content, tags: BTreeMap::new(), created: 0, modified: 0 }
}

/// Returns a baseline with one rule. `filters` is a map of keys and values.
fn one_rule(code: &str, filters: &Value, more: &Value) -> Baseline {
    let filters = filters.as_object().into_iter().flatten();
    let filters: Vec<_> = filters.map(|(key, values)| json!({"Key": key, "Values": values})).collect();
    let mut rule = json!({"PatchFilterGroup": {"PatchFilters": filters}});
    for (name, value) in more.as_object().into_iter().flatten() {
        rule[name] = value.clone();
    }
    baseline(code, json!({"ApprovalRules": {"PatchRules": [rule]}}))
}

const AL: &str = "AMAZON_LINUX_2023";
const UNSPECIFIED: ApprovalState = ApprovalState::Approved(ComplianceLevel::Unspecified);

fn at(text: &str) -> Millis {
    clock::parse(text).expect("a date")
}

fn now() -> Millis {
    at("2026-12-01")
}

fn predefined_approves(code: &str, fields: &str, age_days: i64) -> bool {
    let patch = patch(code, fields);
    let baseline = predefined::default_for(os(code), "eu-west-1");
    baseline.approval_state(&patch, patch.released + age_days * DAY) == UNSPECIFIED
}

#[test]
fn predefined_baselines_wait_seven_days() {
    let (linux, windows) =
        ("classification: Security, severity: Important", "classification: SecurityUpdates, severity: Critical");
    assert!(!predefined_approves(AL, linux, 6));
    assert!(predefined_approves(AL, linux, 7));
    assert!(!predefined_approves("WINDOWS", windows, 6));
    assert!(predefined_approves("WINDOWS", windows, 7));
}

#[test]
fn debian_and_ubuntu_do_not_wait_and_nothing_is_approved_before_its_release() {
    assert!(predefined_approves("UBUNTU", "classification: Security, severity: Low", 0));
    assert!(predefined_approves("DEBIAN", "classification: Security", 0));
    assert!(!predefined_approves("UBUNTU", "classification: Security", -1));
    assert!(!predefined_approves("UBUNTU", "classification: Bugfix", 100));
}

#[test]
fn predefined_baselines_look_at_classification_and_severity() {
    for (code, fields, approved) in [
        (AL, "classification: Security, severity: Low", false),
        (AL, "classification: Bugfix, severity: Low", true),
        (AL, "classification: Enhancement, severity: Critical", false),
        (AL, "classification: Security", true),
        ("SUSE", "classification: Bugfix", false),
        ("CENTOS", "classification: Enhancement", true),
        ("MACOS", "classification: Security", true),
        ("ORACLE_LINUX", "classification: Security, severity: Moderate", true),
        ("WINDOWS", "classification: Security, severity: Critical", false),
        ("WINDOWS", "classification: SecurityUpdates, severity: Critical, patchSet: APPLICATION", false),
    ] {
        assert_eq!(predefined_approves(code, fields, 30), approved, "{code} {fields}");
    }
}

#[test]
fn predefined_baselines_are_those_of_a_region_and_would_pass_the_check() {
    assert_ne!(
        predefined::default_for(os("UBUNTU"), "eu-west-1").id,
        predefined::default_for(os("UBUNTU"), "us-east-1").id
    );
    let all = predefined::all("eu-west-1");
    assert_eq!(all.len(), 17);
    for baseline in all {
        assert_eq!(baseline.id.len(), 20);
        assert_eq!(check(baseline.os, &baseline.content), Ok(()), "{}", baseline.content.name);
    }
}

#[test]
fn every_filter_looks_at_its_own_field() {
    let days = json!({"ApproveAfterDays": 0});
    for (code, fields, key, good, bad) in [
        (AL, "classification: Security", "CLASSIFICATION", "Security", "Bugfix"),
        (AL, "classification: Security, severity: Low", "SEVERITY", "Low", "Critical"),
        (AL, "classification: Security, product: AmazonLinux2023", "PRODUCT", "AmazonLinux2023", "AmazonLinux2"),
        ("WINDOWS", "classification: Updates, severity: Low", "MSRC_SEVERITY", "Low", "Critical"),
        ("WINDOWS", "classification: Updates, productFamily: Windows", "PRODUCT_FAMILY", "Windows", "Office"),
        ("WINDOWS", "classification: Updates, patchSet: APPLICATION", "PATCH_SET", "APPLICATION", "OS"),
        ("WINDOWS", "classification: Updates", "PATCH_SET", "OS", "APPLICATION"),
    ] {
        let state =
            |values: &[&str]| one_rule(code, &json!({key: values}), &days).approval_state(&patch(code, fields), now());
        assert_eq!(state(&[good]), UNSPECIFIED, "{code} {key} {good}");
        assert_eq!(state(&[bad]), ApprovalState::Undecided, "{code} {key} {bad}");
        assert_eq!(state(&[bad, good]), UNSPECIFIED, "{code} {key}: one of the values");
        assert_eq!(state(&["*"]), UNSPECIFIED, "{code} {key}: any");
    }
    let ubuntu = |value: &str| {
        one_rule("UBUNTU", &json!({"PRIORITY": [value]}), &json!({}))
            .approval_state(&patch("UBUNTU", "classification: Security, priority: Optional"), now())
    };
    assert_eq!((ubuntu("Optional"), ubuntu("Required")), (UNSPECIFIED, ApprovalState::Undecided));
}

#[test]
fn all_filters_of_a_rule_must_fit_and_a_missing_severity_fits_any() {
    let rule = one_rule(
        AL,
        &json!({"CLASSIFICATION": ["Security"], "SEVERITY": ["Critical"]}),
        &json!({"ApproveAfterDays": 0}),
    );
    assert_eq!(rule.approval_state(&patch(AL, "classification: Security, severity: Critical"), now()), UNSPECIFIED);
    assert_eq!(
        rule.approval_state(&patch(AL, "classification: Security, severity: Low"), now()),
        ApprovalState::Undecided
    );
    assert_eq!(
        rule.approval_state(&patch(AL, "classification: Bugfix, severity: Critical"), now()),
        ApprovalState::Undecided
    );
    assert_eq!(rule.approval_state(&patch(AL, "classification: Security"), now()), UNSPECIFIED);
    assert_eq!(rule.approval_state(&patch(AL, "classification: Bugfix"), now()), ApprovalState::Undecided);
}

#[test]
fn a_rule_without_patch_set_is_about_windows_itself() {
    let rule = one_rule("WINDOWS", &json!({}), &json!({"ApproveAfterDays": 0}));
    assert_eq!(rule.approval_state(&patch("WINDOWS", "classification: Updates"), now()), UNSPECIFIED);
    assert_eq!(
        rule.approval_state(&patch("WINDOWS", "classification: Updates, patchSet: APPLICATION"), now()),
        ApprovalState::Undecided
    );
}

#[test]
fn a_delay_counts_from_the_release_and_may_be_none() {
    let patch = patch(AL, "released: \"2026-11-01T18:00:00Z\", id: p, classification: Security");
    let due = |days: i64| patch.released + days * DAY;
    for days in [0, 3, 360] {
        let rule = one_rule(AL, &json!({}), &json!({"ApproveAfterDays": days}));
        assert_eq!(rule.approval_state(&patch, due(days) - 1), ApprovalState::Undecided, "{days}");
        assert_eq!(rule.approval_state(&patch, due(days)), UNSPECIFIED, "{days}");
    }
}

#[test]
fn on_amazon_linux_2_an_updated_advisory_starts_the_delay_anew() {
    let fields = "released: \"2026-11-01\", id: p, updated: \"2026-11-05\", classification: Security";
    for (code, due) in [("AMAZON_LINUX_2", "2026-11-12"), (AL, "2026-11-08"), ("REDHAT_ENTERPRISE_LINUX", "2026-11-08")]
    {
        let rule = one_rule(code, &json!({}), &json!({"ApproveAfterDays": 7}));
        let patch = patch(code, fields);
        assert_eq!(rule.approval_state(&patch, at(due) - 1), ApprovalState::Undecided, "{code}");
        assert_eq!(rule.approval_state(&patch, at(due)), UNSPECIFIED, "{code}");
    }
    let rule = one_rule("AMAZON_LINUX_2", &json!({}), &json!({"ApproveAfterDays": 2}));
    let patch = patch("AMAZON_LINUX_2", fields);
    let seen: Vec<_> =
        (1..8).map(|day| rule.approval_state(&patch, at(&format!("2026-11-0{day}"))) == UNSPECIFIED).collect();
    assert_eq!(seen, [false, false, true, true, false, false, true], "approved, updated, approved again");
}

#[test]
fn an_until_date_is_inclusive_to_its_last_second_in_utc() {
    let rule = |code| one_rule(code, &json!({}), &json!({"ApproveUntilDate": "2026-11-16"}));
    let released = |time: &str| patch(AL, &format!("id: p, released: \"{time}\", classification: Security"));
    assert_eq!(rule(AL).approval_state(&released("2026-11-16T23:59:59Z"), now()), UNSPECIFIED);
    assert_eq!(rule(AL).approval_state(&released("2026-11-17T00:00:00Z"), now()), ApprovalState::Undecided);
    assert_eq!(
        rule(AL).approval_state(&released("2026-11-17T00:30:00+01:00"), now()),
        UNSPECIFIED,
        "that is the day before"
    );
    let future = released("2026-11-16");
    assert_eq!(rule(AL).approval_state(&future, future.released - SECOND), ApprovalState::Undecided, "not out yet");
    let updated = "released: \"2026-11-01\", id: p, updated: \"2026-11-20\", classification: Security";
    assert_eq!(
        rule("AMAZON_LINUX_2").approval_state(&patch("AMAZON_LINUX_2", updated), now()),
        ApprovalState::Undecided
    );
}

#[test]
fn what_is_not_security_needs_enable_non_security_where_the_system_cannot_tell() {
    for (code, fields, without) in [
        ("UBUNTU", "classification: Bugfix", ApprovalState::Undecided),
        ("UBUNTU", "classification: Security", UNSPECIFIED),
        ("CENTOS", "classification: Security", ApprovalState::Undecided),
        (AL, "classification: \"\"", ApprovalState::Undecided),
        (AL, "classification: Bugfix", UNSPECIFIED),
        ("WINDOWS", "classification: Updates", UNSPECIFIED),
    ] {
        let date = if os(code).is_apt() { json!({}) } else { json!({"ApproveAfterDays": 0}) };
        let state = |more: Value| {
            let mut rule = date.clone();
            rule["EnableNonSecurity"] = more;
            one_rule(code, &json!({}), &rule).approval_state(&patch(code, fields), now())
        };
        assert_eq!(state(json!(false)), without, "{code} {fields}");
        assert_eq!(state(json!(true)), UNSPECIFIED, "{code} {fields}");
    }
    let bare = one_rule(
        AL,
        &json!({"CLASSIFICATION": ["Security"]}),
        &json!({"ApproveAfterDays": 0, "EnableNonSecurity": true}),
    );
    assert_eq!(
        bare.approval_state(&patch(AL, "classification: \"\""), now()),
        UNSPECIFIED,
        "nothing there to be filtered"
    );
}

#[test]
fn approved_patches_do_not_wait_and_rejected_ones_win() {
    let patch = patch(AL, "id: bash.x86_64, classification: Enhancement");
    let first_day = patch.released;
    let state = |fields: Value| baseline(AL, fields).approval_state(&patch, first_day);
    assert_eq!(state(json!({})), ApprovalState::Undecided);
    let approved = json!({"ApprovedPatches": ["bash*"], "ApprovedPatchesComplianceLevel": "HIGH"});
    assert_eq!(state(approved.clone()), ApprovalState::Approved(ComplianceLevel::High));
    assert_eq!(baseline(AL, approved).approval_state(&patch, first_day - 1), ApprovalState::Undecided, "not out yet");
    assert_eq!(
        state(json!({"ApprovedPatches": ["bash"], "RejectedPatches": ["bash.x86_64"]})),
        ApprovalState::Rejected
    );
    let mut rule = one_rule(AL, &json!({}), &json!({"ApproveAfterDays": 0}));
    rule.content.rejected_patches = vec!["bash*".into()];
    assert_eq!(rule.approval_state(&patch, now()), ApprovalState::Rejected);
}

#[test]
fn approved_patches_are_security_patches_unless_the_list_says_otherwise() {
    let list = |enabled: bool| {
        let fields = json!({"ApprovedPatches": ["bash"], "ApprovedPatchesEnableNonSecurity": enabled});
        baseline("UBUNTU", fields).approval_state(&patch("UBUNTU", "id: bash, classification: Bugfix"), now())
    };
    assert_eq!((list(false), list(true)), (ApprovalState::Undecided, UNSPECIFIED));
}

#[test]
fn global_filters_come_before_everything_but_rejection() {
    let fields = json!({
        "GlobalFilters": {"PatchFilters": [{"Key": "CLASSIFICATION", "Values": ["Security"]}]},
        "ApprovedPatches": ["bash"], "RejectedPatches": ["vim"],
    });
    let state = |patch: &str| baseline(AL, fields.clone()).approval_state(&self::patch(AL, patch), now());
    assert_eq!(state("id: bash, classification: Security"), UNSPECIFIED);
    assert_eq!(state("id: bash, classification: Bugfix"), ApprovalState::Undecided);
    assert_eq!(state("id: vim, classification: Bugfix"), ApprovalState::Rejected);
}

#[test]
fn the_strictest_reason_gives_the_level() {
    let rule = |level: &str| json!({"PatchFilterGroup": {"PatchFilters": []}, "ComplianceLevel": level, "ApproveAfterDays": 0});
    let fields = json!({"ApprovalRules": {"PatchRules": [rule("LOW"), rule("CRITICAL"), rule("HIGH")]}});
    let patch = patch(AL, "classification: Security");
    assert_eq!(baseline(AL, fields).approval_state(&patch, now()), ApprovalState::Approved(ComplianceLevel::Critical));
}

#[test]
fn packages_are_named_in_every_documented_form() {
    let patch = |code: &str, id: &str| {
        self::patch(code, &format!("id: \"{id}\", version: \"1:1.12.28-1.amzn2023.0.1\", classification: Security"))
    };
    let rejects = |code: &str, pattern: &str, id: &str| {
        baseline(code, json!({"RejectedPatches": [pattern]})).approval_state(&patch(code, id), now())
            == ApprovalState::Rejected
    };
    for pattern in [
        "dbus",
        "dbus.x86_64",
        "dbus-1.12.28",
        "dbus-1.12.28-1.amzn2023.0.1",
        "dbus-1.12.28-1.amzn2023.0.1.x86_64",
        "1.12.28",
        "1.12.28-1.amzn2023.0.1",
        "1:1.12.28-1.amzn2023.0.1",
        "dbus-1:1.12.28-1.amzn2023.0.1",
        "dbus-1:1.12.28-1.amzn2023.0.1.x86_64",
        "1:dbus-1.12.28-1.amzn2023.0.1.x86_64",
        "dbus.x86_64:1:1.12.28-1.amzn2023.0.1",
        "dbus*",
        "dbus-1.12.2*",
        "dbus-*:1.12.28-1.amzn2023.0.1.x86_64",
    ] {
        assert!(rejects(AL, pattern, "dbus.x86_64"), "{pattern}");
    }
    for pattern in ["dbu", "dbus.aarch64", "dbus-1.12.29", "1", "dbus-libs"] {
        assert!(!rejects(AL, pattern, "dbus.x86_64"), "{pattern}");
    }
    assert!(rejects("UBUNTU", "python3.10", "python3.10:amd64") && rejects("UBUNTU", "python*", "python3.10"));
    assert!(!rejects("UBUNTU", "dbus-1.12.28", "dbus"), "no versions on Ubuntu");
    assert!(rejects("WINDOWS", "KB2032276", "KB2032276") && !rejects("WINDOWS", "KB2032276", "KB20322760"));
}

#[test]
fn an_advisory_is_named_where_the_list_takes_such_ids_and_nowhere_else() {
    let ids = "classification: Security, cveIds: [CVE-2026-12345, CVE-2026-22222]";
    let state = |code: &str, list: &str, entry: &str, id: &str, more: &str| {
        let patch = patch(code, &format!("id: \"{id}\", version: \"1.0-1\", {ids}, {more}"));
        baseline(code, json!({list: [entry]})).approval_state(&patch, now())
    };
    let approved = |code: &str, entry: &str, id: &str, more: &str| {
        state(code, "ApprovedPatches", entry, id, more) != ApprovalState::Undecided
    };
    let rejected = |code: &str, entry: &str, id: &str, more: &str| {
        state(code, "RejectedPatches", entry, id, more) == ApprovalState::Rejected
    };
    let alas = "advisoryIds: [ALAS2023-2026-123], bugzillaIds: [\"1234567\"]";
    for entry in ["CVE-2026-12345", "ALAS2023-2026-123", "1234567"] {
        assert!(approved(AL, entry, "dbus.x86_64", alas), "{entry}");
        // AWS looks for packages only on the list of rejected patches.
        assert!(!rejected(AL, entry, "dbus.x86_64", alas), "{entry}");
        // The page names neither AlmaLinux nor Rocky Linux.
        assert!(!approved("ROCKY_LINUX", entry, "dbus.x86_64", "advisoryIds: [RLSA-2026:123]"), "{entry}");
        assert!(!approved("UBUNTU", entry, "dbus", ""), "{entry}");
    }
    for entry in ["CVE-2026-123", "cve-2026-12345", "CVE-2026-*", "ALAS2023-2026-*", "123456"] {
        assert!(!approved(AL, entry, "dbus.x86_64", alas), "{entry}");
    }
    let suse = "advisoryIds: [SUSE-SLE-Module-Basesystem-15-SP5-2026-1000]";
    for entry in ["SUSE-SLE-Module-Basesystem-15-SP5-2026-1000", "SUSE-SLE-Module-Basesystem-15-SP5-2026-*"] {
        assert!(
            approved("SUSE", entry, "dbus.x86_64", suse) && rejected("SUSE", entry, "dbus.x86_64", suse),
            "{entry}"
        );
    }
    assert!(!approved("SUSE", "CVE-2026-12345", "dbus.x86_64", suse));
    let bulletin = "advisoryIds: [MS10-048]";
    assert!(approved("WINDOWS", "MS10-048", "KB1", bulletin) && rejected("WINDOWS", "MS10-048", "KB1", bulletin));
    assert!(!approved("WINDOWS", "KB*", "KB1", "") && !approved("WINDOWS", "CVE-2026-12345", "KB1", ""));
    assert!(approved("MACOS", "Safari", "Safari", "") && !approved("MACOS", "Saf*", "Safari", ""));
}

/// Returns a rule that every system but Debian and Ubuntu accepts, with these fields changed.
fn rule_with(more: &Value) -> Value {
    let mut rule = json!({"PatchFilterGroup": {"PatchFilters": []}, "ApproveAfterDays": 7});
    for (name, value) in more.as_object().into_iter().flatten() {
        rule[name] = value.clone();
    }
    rule
}

fn refusal(code: &str, fields: impl Borrow<Value>) -> String {
    check(os(code), &content(fields)).expect_err("must be refused")
}

fn with_rule(more: &Value) -> Value {
    json!({"ApprovalRules": {"PatchRules": [rule_with(more)]}})
}

fn with_filters(filters: &Value) -> Value {
    with_rule(&json!({"PatchFilterGroup": {"PatchFilters": filters}}))
}

#[test]
fn the_bounds_of_the_api_are_kept() {
    let filter = |count: usize| json!({"Key": "PRODUCT", "Values": vec!["x"; count]});
    for (most, fields) in [
        (10, (|n| json!({"ApprovalRules": {"PatchRules": vec![rule_with(&json!({})); n]}})) as fn(usize) -> Value),
        (50, |n| json!({"ApprovedPatches": vec!["x"; n]})),
        (50, |n| json!({"RejectedPatches": vec!["x"; n]})),
        (100, |n| json!({"RejectedPatches": ["x".repeat(n)]})),
        (128, |n| json!({"Name": "x".repeat(n)})),
        (1024, |n| json!({"Description": "x".repeat(n)})),
        (20, |n| json!({"Sources": vec![json!({"Name": "abc", "Products": ["*"], "Configuration": "c"}); n]})),
    ] {
        assert_eq!(check(os(AL), &content(fields(most))), Ok(()), "{}", fields(most));
        refusal(AL, fields(most + 1));
    }
    assert_eq!(check(os(AL), &content(with_filters(&json!(vec![filter(20); 4])))), Ok(()));
    refusal(AL, with_filters(&json!(vec![filter(1); 5])));
    refusal(AL, with_filters(&json!([filter(21)])));
    refusal(AL, with_filters(&json!([filter(0)])));
    refusal(AL, json!({"GlobalFilters": {"PatchFilters": vec![filter(1); 5]}}));
    for name in ["ab", "with blank", ""] {
        refusal(AL, json!({"Name": name}));
    }
}

#[test]
fn a_rule_has_a_delay_or_a_date_and_on_debian_and_ubuntu_no_date() {
    for days in [0, 360] {
        assert_eq!(check(os(AL), &content(with_rule(&json!({"ApproveAfterDays": days})))), Ok(()));
    }
    let date = json!({"ApproveAfterDays": null, "ApproveUntilDate": "2026-11-16"});
    assert_eq!(check(os("WINDOWS"), &content(with_rule(&date))), Ok(()));
    for more in [
        json!({"ApproveAfterDays": 361}),
        json!({"ApproveAfterDays": -1}),
        json!({"ApproveAfterDays": null}),
        json!({"ApproveUntilDate": "2026-11-16"}),
        json!({"ApproveAfterDays": null, "ApproveUntilDate": "2026-11-31"}),
        json!({"ApproveAfterDays": null, "ApproveUntilDate": "16.11.2026"}),
        json!({"ApproveAfterDays": null, "ApproveUntilDate": "2026-11-16T00:00:00Z"}),
    ] {
        refusal(AL, with_rule(&more));
    }
    for code in ["DEBIAN", "UBUNTU"] {
        let neither = with_rule(&json!({"ApproveAfterDays": null}));
        assert_eq!(check(os(code), &content(neither)), Ok(()), "{code}");
        assert_eq!(check(os(code), &content(with_rule(&json!({"ApproveAfterDays": 0})))), Ok(()), "{code}");
        refusal(code, with_rule(&json!({"ApproveAfterDays": 361})));
        assert!(refusal(code, with_rule(&date)).contains("not supported"), "{code}");
    }
}

#[test]
fn every_system_has_its_own_filter_keys() {
    let keys = |code: &str| {
        let all = ["CLASSIFICATION", "MSRC_SEVERITY", "PATCH_SET", "PRIORITY", "PRODUCT", "PRODUCT_FAMILY", "SEVERITY"];
        let date = if os(code).is_apt() { Value::Null } else { json!(0) };
        let accepted = |key: &&str| {
            let filters = json!({"PatchFilters": [{"Key": key, "Values": ["*"]}]});
            let rule = json!({"PatchFilterGroup": filters, "ApproveAfterDays": date});
            let in_rule = check(os(code), &content(json!({"ApprovalRules": {"PatchRules": [rule]}}))).is_ok();
            assert_eq!(check(os(code), &content(json!({"GlobalFilters": filters}))).is_ok(), in_rule, "{code} {key}");
            in_rule
        };
        all.into_iter().filter(accepted).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys("WINDOWS"), "CLASSIFICATION MSRC_SEVERITY PATCH_SET PRODUCT PRODUCT_FAMILY");
    assert_eq!(keys("MACOS"), "CLASSIFICATION PRODUCT");
    for code in ["DEBIAN", "RASPBIAN", "UBUNTU"] {
        assert_eq!(keys(code), "PRIORITY PRODUCT", "{code}");
    }
    for code in
        [AL, "AMAZON_LINUX_2", "CENTOS", "ORACLE_LINUX", "REDHAT_ENTERPRISE_LINUX", "SUSE", "ROCKY_LINUX", "ALMA_LINUX"]
    {
        assert_eq!(keys(code), "CLASSIFICATION PRODUCT SEVERITY", "{code}");
    }
    refusal(AL, json!({"AvailableSecurityUpdatesComplianceStatus": "COMPLIANT"}));
}

#[test]
fn both_answers_are_there_for_what_the_documentation_leaves_open() {
    let strict = InDoubt::default();
    let kind =
        InDoubt { missing_approval_delay: Answer::Taken, linux_only_fields: Answer::Taken, ..InDoubt::default() };
    let ask = |code: &str, request: &Value, in_doubt| check_request(os(code), request, in_doubt).is_ok();
    for code in ["DEBIAN", "UBUNTU"] {
        let neither = with_rule(&json!({"ApproveAfterDays": null}));
        assert_eq!((ask(code, &neither, strict), ask(code, &neither, kind)), (false, true), "{code}");
        assert!(ask(code, &with_rule(&json!({"ApproveAfterDays": 0})), strict), "{code}");
    }
    for code in ["WINDOWS", "MACOS"] {
        for empty in [
            json!({"Sources": []}),
            json!({"ApprovedPatchesEnableNonSecurity": false}),
            with_rule(&json!({"EnableNonSecurity": false})),
        ] {
            assert_eq!((ask(code, &empty, strict), ask(code, &empty, kind)), (false, true), "{code} {empty}");
            assert!(ask(AL, &empty, strict), "{empty}");
        }
        for full in [
            json!({"Sources": [{"Name": "abc"}]}),
            json!({"ApprovedPatchesEnableNonSecurity": true}),
            with_rule(&json!({"EnableNonSecurity": true})),
        ] {
            assert!(!ask(code, &full, kind) && ask(AL, &full, strict), "{code} {full}");
        }
        assert!(ask(code, &json!({}), strict) && ask(code, &with_rule(&json!({})), strict), "{code}");
    }
}

#[test]
fn a_value_that_aws_does_not_list_is_refused_with_those_that_it_lists() {
    let strict = InDoubt::default();
    let ask = |code: &str, filters: &Value| check_request(os(code), &with_filters(filters), strict);
    let one = |key: &str, value: &str| json!([{"Key": key, "Values": ["*", value]}]);
    for (code, key, value) in [
        ("REDHAT_ENTERPRISE_LINUX", "CLASSIFICATION", "CriticalUpdates"),
        ("AMAZON_LINUX_2", "SEVERITY", "High"),
        ("AMAZON_LINUX_2", "SEVERITY", "important"),
        ("AMAZON_LINUX_2", "PRODUCT", "AmazonLinux2023"),
        ("UBUNTU", "PRIORITY", "All"),
        ("WINDOWS", "PRODUCT", "Windows Server 2019"),
        ("WINDOWS", "PRODUCT", "Office 2016"),
        ("WINDOWS", "PATCH_SET", "ALL"),
        ("WINDOWS", "MSRC_SEVERITY", "High"),
    ] {
        assert!(ask(code, &one(key, value)).is_err(), "{code} {key} {value}");
        let global = json!({"GlobalFilters": {"PatchFilters": one(key, value)}});
        assert!(check_request(os(code), &global, strict).is_err(), "{code} {key} {value}");
    }
    assert_eq!(
        ask("AMAZON_LINUX", &one("PRODUCT", "All")).expect_err("refused"),
        "Invalid Filter Value: All for Key: PRODUCT, valid values are: AmazonLinux2012.03, AmazonLinux2012.09, \
         AmazonLinux2013.03, AmazonLinux2013.09, AmazonLinux2014.03, AmazonLinux2014.09, AmazonLinux2015.03, \
         AmazonLinux2015.09, AmazonLinux2016.03, AmazonLinux2016.09, AmazonLinux2017.03, AmazonLinux2017.09, \
         AmazonLinux2018.03"
    );
    let office =
        json!([{"Key": "PATCH_SET", "Values": ["APPLICATION"]}, {"Key": "PRODUCT", "Values": ["Office 2016"]}]);
    assert_eq!(ask("WINDOWS", &office), Ok(()));
    for (code, key, value) in
        [(AL, "SEVERITY", "Medium"), ("SUSE", "CLASSIFICATION", "Yast"), ("UBUNTU", "PRIORITY", "Extra")]
    {
        assert_eq!(ask(code, &one(key, value)), Ok(()), "{code} {key} {value}");
    }
    for predefined in predefined::all("ap-northeast-1") {
        let request = json!({"ApprovalRules": predefined.content.approval_rules});
        assert_eq!(values::check_values(predefined.os, &request, strict), Ok(()), "{}", predefined.content.name);
    }
}

#[test]
fn aws_may_have_values_that_no_source_names() {
    let kind = InDoubt { undocumented_values: Answer::Taken, ..InDoubt::default() };
    let ask = |key: &str, value: &str, in_doubt| {
        check_request(os(AL), &with_filters(&json!([{"Key": key, "Values": [value]}])), in_doubt).is_ok()
    };
    for (key, value, taken) in [
        ("SEVERITY", "None", true),
        ("PRODUCT", "AmazonLinux2027", true),
        ("SEVERITY", "High", false),
        ("CLASSIFICATION", "SecurityUpdates", false),
    ] {
        assert_eq!((ask(key, value, InDoubt::default()), ask(key, value, kind)), (false, taken), "{key} {value}");
    }
}

#[test]
fn tags_have_the_characters_of_the_api() {
    assert_eq!(check_tag("orgpatch:plan", "Größe 1/2=a+b@c"), Ok(()));
    assert_eq!(check_tag("a", ""), Ok(()));
    for (key, value) in
        [("", "a"), ("aws:x", "a"), ("a{", "a"), ("a", "b,c"), (&*"k".repeat(129), "a"), ("k", &*"v".repeat(257))]
    {
        assert!(check_tag(key, value).is_err(), "{key} {value}");
    }
}
