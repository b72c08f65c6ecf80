//! Systems Manager: State Manager associations.
use super::super::pages::{normalized, with_token};
use super::request::ssm;
use crate::{
    clock::{self, epoch_seconds},
    competing::Association,
    fleet::Node,
    wire::{AwsError, Call, fields::Fields, paging::page},
    world::World,
};
use orgpatch_facts::documents::{self, Installs};
use serde_json::{Map, Value, json};

/// The states of an association or an instance after a run, worst first.
const STATES: [&str; 3] = ["Pending", "Failed", "Success"];

/// Answers `ListAssociations`. The answer has no parameters and does not say whether an association scans or installs.
pub fn list_associations(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let request = ssm(call);
    let size = request.page_size(1..=50, 50)?;
    let filters = filters(request)?;
    let here = world.competing.associations.iter().filter(|association| {
        let job = &world.competing.jobs[association.job];
        job.account == call.account && job.region == call.region
    });
    let chosen = here.filter(|association| filters.iter().all(|(key, value)| matches(world, association, key, value)));
    let token = request.text("NextToken")?;
    let page = page("ListAssociations", chosen, size, token, world.organization.empty_pages)?;
    let associations: Vec<_> = page.items.into_iter().map(|association| association_json(world, association)).collect();
    Ok(with_token(json!({"Associations": associations}), page.next))
}

/// Answers `DescribeAssociation`, by id only: what `ListAssociations` answers, with the parameters.
pub fn describe_association(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let id = ssm(call).required("AssociationId")?;
    let found = world.competing.associations.iter().find(|association| {
        let job = &world.competing.jobs[association.job];
        association.id == id && job.account == call.account && job.region == call.region
    });
    let Some(association) = found else {
        return Err(AwsError::new("AssociationDoesNotExist", "The specified association doesn't exist."));
    };
    let mut answer = association_json(world, association);
    let job = &world.competing.jobs[association.job];
    if let (Some(operation), Some(parameter)) = (job.operation, operation_parameter(world, &job.document)) {
        answer["Parameters"] = json!({parameter: [operation.code()]});
    }
    Ok(json!({"AssociationDescription": answer}).to_string())
}

/// Returns the parameter of a document that has the operation.
fn operation_parameter<'a>(world: &'a World, document: &str) -> Option<&'a str> {
    if let Some(known) = documents::find(document) {
        return match &known.installs {
            Installs::Unless { parameter, is } if is.iter().any(|value| value == "Scan") => Some(parameter),
            _ => None,
        };
    }
    let own = world.documents.iter().find(|own| document.rsplit('/').next() == Some(own.name.as_str()))?;
    own.content["parameters"].get("Operation").map(|_| "Operation")
}

fn filters(request: Fields<'_>) -> Result<Vec<(&str, &str)>, AwsError> {
    const KEYS: [&str; 8] = [
        "InstanceId",
        "Name",
        "AssociationId",
        "AssociationStatusName",
        "LastExecutedBefore",
        "LastExecutedAfter",
        "AssociationName",
        "ResourceGroupName",
    ];
    let mut filters = Vec::new();
    for filter in request.structures("AssociationFilterList")? {
        let (key, value) = (filter.required("key")?, filter.required("value")?);
        if !KEYS.contains(&key) {
            return Err(filter.refuse("key", &format!("Member must satisfy enum value set: [{}]", KEYS.join(", "))));
        }
        if key.starts_with("LastExecuted") && clock::parse(value).is_err() {
            return Err(filter.refuse("value", "Member must be a timestamp"));
        }
        filters.push((key, value));
    }
    Ok(filters)
}

fn matches(world: &World, association: &Association, key: &str, value: &str) -> bool {
    let job = &world.competing.jobs[association.job];
    let last = job.last(world.now);
    let compare =
        |fits: fn(i64, i64) -> bool| last.zip(clock::parse(value).ok()).is_some_and(|(at, than)| fits(at, than));
    match key {
        "Name" => job.document == value,
        "AssociationId" => association.id == value,
        "AssociationName" => association.name.as_deref() == Some(value),
        "AssociationStatusName" => normalized(status(world.outcome(association.job, None))) == normalized(value),
        "LastExecutedBefore" => compare(|at, than| at < than),
        "LastExecutedAfter" => compare(|at, than| at > than),
        // These filters match associations made with the parameter InstanceId or a resource group. The simulator makes
        // neither.
        _ => false,
    }
}

fn status(outcome: [usize; 3]) -> &'static str {
    // An association that has not run on any instance is pending.
    STATES.iter().zip(outcome).find(|(_, count)| *count > 0).map_or("Pending", |(state, _)| state)
}

fn counts(outcome: [usize; 3]) -> Map<String, Value> {
    let some = STATES.iter().zip(outcome).filter(|(_, count)| *count > 0);
    some.map(|(state, count)| ((*state).to_owned(), json!(count))).collect()
}

fn association_json(world: &World, association: &Association) -> Value {
    let job = &world.competing.jobs[association.job];
    let outcome = world.outcome(association.job, None);
    let mut answer = json!({
        "Name": job.document,
        "AssociationId": association.id,
        "AssociationVersion": "1",
        "DocumentVersion": "$DEFAULT",
        "Targets": job.targets,
        "Overview": {
            "Status": status(outcome),
            "DetailedStatus": if status(outcome) == "Pending" { "Associated" } else { status(outcome) },
            "AssociationStatusAggregatedCount": counts(outcome),
        },
    });
    if let Some(name) = &association.name {
        answer["AssociationName"] = json!(name);
    }
    if let Some(schedule) = &job.schedule {
        answer["ScheduleExpression"] = json!(schedule.text());
        if schedule.offset_days() > 0 {
            answer["ScheduleOffset"] = json!(schedule.offset_days());
        }
    }
    if let Some(at) = job.last(world.now) {
        answer["LastExecutionDate"] = json!(epoch_seconds(at));
    }
    answer
}

/// Adds the state of an instance's associations to its entry in `DescribeInstanceInformation`, if it has any.
pub fn add_association_status(world: &World, node: &Node, information: &mut Value) {
    let Some(overall) = node_status(world, node) else {
        return;
    };
    let own = associations_of(world, node);
    let outcomes: Vec<_> = own.iter().map(|(job, _)| status(world.outcome(*job, Some(&node.id)))).collect();
    let mut sums = [0; 3];
    for outcome in &outcomes {
        for (position, state) in STATES.iter().enumerate() {
            sums[position] += usize::from(outcome == state);
        }
    }
    information["AssociationStatus"] = json!(overall);
    information["AssociationOverview"] = json!({
        "DetailedStatus": overall,
        "InstanceAssociationStatusAggregatedCount": counts(sums),
    });
    let latest = |state: Option<&str>| {
        let fits = own.iter().zip(&outcomes).filter(|(_, outcome)| state.is_none_or(|state| **outcome == state));
        fits.filter_map(|((_, at), _)| *at).max()
    };
    for (name, at) in [
        ("LastAssociationExecutionDate", latest(None)),
        ("LastSuccessfulAssociationExecutionDate", latest(Some("Success"))),
    ] {
        if let Some(at) = at {
            information[name] = json!(epoch_seconds(at));
        }
    }
}

/// Returns `AssociationStatus` of an instance. None if it has no association.
pub fn node_status(world: &World, node: &Node) -> Option<&'static str> {
    let own = associations_of(world, node);
    let outcomes = own.iter().map(|(job, _)| status(world.outcome(*job, Some(&node.id))));
    outcomes.min_by_key(|outcome| STATES.iter().position(|state| state == outcome))
}

/// Returns positions and latest runs of the jobs of an instance's associations.
fn associations_of(world: &World, node: &Node) -> Vec<(usize, Option<i64>)> {
    let associations = world.competing.associations.iter().map(|association| association.job);
    let own = associations.filter(|job| world.competing.jobs[*job].concerns(node));
    own.map(|job| (job, world.competing.jobs[job].last(world.now))).collect()
}
