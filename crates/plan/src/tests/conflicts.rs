//! What a plan says about others who patch the same instances.

use insta::assert_snapshot;

use super::super::{ConflictSettings, SkipOrWarn, WhileRunning, read};
use super::{HEAD, STAGES, listed, mistakes_in, mistakes_in_stages};

#[test]
fn a_stage_goes_before_the_plan_and_the_plan_before_the_defaults() {
    let text = format!(
        "{HEAD}conflicts: {{patchPolicy: warn, runningCommand: fail}}\n\
         stages:\n\
         - {{name: a, ous: [ou-abcd-11111111]}}\n\
         - {{name: b, ous: [ou-abcd-22222222], conflicts: {{patchPolicy: skip, autoScaling: warn, otherBaseline: warn}}}}\n"
    );
    let plan = read(&text).unwrap_or_else(|errors| panic!("{}", listed(&errors)));
    let of_plan = ConflictSettings {
        patch_policy: SkipOrWarn::Warn,
        running_command: WhileRunning::Fail,
        maintenance_window: SkipOrWarn::Warn,
        auto_scaling: SkipOrWarn::Skip,
        other_baseline: SkipOrWarn::Skip,
    };
    assert_eq!(plan.conflict_settings(&plan.stages[0]), of_plan);
    let warn = SkipOrWarn::Warn;
    let of_stage =
        ConflictSettings { patch_policy: SkipOrWarn::Skip, auto_scaling: warn, other_baseline: warn, ..of_plan };
    assert_eq!(plan.conflict_settings(&plan.stages[1]), of_stage);
}

#[test]
fn a_plan_that_says_nothing_is_careful() {
    for conflicts in ["", "conflicts: {}\n"] {
        let plan = read(&format!("{HEAD}{conflicts}{STAGES}")).unwrap_or_else(|errors| panic!("{}", listed(&errors)));
        let settings = plan.conflict_settings(&plan.stages[0]);
        assert_eq!(settings, ConflictSettings::default());
        assert_eq!(settings.running_command, WhileRunning::Wait);
        assert_eq!((settings.patch_policy, settings.auto_scaling), (SkipOrWarn::Skip, SkipOrWarn::Skip));
    }
}

#[test]
fn values_and_fields_that_nobody_knows() {
    assert_snapshot!(mistakes_in("conflicts: {patchPolicy: wait, runningCommand: warn, maintenanceWindow: true, autoScaling: [], otherBaseline: wait, patchpolicy: skip}"), @r#"
    line 4, column 26: conflicts.patchPolicy: "wait" is not known; valid: skip, warn
    line 4, column 48: conflicts.runningCommand: "warn" is not known; valid: wait, skip, fail
    line 4, column 73: conflicts.maintenanceWindow: true is a boolean in YAML; valid: skip, warn (as text in quotes: "true")
    line 4, column 92: conflicts.autoScaling: a list is not a text; valid: skip, warn
    line 4, column 111: conflicts.otherBaseline: "wait" is not known; valid: skip, warn
    line 4, column 117: conflicts.patchpolicy: unknown field "patchpolicy" (did you mean patchPolicy?); valid: patchPolicy, runningCommand, maintenanceWindow, autoScaling, otherBaseline
    "#);
    assert_snapshot!(mistakes_in("conflicts: skip\nrunningCommand: wait"), @r#"
    line 4, column 12: conflicts: "skip" is not a mapping of fields to values; valid: the fields patchPolicy, runningCommand, maintenanceWindow, autoScaling, otherBaseline
    line 5, column 1: runningCommand: unknown field "runningCommand": it belongs in conflicts; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    "#);
    assert_snapshot!(mistakes_in_stages("  - {name: a, ous: [ou-abcd-11111111], conflicts: {autoscaling: warn, runningCommand: Wait}}"), @r#"
    line 5, column 52: stages[0].conflicts.autoscaling: unknown field "autoscaling" (did you mean autoScaling?); valid: patchPolicy, runningCommand, maintenanceWindow, autoScaling, otherBaseline
    line 5, column 87: stages[0].conflicts.runningCommand: "Wait" is not known (did you mean wait?); valid: wait, skip, fail
    "#);
}

/// A run that began under an earlier version ends under this one, and does with such instances what it did then.
#[test]
fn settings_of_an_earlier_version_patch_what_another_baseline_judges() {
    let mut stored = serde_json::to_value(ConflictSettings::default()).expect("JSON");
    assert_eq!(stored["otherBaseline"], "skip");
    stored.as_object_mut().expect("an object").remove("otherBaseline");
    let read: ConflictSettings = serde_json::from_value(stored).expect("settings");
    assert_eq!(read, ConflictSettings { other_baseline: SkipOrWarn::Warn, ..ConflictSettings::default() });
}
