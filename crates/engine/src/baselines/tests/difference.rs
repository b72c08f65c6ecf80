//! What is left to do in accounts of every kind.

use insta::assert_snapshot;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_model::reason::ReasonCode;
use orgpatch_model::target::Target;
use orgpatch_plan::{ComplianceLevel, PatchSource, RejectedAction};

use super::*;
use crate::planner::StepSettings;

#[test]
fn an_account_that_nobody_touched_gets_everything() {
    assert_snapshot!(lines(&difference(&stage("test"), &untouched())), @"
    create orgpatch-monthly-test-AMAZON_LINUX_2023: 1 rule (at once), 1 rejected patch
    orgpatch-monthly-test-AMAZON_LINUX_2023, just created, becomes the default for AMAZON_LINUX_2023 instead of AWS-AMAZON_LINUX_2023DefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsAMAZON_LINUX_2023)
    create orgpatch-monthly-test-WINDOWS: 2 rules (at once), 1 approved patch
    orgpatch-monthly-test-WINDOWS, just created, becomes the default for WINDOWS instead of AWS-WINDOWSDefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsWINDOWS)
    ");
    assert_snapshot!(lines(&difference(&stage("production"), &untouched())), @r#"
    create orgpatch-monthly-production-AMAZON_LINUX_2023: 1 rule (if released until 2026-11-30)
    orgpatch-monthly-production-AMAZON_LINUX_2023, just created, becomes the baseline of patch group "web servers" for AMAZON_LINUX_2023
    "#);
}

#[test]
fn the_second_time_nothing_is_left() {
    for name in ["test", "staging", "production"] {
        assert_eq!(difference(&stage(name), &after_stage(name)), []);
    }
    assert_eq!(difference(&[], &untouched()), []);
}

#[test]
fn ids_as_arns_are_the_same_ids() {
    let mut observed = after_stage("test");
    for id in observed.defaults.values_mut() {
        *id =
            format!("arn:aws:ssm:ap-northeast-1:111122223333:patchbaseline/{}", id.rsplit('/').next().expect("an id"));
    }
    assert_eq!(difference(&stage("test"), &observed), []);
}

#[test]
fn lists_are_sets() {
    let text = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut wanted = stage("test");
    for baseline in &mut wanted {
        let definition = &mut baseline.definition;
        let rule = PatchRule { enable_non_security: true, ..definition.approval_rules[0].clone() };
        definition.approval_rules.push(rule);
        definition.approved_patches = text(&["b", "a"]);
        definition.rejected_patches = text(&["d", "c"]);
        definition.sources = ["two", "one"]
            .map(|name| PatchSource { name: name.into(), products: text(&["y", "x"]), configuration: "z".into() })
            .into();
    }
    let mut observed = applied(untouched(), &difference(&wanted, &untouched()), &wanted);
    for definition in observed.baselines.iter_mut().filter_map(|baseline| baseline.definition.as_mut()) {
        definition.approval_rules.reverse();
        definition.approved_patches.reverse();
        definition.rejected_patches.reverse();
        definition.sources.reverse();
        definition.sources[0].products.reverse();
        definition.approval_rules[0].patch_filters.reverse();
        definition.approval_rules[0].patch_filters[0].values.reverse();
    }
    assert_eq!(difference(&wanted, &observed), []);
}

#[test]
fn only_what_was_changed_by_hand_is_changed_back() {
    let mut observed = after_stage("test");
    let ours = observed.baselines.iter_mut().rfind(|baseline| baseline.is_of_orgpatch()).expect("one");
    let definition = ours.definition.as_mut().expect("a definition");
    definition.rejected_patches.push("KB5009999".to_owned());
    definition.global_filters.push(PatchFilter { key: "PRODUCT".to_owned(), values: vec!["Office".to_owned()] });
    // A tag of theirs is theirs.
    ours.tags.insert("Owner".to_owned(), "team".to_owned());
    observed.defaults.insert(Os::AmazonLinux2023, predefined(Os::AmazonLinux2023).id);
    let changes = difference(&stage("test"), &observed);
    assert_snapshot!(lines(&changes), @"
    orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023) becomes the default for AMAZON_LINUX_2023 instead of AWS-AMAZON_LINUX_2023DefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsAMAZON_LINUX_2023)
    change orgpatch-monthly-test-WINDOWS (pb-0new13WINDOWS): global filters, rejected patches
    ");
    assert_eq!(difference(&stage("test"), &applied(observed, &changes, &stage("test"))), []);
}

#[test]
fn a_changed_plan_changes_only_what_differs() {
    let mut wanted = stage("test");
    let mut definition = wanted[0].definition.clone();
    definition.approval_rules[0].approve_after_days = Some(1);
    definition.description = "other".to_owned();
    let (name, os) = (wanted[0].name.clone(), wanted[0].operating_system);
    wanted[0] = Baseline::new(name, ("monthly", "test"), os, definition, &[]);
    let changes = difference(&wanted, &after_stage("test"));
    let hash = wanted[0].hash();
    assert_snapshot!(lines(&changes).replace(&hash, "<hash>"), @"
    change orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023): description, approval rules
    tag orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0new12AMAZON_LINUX_2023): orgpatch:hash=<hash>
    ");
    assert_eq!(difference(&wanted, &applied(after_stage("test"), &changes, &wanted)), []);
}

/// Changes are recorded and reported, and the configuration of a source may be for root of an instance alone.
#[test]
fn no_change_holds_the_configuration_of_a_source() {
    let mut wanted = stage("test").remove(0);
    let configuration = "[own]\nbaseurl=https://repo.example.com/HIDDEN/\ngpgcheck=1";
    wanted.definition.sources =
        vec![PatchSource { name: "own".into(), products: vec!["*".into()], configuration: configuration.into() }];
    let wanted = std::slice::from_ref(&wanted);
    let created = difference(wanted, &untouched());
    let updated = difference(wanted, &after_stage("test"));
    assert!(matches!(&created[..], [Change::Create { .. }, ..]) && matches!(&updated[..], [Change::Update { .. }, ..]));
    let hash = sha256_hex(configuration);
    for change in [&created[0], &updated[0]] {
        let recorded = serde_json::to_string(change).expect("JSON");
        let shown = format!(r#""sources":[{{"name":"own","products":["*"],"configurationSha256":"{hash}"}}]"#);
        assert!(recorded.contains(&shown) && !recorded.contains("HIDDEN"), "{recorded}");
        assert!(!change.to_string().contains("HIDDEN"), "{change}");
    }
}

#[test]
fn every_field_that_decides_is_compared() {
    let observed = after_stage("test");
    for (field, change) in [
        (Field::Description, (|d: &mut Definition| d.description.push('.')) as fn(&mut Definition)),
        (Field::GlobalFilters, |d| {
            d.global_filters.push(PatchFilter { key: "PRODUCT".into(), values: vec!["x".into()] });
        }),
        (Field::ApprovalRules, |d| d.approval_rules[0].enable_non_security = true),
        (Field::ApprovedPatches, |d| d.approved_patches.push("x".into())),
        (Field::ApprovedPatchesComplianceLevel, |d| {
            d.approved_patches_compliance_level = ComplianceLevel::Low;
        }),
        (Field::ApprovedPatchesEnableNonSecurity, |d| d.approved_patches_enable_non_security = true),
        (Field::RejectedPatches, |d| d.rejected_patches.clear()),
        (Field::RejectedPatchesAction, |d| d.rejected_patches_action = RejectedAction::Block),
        (Field::Sources, |d| {
            d.sources.push(PatchSource { name: "own".into(), products: vec![], configuration: "x".into() });
        }),
    ] {
        let mut observed = observed.clone();
        let ours = observed.baselines.iter_mut().find(|baseline| baseline.is_of_orgpatch()).expect("one");
        change(ours.definition.as_mut().expect("a definition"));
        match &difference(&stage("test"), &observed)[..] {
            [Change::Update { fields, .. }] => assert_eq!(fields, &[field]),
            other => panic!("{field:?}: {}", lines(other)),
        }
    }
}

#[test]
fn a_delay_of_zero_that_the_api_reports_for_ubuntu_is_no_difference() {
    let mut wanted = stage("test").remove(0);
    wanted.operating_system = Os::Ubuntu;
    wanted.definition.approval_rules[0].approve_after_days = None;
    let wanted = Baseline::new(wanted.name, ("monthly", "test"), Os::Ubuntu, wanted.definition, &[]);
    let wanted = std::slice::from_ref(&wanted);
    let mut observed = applied(untouched(), &difference(wanted, &untouched()), wanted);
    let ours = observed.baselines.last_mut().expect("ours");
    ours.definition.as_mut().expect("a definition").approval_rules[0].approve_after_days = Some(0);
    assert_eq!(difference(wanted, &observed), []);
}

#[test]
fn without_the_definition_the_hash_is_believed() {
    let mut observed = after_stage("test");
    observed.baselines.iter_mut().for_each(|baseline| baseline.definition = None);
    assert_eq!(difference(&stage("test"), &observed), []);
    let ours = observed.baselines.iter_mut().find(|baseline| baseline.is_of_orgpatch()).expect("one");
    ours.tags.insert(HASH_TAG.to_owned(), "old".to_owned());
    match &difference(&stage("test"), &observed)[..] {
        [Change::Update { fields, .. }, Change::Tag { tags, .. }] => {
            assert_eq!(fields, &Field::ALL);
            assert_eq!(tags.keys().collect::<Vec<_>>(), [HASH_TAG]);
        }
        other => panic!("{}", lines(other)),
    }
}

#[test]
fn a_crash_between_update_and_tag_leaves_the_tag() {
    let mut observed = after_stage("test");
    let ours = observed.baselines.iter_mut().find(|baseline| baseline.is_of_orgpatch()).expect("one");
    ours.tags.insert(HASH_TAG.to_owned(), "old".to_owned());
    let changes = difference(&stage("test"), &observed);
    assert!(matches!(changes[..], [Change::Tag { .. }]), "{}", lines(&changes));
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let [linux, windows] = &stage("test")[..] else { panic!("two") };
    let mut observed = untouched();
    observed.baselines.push(own("pb-0foreign", &linux.name, Os::AmazonLinux2023));
    let mut of_another = own("pb-0another", &windows.name, Os::Windows);
    of_another.tags =
        [(PLAN_TAG, "weekly"), (STAGE_TAG, "test")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    observed.baselines.push(of_another);
    let changes = difference(&stage("test"), &observed);
    assert_snapshot!(lines(&changes), @"
    the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0foreign) has the name of a baseline of orgpatch, but it does not have the tags of orgpatch; orgpatch leaves it alone
    the baseline orgpatch-monthly-test-WINDOWS (pb-0another) has the name of a baseline of orgpatch, but it belongs to the plan weekly, stage test; orgpatch leaves it alone
    ");
    for change in &changes {
        assert_eq!((change.is_write(), change.reason().expect("a reason").code), (false, ReasonCode::BaselineForeign));
    }

    // With the tags of ours but for another system it is not ours either: the API cannot change the system.
    let mut wrong = own("pb-0wrong", &linux.name, Os::Windows);
    wrong.tags.clone_from(&linux.tags);
    let mut observed = untouched();
    observed.baselines.push(wrong);
    assert_snapshot!(lines(&difference(std::slice::from_ref(linux), &observed)), @"the baseline orgpatch-monthly-test-AMAZON_LINUX_2023 (pb-0wrong) has the name of a baseline of orgpatch, but it is for WINDOWS; orgpatch leaves it alone");
}

#[test]
fn of_two_with_our_name_ours_is_ours() {
    let mut observed = after_stage("test");
    let name = stage("test")[0].name.clone();
    observed.baselines.insert(0, own("pb-0000", &name, Os::AmazonLinux2023));
    assert_eq!(difference(&stage("test"), &observed), []);
    // And of two of ours the one in use, else the first by id.
    let twin = ObservedBaseline {
        id: "pb-0001".to_owned(),
        ..observed.baselines.iter().find(|b| b.is_of_orgpatch()).expect("one").clone()
    };
    observed.baselines.push(twin);
    assert_eq!(difference(&stage("test"), &observed), []);
    observed.defaults.insert(Os::AmazonLinux2023, predefined(Os::AmazonLinux2023).id);
    match &difference(&stage("test"), &observed)[..] {
        [Change::RegisterDefault { baseline: Chosen::Existing(known), .. }] => assert_eq!(known.id, "pb-0001"),
        other => panic!("{}", lines(other)),
    }
}

#[test]
fn the_quota_stops_only_what_it_has_no_room_for() {
    let mut observed = untouched();
    let fill = |n: usize| (0..n).map(|i| own(&format!("pb-{i}"), &format!("own-{i}"), Os::Suse));
    observed.baselines.extend(fill(49));
    let changes = difference(&stage("test"), &observed);
    assert_snapshot!(lines(&changes), @"
    create orgpatch-monthly-test-AMAZON_LINUX_2023: 1 rule (at once), 1 rejected patch
    orgpatch-monthly-test-AMAZON_LINUX_2023, just created, becomes the default for AMAZON_LINUX_2023 instead of AWS-AMAZON_LINUX_2023DefaultPatchBaseline (arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0awsAMAZON_LINUX_2023)
    orgpatch cannot create the baseline orgpatch-monthly-test-WINDOWS: an account may have 50 in a Region, and there are 50, including those that this run creates before it
    ");
    assert_eq!(changes[2].reason().expect("a reason").code, ReasonCode::BaselineQuotaReached);
    let after = applied(observed, &changes, &stage("test"));
    let again = difference(&stage("test"), &after);
    assert!(!again.iter().any(Change::is_write), "{}", lines(&again));
}

#[test]
fn a_patch_group_that_has_another_baseline_says_which() {
    let mut observed = untouched();
    observed.baselines.push(own("pb-0theirs", "theirs", Os::AmazonLinux2023));
    let theirs =
        |os| PatchGroup { operating_system: os, group: "web servers".to_owned(), baseline_id: "pb-0theirs".to_owned() };
    observed.patch_groups = vec![theirs(Os::Windows), theirs(Os::AmazonLinux2023)];
    let changes = difference(&stage("production"), &observed);
    assert_snapshot!(lines(&changes), @r#"
    create orgpatch-monthly-production-AMAZON_LINUX_2023: 1 rule (if released until 2026-11-30)
    orgpatch-monthly-production-AMAZON_LINUX_2023, just created, becomes the baseline of patch group "web servers" for AMAZON_LINUX_2023 instead of theirs (pb-0theirs)
    "#);
    let after = applied(observed, &changes, &stage("production"));
    assert_eq!(difference(&stage("production"), &after), []);
    // The group of another system, and the default, are as they were.
    assert_eq!(after.of_group(Os::Windows, "web servers"), Some("pb-0theirs"));
    assert_eq!(after.defaults, untouched().defaults);
}

#[test]
fn settings_and_records_carry_baselines() {
    let settings = |baselines: &str| {
        let text = format!(
            r#"{{"step": "01-test-1", "plan": "monthly", "operation": "scan", "select": {{}}, "reboot": "never", "rate": {{}}, "gate": {{}},
                "deadlineSeconds": 78600, "earlierSteps": []{baselines}}}"#
        );
        serde_json::from_str::<StepSettings>(&text).expect("settings")
    };
    // Steps of runs that were planned before there were baselines.
    assert_eq!(settings("").baselines, []);
    let wanted = stage("production");
    let json = serde_json::to_string(&wanted).expect("JSON");
    assert_eq!(settings(&format!(r#", "baselines": {json}"#)).baselines, wanted);

    let changes = difference(&wanted, &untouched());
    let target = Target {
        account_id: "111122223333".into(),
        account_name: "shop".into(),
        account_state: orgpatch_model::organization::AccountState::Active,
        ou_path: String::new(),
        region: "ap-northeast-1".into(),
        stage: "production".into(),
        wave: 1,
    };
    let previous = Previous::of(&changes, &untouched());
    let compared = wanted.iter().map(|one| ComparedBaseline::of(one, &untouched(), &changes, false)).collect();
    let not_compared = not_compared(&[Refusal::of_look(Os::Ubuntu, "AccessDeniedException: no")]);
    let record = BaselineRecord { target, at: jiff::Timestamp::UNIX_EPOCH, changes, previous, compared, not_compared };
    let json = serde_json::to_string(&record).expect("JSON");
    assert_eq!(serde_json::from_str::<BaselineRecord>(&json).expect("a record"), record);
}

#[test]
fn changes_survive_json() {
    let mut observed = after_stage("test");
    observed.defaults.clear();
    let mut changes = difference(&stage("production"), &untouched());
    changes.extend(difference(&stage("test"), &observed));
    let json = serde_json::to_string(&changes).expect("JSON");
    assert!(
        json.contains(r#""change":"register-for-patch-group""#) && json.contains(r#""operatingSystem":"WINDOWS""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Vec<Change>>(&json).expect("changes"), changes);
}

/// The baseline for Windows of the first stage with that status in the plan, and the account that has it with `found`.
fn counted_as(planned: Option<ComplianceStatus>, found: Option<ComplianceStatus>) -> (Baseline, Observed) {
    let [_, windows] = &stage("test")[..] else { panic!("two baselines") };
    let definition = Definition { available_security_updates: planned, ..windows.definition.clone() };
    let baseline = Baseline::new(windows.name.clone(), ("monthly", "test"), Os::Windows, definition, &[]);
    let mut observed = after_stage("test");
    let ours = observed.baselines.iter_mut().find(|one| one.name == baseline.name).expect("it is there");
    ours.definition.as_mut().expect("a definition").available_security_updates = found;
    (baseline, observed)
}

#[test]
fn available_security_updates_count_as_the_plan_says_and_an_answer_without_them_is_no_difference() {
    use ComplianceStatus::{Compliant, NonCompliant};
    let changes = |planned, found| {
        let (baseline, observed) = counted_as(planned, found);
        let fields = |change: &Change| match change {
            Change::Update { fields, .. } => fields.clone(),
            _ => Vec::new(),
        };
        difference(&[baseline], &observed).iter().flat_map(fields).collect::<Vec<Field>>()
    };
    let differs = [Field::AvailableSecurityUpdates];
    assert_eq!(changes(Some(NonCompliant), Some(Compliant)), differs);
    assert_eq!(changes(None, Some(NonCompliant)), differs, "the line was taken out of the plan");
    assert_eq!(changes(Some(NonCompliant), None), differs, "it was never sent");
    for (planned, found) in [(None, Some(Compliant)), (None, None), (Some(Compliant), None)] {
        assert_eq!(changes(planned, found), [], "{planned:?} {found:?}");
    }
    // It was sent, and the answer still does not have it.
    let (baseline, mut observed) = counted_as(Some(NonCompliant), None);
    let ours = observed.baselines.iter_mut().find(|one| one.name == baseline.name).expect("it is there");
    ours.tags.clone_from(&baseline.tags);
    assert_eq!(difference(&[baseline], &observed), []);
}
