//! Finds competing patchers in a member account with a few paged calls per target, independent of the number of instances.

mod documents;
mod windows;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use aws_config::SdkConfig;
use aws_sdk_ssm::{Client, types as api};
use documents::Documents;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use orgpatch_engine::competing;
use orgpatch_engine::competing::{
    Association, ConflictFacts, Index, MOST_COMMANDS_OF_AN_INSTANCE, NotLookedAt, Parameter, Room, RunningCommand,
    TargetCriterion, bytes_of,
};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::text::cut;

use crate::clients::call::{CallError, fetched, not_built};

/// Results per page: the most for the lists of associations and invocations, and enough for windows.
const PAGE_SIZE: i32 = 50;

/// The most characters of the name of an association or a window (botocore 1.43.106, `AssociationName`,
/// `MaintenanceWindowName`).
const NAME_CHARACTERS: usize = 128;

/// How many associations are asked for a parameter: the service answers two such calls a second (AWS General Reference,
/// "AWS Systems Manager endpoints and quotas", State Manager), so that a hundred take 50 seconds. The others may install.
const MOST_PARAMETERS: usize = 100;

/// How many calls about single associations run at the same time.
const CONCURRENCY: usize = 4;

/// The statuses of an invocation that has not ended. `Delayed` means that it is delivered as soon as the agent answers. The
/// filter accepts one status at a time, and does not accept `Cancelling` (API reference, `CommandFilter`).
const NOT_ENDED: [&str; 3] = ["Pending", "InProgress", "Delayed"];

/// Reads the facts about all tools that patch in one account and Region.
#[derive(Debug)]
pub struct CompetingPatchers {
    client: Client,
    documents: Documents,
}

impl CompetingPatchers {
    /// With a configuration that enters the account and Region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let client = Client::new(config);
        Self { documents: Documents::new(client.clone()), client }
    }

    /// Reads all facts about those instances. It does not read targets and tasks of windows that are not at work and do not
    /// begin within these times, because they are no conflict. Commands of the run itself are left out.
    pub async fn facts(
        &self,
        times: Range<Timestamp>,
        instances: &[&Ec2Instance],
        run_id: &str,
    ) -> Result<ConflictFacts, CallError> {
        let index = Index::new(instances);
        let ids = instances.iter().map(|instance| instance.id.as_str()).collect();
        let (associations, windows, running) = tokio::try_join!(
            async { fetched(self.associations(&index).await) },
            self.windows(times, &index),
            self.running(&ids, run_id)
        )?;
        let (associations, more_associations) = apart(associations);
        let not_looked_at = NotLookedAt { associations: more_associations, windows: windows.not_looked_at };
        Ok(ConflictFacts {
            associations,
            windows: windows.patching,
            executions: windows.executions,
            running,
            unseen_documents: self.documents.unseen().await,
            not_looked_at,
        })
    }

    /// Returns the patch commands that run or wait on those instances, and that another run or tool sent. The list shows a
    /// command some seconds after it was sent. Runs of State Manager are not in it.
    ///
    /// The whole list is read, however long it is: a limit of the list would miss a command of one of the instances. What is
    /// kept is bounded for each instance, because one command is enough to hold it back.
    pub async fn running(
        &self,
        instance_ids: &HashSet<&str>,
        run_id: &str,
    ) -> Result<Fetched<Vec<RunningCommand>>, CallError> {
        let lists = stream::iter(NOT_ENDED.map(|status| self.with_status(status, instance_ids, run_id)));
        fetched(lists.buffered(NOT_ENDED.len()).try_collect::<Vec<_>>().await.map(|lists| lists.concat()))
    }

    async fn with_status(
        &self,
        status: &str,
        instance_ids: &HashSet<&str>,
        run_id: &str,
    ) -> Result<Vec<RunningCommand>, CallError> {
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
        let mut kept = RunningCommands::new(instance_ids, run_id);
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of(operation, &error))?;
            let (Some(command_id), Some(instance_id)) = (found.command_id, found.instance_id) else { continue };
            if !kept.has_room(&instance_id) {
                continue;
            }
            let document = found.document_name.unwrap_or_default();
            let wraps = self.documents.wrapped(&document, found.document_version.as_deref()).await?;
            kept.add(RunningCommand {
                command_id,
                instance_id,
                document,
                wraps,
                comment: found.comment.unwrap_or_default(),
                requested_at: found.requested_date_time.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            });
        }
        Ok(kept.commands)
    }

    /// Returns the associations that can be a conflict, as many as fit, and how many others there are.
    async fn associations(&self, index: &Index<'_>) -> Result<(Vec<Association>, usize), CallError> {
        let mut pages = self.client.list_associations().max_results(PAGE_SIZE).into_paginator().items().send();
        let (mut associations, mut room, mut left_out) = (Vec::new(), Room::default(), 0);
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:ListAssociations", &error))?;
            let version = found.document_version.clone();
            let Some(mut association) = association(found) else { continue };
            if competing::may_wrap(&association.document) && index.may_concern(&association.targets) {
                association.wraps = self.documents.wrapped(&association.document, version.as_deref()).await?;
            }
            if !competing::association_matters(&association) {
                continue;
            }
            if room.text(bytes_of(&association.targets)) && room.item() {
                associations.push(association);
            } else {
                left_out += 1;
            }
        }
        let mut asked = 0;
        let with_parameter = |association: Association| {
            let parameter = competing::deciding_parameter(&association).filter(|_| asked < MOST_PARAMETERS);
            asked += usize::from(parameter.is_some());
            async move {
                let parameter = match parameter {
                    Some(name) => self.parameter(&association.id, &name).await?,
                    None => Parameter::NotRead,
                };
                Ok(Association { parameter, ..association })
            }
        };
        let associations =
            stream::iter(associations.into_iter().map(with_parameter)).buffered(CONCURRENCY).try_collect().await?;
        Ok((associations, left_out))
    }

    /// Returns a parameter of an association.
    async fn parameter(&self, association_id: &str, name: &str) -> Result<Parameter, CallError> {
        let answer = self.client.describe_association().association_id(association_id).send().await;
        let answer = answer.map_err(|error| CallError::of("ssm:DescribeAssociation", &error));
        let answer = match fetched(answer)? {
            Fetched::Yes(answer) => answer,
            Fetched::No(_) => return Ok(Parameter::NotRead),
        };
        let parameters = answer.association_description.and_then(|description| description.parameters);
        let value = parameters.and_then(|mut parameters| parameters.remove(name)?.pop());
        Ok(value.map_or(Parameter::Absent, Parameter::Value))
    }
}

/// The running commands that are kept while a list is read: those that matter, of the instances that matter, and of each
/// only some.
struct RunningCommands<'a> {
    instance_ids: &'a HashSet<&'a str>,
    run_id: &'a str,
    kept_of: HashMap<&'a str, usize>,
    commands: Vec<RunningCommand>,
}

impl<'a> RunningCommands<'a> {
    fn new(instance_ids: &'a HashSet<&'a str>, run_id: &'a str) -> Self {
        Self { instance_ids, run_id, kept_of: HashMap::new(), commands: Vec::new() }
    }

    /// Returns false for an instance of another target, and for one of which enough is kept.
    fn has_room(&self, instance_id: &str) -> bool {
        let kept = self.kept_of.get(instance_id).copied().unwrap_or_default();
        self.instance_ids.contains(instance_id) && kept < MOST_COMMANDS_OF_AN_INSTANCE
    }

    fn add(&mut self, command: RunningCommand) {
        let Some(id) = self.instance_ids.get(command.instance_id.as_str()) else { return };
        if !competing::command_matters(&command, self.run_id) {
            return;
        }
        let kept = self.kept_of.entry(*id).or_default();
        if *kept < MOST_COMMANDS_OF_AN_INSTANCE {
            *kept += 1;
            self.commands.push(command);
        }
    }
}

/// Takes apart what is kept of a list, and how many others there are.
fn apart<T>(fetched: Fetched<(Vec<T>, usize)>) -> (Fetched<Vec<T>>, usize) {
    match fetched {
        Fetched::Yes((kept, left_out)) => (Fetched::Yes(kept), left_out),
        Fetched::No(missing) => (Fetched::No(missing), 0),
    }
}

fn association(found: api::Association) -> Option<Association> {
    let mut targets = targets(found.targets);
    if let Some(instance_id) = found.instance_id {
        targets.push(TargetCriterion { key: "InstanceIds".to_owned(), values: vec![instance_id] });
    }
    Some(Association {
        id: found.association_id?,
        name: found.association_name.map(|name| cut(name, NAME_CHARACTERS)),
        document: found.name?,
        wraps: None,
        parameter: Parameter::NotRead,
        targets,
    })
}

fn targets(targets: Option<Vec<api::Target>>) -> Vec<TargetCriterion> {
    let targets = targets.unwrap_or_default().into_iter();
    targets
        .filter_map(|target| Some(TargetCriterion { key: target.key?, values: target.values.unwrap_or_default() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(instance_id: &str, number: usize) -> RunningCommand {
        RunningCommand {
            command_id: format!("c-{number}"),
            instance_id: instance_id.to_owned(),
            document: "AWS-RunPatchBaseline".to_owned(),
            wraps: None,
            comment: String::new(),
            requested_at: None,
        }
    }

    #[test]
    fn no_number_of_other_commands_hides_one_of_an_instance_of_ours() {
        let ids = HashSet::from(["i-ours", "i-busy"]);
        let mut kept = RunningCommands::new(&ids, "run-1");
        for number in 0..10_000 {
            kept.add(command(&format!("i-{number}"), number));
            kept.add(command("i-busy", number));
            kept.add(RunningCommand { document: "AWS-RunShellScript".to_owned(), ..command("i-ours", number) });
        }
        kept.add(command("i-ours", 0));
        let of = |id: &str| kept.commands.iter().filter(|command| command.instance_id == id).count();
        assert_eq!((of("i-ours"), of("i-busy"), kept.commands.len()), (1, MOST_COMMANDS_OF_AN_INSTANCE, 4));
    }
}
