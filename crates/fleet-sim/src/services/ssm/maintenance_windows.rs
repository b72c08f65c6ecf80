//! Systems Manager: maintenance windows, their targets and their tasks.
use super::super::pages::with_token;
use super::request::ssm;
use crate::{
    clock::{self, Millis, SECOND, epoch_seconds, rfc3339},
    competing::{AgentJob, Execution, Target, Window},
    facts::{ids, schedule::Schedule},
    patching::command::End,
    wire::{AwsError, Call, fields::Fields, paging::page},
    world::World,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

type Filters = Vec<(String, Vec<String>)>;

fn filters(request: Fields<'_>, known: &[&str]) -> Result<Filters, AwsError> {
    let mut filters = Vec::new();
    for filter in request.structures("Filters")? {
        let key = filter.required("Key")?;
        if !known.contains(&key) {
            return Err(filter.refuse("Key", &format!("Member must satisfy enum value set: [{}]", known.join(", "))));
        }
        let values = filter.texts("Values", 50)?;
        if values.iter().any(|value| !(1..=256).contains(&value.chars().count())) {
            return Err(filter.refuse("Values", "Member must have length between 1 and 256"));
        }
        filters.push((key.to_owned(), values));
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
            if schedule.offset_days() > 0 {
                identity["ScheduleOffset"] = json!(schedule.offset_days());
            }
            if let Some(name) = schedule.zone().and_then(TimeZone::iana_name) {
                identity["ScheduleTimezone"] = json!(name);
            }
        }
        if let Some(next) = job.next(world.now) {
            let zone = job.schedule.as_ref().and_then(Schedule::zone);
            identity["NextExecutionTime"] = json!(time_of_start(next, zone));
        }
        identity
    };
    let identities: Vec<_> = page.items.into_iter().map(identity).collect();
    Ok(with_token(json!({"WindowIdentities": identities}), page.next))
}

/// Writes `NextExecutionTime`: a time on a full minute without seconds, a time of another zone with its offset and the zone.
fn time_of_start(at: Millis, zone: Option<&TimeZone>) -> String {
    let Some(zone) = zone else {
        let text = rfc3339(at);
        let minutes = text.strip_suffix(":00Z").filter(|_| at % (60 * SECOND) == 0);
        return minutes.map_or_else(|| text.clone(), |text| format!("{text}Z"));
    };
    let Ok(instant) = Timestamp::from_millisecond(at) else { return String::new() };
    let form = if at % (60 * SECOND) == 0 { "%Y-%m-%dT%H:%M%:z" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    let name = zone.iana_name().unwrap_or_default();
    format!("{}[{name}]", instant.to_zoned_datetime(zone.clone()).strftime(form))
}

/// Answers `DescribeMaintenanceWindowExecutions`, the latest first. Its model has no error for a window that does not exist
/// (botocore 1.43.106), so the list is empty.
pub fn describe_maintenance_window_executions(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let id = window_id(call)?;
    let request = ssm(call);
    let size = request.page_size(10..=100, 50)?;
    let filters = filters(request, &["ExecutedBefore", "ExecutedAfter"])?;
    let mut times = Vec::new();
    for (key, values) in &filters {
        for value in values {
            let time = clock::parse(value).map_err(|_| request.refuse("Filters", "Member must be an ISO 8601 time"))?;
            times.push((key == "ExecutedAfter", time));
        }
    }
    let fits = |execution: &Execution| {
        times.iter().all(|(after, time)| if *after { execution.started > *time } else { execution.started < *time })
    };
    let of_window = here(world, call).filter(|(window, _)| window.id == id);
    let executions = of_window.flat_map(|(window, _)| window.executions.iter().enumerate().rev());
    let chosen = executions.filter(|(_, execution)| fits(execution));
    let list = format!("DescribeMaintenanceWindowExecutions {id}");
    let page = page(&list, chosen, size, request.text("NextToken")?, world.organization.empty_pages)?;
    let execution = |(position, execution)| execution_json(world, id, position, execution);
    let executions: Vec<_> = page.items.into_iter().map(execution).collect();
    Ok(with_token(json!({"WindowExecutions": executions}), page.next))
}

fn execution_json(world: &World, window_id: &str, position: usize, execution: &Execution) -> Value {
    let command = execution.command.map(|command| &world.commands[command]);
    let status = match command {
        None => "SKIPPED_OVERLAPPING",
        Some(_) if world.is_at_work(execution) => "IN_PROGRESS",
        Some(command) if command.ends().all(|end| end == End::Success) => "SUCCESS",
        Some(_) => "FAILED",
    };
    let mut answer = json!({
        "WindowId": window_id,
        "WindowExecutionId": ids::uuid(&["window-execution", window_id, &position.to_string()]),
        "Status": status,
        "StartTime": epoch_seconds(execution.started),
    });
    if status != "IN_PROGRESS" {
        let ends = command.into_iter().flat_map(|command| &command.invocations);
        let end = ends.filter_map(|invocation| invocation.ended.as_ref()).map(|(at, _)| *at).max();
        answer["EndTime"] = json!(epoch_seconds(end.unwrap_or(execution.started)));
    }
    answer
}

fn window_id(call: &Call) -> Result<&str, AwsError> {
    let id = ssm(call).required("WindowId")?;
    let hex = |tail: &str| tail.len() == 17 && tail.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !id.strip_prefix("mw-").is_some_and(hex) {
        let pattern = "Member must satisfy regular expression pattern: ^mw-[0-9a-f]{17}$";
        return Err(ssm(call).refuse("WindowId", pattern));
    }
    Ok(id)
}

fn window<'a>(world: &'a World, call: &'a Call) -> Result<(&'a Window, &'a AgentJob), AwsError> {
    let id = window_id(call)?;
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
            "MaxConcurrency": job.max_concurrency,
            "MaxErrors": "1",
            "Name": format!("{}-task", window.name),
            "CutoffBehavior": "CONTINUE_TASK",
        })
    };
    let tasks: Vec<_> = page.items.into_iter().map(task).collect();
    Ok(with_token(json!({"Tasks": tasks}), page.next))
}
