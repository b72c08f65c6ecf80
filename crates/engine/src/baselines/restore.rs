//! Decides how to register again what was registered before orgpatch.

use std::collections::BTreeSet;

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};

use super::difference::look_up;
use super::{Change, Chosen, KnownBaseline, Observed, ObservedBaseline, PLAN_TAG, Previous, STAGE_TAG, same_id};

/// Returns the changes that make `recorded` hold again, and what is left alone, with the reasons.
///
/// It changes something only where a baseline of orgpatch is registered: a baseline that was registered since then stays.
/// A patch group without a baseline gets its previous one, because a function may have stopped halfway. Baselines of
/// orgpatch stay in the account, unused, and the next run finds them again.
#[must_use]
pub fn restore(recorded: &Previous, observed: &Observed) -> Vec<Change> {
    let mut changes = Vec::new();
    for (&operating_system, current) in &observed.defaults {
        let place = format!("the default for {operating_system}");
        let current = look_up(observed, current);
        let recorded = recorded.defaults.get(&operating_system).map_or(Before::Unknown, |id| Before::Baseline(id));
        match decide(observed, recorded, Some(&current), &place) {
            // A record never says that an operating system had no default.
            RestoreDecision::Done | RestoreDecision::Deregister(_) => {}
            RestoreDecision::Leave(baseline, reason) => changes.push(Change::Left { baseline, reason }),
            RestoreDecision::Register(baseline) => changes.push(Change::RegisterDefault {
                operating_system,
                baseline: Chosen::Existing(baseline),
                previous: Some(current),
            }),
        }
    }
    for (group, operating_system) in groups(recorded, observed) {
        let place = format!("the baseline of patch group {group:?} for {operating_system}");
        let current = observed.of_group(operating_system, group).map(|id| look_up(observed, id));
        let recorded = recorded
            .of_group(operating_system, group)
            .map_or(Before::Unknown, |known| known.baseline_id.as_deref().map_or(Before::Nothing, Before::Baseline));
        let group = group.to_owned();
        match decide(observed, recorded, current.as_ref(), &place) {
            RestoreDecision::Done => {}
            RestoreDecision::Leave(baseline, reason) => changes.push(Change::Left { baseline, reason }),
            RestoreDecision::Register(baseline) => changes.push(Change::RegisterForPatchGroup {
                operating_system,
                group,
                baseline: Chosen::Existing(baseline),
                previous: current,
            }),
            RestoreDecision::Deregister(previous) => {
                changes.push(Change::DeregisterPatchGroup { operating_system, group, previous });
            }
        }
    }
    let mut kept: Vec<_> = observed.baselines.iter().filter(|baseline| baseline.has_tags_of_orgpatch()).collect();
    kept.sort_by_key(|baseline| (&baseline.name, &baseline.id));
    changes.extend(kept.into_iter().map(|baseline| Change::Left {
        baseline: look_up(observed, &baseline.id),
        reason: if baseline.is_recorded {
            Reason::new(ReasonCode::BaselineKept, format!("the baseline {} stays in the account", baseline.name))
        } else {
            Reason::new(
                ReasonCode::BaselineTagsOnly,
                format!(
                    "the baseline {} has the tags of orgpatch, which has no record of having created it",
                    baseline.name
                ),
            )
        },
    }));
    changes
}

/// Returns the changes that give what plan `from` has registered to the baselines of plan `to`, and what is left alone, with the
/// reasons. What was registered before orgpatch stays recorded.
///
/// A plan has one baseline for an operating system in an account, so that it is known which one to register. Where an account has
/// been in two stages of the plan it has two, and only a run of that plan knows which one is right. Where stages share the account
/// and have patch groups, it is the one of the stage with the same name.
#[must_use]
pub fn hand_over(from: &str, to: &str, observed: &Observed) -> Vec<Change> {
    let of_plan = |id: &str, plan: &str| {
        let found = observed.baseline(id).filter(|baseline| baseline.is_of_orgpatch());
        found.is_some_and(|baseline| baseline.tags.get(PLAN_TAG).is_some_and(|tag| tag == plan))
    };
    let successor = |os: OperatingSystem, place: &str, current: &KnownBaseline, stage: Option<&String>| {
        let of_system = observed.baselines.iter().filter(|one| one.operating_system == os.name());
        let mut all: Vec<&ObservedBaseline> = of_system.filter(|one| of_plan(&one.id, to)).collect();
        if all.len() > 1 && all.iter().any(|one| stage.is_some() && one.tags.get(STAGE_TAG) == stage) {
            all.retain(|one| one.tags.get(STAGE_TAG) == stage);
        }
        let mut found = all.into_iter();
        let leave = |code, why: String| Reason::new(code, format!("{} stays {place}: {why}", current.name));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(KnownBaseline::new(&one.id, &one.name)),
            (None, _) => Err(leave(ReasonCode::BaselineGone, format!("the plan {to} has no baseline for it here"))),
            (Some(_), Some(_)) => {
                let why = format!("the plan {to} has two baselines for it here; its next run registers the right one");
                Err(leave(ReasonCode::BaselineNotRecorded, why))
            }
        }
    };
    let mut changes = Vec::new();
    for (&operating_system, id) in observed.defaults.iter().filter(|(_, id)| of_plan(id, from)) {
        let current = look_up(observed, id);
        let place = format!("the default for {operating_system}");
        changes.push(successor(operating_system, &place, &current, None).map_or_else(
            |reason| Change::Left { baseline: current.clone(), reason },
            |baseline| Change::RegisterDefault {
                operating_system,
                baseline: Chosen::Existing(baseline),
                previous: Some(current.clone()),
            },
        ));
    }
    for entry in observed.patch_groups.iter().filter(|entry| of_plan(&entry.baseline_id, from)) {
        let (operating_system, group) = (entry.operating_system, entry.group.clone());
        let current = look_up(observed, &entry.baseline_id);
        let place = format!("the baseline of patch group {group:?} for {operating_system}");
        let stage = observed.baseline(&entry.baseline_id).and_then(|baseline| baseline.tags.get(STAGE_TAG));
        changes.push(successor(operating_system, &place, &current, stage).map_or_else(
            |reason| Change::Left { baseline: current.clone(), reason },
            |baseline| Change::RegisterForPatchGroup {
                operating_system,
                group,
                baseline: Chosen::Existing(baseline),
                previous: Some(current.clone()),
            },
        ));
    }
    changes
}

/// Returns every patch group that is recorded or exists.
fn groups<'a>(recorded: &'a Previous, observed: &'a Observed) -> BTreeSet<(&'a str, OperatingSystem)> {
    let there = observed.patch_groups.iter().map(|entry| (entry.group.as_str(), entry.operating_system));
    there.chain(recorded.patch_groups.iter().map(|known| (known.group.as_str(), known.operating_system))).collect()
}

enum RestoreDecision {
    Done,
    Register(KnownBaseline),
    Deregister(KnownBaseline),
    Leave(KnownBaseline, Reason),
}

/// What is recorded of a default or of a patch group.
#[derive(Clone, Copy)]
enum Before<'r> {
    Unknown,
    Nothing,
    Baseline(&'r str),
}

/// Decides about one default or patch group. The sentences name baselines without ids, so that they are the same in every
/// account.
fn decide(observed: &Observed, before: Before<'_>, current: Option<&KnownBaseline>, place: &str) -> RestoreDecision {
    // Baselines of AWS may be missing in the list, but they always exist.
    let is_gone = |id: &str| observed.baseline(id).is_none() && !id.starts_with("arn:");
    let Some(current) = current else {
        return match before {
            Before::Baseline(id) if !is_gone(id) => RestoreDecision::Register(look_up(observed, id)),
            _ => RestoreDecision::Done,
        };
    };
    let of_orgpatch = observed.baseline(&current.id).is_some_and(ObservedBaseline::is_of_orgpatch);
    let leave = |code: ReasonCode, text: String| RestoreDecision::Leave(current.clone(), Reason::new(code, text));
    let name = &current.name;
    match before {
        Before::Baseline(id) if same_id(id, &current.id) => RestoreDecision::Done,
        Before::Unknown if !of_orgpatch => RestoreDecision::Done,
        _ if !of_orgpatch => leave(
            ReasonCode::BaselineChangedSince,
            format!("{name} was made {place} since then, not by orgpatch; it stays"),
        ),
        Before::Unknown => {
            leave(ReasonCode::BaselineNotRecorded, format!("{name} stays {place}: no run recorded the previous one"))
        }
        Before::Nothing => RestoreDecision::Deregister(current.clone()),
        Before::Baseline(id) if is_gone(id) => {
            leave(ReasonCode::BaselineGone, format!("{name} stays {place}: the previous one, {id}, no longer exists"))
        }
        Before::Baseline(id) => RestoreDecision::Register(look_up(observed, id)),
    }
}
