//! What services refuse, list and leave out: one behaviour of AWS per test.
use crate::testing::{Lab, MANAGEMENT, MEMBER};
use serde_json::{Value, json};

const FIRST: &str = "i-00000000";

fn scan(more: &Value) -> Value {
    let mut request =
        json!({"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": [FIRST], "Parameters": {"Operation": ["Scan"]}});
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request
}

#[test]
fn send_command_refuses_what_aws_refuses() {
    let mut lab = Lab::linux(2, "");
    let many: Vec<_> = (0..51).map(|n| format!("i-000000{n:02}")).collect();
    for (more, code) in [
        (json!({"InstanceIds": many}), "ValidationException"),
        (json!({"InstanceIds": ["nonsense"]}), "ValidationException"),
        (json!({"InstanceIds": []}), "ValidationException"),
        (json!({"InstanceIds": [FIRST, FIRST]}), "DuplicateInstanceId"),
        (json!({"InstanceIds": [FIRST, "i-99999999"]}), "InvalidInstanceId"),
        (json!({"MaxConcurrency": "0"}), "ValidationException"),
        (json!({"MaxErrors": "101%"}), "ValidationException"),
        (json!({"TimeoutSeconds": 29}), "ValidationException"),
        (json!({"Comment": "x".repeat(101)}), "ValidationException"),
        (json!({"DocumentName": "AWS-RunShellScript"}), "InvalidDocument"),
        (json!({"DocumentVersion": "7"}), "InvalidDocumentVersion"),
        (json!({"Parameters": {"Operation": ["Scan"], "Reboot": ["no"]}}), "InvalidParameters"),
        (json!({"Parameters": {"Operation": "Scan"}}), "SerializationException"),
    ] {
        assert_eq!(lab.ssm_error("SendCommand", scan(&more)), code, "{more}");
    }
    assert!(lab.world.commands.is_empty(), "a refused call sends nothing");
}

#[test]
fn one_stopped_unmanaged_lost_or_foreign_instance_fails_the_whole_call() {
    let mut lab = Lab::with(
        r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: UBUNTU}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000001, os: UBUNTU, state: stopped}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000002, os: UBUNTU, managed: false}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000003, os: UBUNTU, ping: connection-lost}
  - {account: "222200000001", region: us-east-1, id: i-00000004, os: UBUNTU}
  - {account: "111111111111", region: ap-northeast-1, id: i-00000005, os: UBUNTU}"#,
        "",
    );
    for other in 1..=5 {
        let ids = json!({"InstanceIds": [FIRST, format!("i-0000000{other}")]});
        assert_eq!(lab.ssm_error("SendCommand", scan(&ids)), "InvalidInstanceId", "{other}");
    }
    let listed = lab.ssm("DescribeInstanceInformation", json!({}));
    let nodes: Vec<_> =
        listed["InstanceInformationList"].as_array().expect("a list").iter().map(|n| &n["InstanceId"]).collect();
    assert_eq!(nodes, ["i-00000000", "i-00000003"], "stopped and unmanaged nodes are not listed");
    let filter = json!({"Filters": [{"Key": "PingStatus", "Values": ["Online"]}]});
    assert_eq!(
        lab.ssm("DescribeInstanceInformation", filter)["InstanceInformationList"].as_array().map(Vec::len),
        Some(1)
    );
    let xml = lab.raw("ec2", "DescribeInstances", MEMBER, json!({})).expect("XML");
    assert_eq!(xml.matches("<instanceId>").count(), 4, "EC2 lists all of the Region");
}

#[test]
fn tag_targets_reach_lost_agents_too_and_an_empty_target_is_a_success() {
    let mut lab = Lab::new(
        r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: UBUNTU, tags: {Patch: enabled}, ping: connection-lost}"#,
    );
    let request = |value: &str| {
        json!({"DocumentName": "AWS-RunPatchBaseline", "Parameters": {"Operation": ["Scan"]}, "TimeoutSeconds": 30,
               "Targets": [{"Key": "tag:Patch", "Values": [value]}]})
    };
    let none = lab.ssm("SendCommand", request("disabled"));
    assert_eq!(
        (&none["Command"]["Status"], &none["Command"]["StatusDetails"]),
        (&json!("Success"), &json!("NoInstancesInTag"))
    );
    let lost = lab.ssm("SendCommand", request("enabled"))["Command"]["CommandId"].take();
    lab.at(30);
    assert_eq!(lab.details(lost.as_str().expect("an id")), ["DeliveryTimedOut"]);
}

#[test]
fn commands_and_invocations_are_seen_only_after_a_while() {
    let mut lab = Lab::linux(1, "");
    let id = lab.send("Scan", &json!({"Comment": "run-1/test"}));
    let get = json!({"CommandId": id, "InstanceId": FIRST, "PluginName": "PatchLinux"});
    lab.at(1);
    assert!(lab.details(&id).is_empty(), "an empty list, not an error");
    assert_eq!(lab.ssm_error("GetCommandInvocation", get.clone()), "InvocationDoesNotExist");
    lab.at(2);
    assert_eq!(lab.details(&id).len(), 1);
    assert_eq!(lab.ssm("GetCommandInvocation", get)["Status"], "InProgress");
    lab.at(4);
    assert_eq!(lab.ssm("ListCommands", json!({}))["Commands"], json!([]));
    lab.at(5);
    assert_eq!(lab.ssm("ListCommands", json!({}))["Commands"][0]["Comment"], "run-1/test");
}

#[test]
fn an_invocation_has_three_plugins_of_which_two_are_skipped() {
    let mut lab = Lab::linux(1, "");
    let id = lab.send("Scan", &json!({}));
    lab.at(2);
    let plugins = |lab: &mut Lab| {
        let answer = lab.ssm("ListCommandInvocations", json!({"CommandId": id, "Details": true}));
        let list = answer["CommandInvocations"][0]["CommandPlugins"].as_array().expect("a list").clone();
        list.iter()
            .map(|p| format!("{} {} {}", p["Name"], p["Status"], p["ResponseCode"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(plugins(&mut lab), ["PatchWindows Success 0", "PatchLinux InProgress -1", "PatchMacOS Success 0"]);
    lab.at(60);
    assert_eq!(plugins(&mut lab), ["PatchWindows Success 0", "PatchLinux Success 0", "PatchMacOS Success 0"]);
    let get = json!({"CommandId": id, "InstanceId": FIRST});
    assert_eq!(lab.ssm_error("GetCommandInvocation", get), "InvalidPluginName", "a document of several steps");
    let without = lab.ssm("ListCommandInvocations", json!({"CommandId": id}));
    assert_eq!(without["CommandInvocations"][0]["CommandPlugins"], json!([]));
}

#[test]
fn command_lists_can_be_narrowed_down() {
    let mut lab = Lab::linux(1, "");
    let id = lab.send("Scan", &json!({}));
    lab.at(100);
    let count = |lab: &mut Lab, key: &str, value: &str| {
        lab.ssm("ListCommands", json!({"Filters": [{"key": key, "value": value}]}))["Commands"].as_array().map(Vec::len)
    };
    for (key, value, expected) in [
        ("Status", "Success", 1),
        ("Status", "Failed", 0),
        ("ExecutionStage", "Executing", 0),
        ("ExecutionStage", "Complete", 1),
        ("InvokedAfter", "2026-11-10T00:00:00Z", 1),
        ("InvokedBefore", "2026-11-10T00:00:00Z", 0),
        ("DocumentName", "AWS-RunPatchBaseline", 1),
    ] {
        assert_eq!(count(&mut lab, key, value), Some(expected), "{key} {value}");
    }
    assert_eq!(lab.ssm("ListCommands", json!({"InstanceId": "i-99999999"}))["Commands"], json!([]));
    assert_eq!(lab.ssm("ListCommands", json!({"CommandId": id}))["Commands"][0]["TargetCount"], 1);
    assert_eq!(lab.ssm_error("ListCommands", json!({"CommandId": "x"})), "InvalidCommandId");
    assert_eq!(lab.ssm_error("ListCommands", json!({"NextToken": "x"})), "InvalidNextToken");
    assert_eq!(lab.at(31 * 86_400).ssm("ListCommands", json!({}))["Commands"], json!([]), "kept for 30 days");
}

/// Returns the instances of every page of `ListCommandInvocations`.
fn invocations(lab: &mut Lab, request: &Value) -> Vec<String> {
    let (mut found, mut request) = (Vec::new(), request.clone());
    loop {
        let answer = lab.ssm("ListCommandInvocations", request.clone());
        let list = answer["CommandInvocations"].as_array().expect("a list");
        found.extend(
            list.iter().map(|i| i["InstanceId"].as_str().expect("text").trim_start_matches("i-0000000").into()),
        );
        match answer["NextToken"].as_str() {
            Some(token) => request["NextToken"] = json!(token),
            None => return found,
        }
    }
}

#[test]
fn invocations_of_all_commands_come_newest_first_in_pages() {
    let mut lab = Lab::linux(4, "seconds: 30");
    let send = |lab: &mut Lab, n: usize, operation: &str| {
        let request = json!({"InstanceIds": [format!("i-0000000{n}")], "Parameters": {"Operation": [operation]}});
        lab.ssm("SendCommand", scan(&request));
    };
    send(&mut lab, 0, "Scan");
    send(lab.at(100), 1, "Scan");
    send(&mut lab, 2, "Install");
    assert_eq!(invocations(lab.at(101), &json!({})), ["0"], "two seconds later");
    send(lab.at(200), 3, "Scan");
    lab.at(202);
    for size in [1, 2, 50] {
        assert_eq!(invocations(&mut lab, &json!({"MaxResults": size, "Details": true})), ["3", "2", "1", "0"]);
    }
    let name = json!({"key": "DocumentName", "value": "AWS-RunPatchBaseline"});
    let after = |at: &str| json!({"Filters": [name, {"key": "InvokedAfter", "value": at}]});
    assert_eq!(invocations(&mut lab, &after("2026-11-10T00:01:40Z")), ["3", "2", "1"], "from that moment on");
    assert_eq!(invocations(&mut lab, &after("2026-11-10T00:01:41Z")), ["3"]);
    let one = |key: &str, value: &str| json!({"Filters": [{"key": key, "value": value}]});
    assert_eq!(invocations(&mut lab, &one("InvokedBefore", "2026-11-10T00:01:40Z")), ["0"]);
    assert_eq!(invocations(&mut lab, &one("Status", "InProgress")), ["3"]);
    assert_eq!(invocations(&mut lab, &one("Status", "Success")), ["2", "1", "0"]);
    assert!(invocations(&mut lab, &one("DocumentName", "AWS-RunShellScript")).is_empty());
    assert_eq!(lab.ssm_error("ListCommandInvocations", one("ExecutionStage", "Executing")), "InvalidFilterKey");
    for filters in [vec![name.clone(); 6], vec![], vec![json!({"key": "Status", "value": ""})]] {
        let request = json!({"Filters": filters});
        assert_eq!(lab.ssm_error("ListCommandInvocations", request.clone()), "ValidationException", "{request}");
        assert_eq!(lab.ssm_error("ListCommands", request.clone()), "ValidationException", "{request}");
    }
}

#[test]
fn times_that_an_instance_reports_come_from_its_own_clock() {
    let node = |n: usize, skew: i64| {
        format!(
            "  - {{account: \"{MEMBER}\", region: ap-northeast-1, id: i-0000000{n}, os: AMAZON_LINUX_2023, clockSkewSeconds: {skew}, behaviour: {{seconds: 100}}}}\n"
        )
    };
    let mut lab = Lab::new(&(node(0, 600) + &node(1, -600) + &node(2, 0)));
    let started = 1_794_268_800.0;
    let id = lab.send("Install", &json!({"Parameters": {"RebootOption": ["NoReboot"]}}));
    lab.at(200);
    for (n, (skew, begun)) in [(600.0, 1.0), (-600.0, 2.0), (0.0, 2.0)].into_iter().enumerate() {
        let instance = format!("i-0000000{n}");
        let (from, to) = (started + skew + begun, started + skew + begun + 100.0);
        let state = lab.patch_state(&instance);
        let times =
            [&state["OperationStartTime"], &state["OperationEndTime"], &state["LastNoRebootInstallOperationTime"]];
        assert_eq!(times, [&json!(from), &json!(to), &json!(to)], "{n}");
        let rows = lab.ssm("DescribeInstancePatches", json!({"InstanceId": instance}));
        assert_eq!(rows["Patches"][0]["InstalledTime"], to, "{n}");
        let list = lab.ssm("ListCommandInvocations", json!({"CommandId": id, "InstanceId": instance, "Details": true}));
        let invocation = &list["CommandInvocations"][0];
        assert_eq!(invocation["RequestedDateTime"], started, "the service has a clock of its own");
        let plugin = &invocation["CommandPlugins"][1];
        assert_eq!((&plugin["ResponseStartDateTime"], &plugin["ResponseFinishDateTime"]), (&json!(from), &json!(to)));
    }
    let one = json!({"CommandId": id, "InstanceId": FIRST, "PluginName": "PatchLinux"});
    let answer = lab.ssm("GetCommandInvocation", one);
    assert_eq!(answer["ExecutionStartDateTime"], "2026-11-10T00:10:01Z");
    assert_eq!(answer["ExecutionElapsedTime"], "PT100S");
}

#[test]
fn read_calls_have_bounds() {
    let mut lab = Lab::linux(1, "");
    let many: Vec<_> = (0..51).map(|n| format!("i-000000{n:02}")).collect();
    for (operation, request) in [
        ("DescribeInstanceInformation", json!({"MaxResults": 4})),
        ("DescribeInstanceInformation", json!({"MaxResults": 51})),
        ("DescribeInstancePatchStates", json!({"InstanceIds": many})),
        ("DescribeInstancePatchStates", json!({"InstanceIds": [FIRST], "MaxResults": 9})),
        ("DescribeInstancePatchStates", json!({})),
        ("DescribeInstancePatches", json!({"InstanceId": FIRST, "MaxResults": 9})),
        ("ListCommandInvocations", json!({"MaxResults": 51})),
    ] {
        assert_eq!(lab.ssm_error(operation, request.clone()), "ValidationException", "{operation} {request}");
    }
    assert_eq!(lab.ssm_error("DescribeInstancePatches", json!({"InstanceId": "i-99999999"})), "InvalidInstanceId");
    let mixed = json!({"Filters": [{"Key": "tag:a", "Values": ["b"]}, {"Key": "PingStatus", "Values": ["Online"]}]});
    assert_eq!(lab.ssm_error("DescribeInstanceInformation", mixed), "InvalidInstanceInformationFilterValue");
}

#[test]
fn nodes_come_in_pages_of_ten() {
    let mut lab = Lab::new(r#"  - {account: "222200000001", region: ap-northeast-1, count: 23, os: UBUNTU}"#);
    let mut sizes = Vec::new();
    let mut request = json!({});
    loop {
        let answer = lab.ssm("DescribeInstanceInformation", request.clone());
        sizes.push(answer["InstanceInformationList"].as_array().map_or(0, Vec::len));
        match answer["NextToken"].as_str() {
            Some(token) => request["NextToken"] = json!(token),
            None => break,
        }
    }
    assert_eq!(sizes, [10, 10, 3]);
}

#[test]
fn a_disabled_region_and_a_suspended_account_know_no_credentials() {
    let node = |account: &str| format!("  - {{account: \"{account}\", region: ap-northeast-1, os: UBUNTU}}\n");
    let fleet = node(MEMBER) + &node("333300000001") + &node("444400000001");
    let more = r#"accounts:
  "222200000001": {disabledRegions: [ap-northeast-1]}
  "333300000001": {state: SUSPENDED}
  "444400000001": {state: PENDING_CLOSURE}"#;
    let mut lab = Lab::with(&fleet, more);
    for account in [MEMBER, "333300000001", "999999999999"] {
        let ssm = lab.raw("ssm", "ListCommands", account, json!({})).expect_err("refused");
        assert_eq!((ssm.status, ssm.code.as_str()), (400, "UnrecognizedClientException"), "{account}");
        let ec2 = lab.raw("ec2", "DescribeInstances", account, json!({})).expect_err("refused");
        assert_eq!((ec2.status, ec2.code.as_str()), (401, "AuthFailure"), "{account}");
    }
    assert!(lab.raw("ssm", "ListCommands", "444400000001", json!({})).is_ok(), "an account that closes still works");
}

#[test]
fn roles_of_an_account_that_closes_are_refused_unless_the_scenario_says_otherwise() {
    let node = |account: &str| format!("  - {{account: \"{account}\", region: ap-northeast-1, os: UBUNTU}}\n");
    let fleet = node(MEMBER) + &node("333300000001") + &node("444400000001");
    let accounts = r#"accounts: {"333300000001": {state: SUSPENDED}, "444400000001": {state: PENDING_CLOSURE}}"#;
    for (in_doubt, closing) in [("", false), ("\ninDoubt: {rolesOfClosingAccounts: taken}", true)] {
        let lab = Lab::with(&fleet, &format!("{accounts}{in_doubt}"));
        let described = lab.world.organization.describe(lab.world.in_doubt);
        let may = |id: &str| {
            let all = described["accounts"].as_array().into_iter().flatten();
            all.filter(|account| account["id"] == id).all(|account| account["mayBeEntered"] == true)
        };
        assert_eq!([MEMBER, "333300000001", "444400000001"].map(may), [true, false, closing]);
    }
}

#[test]
fn a_service_control_policy_denies_whole_regions() {
    let fleet = r#"  - {account: "222200000001", region: ap-northeast-1, os: UBUNTU}"#;
    let mut lab = Lab::with(fleet, r#"accounts: {"222200000001": {deniedRegions: [ap-northeast-1]}}"#);
    let ssm = lab.raw("ssm", "ListCommands", MEMBER, json!({})).expect_err("refused");
    assert_eq!((ssm.status, ssm.code.as_str()), (400, "AccessDeniedException"));
    let ec2 = lab.raw("ec2", "DescribeRegions", MEMBER, json!({})).expect_err("refused");
    assert_eq!((ec2.status, ec2.code.as_str()), (403, "UnauthorizedOperation"));
}

#[test]
fn regions_say_whether_they_are_switched_on() {
    let fleet = r#"  - {account: "222200000001", region: me-south-1, os: UBUNTU}"#;
    let mut lab = Lab::with(fleet, r#"accounts: {"222200000001": {disabledRegions: [ap-northeast-3]}}"#);
    let status = |lab: &mut Lab, region: &str, all: bool| {
        let request =
            json!({"AllRegions": all.to_string(), "Filter.1.Name": "region-name", "Filter.1.Value.1": region});
        let xml = lab.raw("ec2", "DescribeRegions", MEMBER, request).expect("XML");
        xml.split("<optInStatus>").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned)
    };
    assert_eq!(status(&mut lab, "ap-northeast-1", false).as_deref(), Some("opt-in-not-required"));
    assert_eq!(status(&mut lab, "me-south-1", false).as_deref(), Some("opted-in"));
    assert_eq!(status(&mut lab, "ap-northeast-3", false), None, "without AllRegions only those that are on");
    assert_eq!(status(&mut lab, "ap-northeast-3", true).as_deref(), Some("not-opted-in"));
    assert_eq!(status(&mut lab, "af-south-1", true).as_deref(), Some("not-opted-in"));
    let unknown = lab.raw("ec2", "DescribeRegions", MEMBER, json!({"RegionName.1": "mars-east-1"}));
    assert_eq!(unknown.expect_err("refused").code, "InvalidParameterValue");
}

#[test]
fn instances_can_be_narrowed_down_and_paged() {
    let mut lab = Lab::new(
        r#"  - {account: "222200000001", region: ap-northeast-1, count: 6, os: UBUNTU, tags: {Patch: enabled}}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000009, os: WINDOWS, state: stopped, tags: {Name: "a & b"}}"#,
    );
    let count = |lab: &mut Lab, request: Value| {
        lab.raw("ec2", "DescribeInstances", MEMBER, request).map(|xml| xml.matches("<instanceId>").count())
    };
    let filter = |name: &str, value: &str| json!({"Filter.1.Name": name, "Filter.1.Value.1": value});
    assert_eq!(count(&mut lab, filter("instance-state-name", "running")), Ok(6));
    assert_eq!(count(&mut lab, filter("tag:Patch", "en*")), Ok(6));
    assert_eq!(count(&mut lab, filter("tag-key", "Name")), Ok(1));
    assert_eq!(count(&mut lab, json!({"InstanceId.1": "i-00000009"})), Ok(1));
    assert_eq!(count(&mut lab, json!({"MaxResults": "5"})), Ok(5));
    for (request, code) in [
        (json!({"MaxResults": "4"}), "InvalidParameterValue"),
        (json!({"InstanceId.1": "i-99999999"}), "InvalidInstanceID.NotFound"),
        (json!({"InstanceId.1": "x"}), "InvalidInstanceID.Malformed"),
        (json!({"InstanceId.1": "i-00000009", "MaxResults": "5"}), "InvalidParameterCombination"),
        (filter("colour", "red"), "InvalidParameterValue"),
    ] {
        assert_eq!(count(&mut lab, request).expect_err("refused").code, code);
    }
    let windows = lab.raw("ec2", "DescribeInstances", MEMBER, json!({"InstanceId.1": "i-00000009"})).expect("XML");
    assert!(windows.contains("<platform>windows</platform>") && windows.contains("a &amp; b"));
}

#[test]
fn only_the_management_account_may_look_at_the_organization() {
    let mut lab = Lab::linux(1, "");
    let refused = lab.raw("organizations", "ListAccounts", MEMBER, json!({})).expect_err("refused");
    assert_eq!(refused.code, "AccessDeniedException");
    assert!(lab.raw("organizations", "DescribeOrganization", MEMBER, json!({})).is_ok());
}

#[test]
fn accounts_come_in_pages_of_which_some_are_empty() {
    let entries: Vec<_> = (0..44).map(|n| format!("\"3333000000{n:02}\": {{name: a{n}}}")).collect();
    let more = format!("accounts: {{{}}}", entries.join(", "));
    let mut lab = Lab::with(r#"  - {account: "222200000001", region: ap-northeast-1, os: UBUNTU}"#, &more);
    let (mut ids, mut empty) = (std::collections::BTreeSet::new(), 0);
    let mut request = json!({});
    loop {
        let answer = lab.organizations("ListAccounts", request.clone());
        let page = answer["Accounts"].as_array().expect("a list");
        empty += usize::from(page.is_empty());
        ids.extend(page.iter().map(|account| account["Id"].to_string()));
        match answer["NextToken"].as_str() {
            Some(token) => request["NextToken"] = json!(token),
            None => break,
        }
    }
    assert_eq!(ids.len(), 46);
    assert!(empty > 0);
    let large = lab.raw("organizations", "ListAccounts", MANAGEMENT, json!({"MaxResults": 21}));
    assert_eq!(large.expect_err("refused").code, "InvalidInputException");
}

#[test]
fn the_tree_is_walked_one_level_at_a_time() {
    let mut lab = Lab::with(
        r#"  - {account: "222200000001", region: ap-northeast-1, os: UBUNTU}"#,
        "emptyPages: false\naccounts: {\"222200000001\": {name: shop, state: CLOSED}}",
    );
    let root = lab.organizations("ListRoots", json!({}))["Roots"][0]["Id"].take();
    assert_eq!(root, "r-abcd");
    let ous = lab.organizations("ListOrganizationalUnitsForParent", json!({"ParentId": root}));
    assert_eq!(ous["OrganizationalUnits"][0]["Id"], "ou-abcd-11111111");
    let direct = lab.organizations("ListAccountsForParent", json!({"ParentId": root}));
    assert_eq!(direct["Accounts"].as_array().map(Vec::len), Some(1), "not recursive: the management account only");
    let below = lab.organizations("ListAccountsForParent", json!({"ParentId": "ou-abcd-11111111"}));
    let account = &below["Accounts"][0];
    let path = format!("{}/r-abcd/ou-abcd-11111111/{MEMBER}/", lab.world.organization.id);
    assert_eq!(account["Paths"], json!([path]));
    assert_eq!((&account["State"], &account["Status"]), (&json!("CLOSED"), &json!("SUSPENDED")));
    let children = lab.organizations("ListChildren", json!({"ParentId": "ou-abcd-11111111", "ChildType": "ACCOUNT"}));
    assert_eq!(children["Children"], json!([{"Id": MEMBER, "Type": "ACCOUNT"}]));
    let parents = lab.organizations("ListParents", json!({"ChildId": MEMBER}));
    assert_eq!(parents["Parents"], json!([{"Id": "ou-abcd-11111111", "Type": "ORGANIZATIONAL_UNIT"}]));
    for (operation, request, code) in [
        ("ListChildren", json!({"ParentId": "ou-abcd-99999999", "ChildType": "ACCOUNT"}), "ParentNotFoundException"),
        ("ListAccountsForParent", json!({"ParentId": "x"}), "InvalidInputException"),
        ("ListParents", json!({"ChildId": "999999999999"}), "ChildNotFoundException"),
        ("DescribeAccount", json!({"AccountId": "999999999999"}), "AccountNotFoundException"),
        (
            "DescribeOrganizationalUnit",
            json!({"OrganizationalUnitId": "ou-abcd-99999999"}),
            "OrganizationalUnitNotFoundException",
        ),
    ] {
        let error = lab.raw("organizations", operation, MANAGEMENT, request).expect_err(operation);
        assert_eq!(error.code, code);
    }
}

#[test]
fn older_partitions_have_no_paths() {
    let mut lab = Lab::with(r#"  - {account: "222200000001", region: ap-northeast-1, os: UBUNTU}"#, "paths: false");
    let account = lab.organizations("DescribeAccount", json!({"AccountId": MEMBER}));
    assert!(account["Account"]["Paths"].is_null());
}

#[test]
fn what_is_not_simulated_says_so() {
    let mut lab = Lab::linux(1, "");
    assert_eq!(lab.ssm_error("PutParameter", json!({})), "UnknownOperationException");
    assert_eq!(lab.raw("ec2", "RunInstances", MEMBER, json!({})).expect_err("refused").code, "InvalidAction");
}
