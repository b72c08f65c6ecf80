//! Competing patchers as Systems Manager shows them: associations, maintenance windows, running commands.
use crate::testing::{Lab, MEMBER, REGION};
use serde_json::{Value, json};

/// Returns a lab with one instance for each of these further fields.
fn lab(fields: &[&str]) -> Lab {
    let node = |(n, fields): (usize, &&str)| {
        format!("  - {{account: \"{MEMBER}\", region: {REGION}, id: i-0000000{n}, os: AMAZON_LINUX_2023, {fields}}}\n")
    };
    Lab::with(&fields.iter().enumerate().map(node).collect::<String>(), "emptyPages: false")
}

fn associations(lab: &mut Lab) -> Vec<Value> {
    lab.ssm("ListAssociations", json!({}))["Associations"].as_array().expect("a list").clone()
}

fn names(list: &[Value], field: &str) -> Vec<String> {
    list.iter().map(|item| item[field].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn two_patch_policies_are_four_associations_and_two_tags() {
    let policies =
        "associations: [{name: quick-setup-patch-policy, id: abc12}, {name: quick-setup-patch-policy, id: xyz34}]";
    let mut lab = lab(&[policies, policies, "managed: true"]);
    let list = associations(&mut lab);
    assert_eq!(
        names(&list, "AssociationName"),
        [
            "AWS-QuickSetup-PatchPolicy-ScanForPatches-LA-abc12",
            "AWS-QuickSetup-PatchPolicy-InstallPatches-LA-abc12",
            "AWS-QuickSetup-PatchPolicy-ScanForPatches-LA-xyz34",
            "AWS-QuickSetup-PatchPolicy-InstallPatches-LA-xyz34",
        ]
    );
    assert_eq!(list[0]["Targets"], json!([{"Key": "tag:QSConfigName-abc12", "Values": ["abc12"]}]));
    assert_eq!((&list[0]["Name"], &list[0]["AssociationVersion"]), (&json!("AWS-RunPatchBaseline"), &json!("1")));
    assert_eq!(list[0]["ScheduleExpression"], "cron(0 1 * * ? *)");
    assert_eq!(list[0]["LastExecutionDate"], 1_794_186_000.0, "yesterday at one");
    assert_eq!(list[0]["Overview"]["AssociationStatusAggregatedCount"], json!({"Success": 2}));
    let xml = lab.raw("ec2", "DescribeInstances", MEMBER, json!({})).expect("XML");
    assert_eq!(xml.matches("<key>QSConfigName-").count(), 4);
    let nodes = lab.ssm("DescribeInstanceInformation", json!({}))["InstanceInformationList"].take();
    assert_eq!(nodes[0]["AssociationStatus"], "Success");
    assert_eq!(nodes[0]["AssociationOverview"]["InstanceAssociationStatusAggregatedCount"], json!({"Success": 4}));
    assert!(nodes[2]["AssociationStatus"].is_null(), "no association, no status");
}

#[test]
fn associations_have_the_documents_and_targets_that_people_give_them() {
    let mut lab = lab(&[
        "associations: [host-management-scan, run-patch-baseline, run-patch-baseline-association]",
        "associations: [{name: run-patch-baseline-with-hooks, id: nightly, target: \"tag:Patch=enabled\"}, run-patch-baseline]",
        "associations: [{name: update-ssm-agent, target: all}], inventory: true",
    ]);
    let list = associations(&mut lab);
    let described = |lab: &mut Lab, id: &Value| {
        lab.ssm("DescribeAssociation", json!({"AssociationId": id}))["AssociationDescription"]["Parameters"].take()
    };
    let with_hooks = list.iter().find(|a| a["Name"] == "AWS-RunPatchBaselineWithHooks").expect("it");
    assert_eq!(described(&mut lab, &with_hooks["AssociationId"]), json!({"Operation": ["Install"]}));
    assert_eq!(described(&mut lab, &list[0]["AssociationId"]), json!({"Operation": ["Scan"]}));
    let of = |document: &str| {
        let found: Vec<_> = list.iter().filter(|a| a["Name"] == document).map(|a| a["Targets"].clone()).collect();
        found
    };
    assert_eq!(of("AWS-RunPatchBaselineAssociation"), [json!([{"Key": "InstanceIds", "Values": ["i-00000000"]}])]);
    assert_eq!(of("AWS-RunPatchBaselineWithHooks"), [json!([{"Key": "tag:Patch", "Values": ["enabled"]}])]);
    assert_eq!(of("AWS-UpdateSSMAgent"), [json!([{"Key": "InstanceIds", "Values": ["*"]}])]);
    assert_eq!(of("AWS-GatherSoftwareInventory"), [json!([{"Key": "InstanceIds", "Values": ["i-00000002"]}])]);
    assert_eq!(of("AWS-RunPatchBaseline")[1], json!([{"Key": "InstanceIds", "Values": ["i-00000000", "i-00000001"]}]));
    for (key, value, expected) in [
        ("Name", "AWS-RunPatchBaseline", 2),
        ("AssociationName", "nightly", 1),
        ("AssociationStatusName", "Pending", 1),
        ("LastExecutedAfter", "2026-11-09T23:00:00Z", 1),
        ("LastExecutedBefore", "2026-11-09T23:00:00Z", 5),
        ("InstanceId", "i-00000000", 0),
    ] {
        let filter = json!({"AssociationFilterList": [{"key": key, "value": value}]});
        let found = lab.ssm("ListAssociations", filter)["Associations"].as_array().map(Vec::len);
        assert_eq!(found, Some(expected), "{key} {value}");
    }
}

#[test]
fn a_window_tells_when_it_comes_and_what_it_runs() {
    let window = "associations: [{name: maintenance-window, id: sundays, schedule: \"cron(0 2 ? * SUN *)\", durationHours: 4, cutoffHours: 0}]";
    let mut lab = lab(&[
        window,
        window,
        "associations: [{name: maintenance-window, enabled: false}]",
        "associations: [{name: maintenance-window, id: scripts, task: AWS-RunShellScript, registered: false, start: \"2026-11-10T00:10:30Z\"}]",
    ]);
    let list = lab.ssm("DescribeMaintenanceWindows", json!({}))["WindowIdentities"].as_array().expect("a list").clone();
    assert_eq!(names(&list, "Name"), ["sundays", "patch-window", "scripts"]);
    assert_eq!(names(&list, "NextExecutionTime"), ["2026-11-15T02:00Z", "-", "2026-11-10T00:10:30Z"]);
    assert_eq!((&list[0]["Duration"], &list[0]["Cutoff"]), (&json!(4), &json!(0)));
    let enabled = json!({"Filters": [{"Key": "Enabled", "Values": ["True"]}]});
    assert_eq!(lab.ssm("DescribeMaintenanceWindows", enabled)["WindowIdentities"].as_array().map(Vec::len), Some(2));
    let one = |n: usize| json!({"WindowId": list[n]["WindowId"]});
    let targets = lab.ssm("DescribeMaintenanceWindowTargets", one(0))["Targets"].take();
    assert_eq!(targets[0]["Targets"], json!([{"Key": "InstanceIds", "Values": ["i-00000000", "i-00000001"]}]));
    let task = lab.ssm("DescribeMaintenanceWindowTasks", one(0))["Tasks"][0].take();
    assert_eq!((&task["TaskArn"], &task["Type"]), (&json!("AWS-RunPatchBaseline"), &json!("RUN_COMMAND")));
    assert_eq!(task["Targets"], json!([{"Key": "WindowTargetIds", "Values": [targets[0]["WindowTargetId"]]}]));
    let direct = lab.ssm("DescribeMaintenanceWindowTasks", one(2))["Tasks"][0].take();
    assert_eq!(direct["Targets"], json!([{"Key": "InstanceIds", "Values": ["i-00000003"]}]));
    assert_eq!(lab.ssm("DescribeMaintenanceWindowTargets", one(2))["Targets"], json!([]));
    let none =
        json!({"WindowId": list[0]["WindowId"], "Filters": [{"Key": "TaskArn", "Values": ["AWS-RunShellScript"]}]});
    assert_eq!(lab.ssm("DescribeMaintenanceWindowTasks", none)["Tasks"], json!([]));
}

/// It works on one instance after the other, fifty minutes on each.
#[test]
fn a_window_is_open_until_it_has_worked_on_every_instance() {
    let window = "associations: [{name: maintenance-window, start: \"2026-11-09T23:00:00Z\", schedule: rate(2 hours), seconds: 3000, maxConcurrency: 1}]";
    let mut lab = lab(&[window, window, window]);
    let id = lab.ssm("DescribeMaintenanceWindows", json!({}))["WindowIdentities"][0]["WindowId"].take();
    let executions = |lab: &mut Lab, filters: Value| {
        let request = json!({"WindowId": id, "Filters": filters});
        lab.ssm("DescribeMaintenanceWindowExecutions", request)["WindowExecutions"].as_array().expect("a list").clone()
    };
    let open = executions(&mut lab, json!([])).pop().expect("it began an hour before the start");
    assert_eq!((&open["Status"], &open["StartTime"]), (&json!("IN_PROGRESS"), &json!(1_794_265_200.0)));
    assert!(open["EndTime"].is_null());
    let working = |lab: &mut Lab| {
        let filters = json!([{"key": "Status", "value": "InProgress"}]);
        lab.ssm("ListCommandInvocations", json!({"Filters": filters}))["CommandInvocations"][0]["InstanceId"].take()
    };
    assert_eq!(working(&mut lab), "i-00000001");
    assert_eq!(working(lab.at(3_000)), "i-00000002");
    // It is due again at one o'clock, while it still works.
    let list = executions(lab.at(5_000), json!([]));
    assert_eq!(names(&list, "Status"), ["SKIPPED_OVERLAPPING", "IN_PROGRESS"]);
    let list = executions(lab.at(6_000), json!([]));
    assert_eq!(names(&list, "Status"), ["SKIPPED_OVERLAPPING", "SUCCESS"]);
    let after = |time: &str| json!([{"Key": "ExecutedAfter", "Values": [time]}]);
    assert_eq!(names(&executions(&mut lab, after("2026-11-09T23:30:00Z")), "Status"), ["SKIPPED_OVERLAPPING"]);
    let before = json!([{"Key": "ExecutedBefore", "Values": ["2026-11-09T23:30:00Z"]}]);
    let ended = executions(&mut lab, before).pop().expect("the first one");
    assert!(ended["EndTime"].as_f64() > ended["StartTime"].as_f64(), "{ended}");
}

#[test]
fn a_running_command_is_listed_and_an_association_is_not() {
    let mut lab =
        lab(&["associations: [patch-now-running, {name: run-patch-baseline, start: \"2026-11-10T00:00:00Z\"}]"]);
    lab.at(10);
    let running = json!({"Filters": [{"key": "Status", "value": "InProgress"}, {"key": "DocumentName", "value": "AWS-RunPatchBaseline"}]});
    let commands = lab.ssm("ListCommands", running.clone())["Commands"].take();
    assert_eq!(commands.as_array().map(Vec::len), Some(1));
    assert_eq!((&commands[0]["Comment"], &commands[0]["Parameters"]["Operation"]), (&json!(""), &json!(["Install"])));
    let invocations = lab.ssm("ListCommandInvocations", running.clone())["CommandInvocations"].take();
    assert_eq!(
        (&invocations[0]["InstanceId"], &invocations[0]["Status"]),
        (&json!("i-00000000"), &json!("InProgress"))
    );
    assert_eq!(associations(&mut lab)[0]["Overview"]["Status"], "Pending");
    lab.at(1_800);
    assert_eq!(lab.ssm("ListCommands", running)["Commands"], json!([]), "half an hour after a minute before the start");
    assert_eq!(associations(&mut lab)[0]["Overview"]["Status"], "Success");
}

#[test]
fn requests_are_checked() {
    let mut lab = lab(&["managed: true"]);
    let mw = "mw-0123456789abcdef0";
    for (operation, request, code) in [
        (
            "ListAssociations",
            json!({"AssociationFilterList": [{"key": "Colour", "value": "red"}]}),
            "ValidationException",
        ),
        (
            "ListAssociations",
            json!({"AssociationFilterList": [{"key": "LastExecutedAfter", "value": "x"}]}),
            "ValidationException",
        ),
        ("ListAssociations", json!({"MaxResults": 51}), "ValidationException"),
        ("ListAssociations", json!({"NextToken": "x"}), "InvalidNextToken"),
        ("DescribeMaintenanceWindows", json!({"MaxResults": 9}), "ValidationException"),
        (
            "DescribeMaintenanceWindows",
            json!({"Filters": [{"Key": "Colour", "Values": ["red"]}]}),
            "ValidationException",
        ),
        ("DescribeMaintenanceWindowExecutions", json!({}), "ValidationException"),
        ("DescribeMaintenanceWindowExecutions", json!({"WindowId": "mw-1"}), "ValidationException"),
        ("DescribeMaintenanceWindowExecutions", json!({"WindowId": mw, "MaxResults": 101}), "ValidationException"),
        (
            "DescribeMaintenanceWindowExecutions",
            json!({"WindowId": mw, "Filters": [{"Key": "Status", "Values": ["SUCCESS"]}]}),
            "ValidationException",
        ),
        (
            "DescribeMaintenanceWindowExecutions",
            json!({"WindowId": mw, "Filters": [{"Key": "ExecutedAfter", "Values": ["yesterday"]}]}),
            "ValidationException",
        ),
        ("DescribeMaintenanceWindowTargets", json!({"WindowId": mw}), "DoesNotExistException"),
        ("DescribeMaintenanceWindowTasks", json!({"WindowId": mw}), "DoesNotExistException"),
        ("DescribeMaintenanceWindowTasks", json!({"WindowId": "mw-1"}), "ValidationException"),
        ("DescribeMaintenanceWindowTasks", json!({}), "ValidationException"),
    ] {
        assert_eq!(lab.ssm_error(operation, request.clone()), code, "{operation} {request}");
    }
}
