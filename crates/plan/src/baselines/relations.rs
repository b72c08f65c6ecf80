//! Checks baselines, selections and approvals against each other.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{Decoder, Located};
use super::super::promotion::Untested;
use super::super::yaml::Location;
use super::read::{APPROVE_FIRST_VALID, APPROVE_VALID};
use super::{Approve, PlannedBaseline, has_approval_dates};

/// The baselines of a plan, or of one stage.
#[derive(Default)]
pub(crate) struct Baselines {
    pub entries: BTreeMap<OperatingSystem, Entry>,
    /// Location of the field; None if it is absent.
    pub place: Option<Location>,
    pub path: String,
}

/// One baseline.
pub(crate) struct Entry {
    pub baseline: PlannedBaseline,
    /// Location of its operating system.
    pub place: Location,
    /// Locations of its frozen rules.
    pub frozen: Vec<(String, Location)>,
}

impl Baselines {
    /// Returns the baselines without their locations.
    pub fn values(&self) -> BTreeMap<OperatingSystem, PlannedBaseline> {
        self.entries.iter().map(|(os, entry)| (*os, entry.baseline.clone())).collect()
    }
}

/// The fields of a plan, or of one stage, that relate to baselines.
#[derive(Default)]
pub(crate) struct Own {
    pub baselines: Baselines,
    /// The operating systems that it selects. None: it does not select any itself.
    pub operating_systems: Option<Located<Vec<OperatingSystem>>>,
    /// Of a stage; a plan has no such field.
    pub approve: Option<Located<Approve>>,
    /// Of a stage; a plan has no such field.
    pub untested: Option<Located<Untested>>,
}

/// The fields that a stage inherits from the plan.
#[derive(Default)]
pub(crate) struct Inherited {
    pub own: Own,
    /// False if they have mistakes, so that no relations can be checked.
    pub sound: bool,
}

/// Mistakes that were reported already and would be the same for every stage.
#[derive(Default)]
pub(crate) struct AlreadyReported {
    without_baseline: bool,
}

/// A stage whose baselines are checked.
struct StageCheck<'s> {
    label: &'s str,
    place: (&'s str, Location),
    own: &'s Own,
    inherited: &'s Inherited,
    /// The baselines of the stage. An entry of its own replaces the plan's.
    effective: BTreeMap<OperatingSystem, &'s Entry>,
}

/// Checks that the first stage has no field that refers to a stage before it.
pub(crate) fn check_first(decoder: &mut Decoder, label: &str, own: &Own) {
    if let Some(approve) = own.approve.as_ref().filter(|approve| approve.value == Approve::Frozen) {
        let problem = format!("{label} is the first stage, so there is no stage before it to which it could be frozen");
        decoder.refuse(&approve.path, approve.place, problem, APPROVE_FIRST_VALID);
    }
    if let Some(untested) = &own.untested {
        let problem = format!("{label} is the first stage, so there is no stage before it to compare it with");
        let valid = "no such field: what the first stage installs is the tested set";
        decoder.refuse(&untested.path, untested.place, problem, valid);
    }
}

/// Checks a stage whose own parts have no mistakes. `nth` is its index in the plan, `place` its path and location.
pub(crate) fn check(
    decoder: &mut Decoder,
    reported: &mut AlreadyReported,
    (nth, label): (usize, &str),
    place: (&str, Location),
    own: &Own,
    inherited: &Inherited,
) {
    let mut effective: BTreeMap<_, _> =
        inherited.own.baselines.entries.iter().map(|(os, entry)| (*os, entry)).collect();
    effective.extend(own.baselines.entries.iter().map(|(os, entry)| (*os, entry)));
    let stage = StageCheck { label, place, own, inherited, effective };
    stage.refuse_what_is_not_selected(decoder);
    stage.require_baselines(decoder, reported);
    match &own.approve {
        None => stage.require_approve(decoder, nth == 0),
        Some(approve) => stage.refuse_idle_approve(decoder, approve),
    }
    if nth == 0 {
        stage.refuse_frozen_rules(decoder);
    } else if let Some(block) = own.untested.as_ref().filter(|untested| untested.value == Untested::Block) {
        stage.refuse_block_without_baselines(decoder, block);
    }
}

impl StageCheck<'_> {
    /// Returns the selection of operating systems that applies to the stage: its own or the plan's.
    fn selection(&self) -> Option<&Located<Vec<OperatingSystem>>> {
        self.own.operating_systems.as_ref().or(self.inherited.own.operating_systems.as_ref())
    }

    fn selected(&self) -> &[OperatingSystem] {
        self.selection().map_or(&OperatingSystem::ALL, |found| &found.value)
    }

    fn refuse_what_is_not_selected(&self, decoder: &mut Decoder) {
        for (os, entry) in &self.own.baselines.entries {
            if !self.selected().contains(os) {
                decoder.refuse(
                    &format!("{}.{os}", self.own.baselines.path),
                    entry.place,
                    format!("the stage {} does not select {os}, so its baseline would do nothing", self.label),
                    format!("a baseline for what the stage selects: {}", OperatingSystem::list(self.selected())),
                );
            }
        }
    }

    /// Requires a baseline for every selected operating system, if there is one for any. A mix of the plan's baselines and
    /// the accounts' own is not intended.
    fn require_baselines(&self, decoder: &mut Decoder, reported: &mut AlreadyReported) {
        let without: Vec<OperatingSystem> =
            self.selected().iter().copied().filter(|os| !self.effective.contains_key(os)).collect();
        let Some((first, entry)) = self.effective.first_key_value() else {
            return;
        };
        if without.is_empty() {
            return;
        }
        let of_the_plan = self.own.operating_systems.is_none() && self.own.baselines.entries.is_empty();
        if of_the_plan && std::mem::replace(&mut reported.without_baseline, true) {
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
        decoder.refuse_with((path, place), problem, valid, (entry.place, "this one has a baseline"));
    }

    /// Returns the baselines of this stage whose rules can say when a patch is approved.
    fn with_dates(&self) -> impl Iterator<Item = (OperatingSystem, &Entry)> {
        self.effective
            .iter()
            .filter(|(os, _)| has_approval_dates(**os) && self.selected().contains(os))
            .map(|(os, entry)| (*os, *entry))
    }

    /// Refuses frozen rules in the first stage, which has no stage before it.
    fn refuse_frozen_rules(&self, decoder: &mut Decoder) {
        for (os, entry) in self.with_dates() {
            for (path, place) in &entry.frozen {
                decoder.refuse_with(
                    (path, *place),
                    format!(
                        "{} is the first stage and has this rule of {os}: there is no stage before it to which it could be \
                         frozen",
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

    /// Refuses `untested: block` without a baseline of the plan: patches are held back by a baseline's list of rejected
    /// patches, and orgpatch never changes the accounts' own baselines.
    fn refuse_block_without_baselines(&self, decoder: &mut Decoder, block: &Located<Untested>) {
        // If another operating system has a baseline, `require_baselines` has reported the missing ones.
        if !self.effective.is_empty() {
            return;
        }
        let valid = "allow, warn; or baselines, in the plan or in the stage";
        decoder.refuse(
            &block.path,
            block.place,
            format!("the stage {} has no baseline of the plan, and only those can hold patches back", self.label),
            valid,
        );
    }

    fn require_approve(&self, decoder: &mut Decoder, first: bool) {
        let undated = |entry: &Entry| entry.baseline.rules.iter().any(|rule| rule.approve.is_none());
        let Some((os, entry)) = self.with_dates().find(|(_, entry)| undated(entry)) else {
            return;
        };
        decoder.refuse_with(
            self.place,
            format!("the stage {} does not say when patches are approved, which the rules of {os} need", self.label),
            format!(
                "approve: {}, in the stage or in each rule",
                if first { APPROVE_FIRST_VALID } else { APPROVE_VALID }
            ),
            (entry.place, "its rules are here"),
        );
    }

    fn refuse_idle_approve(&self, decoder: &mut Decoder, approve: &Located<Approve>) {
        if self.with_dates().next().is_some() {
            return;
        }
        let at = (approve.path.as_str(), approve.place);
        match self.effective.iter().find(|(os, _)| self.selected().contains(os)) {
            // No selected operating system has a baseline, which is reported already.
            None if !self.effective.is_empty() => {}
            None if approve.value == Approve::Frozen => decoder.refuse(
                at.0,
                at.1,
                "there are no baselines, so nothing could be frozen",
                "baselines with rules, in the plan or in the stage; or untested: allow or warn instead, which compares \
                 what is missing with the tested set, whatever baselines the accounts have",
            ),
            None => decoder.refuse(
                at.0,
                at.1,
                "there are no baselines, so nothing would be approved by it",
                "baselines with rules, in the plan or in the stage; or no such field, for the baselines that the accounts have",
            ),
            // Without approval dates, only the tested set decides.
            Some(_) if approve.value == Approve::Frozen => {}
            Some((os, entry)) => decoder.refuse_with(
                at,
                format!("{os} has no approval dates, and the stage {} has baselines only for such systems", self.label),
                "no such field: what the filters match is approved at once; or {frozen: true}, which compares with the \
                 tested set",
                (entry.place, "the baseline is here"),
            ),
        }
    }
}
