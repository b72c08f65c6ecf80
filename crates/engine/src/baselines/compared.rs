//! The baselines that a target had when its scan began, and what they say about an instance that another one judged.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use serde::{Deserialize, Serialize};

use super::difference::{is_of_earlier_day, look_up, ours};
use super::{Baseline, Change, KnownBaseline, Observed, ObservedBaseline, same_id};

/// The baselines of a target after the changes of an install run: those by which its scans should judge. It is written behind
/// the changes, because only then the ids of new baselines are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedBaselines {
    /// The target.
    pub target: Target,
    /// When the record was made.
    pub at: Timestamp,
    /// One for each operating system for which the target has the plan's baseline.
    pub baselines: Vec<ComparedBaseline>,
    /// The operating systems for which it does not, with the reasons. Their instances are skipped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blocked: BTreeMap<OperatingSystem, Reason>,
}

impl AppliedBaselines {
    /// Returns what holds after those changes. `created` are the ids of the baselines that they created, by name; instances of
    /// the operating systems in `blocked` are not scanned.
    #[must_use]
    pub fn new(
        (target, at): (&Target, Timestamp),
        compared: &[ComparedBaseline],
        created: &HashMap<String, String>,
        blocked: BTreeMap<OperatingSystem, Reason>,
    ) -> Self {
        let baselines = compared
            .iter()
            .filter(|one| !blocked.contains_key(&one.operating_system))
            .map(|one| ComparedBaseline {
                id: created.get(&one.name).cloned().or_else(|| one.id.clone()),
                is_as_planned: true,
                is_of_earlier_day: false,
                ..one.clone()
            })
            .filter(|one| one.id.is_some())
            .collect();
        Self { target: target.clone(), at, baselines, blocked }
    }

    /// Returns the operating systems, of those for which the plan has a baseline, that the target does not have it for. A function
    /// that is called again must hold to that: results are compared with this record, which is written once.
    #[must_use]
    pub fn blocked_of(&self, wanted: impl IntoIterator<Item = OperatingSystem>) -> BTreeMap<OperatingSystem, Reason> {
        let mut blocked = self.blocked.clone();
        for os in wanted {
            if self.baselines.iter().all(|one| one.operating_system != os) {
                blocked.entry(os).or_insert_with(|| {
                    Reason::new(
                        ReasonCode::BaselineRefused,
                        format!("the baseline for {os} was not put in place when the run first looked at the target"),
                    )
                });
            }
        }
        blocked
    }

    /// Returns the baselines that hold in an install: those that withhold patches, and for other operating systems those of the
    /// scan. A baseline that was missing when patches were to be withheld is made anew, with another id.
    #[must_use]
    pub fn in_install(scan: Option<Self>, withholding: Option<Self>) -> Vec<ComparedBaseline> {
        let mut all = withholding.map(|applied| applied.baselines).unwrap_or_default();
        for earlier in scan.into_iter().flat_map(|applied| applied.baselines) {
            if !all.iter().any(|one| one.operating_system == earlier.operating_system) {
                all.push(earlier);
            }
        }
        all
    }
}

/// What is known of the plan's baselines in a target, when its results are judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedBaselines {
    /// Those of the plan, as the target has them. Of an operating system that is not among them nothing is compared.
    pub compared: Vec<ComparedBaseline>,
    /// The operating systems of which AWS refused to show what the target has, with the marks of their rows.
    pub not_compared: BTreeMap<OperatingSystem, Reason>,
}

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
    /// The patch groups for which the plan has it. Empty: for the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patch_groups: Vec<String>,
    /// True if it approves what the plan says. False also if the account does not have it.
    pub is_as_planned: bool,
    /// True if the stage is frozen, and what the account has differs only in the day: it is that of an earlier run. Absent: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_earlier_day: bool,
    /// The default baseline of the operating system, as it was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<KnownBaseline>,
    /// The other baselines of the operating system. Empty in records of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<KnownBaseline>,
}

impl ComparedBaseline {
    /// Returns what was found of a baseline. `changes` are the difference between the plan and what was observed. `is_frozen`: the
    /// baseline is of a frozen step.
    #[must_use]
    pub fn of(baseline: &Baseline, observed: &Observed, changes: &[Change], is_frozen: bool) -> Self {
        let os = baseline.operating_system;
        let is_of_it = |change: &&Change| change.operating_system() == Some(os);
        let has_changed = changes.iter().filter(is_of_it).any(|change| matches!(change, Change::Update { .. }));
        let ours = ours(baseline, observed);
        let is_other = |other: &&ObservedBaseline| {
            other.operating_system == os.name() && ours.is_none_or(|ours| ours.id != other.id)
        };
        let known = |other: &ObservedBaseline| KnownBaseline::new(&other.id, &other.name);
        Self {
            operating_system: os,
            name: baseline.name.clone(),
            id: ours.map(|ours| ours.id.clone()),
            patch_groups: baseline.places().flatten().map(str::to_owned).collect(),
            is_as_planned: ours.is_some() && !has_changed,
            is_of_earlier_day: is_frozen && ours.is_some_and(|ours| is_of_earlier_day(baseline, ours)),
            default: observed.defaults.get(&os).map(|id| look_up(observed, id)),
            others: observed.baselines.iter().filter(is_other).map(known).collect(),
        }
    }

    /// Returns a baseline with its name, if that is known.
    fn known(&self, id: &str) -> KnownBaseline {
        let found = self.default.iter().chain(&self.others).find(|known| same_id(&known.id, id));
        found.cloned().unwrap_or_else(|| KnownBaseline::new(id, id))
    }
}

/// What Systems Manager says about the baseline of an instance, in the result of a scan.
#[derive(Debug, Clone, Copy)]
pub struct Deciding<'a> {
    /// The baseline by which the instance was judged (`BaselineId`).
    pub baseline_id: &'a str,
    /// The patch group of the instance (`PatchGroup`). None: it has none.
    pub patch_group: Option<&'a str>,
}

/// Returns why a result says little about the plan: another baseline than the plan's judged the instance, or the plan's as it
/// no longer is in the plan. None: the plan's baseline judged it, or the plan has none for its operating system.
///
/// A frozen baseline is of an earlier day in each scan run but that on the day of the last install run, which is no news.
#[must_use]
pub fn judged_by(compared: &[ComparedBaseline], os: OperatingSystem, deciding: Deciding<'_>) -> Option<Reason> {
    let plan = compared.iter().find(|one| one.operating_system == os)?;
    let name = &plan.name;
    if plan.id.as_ref().is_some_and(|id| same_id(id, deciding.baseline_id)) {
        let text = format!("the baseline {name} judged it as the account has it, which differs from the plan");
        return (!plan.is_as_planned && !plan.is_of_earlier_day)
            .then(|| Reason::new(ReasonCode::OutdatedBaseline, text));
    }
    let by = plan.known(deciding.baseline_id);
    let group = match deciding.patch_group {
        Some(group) => format!("; its patch group is {group:?}"),
        None => String::new(),
    };
    let text = match plan.id {
        Some(_) => format!("it was judged by {by} and not by the plan's baseline {name}{group}"),
        None => format!("it was judged by {by}; the account does not have the plan's baseline {name}{group}"),
    };
    Some(Reason::new(ReasonCode::AnotherBaseline, text))
}

/// Returns what to do so that the plan's baseline decides about an instance that another one judged.
#[must_use]
pub fn how_to_decide(compared: &[ComparedBaseline], os: OperatingSystem, group: Option<&str>) -> String {
    let plan = compared.iter().find(|one| one.operating_system == os);
    let planned = plan.map_or(&[][..], |plan| &plan.patch_groups);
    let change = match (planned, group) {
        ([], Some(_)) => {
            "remove its tag Patch Group or PatchGroup, or give the plan's baseline that patch group".to_owned()
        }
        ([], None) => "find out what registered another default baseline during the run".to_owned(),
        (planned, Some(group)) if planned.iter().any(|one| one == group) => {
            "find out what registered another baseline for its patch group during the run".to_owned()
        }
        (planned, _) => {
            let values: Vec<String> = planned.iter().map(|group| format!("{group:?}")).collect();
            format!("give it the tag Patch Group (or PatchGroup) with the value {}", values.join(" or "))
        }
    };
    format!("to change that, {change}; or say conflicts: {{otherBaseline: warn}} in the plan")
}
