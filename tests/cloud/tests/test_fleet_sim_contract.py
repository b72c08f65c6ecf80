"""fleet-sim follows botocore's models: a client could send every request, and AWS could give every answer.

The tests validate raw bodies, because botocore's parser silently drops what it does not know.
Run: FLEET_SIM=<binary> pytest test_fleet_sim_contract.py (default: target/debug/fleet-sim of this repository).
"""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import botocore.parsers
import botocore.session
import pytest
from botocore.validate import ParamValidator
from conformance.shapes import differences

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("FLEET_SIM", ROOT / "target" / "debug" / "fleet-sim"))
MANAGEMENT, MEMBER, OFF, SUSPENDED = "111111111111", "222200000001", "222200000002", "222200000003"
REGION = "ap-northeast-1"
ROOT_ID, OU = "r-abcd", "ou-abcd-11111111"
Request = dict[str, Any]
RUN_SECONDS = 200  # longer than any operation of the scenario

SCENARIO = f"""
schemaVersion: 1
clock: {{start: "2026-11-10T00:00:00Z", speed: 2000}}
management: "{MANAGEMENT}"
organization:
  - {{ou: Test, id: {OU}, accounts: ["{MEMBER}", "{OFF}", "{SUSPENDED}"], ous: [{{ou: Deep, accounts: ["222200000004"]}}]}}
accounts:
  "{OFF}": {{disabledRegions: [{REGION}]}}
  "{SUSPENDED}": {{state: SUSPENDED}}
  "222200000004": {{state: PENDING_ACTIVATION}}
  "222200000005": {{state: CLOSED}}
  "222200000006": {{state: PENDING_CLOSURE}}
  "{MEMBER}":
    baselines:
      - {{name: foreign, os: SUSE, tags: {{owner: another-team}}, rules: [{{filters: {{SEVERITY: [Critical]}}, approveUntilDate: "2026-11-01"}}]}}
patches:
  - {{id: bash.x86_64, version: "5", os: AMAZON_LINUX_2023, released: "2026-10-01", classification: Bugfix}}
  - {{id: kernel.x86_64, version: "6", os: AMAZON_LINUX_2023, released: "2026-10-01", classification: Security, severity: Critical, reboot: true}}
  - {{id: zlib.x86_64, os: AMAZON_LINUX_2023, released: "2026-11-09", classification: Security, severity: Critical}}
  - {{id: KB1, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical}}
  - {{id: KB2, os: WINDOWS, released: "2026-11-09", classification: SecurityUpdates, severity: Critical}}
fleet:
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000000, os: AMAZON_LINUX_2023, tags: {{Name: "a & <b>", Patch: enabled, PatchGroup: g}}}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000001, os: AMAZON_LINUX_2023, installed: [zlib.x86_64], behaviour: {{install: "patch-fails:bash.x86_64"}}}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000002, os: WINDOWS}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000003, os: MACOS, behaviour: {{scan: fail}}}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000004, os: AMAZON_LINUX_2023, behaviour: {{scan: never-starts, install: agent-lost}}}}
  - {{account: "{MEMBER}", region: {REGION}, id: i-00000005, os: UBUNTU, state: stopped}}
  - {{account: "{MEMBER}", region: {REGION}, count: 8, os: UBUNTU, managed: false}}
faults:
  - {{operation: "*:*", error: ThrottlingException, times: 3, request: throttle-me}}
  - {{operation: "ssm:ListCommands", lostResponse: true, request: lose-me}}
  - {{operation: "ssm:SendCommand", killCaller: before, request: kill-me}}
"""
SESSION = botocore.session.get_session()
NODES = [f"i-0000000{n}" for n in range(5)]


def send(
    operation: str = "Scan", ids: list[str] | None = None, parameters: dict[str, list[str]] | None = None, **more: Any
) -> Request:
    """Returns a SendCommand request."""
    parameters = {"Operation": [operation], **(parameters or {})}
    return {"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": ids or NODES, "Parameters": parameters, **more}


class Simulator:
    """A running fleet-sim and a connection to it."""

    def __init__(self, scenario: Path) -> None:
        self.process = subprocess.Popen([BINARY, "--scenario", scenario], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        host, port = json.loads(self.process.stdout.readline())["listening"].split(":")
        self.connection = http.client.HTTPConnection(host, int(port), timeout=10)

    def close(self) -> None:
        """Ends it."""
        self.connection.close()
        self.process.terminate()
        assert self.process.wait(10) == 0, "SIGTERM ends it"

    def http(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Sends a request; returns status, headers and body of the response."""
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()

    def inspect(self, name: str, method: str = "GET") -> str:
        """Returns a document below /_sim/."""
        status, _, body = self.http(method, f"/_sim/{name}")
        assert status == 200, body
        return body

    def raw(self, service: str, operation: str, body: str, account: str) -> tuple[int, dict[str, str], str]:
        """Sends a call as the local cloud does; returns status, headers and body of the response."""
        return self.http(
            "POST",
            "/",
            body,
            {
                "x-sim-service": service,
                "x-sim-operation": operation,
                "x-sim-account": account,
                "x-sim-region": REGION,
                "x-sim-caller": f"arn:aws:sts::{account}:assumed-role/scan/run-1",
            },
        )

    def call(self, service: str, operation: str, request: Request | None = None, account: str = MEMBER) -> Any:
        """Calls a JSON service and validates both bodies; returns the answer, or the code of the error."""
        request = request or {}
        check(service, operation, "input", request)
        status, headers, body = self.raw(service, operation, json.dumps(request), account)
        assert headers["content-type"] == "application/x-amz-json-1.1" and int(headers["content-length"]) == len(
            body.encode()
        )
        answer = json.loads(body)
        if status == 200:
            check(service, operation, "output", answer)
            return answer
        check_error(service, operation, answer["__type"])
        return answer["__type"]

    def pages(
        self, service: str, operation: str, member: str, request: Request | None = None, account: str = MEMBER
    ) -> tuple[list[Any], int]:
        """Returns the items of all pages of a JSON service's list, and the number of pages."""
        request, count = dict(request or {}), 0
        items: list[Any] = []
        while True:
            answer = self.call(service, operation, request, account)
            items += answer[member]
            count += 1
            if "NextToken" not in answer:
                return items, count
            request["NextToken"] = answer["NextToken"]

    def ec2(self, operation: str, query: str = "", account: str = MEMBER) -> Any:
        """Calls EC2 and validates the answer; returns it parsed, or the code of the error."""
        status, headers, body = self.raw("ec2", operation, f"Action={operation}&Version=2016-11-15{query}", account)
        shape = model("ec2").operation_model(operation).output_shape
        parsed = botocore.parsers.create_parser("ec2").parse(
            {"status_code": status, "headers": headers, "body": body.encode()}, shape
        )
        if status != 200:
            return parsed["Error"]["Code"]
        unknown = list(unknown_elements(ElementTree.fromstring(body), shape))
        assert not unknown, unknown
        problems = differences(parsed, shape)
        assert not problems, problems
        return parsed

    def wait(self, seconds: float) -> None:
        """Waits for that many simulated seconds."""
        clock = json.loads(self.inspect("clock"))
        time.sleep(seconds / clock["speed"] + 0.01)


def model(service: str) -> Any:
    """Returns botocore's model of a service."""
    return SESSION.get_service_model(service)


def check(service: str, operation: str, kind: str, body: Any) -> None:
    """Validates a body: botocore checks required members, types, minima and unknown members, `walk` the rest."""
    shape = getattr(model(service).operation_model(operation), f"{kind}_shape")
    if shape is None:
        assert body == {}, body
        return
    report = ParamValidator().validate(body, shape).generate_report()
    problems = [line for line in report.splitlines() if line] + differences(body, shape)
    assert not problems, (service, operation, kind, problems)


def check_error(service: str, operation: str, code: str) -> None:
    """Checks that the model of an operation, or AWS in general, has an error code."""
    shapes = model(service).operation_model(operation).error_shapes
    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes} | {
        shape.name for shape in shapes
    }
    # Errors that every service may answer and no model lists.
    known |= {
        "AccessDeniedException",
        "ThrottlingException",
        "ValidationException",
        "UnrecognizedClientException",
        "SerializationException",
    }
    assert code in known, f"{code} is not modelled for {service}:{operation}"


def unknown_elements(element: ElementTree.Element, shape: Any, path: str = "") -> Iterator[str]:
    """Yields XML elements without a member in the shape. EC2 wraps list members in <item>."""
    names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    for child in element:
        tag = child.tag.split("}")[-1]
        if tag == "requestId" and not path:
            continue
        member = names.get(tag)
        if member is None:
            yield f"{path}/{tag}"
        elif member.type_name == "structure":
            yield from unknown_elements(child, member, f"{path}/{tag}")
        elif member.type_name == "list":
            for item in child:
                assert item.tag.endswith("}item"), item.tag
                if member.member.type_name == "structure":
                    yield from unknown_elements(item, member.member, f"{path}/{tag}")


@contextmanager
def running(directory: Path, scenario: str) -> Iterator[Simulator]:
    """Runs fleet-sim with a scenario for the time of the block."""
    file = directory / "scenario.yaml"
    file.write_text(scenario)
    simulator = Simulator(file)
    yield simulator
    simulator.close()


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Simulator]:
    """Runs fleet-sim with SCENARIO."""
    with running(tmp_path, SCENARIO) as simulator:
        yield simulator


def pages(sim: Simulator, operation: str, member: str, request: Request | None = None) -> tuple[list[Any], int]:
    """Returns the items of all pages of an Organizations list, and the number of pages."""
    return sim.pages("organizations", operation, member, request, MANAGEMENT)


def test_organizations(sim: Simulator) -> None:
    organization = sim.call("organizations", "DescribeOrganization", account=MEMBER)["Organization"]
    assert organization["MasterAccountId"] == MANAGEMENT
    assert [root["Id"] for root in pages(sim, "ListRoots", "Roots")[0]] == [ROOT_ID]
    accounts, count = pages(sim, "ListAccounts", "Accounts", {"MaxResults": 3})
    assert len(accounts) == 7 and count > 3, "one page at least comes empty"
    assert {account["State"] for account in accounts} == {
        "ACTIVE",
        "SUSPENDED",
        "CLOSED",
        "PENDING_CLOSURE",
        "PENDING_ACTIVATION",
    }
    assert len(pages(sim, "ListAccountsForParent", "Accounts", {"ParentId": OU})[0]) == 3
    (deep,), _ = pages(sim, "ListOrganizationalUnitsForParent", "OrganizationalUnits", {"ParentId": OU})
    for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT"):
        assert pages(sim, "ListChildren", "Children", {"ParentId": OU, "ChildType": kind})[0]
    assert pages(sim, "ListParents", "Parents", {"ChildId": deep["Id"]})[0] == [
        {"Id": OU, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert (
        sim.call("organizations", "DescribeAccount", {"AccountId": MEMBER}, MANAGEMENT)["Account"]["Status"] == "ACTIVE"
    )
    assert sim.call("organizations", "DescribeOrganizationalUnit", {"OrganizationalUnitId": deep["Id"]}, MANAGEMENT)


@pytest.mark.parametrize(
    ("operation", "request_body", "code"),
    [
        ("ListAccounts", {"NextToken": "nonsense"}, "InvalidInputException"),
        ("ListAccountsForParent", {"ParentId": "ou-abcd-99999999"}, "ParentNotFoundException"),
        ("ListParents", {"ChildId": "999999999999"}, "ChildNotFoundException"),
        ("DescribeAccount", {"AccountId": "999999999999"}, "AccountNotFoundException"),
        (
            "DescribeOrganizationalUnit",
            {"OrganizationalUnitId": "ou-abcd-99999999"},
            "OrganizationalUnitNotFoundException",
        ),
        ("ListAccounts", {"NextToken": "throttle-me"}, "TooManyRequestsException"),
    ],
)
def test_organizations_errors(sim: Simulator, operation: str, request_body: Request, code: str) -> None:
    assert sim.call("organizations", operation, request_body, MANAGEMENT) == code


def test_organizations_is_closed_to_members(sim: Simulator) -> None:
    assert sim.call("organizations", "ListAccounts") == "AccessDeniedException"


@pytest.mark.parametrize("operation", ["Scan", "Install"])
def test_a_command_from_sending_to_its_end(sim: Simulator, operation: str) -> None:
    request = send(
        operation,
        Comment="run-1/test",
        MaxConcurrency="100%",
        MaxErrors="100%",
        TimeoutSeconds=60,
        parameters={"RebootOption": ["NoReboot"], "SnapshotId": ["0a1b2c3d-0000-4000-8000-000000000001"]},
    )
    command = sim.call("ssm", "SendCommand", request)["Command"]["CommandId"]
    one = {"CommandId": command, "InstanceId": NODES[0], "PluginName": "PatchLinux"}
    assert sim.call("ssm", "ListCommandInvocations", {"CommandId": command})["CommandInvocations"] == []
    assert sim.call("ssm", "GetCommandInvocation", one) == "InvocationDoesNotExist"
    assert sim.call("ssm", "ListCommands", {"CommandId": command})["Commands"] == []
    sim.inspect("clock/start", "POST")
    seen = set()
    for _ in range(60):
        answer = sim.call("ssm", "ListCommandInvocations", {"CommandId": command, "Details": True})
        seen |= {invocation["StatusDetails"] for invocation in answer["CommandInvocations"]}
        for node in NODES:
            for plugin in ("PatchLinux", "PatchWindows", "PatchMacOS"):
                sim.call(
                    "ssm", "GetCommandInvocation", {"CommandId": command, "InstanceId": node, "PluginName": plugin}
                )
        sim.call(
            "ssm",
            "ListCommands",
            {"InstanceId": NODES[0], "Filters": [{"key": "DocumentName", "value": "AWS-RunPatchBaseline"}]},
        )
        sim.wait(10)
    expected = {"Scan": {"Success", "Failed", "DeliveryTimedOut"}, "Install": {"Success", "Failed", "InProgress"}}
    assert expected[operation] <= seen, seen
    assert sim.call("ssm", "GetCommandInvocation", one)["Status"] == "Success"
    assert (
        sim.call("ssm", "GetCommandInvocation", {"CommandId": command, "InstanceId": NODES[0]}) == "InvalidPluginName"
    )

    states = sim.call("ssm", "DescribeInstancePatchStates", {"InstanceIds": NODES})["InstancePatchStates"]
    assert {state["Operation"] for state in states} == {operation} and len(states) == (3 if operation == "Scan" else 4)
    rows = set()
    for node in NODES:
        answer = sim.call("ssm", "DescribeInstancePatches", {"InstanceId": node, "MaxResults": 100})
        rows |= {row["State"] for row in answer["Patches"]}
    expected = {
        "Scan": {"MISSING", "INSTALLED_OTHER", "AVAILABLE_SECURITY_UPDATE"},
        "Install": {"INSTALLED", "INSTALLED_PENDING_REBOOT", "FAILED"},
    }
    assert expected[operation] <= rows, rows
    missing = {"InstanceId": NODES[0], "Filters": [{"Key": "State", "Values": ["Missing"]}]}
    assert len(sim.call("ssm", "DescribeInstancePatches", missing)["Patches"]) == (2 if operation == "Scan" else 0)


def test_invocations_of_all_commands(sim: Simulator) -> None:
    first = sim.call("ssm", "SendCommand", send(ids=NODES[:3]))["Command"]["CommandId"]
    sim.http("POST", "/_sim/clock/told", json.dumps({"now": "2026-11-10T00:01:40Z"}))
    sim.call("ssm", "SendCommand", send("Install", ids=NODES[:1]))
    listed = "ListCommandInvocations"
    assert {i["CommandId"] for i in sim.call("ssm", listed)["CommandInvocations"]} == {first}, "not yet"
    sim.http("POST", "/_sim/clock/told", json.dumps({"now": "2026-11-10T00:01:42Z"}))
    by_document = {"key": "DocumentName", "value": "AWS-RunPatchBaseline"}
    request: Request = {"Filters": [by_document], "Details": True, "MaxResults": 1}
    invocations, count = sim.pages("ssm", listed, "CommandInvocations", request)
    assert [i["InstanceId"] for i in invocations] == [NODES[0], *NODES[:3]] and count == 4, "newest first"
    assert all(len(i["CommandPlugins"]) == 3 for i in invocations)
    for filters, expected in [
        ([by_document, {"key": "InvokedAfter", "value": "2026-11-10T00:01:00Z"}], 1),
        ([by_document, {"key": "InvokedBefore", "value": "2026-11-10T00:01:00Z"}], 3),
        ([{"key": "Status", "value": "InProgress"}], 1),
        ([{"key": "Status", "value": "Success"}], 3),
    ]:
        assert len(sim.call("ssm", listed, {"Filters": filters})["CommandInvocations"]) == expected, filters
    by_stage = [{"key": "ExecutionStage", "value": "Executing"}]
    assert sim.call("ssm", listed, {"Filters": by_stage}) == "InvalidFilterKey", "only for ListCommands"
    assert len(sim.call("ssm", "ListCommands", {"Filters": by_stage})["Commands"]) == 0
    refused: list[Request] = [{"Filters": [by_document] * 6}, {"Filters": []}, {"MaxResults": 0}, {"MaxResults": 51}]
    for wrong in refused:
        status, _, body = sim.raw("ssm", listed, json.dumps(wrong), MEMBER)
        assert (status, json.loads(body)["__type"]) == (400, "ValidationException"), wrong
    _, _, body = sim.raw("ssm", listed, json.dumps({"Filters": [{"key": "Colour", "value": "red"}]}), MEMBER)
    assert json.loads(body)["__type"] == "InvalidFilterKey"


def test_a_limit_throttles_in_real_time(tmp_path: Path) -> None:
    limit = '  - {operation: "ssm:SendCommand", perSecond: 2, burst: 3}\n'
    with running(tmp_path, SCENARIO.replace("faults:\n", f"faults:\n{limit}")) as sim:
        answers = [sim.call("ssm", "SendCommand", send()) for _ in range(5)]
        assert answers[3:] == ["ThrottlingException"] * 2 and "ThrottlingException" not in answers[:3]
        time.sleep(0.6)
        assert sim.call("ssm", "SendCommand", send()) != "ThrottlingException", "two a second"


def test_cancelling(sim: Simulator) -> None:
    command = sim.call("ssm", "SendCommand", send(MaxConcurrency="1"))["Command"]["CommandId"]
    sim.inspect("clock/start", "POST")
    sim.wait(20)
    assert sim.call("ssm", "CancelCommand", {"CommandId": command}) == {}
    sim.wait(RUN_SECONDS)
    details = {
        i["StatusDetails"]
        for i in sim.call("ssm", "ListCommandInvocations", {"CommandId": command, "Details": True})[
            "CommandInvocations"
        ]
    }
    assert details == {"Success", "Cancelled"}
    assert sim.call("ssm", "ListCommands", {"Filters": [{"key": "Status", "value": "Cancelled"}]})["Commands"]


def test_targets(sim: Simulator) -> None:
    request = {**send(), "Targets": [{"Key": "tag:Patch", "Values": ["enabled"]}]}
    del request["InstanceIds"]
    assert sim.call("ssm", "SendCommand", request)["Command"]["TargetCount"] == 1


def test_nodes(sim: Simulator) -> None:
    nodes = sim.call("ssm", "DescribeInstanceInformation", {"MaxResults": 50})["InstanceInformationList"]
    assert [node["InstanceId"] for node in nodes] == NODES, "neither stopped nor unmanaged ones"
    assert {node["PlatformType"] for node in nodes} == {"Linux", "Windows", "MacOS"}
    narrowed = {"Filters": [{"Key": "PlatformTypes", "Values": ["Windows"]}]}
    assert len(sim.call("ssm", "DescribeInstanceInformation", narrowed)["InstanceInformationList"]) == 1
    assert sim.call("ssm", "DescribeInstancePatchStates", {"InstanceIds": NODES})["InstancePatchStates"] == []
    assert sim.call("ssm", "DescribeInstancePatches", {"InstanceId": NODES[0]})["Patches"] == []


def test_baselines(sim: Simulator) -> None:
    for code in model("ssm").shape_for("OperatingSystem").enum:
        baseline = sim.call("ssm", "GetDefaultPatchBaseline", {"OperatingSystem": code})
        assert sim.call("ssm", "GetPatchBaseline", {"BaselineId": baseline["BaselineId"]})["OperatingSystem"] == code
    identities = sim.call("ssm", "DescribePatchBaselines", {"Filters": [{"Key": "OWNER", "Values": ["AWS"]}]})
    assert len(identities["BaselineIdentities"]) == 17


RULE = {
    "PatchFilterGroup": {"PatchFilters": [{"Key": "CLASSIFICATION", "Values": ["Security"]}]},
    "ApproveAfterDays": 7,
    "ComplianceLevel": "CRITICAL",
}
BASELINE = {
    "Name": "orgpatch-test",
    "OperatingSystem": "AMAZON_LINUX_2023",
    "Description": "for the test",
    "GlobalFilters": {"PatchFilters": [{"Key": "PRODUCT", "Values": ["*"]}]},
    "ApprovalRules": {"PatchRules": [RULE]},
    "ApprovedPatches": ["bash"],
    "ApprovedPatchesComplianceLevel": "HIGH",
    "ApprovedPatchesEnableNonSecurity": True,
    "RejectedPatches": ["zlib*"],
    "RejectedPatchesAction": "BLOCK",
    "Sources": [{"Name": "mine", "Products": ["AmazonLinux2023"], "Configuration": "[main]"}],
}
NOTHING = "pb-00000000000000000"


def create(sim: Simulator, **fields: Any) -> str:
    """Creates a baseline and returns its ID."""
    return sim.call("ssm", "CreatePatchBaseline", {**BASELINE, **fields})["BaselineId"]


def test_a_baseline_from_making_to_deleting(sim: Simulator) -> None:
    tags = [{"Key": "orgpatch:plan", "Value": "p"}]
    baseline = create(sim, Tags=tags, ClientToken="t")
    assert create(sim, Tags=tags, ClientToken="t") == baseline, "the token makes one"
    stored = sim.call("ssm", "GetPatchBaseline", {"BaselineId": baseline})
    expected = json.loads(json.dumps(BASELINE))
    expected["ApprovalRules"]["PatchRules"][0]["EnableNonSecurity"] = False
    assert {name: stored[name] for name in BASELINE} == expected
    members = set(model("ssm").shape_for("GetPatchBaselineResult").members)
    assert members - set(stored) == {"AvailableSecurityUpdatesComplianceStatus"}, "that one is for Windows"

    updated = sim.call("ssm", "UpdatePatchBaseline", {"BaselineId": baseline, "Description": "changed"})
    assert updated["Description"] == "changed" and updated["RejectedPatches"] == ["zlib*"]
    replaced = sim.call("ssm", "UpdatePatchBaseline", {"BaselineId": baseline, "Name": "new-name", "Replace": True})
    assert "Description" not in replaced and replaced["RejectedPatches"] == [] and replaced["Name"] == "new-name"

    found = sim.call("ssm", "DescribePatchBaselines", {"Filters": [{"Key": "NAME_PREFIX", "Values": ["new-"]}]})[
        "BaselineIdentities"
    ]
    assert [identity["BaselineId"] for identity in found] == [baseline]
    first = sim.call("ssm", "DescribePatchBaselines", {"MaxResults": 10})
    rest = sim.call("ssm", "DescribePatchBaselines", {"MaxResults": 10, "NextToken": first["NextToken"]})
    assert len(first["BaselineIdentities"]) == 10 and len(rest["BaselineIdentities"]) == 9 and "NextToken" not in rest

    assert sim.call("ssm", "DeletePatchBaseline", {"BaselineId": baseline}) == {"BaselineId": baseline}
    assert sim.call("ssm", "GetPatchBaseline", {"BaselineId": baseline}) == "DoesNotExistException"


def test_default_baselines(sim: Simulator) -> None:
    system = {"OperatingSystem": "AMAZON_LINUX_2023"}
    before = sim.call("ssm", "GetDefaultPatchBaseline", system)["BaselineId"]
    baseline = create(sim)
    assert sim.call("ssm", "RegisterDefaultPatchBaseline", {"BaselineId": baseline}) == {"BaselineId": baseline}
    assert sim.call("ssm", "GetDefaultPatchBaseline", system) == {"BaselineId": baseline, **system}
    assert sim.call("ssm", "DeletePatchBaseline", {"BaselineId": baseline}) == "ResourceInUseException"
    sim.call("ssm", "SendCommand", send(parameters={"SnapshotId": ["0a1b2c3d-0000-4000-8000-000000000001"]}))
    sim.inspect("clock/start", "POST")
    sim.wait(RUN_SECONDS)
    (state,) = sim.call("ssm", "DescribeInstancePatchStates", {"InstanceIds": NODES[:1]})["InstancePatchStates"]
    assert state["BaselineId"] == baseline and state["CriticalNonCompliantCount"] == 1, (
        "the kernel; bash is approved by name"
    )
    ground_truth = json.loads(sim.inspect("truth"))["baselines"][MEMBER][REGION]
    assert ground_truth["defaults"] == {"AMAZON_LINUX_2023": {"id": baseline, "name": "orgpatch-test"}}
    assert [(one["name"], one["tags"]) for one in ground_truth["baselines"]] == [
        ("foreign", {"owner": "another-team"}),
        ("orgpatch-test", {}),
    ]
    assert sim.call("ssm", "RegisterDefaultPatchBaseline", {"BaselineId": before}) == {"BaselineId": before}
    assert sim.call("ssm", "DeletePatchBaseline", {"BaselineId": baseline}) == {"BaselineId": baseline}


def test_patch_groups(sim: Simulator) -> None:
    baseline = create(sim)
    pair = {"BaselineId": baseline, "PatchGroup": "web servers"}
    assert sim.call("ssm", "RegisterPatchBaselineForPatchGroup", pair) == pair
    assert (
        sim.call("ssm", "RegisterPatchBaselineForPatchGroup", {**pair, "BaselineId": create(sim)})
        == "AlreadyExistsException"
    )
    (mapping,) = sim.call("ssm", "DescribePatchGroups", {"Filters": [{"Key": "NAME_PREFIX", "Values": ["web"]}]})[
        "Mappings"
    ]
    assert mapping["PatchGroup"] == pair["PatchGroup"] and mapping["BaselineIdentity"]["BaselineId"] == baseline
    system = {"PatchGroup": pair["PatchGroup"], "OperatingSystem": "AMAZON_LINUX_2023"}
    assert sim.call("ssm", "GetPatchBaselineForPatchGroup", system) == {**pair, **system}
    assert sim.call("ssm", "GetPatchBaseline", {"BaselineId": baseline})["PatchGroups"] == [pair["PatchGroup"]]
    assert sim.call("ssm", "DeletePatchBaseline", {"BaselineId": baseline}) == "ResourceInUseException"
    assert sim.call("ssm", "DeregisterPatchBaselineForPatchGroup", pair) == pair
    assert sim.call("ssm", "DescribePatchGroups") == {"Mappings": []}
    assert sim.call("ssm", "GetPatchBaselineForPatchGroup", {"PatchGroup": "x"})["OperatingSystem"] == "WINDOWS"


def test_tags_of_baselines(sim: Simulator) -> None:
    this = {"ResourceType": "PatchBaseline", "ResourceId": create(sim, Tags=[{"Key": "a", "Value": "1"}])}
    assert (
        sim.call("ssm", "AddTagsToResource", {**this, "Tags": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]})
        == {}
    )
    assert sim.call("ssm", "RemoveTagsFromResource", {**this, "TagKeys": ["b"]}) == {}
    assert sim.call("ssm", "ListTagsForResource", this) == {"TagList": [{"Key": "a", "Value": "2"}]}
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    assert sim.call("ssm", "AddTagsToResource", {**this, "Tags": many}) == "TooManyTagsError"


def test_the_quota_of_baselines(sim: Simulator) -> None:
    for _ in range(49):
        create(sim)
    assert sim.call("ssm", "CreatePatchBaseline", BASELINE) == "ResourceLimitExceededException", (
        "a foreign one counts too"
    )


@pytest.mark.parametrize(
    ("operation", "request_body", "code"),
    [
        ("SendCommand", send(ids=["i-00000005"]), "InvalidInstanceId"),
        ("SendCommand", send(ids=["i-00000000", "i-99999999"]), "InvalidInstanceId"),
        ("SendCommand", send(ids=["i-00000000", "i-00000000"]), "DuplicateInstanceId"),
        ("SendCommand", {**send(), "DocumentName": "AWS-RunShellScript"}, "InvalidDocument"),
        ("SendCommand", send(DocumentVersion="9"), "InvalidDocumentVersion"),
        ("SendCommand", send("install"), "InvalidParameters"),
        ("SendCommand", send(parameters={"Colour": ["red"]}), "InvalidParameters"),
        ("SendCommand", send(Comment="throttle-me"), "ThrottlingException"),
        ("ListCommands", {"CommandId": "x" * 36}, "InvalidCommandId"),
        ("ListCommands", {"NextToken": "nonsense"}, "InvalidNextToken"),
        ("ListCommandInvocations", {"NextToken": "nonsense"}, "InvalidNextToken"),
        ("CancelCommand", {"CommandId": "0a1b2c3d-0000-4000-8000-000000000001"}, "InvalidCommandId"),
        ("DescribeInstanceInformation", {"Filters": [{"Key": "Colour", "Values": ["red"]}]}, "InvalidFilterKey"),
        (
            "DescribeInstanceInformation",
            {"Filters": [{"Key": "tag:a", "Values": ["b"]}, {"Key": "PingStatus", "Values": ["Online"]}]},
            "InvalidInstanceInformationFilterValue",
        ),
        ("DescribeInstancePatches", {"InstanceId": "i-99999999"}, "InvalidInstanceId"),
        ("GetPatchBaseline", {"BaselineId": NOTHING}, "DoesNotExistException"),
        ("GetPatchBaseline", {"BaselineId": "x" * 20}, "InvalidResourceId"),
        ("UpdatePatchBaseline", {"BaselineId": NOTHING}, "DoesNotExistException"),
        ("UpdatePatchBaseline", {"BaselineId": "x" * 20}, "DoesNotExistException"),
        ("DeletePatchBaseline", {"BaselineId": "x" * 20}, "ValidationException"),
        ("RegisterDefaultPatchBaseline", {"BaselineId": NOTHING}, "DoesNotExistException"),
        ("RegisterDefaultPatchBaseline", {"BaselineId": "x" * 20}, "InvalidResourceId"),
        ("RegisterPatchBaselineForPatchGroup", {"BaselineId": NOTHING, "PatchGroup": "g"}, "DoesNotExistException"),
        ("RegisterPatchBaselineForPatchGroup", {"BaselineId": "x" * 20, "PatchGroup": "g"}, "InvalidResourceId"),
        ("DeregisterPatchBaselineForPatchGroup", {"BaselineId": NOTHING, "PatchGroup": "g"}, "InvalidResourceId"),
        ("CreatePatchBaseline", {**BASELINE, "OperatingSystem": "UBUNTU"}, "ValidationException"),
        (
            "CreatePatchBaseline",
            {"Name": "abc", "ApprovalRules": {"PatchRules": [{**RULE, "ApproveUntilDate": "2026-11-01"}]}},
            "ValidationException",
        ),
        ("CreatePatchBaseline", {"Name": "abc", "Tags": [{"Key": "aws:x", "Value": ""}]}, "ValidationException"),
        ("DescribePatchBaselines", {"Filters": [{"Key": "COLOUR", "Values": ["red"]}]}, "ValidationException"),
        ("DescribePatchGroups", {"Filters": [{"Key": "OWNER", "Values": ["Self"]}]}, "ValidationException"),
        ("DescribePatchProperties", {"OperatingSystem": "UBUNTU", "Property": "SEVERITY"}, "ValidationException"),
        (
            "AddTagsToResource",
            {"ResourceType": "PatchBaseline", "ResourceId": NOTHING, "Tags": []},
            "InvalidResourceId",
        ),
        (
            "RemoveTagsFromResource",
            {"ResourceType": "Parameter", "ResourceId": "p", "TagKeys": []},
            "InvalidResourceType",
        ),
        ("ListTagsForResource", {"ResourceType": "PatchBaseline", "ResourceId": NOTHING}, "InvalidResourceId"),
    ],
)
def test_ssm_errors(sim: Simulator, operation: str, request_body: Request, code: str) -> None:
    assert sim.call("ssm", operation, request_body) == code


def test_filters_of_patches_are_checked(sim: Simulator) -> None:
    sim.call("ssm", "SendCommand", send())
    sim.inspect("clock/start", "POST")
    sim.wait(RUN_SECONDS)
    wrong = {"InstanceId": NODES[0], "Filters": [{"Key": "Colour", "Values": ["red"]}]}
    assert sim.call("ssm", "DescribeInstancePatches", wrong) == "InvalidFilter"


@pytest.mark.parametrize("account", [OFF, SUSPENDED])
def test_where_no_credentials_work(sim: Simulator, account: str) -> None:
    assert sim.call("ssm", "ListCommands", account=account) == "UnrecognizedClientException"
    assert sim.ec2("DescribeInstances", account=account) == "AuthFailure"


def test_ec2_instances(sim: Simulator) -> None:
    answer = sim.ec2("DescribeInstances")
    instances = {i["InstanceId"]: i for r in answer["Reservations"] for i in r["Instances"]}
    assert len(instances) == 14 and instances["i-00000005"]["State"] == {"Code": 80, "Name": "stopped"}
    assert instances["i-00000002"]["Platform"] == "windows" and "Platform" not in instances["i-00000000"]
    assert {"Key": "Name", "Value": "a & <b>"} in instances["i-00000000"]["Tags"]
    assert "IamInstanceProfile" in instances["i-00000000"]
    first = sim.ec2("DescribeInstances", "&MaxResults=5")
    assert len(first["Reservations"]) == 5
    assert len(sim.ec2("DescribeInstances", f"&MaxResults=1000&NextToken={first['NextToken']}")["Reservations"]) == 9
    assert len(sim.ec2("DescribeInstances", "&Filter.1.Name=tag%3APatch&Filter.1.Value.1=enabled")["Reservations"]) == 1
    assert sim.ec2("DescribeInstances", "&InstanceId.1=i-99999999") == "InvalidInstanceID.NotFound"
    assert sim.ec2("DescribeInstances", "&Filter.1.Name=throttle-me") == "RequestLimitExceeded"


def test_ec2_regions(sim: Simulator) -> None:
    on = {region["RegionName"]: region["OptInStatus"] for region in sim.ec2("DescribeRegions")["Regions"]}
    assert on[REGION] == "opt-in-not-required" and "not-opted-in" not in on.values()
    everything = {region["OptInStatus"] for region in sim.ec2("DescribeRegions", "&AllRegions=true")["Regions"]}
    assert everything == {"opt-in-not-required", "not-opted-in"}
    assert sim.ec2("DescribeRegions", "&RegionName.1=mars-east-1") == "InvalidParameterValue"


def test_what_the_bridge_reads(sim: Simulator) -> None:
    status, headers, _ = sim.raw("ssm", "ListCommands", json.dumps({"NextToken": "lose-me"}), MEMBER)
    assert (status, headers["x-sim-lost"]) == (400, "1")
    _, headers, _ = sim.raw("ssm", "SendCommand", json.dumps(send(Comment="kill-me")), MEMBER)
    assert headers["x-sim-kill"] == "before"
    calls = [json.loads(line) for line in sim.inspect("calls").splitlines()]
    assert set(calls[0]) == {"at", "caller", "session", "account", "region", "operation", "request", "error"}
    assert calls[0]["caller"] == f"arn:aws:iam::{MEMBER}:role/scan" and calls[0]["operation"] == "ssm:ListCommands"
    assert [call["error"] for call in calls] == ["InvalidNextToken", "CallerKilled"]
    clock = json.loads(sim.inspect("clock"))
    assert clock == {
        "now": "2026-11-10T00:00:00Z",
        "mode": "own",
        "running": False,
        "start": "2026-11-10T00:00:00Z",
        "speed": 2000.0,
        "startedAtUnixSeconds": None,
    }
    accounts = {account["id"]: account for account in json.loads(sim.inspect("organization"))["accounts"]}
    assert (
        accounts[MEMBER]["ouPath"] == "Test"
        and accounts[MEMBER]["ouIds"] == [OU]
        and accounts[MEMBER]["memberRole"] == "present"
    )
    assert len(json.loads(sim.inspect("instances"))) == 14
    ground_truth = json.loads(sim.inspect("truth"))["instances"]["i-00000000"]
    assert {"account", "region", "installsStarted", "installed", "missing", "rebooted"} <= set(ground_truth)
    assert [fault["operation"] for fault in json.loads(sim.inspect("faults"))] == ["*:*"]


def test_a_clock_that_is_told_the_time(sim: Simulator) -> None:
    command = sim.call("ssm", "SendCommand", send())["Command"]["CommandId"]
    status, _, body = sim.http("POST", "/_sim/clock/told", json.dumps({"now": "2026-11-10T00:00:10Z"}))
    assert status == 200 and json.loads(body)["mode"] == "told"
    assert json.loads(sim.inspect("clock/start", "POST"))["now"] == "2026-11-10T00:00:10Z"
    listed = {"CommandId": command}
    assert {i["Status"] for i in sim.call("ssm", "ListCommandInvocations", listed)["CommandInvocations"]} == {
        "InProgress",
        "Pending",
    }
    headers = {
        "x-sim-service": "ssm",
        "x-sim-operation": "ListCommandInvocations",
        "x-sim-account": MEMBER,
        "x-sim-region": REGION,
    }
    two_minutes_later = str(1_794_268_920_000)
    _, _, body = sim.http("POST", "/", json.dumps(listed), {**headers, "x-sim-now": two_minutes_later})
    assert {i["Status"] for i in json.loads(body)["CommandInvocations"]} == {"Success", "Failed", "Delayed"}
    assert json.loads(sim.inspect("clock"))["now"] == "2026-11-10T00:02:00Z"
    _, _, body = sim.http("POST", "/_sim/clock/told", json.dumps({"now": 1_794_268_830_000}))
    assert json.loads(body)["now"] == "2026-11-10T00:02:00Z", "time does not go back"
    assert sim.http("POST", "/_sim/clock/told", "{}")[0] == 400
    assert sim.http("POST", "/", "{}", {**headers, "x-sim-now": "soon"})[0] == 400


def test_a_mistake_in_a_scenario_is_named(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO.replace("state: stopped", "stat: stopped"))
    command = [str(BINARY), "--scenario", str(scenario), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert result.returncode == 1 and "stat" in result.stderr and "line" in result.stderr
