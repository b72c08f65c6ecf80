"""fleet-sim's data about readiness and competing patchers follows botocore's models: networks, settings, inventory.

Run like test_fleet_sim_contract.py, whose helpers these tests use.
"""

import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_fleet_sim_contract import MEMBER, REGION, Request, Simulator, running

SCENARIO = f"""
schemaVersion: 1
clock: {{start: "2026-11-10T00:00:00Z", speed: 2000}}
management: "111111111111"
accounts: {{"{MEMBER}": {{defaultHostManagement: [{REGION}]}}}}
inDoubt: {{inventoryOfApplications: taken}}
organization: [{{ou: Test, id: ou-abcd-11111111, accounts: ["{MEMBER}"]}}]
patches:
  - {{id: bash.x86_64, version: "5", os: AMAZON_LINUX_2023, released: "2026-10-01", classification: Bugfix}}
fleet:
  - account: "{MEMBER}"
    region: {REGION}
    id: i-00000000
    os: AMAZON_LINUX_2023
    inventory: true
    instanceProfile: absent
    network: {{private: true, endpoints: [ssm, {{service: ssmmessages, group: instances, available: false}}, {{service: s3, policy: without-patch-buckets}}]}}
  - account: "{MEMBER}"
    region: {REGION}
    id: i-00000001
    os: WINDOWS
    network: {{vpc: shop, route: blackhole, egress443: endpoints-and-s3, networkAcl: no-443, endpoints: [{{service: kms, place: other-vpc}}]}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000002, os: UBUNTU, metadata: off, network: {{vpc: shop, route: transit-gateway, mainRouteTable: true}}}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000003, os: UBUNTU}}
"""

OTHERS = f"""
schemaVersion: 1
clock: {{start: "2026-11-10T00:00:00Z", speed: 2000}}
management: "111111111111"
organization: [{{ou: Test, id: ou-abcd-11111111, accounts: ["{MEMBER}"]}}]
patches:
  - {{id: bash.x86_64, version: "5", os: AMAZON_LINUX_2023, released: "2026-10-01", classification: Bugfix}}
fleet:
  - account: "{MEMBER}"
    region: {REGION}
    count: 60
    os: AMAZON_LINUX_2023
    associations: [host-management-scan, {{name: maintenance-window, seconds: 7200}}]
  - account: "{MEMBER}"
    region: {REGION}
    id: i-00000000
    os: AMAZON_LINUX_2023
    inventory: true
    associations:
      - {{name: patch-now-running, seconds: 1800}}
      - {{name: quick-setup-patch-policy, id: abc12}}
      - {{name: quick-setup-patch-policy, id: xyz34}}
      - {{name: run-patch-baseline-association, schedule: rate(30 minutes), start: "2026-11-10T00:05:00Z", seconds: 60}}
      - {{name: run-patch-baseline-with-hooks, id: nightly, target: "tag:Patch=enabled"}}
      - {{name: maintenance-window, id: weekly, schedule: "cron(0 2 ? * SUN *)", target: "tag:Patch=enabled", registered: false}}
calendars: [{{name: freeze, state: OPEN, changes: [{{at: "2026-11-12T00:00:00Z", to: CLOSED}}]}}]
"""


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Runs fleet-sim with SCENARIO."""
    with running(tmp_path_factory.mktemp("facts"), SCENARIO) as simulator:
        yield simulator


def ec2_pages(sim: Simulator, operation: str, member: str, query: str = "") -> tuple[list[Any], int]:
    """Returns the items of all pages of an EC2 list, and the number of pages; some pages are empty."""
    items: list[Any] = []
    token, count = "", 0
    while True:
        answer = sim.ec2(operation, f"{query}{token}")
        items += answer[member]
        count += 1
        if "NextToken" not in answer:
            return items, count
        token = f"&NextToken={urllib.parse.quote(answer['NextToken'])}"


def filtered(name: str, *values: str) -> str:
    """Returns a filter in EC2's protocol."""
    chosen = "".join(f"&Filter.1.Value.{n}={urllib.parse.quote(value)}" for n, value in enumerate(values, 1))
    return f"&Filter.1.Name={name}{chosen}"


def test_networks(sim: Simulator) -> None:
    instances, _ = ec2_pages(sim, "DescribeInstances", "Reservations")
    one = {i["InstanceId"]: i for reservation in instances for i in reservation["Instances"]}
    assert one["i-00000002"]["MetadataOptions"]["HttpEndpoint"] == "disabled"
    vpcs = {name: instance["VpcId"] for name, instance in one.items()}
    assert len(set(vpcs.values())) == 3 and vpcs["i-00000001"] == vpcs["i-00000002"]
    subnets, _ = ec2_pages(sim, "DescribeSubnets", "Subnets", filtered("vpc-id", *vpcs.values()))
    assert {subnet["SubnetId"] for subnet in subnets} == {instance["SubnetId"] for instance in one.values()}
    groups, pages = ec2_pages(sim, "DescribeSecurityGroups", "SecurityGroups", "&MaxResults=5")
    used = {group["GroupId"] for instance in one.values() for group in instance["SecurityGroups"]}
    assert used < {group["GroupId"] for group in groups} and pages > 1
    acls, _ = ec2_pages(sim, "DescribeNetworkAcls", "NetworkAcls")
    denied = [
        entry for acl in acls if not acl["IsDefault"] for entry in acl["Entries"] if entry["RuleAction"] == "deny"
    ]
    assert {"From": 443, "To": 443} in [entry.get("PortRange") for entry in denied]


def test_routes_and_endpoints(sim: Simulator) -> None:
    tables, _ = ec2_pages(sim, "DescribeRouteTables", "RouteTables", "&MaxResults=5")
    routes = [route for table in tables for route in table["Routes"]]
    assert {route["State"] for route in routes} == {"active", "blackhole"}
    for field in ("GatewayId", "NatGatewayId", "TransitGatewayId", "DestinationPrefixListId"):
        assert any(field in route for route in routes), field
    assert sum(a["Main"] for table in tables for a in table["Associations"]) == 4
    endpoints, _ = ec2_pages(sim, "DescribeVpcEndpoints", "VpcEndpoints")
    by_service = {endpoint["ServiceName"].rsplit(".", 1)[-1]: endpoint for endpoint in endpoints}
    assert by_service["s3"]["VpcEndpointType"] == "Gateway" and by_service["s3"]["RouteTableIds"]
    assert by_service["ssmmessages"]["State"] == "pending" and by_service["ssm"]["PrivateDnsEnabled"] is True
    lists, _ = ec2_pages(sim, "DescribeManagedPrefixLists", "PrefixLists")
    s3 = next(entry for entry in lists if entry["PrefixListName"] == f"com.amazonaws.{REGION}.s3")
    assert s3["PrefixListId"] in {route.get("DestinationPrefixListId") for route in routes}


@pytest.mark.parametrize(
    ("operation", "query", "code"),
    [
        ("DescribeSubnets", "&SubnetId.1=subnet-1", "InvalidSubnetID.NotFound"),
        ("DescribeRouteTables", "&MaxResults=101", "InvalidParameterValue"),
        ("DescribeSecurityGroups", "&Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue"),
        ("DescribeNetworkAcls", filtered("network-acl-id", *(f"acl-{n}" for n in range(201))), "FilterLimitExceeded"),
        ("DescribeVpcEndpoints", "&NextToken=nonsense", "InvalidParameterValue"),
    ],
)
def test_ec2_errors(sim: Simulator, operation: str, query: str, code: str) -> None:
    assert sim.ec2(operation, query) == code


def ssm_pages(sim: Simulator, operation: str, member: str, request: Request | None = None) -> tuple[list[Any], int]:
    """Returns the items of all pages of a Systems Manager list, and the number of pages; some pages are empty."""
    return sim.pages("ssm", operation, member, request)


def test_settings_and_inventory(sim: Simulator) -> None:
    setting = {"SettingId": "/ssm/managed-instance/default-ec2-instance-management-role"}
    assert sim.call("ssm", "GetServiceSetting", setting)["ServiceSetting"]["Status"] == "Customized"
    assert sim.call("ssm", "GetServiceSetting", {"SettingId": "/ssm/other"}) == "ServiceSettingNotFound"
    nodes, _ = ssm_pages(sim, "DescribeInstanceInformation", "InstanceInformationList")
    assert [node["InstanceId"] for node in nodes] == ["i-00000000", "i-00000003"], "the others reach nothing"
    assert "IamRole" in nodes[0] and "IamRole" not in nodes[1]
    request = {
        "ResultAttributes": [{"TypeName": "AWS:Application"}],
        "Filters": [{"Key": "AWS:Application.Name", "Type": "BeginWith", "Values": ["python"]}],
        "MaxResults": 1,
    }
    entities, _ = ssm_pages(sim, "GetInventory", "Entities", request)
    assert [entity["Id"] for entity in entities] == ["i-00000000"]
    assert "python3" in [row["Name"] for row in entities[0]["Data"]["AWS:Application"]["Content"]]
    assert len(ssm_pages(sim, "GetInventory", "Entities")[0]) == 2


@pytest.mark.parametrize(
    ("operation", "request_body", "code"),
    [
        ("GetInventory", {"Filters": [{"Key": "AWS:Application.Colour", "Values": ["red"]}]}, "InvalidFilter"),
        ("GetInventory", {"ResultAttributes": [{"TypeName": "Custom:Rack"}]}, "InvalidTypeNameException"),
        ("GetInventory", {"Aggregators": [{"Expression": "AWS:Application.Name"}]}, "InvalidAggregatorException"),
        ("GetInventory", {"NextToken": "nonsense"}, "InvalidNextToken"),
    ],
)
def test_ssm_errors(sim: Simulator, operation: str, request_body: Request, code: str) -> None:
    assert sim.call("ssm", operation, request_body) == code


@pytest.fixture
def others(tmp_path: Path) -> Iterator[Simulator]:
    """Runs fleet-sim with competing patchers."""
    with running(tmp_path, OTHERS) as simulator:
        yield simulator


def test_associations(others: Simulator) -> None:
    associations, pages = ssm_pages(others, "ListAssociations", "Associations", {"MaxResults": 2})
    documents = [association["Name"] for association in associations]
    assert pages > 4 and sorted(set(documents)) == [
        "AWS-GatherSoftwareInventory",
        "AWS-RunPatchBaseline",
        "AWS-RunPatchBaselineAssociation",
        "AWS-RunPatchBaselineWithHooks",
    ]
    scans = [
        a
        for a in associations
        if a.get("AssociationName", "").startswith("AWS-QuickSetup-PatchPolicy-ScanForPatches-LA-")
    ]
    assert [scan["Targets"][0]["Key"] for scan in scans] == ["tag:QSConfigName-abc12", "tag:QSConfigName-xyz34"]
    many = [len(a["Targets"][0]["Values"]) for a in associations if "SSMHostMgmt" in a.get("AssociationName", "")]
    assert many == [50, 10], "a target has 50 values at most"
    for association in associations:
        described = others.call("ssm", "DescribeAssociation", {"AssociationId": association["AssociationId"]})[
            "AssociationDescription"
        ]
        operation = described.get("Parameters", {}).get("Operation")
        assert (operation is None) == (association["Name"] == "AWS-GatherSoftwareInventory"), described
    one = {"AssociationFilterList": [{"key": "AssociationName", "value": "nightly"}]}
    assert len(ssm_pages(others, "ListAssociations", "Associations", one)[0]) == 1
    nodes, _ = ssm_pages(others, "DescribeInstanceInformation", "InstanceInformationList", {"MaxResults": 50})
    by_id = {node["InstanceId"]: node for node in nodes}
    assert by_id["i-00000000"]["AssociationOverview"]["InstanceAssociationStatusAggregatedCount"]


def test_maintenance_windows(others: Simulator) -> None:
    windows, _ = ssm_pages(
        others, "DescribeMaintenanceWindows", "WindowIdentities", {"Filters": [{"Key": "Enabled", "Values": ["true"]}]}
    )
    assert [window["NextExecutionTime"] for window in windows] == ["2026-11-10T00:30Z", "2026-11-15T02:00Z"]
    registered, direct = [{"WindowId": window["WindowId"]} for window in windows]
    targets, _ = ssm_pages(others, "DescribeMaintenanceWindowTargets", "Targets", registered)
    assert [len(target["Targets"][0]["Values"]) for target in targets] == [50, 10]
    (task,), _ = ssm_pages(others, "DescribeMaintenanceWindowTasks", "Tasks", registered)
    assert task["TaskArn"] == "AWS-RunPatchBaseline" and len(task["Targets"][0]["Values"]) == 2
    (task,), _ = ssm_pages(others, "DescribeMaintenanceWindowTasks", "Tasks", direct)
    assert task["Targets"] == [{"Key": "tag:Patch", "Values": ["enabled"]}]
    assert ssm_pages(others, "DescribeMaintenanceWindowExecutions", "WindowExecutions", registered)[0] == []
    others.inspect("clock/start", "POST")
    others.wait(2400)
    (execution,), _ = ssm_pages(others, "DescribeMaintenanceWindowExecutions", "WindowExecutions", registered)
    assert (execution["WindowId"], execution["Status"]) == (registered["WindowId"], "IN_PROGRESS"), "sixty instances"
    nothing = {"WindowId": "mw-0123456789abcdef0"}
    assert others.call("ssm", "DescribeMaintenanceWindowTasks", nothing) == "DoesNotExistException"
    assert others.call("ssm", "DescribeMaintenanceWindowTargets", nothing) == "DoesNotExistException"


def test_a_command_of_somebody_else(others: Simulator) -> None:
    running = {
        "Filters": [{"key": "Status", "value": "InProgress"}, {"key": "InvokedAfter", "value": "2026-11-09T00:00:00Z"}]
    }
    (command,) = others.call("ssm", "ListCommands", running)["Commands"]
    (invocation,) = others.call("ssm", "ListCommandInvocations", {**running, "Details": True})["CommandInvocations"]
    assert invocation["CommandId"] == command["CommandId"] and invocation["InstanceId"] == "i-00000000"
    install = {
        "DocumentName": "AWS-RunPatchBaseline",
        "InstanceIds": ["i-00000000"],
        "Parameters": {"Operation": ["Install"]},
    }
    others.call("ssm", "SendCommand", install)
    others.inspect("clock/start", "POST")
    others.wait(300)
    instance = json.loads(others.inspect("truth"))["instances"]["i-00000000"]
    assert (instance["installsStarted"], instance["installsByOthers"], instance["overlaps"]) == (1, 1, 1)
    others.wait(1800)
    states = others.call("ssm", "DescribeInstancePatchStates", {"InstanceIds": ["i-00000000"]})["InstancePatchStates"]
    assert states[0]["Operation"] == "Scan", "the other tool's scan, with its own snapshot"


def test_documents(others: Simulator) -> None:
    for name in ("AWS-RunPatchBaseline", f"arn:aws:ssm:{REGION}::document/AWSEC2-PatchLoadBalancerInstance"):
        answer = others.call("ssm", "GetDocument", {"Name": name, "DocumentVersion": "$DEFAULT"})
        assert "mainSteps" in json.loads(answer["Content"])
    assert others.call("ssm", "GetDocument", {"Name": "not-there"}) == "InvalidDocument"


def test_calendars(others: Simulator) -> None:
    calendar = {"CalendarNames": [f"arn:aws:ssm:{REGION}:111111111111:document/freeze"]}
    answer = others.call("ssm", "GetCalendarState", calendar)
    assert answer == {"State": "OPEN", "AtTime": "2026-11-10T00:00:00Z", "NextTransitionTime": "2026-11-12T00:00:00Z"}
    assert others.call("ssm", "GetCalendarState", {**calendar, "AtTime": "2026-11-13T00:00:00Z"})["State"] == "CLOSED"
    assert others.call("ssm", "GetCalendarState", {"CalendarNames": ["other"]}) == "InvalidDocument"
