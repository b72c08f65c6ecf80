//! Systems Manager in a member account: lists managed instances, sends commands, and reads their results.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::send_command::SendCommandError;
use aws_sdk_ssm::types::{CommandFilter, CommandFilterKey, InstanceInformationStringFilter, PatchOrchestratorFilter};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use orgpatch_engine::results::invocation::Invocation;
use orgpatch_engine::results::outcome_rules::ComplianceRow;
use orgpatch_engine::sending::command;
use orgpatch_engine::sending::command::CommandRequest;
use orgpatch_model::instance::ManagedInstance;
use orgpatch_model::patch::{Patch, PatchDisposition};

use crate::clients::call::{CallError, Kind, not_built};

/// The largest page of DescribeInstanceInformation, ListCommands and ListCommandInvocations, and the most ids that
/// DescribeInstancePatchStates accepts.
const PAGE_SIZE: i32 = 50;
const MAX_IDS: usize = 50;

/// The largest page of DescribeInstancePatches.
const PATCHES_PER_PAGE: i32 = 100;

/// How far the clocks of two services may differ: a command may seem to have been sent this long before its intent.
const CLOCK_MARGIN_SECONDS: i64 = 900;

/// Systems Manager in one account and Region.
#[derive(Debug, Clone)]
pub struct Ssm {
    client: Client,
}

/// Why a command was not sent.
#[derive(Debug)]
pub enum SendError {
    /// One of the instances cannot receive commands now. Nothing was sent to any instance.
    InvalidInstance(String),
    /// Any other error.
    Call(CallError),
}

impl Ssm {
    /// With a configuration that enters the account and Region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// Returns managed instances: all, or those of `ids`.
    pub async fn managed(&self, ids: Option<&[String]>) -> Result<Vec<ManagedInstance>, CallError> {
        let mut nodes = Vec::new();
        let chunks: Vec<Option<&[String]>> = match ids {
            None => vec![None],
            Some(ids) => ids.chunks(MAX_IDS).map(Some).collect(),
        };
        for chunk in chunks {
            let filter = chunk.map(|ids| {
                InstanceInformationStringFilter::builder().key("InstanceIds").set_values(Some(ids.to_vec())).build()
            });
            let filter = filter.transpose().map_err(|error| not_built("ssm:DescribeInstanceInformation", &error))?;
            let mut pages = self
                .client
                .describe_instance_information()
                .set_filters(filter.map(|filter| vec![filter]))
                .max_results(PAGE_SIZE)
                .into_paginator()
                .items()
                .send();
            while let Some(node) = pages.next().await {
                let node = node.map_err(|error| CallError::of("ssm:DescribeInstanceInformation", &error))?;
                let Some(id) = node.instance_id else { continue };
                nodes.push(ManagedInstance {
                    id,
                    ping: node.ping_status.map_or_else(|| "Unknown".to_owned(), |ping| ping.as_str().to_owned()),
                    last_ping: node.last_ping_date_time.and_then(|at| timestamp(&at)),
                    platform_name: node.platform_name.unwrap_or_default(),
                    platform_version: node.platform_version.unwrap_or_default(),
                    agent_version: node.agent_version.unwrap_or_default(),
                });
            }
        }
        Ok(nodes)
    }

    /// Sends a command and returns its id. Only a throttled call is retried, because then nothing was sent. The call has no
    /// idempotency token, and a lost answer may belong to a command that runs already.
    pub async fn send(&self, request: &CommandRequest) -> Result<String, SendError> {
        let parameters: HashMap<String, Vec<String>> = request.parameters.clone().into_iter().collect();
        let sent = self
            .client
            .send_command()
            .document_name(command::DOCUMENT)
            .set_instance_ids(Some(request.instance_ids.clone()))
            .set_parameters(Some(parameters))
            .comment(&request.comment)
            .max_concurrency(&request.max_concurrency)
            .max_errors(&request.max_errors)
            .timeout_seconds(i32::try_from(request.timeout_seconds).unwrap_or(i32::MAX))
            .customize()
            .config_override(aws_sdk_ssm::config::Builder::new().retry_classifier(OnlyThrottling))
            .send()
            .await
            .map_err(|error| match CallError::of("ssm:SendCommand", &error) {
                error if error.code == "InvalidInstanceId" => SendError::InvalidInstance(error.message),
                error => SendError::Call(error),
            })?;
        sent.command.and_then(|command| command.command_id).ok_or_else(|| {
            SendError::Call(CallError {
                kind: Kind::Lost,
                operation: "ssm:SendCommand",
                code: "no command id".to_owned(),
                message: "the answer names no command".to_owned(),
            })
        })
    }

    /// Returns the command with that comment, sent about `since` or later, if the service's list shows one.
    pub async fn find_command(&self, comment: &str, since: Timestamp) -> Result<Option<String>, CallError> {
        let after = Timestamp::from_second(since.as_second() - CLOCK_MARGIN_SECONDS).unwrap_or(since);
        let filter = CommandFilter::builder()
            .key(CommandFilterKey::InvokedAfter)
            .value(after.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            .build()
            .map_err(|error| not_built("ssm:ListCommands", &error))?;
        let mut pages =
            self.client.list_commands().filters(filter).max_results(PAGE_SIZE).into_paginator().items().send();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:ListCommands", &error))?;
            if found.comment.as_deref() == Some(comment) {
                return Ok(found.command_id);
            }
        }
        Ok(None)
    }

    /// Returns the invocations of a command that the service shows so far.
    pub async fn invocations(&self, command_id: &str) -> Result<Vec<Invocation>, CallError> {
        let mut pages = self
            .client
            .list_command_invocations()
            .command_id(command_id)
            .details(true)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut invocations = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:ListCommandInvocations", &error))?;
            let Some(instance_id) = found.instance_id else { continue };
            let plugins = found.command_plugins.unwrap_or_default();
            // Three plugins run, one per platform. The two that do not apply report success, so a failed one decides.
            let failed = plugins.iter().find(|plugin| plugin.response_code != 0);
            invocations.push(Invocation {
                instance_id,
                status: found.status.map_or_else(|| "Pending".to_owned(), |status| status.as_str().to_owned()),
                status_details: found.status_details.unwrap_or_default(),
                exit_code: failed.or(plugins.first()).map(|plugin| i64::from(plugin.response_code)),
                finished_at: plugins
                    .iter()
                    .filter_map(|plugin| plugin.response_finish_date_time.as_ref().and_then(timestamp))
                    .max(),
            });
        }
        Ok(invocations)
    }

    /// Returns compliance rows. An instance without any patch operation is absent.
    pub async fn patch_states(&self, instance_ids: &[String]) -> Result<Vec<ComplianceRow>, CallError> {
        let mut states = Vec::new();
        for ids in instance_ids.chunks(MAX_IDS) {
            let mut pages = self
                .client
                .describe_instance_patch_states()
                .set_instance_ids(Some(ids.to_vec()))
                .max_results(PAGE_SIZE)
                .into_paginator()
                .items()
                .send();
            while let Some(state) = pages.next().await {
                let state = state.map_err(|error| CallError::of("ssm:DescribeInstancePatchStates", &error))?;
                let count = |n: i32| u32::try_from(n).unwrap_or_default();
                states.push(ComplianceRow {
                    missing: count(state.missing_count),
                    failed: count(state.failed_count),
                    pending_reboot: count(state.installed_pending_reboot_count.unwrap_or_default()),
                    operation: state.operation.as_str().to_owned(),
                    ended_at: timestamp(&state.operation_end_time).unwrap_or(Timestamp::UNIX_EPOCH),
                    snapshot_id: state.snapshot_id,
                    baseline_id: state.baseline_id,
                    instance_id: state.instance_id,
                });
            }
        }
        Ok(states)
    }

    /// Returns the patches of an instance that are missing, failed, or wait for a reboot.
    pub async fn patches_to_do(&self, instance_id: &str) -> Result<Vec<Patch>, CallError> {
        let states = PatchDisposition::TO_DO.map(|state| state.name().to_owned());
        let filter = PatchOrchestratorFilter::builder().key("State").set_values(Some(states.to_vec())).build();
        let mut pages = self
            .client
            .describe_instance_patches()
            .instance_id(instance_id)
            .filters(filter)
            .max_results(PATCHES_PER_PAGE)
            .into_paginator()
            .items()
            .send();
        let mut patches = Vec::new();
        while let Some(patch) = pages.next().await {
            let patch = patch.map_err(|error| CallError::of("ssm:DescribeInstancePatches", &error))?;
            let Some(state) = PatchDisposition::from_name(patch.state.as_str()) else {
                continue;
            };
            let cve_ids = patch.cve_ids.unwrap_or_default();
            patches.push(Patch {
                state,
                id: patch.kb_id,
                title: patch.title,
                classification: patch.classification,
                severity: patch.severity,
                cve_ids: cve_ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect(),
            });
        }
        Ok(patches)
    }
}

/// Retries a throttled call and forbids every other retry.
#[derive(Debug)]
struct OnlyThrottling;

impl ClassifyRetry for OnlyThrottling {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let code = error
            .as_operation_error()
            .and_then(|error| error.downcast_ref::<SendCommandError>())
            .and_then(ProvideErrorMetadata::code);
        match code {
            Some("ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded") => {
                RetryAction::throttling_error()
            }
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only throttling"
    }

    fn priority(&self) -> RetryClassifierPriority {
        // Last, so that no other classifier can bring a retry back.
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

fn timestamp(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}
