//! What operations do, and how commands proceed: one behaviour of AWS per test.
use crate::testing::Lab;
use serde_json::json;

const FIRST: &str = "i-00000000";

#[test]
fn a_scan_reports_what_is_approved_and_installs_nothing() {
    let mut lab = Lab::linux(1, "seconds: 600");
    assert!(lab.patch_state(FIRST).is_null(), "never patched: absent");
    let id = lab.send("Scan", &json!({}));
    assert_eq!(lab.at(30).details(&id), ["InProgress"]);
    assert_eq!(lab.at(31).details(&id), ["Success"], "a scan takes 30 seconds at most");
    assert_eq!(lab.patches(FIRST), ["bash=MISSING", "kernel=MISSING"], "openssl is a day old: not approved");
    let state = lab.patch_state(FIRST);
    assert_eq!((&state["Operation"], &state["MissingCount"]), (&json!("Scan"), &json!(2)));
    assert_eq!((&state["SecurityNonCompliantCount"], &state["OtherNonCompliantCount"]), (&json!(1), &json!(1)));
    assert_eq!(state["CriticalNonCompliantCount"], 0, "predefined baselines have no compliance level");
    assert!(state["RebootOption"].is_null());
    assert_eq!(lab.ground_truth(FIRST)["installsStarted"], 0);
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!(["bash", "kernel"]));
}

#[test]
fn an_install_installs_and_reboots_and_its_report_lists_nothing_missing() {
    let mut lab = Lab::linux(1, "seconds: 120");
    let id = lab.send("Install", &json!({}));
    assert_eq!(lab.at(120).details(&id), ["InProgress"]);
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!([]));
    assert_eq!(lab.at(121).details(&id), ["Success"]);
    assert_eq!(lab.command(&id), ("Success".into(), "Success".into()));
    assert_eq!(lab.patches(FIRST), ["bash=INSTALLED", "kernel=INSTALLED"]);
    let truth = lab.ground_truth(FIRST);
    assert_eq!(
        (&truth["installsStarted"], &truth["rebooted"], &truth["reboots"]),
        (&json!(1), &json!(true), &json!(1))
    );
    assert_eq!((&truth["installed"], &truth["missing"]), (&json!(["bash", "kernel"]), &json!([])));
    // A week later the third patch is approved.
    assert_eq!(lab.at(7 * 86_400).ground_truth(FIRST)["missing"], json!(["openssl"]));
}

#[test]
fn made_up_patches_are_missing_where_the_entry_says_so_and_can_be_installed() {
    let node = |n: u8, os: &str, missing: &str| {
        format!("  - {{account: \"222200000001\", region: ap-northeast-1, id: i-0000000{n}, os: {os}{missing}}}\n")
    };
    let fleet = [
        node(0, "AMAZON_LINUX_2023", ", missing: {patches: 2, cves: 3}"),
        node(1, "AMAZON_LINUX_2023", ", missing: {patches: 1, cves: 3}"),
        node(2, "AMAZON_LINUX_2023", ""),
        node(3, "WINDOWS", ", missing: {patches: 1}"),
    ];
    let mut lab = Lab::new(&fleet.concat());
    lab.send("Scan", &json!({}));
    lab.at(40);
    let linux = ["bash=MISSING", "kernel=MISSING", "made-up-0001.x86_64=MISSING", "made-up-0002.x86_64=MISSING"];
    assert_eq!(lab.patches(FIRST), linux);
    assert_eq!(lab.patches("i-00000001"), linux[..3]);
    assert_eq!(lab.patches("i-00000002"), linux[..2]);
    assert_eq!(lab.patches("i-00000003"), ["KB1=MISSING", "KB2=AVAILABLE_SECURITY_UPDATE", "KB9000001=MISSING"]);
    let answer = lab.ssm("DescribeInstancePatches", json!({"InstanceId": FIRST, "MaxResults": 100}));
    assert_eq!(answer["Patches"][2]["Title"], "made-up-0001.x86_64:1.0.0-1");
    assert_eq!(answer["Patches"][2]["CVEIds"], "CVE-2026-00010001,CVE-2026-00010002,CVE-2026-00010003");
    lab.send("Install", &json!({}));
    lab.at(400);
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!([]));
    let installed = json!(["bash", "kernel", "made-up-0001.x86_64", "made-up-0002.x86_64"]);
    assert_eq!(lab.ground_truth(FIRST)["installed"], installed);
    assert_eq!(lab.ground_truth("i-00000002")["installed"], json!(["bash", "kernel"]));
}

#[test]
fn no_reboot_leaves_patches_pending_until_a_later_install_reboots() {
    let mut lab = Lab::linux(1, "seconds: 10");
    lab.send("Install", &json!({"Parameters": {"RebootOption": ["NoReboot"]}}));
    lab.at(20);
    assert_eq!(lab.patches(FIRST), ["bash=INSTALLED", "kernel=INSTALLED_PENDING_REBOOT"]);
    let state = lab.patch_state(FIRST);
    assert_eq!((&state["InstalledPendingRebootCount"], &state["SecurityNonCompliantCount"]), (&json!(1), &json!(1)));
    assert!(state["LastNoRebootInstallOperationTime"].is_number());
    assert_eq!(lab.ground_truth(FIRST)["rebooted"], false);
    lab.send("Install", &json!({}));
    lab.at(40);
    assert_eq!(lab.ground_truth(FIRST)["reboots"], 1, "nothing to install, but one patch waits for a reboot");
    assert_eq!(lab.patches(FIRST), ["bash=INSTALLED", "kernel=INSTALLED"]);
    lab.send("Install", &json!({}));
    assert_eq!(lab.at(60).ground_truth(FIRST)["reboots"], 1, "nothing to do, no reboot");
    assert_eq!(lab.ground_truth(FIRST)["installsStarted"], 3);
}

#[test]
fn a_failing_install_or_scan_leaves_node_and_compliance_as_they_were() {
    let mut lab = Lab::linux(1, "scan: fail, install: fail, exitCode: 156");
    for (operation, done) in [("Scan", 300), ("Install", 600)] {
        let id = lab.send(operation, &json!({}));
        lab.at(done);
        let answer = lab.ssm("ListCommandInvocations", json!({"CommandId": id, "Details": true}));
        let plugins = &answer["CommandInvocations"][0]["CommandPlugins"];
        assert_eq!(plugins[1]["Name"], "PatchLinux");
        assert_eq!(
            (&plugins[1]["Status"], &plugins[1]["ResponseCode"]),
            (&json!("Failed"), &json!(156)),
            "{operation}"
        );
        assert_eq!(lab.command(&id).0, "Failed");
    }
    assert!(lab.patch_state(FIRST).is_null());
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!([]));
    assert_eq!(lab.ground_truth(FIRST)["installsStarted"], 1, "it began, and it was an Install");
}

#[test]
fn one_failing_patch_is_a_row_and_an_exit_code() {
    let mut lab = Lab::linux(1, "install: \"patch-fails:bash\", seconds: 10");
    let id = lab.send("Install", &json!({}));
    assert_eq!(lab.at(20).details(&id), ["Failed"]);
    assert_eq!(lab.patches(FIRST), ["bash=FAILED", "kernel=INSTALLED"]);
    let state = lab.patch_state(FIRST);
    assert_eq!((&state["FailedCount"], &state["MissingCount"]), (&json!(1), &json!(0)));
    assert_eq!((&state["Operation"], &state["OtherNonCompliantCount"]), (&json!("Install"), &json!(1)));
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!(["bash"]));
    lab.send("Scan", &json!({}));
    lab.at(60);
    assert_eq!(lab.patches(FIRST), ["bash=MISSING", "kernel=INSTALLED"], "a scan knows nothing of the failure");
}

#[test]
fn a_done_install_whose_report_is_not_uploaded_ends_with_an_error() {
    let mut lab = Lab::linux(1, "exitCode: 1, seconds: 10");
    let id = lab.send("Install", &json!({}));
    assert_eq!(lab.at(20).details(&id), ["Failed"]);
    assert!(lab.patch_state(FIRST).is_null());
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!([]));
}

#[test]
fn a_lost_agent_leaves_part_of_the_work_and_an_invocation_without_an_end() {
    let mut lab = Lab::linux(1, "install: agent-lost, seconds: 100");
    let id = lab.send("Install", &json!({"TimeoutSeconds": 60}));
    let ping = |lab: &mut Lab| {
        lab.ssm("DescribeInstanceInformation", json!({}))["InstanceInformationList"][0]["PingStatus"].take()
    };
    lab.at(50);
    assert_eq!(ping(&mut lab), "Online");
    lab.at(51);
    assert_eq!(ping(&mut lab), "ConnectionLost");
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!(["bash"]));
    assert_eq!(lab.at(60 + 7_199).details(&id), ["InProgress"]);
    assert_eq!(lab.at(60 + 7_200).details(&id), ["DeliveryTimedOut"]);
    assert_eq!(lab.command(&id), ("TimedOut".into(), "DeliveryTimedOut".into()));
    assert_eq!(lab.ssm("ListCommands", json!({}))["Commands"][0]["DeliveryTimedOutCount"], 1);
    let again =
        json!({"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": [FIRST], "Parameters": {"Operation": ["Scan"]}});
    assert_eq!(lab.ssm_error("SendCommand", again), "InvalidInstanceId");
}

#[test]
fn a_reboot_that_hangs_has_installed_everything() {
    let mut lab = Lab::linux(1, "install: reboot-hangs, seconds: 10");
    let id = lab.send("Install", &json!({"TimeoutSeconds": 30}));
    lab.at(100);
    assert_eq!(lab.details(&id), ["InProgress"]);
    assert_eq!(lab.patches(FIRST), ["bash=INSTALLED_PENDING_REBOOT", "kernel=INSTALLED_PENDING_REBOOT"]);
    let truth = lab.ground_truth(FIRST);
    assert_eq!((&truth["installed"], &truth["rebooted"]), (&json!(["bash", "kernel"]), &json!(false)));
    assert_eq!(lab.at(7_230).details(&id), ["DeliveryTimedOut"]);

    let mut lab = Lab::linux(1, "install: reboot-hangs, seconds: 10");
    let id = lab.send("Install", &json!({"Parameters": {"RebootOption": ["NoReboot"]}}));
    assert_eq!(lab.at(100).details(&id), ["Success"], "without a reboot nothing hangs");
}

#[test]
fn what_never_starts_is_pending_then_delayed_then_timed_out_and_not_an_error() {
    let mut lab = Lab::linux(1, "install: never-starts");
    let id = lab.send("Install", &json!({"TimeoutSeconds": 600}));
    assert_eq!(lab.at(10).details(&id), ["Pending"]);
    assert_eq!(lab.at(60).details(&id), ["Delayed"]);
    assert_eq!(lab.at(600).details(&id), ["DeliveryTimedOut"]);
    assert_eq!(lab.ground_truth(FIRST)["installsStarted"], 0);
    assert_eq!(lab.ssm("ListCommands", json!({}))["Commands"][0]["ErrorCount"], 0);
    let scan = lab.send("Scan", &json!({}));
    assert_eq!(lab.at(700).details(&scan), ["Success"], "only installs never start");
}

#[test]
fn a_step_that_takes_too_long_is_ended_by_the_agent() {
    let mut lab = Lab::linux(1, "seconds: 100");
    let id = lab.send("Install", &json!({"Parameters": {"StepTimeoutSeconds": ["50"]}}));
    assert_eq!(lab.at(51).details(&id), ["ExecutionTimedOut"]);
    assert_eq!(lab.command(&id).0, "Failed", "it counts to MaxErrors");
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!(["bash"]));
}

#[test]
fn success_of_a_command_does_not_mean_that_every_instance_was_reached() {
    let mut lab = Lab::new(
        r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: AMAZON_LINUX_2023}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000001, os: AMAZON_LINUX_2023, behaviour: {scan: never-starts}}"#,
    );
    let id = lab.send("Scan", &json!({"TimeoutSeconds": 60}));
    lab.at(100);
    assert_eq!(lab.details(&id), ["Success", "DeliveryTimedOut"]);
    assert_eq!(lab.command(&id), ("Success".into(), "Success".into()));
}

#[test]
fn concurrency_is_kept_and_the_ramp_is_one_two_four() {
    let started = |lab: &Lab| lab.world.commands[0].invocations.iter().filter(|i| i.started.is_some()).count();
    let mut lab = Lab::linux(8, "seconds: 100");
    lab.send("Install", &json!({}));
    let ramp: Vec<_> = (0..6).map(|second| started(lab.at(second))).collect();
    assert_eq!(ramp, [0, 1, 3, 7, 8, 8]);

    let mut lab = Lab::linux(4, "seconds: 100");
    lab.send("Install", &json!({"MaxConcurrency": "50%"}));
    assert_eq!(started(lab.at(100)), 2);
    assert_eq!(started(lab.at(104)), 4, "as one ends, the next is sent");
}

#[test]
fn without_limits_a_command_takes_the_defaults_of_the_api() {
    let mut lab = Lab::linux(1, "seconds: 10");
    lab.send("Scan", &json!({}));
    let command = lab.at(5).ssm("ListCommands", json!({}))["Commands"][0].take();
    assert_eq!((&command["MaxConcurrency"], &command["MaxErrors"]), (&json!("50"), &json!("0")));
}

#[test]
fn the_error_after_the_limit_terminates_what_is_not_sent() {
    let mut lab = Lab::linux(4, "install: fail, seconds: 10");
    let id = lab.send("Install", &json!({"MaxConcurrency": "1", "MaxErrors": "1"}));
    lab.at(100);
    assert_eq!(lab.details(&id), ["Failed", "Failed", "Terminated", "Terminated"]);
    assert_eq!(lab.command(&id), ("Failed".into(), "Failed".into()));

    let mut lab = Lab::linux(4, "install: fail, seconds: 10");
    let id = lab.send("Install", &json!({"MaxErrors": "0"}));
    lab.at(100);
    assert_eq!(lab.details(&id), ["Failed"; 4], "what runs already is not stopped: more errors than allowed");

    let mut lab = Lab::linux(4, "install: fail, seconds: 10");
    let id = lab.send("Install", &json!({"MaxErrors": "100%"}));
    lab.at(100);
    assert_eq!(lab.command(&id), ("Failed".into(), "Incomplete".into()));
}

#[test]
fn an_agent_does_one_thing_after_the_other_and_double_installs_show() {
    let mut lab = Lab::linux(1, "seconds: 100");
    let (first, second) = (lab.send("Install", &json!({})), lab.send("Install", &json!({})));
    lab.at(101);
    assert_eq!((lab.details(&first), lab.details(&second)), (vec!["Success".into()], vec!["InProgress".into()]));
    assert_eq!(lab.at(201).details(&second), ["Success"]);
    assert_eq!(lab.ground_truth(FIRST)["installsStarted"], 2);
}

#[test]
fn what_waits_behind_another_command_for_too_long_never_starts() {
    let mut lab = Lab::linux(1, "seconds: 100");
    lab.send("Install", &json!({}));
    let late = lab.send("Install", &json!({"TimeoutSeconds": 60}));
    assert_eq!(lab.at(60).details(&late), ["DeliveryTimedOut"]);
    assert_eq!(lab.at(500).ground_truth(FIRST)["installsStarted"], 1);
}

#[test]
fn cancelling_spares_what_has_not_begun_and_does_not_stop_what_has() {
    let mut lab = Lab::linux(2, "seconds: 100");
    let id = lab.send("Install", &json!({"MaxConcurrency": "1"}));
    lab.at(50);
    lab.ssm("CancelCommand", json!({"CommandId": id}));
    assert_eq!(lab.details(&id), ["Cancelling", "Cancelled"]);
    assert_eq!(lab.command(&id).0, "Cancelling");
    lab.at(200);
    assert_eq!(lab.details(&id), ["Success", "Cancelled"]);
    assert_eq!(lab.command(&id).0, "Cancelled");
    assert_eq!(lab.ground_truth("i-00000001")["installsStarted"], 0);
}

#[test]
fn one_invocation_of_several_can_be_cancelled() {
    let mut lab = Lab::linux(3, "seconds: 100");
    let id = lab.send("Install", &json!({"MaxConcurrency": "1"}));
    lab.at(50);
    lab.ssm("CancelCommand", json!({"CommandId": id, "InstanceIds": ["i-00000001"]}));
    assert_eq!(lab.details(&id), ["InProgress", "Cancelled", "Pending"]);
    assert_eq!(lab.at(300).details(&id), ["Success", "Cancelled", "Success"]);
    assert_eq!(lab.command(&id).0, "Success");
    let all = lab.send("Install", &json!({"MaxConcurrency": "1"}));
    let ids = [FIRST, "i-00000001", "i-00000002"];
    lab.ssm("CancelCommand", json!({"CommandId": all, "InstanceIds": ids}));
    assert_eq!(lab.at(310).command(&all).0, "Cancelled");
    let other = json!({"CommandId": id, "InstanceIds": ["i-99999999"]});
    assert_eq!(lab.ssm_error("CancelCommand", other), "InvalidInstanceId");
}

#[test]
fn a_snapshot_pins_what_is_approved_for_three_days() {
    let mut lab = Lab::linux(1, "seconds: 10");
    let snapshot = "0a1b2c3d-0000-4000-8000-000000000001";
    let day = 86_400;
    let scan = |lab: &mut Lab, seconds: i64, id: &str| {
        lab.at(seconds);
        lab.send("Scan", &json!({"Parameters": {"SnapshotId": [id]}}));
        lab.at(seconds + 60);
        assert_eq!(lab.patch_state(FIRST)["SnapshotId"], id);
        lab.patches(FIRST).len()
    };
    // openssl is approved on day 6.
    assert_eq!(scan(&mut lab, 5 * day, snapshot), 2);
    assert_eq!(scan(&mut lab, 7 * day, snapshot), 2, "approved since, but not in the snapshot");
    assert_eq!(scan(&mut lab, 7 * day + 100, "0a1b2c3d-0000-4000-8000-000000000002"), 3);
    assert_eq!(scan(&mut lab, 9 * day, snapshot), 3, "after three days the same id is a new snapshot");
}

#[test]
fn windows_tells_of_security_updates_that_are_not_approved_yet() {
    let mut lab = Lab::new(r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: WINDOWS}"#);
    lab.send("Scan", &json!({}));
    lab.at(60);
    assert_eq!(lab.patches(FIRST), ["KB1=MISSING", "KB2=AVAILABLE_SECURITY_UPDATE"]);
    assert_eq!(lab.patch_state(FIRST)["AvailableSecurityUpdateCount"], 1);
}

#[test]
fn an_update_that_needs_another_one_is_listed_and_installed_in_a_second_pass() {
    let patches = r#"  - {id: KB1, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical}
  - {id: KB2, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical, applicableAfter: KB1}
  - {id: KB3, os: WINDOWS, released: "2026-11-09", classification: SecurityUpdates, severity: Critical, applicableAfter: KB1}"#;
    let fleet = r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: WINDOWS, behaviour: {seconds: 10}}"#;
    let mut lab = Lab::with_patches(patches, fleet, "");
    let scan = |lab: &mut Lab, at: i64| {
        lab.at(at).send("Scan", &json!({}));
        let rows = lab.at(at + 60).patches(FIRST);
        let truth = lab.ground_truth(FIRST)["missing"].take();
        let missing: Vec<_> = rows.iter().filter_map(|row| row.strip_suffix("=MISSING")).collect();
        assert_eq!(truth, json!(missing), "truth and scan agree");
        rows
    };
    assert_eq!(scan(&mut lab, 0), ["KB1=MISSING"]);
    lab.send("Install", &json!({}));
    assert_eq!(lab.at(100).patches(FIRST), ["KB1=INSTALLED", "KB3=AVAILABLE_SECURITY_UPDATE"]);
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!(["KB1"]));
    assert_eq!(scan(&mut lab, 100), ["KB1=INSTALLED", "KB2=MISSING", "KB3=AVAILABLE_SECURITY_UPDATE"]);
    lab.send("Install", &json!({}));
    lab.at(200);
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!(["KB1", "KB2"]));
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!([]));
}

#[test]
fn an_update_is_not_applicable_while_the_one_before_waits_for_a_reboot() {
    let patches = r#"  - {id: KB1, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical, reboot: true}
  - {id: KB2, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical, applicableAfter: KB1}"#;
    let fleet = r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: WINDOWS, behaviour: {seconds: 10}}"#;
    let mut lab = Lab::with_patches(patches, fleet, "");
    lab.send("Install", &json!({"Parameters": {"RebootOption": ["NoReboot"]}}));
    lab.at(60).send("Scan", &json!({}));
    assert_eq!(lab.at(100).patches(FIRST), ["KB1=INSTALLED_PENDING_REBOOT"]);
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!([]));
    lab.send("Install", &json!({}));
    lab.at(160).send("Scan", &json!({}));
    assert_eq!(lab.at(200).patches(FIRST), ["KB1=INSTALLED", "KB2=MISSING"]);
}

#[test]
fn what_the_baseline_does_not_approve_is_installed_other_without_classification() {
    let mut lab = Lab::new(
        r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: AMAZON_LINUX_2023, installed: [openssl, bash]}"#,
    );
    lab.send("Scan", &json!({}));
    lab.at(60);
    assert_eq!(lab.patches(FIRST), ["bash=INSTALLED", "kernel=MISSING", "openssl=INSTALLED_OTHER"]);
    let filter = json!([{"Key": "State", "Values": ["InstalledOther"]}]);
    let rows = lab.ssm("DescribeInstancePatches", json!({"InstanceId": FIRST, "Filters": filter}));
    assert_eq!(rows["Patches"].as_array().map(Vec::len), Some(1));
    assert_eq!((&rows["Patches"][0]["Classification"], &rows["Patches"][0]["Severity"]), (&json!(""), &json!("")));
}

#[test]
fn overrides_cannot_be_downloaded_here() {
    for (parameters, code) in [
        (json!({"BaselineOverride": ["s3://b/k"]}), 162),
        (json!({"BaselineOverride": ["s3://b/k"], "InstallOverrideList": ["s3://b/l"]}), 167),
    ] {
        let mut lab = Lab::linux(1, "seconds: 10");
        let id = lab.send("Install", &json!({"Parameters": parameters}));
        lab.at(60);
        let answer =
            lab.ssm("GetCommandInvocation", json!({"CommandId": id, "InstanceId": FIRST, "PluginName": "PatchLinux"}));
        assert_eq!(answer["ResponseCode"], code);
        assert_eq!(lab.ground_truth(FIRST)["installed"], json!([]));
    }
}

#[test]
fn time_does_not_run_backwards() {
    let mut lab = Lab::linux(1, "seconds: 10");
    lab.send("Install", &json!({}));
    let later = lab.at(60).world.now;
    assert_eq!(lab.at(0).world.now, later);
}
