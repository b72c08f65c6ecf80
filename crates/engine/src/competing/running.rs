//! Patch commands that run right now: "Patch now", an association's, another run's. None is ever started beside one.

use jiff::Timestamp;
use orgpatch_model::fetched::Unavailable;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::{ConflictSettings, WhileRunning};

use super::decision::Action;
use super::facts::RunningCommand;
use super::targets::Index;
use super::{Found, Moment, document};
use crate::sending::command::is_comment_of;

/// How long to wait for commands of others, in seconds: as long as a patch document may run on an instance.
pub const MAX_WAIT_SECONDS: i64 = 7_200;

/// Bounds of the time between two looks, in seconds.
const LOOKS_SECONDS: [i64; 2] = [60, 300];

/// When to look again for somebody who waits since then, in seconds: later the longer it lasts, and once at the end of
/// the bound.
#[must_use]
pub fn look_again_seconds(waiting_since: Timestamp, now: Timestamp) -> u32 {
    let waited = now.as_second() - waiting_since.as_second();
    let [shortest, longest] = LOOKS_SECONDS;
    let left = (MAX_WAIT_SECONDS - waited).max(1);
    u32::try_from((waited / 4).clamp(shortest, longest).min(left)).unwrap_or(1)
}

/// True if that command is of that run of orgpatch.
#[must_use]
pub fn is_of_run(command: &RunningCommand, run_id: &str) -> bool {
    is_comment_of(&command.comment, run_id)
}

/// Where nobody can look, an install could run beside another; so there is none.
pub(super) fn not_seen(instances: &[&Ec2Instance], missing: &Unavailable, found: &mut Found) {
    let text = format!("whether a patch command runs on this instance cannot be seen: {}", missing.why());
    for instance in instances {
        found.add(instance, Action::Skip, ReasonCode::ConflictRunningCommand, text.clone());
    }
}

pub(super) fn find(
    running: &[RunningCommand],
    index: &Index<'_>,
    settings: ConflictSettings,
    moment: &Moment<'_>,
    found: &mut Found,
) {
    let waited = moment.waiting_since.map_or(0, |since| moment.now.as_second() - since.as_second());
    let (action, then) = match settings.running_command {
        WhileRunning::Wait if waited < MAX_WAIT_SECONDS => (Action::Wait, ""),
        WhileRunning::Wait => (Action::Skip, ", still after two hours of waiting"),
        WhileRunning::Skip => (Action::Skip, ""),
        WhileRunning::Fail => (Action::Fail, ""),
    };
    let others =
        running.iter().filter(|command| document::patches(&command.document) && !is_of_run(command, moment.run_id));
    for command in others {
        let Some(instance) = index.get(&command.instance_id) else { continue };
        let document = document::name(&command.document);
        let since = command.requested_at.map(|at| format!(" since {at}")).unwrap_or_default();
        let id = &command.command_id;
        found.add(
            instance,
            action,
            ReasonCode::ConflictRunningCommand,
            format!("{document} (command {id}) runs on this instance{since}{then}"),
        );
    }
}
