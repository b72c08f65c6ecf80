//! From plans to baselines.

use std::collections::BTreeSet;

use orgpatch_plan::{ComplianceLevel, RejectedAction};

use super::*;

#[test]
fn a_stage_wants_what_the_plan_says_in_the_words_of_the_api() {
    let [linux, windows] = &stage("staging")[..] else { panic!("two baselines") };
    assert_eq!(
        (linux.name.as_str(), linux.operating_system),
        ("orgpatch-monthly-staging-AMAZON_LINUX_2023", Os::AmazonLinux2023)
    );
    assert_eq!((windows.name.as_str(), windows.operating_system), ("orgpatch-monthly-staging-WINDOWS", Os::Windows));
    let filter = |key: &str, values: &[&str]| PatchFilter {
        key: key.to_owned(),
        values: values.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        linux.definition,
        Definition {
            description: "Made by orgpatch from the plan monthly, stage staging; what is changed here by hand is undone by its next run.".to_owned(),
            global_filters: vec![],
            approval_rules: vec![PatchRule {
                patch_filters: vec![filter("CLASSIFICATION", &["Security"]), filter("SEVERITY", &["Critical", "Important"])],
                compliance_level: ComplianceLevel::Critical,
                approve_after_days: Some(3),
                approve_until_date: None,
                enable_non_security: false,
            }],
            approved_patches: vec![],
            approved_patches_compliance_level: ComplianceLevel::Unspecified,
            approved_patches_enable_non_security: false,
            rejected_patches: vec!["kernel*".to_owned()],
            rejected_patches_action: RejectedAction::AllowAsDependency,
            available_security_updates: None,
            sources: vec![],
        }
    );
    let hash = linux.hash();
    let tags = [("orgpatch:hash", hash.as_str()), ("orgpatch:plan", "monthly"), ("orgpatch:stage", "staging")];
    assert_eq!(linux.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>(), tags);
    // The system is always named: the API would take it for Windows.
    let json = serde_json::to_value(linux).expect("JSON");
    assert_eq!(json["operatingSystem"], "AMAZON_LINUX_2023");
    assert_eq!(serde_json::from_value::<Baseline>(json).expect("a baseline"), *linux);
}

#[test]
fn the_approval_of_a_rule_wins_over_the_stages() {
    let days = |name: &str| -> Vec<Option<u16>> {
        let windows = stage(name).into_iter().find(|baseline| baseline.operating_system == Os::Windows).expect("one");
        windows.definition.approval_rules.iter().map(|rule| rule.approve_after_days).collect()
    };
    assert_eq!(days("test"), [Some(0), Some(0)]);
    assert_eq!(days("staging"), [Some(0), Some(3)]);
}

#[test]
fn a_stage_replaces_baselines_and_selects_its_own() {
    let [linux] = &stage("production")[..] else { panic!("one baseline") };
    let [rule] = &linux.definition.approval_rules[..] else { panic!("one rule") };
    assert_eq!(rule.patch_filters[0].key, "PRODUCT");
    assert_eq!((rule.approve_after_days, rule.approve_until_date), (None, Some("2026-11-30".parse().expect("a date"))));
    // Nothing of the plan's entry is left.
    assert_eq!(linux.definition.rejected_patches, Vec::<String>::new());
    assert_eq!(linux.patch_group.as_deref(), Some("web servers"));
}

#[test]
fn global_filters_and_patch_groups_are_those_of_the_plan() {
    let text = PLAN.replace(
        "baselines: {AMAZON_LINUX_2023: {rules: [{product: [\"*\"]}], patchGroup: web servers}}",
        "baselines: {AMAZON_LINUX_2023: {rules: [{product: [\"*\"]}], patchGroup: [web servers, db, cache], globalFilters: {severity: [Critical], classification: [Security, Bugfix]}}}",
    );
    assert_ne!(text, PLAN);
    let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let all = desired(&plan, &plan.stages[2], None);
    let [linux] = &all[..] else { panic!("one baseline") };
    assert_eq!(linux.places().collect::<Vec<_>>(), [Some("web servers"), Some("db"), Some("cache")]);
    let filters = linux.definition.global_filters.iter().map(|filter| (filter.key.as_str(), filter.values.join(" ")));
    assert_eq!(
        filters.collect::<Vec<_>>(),
        [("CLASSIFICATION", "Security Bugfix".to_owned()), ("SEVERITY", "Critical".to_owned())]
    );
    // Each group is registered by itself, so a group that has the baseline already is left as it is.
    let mut observed = untouched();
    let changes = difference(&all, &observed);
    let groups = |changes: &[Change]| -> Vec<String> {
        let group = |change: &Change| match change {
            Change::RegisterForPatchGroup { group, .. } => Some(group.clone()),
            _ => None,
        };
        changes.iter().filter_map(group).collect()
    };
    assert_eq!(groups(&changes), ["web servers", "db", "cache"]);
    observed = applied(observed, &changes, &all);
    assert_eq!(difference(&all, &observed), []);
    observed.patch_groups.retain(|entry| entry.group != "db");
    assert_eq!(groups(&difference(&all, &observed)), ["db"]);
}

#[test]
fn debian_and_ubuntu_get_a_delay_without_effect_whatever_the_stage_says() {
    let text = PLAN
        .replace("[AMAZON_LINUX_2023, WINDOWS]", "[AMAZON_LINUX_2023, UBUNTU, WINDOWS]")
        .replace("  WINDOWS:\n", "  UBUNTU: {rules: [{priority: [Required]}]}\n  WINDOWS:\n");
    let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let all = desired(&plan, &plan.stages[1], None);
    let ubuntu = all.iter().find(|baseline| baseline.operating_system == Os::Ubuntu).expect("one");
    let rule = &ubuntu.definition.approval_rules[0];
    assert_eq!((rule.approve_after_days, rule.approve_until_date, all.len()), (Some(0), None, 3));
    // The hash is the one from before orgpatch sent a delay, and from after AWS has answered with one of its own.
    for days in [None, Some(7)] {
        let mut other = ubuntu.clone();
        other.definition.approval_rules[0].approve_after_days = days;
        assert_eq!(other.hash(), ubuntu.hash());
    }
    assert_eq!(ubuntu.to_string(), "orgpatch-monthly-staging-UBUNTU: 1 rule");
}

#[test]
fn without_baselines_in_the_plan_nothing_is_wanted() {
    let mut plan = plan();
    plan.baselines.clear();
    assert_eq!(desired(&plan, &plan.stages[0], None), []);
}

#[test]
fn names_fit_the_api_and_tell_stages_apart() {
    let long = |end: &str| "p".repeat(62) + end;
    let mut names = BTreeSet::new();
    for os in Os::ALL {
        for (plan, stage) in [("a", "b"), (&long("1"), &long("1")), (&long("1"), &long("2")), (&long("2"), &long("1"))]
        {
            let name = baseline_name((plan, stage), os);
            assert!((3..=128).contains(&name.len()) && name.ends_with(os.name()), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)), "{name}");
            assert!(names.insert(name.clone()), "{name} twice");
        }
    }
}

#[test]
fn the_hash_is_that_of_what_is_wanted_and_of_nothing_else() {
    let [baseline, _] = &stage("test")[..] else { panic!("two") };
    let hash_after = |change: &dyn Fn(&mut Baseline)| {
        let mut other = baseline.clone();
        change(&mut other);
        other.hash()
    };
    let hash = baseline.hash();
    assert_eq!(hash, baseline.tags[HASH_TAG]);
    assert_eq!(hash, hash_after(&|other| other.definition.approval_rules[0].patch_filters.reverse()));
    assert_eq!(hash, hash_after(&|other| other.definition.approval_rules[0].patch_filters[1].values.reverse()));
    for change in [
        &(|other: &mut Baseline| other.definition.approval_rules[0].approve_after_days = Some(1))
            as &dyn Fn(&mut Baseline),
        &|other| other.definition.rejected_patches.push("x".to_owned()),
        &|other| other.definition.approved_patches_enable_non_security = true,
        &|other| other.operating_system = Os::AmazonLinux2,
        &|other| other.patch_group = Some("web".to_owned()),
        &|other| other.more_patch_groups = vec!["db".to_owned()],
        &|other| {
            let values = vec!["Security".to_owned()];
            other.definition.global_filters = vec![PatchFilter { key: "CLASSIFICATION".to_owned(), values }];
        },
    ] {
        assert_ne!(hash, hash_after(change));
    }
}

#[test]
fn what_is_seldom_meant_is_said() {
    let codes = |os, days| -> Vec<String> {
        let mut baseline = stage("test").remove(0);
        baseline.operating_system = os;
        baseline.definition.approval_rules[0].approve_after_days = Some(days);
        baseline.cautions().into_iter().map(|reason| reason.code.to_string()).collect()
    };
    assert_eq!(codes(Os::Windows, 30), Vec::<String>::new());
    assert_eq!(codes(Os::Windows, 31), ["windows-delay-beyond-a-month"]);
    assert_eq!(codes(Os::AmazonLinux2, 0), Vec::<String>::new());
    assert_eq!(codes(Os::AmazonLinux2, 1), ["delay-from-updated-date"]);
    assert_eq!(codes(Os::AmazonLinux2023, 90), Vec::<String>::new());
}
