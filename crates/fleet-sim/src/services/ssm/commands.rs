//! Systems Manager: commands and invocations, which become visible after a delay.
use super::super::pages::{normalized, with_token};
use super::request::ssm;
use crate::{
    clock::{self, DAY, Millis, epoch_seconds, rfc3339},
    facts::ids,
    patching::{
        command::{Command, End, INVOCATIONS_AFTER, Invocation, LISTED_AFTER, StatusPair},
        document,
    },
    wire::{AwsError, Call, fields::Fields, paging::page},
    world::World,
};
use serde_json::{Value, json};

/// How long the history of commands is.
const KEPT: Millis = 30 * DAY;
/// The longest `Output` of a plugin in a list.
const OUTPUT_CHARS: usize = 2_500;

/// Returns the structure `Command`.
pub fn command_json(command: &Command) -> Value {
    let (status, details) = command.status();
    let timed_out = command.ends().filter(|end| *end == End::DeliveryTimedOut).count();
    let completed = command.ends().count();
    json!({
        "CommandId": command.id,
        "DocumentName": command.document,
        "DocumentVersion": command.document_version,
        "Comment": command.comment,
        "ExpiresAfter": epoch_seconds(command.expires()),
        "Parameters": command.parameters,
        "InstanceIds": command.instance_ids,
        "Targets": command.targets,
        "RequestedDateTime": epoch_seconds(command.requested),
        "Status": status,
        "StatusDetails": details,
        "OutputS3Region": command.region,
        "MaxConcurrency": command.max_concurrency,
        "MaxErrors": command.max_errors,
        "TargetCount": command.invocations.len(),
        "CompletedCount": completed,
        "ErrorCount": command.errors(),
        "DeliveryTimedOutCount": timed_out,
        "TimeoutSeconds": command.timeout_seconds,
    })
}

/// The filters that both lists take.
struct Narrowing<'a> {
    command_id: Option<&'a str>,
    instance_id: Option<&'a str>,
    filters: Vec<(&'a str, &'a str)>,
}

impl<'a> Narrowing<'a> {
    /// Reads the filters. `ExecutionStage` is only for `ListCommands` (API reference, `CommandFilter`).
    fn read(request: Fields<'a>, by_stage: bool) -> Result<Self, AwsError> {
        let command_id = request.text("CommandId")?;
        if let Some(id) = command_id {
            check_command_id(id)?;
        }
        let (given, mut filters) = (request.structures("Filters")?, Vec::new());
        if request.get("Filters").is_some() && !(1..=5).contains(&given.len()) {
            return Err(request.refuse("Filters", "Member must have length between 1 and 5"));
        }
        for filter in given {
            let (key, value) = (filter.required("key")?, filter.required("value")?);
            if !(1..=128).contains(&value.chars().count()) {
                return Err(filter.refuse("value", "Member must have length between 1 and 128"));
            }
            match key {
                "InvokedAfter" | "InvokedBefore" if clock::parse(value).is_err() => {
                    return Err(filter.refuse("value", "Member must be a timestamp"));
                }
                "ExecutionStage" if by_stage => {}
                "InvokedAfter" | "InvokedBefore" | "Status" | "DocumentName" => {}
                _ => {
                    return Err(AwsError::new("InvalidFilterKey", format!("The specified key {key} isn't valid.")));
                }
            }
            filters.push((key, value));
        }
        Ok(Self { command_id, instance_id: request.text("InstanceId")?, filters })
    }

    /// Returns whether a command passes the filters. The status is that of the command or of one of its invocations.
    fn passes(&self, command: &Command, status: StatusPair) -> bool {
        self.command_id.is_none_or(|id| id == command.id)
            && self.filters.iter().all(|(key, value)| match *key {
                "InvokedAfter" => clock::parse(value).is_ok_and(|at| command.requested >= at),
                "InvokedBefore" => clock::parse(value).is_ok_and(|at| command.requested < at),
                "Status" => normalized(value) == normalized(status.0) || normalized(value) == normalized(status.1),
                "ExecutionStage" => {
                    let executing = matches!(command.status().0, "Pending" | "InProgress" | "Cancelling");
                    *value == if executing { "Executing" } else { "Complete" }
                }
                _ => *value == command.document,
            })
    }
}

/// Returns the commands of an account in a Region that are at least `age` old, newest first.
fn visible<'a>(world: &'a World, call: &'a Call, age: Millis) -> impl Iterator<Item = &'a Command> {
    let here = |command: &&Command| command.listed && command.account == call.account && command.region == call.region;
    let seen = move |command: &&Command| (age..KEPT).contains(&(world.now - command.requested));
    world.commands.iter().rev().filter(here).filter(seen)
}

fn check_command_id(id: &str) -> Result<(), AwsError> {
    if ids::is_uuid(id) { Ok(()) } else { Err(invalid_command_id(id)) }
}

fn invalid_command_id(id: &str) -> AwsError {
    AwsError::new("InvalidCommandId", format!("The specified command ID {id} isn't valid."))
}

/// Answers `ListCommands`. A command is listed some seconds after it was sent.
pub fn list_commands(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let size = ssm(call).page_size(1..=50, 50)?;
    let narrowing = Narrowing::read(ssm(call), true)?;
    let concerns = |command: &&Command| {
        narrowing.instance_id.is_none_or(|id| command.invocations.iter().any(|i| i.instance_id == id))
    };
    let chosen = visible(world, call, LISTED_AFTER)
        .filter(concerns)
        .filter(|command| narrowing.passes(command, command.status()));
    let page = page("ListCommands", chosen, size, ssm(call).text("NextToken")?, false)?;
    let commands: Vec<_> = page.items.into_iter().map(command_json).collect();
    Ok(with_token(json!({"Commands": commands}), page.next))
}

/// Answers `ListCommandInvocations`, for one command or for all, newest first. The list is empty right after sending,
/// and for an unknown id.
pub fn list_command_invocations(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let size = ssm(call).page_size(1..=50, 50)?;
    let narrowing = Narrowing::read(ssm(call), false)?;
    let details = ssm(call).flag("Details")?;
    let chosen = visible(world, call, INVOCATIONS_AFTER)
        .flat_map(|command| command.invocations.iter().map(move |invocation| (command, invocation)))
        .filter(|(_, invocation)| narrowing.instance_id.is_none_or(|id| id == invocation.instance_id))
        .filter(|(command, invocation)| narrowing.passes(command, invocation.status(world.now, command.cancelled)));
    let page = page("ListCommandInvocations", chosen, size, ssm(call).text("NextToken")?, false)?;
    let answer = |(command, invocation)| invocation_json(world, command, invocation, details);
    let invocations: Vec<_> = page.items.into_iter().map(answer).collect();
    Ok(with_token(json!({"CommandInvocations": invocations}), page.next))
}

fn invocation_json(world: &World, command: &Command, invocation: &Invocation, details: bool) -> Value {
    let (status, status_details) = invocation.status(world.now, command.cancelled);
    let node = &world.fleet.nodes[invocation.node];
    let plugins: Vec<_> = if details {
        document::STEPS.iter().map(|step| Step::new(world, command, invocation, step).plugin_json()).collect()
    } else {
        Vec::new()
    };
    json!({
        "CommandId": command.id,
        "InstanceId": invocation.instance_id,
        "InstanceName": node.tags.get("Name").map_or("", String::as_str),
        "Comment": command.comment,
        "DocumentName": command.document,
        "DocumentVersion": command.document_version,
        "RequestedDateTime": epoch_seconds(command.requested),
        "Status": status,
        "StatusDetails": status_details,
        "StandardOutputUrl": "",
        "StandardErrorUrl": "",
        "CommandPlugins": plugins,
        "ServiceRole": "",
    })
}

/// A step of the document in an invocation. The step for the instance's platform does the work. The others are skipped.
struct Step<'a> {
    name: &'a str,
    status: StatusPair,
    code: i64,
    /// By the clock of the instance.
    started: Option<Millis>,
    /// By the clock of the instance, or of the service where no agent has answered.
    ended: Option<Millis>,
    stdout: String,
    stderr: &'a str,
}

impl<'a> Step<'a> {
    fn new(world: &World, command: &'a Command, invocation: &'a Invocation, name: &'a str) -> Self {
        let node = &world.fleet.nodes[invocation.node];
        let works = node.os.kind().step() == name;
        let (started, ended) = (invocation.started.map(|at| node.own_time(at)), invocation.ended.as_ref());
        let nothing = Self {
            name,
            status: ("Pending", "Pending"),
            code: -1,
            started,
            ended: None,
            stdout: String::new(),
            stderr: "",
        };
        match (ended, started) {
            (_, Some(at)) if !works => Self {
                status: ("Success", "Success"),
                code: 0,
                ended: Some(at),
                stdout: format!("Step execution skipped due to unsupported platform. Step name: {name}"),
                ..nothing
            },
            (Some((at, answer)), _) => Self {
                status: answer.end.codes(),
                code: answer.code,
                ended: Some(if answer.end.is_by_agent() { node.own_time(*at) } else { *at }),
                stdout: if works { answer.stdout.clone() } else { String::new() },
                stderr: if works { &answer.stderr } else { "" },
                ..nothing
            },
            (None, Some(_)) => Self { status: ("InProgress", "InProgress"), ..nothing },
            // A plugin has no states Delayed and Cancelling. Before it begins it is pending.
            (None, None) => {
                let status = invocation.status(world.now, command.cancelled);
                Self { status: if status.0 == "InProgress" { status } else { ("Pending", "Pending") }, ..nothing }
            }
        }
    }

    fn plugin_json(&self) -> Value {
        let mut output = self.stdout.clone();
        if !self.stderr.is_empty() {
            output.push_str("\n----------ERROR-------\n");
            output.push_str(self.stderr);
        }
        let mut plugin = json!({
            "Name": self.name,
            "Status": self.status.0,
            "StatusDetails": self.status.1,
            "ResponseCode": self.code,
            "Output": output.chars().take(OUTPUT_CHARS).collect::<String>(),
            "StandardOutputUrl": "",
            "StandardErrorUrl": "",
        });
        if let Some(at) = self.started {
            plugin["ResponseStartDateTime"] = json!(epoch_seconds(at));
        }
        if let Some(at) = self.ended {
            plugin["ResponseFinishDateTime"] = json!(epoch_seconds(at));
        }
        plugin
    }
}

/// Answers `GetCommandInvocation`. The document has several steps, so the request must name one.
pub fn get_command_invocation(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let (id, instance_id) = (ssm(call).required("CommandId")?, ssm(call).required("InstanceId")?);
    check_command_id(id)?;
    let found = visible(world, call, INVOCATIONS_AFTER)
        .find(|command| command.id == id)
        .and_then(|command| Some((command, command.invocations.iter().find(|i| i.instance_id == instance_id)?)));
    let (command, invocation) = found.ok_or_else(|| {
        AwsError::new(
            "InvocationDoesNotExist",
            "The command ID and managed node ID you specified didn't match any invocations.",
        )
    })?;
    let plugin = ssm(call).text("PluginName")?.unwrap_or_default();
    let name = document::STEPS.into_iter().find(|step| *step == plugin).ok_or_else(|| {
        AwsError::new("InvalidPluginName", "The plugin name isn't valid: the document has several steps, name one.")
    })?;
    let step = Step::new(world, command, invocation, name);
    let (status, details) = match step.status.0 {
        // The operation has these states, other than a plugin.
        "Pending" => invocation.status(world.now, command.cancelled),
        _ => step.status,
    };
    let mut answer = json!({
        "CommandId": command.id,
        "InstanceId": invocation.instance_id,
        "Comment": command.comment,
        "DocumentName": command.document,
        "DocumentVersion": command.document_version,
        "PluginName": step.name,
        "ResponseCode": step.code,
        "Status": status,
        "StatusDetails": details,
        "StandardOutputContent": step.stdout,
        "StandardOutputUrl": "",
        "StandardErrorContent": step.stderr,
        "StandardErrorUrl": "",
    });
    if let Some(at) = step.started {
        answer["ExecutionStartDateTime"] = json!(rfc3339(at));
    }
    if let (Some(from), Some(to)) = (step.started, step.ended) {
        answer["ExecutionEndDateTime"] = json!(rfc3339(to));
        answer["ExecutionElapsedTime"] = json!(format!("PT{}S", (to - from) / 1_000));
    }
    Ok(answer.to_string())
}

/// Answers `CancelCommand`.
pub fn cancel_command(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let id = ssm(call).required("CommandId")?;
    let only = ssm(call).texts("InstanceIds", 50)?;
    check_command_id(id)?;
    let command = world.command(&call.account, &call.region, id).ok_or_else(|| invalid_command_id(id))?;
    if let Some(other) = only.iter().find(|wanted| command.invocations.iter().all(|i| &i.instance_id != *wanted)) {
        return Err(AwsError::new("InvalidInstanceId", format!("{other} is not a target of the command.")));
    }
    world.cancel(&call.account, &call.region, id, &only);
    Ok("{}".to_owned())
}
