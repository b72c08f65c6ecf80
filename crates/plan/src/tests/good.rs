//! Documents that are valid in a way that is easy to get wrong.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem as Os;

use super::super::{
    Approve, ComplianceLevel, Deadline, Gate, Passes, Percent, Plan, PlannedBaseline, PlannedRule, Rate, Reboot,
    RejectedAction, TagValues, Wave, read,
};
use super::{HEAD, STAGES, listed};

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|errors| panic!("{}", listed(&errors)))
}

fn rate(targets: u32, max_concurrency: &str, max_errors: &str) -> Rate {
    Rate {
        targets,
        max_concurrency: max_concurrency.parse().expect("a share"),
        max_errors: max_errors.parse().expect("a share"),
    }
}

#[test]
fn what_a_short_plan_leaves_out_has_its_default() {
    let plan = plan(&format!("{HEAD}{STAGES}"));
    assert_eq!(plan.select, super::super::Selection::default());
    assert_eq!((plan.reboot, plan.never_reboot.is_empty()), (Reboot::IfNeeded, true));
    assert_eq!(plan.rate, rate(40, "25%", "10%"));
    let stage = &plan.stages[0];
    assert_eq!(
        stage.gate,
        Gate {
            max_failed_percent: 0,
            max_unreachable_percent: 0,
            min_succeeded: None,
            max_targets_not_reached: None,
            max_skipped_percent: None,
        }
    );
    assert_eq!((stage.waves.len(), stage.regions.len(), &stage.select), (0, 0, &None));
}

#[test]
fn account_ids_keep_their_digits_without_quotes() {
    let plan = plan(&format!("{HEAD}stages: [{{name: a, accounts: [012345678901, 444455556666, \"000000000001\"]}}]"));
    assert_eq!(plan.stages[0].accounts, ["012345678901", "444455556666", "000000000001"]);
}

#[test]
fn counts_and_percentages_with_and_without_quotes() {
    let text = format!(
        "{HEAD}rate: {{targets: 1000, maxConcurrency: 5, maxErrors: 0}}\n\
         stages: [{{name: a, ous: [r-abcd], waves: [1, \"2\", 7%, '50%', 30, 100%]}}]"
    );
    let plan = plan(&text);
    assert_eq!(plan.rate, rate(1000, "5", "0"));
    let percent = |value| Wave::Percent(Percent::new(value).expect("a percentage"));
    assert_eq!(
        plan.stages[0].waves,
        [Wave::Accounts(1), Wave::Accounts(2), percent(7), percent(50), Wave::Accounts(30), percent(100)]
    );
}

#[test]
fn passes_and_deadlines() {
    let text = format!(
        "{HEAD}stages:\n\
         - {{name: a, ous: [ou-abcd-11111111], passes: 2, deadline: 1h 30m}}\n\
         - {{name: b, ous: [ou-abcd-22222222], deadline: \"72h\"}}\n"
    );
    let plan = plan(&text);
    let [a, b] = &plan.stages[..] else { panic!("{:?}", plan.stages) };
    assert_eq!((a.passes, a.deadline.map(Deadline::seconds)), (Some(Passes::Two), Some(5_400)));
    assert_eq!((b.passes, b.deadline), (None, Some(Deadline::MAX)));
    assert_eq!((plan.passes(a, Os::Ubuntu), plan.passes(b, Os::Ubuntu)), (Passes::Two, Passes::One));
    assert_eq!(plan.passes(b, Os::Windows), Passes::Two);
}

#[test]
fn anchors_and_aliases() {
    let text = format!(
        "{HEAD}stages:\n\
         - {{name: a, ous: [ou-abcd-11111111], gate: &strict {{maxFailedPercent: 7}}}}\n\
         - {{name: b, ous: [ou-abcd-22222222], gate: *strict}}\n"
    );
    assert_eq!(plan(&text).stages[1].gate.max_failed_percent, 7);
}

#[test]
fn byte_order_marks_line_ends_and_document_markers() {
    let text = format!("\u{feff}---\n{HEAD}{STAGES}...\n").replace('\n', "\r\n");
    assert_eq!(plan(&text), plan(&format!("{HEAD}{STAGES}")));
}

#[test]
fn empty_exclusions_exclude_nothing() {
    let text = format!("{HEAD}select: {{exclude: {{accounts: [], instances: [], tags: {{}}}}}}\n{STAGES}");
    assert!(plan(&text).select.exclude.is_empty());
}

#[test]
fn tag_values_are_texts_of_any_kind() {
    let text = format!("{HEAD}select: {{tags: {{\"1\": [\"true\", \"\", yes, 日本, a b]}}}}\n{STAGES}");
    let expected = TagValues::from(["true", "", "yes", "日本", "a b"]);
    assert_eq!(plan(&text).select.tags, BTreeMap::from([("1".to_owned(), expected)]));
}

#[test]
fn every_value_of_a_key_can_be_meant() {
    let text = format!("{HEAD}select: {{exclude: {{tags: {{Role: any, Tier: [any]}}}}}}\n{STAGES}");
    let tags = plan(&text).select.exclude.tags;
    assert_eq!(tags["Role"], TagValues::ANY);
    assert_eq!(tags["Tier"], TagValues::from(["any"]), "a value that reads like the word");
    for (value, role, tier) in [("db", true, false), ("", true, false), ("any", true, true)] {
        assert_eq!((tags["Role"].matches(value), tags["Tier"].matches(value)), (role, tier), "{value}");
    }
}

#[test]
fn baselines_with_everything() {
    let text = format!(
        "{HEAD}select: {{operatingSystems: [AMAZON_LINUX_2023, UBUNTU, WINDOWS]}}
baselines:
  AMAZON_LINUX_2023:
    rules: [{{classification: [Security], severity: [Critical, Important], complianceLevel: CRITICAL}}]
    rejected: [kernel*]
    rejectedAction: BLOCK
    sources:
      - {{name: own, products: [AmazonLinux2023], configuration: \"[main]\\nbaseurl=https://repo.example.com/\\ngpgcheck=1\"}}
  UBUNTU: {{rules: [{{priority: [Required, Important], enableNonSecurity: True}}]}}
  WINDOWS:
    rules:
      - {{classification: [DefinitionUpdates], approve: {{afterDays: 0}}}}
      - {{classification: [SecurityUpdates], msrcSeverity: [\"*\"], patchSet: [OS]}}
    approved: [KB5001234]
    approvedComplianceLevel: HIGH
    patchGroup: web servers
stages:
  - {{name: test, ous: [ou-abcd-11111111], approve: {{afterDays: 360}}}}
  - name: production
    ous: [ou-abcd-22222222]
    approve: {{until: 2026-11-30}}
    baselines: {{UBUNTU: {{approved: [openssl]}}}}
"
    );
    let plan = plan(&text);
    let linux = &plan.baselines[&Os::AmazonLinux2023];
    assert_eq!(linux.rules[0].compliance_level, ComplianceLevel::Critical);
    assert_eq!(linux.rejected_action, RejectedAction::Block);
    assert_eq!(linux.sources[0].configuration, "[main]\nbaseurl=https://repo.example.com/\ngpgcheck=1");
    let ubuntu = &plan.baselines[&Os::Ubuntu].rules[0];
    assert!(ubuntu.enable_non_security && ubuntu.approve.is_none());
    let windows = &plan.baselines[&Os::Windows];
    assert_eq!(windows.rules[0].approve, Some(Approve::AfterDays(0)));
    assert_eq!(windows.rules[1].patch_set, ["OS"]);
    assert_eq!(
        (&windows.patch_groups[..], windows.approved_compliance_level),
        (&["web servers".to_owned()][..], ComplianceLevel::High)
    );
    assert_eq!(plan.stages[0].approve, Some(Approve::AfterDays(360)));
    assert_eq!(plan.stages[1].approve, Some(Approve::Until("2026-11-30".parse().expect("a date"))));
    let own = PlannedBaseline { approved: vec!["openssl".into()], ..PlannedBaseline::default() };
    assert_eq!(plan.stages[1].baselines, BTreeMap::from([(Os::Ubuntu, own)]));
}

#[test]
fn where_nothing_needs_a_date_no_stage_has_to_say_one() {
    // Rules with dates of their own, baselines without rules, and systems without release dates.
    for baseline in [
        "AMAZON_LINUX_2: {rules: [{product: [\"*\"], approve: {afterDays: 3}}]}",
        "AMAZON_LINUX_2: {approved: [openssl]}",
        "UBUNTU: {rules: [{product: [\"*\"]}]}",
    ] {
        let os = baseline.split(':').next().expect("a name");
        let text = format!("{HEAD}select: {{operatingSystems: [{os}]}}\nbaselines: {{{baseline}}}\n{STAGES}");
        assert_eq!(plan(&text).stages[0].approve, None);
    }
}

#[test]
fn a_baseline_for_every_operating_system_needs_no_selection() {
    let all: Vec<String> = Os::ALL.iter().map(|os| format!("{os}: {{approved: [a]}}")).collect();
    let plan = plan(&format!("{HEAD}baselines: {{{}}}\n{STAGES}", all.join(", ")));
    assert_eq!(plan.baselines.len(), Os::ALL.len());
    assert_eq!(plan.baselines[&Os::Suse].rules, Vec::<PlannedRule>::new());
}
