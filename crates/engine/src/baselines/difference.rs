//! Compares the baselines that a target should have with those that it has.

use std::collections::BTreeSet;

use jiff::civil::Date;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_model::reason::{Reason, ReasonCode};

use super::{
    Baseline, Change, Chosen, Definition, Field, HASH_TAG, KnownBaseline, Observed, ObservedBaseline, PLAN_TAG,
    PatchRule, STAGE_TAG, same_id,
};

/// Baselines that an account may have in a Region (Systems Manager quotas).
pub const MAX_BASELINES: usize = 50;

/// Returns the changes to make, in their order; empty if there is nothing to do.
///
/// Only differences are listed. Baselines that orgpatch did not make are never changed. After the changes there is no
/// difference left.
#[must_use]
pub fn difference(desired: &[Baseline], observed: &Observed) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut made = 0;
    for baseline in desired {
        if baseline.waits_for_its_day() {
            changes.push(left_for_an_install_run(baseline, observed));
            continue;
        }
        let chosen = match match_observed(baseline, observed) {
            Match::Ours(ours) => {
                changes.extend(update(baseline, ours));
                changes.extend(tag(baseline, ours));
                Chosen::Existing(known(ours))
            }
            Match::Foreign(foreign) => {
                changes.push(Change::Foreign {
                    operating_system: baseline.operating_system,
                    baseline: known(foreign),
                    why: why_foreign(baseline, foreign),
                    tags_only: has_our_tags(baseline, foreign),
                });
                continue;
            }
            Match::Nothing => {
                let baselines =
                    made + observed.baselines.iter().filter(|other| !other.is_predefined(&observed.account_id)).count();
                if baselines >= MAX_BASELINES {
                    changes.push(Change::QuotaReached {
                        operating_system: baseline.operating_system,
                        name: baseline.name.clone(),
                        baselines,
                    });
                    continue;
                }
                made += 1;
                changes.push(Change::Create { baseline: Box::new(baseline.shown()) });
                Chosen::Created(baseline.name.clone())
            }
        };
        changes.extend(baseline.places().filter_map(|place| register(baseline, place, &chosen, observed)));
    }
    changes
}

/// A frozen baseline approves what the first stage was judged on. A run that scans nothing does not know that day.
fn left_for_an_install_run(baseline: &Baseline, observed: &Observed) -> Change {
    let name = &baseline.name;
    let there = KnownBaseline::new(name, name);
    Change::Left {
        baseline: ours(baseline, observed).map_or(there, known),
        reason: Reason::new(
            ReasonCode::BaselineFrozen,
            format!(
                "the baseline {name} is frozen to a scan of the first stage, which only an install run makes; it stays"
            ),
        ),
    }
}

enum Match<'o> {
    Ours(&'o ObservedBaseline),
    Foreign(&'o ObservedBaseline),
    Nothing,
}

/// Finds the baseline of orgpatch among those with the same name, because names are not unique in the API.
fn match_observed<'o>(baseline: &Baseline, observed: &'o Observed) -> Match<'o> {
    let foreign =
        || observed.baselines.iter().filter(|other| other.name == baseline.name).min_by_key(|other| &other.id);
    let ours = ours(baseline, observed);
    ours.map(Match::Ours).or_else(|| foreign().map(Match::Foreign)).unwrap_or(Match::Nothing)
}

/// Returns this baseline of orgpatch, if the account has it. If there are several, the one in use wins.
pub(super) fn ours<'o>(baseline: &Baseline, observed: &'o Observed) -> Option<&'o ObservedBaseline> {
    let in_use = |id: &str| {
        let mut places = baseline.places().filter_map(|place| current(baseline, place, observed));
        places.any(|current| same_id(current, id))
    };
    let os = baseline.operating_system.name();
    observed
        .baselines
        .iter()
        .filter(|other| other.name == baseline.name && other.operating_system == os && baseline.is_ours(other))
        .min_by_key(|other| (!in_use(&other.id), &other.id))
}

/// Returns the id of the baseline that is now registered in a place where this one should be.
fn current<'o>(baseline: &Baseline, place: Option<&str>, observed: &'o Observed) -> Option<&'o str> {
    match place {
        None => observed.defaults.get(&baseline.operating_system).map(String::as_str),
        Some(group) => observed.of_group(baseline.operating_system, group),
    }
}

fn why_foreign(baseline: &Baseline, foreign: &ObservedBaseline) -> String {
    let tag = |key: &str| foreign.tags.get(key);
    if foreign.operating_system != baseline.operating_system.name() {
        return format!("it is for {}", foreign.operating_system);
    }
    if has_our_tags(baseline, foreign) {
        return "its id is not in the record of what orgpatch created here: only its tags say that it is orgpatch's"
            .to_owned();
    }
    match (tag(PLAN_TAG), tag(STAGE_TAG)) {
        (Some(plan), Some(stage)) => format!("it belongs to the plan {plan}, stage {stage}"),
        _ => "it does not have the tags of orgpatch".to_owned(),
    }
}

fn has_our_tags(baseline: &Baseline, other: &ObservedBaseline) -> bool {
    other.operating_system == baseline.operating_system.name() && baseline.has_tags_of(&other.tags)
}

fn update(baseline: &Baseline, ours: &ObservedBaseline) -> Option<Change> {
    let fields = match &ours.definition {
        Some(definition) => {
            let mut fields = differing(&baseline.definition, definition, baseline.operating_system);
            if available_differ(baseline, ours, definition) {
                fields.push(Field::AvailableSecurityUpdates);
            }
            fields
        }
        // The definition was not read, so the hash in the tag decides.
        None if ours.tags.get(HASH_TAG) == baseline.tags.get(HASH_TAG) => Vec::new(),
        None => Field::ALL.to_vec(),
    };
    (!fields.is_empty()).then(|| Change::Update { id: ours.id.clone(), fields, baseline: Box::new(baseline.shown()) })
}

/// Returns true if a baseline of a frozen step differs from the plan in nothing but the day to which it is frozen, and the account
/// has that of an earlier run. All frozen rules of a run have one day.
pub(super) fn is_of_earlier_day(baseline: &Baseline, ours: &ObservedBaseline) -> bool {
    let Some(observed) = &ours.definition else { return false };
    let os = baseline.operating_system;
    let apart = |definition: &Definition| {
        let mut undated = definition.canonical(os);
        let mut rules: Vec<(PatchRule, Option<Date>)> = std::mem::take(&mut undated.approval_rules)
            .into_iter()
            .map(|rule| {
                let day = rule.approve_until_date;
                (PatchRule { approve_until_date: None, ..rule }, day)
            })
            .collect();
        rules.sort();
        (undated, rules)
    };
    let ((wanted, wanted_rules), (found, found_rules)) = (apart(&baseline.definition), apart(observed));
    let is_same_but_for_days = differing(&wanted, &found, os).is_empty()
        && !available_differ(baseline, ours, observed)
        && wanted_rules.iter().map(|(rule, _)| rule).eq(found_rules.iter().map(|(rule, _)| rule));
    let days = found_rules.iter().zip(&wanted_rules).map(|((_, found), (_, wanted))| (*found, *wanted));
    let moved: BTreeSet<(Option<Date>, Option<Date>)> = days.filter(|(found, wanted)| found != wanted).collect();
    is_same_but_for_days
        && moved.len() == 1
        && moved.iter().all(|(found, wanted)| found.zip(*wanted).is_some_and(|(found, wanted)| found < wanted))
}

fn differing(desired: &Definition, observed: &Definition, os: OperatingSystem) -> Vec<Field> {
    let (a, b) = (desired.canonical(os), observed.canonical(os));
    Field::ALL
        .into_iter()
        .filter(|field| match field {
            Field::Description => a.description != b.description,
            Field::GlobalFilters => a.global_filters != b.global_filters,
            Field::ApprovalRules => a.approval_rules != b.approval_rules,
            Field::ApprovedPatches => a.approved_patches != b.approved_patches,
            Field::ApprovedPatchesComplianceLevel => {
                a.approved_patches_compliance_level != b.approved_patches_compliance_level
            }
            Field::ApprovedPatchesEnableNonSecurity => {
                a.approved_patches_enable_non_security != b.approved_patches_enable_non_security
            }
            Field::RejectedPatches => a.rejected_patches != b.rejected_patches,
            Field::RejectedPatchesAction => a.rejected_patches_action != b.rejected_patches_action,
            // A missing value has a meaning of its own: see `available_differ`.
            Field::AvailableSecurityUpdates => false,
            Field::Sources => a.sources != b.sources,
        })
        .collect()
}

/// Returns true if security updates that are not approved do not count as the plan says. An answer without the field says nothing,
/// as in a Region that does not have it yet: then the hash in the tag tells whether the plan's value was ever sent.
fn available_differ(baseline: &Baseline, ours: &ObservedBaseline, observed: &Definition) -> bool {
    let wanted = baseline.definition.available_security_updates.unwrap_or_default();
    match observed.available_security_updates {
        Some(found) => found != wanted,
        None => wanted == ComplianceStatus::NonCompliant && ours.tags.get(HASH_TAG) != baseline.tags.get(HASH_TAG),
    }
}

fn tag(baseline: &Baseline, ours: &ObservedBaseline) -> Option<Change> {
    let differs = |(key, value): &(&String, &String)| ours.tags.get(*key) != Some(*value);
    let tags: std::collections::BTreeMap<String, String> =
        baseline.tags.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
    (!tags.is_empty()).then(|| Change::Tag {
        operating_system: Some(baseline.operating_system),
        baseline: known(ours),
        tags,
    })
}

fn register(baseline: &Baseline, place: Option<&str>, chosen: &Chosen, observed: &Observed) -> Option<Change> {
    let current = current(baseline, place, observed);
    if let (Some(current), Chosen::Existing(ours)) = (current, chosen)
        && same_id(current, &ours.id)
    {
        return None;
    }
    let previous =
        current.map(|id| KnownBaseline { plan: other_plan(baseline, observed, id), ..look_up(observed, id) });
    let (operating_system, chosen) = (baseline.operating_system, chosen.clone());
    Some(match place {
        None => Change::RegisterDefault { operating_system, baseline: chosen, previous },
        Some(group) => {
            Change::RegisterForPatchGroup { operating_system, group: group.to_owned(), baseline: chosen, previous }
        }
    })
}

/// Returns the plan of the baseline of that id, if it is one of orgpatch and not the plan of `baseline`.
fn other_plan(baseline: &Baseline, observed: &Observed, id: &str) -> Option<String> {
    let plan = observed.baseline(id).filter(|found| found.is_of_orgpatch())?.tags.get(PLAN_TAG)?;
    (baseline.tags.get(PLAN_TAG) != Some(plan)).then(|| plan.clone())
}

fn known(baseline: &ObservedBaseline) -> KnownBaseline {
    KnownBaseline::new(&baseline.id, &baseline.name)
}

/// Returns the baseline of that id with its name, if the list has it.
pub(super) fn look_up(observed: &Observed, id: &str) -> KnownBaseline {
    let name = observed.baseline(id).map_or(id, |baseline| &baseline.name);
    KnownBaseline::new(id, name)
}
