//! Systems Manager: maintenance windows, their targets and their tasks.
use super::super::pages::with_token;
use super::request::ssm;
use crate::{
    clock::{SECOND, rfc3339},
    competing::{AgentJob, Target, Window},
    facts::ids,
    wire::{AwsError, Call, fields::Fields, paging::page},
    world::World,
};
use serde_json::{Value, json};

type Filters = Vec<(String, Vec<String>)>;

fn filters(request: Fields<'_>, known: &[&str]) -> Result<Filters, AwsError> {
    let mut filters = Vec::new();
    for filter in request.structures("Filters")? {
        let key = filter.required("Key")?;
        if !known.contains(&key) {
            return Err(filter.refuse("Key", &format!("Member must satisfy enum value set: [{}]", known.join(", "))));
        }
        filters.push((key.to_owned(), filter.texts("Values", 50)?));
    }
    if filters.len() > 5 {
        return Err(request.refuse("Filters", "Member must have length less than or equal to 5"));
    }
    Ok(filters)
}

/// Returns whether every filter accepts the value of its key.
fn fits(filters: &Filters, value: impl Fn(&str) -> String) -> bool {
    filters.iter().all(|(key, values)| values.iter().any(|wanted| wanted.eq_ignore_ascii_case(&value(key))))
}

fn here<'a>(world: &'a World, call: &'a Call) -> impl Iterator<Item = (&'a Window, &'a AgentJob)> {
    let windows = world.competing.windows.iter().map(|window| (window, &world.competing.jobs[window.job]));
    windows.filter(|(_, job)| job.account == call.account && job.region == call.region)
}

/// Answers `DescribeMaintenanceWindows`.
pub fn describe_maintenance_windows(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let request = ssm(call);
    let size = request.page_size(10..=100, 50)?;
    let filters = filters(request, &["Name", "Enabled"])?;
    let chosen = here(world, call).filter(|(window, job)| {
        fits(&filters, |key| if key == "Name" { window.name.clone() } else { job.enabled.to_string() })
    });
    let token = request.text("NextToken")?;
    let page = page("DescribeMaintenanceWindows", chosen, size, token, world.organization.empty_pages)?;
    let identity = |(window, job): (&Window, &AgentJob)| {
        let mut identity = json!({
            "WindowId": window.id,
            "Name": window.name,
            "Enabled": job.enabled,
            "Duration": window.duration,
            "Cutoff": window.cutoff,
        });
        if let Some(schedule) = &job.schedule {
            identity["Schedule"] = json!(schedule.text());
        }
        // A time on a full minute is written without seconds.
        if let Some(next) = job.next(world.now) {
            let text = rfc3339(next);
            let minutes = text.strip_suffix(":00Z").filter(|_| next % (60 * SECOND) == 0);
            identity["NextExecutionTime"] = json!(minutes.map_or_else(|| text.clone(), |text| format!("{text}Z")));
        }
        identity
    };
    let identities: Vec<_> = page.items.into_iter().map(identity).collect();
    Ok(with_token(json!({"WindowIdentities": identities}), page.next))
}

fn window<'a>(world: &'a World, call: &'a Call) -> Result<(&'a Window, &'a AgentJob), AwsError> {
    let id = ssm(call).required("WindowId")?;
    let hex = |tail: &str| tail.len() == 17 && tail.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !id.strip_prefix("mw-").is_some_and(hex) {
        let pattern = "Member must satisfy regular expression pattern: ^mw-[0-9a-f]{17}$";
        return Err(ssm(call).refuse("WindowId", pattern));
    }
    here(world, call)
        .find(|(window, _)| window.id == id)
        .ok_or_else(|| AwsError::new("DoesNotExistException", format!("Maintenance window {id} does not exist")))
}

fn target_id(window: &Window, position: usize) -> String {
    ids::uuid(&["window-target", &window.id, &position.to_string()])
}

/// Answers `DescribeMaintenanceWindowTargets`.
pub fn describe_maintenance_window_targets(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let (window, job) = window(world, call)?;
    let request = ssm(call);
    let size = request.page_size(10..=100, 50)?;
    let filters = filters(request, &["Type", "WindowTargetId", "OwnerInformation"])?;
    let registered = job.targets.iter().enumerate().filter(|_| window.registered);
    let chosen = registered.filter(|(position, _)| {
        fits(&filters, |key| match key {
            "Type" => "INSTANCE".to_owned(),
            "WindowTargetId" => target_id(window, *position),
            _ => String::new(),
        })
    });
    let list = format!("DescribeMaintenanceWindowTargets {}", window.id);
    let page = page(&list, chosen, size, request.text("NextToken")?, world.organization.empty_pages)?;
    let target = |(position, target): (usize, &Target)| {
        json!({
            "WindowId": window.id,
            "WindowTargetId": target_id(window, position),
            "ResourceType": "INSTANCE",
            "Targets": [target],
        })
    };
    let targets: Vec<_> = page.items.into_iter().map(target).collect();
    Ok(with_token(json!({"Targets": targets}), page.next))
}

/// Answers `DescribeMaintenanceWindowTasks`. The answer does not say what a task does with patches. Only
/// `GetMaintenanceWindowTask` has the invocation parameters.
pub fn describe_maintenance_window_tasks(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let (window, job) = window(world, call)?;
    let request = ssm(call);
    let size = request.page_size(10..=100, 50)?;
    let filters = filters(request, &["WindowTaskId", "TaskArn", "Priority", "TaskType"])?;
    let id = ids::uuid(&["window-task", &window.id]);
    let value = |key: &str| match key {
        "WindowTaskId" => id.clone(),
        "TaskArn" => job.document.clone(),
        "Priority" => "1".to_owned(),
        _ => "RUN_COMMAND".to_owned(),
    };
    let chosen = [()].into_iter().filter(|()| fits(&filters, value));
    let list = format!("DescribeMaintenanceWindowTasks {}", window.id);
    let page = page(&list, chosen, size, request.text("NextToken")?, world.organization.empty_pages)?;
    let targets: Value = if window.registered {
        let ids: Vec<_> = (0..job.targets.len()).map(|position| target_id(window, position)).collect();
        json!([{"Key": "WindowTargetIds", "Values": ids}])
    } else {
        json!(job.targets)
    };
    let task = |()| {
        json!({
            "WindowId": window.id,
            "WindowTaskId": id,
            "TaskArn": job.document,
            "Type": "RUN_COMMAND",
            "Targets": targets,
            "TaskParameters": {},
            "Priority": 1,
            "MaxConcurrency": "50%",
            "MaxErrors": "1",
            "Name": format!("{}-task", window.name),
            "CutoffBehavior": "CONTINUE_TASK",
        })
    };
    let tasks: Vec<_> = page.items.into_iter().map(task).collect();
    Ok(with_token(json!({"Tasks": tasks}), page.next))
}
