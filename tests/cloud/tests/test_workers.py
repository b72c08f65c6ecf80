"""Lambda workers: which worker made a call, killing exactly that one, lost responses, errors and logs."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
import zipfile
from typing import Any

import pytest
from conftest import ACCOUNT, ANYTHING, BUCKET, REGION, Rig, is_refused, start_rig
from stub_simulator import StubSimulator

ASKING = """
import json, os, boto3
from botocore.config import Config
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"})
def handler(event, context):
    role, operation = event.get("role"), event["operation"]
    keys = {}
    if role:
        c = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        keys["aws_access_key_id"], keys["aws_secret_access_key"] = c["AccessKeyId"], c["SecretAccessKey"]
        keys["aws_session_token"] = c["SessionToken"]
    client = boto3.client(event["service"], config=ONCE, **keys)
    try:
        getattr(client, operation)(**event.get("arguments", {}))
    except Exception as error:
        code = (getattr(error, "response", None) or {}).get("Error", {}).get("Code")
        return {"pid": os.getpid(), "error": type(error).__name__, "code": code}
    return {"pid": os.getpid(), "key": os.environ["AWS_ACCESS_KEY_ID"]}
"""

BOOTSTRAP = """#!/usr/bin/python3
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
print("line at start", flush=True)
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse(); answer.read()
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    print(json.dumps({"message": "line of a call"}), flush=True)
    error = json.dumps({"errorType": "PlanInvalid", "errorMessage": "line 3"})
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/error", error)
    api.getresponse().read()
"""


def invoke(rig: Rig, function: str, **event: Any) -> dict[str, Any]:
    """Invokes a function and returns its decoded answer."""
    answer = rig.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def ask(service: str, operation: str, **more: Any) -> dict[str, Any]:
    """Returns an event for ASKING."""
    return {"service": service, "operation": operation, **more}


@pytest.fixture(scope="module")
def asking(rig: Rig) -> str:
    """Returns a function that makes one call."""
    return rig.function(ASKING)


def test_environments_have_credentials_of_their_own(rig: Rig) -> None:
    slow = rig.function(
        "import os, time\ndef handler(e, c):\n time.sleep(0.3)\n return os.environ['AWS_ACCESS_KEY_ID']"
    )
    keys: list[Any] = []
    calls = [threading.Thread(target=lambda: keys.append(invoke(rig, slow))) for _ in range(2)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len(set(keys)) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_simulator_kills_the_caller_behind_a_member_role(rig: Rig, asking: str, when: str) -> None:
    admin = rig.as_account("222200000001")
    role = rig.role(ANYTHING, admin=admin)
    event = ask("ssm", "describe_instance_information", role=role)
    first = invoke(rig, asking, **event)
    assert "pid" in first, first
    rig.stub.next_headers["DescribeInstanceInformation"] = [{"x-sim-kill": when}]
    killed = invoke(rig, asking, **event)
    assert "pid" not in killed
    after = invoke(rig, asking, **event)
    assert after.get("pid") not in (None, first["pid"]), after


def test_lost_response_is_a_closed_connection(rig: Rig, asking: str) -> None:
    rig.stub.next_headers["ListRoots"] = [{"x-sim-lost": "1"}]
    assert invoke(rig, asking, **ask("organizations", "list_roots"))["error"] == "ConnectionClosedError"
    assert "key" in invoke(rig, asking, **ask("organizations", "list_roots"))


def bootstrap(rig: Rig, source: str) -> str:
    """Creates a function with a runtime of its own; returns its ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, source)
    return rig.client("lambda").create_function(
        FunctionName=f"b-{uuid.uuid4().hex[:8]}",
        Runtime="provided.al2023",
        Handler="bootstrap",
        Role=rig.role(ANYTHING),
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]


def test_error_type_and_log_lines_of_a_bootstrap(rig: Rig) -> None:
    function = bootstrap(rig, BOOTSTRAP)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "End": True,
        "Arguments": {"FunctionName": function},
    }
    ended = rig.run({"Task": task})
    assert ended["error"] == "PlanInvalid"
    assert json.loads(ended["cause"])["errorMessage"] == "line 3"
    logs = [json.loads(line) for line in (rig.evidence / "logs.jsonl").read_text().splitlines()]
    own = [line["line"] for line in logs if line["function"] == function.rsplit(":", 1)[-1]]
    assert own == ["line at start", '{"message": "line of a call"}']


def test_a_silent_bootstrap_is_not_waited_for(rig: Rig, bare: Rig) -> None:
    silent = "\n".join(line for line in BOOTSTRAP.splitlines() if "print" not in line)

    def fastest(subject: Rig) -> float:
        function, times = bootstrap(subject, silent), []
        for _ in range(10):
            begun = time.monotonic()
            invoke(subject, function)
            times.append(time.monotonic() - begun)
        return min(times)

    assert fastest(rig) < fastest(bare) - 0.03


# Takes as many MiB as the event says, gives them back, waits, and answers as many bytes as it says.
GREEDY = """#!/usr/bin/python3
import http.client, json, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    event = json.loads(answer.read())
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    taken = bytearray(os.urandom(event.get("mib", 0) << 20))
    del taken
    time.sleep(event.get("seconds", 0))
    text = json.dumps({"pid": os.getpid(), "text": "a" * event.get("bytes", 0)})
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", text)
    api.getresponse().read()
"""


def test_a_worker_that_takes_more_than_its_memory_dies(rig: Rig) -> None:
    greedy = bootstrap(rig, GREEDY)
    first = invoke(rig, greedy, mib=40)
    assert first.get("pid"), first
    dead = invoke(rig, greedy, mib=140)
    assert dead["errorType"] == "Runtime.ExitError"
    after = invoke(rig, greedy, mib=40)
    assert after.get("pid") not in (None, first["pid"]), "the next invocation gets a new environment"
    # While it works it is found, too, long before it answers.
    begun = time.monotonic()
    assert invoke(rig, greedy, mib=140, seconds=5)["errorType"] == "Runtime.ExitError"
    assert time.monotonic() - begun < 4
    lines = [json.loads(line) for line in (rig.evidence / "memory.jsonl").read_text().splitlines()]
    own = [line for line in lines if line["function"] == greedy.rsplit(":", 1)[-1]]
    assert {line["limitMiB"] for line in own} == {128}
    assert {first["pid"], after["pid"]} <= {line["pid"] for line in own}, "the peak of each process"
    assert any(40 < line["peakMiB"] <= 128 for line in own) and any(line["peakMiB"] > 128 for line in own)


def test_an_answer_of_more_than_six_megabytes_is_refused(rig: Rig) -> None:
    greedy = bootstrap(rig, GREEDY)
    assert invoke(rig, greedy, bytes=5_000_000)["pid"]
    assert invoke(rig, greedy, bytes=6_500_000)["errorType"] == "Function.ResponseSizeTooLarge"


FAULTS: list[dict[str, Any]] = [
    {"operation": "s3:PutObject", "error": "SlowDown", "times": 1, "request": "slow"},
    {"operation": "s3:PutObject", "lostResponse": True, "request": "lost"},
    {"operation": "dynamodb:PutItem", "killCaller": "before", "request": "killed-before"},
    {"operation": "dynamodb:PutItem", "killCaller": "after", "request": "killed-after"},
    {"operation": "sts:AssumeRole", "error": "ExpiredToken", "account": "222200000002", "times": 1},
    {"operation": "dynamodb:GetItem", "error": "ThrottlingException", "after": 1, "times": 2},
    {"operation": "sns:Publish", "error": "InternalError"},
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Starts a cloud whose own services have faults, with a table and a function."""
    stub = StubSimulator(faults=FAULTS)
    rig = start_rig(tmp_path_factory.mktemp("faulty"), stub)
    rig.client("dynamodb").create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    yield rig, rig.function(ASKING)
    rig.cloud.stop()
    stub.stop()


def test_native_errors_strike_lambdas_only_and_as_often_as_they_should(faulty: Any) -> None:
    rig, function = faulty
    put = ask("s3", "put_object", arguments={"Bucket": BUCKET, "Key": "slow"})
    rig.client("s3").put_object(Bucket=BUCKET, Key="slow", Body=b"the driver's own")
    assert invoke(rig, function, **put)["code"] == "SlowDown"
    assert "key" in invoke(rig, function, **put)


def test_native_lost_response_happened(faulty: Any) -> None:
    rig, function = faulty
    put = ask("s3", "put_object", arguments={"Bucket": BUCKET, "Key": "lost"})
    assert invoke(rig, function, **put)["error"] == "ConnectionClosedError"
    rig.client("s3").head_object(Bucket=BUCKET, Key="lost")


@pytest.mark.parametrize("name", ["killed-before", "killed-after"])
def test_native_kill(faulty: Any, name: str) -> None:
    rig, function = faulty
    item = {"pk": {"S": name}}
    assert "pid" not in invoke(
        rig, function, **ask("dynamodb", "put_item", arguments={"TableName": "table", "Item": item})
    )
    stored = "Item" in rig.client("dynamodb").get_item(TableName="table", Key=item)
    assert stored == (name == "killed-after")


def test_native_fault_of_one_account(faulty: Any) -> None:
    rig, function = faulty
    roles = [rig.role(ANYTHING, admin=rig.as_account(account)) for account in ("222200000001", "222200000002")]
    for role, code in ((roles[0], None), (roles[1], "ExpiredToken"), (roles[1], None)):
        arguments = {"RoleArn": role, "RoleSessionName": "test"}
        assert invoke(rig, function, **ask("sts", "assume_role", arguments=arguments)).get("code") == code


def test_native_fault_after_some_calls(faulty: Any) -> None:
    rig, function = faulty
    get = ask("dynamodb", "get_item", arguments={"TableName": "table", "Key": {"pk": {"S": "x"}}})
    codes = [invoke(rig, function, **get).get("code") for _ in range(4)]
    assert codes == [None, "ThrottlingException", "ThrottlingException", None]


def test_native_fault_of_a_task_of_the_state_machine(faulty: Any) -> None:
    rig, _ = faulty
    topic = rig.client("sns").create_topic(Name="t")["TopicArn"]
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "End": True,
        "Arguments": {"TopicArn": topic, "Message": "m"},
    }
    assert rig.run({"Publish": publish})["error"] == "SNS.InternalError"
    assert rig.run({"Publish": publish})["status"] == "SUCCEEDED"


def test_calls_of_a_function_have_its_arn_and_those_of_others_have_not(rig: Rig, bare: Rig) -> None:
    # The key has no version, whatever was invoked. A session that the function assumes is no longer the function.
    def may(subject: Rig, key: str, invoked: str, **event: Any) -> bool:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{key}"
        condition = {"ArnEquals": {"lambda:SourceFunctionArn": arn}}
        name = invoked.partition(":")[0]
        subject.function(ASKING, {**ANYTHING, "Condition": condition}, name=name, Publish=True)
        answer = invoke(subject, invoked, **ask("s3", "list_buckets", **event))
        subject.client("lambda").delete_function(FunctionName=name)
        return "error" not in answer

    assert may(rig, "asking", "asking")
    assert may(rig, "asking", "asking:1")
    assert not may(rig, "another", "asking")
    assert not may(bare, "asking", "asking")
    keyed = {**ANYTHING, "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}}}
    assert is_refused("AccessDenied", rig.session(rig.role(keyed)).client("s3").list_buckets)
    function = rig.function(ASKING, ANYTHING)
    assert invoke(rig, function, **ask("s3", "list_buckets", role=rig.role(keyed)))["code"] == "AccessDenied"
