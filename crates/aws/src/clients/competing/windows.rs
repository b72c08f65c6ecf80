//! Maintenance windows: which come soon or are at work, what they run, and on which instances.

use std::ops::Range;

use aws_sdk_ssm::types as api;
use aws_sdk_ssm::types::MaintenanceWindowTaskType as Type;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use orgpatch_engine::competing;
use orgpatch_engine::competing::{Index, MaintenanceWindow, Room, WindowExecution, WindowTarget, WindowTask, bytes_of};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::text::cut;

use super::{CONCURRENCY, CompetingPatchers, NAME_CHARACTERS, PAGE_SIZE, apart, targets};
use crate::clients::call::{CallError, fetched};

/// The error code of a window that does not exist (botocore 1.43.106, `DoesNotExistException`).
const NO_SUCH_WINDOW: &str = "DoesNotExistException";

/// What was read about maintenance windows.
pub(super) struct Windows {
    /// Those that patch, and begin in time or are at work.
    pub patching: Fetched<Vec<MaintenanceWindow>>,
    /// Their executions that are at work.
    pub executions: Fetched<Vec<WindowExecution>>,
    /// How many there was no room for.
    pub not_looked_at: usize,
}

impl CompetingPatchers {
    /// Returns the windows that patch and are at work or begin before these times end, as many as fit.
    ///
    /// A window that is switched off while it works goes on, so those that are not enabled are read, too.
    pub(super) async fn windows(&self, times: Range<Timestamp>, index: &Index<'_>) -> Result<Windows, CallError> {
        let mut room = Room::default();
        let (listed, more) = apart(fetched(self.listed(&mut room).await)?);
        let listed = match listed {
            Fetched::Yes(listed) => listed,
            Fetched::No(missing) => {
                return Ok(Windows {
                    patching: Fetched::No(missing),
                    executions: Fetched::Yes(Vec::new()),
                    not_looked_at: 0,
                });
            }
        };
        let executions = fetched(self.executions(&listed, times.start).await)?;
        let at_work = |window: &MaintenanceWindow| {
            executions.get().is_ok_and(|all| all.iter().any(|execution| execution.window_id == window.id))
        };
        let wanted: Vec<_> =
            listed.into_iter().filter(|window| at_work(window) || window.may_begin_before(times.end)).collect();
        let (patching, without_room) = apart(fetched(self.completed(wanted, &mut room, index).await)?);
        Ok(Windows { patching, executions, not_looked_at: more + without_room })
    }

    async fn listed(&self, room: &mut Room) -> Result<(Vec<MaintenanceWindow>, usize), CallError> {
        let mut pages =
            self.client.describe_maintenance_windows().max_results(PAGE_SIZE).into_paginator().items().send();
        let (mut listed, mut left_out) = (Vec::new(), 0);
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:DescribeMaintenanceWindows", &error))?;
            let Some(window) = window(found) else { continue };
            if room.item() {
                listed.push(window);
            } else {
                left_out += 1;
            }
        }
        Ok((listed, left_out))
    }

    /// Returns the executions that are at work. A window that opened an hour ago is listed with its next start only.
    async fn executions(
        &self,
        windows: &[MaintenanceWindow],
        now: Timestamp,
    ) -> Result<Vec<WindowExecution>, CallError> {
        let since = competing::executions_since(now);
        let of_windows = windows.iter().map(|window| self.executions_of(&window.id, since));
        let executions: Vec<_> = stream::iter(of_windows).buffered(CONCURRENCY).try_collect().await?;
        Ok(executions.concat())
    }

    async fn executions_of(&self, window_id: &str, since: Timestamp) -> Result<Vec<WindowExecution>, CallError> {
        let since = api::MaintenanceWindowFilter::builder().key("ExecutedAfter").values(format!("{since:.0}")).build();
        let mut pages = self
            .client
            .describe_maintenance_window_executions()
            .window_id(window_id)
            .filters(since)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut executions = Vec::new();
        while let Some(found) = pages.next().await {
            let found = match found.map_err(|error| CallError::of("ssm:DescribeMaintenanceWindowExecutions", &error)) {
                Ok(found) => found,
                // It was deleted since it was listed.
                Err(error) if error.code == NO_SUCH_WINDOW => break,
                Err(error) => return Err(error),
            };
            let time = |at: Option<aws_smithy_types::DateTime>| Timestamp::from_second(at?.secs()).ok();
            let execution = WindowExecution {
                window_id: window_id.to_owned(),
                status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                started_at: time(found.start_time),
                ended_at: time(found.end_time),
            };
            // A window runs once at a time: one that is due while it works is skipped (`SKIPPED_OVERLAPPING`).
            if executions.is_empty() && competing::is_at_work(&execution) {
                executions.push(execution);
            }
        }
        Ok(executions)
    }

    /// Returns the windows that patch, with their tasks and targets, and how many there was no room for. They are read one
    /// after the other, so that no more than one page is in memory beyond what there is room for. An account has at most 50
    /// windows (AWS General Reference, "AWS Systems Manager endpoints and quotas").
    async fn completed(
        &self,
        wanted: Vec<MaintenanceWindow>,
        room: &mut Room,
        index: &Index<'_>,
    ) -> Result<(Vec<MaintenanceWindow>, usize), CallError> {
        let (mut windows, mut left_out) = (Vec::new(), 0);
        for window in wanted {
            match self.complete(window, room, index).await? {
                Some(window) if window.tasks.is_empty() => {}
                Some(window) => windows.push(window),
                None => left_out += 1,
            }
        }
        Ok((windows, left_out))
    }

    /// Adds the tasks that patch, and the targets; None if there is no room for them.
    async fn complete(
        &self,
        window: MaintenanceWindow,
        room: &mut Room,
        index: &Index<'_>,
    ) -> Result<Option<MaintenanceWindow>, CallError> {
        let Some(tasks) = self.tasks(&window.id, room).await? else { return Ok(None) };
        if tasks.is_empty() {
            return Ok(Some(window));
        }
        let Some(targets) = self.window_targets(&window.id, room).await? else { return Ok(None) };
        let window = MaintenanceWindow { targets, ..window };
        let mut patching = Vec::new();
        for mut task in tasks {
            if competing::may_wrap(&task.document) && competing::task_concerns(&window, &task, index) {
                // Which version the task runs is not in the list.
                task.wraps = self.documents.wrapped(&task.document, None).await?;
            }
            if competing::patches(&task.document) || task.wraps.is_some() {
                patching.push(task);
            }
        }
        Ok(Some(MaintenanceWindow { tasks: patching, ..window }))
    }

    async fn tasks(&self, window_id: &str, room: &mut Room) -> Result<Option<Vec<WindowTask>>, CallError> {
        let mut pages = self
            .client
            .describe_maintenance_window_tasks()
            .window_id(window_id)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut tasks = Vec::new();
        while let Some(task) = pages.next().await {
            let task = task.map_err(|error| CallError::of("ssm:DescribeMaintenanceWindowTasks", &error))?;
            // The other types run a Lambda function or a state machine.
            if !matches!(task.r#type, Some(Type::RunCommand | Type::Automation)) {
                continue;
            }
            let may_patch = |document: &String| competing::patches(document) || competing::may_wrap(document);
            let Some(document) = task.task_arn.filter(may_patch) else { continue };
            let (id, targets) = (task.window_task_id.unwrap_or_default(), targets(task.targets));
            let task = WindowTask { id, document, wraps: None, targets };
            if !room.text(task.document.len() + bytes_of(&task.targets)) {
                return Ok(None);
            }
            tasks.push(task);
        }
        Ok(Some(tasks))
    }

    async fn window_targets(&self, window_id: &str, room: &mut Room) -> Result<Option<Vec<WindowTarget>>, CallError> {
        let mut pages = self
            .client
            .describe_maintenance_window_targets()
            .window_id(window_id)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(target) = pages.next().await {
            let target = target.map_err(|error| CallError::of("ssm:DescribeMaintenanceWindowTargets", &error))?;
            let targets = targets(target.targets);
            if !room.text(bytes_of(&targets)) {
                return Ok(None);
            }
            found.push(WindowTarget { id: target.window_target_id.unwrap_or_default(), targets });
        }
        Ok(Some(found))
    }
}

fn window(found: api::MaintenanceWindowIdentity) -> Option<MaintenanceWindow> {
    let written = found.next_execution_time.filter(|text| !text.is_empty());
    let next_start = written.as_deref().and_then(time);
    Some(MaintenanceWindow {
        id: found.window_id?,
        name: cut(found.name.unwrap_or_default(), NAME_CHARACTERS),
        enabled: found.enabled,
        next_start,
        unread_start: written.filter(|_| next_start.is_none()).map(|text| cut(text, NAME_CHARACTERS)),
        duration_hours: found.duration.and_then(|hours| u32::try_from(hours).ok()).unwrap_or_default(),
        targets: Vec::new(),
        tasks: Vec::new(),
    })
}

/// Reads `NextExecutionTime`, which may have no seconds, and a time zone after its offset.
fn time(text: &str) -> Option<Timestamp> {
    text.split('[').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::types::MaintenanceWindowIdentity;

    use super::{time, window};

    #[test]
    fn times_of_windows_as_the_service_writes_them() {
        let read = |text| time(text).map(|at| at.to_string());
        assert_eq!(read("2026-11-10T00:30Z").as_deref(), Some("2026-11-10T00:30:00Z"));
        assert_eq!(read("2026-11-10T00:30:15Z").as_deref(), Some("2026-11-10T00:30:15Z"));
        assert_eq!(read("2026-11-10T02:00-08:00[America/Los_Angeles]").as_deref(), Some("2026-11-10T10:00:00Z"));
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn a_start_that_cannot_be_read_is_not_the_same_as_none() {
        let read = |text: Option<&str>| {
            let identity =
                MaintenanceWindowIdentity::builder().window_id("mw-1").set_next_execution_time(text.map(Into::into));
            let window = window(identity.build()).expect("a window");
            (window.next_start.is_some(), window.unread_start)
        };
        assert_eq!(read(Some("soon")), (false, Some("soon".to_owned())));
        assert_eq!(read(Some("2026-11-10T00:30Z")), (true, None));
        assert_eq!((read(None), read(Some(""))), ((false, None), (false, None)));
    }
}
