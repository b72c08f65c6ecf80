//! Compares the report with itself, with the scenario and with its own format.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_engine::planner::AccountOutsidePlan;
use orgpatch_model::outcome::{Counts, TargetCounts};
use orgpatch_plan::Stage;

use crate::evidence::Evidence;

/// Checks that the counts of the run and of each step are those of the rows.
#[must_use]
pub fn counts_equal_the_rows(evidence: &Evidence) -> Vec<String> {
    let Some(report) = &evidence.report else { return Vec::new() };
    let mut complaints = Vec::new();
    let mut check = |what: &str, said: &Counts, rows: Counts| {
        if *said != rows {
            complaints.push(format!("{what} says {said:?}, but its rows are {rows:?}"));
        }
    };
    check("the run", &report.head.run.counts, report.instances.iter().map(|row| row.outcome).collect());
    for step in &report.head.steps {
        let own = report.instances.iter().filter(|row| (&row.stage, row.wave) == (&step.stage, step.wave));
        check(&format!("step {}", step.id), &step.counts, own.map(|row| row.outcome).collect());
    }
    for step in &report.head.steps {
        let own = report.targets.iter().filter(|target| (&target.stage, target.wave) == (&step.stage, step.wave));
        let targets: TargetCounts = own.map(|target| target.outcome).collect();
        if step.targets != targets {
            complaints
                .push(format!("step {} says of its targets {:?}, but they are {targets:?}", step.id, step.targets));
        }
    }
    complaints
}

/// Checks that every account of the organization is either in one step, in every Region of its stage, or outside the
/// plan. Stages that may share an account have one step each.
#[must_use]
pub fn every_target_and_every_account_has_one_place(evidence: &Evidence) -> Vec<String> {
    let (Some(report), Some(plan)) = (&evidence.report, &evidence.plan) else { return Vec::new() };
    // The report shows the targets as the bucket has them, even those of another writer.
    if evidence.is_tampered_with() {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut stages_of: BTreeMap<&str, Vec<&Stage>> = BTreeMap::new();
    for AccountOutsidePlan { account_id, .. } in &report.head.accounts_outside_plan {
        places.entry(account_id).or_default().push("outside the plan".to_owned());
    }
    let mut regions: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for target in &report.targets {
        let step = format!("{} wave {}", target.stage, target.wave);
        let listed = regions.entry((&target.account_id, step.clone())).or_default();
        listed.push(&target.region);
        if listed.len() == 1 {
            let share =
                |others: &Vec<&Stage>, one: &Stage| others.iter().all(|other| plan.may_share(other, one).is_ok());
            let stages = stages_of.entry(&target.account_id).or_default();
            let stage = plan.stages.iter().find(|stage| stage.name == target.stage);
            if stages.is_empty() || !stage.is_some_and(|stage| share(stages, stage)) {
                places.entry(&target.account_id).or_default().push(step);
            }
            stages.extend(stage);
        }
        let stage = plan.stages.iter().find(|stage| stage.name == target.stage);
        if stage.is_none() {
            complaints.push(format!(
                "target {} is of stage {:?}, which the plan does not have",
                target.account_id, target.stage
            ));
        }
    }
    for ((account, step), mut listed) in regions {
        let stage = plan.stages.iter().find(|stage| step.starts_with(&format!("{} wave ", stage.name)));
        let own = stage.map(|stage| &stage.regions).filter(|regions| !regions.is_empty());
        let mut wanted: Vec<&str> = own.unwrap_or(&plan.regions).iter().map(String::as_str).collect();
        listed.sort_unstable();
        wanted.sort_unstable();
        if listed != wanted {
            complaints.push(format!("account {account} has targets in {listed:?}, the plan has {wanted:?}"));
        }
    }
    for account in &evidence.accounts {
        match places.remove(account.as_str()).unwrap_or_default().as_slice() {
            [_] => {}
            [] if evidence.joining.contains(account) => {}
            [] => complaints.push(format!("account {account} is neither in a step nor listed as outside the plan")),
            several => complaints.push(format!("account {account} is listed {} times: {several:?}", several.len())),
        }
    }
    let invented: BTreeSet<&&str> = places.keys().collect();
    if !invented.is_empty() {
        complaints.push(format!("the report lists accounts that do not exist: {invented:?}"));
    }
    complaints
}

/// Checks that `report.json` has exactly the fields of its type.
#[must_use]
pub fn the_report_is_what_its_type_says(evidence: &Evidence) -> Vec<String> {
    let Some(report) = &evidence.report else { return Vec::new() };
    match serde_json::to_value(report) {
        Ok(again) if again == evidence.report_text => Vec::new(),
        Ok(_) => vec!["report.json is not what its type writes".to_owned()],
        Err(error) => vec![format!("the report cannot be written: {error}")],
    }
}
