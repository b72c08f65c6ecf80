//! Baselines of any kind for property tests of plans.

use std::collections::BTreeMap;

use jiff::civil::Date;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::ComplianceStatus;
use proptest::collection::{btree_set, vec};
use proptest::option::of as option_of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::baselines::{MAX_FILTERS, documented};
use super::super::{
    Approve, ComplianceLevel, FilterKey, PatchSource, PlannedBaseline, PlannedRule, RejectedAction, Untested,
    has_approval_dates,
};

/// What a plan with baselines is put together from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// What the plan selects.
    pub systems: Vec<OperatingSystem>,
    /// Made to fit each operating system by `baselines_of`.
    pub raw: PlannedBaseline,
    /// Of each stage.
    pub stages: Vec<StageParts>,
}

/// What a stage of it is put together from.
#[derive(Debug, Clone)]
pub struct StageParts {
    /// Operating systems of its own, or none.
    pub systems: Vec<OperatingSystem>,
    /// Whether it has a baseline of its own.
    pub own: bool,
    pub approve: Approve,
    /// The rest is for later stages than the first: whether it is frozen, and the rules of its own baseline.
    pub frozen: (bool, bool),
    pub untested: Option<Untested>,
}

pub fn parts() -> impl Strategy<Value = Parts> {
    (subsequence(OperatingSystem::ALL.to_vec(), 1..5), raw()).prop_flat_map(|(systems, raw)| {
        let own = subsequence(systems.clone(), 0..=systems.len());
        let stage =
            (own, any::<bool>(), approve(), any::<(bool, bool)>(), option_of(select(Untested::ALL.to_vec()))).prop_map(
                |(systems, own, approve, frozen, untested)| StageParts { systems, own, approve, frozen, untested },
            );
        vec(stage, 3).prop_map(move |stages| Parts { systems: systems.clone(), raw: raw.clone(), stages })
    })
}

/// The same baseline for each of the operating systems, as far as it has what the baseline asks for.
pub fn baselines_of(systems: &[OperatingSystem], raw: &PlannedBaseline) -> BTreeMap<OperatingSystem, PlannedBaseline> {
    systems.iter().map(|os| (*os, fit(raw, *os))).collect()
}

fn fit(raw: &PlannedBaseline, os: OperatingSystem) -> PlannedBaseline {
    let mut baseline = raw.clone();
    let is_linux = !matches!(os, OperatingSystem::MacOs | OperatingSystem::Windows);
    // KB ids are for Windows, and the lists of macOS have no wildcards.
    let fits = |entry: &String| match os {
        OperatingSystem::Windows => entry.starts_with("KB"),
        OperatingSystem::MacOs => !entry.starts_with("KB") && entry != "*",
        _ => !entry.starts_with("KB"),
    };
    baseline.approved.retain(fits);
    baseline.rejected.retain(fits);
    if os != OperatingSystem::Windows {
        baseline.available_security_updates = None;
    }
    if !is_linux {
        baseline.approved_non_security = false;
        baseline.sources.clear();
    }
    for source in &mut baseline.sources {
        let address = format!("https://repo.example.com/{}", source.configuration);
        source.configuration = match os {
            OperatingSystem::Debian | OperatingSystem::Ubuntu => format!("deb [arch=amd64] {address} jammy main"),
            _ => format!("[own]\nbaseurl = {address}\ngpgcheck=1"),
        };
    }
    baseline.global_filters.retain(|key, _| FilterKey::of(os).contains(key));
    if let Some(values) = baseline.global_filters.get_mut(&FilterKey::PatchSet) {
        *values = vec!["APPLICATION".to_owned()];
    }
    for rule in &mut baseline.rules {
        let wanted = std::mem::take(rule);
        for key in FilterKey::of(os).iter().copied().take(MAX_FILTERS) {
            let mut values = wanted.values(key).to_vec();
            if let [first, ..] = documented(os, key)[..]
                && !values.is_empty()
            {
                values = vec![first.to_owned(), "*".to_owned()];
            }
            rule.set(key, values);
        }
        if FilterKey::of(os).iter().all(|key| rule.values(*key).is_empty()) {
            rule.product = vec!["*".to_owned()];
        }
        rule.compliance_level = wanted.compliance_level;
        rule.enable_non_security = wanted.enable_non_security && is_linux;
        rule.approve = wanted.approve.filter(|_| has_approval_dates(os));
    }
    baseline
}

/// Days or a date, which every stage may have.
pub fn approve() -> impl Strategy<Value = Approve> {
    let date = (1970..2100_i16, 1..=12_i8, 1..=28_i8);
    prop_oneof![
        (0..=360_u16).prop_map(Approve::AfterDays),
        date.prop_map(|(year, month, day)| Approve::Until(Date::new(year, month, day).expect("a date"))),
    ]
}

fn raw() -> impl Strategy<Value = PlannedBaseline> {
    let patches = || btree_set("KB[0-9]{7}|[a-z]{2,8}\\.x86_64|\\*", 0..4).prop_map(Vec::from_iter);
    let sources = vec(("[A-Za-z0-9_.-]{3,50}", btree_set(product(), 1..3), "[a-z0-9]{1,9}(/[a-z$_-]{1,9}){0,3}"), 0..3);
    (
        vec(rule(), 1..4),
        patches(),
        patches(),
        sources,
        (select(ComplianceLevel::ALL.to_vec()), select(RejectedAction::ALL.to_vec()), any::<bool>()),
        btree_set("[A-Za-z0-9é日 _.:/=+@-]{1,20}", 0..4),
        btree_set(select(FilterKey::ALL.to_vec()), 0..3),
        option_of(select(ComplianceStatus::ALL.to_vec())),
    )
        .prop_map(
            |(rules, approved, mut rejected, sources, (level, action, non_security), groups, global, available)| {
                rejected.retain(|patch| !approved.contains(patch));
                let mut sources: Vec<PatchSource> = sources
                    .into_iter()
                    .map(|(name, products, configuration)| PatchSource {
                        name,
                        products: products.into_iter().collect(),
                        configuration,
                    })
                    .collect();
                sources.dedup_by(|a, b| a.name == b.name);
                PlannedBaseline {
                    rules,
                    approved,
                    approved_compliance_level: level,
                    approved_non_security: non_security,
                    rejected,
                    rejected_action: action,
                    available_security_updates: available,
                    sources,
                    global_filters: global.into_iter().map(|key| (key, vec!["*".to_owned()])).collect(),
                    patch_groups: groups.into_iter().collect(),
                }
            },
        )
}

/// A product that no source names, which is a warning: no word of another kind, and no wildcard.
fn product() -> impl Strategy<Value = String> {
    "\\PC{1,12}".prop_map(|text| format!("x{}", text.replace('*', "_")))
}

fn rule() -> impl Strategy<Value = PlannedRule> {
    let some = subsequence(FilterKey::ALL.to_vec(), 0..5);
    let texts = btree_set(product(), 1..4).prop_map(Vec::from_iter);
    (some, texts, select(ComplianceLevel::ALL.to_vec()), any::<bool>(), option_of(approve())).prop_map(
        |(keys, texts, compliance_level, enable_non_security, approve)| {
            let mut rule = PlannedRule { compliance_level, enable_non_security, approve, ..PlannedRule::default() };
            for key in keys {
                rule.set(key, if key == FilterKey::PatchSet { vec!["OS".to_owned()] } else { texts.clone() });
            }
            rule
        },
    )
}
