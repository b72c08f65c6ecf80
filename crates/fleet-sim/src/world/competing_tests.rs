//! What competing patchers do to instances, in simulated time, and what the ground truth says about it.
use crate::testing::{Lab, MEMBER, REGION};
use serde_json::json;

const FIRST: &str = "i-00000000";

fn lab(fields: &str) -> Lab {
    Lab::new(&format!("  - {{account: \"{MEMBER}\", region: {REGION}, id: {FIRST}, os: AMAZON_LINUX_2023, {fields}}}"))
}

fn counts(lab: &Lab) -> (i64, i64, i64) {
    let truth = lab.ground_truth(FIRST);
    let number = |name: &str| truth[name].as_i64().expect("a number");
    (number("installsStarted"), number("installsByOthers"), number("overlaps"))
}

#[test]
fn an_install_beside_a_running_patch_command_overlaps_and_one_after_it_does_not() {
    for (sent, overlaps) in [(100, 1), (1_735, 1), (1_745, 0)] {
        let mut lab = lab("associations: [patch-now-running]");
        assert_eq!(counts(&lab), (0, 1, 0), "it began before the start");
        lab.at(sent).send("Install", &json!({}));
        assert_eq!(counts(lab.at(4_000)), (1, 1, overlaps), "{sent}");
        assert_eq!(lab.ground_truth(FIRST)["installsBeside"], overlaps, "{sent}");
    }
}

#[test]
fn equal_patch_commands_of_several_entries_are_one_command_with_an_invocation_each() {
    let other = "associations: [{name: patch-now-running, id: nightly, start: \"2026-11-10T00:10:00Z\", seconds: 300}]";
    let entry = |fields: &str| {
        format!("  - {{account: \"{MEMBER}\", region: {REGION}, os: AMAZON_LINUX_2023, {fields}, {other}}}\n")
    };
    let fleet = entry(&format!("id: {FIRST}")) + &entry("count: 3") + &entry("id: i-00000001");
    for (clock, begun) in [("per-invocation", [0, 1, 3, 5]), ("documented", [0, 1, 1, 1])] {
        let mut lab = Lab::with(&fleet, &format!("runCommand: {clock}"));
        lab.at(599);
        assert!(lab.world.commands.is_empty(), "it is sent in the middle");
        let started = |lab: &mut Lab, at: i64| {
            let nodes = lab.at(at).world.fleet.nodes.iter();
            nodes.map(|node| node.installs_by_competitors).sum::<u32>()
        };
        assert_eq!([600, 601, 602, 603].map(|at| started(&mut lab, at)), begun, "{clock}");
        let listed = lab.at(610).ssm("ListCommandInvocations", json!({}))["CommandInvocations"].take();
        let list = listed.as_array().expect("a list");
        assert_eq!(list.len(), 5, "{clock}");
        assert!(list.iter().all(|one| one["CommandId"] == list[0]["CommandId"]), "one command");
        let commands = lab.ssm("ListCommands", json!({}))["Commands"].take();
        assert_eq!((&commands[0]["TargetCount"], &commands[1]), (&json!(5), &json!(null)));
    }
}

#[test]
fn the_documented_clock_is_not_for_state_manager() {
    let other = "associations: [{name: run-patch-baseline, operation: install, start: \"2026-11-10T00:10:00Z\"}]";
    let fleet = format!("  - {{account: \"{MEMBER}\", region: {REGION}, os: AMAZON_LINUX_2023, count: 3, {other}}}\n");
    let mut lab = Lab::with(&fleet, "runCommand: documented");
    let nodes = lab.at(610).world.fleet.nodes.iter();
    assert_eq!(nodes.map(|node| node.installs_by_competitors).sum::<u32>(), 3);
}

#[test]
fn scans_beside_a_running_install_overlap_and_beside_a_running_scan_they_do_not() {
    for (operation, overlaps) in [("install", 1), ("scan", 0)] {
        let mut lab =
            lab(&format!("associations: [{{name: patch-now-running, operation: {operation}, seconds: 600}}]"));
        lab.at(100).send("Scan", &json!({}));
        assert_eq!(counts(lab.at(1_000)).2, overlaps, "{operation}");
    }
}

#[test]
fn a_window_that_comes_while_we_install_overlaps() {
    let mut lab = lab("behaviour: {seconds: 3000}, associations: [maintenance-window]");
    lab.at(60).send("Install", &json!({}));
    assert_eq!(counts(lab.at(1_799)), (1, 0, 0));
    assert_eq!(counts(lab.at(1_801)), (1, 1, 1), "half an hour after the start");
    assert_eq!(lab.ground_truth(FIRST)["installsBeside"], 0, "the window came second");
    lab.at(2_000);
    let commands = lab.ssm("ListCommands", json!({}))["Commands"].as_array().map(Vec::len);
    assert_eq!(commands, Some(2), "a window's task is a command like any other");
}

#[test]
fn a_scan_of_a_competing_patcher_replaces_the_compliance() {
    let mut lab =
        lab("associations: [{name: run-patch-baseline, schedule: rate(30 minutes), start: \"2026-11-10T00:30:00Z\"}]");
    let ours = "0a1b2c3d-0000-4000-8000-000000000001";
    lab.send("Scan", &json!({"Parameters": {"SnapshotId": [ours]}}));
    assert_eq!(lab.at(1_700).patch_state(FIRST)["SnapshotId"], ours);
    let first = lab.at(1_900).patch_state(FIRST);
    assert_ne!(first["SnapshotId"], ours);
    assert_ne!(lab.at(3_700).patch_state(FIRST)["SnapshotId"], first["SnapshotId"], "and again");
    let commands = lab.ssm("ListCommands", json!({}))["Commands"].as_array().map(Vec::len);
    assert_eq!(commands, Some(1), "State Manager sends no commands");
    assert_eq!(counts(&lab), (0, 0, 0));
}

#[test]
fn a_patch_policy_installs_on_its_sunday_and_scans_every_day() {
    let mut lab = lab("associations: [quick-setup-patch-policy]");
    assert!(lab.at(3_600).patch_state(FIRST).is_null());
    assert_eq!(lab.at(3_700).patch_state(FIRST)["Operation"], "Scan", "at one o'clock");
    assert_eq!(counts(lab.at(5 * 86_400 + 7_100)), (0, 0, 0));
    assert_eq!(counts(lab.at(5 * 86_400 + 7_400)), (0, 1, 0), "on the 15th at two");
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!(["bash", "kernel"]));
}

#[test]
fn what_is_switched_off_or_no_patching_does_nothing() {
    let mut lab = lab(
        "associations: [{name: maintenance-window, enabled: false}, {name: maintenance-window, task: AWS-RunShellScript}, update-ssm-agent]",
    );
    assert_eq!(counts(lab.at(30 * 86_400)), (0, 0, 0));
    assert!(lab.patch_state(FIRST).is_null() && lab.world.commands.is_empty());
}

#[test]
fn an_agent_can_go_offline_by_itself_after_its_first_scan() {
    let mut lab = lab("behaviour: {offlineAfterScan: true}");
    let scan = lab.send("Scan", &json!({}));
    assert_eq!(lab.at(40).details(&scan), ["Success"]);
    let node = lab.ssm("DescribeInstanceInformation", json!({}))["InstanceInformationList"][0].take();
    assert_eq!(node["PingStatus"], "ConnectionLost");
    let install = json!({"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": [FIRST], "Parameters": {"Operation": ["Install"]}});
    assert_eq!(lab.ssm_error("SendCommand", install), "InvalidInstanceId");
}

#[test]
fn what_is_out_of_reach_fails_scan_and_install_with_its_code() {
    for (fields, code) in [
        ("network: {private: true, endpoints: [ssm, ssmmessages]}", 156),
        ("python: absent", 1),
        ("network: {route: nat-gateway, endpoints: [{service: s3, policy: patch-buckets-only}]}", 1),
        ("platformName: Bottlerocket", 146),
    ] {
        let mut lab = lab(fields);
        for (operation, until) in [("Scan", 100), ("Install", 400)] {
            let id = lab.send(operation, &json!({}));
            lab.at(until);
            let answer = lab.ssm("ListCommandInvocations", json!({"CommandId": id, "Details": true}));
            let step = &answer["CommandInvocations"][0]["CommandPlugins"][1];
            assert_eq!((&step["Status"], &step["ResponseCode"]), (&json!("Failed"), &json!(code)), "{fields}");
        }
        assert!(lab.patch_state(FIRST).is_null() && lab.ground_truth(FIRST)["installed"] == json!([]));
    }
}

#[test]
fn an_agent_without_messages_answers_pings_and_gets_no_commands() {
    let mut lab = lab("network: {private: true, endpoints: [ssm, s3]}");
    let id = lab.send("Scan", &json!({"TimeoutSeconds": 60}));
    assert_eq!(lab.at(61).details(&id), ["DeliveryTimedOut"]);
    let node = lab.ssm("DescribeInstanceInformation", json!({}))["InstanceInformationList"][0].take();
    assert_eq!(node["PingStatus"], "Online");
}
