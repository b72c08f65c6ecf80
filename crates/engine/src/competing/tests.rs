//! Each kind of conflict, what the plan says about it, and that the order of facts does not matter.

use insta::assert_snapshot;
use jiff::Timestamp;
use orgpatch_plan::{SkipOrWarn, WhileRunning};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::fixtures;
use crate::inventory::competing::attach;
use crate::inventory::{Eligibility, Inventory, InventoryInstance};
use crate::results::outcome_rules::ComplianceRow;
use crate::results::overwritten::{OurScan, overwritten_by};

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn instance(id: &str, tags: &[(&str, &str)]) -> Ec2Instance {
    let tags = tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Ec2Instance { id: id.into(), state: "running".into(), tags, ..Ec2Instance::default() }
}

fn no_patchers() -> ConflictFacts {
    ConflictFacts {
        associations: Fetched::Yes(vec![]),
        windows: Fetched::Yes(vec![]),
        executions: Fetched::Yes(vec![]),
        running: Fetched::Yes(vec![]),
        unseen_documents: vec![],
        not_looked_at: NotLookedAt::default(),
    }
}

fn target(key: &str, values: &[&str]) -> TargetCriterion {
    TargetCriterion { key: key.into(), values: values.iter().map(|value| (*value).into()).collect() }
}

fn association(name: &str, operation: Option<&str>, targets: Vec<TargetCriterion>) -> Association {
    Association {
        id: "a-1".into(),
        name: Some(name.into()),
        document: "AWS-RunPatchBaseline".into(),
        wraps: None,
        parameter: operation.map_or(Parameter::NotRead, |value| Parameter::Value(value.into())),
        targets,
    }
}

fn running(comment: &str, document: &str) -> RunningCommand {
    RunningCommand {
        command_id: "c-1".into(),
        instance_id: "i-1".into(),
        document: document.into(),
        wraps: None,
        comment: comment.into(),
        requested_at: Some(time("2026-11-23T09:50:00.123456789Z")),
    }
}

fn window(next_start: &str) -> MaintenanceWindow {
    MaintenanceWindow {
        id: "mw-1".into(),
        name: "nightly".into(),
        enabled: true,
        next_start: Some(time(next_start)),
        unread_start: None,
        duration_hours: 2,
        targets: vec![WindowTarget { id: "wt-1".into(), targets: vec![target("tag:Env", &["test"])] }],
        tasks: vec![WindowTask {
            id: "t-1".into(),
            document: "arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaseline".into(),
            wraps: None,
            targets: vec![target("WindowTargetIds", &["wt-1"])],
        }],
    }
}

fn moment() -> Moment<'static> {
    Moment {
        now: time("2026-11-23T10:00:00Z"),
        expected_end: time("2026-11-23T14:00:00Z"),
        waiting_since: None,
        run_id: "run-1",
        operation: Operation::Install,
    }
}

fn told(detected: &Detected) -> String {
    let mut lines = Vec::new();
    for (id, decision) in &detected.instances {
        lines.push(format!("{id} {:?}", decision.action));
        for Conflict { action, reason } in &decision.conflicts {
            lines.push(format!("  {action:?} {}: {}", reason.code, reason.text));
        }
    }
    lines.extend(detected.notes.iter().map(|note| format!("note {}: {}", note.code, note.text)));
    lines.join("\n")
}

fn detected(facts: &ConflictFacts, instances: &[Ec2Instance]) -> String {
    let instances: Vec<&Ec2Instance> = instances.iter().collect();
    told(&detect(facts, &instances, ConflictSettings::default(), &moment()))
}

#[test]
fn patch_policies_by_tag_and_by_association() {
    let instances = [
        instance("i-tag", &[("QSConfigName-abc12", "weekly")]),
        instance("i-two", &[("QSConfigName-abc12", "weekly"), ("QSConfigName-xyz99", "daily")]),
        instance("i-association", &[("Env", "test")]),
        instance("i-free", &[]),
    ];
    let mut facts = no_patchers();
    let of_policy = |name: &str| association(name, None, vec![target("tag:Env", &["test"])]);
    facts.associations = Fetched::Yes(vec![
        of_policy("AWS-QuickSetup-PatchPolicy-ScanForPatches-LA-qqq77"),
        of_policy("AWS-QuickSetup-PatchPolicy-InstallPatches-LA-qqq77"),
    ]);
    assert_snapshot!(detected(&facts, &instances), @"
    i-association Skip
      Skip conflict-patch-policy: the Quick Setup patch policy qqq77 patches this instance too
    i-tag Skip
      Skip conflict-patch-policy: the Quick Setup patch policy weekly (abc12) patches this instance too
    i-two Skip
      Skip conflict-patch-policy: 2 Quick Setup patch policies patch this instance too, and overwrite each other: weekly (abc12), daily (xyz99)
    ");
}

#[test]
fn associations_by_what_they_target() {
    let instances = [instance("i-1", &[("Env", "test"), ("Role", "web")]), instance("i-2", &[("Env", "prod")])];
    let of_targets = |targets| {
        let mut facts = no_patchers();
        facts.associations = Fetched::Yes(vec![association("monthly", Some("Install"), targets)]);
        detected(&facts, &instances)
    };
    assert_snapshot!(of_targets(vec![target("InstanceIds", &["*"])]), @"
    i-1 Skip
      Skip conflict-association: the association monthly (a-1, AWS-RunPatchBaseline) patches this instance too
    i-2 Skip
      Skip conflict-association: the association monthly (a-1, AWS-RunPatchBaseline) patches this instance too
    ");
    for targets in [
        vec![target("InstanceIds", &["i-1", "i-unknown"])],
        vec![target("ParameterValues", &["i-1"])],
        vec![target("tag:Env", &["test", "dev"])],
        vec![target("tag-key", &["Role"])],
        // Criteria are joined by "and".
        vec![target("tag-key", &["Env"]), target("tag:Role", &["web"])],
    ] {
        let text = of_targets(targets.clone());
        assert!(text.starts_with("i-1 Skip") && !text.contains("i-2"), "{targets:?}: {text}");
    }
    assert_eq!(of_targets(vec![target("tag:Env", &["test"]), target("tag:Role", &["db"])]), "");
    assert_eq!(of_targets(vec![]), "");
    assert_snapshot!(of_targets(vec![target("resource-groups:Name", &["web"])]), @"note conflict-association: the association monthly (a-1, AWS-RunPatchBaseline) is for resource group web; orgpatch cannot see which instances that includes");
}

#[test]
fn associations_that_only_scan_are_a_warning() {
    let instances = [instance("i-1", &[])];
    let every_instance = || vec![target("InstanceIds", &["*"])];
    let of = |name: &str, operation| {
        let mut facts = no_patchers();
        facts.associations = Fetched::Yes(vec![association(name, operation, every_instance())]);
        detected(&facts, &instances)
    };
    assert_snapshot!(of("scan", Some("Scan")), @"
    i-1 Warn
      Warn conflict-association: the association scan (a-1, AWS-RunPatchBaseline) scans this instance too; its results overwrite those of other scans
    ");
    assert_snapshot!(of("AWS-QuickSetup-SSMHostMgmt-ScanForPatches-abc12", None), @"
    i-1 Warn
      Warn conflict-association: the association AWS-QuickSetup-SSMHostMgmt-ScanForPatches-abc12 (a-1, AWS-RunPatchBaseline) scans this instance too; its results overwrite those of other scans
    ");
    assert!(of("unknown", None).starts_with("i-1 Skip"));
    // A document that does not patch is no conflict.
    let mut facts = no_patchers();
    let other = Association { document: "AWS-UpdateSSMAgent".into(), ..association("agent", None, every_instance()) };
    facts.associations = Fetched::Yes(vec![other]);
    assert_eq!(detected(&facts, &instances), "");
}

fn wrapped(installs: Installs) -> Wrapped {
    Wrapped { document: "AWS-RunPatchBaseline".into(), installs }
}

fn by_parameter(by_default: bool) -> Installs {
    Installs::Unless { parameter: "Mode".into(), is: vec!["Scan".into()], by_default }
}

#[test]
fn associations_with_every_document_of_aws_and_with_documents_of_the_account() {
    let instances = [instance("i-1", &[])];
    let of = |document: &str, wraps: Option<Wrapped>, parameter: Parameter| {
        let mut facts = no_patchers();
        let everywhere = vec![target("InstanceIds", &["*"])];
        let association =
            Association { document: document.into(), wraps, parameter, ..association("monthly", None, everywhere) };
        assert_eq!(deciding_parameter(&association).is_some(), document.contains("Windows") || document == "patching");
        facts.associations = Fetched::Yes(vec![association]);
        detected(&facts, &instances)
    };
    let value = |text: &str| Parameter::Value(text.into());
    assert_snapshot!(of("AWS-InstallWindowsUpdates", None, value("Install")), @"
    i-1 Skip
      Skip conflict-association: the association monthly (a-1, AWS-InstallWindowsUpdates) patches this instance too
    ");
    assert_snapshot!(of("AWS-InstallWindowsUpdates", None, value("Scan")), @"
    i-1 Warn
      Warn conflict-association: the association monthly (a-1, AWS-InstallWindowsUpdates) is for this instance too; it installs nothing
    ");
    assert!(of("AWS-ConfigureWindowsUpdate", None, value("InstallUpdatesAutomatically")).starts_with("i-1 Skip"));
    assert!(of("AWS-ConfigureWindowsUpdate", None, value("NeverCheckForUpdates")).starts_with("i-1 Warn"));
    assert!(of("AWS-PatchInstanceWithRollback", None, Parameter::NotRead).starts_with("i-1 Skip"));
    assert_snapshot!(of("patching", Some(wrapped(by_parameter(false))), Parameter::Absent), @"
    i-1 Skip
      Skip conflict-association: the association monthly (a-1, AWS-RunPatchBaseline by way of patching) patches this instance too
    ");
    assert_snapshot!(of("patching", Some(wrapped(by_parameter(true))), Parameter::Absent), @"
    i-1 Warn
      Warn conflict-association: the association monthly (a-1, AWS-RunPatchBaseline by way of patching) scans this instance too; its results overwrite those of other scans
    ");
    assert!(of("patching", Some(wrapped(by_parameter(true))), value("Install")).starts_with("i-1 Skip"));
    assert!(
        of("patching", Some(wrapped(by_parameter(true))), Parameter::NotRead)
            .contains("patches or scans this instance")
    );
    assert!(of("scanning", Some(wrapped(Installs::Never)), Parameter::NotRead).starts_with("i-1 Warn"));
    assert_eq!(of("logging", None, Parameter::NotRead), "");
}

#[test]
fn windows_and_commands_with_a_document_of_the_account() {
    let instances = [instance("i-1", &[("Env", "test")])];
    let all: Vec<&Ec2Instance> = instances.iter().collect();
    let settings = ConflictSettings { maintenance_window: SkipOrWarn::Skip, ..ConflictSettings::default() };
    let of = |installs: Installs| {
        let mut facts = no_patchers();
        let mut window = window("2026-11-23T12:00:00Z");
        window.tasks[0].document = "patching".into();
        window.tasks[0].wraps = Some(wrapped(installs));
        facts.windows = Fetched::Yes(vec![window]);
        told(&detect(&facts, &all, settings, &moment()))
    };
    assert_snapshot!(of(Installs::Always), @"
    i-1 Skip
      Skip conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline by way of patching on this instance from 2026-11-23T12:00:00Z on
    ");
    assert!(of(by_parameter(true)).starts_with("i-1 Skip"), "what the task passes is not known");
    assert!(of(Installs::Never).starts_with("i-1 Warn"));
    // Right before an install is sent.
    let decided = |wraps: Option<Wrapped>| {
        let command = RunningCommand { wraps, ..running("", "patching") };
        before_sending(Fetched::Yes(vec![command]), "i-1", ConflictSettings::default(), &moment())
    };
    assert_eq!(decided(Some(wrapped(Installs::Always))).map(|decision| decision.action), Some(Action::Wait));
    assert_eq!(decided(None), None);
}

#[test]
fn a_document_that_cannot_be_read_is_named() {
    let mut facts = no_patchers();
    let why = "the member role may not call ssm:GetDocument".to_owned();
    facts.unseen_documents = vec![UnseenDocument { document: "patching".into(), why }];
    assert_snapshot!(detected(&facts, &[instance("i-1", &[])]), @"note conflicts-not-seen: orgpatch cannot see whether the document patching patches: the member role may not call ssm:GetDocument");
}

#[test]
fn maintenance_windows_that_begin_before_the_step_can_end() {
    let instances = [instance("i-1", &[("Env", "test")]), instance("i-2", &[("Env", "prod")])];
    let of = |window: MaintenanceWindow| {
        let mut facts = no_patchers();
        facts.windows = Fetched::Yes(vec![window]);
        detected(&facts, &instances)
    };
    assert_snapshot!(of(window("2026-11-23T13:59:59Z")), @"
    i-1 Warn
      Warn conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline on this instance from 2026-11-23T13:59:59Z on
    ");
    assert_eq!(of(window("2026-11-23T14:00:00Z")), "");
    // Begun, and not over before two hours have passed.
    assert!(of(window("2026-11-23T08:00:01Z")).starts_with("i-1 Warn"));
    assert_eq!(of(window("2026-11-23T08:00:00Z")), "");
    assert_eq!(of(MaintenanceWindow { enabled: false, ..window("2026-11-23T12:00:00Z") }), "");
    let mut by_id = window("2026-11-23T12:00:00Z");
    by_id.tasks[0].targets = vec![target("InstanceIds", &["i-2"])];
    assert!(of(by_id).starts_with("i-2 Warn"));
    let mut other = window("2026-11-23T12:00:00Z");
    other.tasks[0].document = "AWS-RunShellScript".into();
    assert_eq!(of(other), "");
}

/// Its next start is next week, so only its execution shows it.
#[test]
fn a_window_that_is_at_work_is_in_the_way_until_it_ends() {
    let instances = [instance("i-1", &[("Env", "test")]), instance("i-2", &[("Env", "prod")])];
    let of = |window: MaintenanceWindow, status: &str, started: Option<&str>, ended: Option<&str>| {
        let mut facts = no_patchers();
        facts.executions = Fetched::Yes(vec![WindowExecution {
            window_id: "mw-1".into(),
            status: status.into(),
            started_at: started.map(time),
            ended_at: ended.map(time),
        }]);
        facts.windows = Fetched::Yes(vec![window]);
        detected(&facts, &instances)
    };
    let weekly = || window("2026-11-30T09:00:00Z");
    assert_snapshot!(of(weekly(), "IN_PROGRESS", Some("2026-11-23T09:00:00.25Z"), None), @"
    i-1 Warn
      Warn conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline on this instance now: it is open since 2026-11-23T09:00:00Z until 2026-11-23T11:00:00Z
    ");
    assert_snapshot!(of(weekly(), "IN_PROGRESS", Some("2026-11-23T07:00:00Z"), None), @"
    i-1 Warn
      Warn conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline on this instance now: it is open since 2026-11-23T07:00:00Z, and still at work after its end at 2026-11-23T09:00:00Z
    ");
    // It was switched off in the meantime, is ended by force, or has a status that is new.
    let off = MaintenanceWindow { enabled: false, next_start: None, ..weekly() };
    for status in ["PENDING", "CANCELLING", "PAUSED"] {
        assert!(of(off.clone(), status, None, None).starts_with("i-1 Warn"), "{status}");
    }
    for status in ["SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED", "SKIPPED_OVERLAPPING"] {
        assert_eq!(of(weekly(), status, Some("2026-11-23T09:00:00Z"), None), "", "{status}");
    }
    let began = Some("2026-11-23T09:00:00Z");
    assert_eq!(of(weekly(), "IN_PROGRESS", began, Some("2026-11-23T09:30:00Z")), "");
    assert_eq!(of(MaintenanceWindow { id: "mw-2".into(), ..weekly() }, "IN_PROGRESS", began, None), "");
    let mut other = weekly();
    other.tasks[0].document = "AWS-RunShellScript".into();
    assert_eq!(of(other, "IN_PROGRESS", began, None), "");
    // A start that cannot be read may be any time, unless the window is switched off.
    let unread = MaintenanceWindow { next_start: None, unread_start: Some("soon".into()), ..weekly() };
    assert_snapshot!(of(unread.clone(), "SUCCESS", None, None), @"
    i-1 Warn
      Warn conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline on this instance at a time that orgpatch cannot read (soon)
    ");
    assert_eq!(of(MaintenanceWindow { enabled: false, ..unread }, "SUCCESS", None, None), "");
    // One that is at work and begins again before the step can end is both.
    assert_eq!(of(window("2026-11-23T13:00:00Z"), "IN_PROGRESS", began, None).matches("  Warn ").count(), 2);
    assert_eq!(executions_since(moment().now), time("2026-11-21T10:00:00Z"), "two days");
}

#[test]
fn without_the_executions_windows_that_come_are_still_seen() {
    let mut facts = no_patchers();
    facts.windows = Fetched::Yes(vec![window("2026-11-23T12:00:00Z")]);
    facts.executions = Fetched::denied("ssm:DescribeMaintenanceWindowExecutions");
    assert_snapshot!(detected(&facts, &[instance("i-1", &[("Env", "test")])]), @"
    i-1 Warn
      Warn conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline on this instance from 2026-11-23T12:00:00Z on
    note conflicts-not-seen: orgpatch cannot see conflicts with maintenance windows that are open: the member role may not call ssm:DescribeMaintenanceWindowExecutions
    ");
}

#[test]
fn no_install_beside_a_command_that_runs() {
    let instances = [instance("i-1", &[]), instance("i-2", &[])];
    let of = |command: RunningCommand, setting, waiting_since: Option<&str>| {
        let mut facts = no_patchers();
        facts.running = Fetched::Yes(vec![command]);
        let settings = ConflictSettings { running_command: setting, ..ConflictSettings::default() };
        let moment = Moment { waiting_since: waiting_since.map(time), ..moment() };
        let instances: Vec<&Ec2Instance> = instances.iter().collect();
        told(&detect(&facts, &instances, settings, &moment))
    };
    let patch_now = || running("Patch now", "AWS-RunPatchBaseline");
    assert_snapshot!(of(patch_now(), WhileRunning::Wait, None), @"
    i-1 Wait
      Wait conflict-running-command: AWS-RunPatchBaseline (command c-1) runs on this instance since 2026-11-23T09:50:00Z
    ");
    assert!(of(patch_now(), WhileRunning::Wait, Some("2026-11-23T08:00:01Z")).starts_with("i-1 Wait"));
    assert_snapshot!(of(patch_now(), WhileRunning::Wait, Some("2026-11-23T08:00:00Z")), @"
    i-1 Skip
      Skip conflict-running-command: AWS-RunPatchBaseline (command c-1) runs on this instance since 2026-11-23T09:50:00Z, still after two hours of waiting
    ");
    assert!(of(patch_now(), WhileRunning::Skip, None).starts_with("i-1 Skip"));
    assert!(of(patch_now(), WhileRunning::Fail, None).starts_with("i-1 Fail"));
    // Commands of this run are no conflict, those of another run are; nor is what does not patch.
    let own = |run: &str| running(&format!("orgpatch 0123456789abcdef01234567 {run}"), "AWS-RunPatchBaseline");
    assert_eq!(of(own("run-1"), WhileRunning::Wait, None), "");
    assert!(of(own("run-2"), WhileRunning::Wait, None).starts_with("i-1 Wait"));
    assert_eq!(of(running("", "AWS-RunShellScript"), WhileRunning::Wait, None), "");
}

#[test]
fn the_gravest_conflict_decides_and_a_scan_is_never_held_back() {
    let instances = [instance("i-1", &[("aws:autoscaling:groupName", "web"), ("Env", "test")])];
    let mut facts = no_patchers();
    facts.running = Fetched::Yes(vec![running("Patch now", "AWS-RunPatchBaseline")]);
    facts.windows = Fetched::Yes(vec![window("2026-11-23T12:00:00Z")]);
    assert_snapshot!(detected(&facts, &instances), @"
    i-1 Skip
      Skip auto-scaling: the instance belongs to Auto Scaling group web, which may replace it when it reboots; patch the image of the group instead
      Wait conflict-running-command: AWS-RunPatchBaseline (command c-1) runs on this instance since 2026-11-23T09:50:00Z
      Warn conflict-maintenance-window: the maintenance window nightly (mw-1) runs AWS-RunPatchBaseline on this instance from 2026-11-23T12:00:00Z on
    ");
    let all: Vec<&Ec2Instance> = instances.iter().collect();
    let settings = ConflictSettings {
        auto_scaling: SkipOrWarn::Warn,
        maintenance_window: SkipOrWarn::Warn,
        ..ConflictSettings::default()
    };
    assert_eq!(detect(&facts, &all, settings, &moment()).instances["i-1"].action, Action::Wait);
    let scan = Moment { operation: Operation::Scan, ..moment() };
    let decision = &detect(&facts, &all, ConflictSettings::default(), &scan).instances["i-1"];
    assert_eq!(decision.action, Action::Warn);
    assert_eq!(decision.reason().map(|reason| reason.code.clone()), Some(ReasonCode::AutoScaling));
}

#[test]
fn what_may_not_be_read_is_said() {
    let facts = ConflictFacts {
        associations: Fetched::denied("ssm:ListAssociations"),
        windows: Fetched::denied("ssm:DescribeMaintenanceWindows"),
        executions: Fetched::denied("ssm:DescribeMaintenanceWindowExecutions"),
        running: Fetched::denied("ssm:ListCommandInvocations"),
        unseen_documents: vec![],
        not_looked_at: NotLookedAt::default(),
    };
    // The tag is enough to know a patch policy.
    assert_snapshot!(detected(&facts, &[instance("i-1", &[("QSConfigName-abc12", "weekly")])]), @"
    i-1 Skip
      Skip conflict-running-command: orgpatch cannot see whether a patch command runs on this instance: the member role may not call ssm:ListCommandInvocations
      Skip conflict-patch-policy: the Quick Setup patch policy weekly (abc12) patches this instance too
    note conflicts-not-seen: orgpatch cannot see conflicts with State Manager associations: the member role may not call ssm:ListAssociations
    note conflicts-not-seen: orgpatch cannot see conflicts with maintenance windows that are open: the member role may not call ssm:DescribeMaintenanceWindowExecutions
    note conflicts-not-seen: orgpatch cannot see conflicts with maintenance windows: the member role may not call ssm:DescribeMaintenanceWindows
    note conflicts-not-seen: orgpatch cannot see conflicts with running commands: the member role may not call ssm:ListCommandInvocations
    ");
}

#[test]
fn before_an_install_what_is_decided_already_is_not_even_scanned() {
    let seen = |id, eligibility| InventoryInstance { eligibility, ..fixtures::seen(id, None) };
    let stopped = || Eligibility::NotReady(Reason::new(ReasonCode::Stopped, "it is stopped"));
    let looked_at = |operation| {
        let group = ("aws:autoscaling:groupName", "web");
        let instances = [instance("i-1", &[]), instance("i-2", &[group]), instance("i-3", &[group])];
        let mut facts = no_patchers();
        facts.running = Fetched::Yes(vec![running("Patch now", "AWS-RunPatchBaseline")]);
        facts.windows = Fetched::denied("ssm:DescribeMaintenanceWindows");
        // The plan says that a running command is a failure: not before the install begins.
        let settings = ConflictSettings { running_command: WhileRunning::Fail, ..ConflictSettings::default() };
        let all: Vec<&Ec2Instance> = instances.iter().collect();
        let eligibilities = [("i-1", Eligibility::Eligible), ("i-2", Eligibility::Eligible), ("i-3", stopped())];
        let mut inventory = Inventory {
            at: moment().now,
            instances: eligibilities.into_iter().map(|(id, eligibility)| seen(id, eligibility)).collect(),
            conflict_notes: vec![],
            matching: None,
        };
        attach(&mut inventory, detect(&facts, &all, settings, &moment()), operation);
        inventory
    };
    let installs = looked_at(Operation::Install);
    assert_eq!(installs.instances[0].eligibility, Eligibility::Eligible);
    assert_eq!(installs.instances[0].conflicts[0].action, Action::Fail);
    assert!(
        matches!(&installs.instances[1].eligibility, Eligibility::Skipped(reason) if reason.code == ReasonCode::AutoScaling)
    );
    assert_eq!(installs.instances[2].eligibility, stopped());
    assert_eq!(installs.instances[2].conflicts.len(), 1);
    assert_eq!(installs.conflict_notes.len(), 1);
    let scans = looked_at(Operation::Scan);
    assert_eq!(scans.instances[1].eligibility, Eligibility::Eligible);
    assert_eq!(scans.instances[1].conflicts, installs.instances[1].conflicts);
}

#[test]
fn looks_become_rarer_and_the_last_is_at_the_end_of_the_bound() {
    let since = moment().now;
    let after =
        |seconds: i64| look_again_seconds(since, Timestamp::from_second(since.as_second() + seconds).expect("a time"));
    let looks = [0, 100, 400, 1_000, 3_600, MAX_WAIT_SECONDS - 100, MAX_WAIT_SECONDS].map(after);
    assert_eq!(looks, [60, 60, 100, 250, 300, 100, 1]);
}

#[test]
fn rows_that_another_tool_wrote() {
    let ours = OurScan { snapshot_id: "ours", since: time("2026-11-23T10:00:00Z") };
    let row = |snapshot: Option<&str>, operation: &str, ended_at: &str| ComplianceRow {
        snapshot_id: snapshot.map(str::to_owned),
        operation: operation.into(),
        ended_at: time(ended_at),
        ..fixtures::compliance()
    };
    let by = |row: &ComplianceRow, execution_type, conflicts: &[Conflict]| {
        overwritten_by(row, &ours, execution_type, conflicts).map_or("ours".to_owned(), |reason| reason.to_string())
    };
    assert_eq!(by(&row(Some("ours"), "Scan", "2026-11-23T10:05:00Z"), None, &[]), "ours");
    // Older than our scan: ours is still to come.
    assert_eq!(by(&row(Some("theirs"), "Scan", "2026-11-23T09:59:59Z"), None, &[]), "ours");
    let theirs = row(Some("theirs"), "Install", "2026-11-23T10:05:00Z");
    assert_snapshot!(by(&theirs, None, &[]), @"the compliance row is of an operation (Install) that ended at 2026-11-23T10:05:00Z with snapshot theirs; orgpatch has found no tool that explains it (somebody)");
    assert_snapshot!(by(&theirs, Some("PatchPolicy"), &[]), @"the compliance row is of an operation (Install) that ended at 2026-11-23T10:05:00Z with snapshot theirs, of a patch policy (patch-policy)");
    let conflict = |code: ReasonCode, text: &str| Conflict { action: Action::Warn, reason: Reason::new(code, text) };
    let conflicts = [
        conflict(ReasonCode::AutoScaling, "the instance belongs to a group"),
        conflict(ReasonCode::ConflictAssociation, "the association monthly patches this instance too"),
    ];
    assert_snapshot!(by(&row(None, "Scan", "2026-11-23T10:05:00Z"), Some("Command"), &conflicts), @"the compliance row is of an operation (Scan) that ended at 2026-11-23T10:05:00Z with no snapshot; probably because the association monthly patches this instance too (association)");
    // Our own install.
    assert_eq!(by(&row(Some("ours"), "Install", "2026-11-23T10:05:00Z"), None, &[]), "ours");
}

#[test]
fn what_was_not_looked_at_may_be_for_every_instance() {
    let mut facts = no_patchers();
    facts.not_looked_at = NotLookedAt { associations: 3, windows: 1 };
    assert_snapshot!(detected(&facts, &[instance("i-1", &[])]), @"
    i-1 Skip
      Skip conflict-association: orgpatch did not look at 3 more State Manager associations that may patch: it looks at 1000 State Manager associations of a target, with 4 MiB of text
      Warn conflict-maintenance-window: orgpatch did not look at 1 more maintenance window that may patch: it looks at 1000 maintenance windows of a target, with 4 MiB of text
    note conflicts-not-seen: orgpatch did not look at 1 more maintenance window that may patch: it looks at 1000 maintenance windows of a target, with 4 MiB of text
    note conflicts-not-seen: orgpatch did not look at 3 more State Manager associations that may patch: it looks at 1000 State Manager associations of a target, with 4 MiB of text
    ");
}

#[test]
fn of_many_conflicts_the_most_serious_are_kept_and_the_rest_is_noted() {
    let mut facts = no_patchers();
    let everywhere = || vec![target("InstanceIds", &["*"])];
    let scans = (0..1_000)
        .map(|nth| Association { id: format!("a-{nth:04}"), ..association("nightly", Some("Scan"), everywhere()) });
    let installs = Association { id: "a-installs".into(), ..association("monthly", Some("Install"), everywhere()) };
    facts.associations = Fetched::Yes(scans.chain([installs]).collect());
    let instances: Vec<Ec2Instance> = (0..3).map(|nth| instance(&format!("i-{nth}"), &[])).collect();
    let all: Vec<&Ec2Instance> = instances.iter().collect();
    let detected = detect(&facts, &all, ConflictSettings::default(), &moment());
    for decision in detected.instances.values() {
        assert_eq!((decision.action, decision.conflicts.len()), (Action::Skip, MOST_CONFLICTS));
        assert!(decision.conflicts[0].reason.text.contains("a-installs"), "{:?}", decision.conflicts[0]);
    }
    let notes: Vec<&str> = detected.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes, ["of 3 instances only the 10 most serious conflicts are listed"]);
}

#[test]
fn of_many_notes_some_are_kept_and_cut() {
    let mut facts = no_patchers();
    let groups = (0..1_000).map(|nth| Association {
        id: format!("a-{nth:04}"),
        ..association("monthly", Some("Install"), vec![target("resource-groups:Name", &["g".repeat(10_000).as_str()])])
    });
    facts.associations = Fetched::Yes(groups.collect());
    let detected = detect(&facts, &[], ConflictSettings::default(), &moment());
    assert_eq!(detected.notes.len(), MOST_NOTES + 1);
    assert!(detected.notes.iter().all(|note| note.text.chars().count() <= NOTE_CHARACTERS));
    assert!(detected.notes.iter().any(|note| note.text.starts_with("950 more notes")));
}

#[test]
fn room_is_for_a_number_of_items_and_a_number_of_bytes() {
    let mut room = Room::default();
    assert_eq!((0..2_000).filter(|_| room.item()).count(), MOST_OF_A_KIND);
    let large = [target("tag:Env", &["x".repeat(1_024 * 1_024).as_str()])];
    assert_eq!((0..10).filter(|_| room.text(bytes_of(&large))).count(), 3, "each is a little more than 1 MiB of 4");
    assert!(room.text(1_000), "a short one still fits");
}

/// Digests of tags are found as if they were text.
#[test]
fn tags_without_their_texts_are_targeted_as_before() {
    let whole = [instance("i-1", &[("Env", "test"), ("Role", "web")]), instance("i-2", &[("Env", "prod")])];
    let small = whole.clone().map(|mut instance| {
        instance.other_tags = instance.tag_digests().collect();
        instance.tags.clear();
        instance
    });
    for targets in [
        vec![target("tag:Env", &["test", "dev"])],
        vec![target("tag:Env", &["none"])],
        vec![target("tag-key", &["Role"])],
        vec![target("tag-key", &["Env"]), target("tag:Role", &["web"])],
        vec![target("InstanceIds", &["*"]), target("tag:Env", &["prod"])],
    ] {
        let mut facts = no_patchers();
        facts.associations = Fetched::Yes(vec![association("monthly", Some("Install"), targets.clone())]);
        assert_eq!(detected(&facts, &small), detected(&facts, &whole), "{targets:?}");
    }
}

fn facts() -> impl Strategy<Value = (ConflictFacts, Vec<Ec2Instance>)> {
    let tags = subsequence(
        vec![
            ("Env", "test"),
            ("QSConfigName-a", "weekly"),
            ("QSConfigName-b", "daily"),
            ("aws:autoscaling:groupName", "g"),
        ],
        0..=4,
    );
    let instances = proptest::collection::vec(tags, 1..5);
    let targets = select(vec![
        vec![target("InstanceIds", &["*"])],
        vec![target("InstanceIds", &["i-0", "i-1"])],
        vec![target("tag:Env", &["test"])],
        vec![target("tag-key", &["Env"]), target("InstanceIds", &["i-1", "i-2"])],
        vec![target("resource-groups:Name", &["g"])],
    ]);
    let names = select(vec!["monthly", "AWS-QuickSetup-PatchPolicy-ScanForPatches-LA-b", "x-ScanForPatches-y"]);
    let associations = proptest::collection::vec((names, targets, any::<bool>()), 0..5);
    let commands = proptest::collection::vec((0..4_usize, select(vec!["Patch now", "own"])), 0..4);
    (instances, associations, commands, any::<bool>()).prop_map(|(instances, associations, commands, with_window)| {
        let instances = instances.iter().enumerate().map(|(nth, tags)| instance(&format!("i-{nth}"), tags)).collect();
        let associations = associations
            .into_iter()
            .enumerate()
            .map(|(nth, (name, targets, scan))| Association {
                id: format!("a-{nth}"),
                ..association(name, scan.then_some("Scan"), targets)
            })
            .collect();
        let running = commands
            .into_iter()
            .map(|(nth, comment)| RunningCommand {
                instance_id: format!("i-{nth}"),
                ..running(comment, "AWS-RunPatchBaseline")
            })
            .collect();
        let windows = if with_window { vec![window("2026-11-23T12:00:00Z")] } else { vec![] };
        let facts = ConflictFacts {
            associations: Fetched::Yes(associations),
            windows: Fetched::Yes(windows),
            executions: Fetched::Yes(vec![]),
            running: Fetched::Yes(running),
            unseen_documents: vec![],
            not_looked_at: NotLookedAt::default(),
        };
        (facts, instances)
    })
}

proptest! {
    #[test]
    fn the_order_of_facts_does_not_matter((facts, instances) in facts()) {
        let there: Vec<&Ec2Instance> = instances.iter().collect();
        let back: Vec<&Ec2Instance> = instances.iter().rev().collect();
        let mut turned = facts.clone();
        if let Fetched::Yes(associations) = &mut turned.associations {
            associations.reverse();
            for association in associations {
                association.targets.reverse();
                association.targets.iter_mut().for_each(|target| target.values.reverse());
            }
        }
        if let Fetched::Yes(running) = &mut turned.running {
            running.reverse();
        }
        let settings = ConflictSettings::default();
        prop_assert_eq!(detect(&facts, &there, settings, &moment()), detect(&turned, &back, settings, &moment()));
    }

    /// No install starts while a command of another tool runs, whatever the facts are.
    #[test]
    fn no_setting_lets_an_install_run_beside_another(
        (facts, instances) in facts(),
        setting in select(vec![WhileRunning::Wait, WhileRunning::Skip, WhileRunning::Fail]),
        waited in 0..20_000_i64,
    ) {
        let settings = ConflictSettings {
            patch_policy: SkipOrWarn::Warn,
            running_command: setting,
            maintenance_window: SkipOrWarn::Warn,
            auto_scaling: SkipOrWarn::Warn,
            other_baseline: SkipOrWarn::Warn,
        };
        let waiting_since = Timestamp::from_second(moment().now.as_second() - waited).ok();
        let moment = Moment { waiting_since, ..moment() };
        let all: Vec<&Ec2Instance> = instances.iter().collect();
        let detected = detect(&facts, &all, settings, &moment);
        let Fetched::Yes(running) = &facts.running else { unreachable!("they are known") };
        for instance in &instances {
            let busy = running.iter().any(|command| command.instance_id == instance.id);
            let action = detected.instances.get(&instance.id).map_or(Action::Go, |decision| decision.action);
            prop_assert_eq!(busy, action >= Action::Wait, "{}: {:?}", instance.id, action);
            prop_assert!(action != Action::Wait || waited < MAX_WAIT_SECONDS);
        }
    }
}
