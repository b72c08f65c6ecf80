//! Promotion of what was tested: which stages are frozen to the first one, and what becomes of what it did not test.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baselines::{Approve, PlannedBaseline};
use super::model::{Plan, Stage};
use crate::os::OperatingSystem;

/// What becomes of a patch that is missing in a stage and that the first stage did not install in the same run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Untested {
    /// It is installed, and the report counts it.
    Allow,
    /// It is installed, and each one is named.
    Warn,
    /// It is held back: it goes on the rejected list of the stage's baseline. An instance for whose patches the list
    /// has no room is skipped.
    Block,
}

impl Untested {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Warn, Self::Block];

    /// The name in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }

    /// The value of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|untested| untested.name() == name)
    }
}

impl Plan {
    /// The baselines that hold for a stage, in the order of [`OperatingSystem::ALL`]: of the operating systems that it
    /// selects, its own before the plan's.
    pub fn baselines_of<'p>(
        &'p self,
        stage: &'p Stage,
    ) -> impl Iterator<Item = (OperatingSystem, &'p PlannedBaseline)> {
        let of_stage = stage.select.as_ref().map(|select| &select.operating_systems);
        let selected = of_stage.filter(|systems| !systems.is_empty()).unwrap_or(&self.select.operating_systems);
        OperatingSystem::ALL
            .into_iter()
            .filter(|os| selected.is_empty() || selected.contains(os))
            .filter_map(|os| Some((os, stage.baselines.get(&os).or_else(|| self.baselines.get(&os))?)))
    }

    /// Whether what a stage may install depends on when the first stage was scanned in the same run: its `approve` is
    /// frozen, or that of a rule of its baselines.
    #[must_use]
    pub fn is_frozen(&self, stage: &Stage) -> bool {
        let frozen = Some(Approve::Frozen);
        let mut rules = self.baselines_of(stage).flat_map(|(_, baseline)| &baseline.rules);
        stage.approve == frozen || rules.any(|rule| rule.approve == frozen)
    }

    /// What becomes of untested patches in a stage: what it says; else [`Untested::Warn`] if it is frozen. None: what is
    /// missing there is not compared with the tested set, and the stage does not need the first one in its run.
    #[must_use]
    pub fn untested(&self, stage: &Stage) -> Option<Untested> {
        stage.untested.or_else(|| self.is_frozen(stage).then_some(Untested::Warn))
    }
}
