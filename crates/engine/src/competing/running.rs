//! Patch commands that run now: "Patch now", a command of an association, a command of another run. orgpatch never starts
//! an install while one of them runs.

use jiff::Timestamp;
use orgpatch_model::fetched::Unavailable;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::{ConflictSettings, WhileRunning};

use super::decision::Action;
use super::facts::RunningCommand;
use super::targets::Index;
use super::{Collected, Moment, document};
use crate::sending::command::is_comment_of;

/// The longest wait for commands of other tools, in seconds: as long as a patch document may run on an instance.
pub const MAX_WAIT_SECONDS: i64 = 7_200;

/// The shortest and the longest time between two checks, in seconds.
const CHECK_SECONDS: [i64; 2] = [60, 300];

/// Returns after how many seconds a waiting step checks again. The time grows with the time already waited; the last
/// check is at the end of the longest wait.
#[must_use]
pub fn look_again_seconds(waiting_since: Timestamp, now: Timestamp) -> u32 {
    let waited = now.as_second() - waiting_since.as_second();
    let [shortest, longest] = CHECK_SECONDS;
    let left = (MAX_WAIT_SECONDS - waited).max(1);
    u32::try_from((waited / 4).clamp(shortest, longest).min(left)).unwrap_or(1)
}

/// Returns true if that run of orgpatch sent the command.
#[must_use]
fn is_of_run(command: &RunningCommand, run_id: &str) -> bool {
    is_comment_of(&command.comment, run_id)
}

/// Returns true if a command can be in the way of that run: it patches, and another run or tool sent it.
#[must_use]
pub fn command_matters(command: &RunningCommand, run_id: &str) -> bool {
    let patches = document::patches(&command.document) || command.wraps.is_some();
    patches && !is_of_run(command, run_id)
}

/// Skips all instances, because an install could run at the same time as another one that orgpatch cannot see.
pub(super) fn not_seen(instances: &[&Ec2Instance], missing: &Unavailable, collected: &mut Collected) {
    let text = format!("orgpatch cannot see whether a patch command runs on this instance: {}", missing.why());
    for instance in instances {
        collected.add(instance, Action::Skip, ReasonCode::ConflictRunningCommand, text.clone());
    }
}

pub(super) fn collect(
    running: &[RunningCommand],
    index: &Index<'_>,
    settings: ConflictSettings,
    moment: &Moment<'_>,
    collected: &mut Collected,
) {
    let waited = moment.waiting_since.map_or(0, |since| moment.now.as_second() - since.as_second());
    let (action, then) = match settings.running_command {
        WhileRunning::Wait if waited < MAX_WAIT_SECONDS => (Action::Wait, ""),
        WhileRunning::Wait => (Action::Skip, ", still after two hours of waiting"),
        WhileRunning::Skip => (Action::Skip, ""),
        WhileRunning::Fail => (Action::Fail, ""),
    };
    for command in running.iter().filter(|command| command_matters(command, moment.run_id)) {
        let Some(instance) = index.get(&command.instance_id) else { continue };
        let document = document::described(&command.document, command.wraps.as_ref());
        let since = command.requested_at.map(|at| format!(" since {at:.0}")).unwrap_or_default();
        let id = &command.command_id;
        collected.add(
            instance,
            action,
            ReasonCode::ConflictRunningCommand,
            format!("{document} (command {id}) runs on this instance{since}{then}"),
        );
    }
}
