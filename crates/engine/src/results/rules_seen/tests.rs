use std::collections::BTreeMap;

use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::{Patch, PatchDisposition};
use orgpatch_model::reason::{Reason, ReasonCode};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::baselines::{Baseline, ComparedBaseline, desired};
use crate::fixtures::{compliance, seen, target};
use crate::results::InstanceRow;
use crate::results::instance_results::Judged;
use crate::results::outcome_rules::{ComplianceRow, Verdict};
use crate::results::reconcile;

const LINUX: OperatingSystem = OperatingSystem::AmazonLinux2023;

/// Returns the baseline of a plan with that text for an operating system.
fn baseline(os: OperatingSystem, planned: &str) -> Baseline {
    let text = format!(
        "{{schemaVersion: 1, name: m, regions: [ap-northeast-1], select: {{operatingSystems: [{os}]}}, baselines: {{{os}: {planned}}}, \
         stages: [{{name: test, ous: [ou-abcd-11111111], approve: {{afterDays: 0}}}}]}}"
    );
    let plan = orgpatch_plan::read(&text).unwrap_or_else(|errors| panic!("{errors}"));
    desired(&plan, &plan.stages[0], None).remove(0)
}

fn linux(rules: &str) -> Baseline {
    baseline(LINUX, &format!("{{rules: {rules}}}"))
}

/// Returns the baseline as an account has it, by that id.
fn compared(baseline: &Baseline, id: Option<&str>, is_as_planned: bool) -> ComparedBaseline {
    ComparedBaseline {
        operating_system: baseline.operating_system,
        name: baseline.name.clone(),
        id: id.map(str::to_owned),
        patch_groups: Vec::new(),
        is_as_planned,
        is_of_earlier_day: false,
        default: None,
        others: Vec::new(),
    }
}

fn kind(classification: &str, severity: &str) -> PatchKind {
    PatchKind { classification: classification.to_owned(), severity: severity.to_owned() }
}

fn missing(kind: &PatchKind) -> Patch {
    Patch {
        id: "openssl.x86_64".into(),
        title: String::new(),
        classification: kind.classification.clone(),
        severity: kind.severity.clone(),
        state: PatchDisposition::Missing,
        cve_ids: Vec::new(),
        more_cve_ids: 0,
    }
}

fn covered(kinds: &[PatchKind]) -> CoveredPatches {
    CoveredPatches { kinds: kinds.iter().cloned().collect(), count: kinds.len() as u64 }
}

/// An instance that was scanned.
#[derive(Debug, Clone)]
struct Scanned {
    row: ComplianceRow,
    missing: Vec<PatchKind>,
    more: u32,
}

impl Scanned {
    /// One on which so many covered patches are installed and those are missing.
    fn of(installed: usize, lacking: &[PatchKind]) -> Self {
        let [missing, installed] = [lacking.len(), installed].map(|n| u32::try_from(n).expect("a few"));
        Self { row: ComplianceRow { missing, installed, ..compliance() }, missing: lacking.to_vec(), more: 0 }
    }
}

/// Returns what was seen. `look` is what a look at an instance finds, by the place of the instance.
fn seen_of(
    baseline: &Baseline,
    compared: &[ComparedBaseline],
    instances: &[Scanned],
    mut look: impl FnMut(usize) -> Option<CoveredPatches>,
) -> Option<RulesSeen> {
    let (mut rows, mut judged) = (Vec::new(), BTreeMap::new());
    for (n, one) in instances.iter().enumerate() {
        let verdict = Verdict { outcome: Outcome::Compliant, reason: Reason::new(ReasonCode::NothingMissing, "x") };
        let instance = seen(&n.to_string(), Some(baseline.operating_system));
        rows.push(InstanceRow {
            missing_before: one.missing.iter().map(missing).collect(),
            more_missing_before: one.more,
            ..reconcile::row(&target(), &instance, verdict.outcome, verdict.reason.clone())
        });
        judged.insert(n.to_string(), Judged { verdict, evidence: Some(one.row.clone()), overwritten_by: None });
    }
    let mut evidence = RuleEvidence::of(std::slice::from_ref(baseline), compared, &rows, &judged);
    while let [one] = evidence.next_looks(1).as_slice() {
        evidence.add(one, look(one.instance_id.parse().expect("a number")).as_ref());
    }
    evidence.end().pop()
}

/// Returns the numbers of the rules that may approve, where the plan's baseline judged the instances and looks find `kinds`.
fn approving(baseline: &Baseline, instances: &[Scanned], kinds: Option<&[PatchKind]>) -> Vec<usize> {
    let compared = [compared(baseline, Some("pb-1"), true)];
    let found = seen_of(baseline, &compared, instances, |_| kinds.map(covered)).expect("an instance was scanned");
    assert_eq!(found.scanned, instances.len() as u64);
    found.approving.into_iter().collect()
}

const NONE: [usize; 0] = [];

#[test]
fn without_a_covered_patch_no_rule_approves_and_with_one_the_only_rule_does() {
    let one = linux("[{classification: [Security]}]");
    assert_eq!(approving(&one, &[Scanned::of(0, &[])], None), NONE);
    assert_eq!(approving(&one, &[Scanned::of(0, &[]), Scanned::of(1, &[])], None), [1], "no look is needed");
    for row in [
        ComplianceRow { pending_reboot: 1, ..compliance() },
        ComplianceRow { installed_rejected: 1, ..compliance() },
        ComplianceRow { not_applicable: 1, ..compliance() },
    ] {
        let told = format!("{row:?}");
        assert_eq!(approving(&one, &[Scanned { row, missing: Vec::new(), more: 0 }], None), [1], "{told}");
    }
}

#[test]
fn a_patch_that_is_approved_by_name_is_no_proof_of_the_only_rule() {
    let by_name = baseline(LINUX, "{rules: [{classification: [Newpackage]}], approved: [kernel*]}");
    let kernel = kind("Security", "Important");
    assert_eq!(approving(&by_name, &[Scanned::of(0, std::slice::from_ref(&kernel))], None), NONE);
    assert_eq!(approving(&by_name, &[Scanned::of(1, &[])], Some(&[kernel])), NONE);
    assert_eq!(approving(&by_name, &[Scanned::of(1, &[])], Some(&[kind("newpackage", "")])), [1], "in any spelling");
}

#[test]
fn classification_and_severity_tell_rules_apart_and_nothing_else_does() {
    let rules = linux(
        "[{classification: [Security], severity: [Critical]}, {classification: ['*'], severity: [Important]}, \
         {classification: [Newpackage]}, {product: [AmazonLinux2023.3], classification: [Security]}]",
    );
    let of = |kinds: &[PatchKind]| approving(&rules, &[Scanned::of(0, kinds)], None);
    assert_eq!(of(&[kind("Security", "Critical")]), [1, 4], "the product of a patch is not told");
    assert_eq!(of(&[kind("Bugfix", "Important")]), [2]);
    assert_eq!(of(&[kind("Bugfix", "Low")]), NONE);
    // What is not told, or told in words that no source names, rules nothing out.
    assert_eq!(of(&[kind("Security", "")]), [1, 2, 4]);
    assert_eq!(of(&[kind("Security", "None")]), [1, 2, 4]);
    assert_eq!(of(&[kind("", "Low")]), [3, 4]);
    assert_eq!(of(&[kind("Sicherheit", "Low")]), [3, 4]);
    let installed = |kinds| approving(&rules, &[Scanned::of(1, &[])], kinds);
    assert_eq!(installed(Some(&[kind("Bugfix", "Important")])), [2]);
}

#[test]
fn what_was_not_read_rules_nothing_out() {
    let rules = linux("[{classification: [Security]}, {classification: [Newpackage]}]");
    let bugfix = [kind("Bugfix", "Low")];
    let all = [1, 2];
    assert_eq!(approving(&rules, &[Scanned::of(1, &[])], Some(&bugfix)), NONE);
    assert_eq!(approving(&rules, &[Scanned::of(1, &[])], None), all, "a look was refused");
    assert_eq!(approving(&rules, &[Scanned::of(2, &[])], Some(&bugfix)), all, "less was read than there is");
    let cut = Scanned { more: 1, ..Scanned::of(0, &bugfix) };
    assert_eq!(approving(&rules, &[cut], None), all, "the list of missing patches is cut");
    let late = Scanned { missing: Vec::new(), ..Scanned::of(0, &bugfix) };
    assert_eq!(approving(&rules, &[late], None), all, "the list has less than the numbers say");
    // Nothing was looked at, because there was no time.
    let (rows, judged) = {
        let instance = seen("0", Some(LINUX));
        let verdict = Verdict { outcome: Outcome::Compliant, reason: Reason::new(ReasonCode::NothingMissing, "x") };
        let row = reconcile::row(&target(), &instance, verdict.outcome, verdict.reason.clone());
        let evidence = Some(Scanned::of(1, &[]).row);
        ([row], BTreeMap::from([("0".to_owned(), Judged { verdict, evidence, overwritten_by: None })]))
    };
    let compared = [compared(&rules, Some("pb-1"), true)];
    let seen = RuleEvidence::of(std::slice::from_ref(&rules), &compared, &rows, &judged).end();
    assert_eq!(seen[0].approving, all.into());
}

#[test]
fn no_more_instances_are_looked_at_than_tell_something() {
    let rules = linux("[{classification: [Security]}, {classification: [Bugfix]}]");
    let compared = [compared(&rules, Some("pb-1"), true)];
    let installed = vec![Scanned::of(1, &[]); 3];
    let looks = |kinds: [PatchKind; 1]| {
        let mut looks = 0;
        let found = seen_of(&rules, &compared, &installed, |n| {
            looks += 1;
            Some(covered(&if n == 0 { [kind("Security", "Low")] } else { kinds.clone() }))
        });
        (looks, found.expect("scanned").approving.len())
    };
    assert_eq!(looks([kind("Bugfix", "Low")]), (2, 2));
    assert_eq!(looks([kind("Security", "Low")]), (3, 1));
    // Missing patches tell as much.
    let lacks = Scanned::of(1, &[kind("Security", "Low"), kind("Bugfix", "Low")]);
    assert_eq!(approving(&rules, &[lacks], None), [1, 2]);
}

#[test]
fn on_windows_an_update_that_waits_may_be_that_of_a_rule_with_a_delay() {
    let rules = "[{classification: [CriticalUpdates]}, {classification: [SecurityUpdates], approve: {afterDays: 7}}, \
                 {classification: [Updates], approve: {until: 2026-11-01}}]";
    let windows = baseline(OperatingSystem::Windows, &format!("{{rules: {rules}}}"));
    let row = ComplianceRow { available_security_updates: 1, ..compliance() };
    assert_eq!(approving(&windows, &[Scanned { row, missing: Vec::new(), more: 0 }], None), [2, 3]);
}

#[test]
fn only_results_by_the_plans_baseline_as_it_is_in_the_plan_count() {
    let rules = linux("[{classification: [Security]}]");
    let of = |compared: &[ComparedBaseline]| seen_of(&rules, compared, &[Scanned::of(0, &[])], |_| None);
    assert_eq!(of(&[compared(&rules, Some("pb-other"), true)]), None);
    assert_eq!(of(&[compared(&rules, Some("pb-1"), false)]), None, "the account has another definition");
    assert_eq!(of(&[compared(&rules, None, false)]), None);
    assert_eq!(of(&[]), None, "AWS refused to show it");
    assert_eq!(of(&[compared(&rules, Some("pb-1"), true)]).map(|seen| seen.scanned), Some(1));
}

/// A patch of the property below: what Systems Manager tells of it, and its product, which it does not tell.
type Known = (PatchKind, &'static str);

fn any_patch() -> impl Strategy<Value = Known> {
    let classification = select(vec!["Security", "Bugfix", "Newpackage", "", "Other"]);
    let severity = select(vec!["Critical", "important", "Low", "", "None", "Severe"]);
    (classification, severity, select(vec!["AmazonLinux2023.1", "AmazonLinux2023.2"]))
        .prop_map(|(classification, severity, product)| (kind(classification, severity), product))
}

fn any_rule() -> impl Strategy<Value = PatchRule> {
    let some = |key: &'static str, values: Vec<&'static str>| {
        prop::option::of(prop::collection::vec(select(values), 1..3)).prop_map(move |values| {
            let values = values?.into_iter().map(str::to_owned).collect();
            Some(PatchFilter { key: key.to_owned(), values })
        })
    };
    (
        some("PRODUCT", vec!["AmazonLinux2023.1", "AmazonLinux2023.2", "*"]),
        some("CLASSIFICATION", vec!["Security", "bugfix", "Newpackage", "Other", "*"]),
        some("SEVERITY", vec!["Critical", "Important", "Low", "Severe", "*"]),
    )
        .prop_map(|(product, classification, severity)| PatchRule {
            patch_filters: [product, classification, severity].into_iter().flatten().collect(),
            ..linux("[{classification: [Security]}]").definition.approval_rules.remove(0)
        })
}

/// Returns true if the rule approves the patch: each filter has its value, and what a patch does not have is no reason against it.
fn approves(rule: &PatchRule, (kind, product): &Known) -> bool {
    rule.patch_filters.iter().all(|filter| {
        let value = match filter.key.as_str() {
            "PRODUCT" => product,
            "CLASSIFICATION" => kind.classification.as_str(),
            _ => kind.severity.as_str(),
        };
        let lacks = value.is_empty() || (filter.key == "SEVERITY" && value == "None");
        lacks || filter.values.iter().any(|wanted| wanted == "*" || wanted.eq_ignore_ascii_case(value))
    })
}

proptest! {
    /// Whatever rules, patches and failures: a rule that approved a patch of an instance always counts as approving.
    #[test]
    fn a_rule_that_approved_a_patch_is_never_ruled_out(
        rules in prop::collection::vec(any_rule(), 1..4),
        instances in prop::collection::vec(
            (prop::collection::vec(any_patch(), 0..4), prop::collection::vec(any_patch(), 0..4), any::<bool>()), 1..4),
        approved_by_name in any::<bool>(),
    ) {
        let mut baseline = linux("[{classification: [Security]}]");
        baseline.definition.approval_rules = rules;
        if approved_by_name {
            baseline.definition.approved_patches = vec!["kernel*".to_owned()];
        }
        let rules = &baseline.definition.approval_rules;
        // A baseline covers what one of its rules approves, or its list of names.
        let covered_of = |patches: &[Known]| -> Vec<Known> {
            let is_covered = |one: &&Known| approved_by_name || rules.iter().any(|rule| approves(rule, one));
            patches.iter().filter(is_covered).cloned().collect()
        };
        let kinds = |patches: &[Known]| patches.iter().map(|(kind, _)| kind.clone()).collect::<Vec<_>>();
        let instances: Vec<_> = instances.iter().map(|(installed, missing, refused)| (covered_of(installed), covered_of(missing), *refused)).collect();
        let scanned: Vec<Scanned> =
            instances.iter().map(|(installed, missing, _)| Scanned::of(installed.len(), &kinds(missing))).collect();
        let compared = [compared(&baseline, Some("pb-1"), true)];
        let found = seen_of(&baseline, &compared, &scanned, |n| {
            let (installed, _, refused) = &instances[n];
            (!refused).then(|| covered(&kinds(installed)))
        });
        let found = found.expect("scanned").approving;
        for (number, rule) in (1..).zip(rules) {
            let approved = instances.iter().flat_map(|(installed, missing, _)| installed.iter().chain(missing)).any(|one| approves(rule, one));
            prop_assert!(!approved || found.contains(&number), "rule {} is ruled out: {:?}", number, rule);
        }
    }
}
