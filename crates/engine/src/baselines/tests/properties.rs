//! Properties: whatever an account has, the changes converge, and the order of facts does not matter.

use orgpatch_model::patch::ComplianceStatus;
use orgpatch_plan::{ComplianceLevel, PatchSource, RejectedAction};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

const SYSTEMS: [Os; 3] = [Os::AmazonLinux2023, Os::Ubuntu, Os::Windows];
const GROUPS: [&str; 2] = ["web", "db"];

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(select(vec!["a", "b", "c"]).prop_map(String::from), 0..3)
}

fn definition() -> impl Strategy<Value = Definition> {
    let filters = || vec((select(vec!["PRODUCT", "SEVERITY"]), texts()), 0..3);
    // A rule without a day is one of a frozen stage, of which nothing is known yet.
    let rule = (filters(), (0..3_u16).prop_map(Some), any::<bool>());
    let sources = vec((select(vec!["one", "two"]), texts()), 0..2);
    (filters(), vec(rule, 0..3), texts(), texts(), any::<bool>(), sources).prop_map(
        |(global, rules, approved_patches, rejected_patches, flag, sources)| {
            let filters = |list: Vec<(&str, Vec<String>)>| -> Vec<PatchFilter> {
                list.into_iter().map(|(key, values)| PatchFilter { key: key.to_owned(), values }).collect()
            };
            Definition {
                description: if flag { "x" } else { "y" }.to_owned(),
                global_filters: filters(global),
                approval_rules: rules
                    .into_iter()
                    .map(|(list, days, enable_non_security)| PatchRule {
                        patch_filters: filters(list),
                        compliance_level: ComplianceLevel::High,
                        approve_after_days: days,
                        approve_until_date: None,
                        enable_non_security,
                    })
                    .collect(),
                approved_patches,
                approved_patches_compliance_level: ComplianceLevel::Low,
                approved_patches_enable_non_security: flag,
                rejected_patches,
                rejected_patches_action: if flag { RejectedAction::Block } else { RejectedAction::AllowAsDependency },
                available_security_updates: flag.then_some(ComplianceStatus::NonCompliant),
                sources: sources
                    .into_iter()
                    .map(|(name, products)| PatchSource {
                        name: name.to_owned(),
                        products,
                        configuration: "c".to_owned(),
                    })
                    .collect(),
            }
        },
    )
}

/// Generates the baselines of a stage, for some of the operating systems.
fn wanted() -> impl Strategy<Value = Vec<Baseline>> {
    let one = (definition(), proptest::sample::subsequence(GROUPS.to_vec(), 0..=2));
    (subsequence(SYSTEMS.to_vec(), 0..=3), vec(one, 3)).prop_map(|(systems, parts)| {
        systems
            .into_iter()
            .zip(parts)
            .map(|(os, (definition, groups))| {
                let names = ("p", "s");
                let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
                Baseline::new(baseline_name(names, os), names, os, definition, &groups)
            })
            .collect()
    })
}

/// A baseline of our name or another, with our tags or others, for the right system or another.
fn there_is() -> impl Strategy<Value = ObservedBaseline> {
    let tags = select(vec![vec![], vec![("p", "s")], vec![("p", "s")], vec![("other", "s")]]);
    (
        "pb-[0-9]{3}",
        select(SYSTEMS.to_vec()),
        select(SYSTEMS.to_vec()),
        any::<bool>(),
        tags,
        "[ab]",
        proptest::option::of(definition()),
        proptest::bool::weighted(0.7),
    )
        .prop_map(|(id, os, named, ours, tags, hash, definition, is_recorded)| ObservedBaseline {
            id,
            name: if ours { baseline_name(("p", "s"), named) } else { "own".to_owned() },
            operating_system: os.name().to_owned(),
            tags: tags
                .into_iter()
                .flat_map(|(plan, stage)| [(PLAN_TAG, plan), (STAGE_TAG, stage), (HASH_TAG, hash.as_str())])
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            definition,
            is_recorded,
        })
}

/// An account: baselines, with some of them as defaults and for groups.
fn account() -> impl Strategy<Value = Observed> {
    (vec(there_is(), 0..8), 0..60_usize, any::<prop::sample::Index>(), vec(any::<prop::sample::Index>(), 6)).prop_map(
        |(mut baselines, more, at, places)| {
            baselines.sort_by(|a, b| a.id.cmp(&b.id));
            baselines.dedup_by(|a, b| a.id == b.id);
            // Now and then so many that the quota is near.
            if at.index(3) == 0 {
                baselines.extend((0..more).map(|i| own(&format!("pb-more{i}"), "more", Os::Suse)));
            }
            let mut observed = untouched();
            let place = |index: &prop::sample::Index| {
                let all: Vec<&ObservedBaseline> = baselines.iter().collect();
                (!all.is_empty()).then(|| index.get(&all).id.clone())
            };
            for (os, index) in SYSTEMS.into_iter().zip(&places) {
                if let Some(id) = place(index).filter(|_| index.index(2) == 0) {
                    observed.defaults.insert(os, id);
                }
            }
            for (nth, index) in places.iter().enumerate() {
                if let Some(baseline_id) = place(index).filter(|_| index.index(3) == 0) {
                    let (operating_system, group) = (SYSTEMS[nth % 3], GROUPS[nth % 2].to_owned());
                    observed.patch_groups.push(PatchGroup { operating_system, group, baseline_id });
                }
            }
            observed.baselines.extend(baselines);
            observed
        },
    )
}

proptest! {
    #[test]
    fn applying_the_changes_leaves_nothing_to_do(wanted in wanted(), account in account()) {
        let changes = difference(&wanted, &account);
        let after = applied(account.clone(), &changes, &wanted);
        let again = difference(&wanted, &after);
        // What stands in the way still does; but there is nothing more to call.
        prop_assert!(!again.iter().any(Change::is_write), "first:\n{}\nthen:\n{}", lines(&changes), lines(&again));
        if changes.iter().all(Change::is_write) {
            prop_assert_eq!(again, []);
        }
        for baseline in &wanted {
            let stands_in_the_way = |change: &&Change| match change {
                Change::Foreign { operating_system, .. } | Change::QuotaReached { operating_system, .. } => {
                    *operating_system == baseline.operating_system
                }
                _ => false,
            };
            if changes.iter().any(|change| stands_in_the_way(&change)) {
                continue;
            }
            for place in baseline.places() {
                let id = match place {
                    None => after.defaults.get(&baseline.operating_system).map(String::as_str),
                    Some(group) => after.of_group(baseline.operating_system, group),
                };
                let registered = id.and_then(|id| after.baseline(id)).expect("it is registered");
                prop_assert_eq!(&registered.name, &baseline.name);
                prop_assert_eq!(&registered.tags[HASH_TAG], &baseline.tags[HASH_TAG]);
                let os = baseline.operating_system;
                let definition = registered.definition.as_ref().map(|definition| definition.canonical(os));
                prop_assert!(definition.is_none_or(|definition| definition == baseline.definition.canonical(os)));
            }
        }
    }

    #[test]
    fn the_order_of_facts_does_not_matter(
        wanted in wanted(),
        (account, shuffled) in account().prop_flat_map(|account| {
            let baselines = Just(account.baselines.clone()).prop_shuffle();
            let patch_groups = Just(account.patch_groups.clone()).prop_shuffle();
            (Just(account), (baselines, patch_groups))
        }),
    ) {
        let mut other = account.clone();
        (other.baselines, other.patch_groups) = shuffled;
        for baseline in &mut other.baselines {
            if let Some(definition) = &mut baseline.definition {
                definition.approval_rules.reverse();
                definition.approved_patches.reverse();
                definition.rejected_patches.reverse();
                definition.sources.reverse();
                definition.global_filters.iter_mut().for_each(|filter| filter.values.reverse());
            }
        }
        let changes = difference(&wanted, &account);
        prop_assert_eq!(&changes, &difference(&wanted, &other));
        let previous = Previous::of(&changes, &account);
        prop_assert_eq!(&previous, &Previous::of(&changes, &other));
        prop_assert_eq!(restore(&previous, &account), restore(&previous, &other));
    }

    #[test]
    fn what_is_not_ours_is_never_called(wanted in wanted(), account in account()) {
        for change in difference(&wanted, &account) {
            let (Change::Update { id, .. } | Change::Tag { baseline: KnownBaseline { id, .. }, .. }) = &change else { continue };
            let touched = account.baseline(id).expect("it is there");
            prop_assert_eq!(touched.tags.get(PLAN_TAG).map(String::as_str), Some("p"), "{}", change);
            prop_assert_eq!(touched.tags.get(STAGE_TAG).map(String::as_str), Some("s"), "{}", change);
            prop_assert!(touched.is_recorded, "{}", change);
        }
    }

    #[test]
    fn what_is_replaced_and_is_not_ours_is_on_record(wanted in wanted(), account in account()) {
        let changes = difference(&wanted, &account);
        let previous = Previous::of(&changes, &account);
        let after = applied(account.clone(), &changes, &wanted);
        let of_orgpatch = |id: &str| account.baseline(id).expect("it is there").is_of_orgpatch();
        for (os, id) in &account.defaults {
            let expected = (after.defaults[os] != *id && !of_orgpatch(id)).then_some(id);
            prop_assert_eq!(previous.defaults.get(os), expected);
        }
        for PatchGroup { operating_system, group, baseline_id } in &after.patch_groups {
            let before = account.of_group(*operating_system, group);
            let replaced = before != Some(baseline_id) && !before.is_some_and(of_orgpatch);
            let recorded = previous
                .patch_groups
                .iter()
                .find(|known| known.operating_system == *operating_system && known.group == *group)
                .map(|known| known.baseline_id.as_deref());
            prop_assert_eq!(recorded, replaced.then_some(before));
        }
    }

    #[test]
    fn restoring_brings_back_all_that_was_not_ours(wanted in wanted(), account in account()) {
        let changes = difference(&wanted, &account);
        let previous = Previous::of(&changes, &account);
        let after = applied(account.clone(), &changes, &wanted);
        let restored = applied(after.clone(), &restore(&previous, &after), &[]);
        let of_orgpatch = |id: &str| account.baseline(id).expect("it is there").is_of_orgpatch();
        for (os, id) in &account.defaults {
            if !of_orgpatch(id) {
                prop_assert_eq!(&restored.defaults[os], id);
            }
        }
        for PatchGroup { operating_system, group, .. } in &after.patch_groups {
            let before = account.of_group(*operating_system, group);
            if !before.is_some_and(of_orgpatch) {
                prop_assert_eq!(restored.of_group(*operating_system, group), before);
            }
        }
        let again = restore(&previous, &restored);
        prop_assert!(!again.iter().any(Change::is_write), "{}", lines(&again));
    }

    #[test]
    fn every_change_is_one_line(wanted in wanted(), account in account()) {
        let changes = difference(&wanted, &account);
        let after = applied(account.clone(), &changes, &wanted);
        let restored = restore(&Previous::of(&changes, &account), &after);
        for change in changes.iter().chain(&restored).flat_map(|change| [change.clone(), change.without_ids()]) {
            let line = change.to_string();
            prop_assert!(!line.is_empty() && !line.contains('\n'), "{:?}", line);
            // A change is either a call or has a reason, whose sentence is the line.
            prop_assert_eq!(change.reason().map(|reason| reason.text), (!change.is_write()).then_some(line));
        }
    }
}
