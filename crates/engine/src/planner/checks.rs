//! What must hold of a run before it is planned: the stages and the ids that it names exist.

use std::collections::{BTreeSet, HashSet};

use orgpatch_model::error::RunError;
use orgpatch_model::input::RunInput;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::organization::Organization;
use orgpatch_plan::{Plan, Stage};

use crate::stage_memory::StageMemory;

/// Checks everything about the input of a run that needs no organization, because reading that takes seconds.
pub fn check_input(plan: &Plan, input: &RunInput, memory: &StageMemory) -> Result<(), RunError> {
    let only = input.stages.as_deref();
    check_stages(plan, only)?;
    if input.scans() {
        check_first_stage(plan, only, memory)?;
    }
    Ok(())
}

/// Refuses to hand the places of plan `from` to plan `to` where that registers its baselines in other places: the default of an
/// account instead of a patch group's, or the other way round. It would never come back for them.
pub fn check_handing_over(from: &Plan, to: &Plan) -> Result<(), RunError> {
    let (given, taken) = (places(from), places(to));
    let names = |os: OperatingSystem| taken.iter().any(|(system, _)| *system == os);
    match given.iter().find(|place| names(place.0) && !taken.contains(place)) {
        None => Ok(()),
        Some((os, group)) => {
            let place =
                group.as_ref().map_or("as the default".to_owned(), |group| format!("for patch group {group:?}"));
            Err(RunError::InvalidInput(format!(
                "plan {:?} registers its baselines for {os} {place}, and plan {:?} does not, so that nothing can be handed \
                 over there; leave out `toPlan`, which registers what was there before orgpatch, and run the other plan with \
                 apply-baselines",
                from.name, to.name
            )))
        }
    }
}

/// Returns where a plan registers baselines: for an operating system, the default or a patch group's.
fn places(plan: &Plan) -> BTreeSet<(OperatingSystem, Option<String>)> {
    let of_stages = plan.stages.iter().flat_map(|stage| plan.baselines_of(stage));
    let mut places = BTreeSet::new();
    for (os, planned) in of_stages {
        if planned.patch_groups.is_empty() {
            places.insert((os, None));
        }
        places.extend(planned.patch_groups.iter().map(|group| (os, Some(group.clone()))));
    }
    places
}

/// Refuses a name in `only` that no stage of the plan has.
pub fn check_stages(plan: &Plan, only: Option<&[String]>) -> Result<(), RunError> {
    let unknown = only.unwrap_or_default().iter().find(|name| !plan.stages.iter().any(|stage| &stage.name == *name));
    if let Some(stage) = unknown {
        return Err(RunError::UnknownStage {
            stage: stage.clone(),
            valid: plan.stages.iter().map(|stage| stage.name.clone()).collect(),
        });
    }
    Ok(())
}

/// Refuses a stage that is compared with the first one, if neither the run nor an earlier one has a scan of that: there would
/// be neither a cut-off date nor a tested set.
pub fn check_first_stage(plan: &Plan, only: Option<&[String]>, memory: &StageMemory) -> Result<(), RunError> {
    let Some(first) = plan.stages.first().filter(|first| !first.is_in_run(only)) else { return Ok(()) };
    if memory.first_stage_scanned_at(plan).is_some() {
        return Ok(());
    }
    let needs_it = |stage: &&Stage| stage.is_in_run(only) && plan.untested(stage).is_some();
    plan.stages.iter().find(needs_it).map_or(Ok(()), |stage| {
        Err(RunError::FirstStageNotInRun { stage: stage.name.clone(), first: first.name.clone() })
    })
}

/// Refuses an id of the plan that the organization does not have. A misspelt id in an exclusion would let an account in.
pub(super) fn check_ids(plan: &Plan, organization: &Organization) -> Result<(), RunError> {
    let units: HashSet<&str> = organization
        .accounts
        .iter()
        .flat_map(|account| account.path.iter().map(String::as_str))
        .chain(organization.unit_names.keys().map(String::as_str))
        .collect();
    let accounts: HashSet<&str> = organization.accounts.iter().map(|account| account.id.as_str()).collect();
    let check_account = |named_in: &str, id: &String| {
        if accounts.contains(id.as_str()) {
            return Ok(());
        }
        Err(RunError::UnknownAccount {
            place: named_in.to_owned(),
            account: id.clone(),
            organization: organization.id.clone(),
        })
    };
    for id in &plan.select.exclude.accounts {
        check_account("select.exclude.accounts", id)?;
    }
    for stage in &plan.stages {
        if let Some(ou) = stage.ous.iter().chain(&stage.exclude.ous).find(|ou| !units.contains(ou.as_str())) {
            return Err(RunError::UnknownOrganizationalUnit {
                stage: stage.name.clone(),
                ou: ou.clone(),
                organization: organization.id.clone(),
            });
        }
        let named_in = format!("stage {:?}", stage.name);
        let own = stage.select.iter().flat_map(|select| &select.exclude.accounts);
        for id in stage.accounts.iter().chain(&stage.exclude.accounts).chain(own) {
            check_account(&named_in, id)?;
        }
    }
    Ok(())
}
