//! What a scan that changes nothing says about the baselines that it found, and about an instance that another one judged.

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use serde::{Deserialize, Serialize};

use super::difference::{look_up, ours};
use super::{Baseline, Change, KnownBaseline, Observed, same_id};

/// The plan's baseline for an operating system, and what a target had of it before its scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedBaseline {
    /// Operating system.
    pub operating_system: OperatingSystem,
    /// Name of the plan's baseline.
    pub name: String,
    /// Its id. None: the account does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// True if it approves what the plan says. False also if the account does not have it.
    pub is_as_planned: bool,
    /// The default baseline of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<KnownBaseline>,
}

impl ComparedBaseline {
    /// Returns what was found of a baseline. `changes` are the difference between the plan and what was observed.
    #[must_use]
    pub fn of(baseline: &Baseline, observed: &Observed, changes: &[Change]) -> Self {
        let os = baseline.operating_system;
        let is_of_it = |change: &&Change| change.operating_system() == Some(os);
        let has_changed = changes.iter().filter(is_of_it).any(|change| matches!(change, Change::Update { .. }));
        let ours = ours(baseline, observed);
        Self {
            operating_system: os,
            name: baseline.name.clone(),
            id: ours.map(|ours| ours.id.clone()),
            is_as_planned: ours.is_some() && !has_changed,
            default: observed.defaults.get(&os).map(|id| look_up(observed, id)),
        }
    }
}

/// Returns why a result says little about the plan: another baseline than the plan's judged the instance, or the plan's as it
/// no longer is in the plan. None: the plan's baseline judged it, or the plan has none for its operating system.
#[must_use]
pub fn judged_by(compared: &[ComparedBaseline], os: OperatingSystem, baseline_id: &str) -> Option<Reason> {
    let plan = compared.iter().find(|one| one.operating_system == os)?;
    let name = &plan.name;
    if plan.id.as_ref().is_some_and(|id| same_id(id, baseline_id)) {
        let text = format!("the baseline {name} judged it as the account has it, which differs from the plan");
        return (!plan.is_as_planned).then(|| Reason::new(ReasonCode::OutdatedBaseline, text));
    }
    let default = plan.default.as_ref().filter(|default| same_id(&default.id, baseline_id));
    let by = default.map_or_else(|| baseline_id.to_owned(), ToString::to_string);
    let text = match plan.id {
        Some(_) => format!("it was judged by {by} and not by the plan's baseline {name}"),
        None => format!("it was judged by {by}; the account does not have the plan's baseline {name}"),
    };
    Some(Reason::new(ReasonCode::AnotherBaseline, text))
}
