//! Promotion of tested patches: which stages are frozen to the first one, and what to do with patches that it did not test.

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baselines::{Approve, PlannedBaseline, PlannedRule, has_approval_dates};
use super::model::{Plan, Stage};

/// What to do with an untested patch: one that is missing in a stage, and that the plan's first stage has not installed,
/// neither in this run nor in an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Untested {
    /// It is installed; the report lists it.
    Allow,
    /// It is installed; the report lists it, and the notification mentions it.
    Warn,
    /// It is held back: it goes on the list of rejected patches of the stage's baseline, which takes 50 entries. An instance
    /// with more untested patches is skipped.
    Block,
}

impl Untested {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Warn, Self::Block];

    /// Returns the name in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }

    /// Returns the value of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|untested| untested.name() == name)
    }
}

impl Plan {
    /// Returns the baselines of a stage for the operating systems that it selects, in the order of [`OperatingSystem::ALL`].
    /// A baseline of the stage replaces the plan's.
    pub fn baselines_of<'p>(
        &'p self,
        stage: &'p Stage,
    ) -> impl Iterator<Item = (OperatingSystem, &'p PlannedBaseline)> {
        let selected = self.selected_by(stage);
        OperatingSystem::ALL
            .into_iter()
            .filter(|os| selected.is_empty() || selected.contains(os))
            .filter_map(|os| Some((os, stage.baselines.get(&os).or_else(|| self.baselines.get(&os))?)))
    }

    /// Returns true if the patches that a stage may install depend on when the first stage was scanned in the same run: its
    /// `approve` is frozen, or that of a rule of its baselines.
    #[must_use]
    pub fn is_frozen(&self, stage: &Stage) -> bool {
        let frozen = Some(Approve::Frozen);
        let mut rules = self.baselines_of(stage).flat_map(|(_, baseline)| &baseline.rules);
        stage.approve == frozen || rules.any(|rule| rule.approve == frozen)
    }

    /// Returns what to do with untested patches in a stage: its own setting, or else [`Untested::Warn`] if it is frozen.
    /// None: missing patches are not compared with the tested set, and the stage does not need the first one in its run.
    #[must_use]
    pub fn untested(&self, stage: &Stage) -> Option<Untested> {
        stage.untested.or_else(|| self.is_frozen(stage).then_some(Untested::Warn))
    }

    /// Returns cautions for people about a stage that is compared with the first one: settings that are allowed but are
    /// seldom intended.
    #[must_use]
    pub fn promotion_cautions(&self, stage: &Stage) -> Vec<Reason> {
        let (Some(first), Some(untested)) = (self.stages.first(), self.untested(stage)) else {
            return Vec::new();
        };
        let mut cautions = Vec::new();
        let (tested, selected) = (self.selected_by(first), self.selected_by(stage));
        let never: Vec<OperatingSystem> = OperatingSystem::ALL
            .into_iter()
            .filter(|os| !tested.is_empty() && !tested.contains(os))
            .filter(|os| selected.is_empty() || selected.contains(os))
            .collect();
        if !never.is_empty() {
            cautions.push(Reason::new(
                ReasonCode::NeverTested,
                format!(
                    "{}: not selected by stage {:?}, so patches for it are never tested",
                    OperatingSystem::list(&never),
                    first.name
                ),
            ));
        }
        let own: Vec<OperatingSystem> = self
            .baselines_of(stage)
            .filter(|(os, baseline)| has_approval_dates(*os) && baseline.rules.iter().any(has_own_date))
            .map(|(os, _)| os)
            .collect();
        if untested == Untested::Block && !own.is_empty() {
            cautions.push(Reason::new(
                ReasonCode::OwnDatesHeldBack,
                format!(
                    "{}: rules with an approve of their own can approve patches that stage {:?} has not installed; \
                     untested: block holds those back, too",
                    OperatingSystem::list(&own),
                    first.name
                ),
            ));
        }
        cautions
    }

    /// Returns the operating systems that a stage selects. Empty: all of them.
    pub(super) fn selected_by<'p>(&'p self, stage: &'p Stage) -> &'p [OperatingSystem] {
        let of_stage = stage.select.as_ref().map(|select| &select.operating_systems);
        of_stage.filter(|systems| !systems.is_empty()).unwrap_or(&self.select.operating_systems)
    }
}

fn has_own_date(rule: &PlannedRule) -> bool {
    matches!(rule.approve, Some(Approve::AfterDays(_) | Approve::Until(_)))
}
