//! What baselines, selections and approvals must have to do with each other.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{Found, Reader};
use super::super::promotion::Untested;
use super::super::yaml::Place;
use super::read::{APPROVE_FIRST_VALID, APPROVE_VALID};
use super::{Approve, PlannedBaseline, has_approval_dates};

/// The baselines that were read in one place.
#[derive(Default)]
pub(crate) struct Baselines {
    pub entries: BTreeMap<OperatingSystem, Entry>,
    /// Where the field stands; None if it is absent.
    pub place: Option<Place>,
    pub path: String,
}

/// One of them.
pub(crate) struct Entry {
    pub baseline: PlannedBaseline,
    /// Where its operating system is named.
    pub place: Place,
    /// Where its rules say that they are frozen.
    pub frozen: Vec<(String, Place)>,
}

impl Baselines {
    /// The values alone.
    pub fn values(&self) -> BTreeMap<OperatingSystem, PlannedBaseline> {
        self.entries.iter().map(|(os, entry)| (*os, entry.baseline.clone())).collect()
    }
}

/// What a plan or a stage says itself.
#[derive(Default)]
pub(crate) struct Own {
    pub baselines: Baselines,
    /// The operating systems that it selects, and where that is said; None: it does not say.
    pub operating_systems: Option<Found<Vec<OperatingSystem>>>,
    /// Of a stage; a plan has no such field.
    pub approve: Option<Found<Approve>>,
    /// Of a stage; a plan has no such field.
    pub untested: Option<Found<Untested>>,
}

/// What a stage has from the plan.
#[derive(Default)]
pub(crate) struct Inherited {
    pub own: Own,
    /// False if it has mistakes, so that nothing can be concluded from it.
    pub sound: bool,
}

/// What was said already and would be the same for every stage.
#[derive(Default)]
pub(crate) struct Said {
    without_baseline: bool,
}

/// A stage, as far as baselines are concerned.
struct Stage<'s> {
    label: &'s str,
    place: (&'s str, Place),
    own: &'s Own,
    inherited: &'s Inherited,
    /// Those that hold for the stage: an entry of its own replaces the plan's.
    effective: BTreeMap<OperatingSystem, &'s Entry>,
}

/// Checks what the first stage says about a stage before it, which it does not have.
pub(crate) fn check_first(reader: &mut Reader, label: &str, own: &Own) {
    if let Some(approve) = own.approve.as_ref().filter(|approve| approve.value == Approve::Frozen) {
        let problem = format!("{label} is the first stage, so there is nothing before it that it could be frozen to");
        reader.refuse(&approve.path, approve.place, problem, APPROVE_FIRST_VALID);
    }
    if let Some(untested) = &own.untested {
        let problem = format!("{label} is the first stage, so there is nothing before it to compare it with");
        let valid = "no such field: what the first stage installs is the tested set";
        reader.refuse(&untested.path, untested.place, problem, valid);
    }
}

/// Checks a stage whose own parts are without mistakes. `nth` is its place in the plan from 0, `place` the stage itself.
pub(crate) fn check(
    reader: &mut Reader,
    said: &mut Said,
    (nth, label): (usize, &str),
    place: (&str, Place),
    own: &Own,
    inherited: &Inherited,
) {
    let mut effective: BTreeMap<_, _> =
        inherited.own.baselines.entries.iter().map(|(os, entry)| (*os, entry)).collect();
    effective.extend(own.baselines.entries.iter().map(|(os, entry)| (*os, entry)));
    let stage = Stage { label, place, own, inherited, effective };
    stage.refuse_what_is_not_selected(reader);
    stage.require_baselines(reader, said);
    match &own.approve {
        None => stage.require_approve(reader, nth == 0),
        Some(approve) => stage.refuse_idle_approve(reader, approve),
    }
    if nth == 0 {
        stage.refuse_frozen_rules(reader);
    } else if let Some(block) = own.untested.as_ref().filter(|untested| untested.value == Untested::Block) {
        stage.refuse_block_without_baselines(reader, block);
    }
}

impl Stage<'_> {
    /// Where the selection of operating systems is written that holds for the stage.
    fn selection(&self) -> Option<&Found<Vec<OperatingSystem>>> {
        self.own.operating_systems.as_ref().or(self.inherited.own.operating_systems.as_ref())
    }

    fn selected(&self) -> &[OperatingSystem] {
        self.selection().map_or(&OperatingSystem::ALL, |found| &found.value)
    }

    fn refuse_what_is_not_selected(&self, reader: &mut Reader) {
        for (os, entry) in &self.own.baselines.entries {
            if !self.selected().contains(os) {
                reader.refuse(
                    &format!("{}.{os}", self.own.baselines.path),
                    entry.place,
                    format!("the stage {} does not select {os}, so its baseline would do nothing", self.label),
                    format!("a baseline for what the stage selects: {}", OperatingSystem::list(self.selected())),
                );
            }
        }
    }

    /// Half of the instances by the plan's baselines and half by whatever their account has: nobody means that.
    fn require_baselines(&self, reader: &mut Reader, said: &mut Said) {
        let without: Vec<OperatingSystem> =
            self.selected().iter().copied().filter(|os| !self.effective.contains_key(os)).collect();
        let Some((first, entry)) = self.effective.first_key_value() else {
            return;
        };
        if without.is_empty() {
            return;
        }
        let of_the_plan = self.own.operating_systems.is_none() && self.own.baselines.entries.is_empty();
        if of_the_plan && std::mem::replace(&mut said.without_baseline, true) {
            return;
        }
        let who = if of_the_plan { "the plan".to_owned() } else { format!("the stage {}", self.label) };
        let plans = &self.inherited.own.baselines;
        let place = plans.place.filter(|_| of_the_plan).map_or(self.place, |place| (plans.path.as_str(), place));
        let with: Vec<OperatingSystem> = self.effective.keys().copied().collect();
        let (path, place, problem) = match self.selection() {
            Some(selection) => (
                selection.path.as_str(),
                selection.place,
                format!(
                    "{who} selects {}, for which there is no baseline, although {first} has one",
                    OperatingSystem::list(&without)
                ),
            ),
            None => (
                place.0,
                place.1,
                format!(
                    "{who} selects every operating system, but there are baselines for {} only",
                    OperatingSystem::list(&with)
                ),
            ),
        };
        let kept: Vec<OperatingSystem> = with.into_iter().filter(|os| self.selected().contains(os)).collect();
        let mut valid = format!("baselines for {}", OperatingSystem::list(&without));
        if !kept.is_empty() {
            valid = format!("select: {{operatingSystems: [{}]}}, or {valid}", OperatingSystem::list(&kept));
        }
        reader.refuse_with((path, place), problem, valid, (entry.place, "this one has a baseline"));
    }

    /// Baselines of this stage whose rules can say when a patch is approved.
    fn with_dates(&self) -> impl Iterator<Item = (OperatingSystem, &Entry)> {
        self.effective
            .iter()
            .filter(|(os, _)| has_approval_dates(**os) && self.selected().contains(os))
            .map(|(os, entry)| (*os, *entry))
    }

    /// The baselines of the first stage must not wait for it.
    fn refuse_frozen_rules(&self, reader: &mut Reader) {
        for (os, entry) in self.with_dates() {
            for (path, place) in &entry.frozen {
                reader.refuse_with(
                    (path, *place),
                    format!(
                        "{} is the first stage and has this rule of {os}: there is nothing before it that it could be \
                         frozen to",
                        self.label
                    ),
                    format!(
                        "approve: {APPROVE_FIRST_VALID}, or no such field; later stages are frozen by their own \
                         approve, or by rules in baselines of their own"
                    ),
                    (self.place.1, "the first stage is here"),
                );
            }
        }
    }

    /// What is held back goes on the rejected list of a baseline, and the accounts' own are never touched.
    fn refuse_block_without_baselines(&self, reader: &mut Reader, block: &Found<Untested>) {
        // If others have a baseline, that these have none is said already.
        if !self.effective.is_empty() {
            return;
        }
        let valid = "allow, warn; or baselines, in the plan or in the stage";
        reader.refuse(
            &block.path,
            block.place,
            format!("the stage {} has no baseline of the plan that could hold patches back", self.label),
            valid,
        );
    }

    fn require_approve(&self, reader: &mut Reader, first: bool) {
        let undated = |entry: &Entry| entry.baseline.rules.iter().any(|rule| rule.approve.is_none());
        let Some((os, entry)) = self.with_dates().find(|(_, entry)| undated(entry)) else {
            return;
        };
        reader.refuse_with(
            self.place,
            format!("the stage {} does not say when patches are approved, which the rules of {os} need", self.label),
            format!(
                "approve: {}, in the stage or in each rule",
                if first { APPROVE_FIRST_VALID } else { APPROVE_VALID }
            ),
            (entry.place, "its rules are here"),
        );
    }

    fn refuse_idle_approve(&self, reader: &mut Reader, approve: &Found<Approve>) {
        if self.with_dates().next().is_some() {
            return;
        }
        let at = (approve.path.as_str(), approve.place);
        match self.effective.iter().find(|(os, _)| self.selected().contains(os)) {
            // What is selected has no baseline, which is said already.
            None if !self.effective.is_empty() => {}
            None if approve.value == Approve::Frozen => reader.refuse(
                at.0,
                at.1,
                "there are no baselines, so nothing could be frozen",
                "baselines with rules, in the plan or in the stage; or untested: allow or warn instead, which compares \
                 what is missing with the tested set, whatever baselines the accounts have",
            ),
            None => reader.refuse(
                at.0,
                at.1,
                "there are no baselines, so nothing would be approved by it",
                "baselines with rules, in the plan or in the stage; or no such field, for the baselines that the accounts have",
            ),
            // Without dates the tested set alone decides.
            Some(_) if approve.value == Approve::Frozen => {}
            Some((os, entry)) => reader.refuse_with(
                at,
                format!("{os} has no approval dates, and the stage {} has baselines for nothing that has", self.label),
                "no such field: what the filters match is approved at once; or {frozen: true}, which compares with the \
                 tested set",
                (entry.place, "the baseline is here"),
            ),
        }
    }
}
