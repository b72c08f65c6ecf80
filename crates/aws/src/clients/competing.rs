//! Finds competing patchers in a member account with a few paged calls per target, independent of the number of instances.

use aws_config::SdkConfig;
use aws_sdk_ssm::{Client, types as api};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use orgpatch_engine::competing;
use orgpatch_engine::competing::{
    Association, ConflictFacts, MaintenanceWindow, RunningCommand, TargetCriterion, WindowTarget, WindowTask,
};
use orgpatch_model::fetched::Fetched;

use crate::clients::call::{CallError, fetched, not_built};

/// Results per page: the most for the lists of associations and invocations, and enough for windows.
const PAGE_SIZE: i32 = 50;

/// How many calls about single associations and windows run at the same time.
const CONCURRENCY: usize = 4;

/// The statuses of an invocation that has not ended. `Delayed` means that it is delivered as soon as the agent answers. The
/// filter accepts one status at a time, and does not accept `Cancelling` (API reference, `CommandFilter`).
const NOT_ENDED: [&str; 3] = ["Pending", "InProgress", "Delayed"];

/// Reads the facts about all tools that patch in one account and Region.
#[derive(Debug, Clone)]
pub struct CompetingPatchers {
    client: Client,
}

impl CompetingPatchers {
    /// With a configuration that enters the account and Region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// Reads all facts. It does not read targets and tasks of windows that begin at `until` or later, because they are no
    /// conflict.
    pub async fn facts(&self, until: Timestamp) -> Result<ConflictFacts, CallError> {
        let (associations, windows, running) = tokio::try_join!(
            async { fetched(self.associations().await) },
            async { fetched(self.windows(until).await) },
            self.running()
        )?;
        Ok(ConflictFacts { associations, windows, running })
    }

    /// Returns commands that run or wait. The list shows a command some seconds after it was sent. Runs of State Manager are
    /// not in it.
    pub async fn running(&self) -> Result<Fetched<Vec<RunningCommand>>, CallError> {
        let lists = stream::iter(NOT_ENDED.map(|status| self.with_status(status))).buffered(NOT_ENDED.len());
        fetched(lists.try_collect::<Vec<_>>().await.map(|lists| lists.concat()))
    }

    async fn with_status(&self, status: &str) -> Result<Vec<RunningCommand>, CallError> {
        let operation = "ssm:ListCommandInvocations";
        let filter = api::CommandFilter::builder()
            .key(api::CommandFilterKey::Status)
            .value(status)
            .build()
            .map_err(|error| not_built(operation, &error))?;
        let mut pages = self
            .client
            .list_command_invocations()
            .filters(filter)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut running = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of(operation, &error))?;
            let (Some(command_id), Some(instance_id)) = (found.command_id, found.instance_id) else { continue };
            running.push(RunningCommand {
                command_id,
                instance_id,
                document: found.document_name.unwrap_or_default(),
                comment: found.comment.unwrap_or_default(),
                requested_at: found.requested_date_time.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            });
        }
        Ok(running)
    }

    async fn associations(&self) -> Result<Vec<Association>, CallError> {
        let mut pages = self.client.list_associations().max_results(PAGE_SIZE).into_paginator().items().send();
        let mut associations = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:ListAssociations", &error))?;
            let (Some(id), Some(document)) = (found.association_id, found.name) else { continue };
            let mut targets = targets(found.targets);
            if let Some(instance_id) = found.instance_id {
                targets.push(TargetCriterion { key: "InstanceIds".to_owned(), values: vec![instance_id] });
            }
            associations.push(Association { id, name: found.association_name, document, operation: None, targets });
        }
        let with_operation = |association: Association| async move {
            let operation =
                if competing::operation_matters(&association) { self.operation(&association.id).await? } else { None };
            Ok(Association { operation, ..association })
        };
        stream::iter(associations.into_iter().map(with_operation)).buffered(CONCURRENCY).try_collect().await
    }

    /// Returns parameter `Operation` of an association. None: it cannot be read, so the association may install.
    async fn operation(&self, association_id: &str) -> Result<Option<String>, CallError> {
        let answer = self.client.describe_association().association_id(association_id).send().await;
        let answer = answer.map_err(|error| CallError::of("ssm:DescribeAssociation", &error));
        let answer = match fetched(answer)? {
            Fetched::Yes(answer) => answer,
            Fetched::No(_) => return Ok(None),
        };
        let parameters = answer.association_description.and_then(|description| description.parameters);
        Ok(parameters.and_then(|mut parameters| parameters.remove("Operation")?.pop()))
    }

    async fn windows(&self, until: Timestamp) -> Result<Vec<MaintenanceWindow>, CallError> {
        let enabled = api::MaintenanceWindowFilter::builder().key("Enabled").values("true").build();
        let mut pages = self
            .client
            .describe_maintenance_windows()
            .filters(enabled)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut windows = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:DescribeMaintenanceWindows", &error))?;
            let Some(id) = found.window_id else { continue };
            let next_start = found.next_execution_time.as_deref().and_then(time);
            if next_start.is_none_or(|start| start >= until) {
                continue;
            }
            windows.push(MaintenanceWindow {
                id,
                name: found.name.unwrap_or_default(),
                enabled: found.enabled,
                next_start,
                duration_hours: found.duration.and_then(|hours| u32::try_from(hours).ok()).unwrap_or_default(),
                targets: Vec::new(),
                tasks: Vec::new(),
            });
        }
        let complete = |window: MaintenanceWindow| async move {
            let tasks = self.tasks(&window.id).await?;
            let patches = tasks.iter().any(|task| competing::patches(&task.document));
            let targets = if patches { self.window_targets(&window.id).await? } else { Vec::new() };
            Ok(MaintenanceWindow { tasks, targets, ..window })
        };
        stream::iter(windows.into_iter().map(complete)).buffered(CONCURRENCY).try_collect().await
    }

    async fn tasks(&self, window_id: &str) -> Result<Vec<WindowTask>, CallError> {
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
            tasks.push(WindowTask {
                id: task.window_task_id.unwrap_or_default(),
                document: task.task_arn.unwrap_or_default(),
                targets: targets(task.targets),
            });
        }
        Ok(tasks)
    }

    async fn window_targets(&self, window_id: &str) -> Result<Vec<WindowTarget>, CallError> {
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
            let id = target.window_target_id.unwrap_or_default();
            found.push(WindowTarget { id, targets: targets(target.targets) });
        }
        Ok(found)
    }
}

fn targets(targets: Option<Vec<api::Target>>) -> Vec<TargetCriterion> {
    let targets = targets.unwrap_or_default().into_iter();
    targets
        .filter_map(|target| Some(TargetCriterion { key: target.key?, values: target.values.unwrap_or_default() }))
        .collect()
}

/// Reads `NextExecutionTime`, which may have no seconds, and a time zone after its offset.
fn time(text: &str) -> Option<Timestamp> {
    text.split('[').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_of_windows_as_the_service_writes_them() {
        let read = |text| time(text).map(|at| at.to_string());
        assert_eq!(read("2026-11-10T00:30Z").as_deref(), Some("2026-11-10T00:30:00Z"));
        assert_eq!(read("2026-11-10T00:30:15Z").as_deref(), Some("2026-11-10T00:30:15Z"));
        assert_eq!(read("2026-11-10T02:00-08:00[America/Los_Angeles]").as_deref(), Some("2026-11-10T10:00:00Z"));
        assert_eq!(read("soon"), None);
    }
}
