//! Compares what a step installed with what the plan's first stage has installed.

use std::collections::BTreeMap;

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::english::counted;
use orgpatch_model::input::RunInput;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::Patch;
use orgpatch_plan::{Plan, Stage, Untested};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The patches of a step, compared with those that the plan's first stage has installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepPromotion {
    /// What the plan does with patches that the first stage has not installed. Null: this is the first stage.
    pub untested: Option<Untested>,
    /// Installed patches that are tested. In the first stage: every installed patch.
    pub tested: Vec<PatchCount>,
    /// Installed patches that are not tested.
    pub installed_untested: Vec<PatchCount>,
    /// Missing patches that were not installed because they are not tested.
    pub held_back: Vec<PatchCount>,
    /// Number of instances with an install of which not every missing patch is listed: what else was installed there is
    /// not compared. Absent: 0.
    #[serde(default, skip_serializing_if = "orgpatch_model::patch::is_zero")]
    pub instances_not_compared: u32,
}

/// A patch, and the number of instances.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchCount {
    /// Operating system.
    pub os: Platform,
    /// `KBId` in the API: a KB article on Windows, package name on Linux.
    pub id: String,
    /// Title. On Linux it contains the version.
    pub title: String,
    /// Number of instances.
    pub instances: u32,
}

impl StepPromotion {
    /// Returns one line for the notification. Empty: every installed patch is tested.
    pub(super) fn sentence(&self) -> String {
        let (installed, held_back) = (self.installed_untested.len(), self.held_back.len());
        let instances = usize::try_from(self.instances_not_compared).unwrap_or(usize::MAX);
        // In the first stage nothing is compared.
        let not_compared = if instances > 0 && self.untested.is_some() {
            format!("; {} with patches that are not listed and not compared", counted(instances, "instance"))
        } else {
            String::new()
        };
        match (installed, held_back) {
            (0, 0) if not_compared.is_empty() => String::new(),
            // A plan that allows untested patches does not need a notification; the report lists them.
            (_, 0) if self.untested == Some(Untested::Allow) => String::new(),
            (installed, held_back) => {
                format!("  not tested: {} installed, {held_back} held back{not_compared}\n", counted_patches(installed))
            }
        }
    }
}

fn counted_patches(n: usize) -> String {
    if n == 1 { "1 patch".to_owned() } else { format!("{n} patches") }
}

/// Patches by operating system, id and title, with the number of their instances.
type Counted = BTreeMap<(Platform, String, String), u32>;

/// Counts the patches of a step, one instance after the other. Its size depends on the number of patches, not on the number
/// of instances.
pub(super) struct PromotionTally {
    untested: Option<Untested>,
    tested: Counted,
    installed_untested: Counted,
    held_back: Counted,
    instances_not_compared: u32,
}

impl PromotionTally {
    /// Begins to count. None: the plan compares nothing.
    pub(super) fn new(compared: &Compared) -> Option<Self> {
        let untested = match compared {
            Compared::Nothing => return None,
            Compared::Itself => None,
            Compared::WithFirst(untested) => Some(*untested),
        };
        Some(Self {
            untested,
            tested: Counted::new(),
            installed_untested: Counted::new(),
            held_back: Counted::new(),
            instances_not_compared: 0,
        })
    }

    /// Adds one more instance.
    pub(super) fn add(&mut self, row: &InstanceRow) {
        let os = row.os.clone().unwrap_or_else(|| Platform::Other(String::new()));
        let count = |counted: &mut Counted, patch: &Patch| {
            *counted.entry((os.clone(), patch.id.clone(), patch.title.clone())).or_default() += 1;
        };
        for patch in row.installed.iter().filter(|patch| !row.installed_untested.contains(patch)) {
            count(&mut self.tested, patch);
        }
        for patch in &row.installed_untested {
            count(&mut self.installed_untested, patch);
        }
        for patch in &row.held_back {
            count(&mut self.held_back, patch);
        }
        // Where untested patches are blocked, an instance with such a list is left out, and gets no install.
        let may_have_installed =
            matches!(row.outcome, Outcome::Patched | Outcome::PendingReboot | Outcome::Failed | Outcome::Unreachable);
        let not_compared = row.more_missing_before > 0 && may_have_installed && self.untested != Some(Untested::Block);
        self.instances_not_compared += u32::from(not_compared);
    }

    /// Returns the counts, sorted by operating system and patch.
    pub(super) fn end(self) -> StepPromotion {
        let listed = |counted: Counted| {
            let patches = counted.into_iter();
            patches.map(|((os, id, title), instances)| PatchCount { os, id, title, instances }).collect()
        };
        StepPromotion {
            untested: self.untested,
            tested: listed(self.tested),
            installed_untested: listed(self.installed_untested),
            held_back: listed(self.held_back),
            instances_not_compared: self.instances_not_compared,
        }
    }
}

/// With what the plan compares the patches of a stage.
pub(super) enum Compared {
    /// With nothing.
    Nothing,
    /// It is the first stage, with which other stages are compared.
    Itself,
    /// With the first stage.
    WithFirst(Untested),
}

pub(super) fn compared(plan: &Plan, input: &RunInput, stage: &str) -> Compared {
    if !input.scans() {
        return Compared::Nothing;
    }
    let untested = |stage: &Stage| plan.untested(stage);
    match plan.stages.iter().position(|one| one.name == stage) {
        Some(0) if plan.stages.iter().any(|stage| untested(stage).is_some()) => Compared::Itself,
        Some(index) => untested(&plan.stages[index]).map_or(Compared::Nothing, Compared::WithFirst),
        None => Compared::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::patch::PatchDisposition;
    use orgpatch_model::reason::ReasonCode;

    use super::*;
    use crate::fixtures;

    fn patch(version: &str) -> Patch {
        Patch {
            id: "kernel.x86_64".into(),
            title: format!("kernel.x86_64:{version}"),
            classification: String::new(),
            severity: String::new(),
            state: PatchDisposition::Missing,
            cve_ids: vec![],
            more_cve_ids: 0,
        }
    }

    /// Returns two instances that got version 1, which is tested. One of them got version 2, too, which is not. Both lack
    /// version 3.
    fn rows() -> [InstanceRow; 2] {
        let target = fixtures::target();
        let row = |id, installed: Vec<Patch>, untested: Vec<Patch>| {
            let row = fixtures::instance(&target, id, None, Outcome::Patched, ReasonCode::ProvedByScan);
            InstanceRow { installed, installed_untested: untested, held_back: vec![patch("3")], ..row }
        };
        [row("i-1", vec![patch("1"), patch("2")], vec![patch("2")]), row("i-2", vec![patch("1")], vec![])]
    }

    fn promotion(untested: Untested, rows: &[InstanceRow]) -> StepPromotion {
        let mut tally = PromotionTally::new(&Compared::WithFirst(untested)).expect("something to compare");
        for row in rows {
            tally.add(row);
        }
        tally.end()
    }

    #[test]
    fn patches_are_counted_by_version_and_by_whether_they_are_tested() {
        let promotion = promotion(Untested::Warn, &rows());
        let short = |counts: &[PatchCount]| {
            counts.iter().map(|one| format!("{} on {}", one.title, one.instances)).collect::<Vec<_>>()
        };
        assert_eq!(short(&promotion.tested), ["kernel.x86_64:1 on 2"]);
        assert_eq!(short(&promotion.installed_untested), ["kernel.x86_64:2 on 1"]);
        assert_eq!(short(&promotion.held_back), ["kernel.x86_64:3 on 2"]);
    }

    #[test]
    fn the_notification_names_what_is_not_tested_unless_the_plan_allows_it() {
        let sentence = |untested| promotion(untested, &rows()).sentence();
        assert_eq!(sentence(Untested::Warn), "  not tested: 1 patch installed, 1 held back\n");
        let installed_only = rows().map(|row| InstanceRow { held_back: vec![], ..row });
        assert_eq!(promotion(Untested::Allow, &installed_only).sentence(), "");
        assert!(!promotion(Untested::Warn, &installed_only).sentence().is_empty());
        assert_eq!(promotion(Untested::Block, &[]).sentence(), "");
    }

    #[test]
    fn instances_with_patches_that_are_not_listed_are_counted_and_named() {
        let [first, second] = rows().map(|row| InstanceRow {
            installed: vec![],
            installed_untested: vec![],
            held_back: vec![],
            more_missing_before: 1,
            ..row
        });
        let scanned_only = InstanceRow { outcome: Outcome::Missing, ..second.clone() };
        let rows = [first, second, scanned_only];
        let warned = promotion(Untested::Warn, &rows);
        assert_eq!(warned.instances_not_compared, 2);
        let sentence = "  not tested: 0 patches installed, 0 held back; 2 instances with patches that are not listed and not compared\n";
        assert_eq!(warned.sentence(), sentence);
        assert_eq!(promotion(Untested::Block, &rows).instances_not_compared, 0);
    }

    #[test]
    fn only_plans_that_compare_show_it_and_the_first_stage_shows_what_it_tested() {
        let plan = |untested: &str| {
            let text = format!(
                "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\nstages:\n  \
                 - {{name: test, accounts: ['222200000001']}}\n  \
                 - {{name: staging, accounts: ['333300000001']}}\n  \
                 - {{name: production, accounts: ['444400000001']{untested}}}\n"
            );
            orgpatch_plan::read(&text).expect("a plan")
        };
        let input = |operation: &str| {
            serde_json::from_value(serde_json::json!({"operation": operation, "plan": "monthly"})).expect("an input")
        };
        let word = |plan: &Plan, operation, stage| match compared(plan, &input(operation), stage) {
            Compared::Nothing => "nothing",
            Compared::Itself => "itself",
            Compared::WithFirst(untested) => untested.name(),
        };
        let of = |plan: &Plan, operation| ["test", "staging", "production"].map(|stage| word(plan, operation, stage));
        assert_eq!(of(&plan(""), "install"), ["nothing"; 3]);
        assert_eq!(of(&plan(", untested: warn"), "install"), ["itself", "nothing", "warn"]);
        assert_eq!(of(&plan(", untested: warn"), "preview-baselines"), ["nothing"; 3]);
    }
}
