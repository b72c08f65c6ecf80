//! Systems Manager in a member account: lists managed instances, sends commands, and reads their results.

use std::collections::{HashMap, HashSet};

use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_sdk_ssm::types::{
    CommandFilter, CommandFilterKey, InstanceInformationStringFilter, PatchComplianceData, PatchOrchestratorFilter,
    ResourceType,
};
use jiff::Timestamp;
use orgpatch_engine::results::outcome_rules::ComplianceRow;
use orgpatch_engine::results::rules_seen::{CoveredPatches, PatchKind};
use orgpatch_engine::sending::command;
use orgpatch_engine::sending::command::CommandRequest;
use orgpatch_engine::sending::invocation::Invocation;
use orgpatch_model::instance::ManagedInstance;
use orgpatch_model::patch::{ComplianceStatus, MOST_PATCHES, Patch, PatchDisposition, PatchList};
use orgpatch_model::text::cut;

use crate::clients::call::{CallError, Kind, not_built};
use crate::clients::config::{MemberConfig, adaptive_retry};

/// The largest page of DescribeInstanceInformation, ListCommands and ListCommandInvocations, and the most ids that
/// DescribeInstancePatchStates accepts.
const PAGE_SIZE: i32 = 50;
const MAX_IDS: usize = 50;

/// The error code of an instance that does not exist any more, or cannot receive commands now.
const INVALID_INSTANCE: &str = "InvalidInstanceId";

/// How the id of a hybrid node begins (botocore 1.43.106, `InstanceId`).
const HYBRID: &str = "mi-";

/// The most characters of the name of a node: those of a host name (botocore 1.43.106, `ComputerName`).
const NAME_CHARACTERS: usize = 255;

/// The largest page of DescribeInstancePatches.
const PATCHES_PER_PAGE: i32 = 100;

/// The states of patches that are installed and that the baseline of the instance covers, in the spelling of the examples of the
/// reference (botocore 1.43.106, `DescribeInstancePatches`).
const COVERED: [&str; 3] = ["Installed", "InstalledPendingReboot", "InstalledRejected"];

/// The most pages of installed patches that are read of an instance.
const MAX_COVERED_PAGES: usize = 20;

/// The most characters of what an agent reports of its platform and version. The API does not limit what it answers; a name
/// has at most 120 in another of its types (botocore 1.43.106, `InstanceInformation` and `PlatformName`).
const PLATFORM_CHARACTERS: usize = 120;

/// The most characters of `StatusDetails` (botocore 1.43.106).
const STATUS_CHARACTERS: usize = 100;

/// How far the clocks of two services may differ: a command may seem to have been sent this long before its intent.
const CLOCK_MARGIN_SECONDS: i64 = 900;

/// The longest time to connect for a SendCommand, and then for its answer. Together they stay well below
/// [`orgpatch_engine::sending::intent::SEND_SECONDS`].
const SEND_CONNECT: Duration = Duration::from_secs(3);
const SEND_ATTEMPT: Duration = Duration::from_secs(15);

/// The most pages of invocations that one look reads: 3,000 commands of this document since the oldest that is open. What
/// is not among them is asked for by its id.
const MAX_INVOCATION_PAGES: usize = 60;

/// Systems Manager in one account and Region.
#[derive(Debug, Clone)]
pub struct Ssm {
    client: Client,
}

/// Why a command was not sent.
#[derive(Debug)]
pub enum SendError {
    /// The instance cannot receive commands now. Nothing was sent.
    InvalidInstance(String),
    /// Any other error.
    Call(CallError),
}

impl Ssm {
    /// With a configuration that enters the account and Region. The rate of calls adapts to what the service allows there:
    /// its limits are those of an account and Region, and are not documented.
    #[must_use]
    pub fn new(member: &MemberConfig) -> Self {
        let config = aws_sdk_ssm::config::Builder::from(&**member)
            .retry_config(adaptive_retry())
            .retry_partition(RetryPartition::new(format!("ssm/{}", member.place())))
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Returns managed nodes, EC2 instances and others: all, or those of `ids`.
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
                let is_hybrid = id.starts_with(HYBRID) || node.resource_type == Some(ResourceType::ManagedInstance);
                let name = node.name.or(node.computer_name).filter(|name| is_hybrid && !name.is_empty());
                nodes.push(ManagedInstance {
                    id,
                    is_hybrid,
                    name: name.map(|name| cut(name, NAME_CHARACTERS)),
                    ping: node.ping_status.map_or_else(|| "Unknown".to_owned(), |ping| ping.as_str().to_owned()),
                    last_ping: node.last_ping_date_time.and_then(|at| timestamp(&at)),
                    platform_name: platform(node.platform_name),
                    platform_version: platform(node.platform_version),
                    agent_version: platform(node.agent_version),
                });
            }
        }
        Ok(nodes)
    }

    /// Returns those of the instances that are online.
    ///
    /// A filter with an id that is not valid any more may be an error (API reference, DescribeInstanceInformation). Then all
    /// nodes are listed, because one terminated instance says nothing about the others.
    pub async fn online(&self, ids: &[String]) -> Result<HashSet<String>, CallError> {
        let nodes = match self.managed(Some(ids)).await {
            Err(error) if error.code == INVALID_INSTANCE => self.managed(None).await?,
            nodes => nodes?,
        };
        Ok(nodes.into_iter().filter(|node| node.ping == "Online").map(|node| node.id).collect())
    }

    /// Sends a command and returns its id, with one attempt. The call has no idempotency token, and a lost answer may belong
    /// to a command that runs already.
    pub async fn send(&self, request: &CommandRequest) -> Result<String, SendError> {
        let parameters: HashMap<String, Vec<String>> = request.parameters.clone().into_iter().collect();
        let timeouts =
            TimeoutConfig::builder().connect_timeout(SEND_CONNECT).operation_attempt_timeout(SEND_ATTEMPT).build();
        let sent = self
            .client
            .send_command()
            .document_name(command::DOCUMENT)
            .instance_ids(&request.instance_id)
            .set_parameters(Some(parameters))
            .comment(&request.comment)
            .timeout_seconds(i32::try_from(request.timeout_seconds).unwrap_or(i32::MAX))
            .customize()
            .config_override(
                aws_sdk_ssm::config::Builder::new().retry_config(RetryConfig::disabled()).timeout_config(timeouts),
            )
            .send()
            .await
            .map_err(|error| match CallError::of("ssm:SendCommand", &error) {
                error if error.code == INVALID_INSTANCE => SendError::InvalidInstance(error.message),
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

    /// Cancels a command. There is no guarantee that it does not run (API reference, CancelCommand).
    pub async fn cancel(&self, command_id: &str) -> Result<(), CallError> {
        let cancelled = self.client.cancel_command().command_id(command_id).send().await;
        cancelled.map(drop).map_err(|error| CallError::of("ssm:CancelCommand", &error))
    }

    /// Returns the ids of the commands that were sent about `since` or later, by those comments that are `wanted`. Other
    /// tools may have sent any number. The list shows a command some seconds after it was sent.
    pub async fn commands_since(
        &self,
        since: Timestamp,
        wanted: &HashSet<String>,
    ) -> Result<HashMap<String, String>, CallError> {
        let filters = vec![invoked_after(since, "ssm:ListCommands")?, of_document("ssm:ListCommands")?];
        let mut pages = self
            .client
            .list_commands()
            .set_filters(Some(filters))
            .max_results(PAGE_SIZE)
            .into_paginator()
            .items()
            .send();
        let mut commands = HashMap::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:ListCommands", &error))?;
            if let (Some(comment), Some(id)) = (found.comment, found.command_id)
                && wanted.contains(&comment)
            {
                commands.insert(comment, id);
            }
        }
        Ok(commands)
    }

    /// Returns the invocations of all commands with the patch document that were sent about `since` or later, by the ids
    /// of the commands that are `wanted`. It reads no further than to the last of them.
    pub async fn invocations_since(
        &self,
        since: Timestamp,
        wanted: &HashMap<String, Timestamp>,
    ) -> Result<HashMap<String, Invocation>, CallError> {
        let operation = "ssm:ListCommandInvocations";
        let filters = vec![invoked_after(since, operation)?, of_document(operation)?];
        let mut pages = self
            .client
            .list_command_invocations()
            .set_filters(Some(filters))
            .details(true)
            .max_results(PAGE_SIZE)
            .into_paginator()
            .send();
        let mut invocations = HashMap::new();
        let mut read = 0;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::of(operation, &error))?;
            let found = page.command_invocations.unwrap_or_default().into_iter().filter_map(invocation);
            let ours = found.filter(|found| wanted.contains_key(&found.command_id));
            invocations.extend(ours.map(|found| (found.command_id.clone(), found)));
            read += 1;
            if read >= MAX_INVOCATION_PAGES || invocations.len() == wanted.len() {
                break;
            }
        }
        Ok(invocations)
    }

    /// Returns the invocation of a command that names one instance; None while the service shows none.
    pub async fn invocation(&self, command_id: &str) -> Result<Option<Invocation>, CallError> {
        let answer = self
            .client
            .list_command_invocations()
            .command_id(command_id)
            .details(true)
            .send()
            .await
            .map_err(|error| CallError::of("ssm:ListCommandInvocations", &error))?;
        Ok(answer.command_invocations.unwrap_or_default().into_iter().find_map(invocation))
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
                    installed: count(state.installed_count),
                    installed_rejected: count(state.installed_rejected_count.unwrap_or_default()),
                    not_applicable: count(state.not_applicable_count)
                        .saturating_add(count(state.unreported_not_applicable_count.unwrap_or_default())),
                    available_security_updates: count(state.available_security_update_count.unwrap_or_default()),
                    aws_status: ComplianceStatus::of_counts([
                        state.critical_non_compliant_count,
                        state.security_non_compliant_count,
                        state.other_non_compliant_count,
                    ]),
                    last_no_reboot_install: state.last_no_reboot_install_operation_time.as_ref().and_then(timestamp),
                    operation: state.operation.as_str().to_owned(),
                    ended_at: timestamp(&state.operation_end_time).unwrap_or(Timestamp::UNIX_EPOCH),
                    snapshot_id: state.snapshot_id,
                    patch_group: Some(state.patch_group).filter(|group| !group.is_empty()),
                    baseline_id: state.baseline_id,
                    instance_id: state.instance_id,
                });
            }
        }
        Ok(states)
    }

    /// Returns the patches of an instance that are missing or failed. No more than those that are listed and one page are in
    /// memory.
    pub async fn lacking_patches(&self, instance_id: &str) -> Result<PatchList, CallError> {
        let states = PatchDisposition::LACKING.map(|state| state.name().to_owned());
        let filter = PatchOrchestratorFilter::builder().key("State").set_values(Some(states.to_vec())).build();
        let mut pages = self
            .client
            .describe_instance_patches()
            .instance_id(instance_id)
            .filters(filter)
            .max_results(PATCHES_PER_PAGE)
            .into_paginator()
            .send();
        let mut patches = PatchList::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::of("ssm:DescribeInstancePatches", &error))?;
            patches.add(page.patches.unwrap_or_default().into_iter().filter_map(lacking_patch), MOST_PATCHES);
        }
        Ok(patches)
    }

    /// Returns what kinds of patches of an instance are installed and covered by its baseline, with the number of pages that were
    /// read. Of more than 2,000 patches not all are read.
    pub async fn covered_patches(&self, instance_id: &str) -> Result<(CoveredPatches, usize), CallError> {
        let states = COVERED.map(str::to_owned);
        let filter = PatchOrchestratorFilter::builder().key("State").set_values(Some(states.to_vec())).build();
        let mut pages = self
            .client
            .describe_instance_patches()
            .instance_id(instance_id)
            .filters(filter)
            .max_results(PATCHES_PER_PAGE)
            .into_paginator()
            .send();
        let (mut covered, mut read) = (CoveredPatches::default(), 0);
        while read < MAX_COVERED_PAGES
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(|error| CallError::of("ssm:DescribeInstancePatches", &error))?;
            read += 1;
            for patch in page.patches.unwrap_or_default() {
                covered.count += 1;
                let (classification, severity) = (patch.classification, patch.severity);
                covered.kinds.insert(PatchKind { classification, severity }.within_limits());
            }
        }
        Ok((covered, read))
    }
}

/// Reads a patch; None if the instance does not lack it.
fn lacking_patch(found: PatchComplianceData) -> Option<Patch> {
    let state = PatchDisposition::from_name(found.state.as_str())?;
    let patch = Patch {
        state,
        id: found.kb_id,
        title: found.title,
        classification: found.classification,
        severity: found.severity,
        cve_ids: Vec::new(),
        more_cve_ids: 0,
    };
    let cve_ids = found.cve_ids.unwrap_or_default();
    PatchDisposition::LACKING.contains(&state).then(|| patch.within_limits(&cve_ids))
}

/// A filter for what was invoked about `since` or later.
fn invoked_after(since: Timestamp, operation: &'static str) -> Result<CommandFilter, CallError> {
    let after = Timestamp::from_second(since.as_second() - CLOCK_MARGIN_SECONDS).unwrap_or(since);
    CommandFilter::builder()
        .key(CommandFilterKey::InvokedAfter)
        .value(after.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .build()
        .map_err(|error| not_built(operation, &error))
}

/// A filter for commands with the patch document.
fn of_document(operation: &'static str) -> Result<CommandFilter, CallError> {
    CommandFilter::builder()
        .key(CommandFilterKey::DocumentName)
        .value(command::DOCUMENT)
        .build()
        .map_err(|error| not_built(operation, &error))
}

/// Returns what an agent reports of its platform.
fn platform(text: Option<String>) -> String {
    cut(text.unwrap_or_default(), PLATFORM_CHARACTERS)
}

/// Reads an invocation, without the output of its steps; None if it names no command or no instance.
fn invocation(found: aws_sdk_ssm::types::CommandInvocation) -> Option<Invocation> {
    let plugins = found.command_plugins.unwrap_or_default();
    // Three plugins run, one per platform. The two that do not apply report success, so a failed one decides.
    let failed = plugins.iter().find(|plugin| plugin.response_code != 0);
    let started = plugins.iter().filter_map(|plugin| timestamp(plugin.response_start_date_time.as_ref()?));
    let finished = plugins.iter().filter_map(|plugin| timestamp(plugin.response_finish_date_time.as_ref()?));
    Some(Invocation {
        command_id: found.command_id?,
        instance_id: found.instance_id?,
        status: found.status.map_or_else(|| "Pending".to_owned(), |status| status.as_str().to_owned()),
        started_at: started.min(),
        finished_at: finished.max(),
        status_details: cut(found.status_details.unwrap_or_default(), STATUS_CHARACTERS),
        exit_code: failed.or(plugins.first()).map(|plugin| i64::from(plugin.response_code)),
    })
}

fn timestamp(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}
