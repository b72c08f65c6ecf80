//! Maintenance windows that run a patch task before the step can end: those that begin in time, and those that are at work.

use jiff::{SignedDuration, Timestamp};
use orgpatch_facts::windows;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::ConflictSettings;

use super::decision::Action;
use super::document::Installs;
use super::facts::{MaintenanceWindow, TargetCriterion, WindowExecution, WindowTask};
use super::targets::{Index, Resolved};
use super::{Collected, Moment, document};

/// Returns from when on executions are read: one of a longest window, whose last tasks work as long again, is in the list.
#[must_use]
pub fn executions_since(now: Timestamp) -> Timestamp {
    let back = SignedDuration::from_hours(2 * i64::from(windows::longest_hours()));
    now.checked_sub(back).unwrap_or(Timestamp::MIN)
}

/// Returns true for an execution that has not ended. The next start of its window is long after.
#[must_use]
pub fn is_at_work(execution: &WindowExecution) -> bool {
    execution.ended_at.is_none() && !windows::has_ended(&execution.status)
}

pub(super) fn collect(
    windows: &[MaintenanceWindow],
    executions: &[WindowExecution],
    index: &Index<'_>,
    settings: ConflictSettings,
    moment: &Moment<'_>,
    collected: &mut Collected,
) {
    let action = Action::from(settings.maintenance_window);
    for window in windows {
        let open = executions.iter().find(|execution| execution.window_id == window.id && is_at_work(execution));
        let times = open.map(|execution| open_since(window, execution, moment.now));
        for when in times.into_iter().chain(begins(window, moment)) {
            for task in &window.tasks {
                let action = match document::installs(&task.document, task.wraps.as_ref()).as_deref() {
                    None => continue,
                    Some(Installs::Never) => Action::Warn,
                    Some(Installs::Always | Installs::Unless { .. }) => action,
                };
                add_task(window, task, &when, action, index, collected);
            }
        }
    }
}

/// Returns when a window begins, if it is in time.
fn begins(window: &MaintenanceWindow, moment: &Moment<'_>) -> Option<String> {
    if !window.may_begin_before(moment.expected_end) {
        return None;
    }
    if let Some(text) = &window.unread_start {
        return Some(format!("at a time that orgpatch cannot read ({text})"));
    }
    let start = window.next_start?;
    // A window that has begun is a conflict until it has ended.
    let ended = end(window, start).is_some_and(|end| end <= moment.now);
    (!ended).then(|| format!("from {start} on"))
}

/// Returns since when a window is open and until when. Its tasks may work longer, and then it is in the way as long.
fn open_since(window: &MaintenanceWindow, execution: &WindowExecution, now: Timestamp) -> String {
    let Some(since) = execution.started_at else { return "now".to_owned() };
    match end(window, since) {
        Some(end) if end > now => format!("now: it is open since {since:.0} until {end:.0}"),
        Some(end) => format!("now: it is open since {since:.0}, and still at work after its end at {end:.0}"),
        None => format!("now: it is open since {since:.0}"),
    }
}

fn end(window: &MaintenanceWindow, start: Timestamp) -> Option<Timestamp> {
    start.checked_add(SignedDuration::from_hours(window.duration_hours.into())).ok()
}

fn add_task(
    window: &MaintenanceWindow,
    task: &WindowTask,
    when: &str,
    action: Action,
    index: &Index<'_>,
    collected: &mut Collected,
) {
    let (id, name) = (&window.id, &window.name);
    let document = document::described(&task.document, task.wraps.as_ref());
    for targets in of_task(window, task) {
        match index.resolve(targets) {
            Resolved::Instances(meant) => {
                for instance in meant {
                    let text = format!("the maintenance window {name} ({id}) runs {document} on this instance {when}");
                    collected.add(instance, action, ReasonCode::ConflictMaintenanceWindow, text);
                }
            }
            Resolved::Unknown(whom) => collected.note(
                ReasonCode::ConflictMaintenanceWindow,
                format!(
                    "the maintenance window {name} ({id}) runs {document} for {whom} {when}; orgpatch cannot see which \
                     instances that includes"
                ),
            ),
        }
    }
}

/// Returns true if a task of a window may be for an instance of the target.
#[must_use]
pub fn task_concerns(window: &MaintenanceWindow, task: &WindowTask, index: &Index<'_>) -> bool {
    of_task(window, task).into_iter().any(|targets| index.may_concern(targets))
}

/// Returns the targets of a task: its own, or the registered targets of the window that it names.
fn of_task<'w>(window: &'w MaintenanceWindow, task: &'w WindowTask) -> Vec<&'w [TargetCriterion]> {
    let named: Vec<&String> = task
        .targets
        .iter()
        .filter(|target| target.key == "WindowTargetIds")
        .flat_map(|target| &target.values)
        .collect();
    if named.is_empty() {
        return vec![&task.targets];
    }
    let of_window = |id: &&String| window.targets.iter().find(|target| target.id == **id);
    named.iter().filter_map(of_window).map(|target| target.targets.as_slice()).collect()
}
