//! Maintenance windows that run a patch task before the step can end.

use jiff::ToSpan;
use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::ConflictSettings;

use super::decision::Action;
use super::facts::{MaintenanceWindow, TargetCriterion, WindowTask};
use super::targets::{Index, Resolved};
use super::{Collected, Moment, document};

pub(super) fn collect(
    windows: &[MaintenanceWindow],
    index: &Index<'_>,
    settings: ConflictSettings,
    moment: &Moment<'_>,
    collected: &mut Collected,
) {
    let action = Action::from(settings.maintenance_window);
    for window in windows.iter().filter(|window| window.enabled) {
        let Some(start) = window.next_start else { continue };
        // A window that has begun is a conflict until it has ended.
        let ended = start.checked_add(i64::from(window.duration_hours).hours()).is_ok_and(|end| end <= moment.now);
        if start >= moment.expected_end || ended {
            continue;
        }
        let (id, name) = (&window.id, &window.name);
        for task in window.tasks.iter().filter(|task| document::patches(&task.document)) {
            let document = document::name(&task.document);
            for targets in of_task(window, task) {
                match index.resolve(targets) {
                    Resolved::Instances(meant) => {
                        for instance in meant {
                            let text = format!(
                                "the maintenance window {name} ({id}) runs {document} on this instance from {start} on"
                            );
                            collected.add(instance, action, ReasonCode::ConflictMaintenanceWindow, text);
                        }
                    }
                    Resolved::Unknown(whom) => collected.note(
                        ReasonCode::ConflictMaintenanceWindow,
                        format!(
                            "the maintenance window {name} ({id}) runs {document} from {start} on, for {whom}; orgpatch \
                             cannot see which instances that includes"
                        ),
                    ),
                }
            }
        }
    }
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
