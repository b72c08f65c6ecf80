"""The interpreter: time, retries, tokens, maps, history, versions, stopping, the role."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import ACCOUNT, BUCKET, REGION, Rig

ECHO = "def handler(event, context):\n    return event"
LAMBDA = "arn:aws:states:::lambda:invoke"


@pytest.fixture(scope="module")
def echo(rig: Rig) -> str:
    """Returns a function that returns its event."""
    return rig.function(ECHO)


def task(function: str, payload: Any = None, **more: Any) -> dict[str, Any]:
    """Returns a Task that invokes a function."""
    return {
        "Type": "Task",
        "Resource": LAMBDA,
        "End": True,
        "Arguments": {"FunctionName": function, "Payload": payload if payload is not None else {}},
        **more,
    }


def inline(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Returns a Map over its input, one item after the other."""
    return {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "MaxConcurrency": 1,
        "End": True,
        "ItemProcessor": {"StartAt": next(iter(states)), "States": states},
        **more,
    }


def distributed(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Returns a Distributed Map over its input."""
    return {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "Label": "L",
        "End": True,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": next(iter(states)),
            "States": states,
        },
        **more,
    }


def entered(rig: Rig, execution: str, name: str) -> int:
    """Returns how often a state was entered."""
    details = [event.get("stateEnteredEventDetails", {}) for event in rig.events(execution)]
    return sum(detail.get("name") == name for detail in details)


FAIL_AT_2 = {
    "Which": {
        "Type": "Choice",
        "Default": "Fine",
        "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Bad"}],
    },
    "Fine": {"Type": "Pass", "End": True},
    "Bad": {"Type": "Fail", "Error": "Broken", "Cause": "at two"},
}


# ------------------------------------------------------------------------------------------------------- time
def test_time_is_simulated(rig: Rig) -> None:
    state = {
        "Type": "Pass",
        "End": True,
        "Output": {
            "entered": "{% $states.context.State.EnteredTime %}",
            "started": "{% $states.context.Execution.StartTime %}",
            "now": "{% $now() %}",
            "millis": "{% $millis() %}",
        },
    }
    ended = rig.run({"Only": state})
    output = json.loads(ended["output"])
    assert all(
        output[name].startswith("2026-11-1") and output[name].endswith("Z") for name in ("entered", "started", "now")
    )
    assert abs(output["millis"] / 1000 - rig.stub.now().timestamp()) < 3600
    assert ended["startDate"].year == 2026 and ended["startDate"].month == 11
    assert all(event["timestamp"].day >= 10 for event in rig.events(ended["executionArn"]))


def test_waits_run_on_the_simulated_clock(rig: Rig) -> None:
    at = "{% $fromMillis($millis() + 20000) %}"
    wait = {
        "Short": {"Type": "Wait", "Seconds": 20, "Next": "Until"},
        "Until": {"Type": "Wait", "Timestamp": at, "End": True},
    }
    begun = time.monotonic()
    ended = rig.run(wait)
    assert 0.4 <= time.monotonic() - begun < 3
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() >= 40


def test_machine_timeout_ends_waiting_executions(rig: Rig, bare: Rig) -> None:
    wait = {"Wait": {"Type": "Wait", "Seconds": 1000, "End": True}}
    assert rig.run(wait, TimeoutSeconds=10)["status"] == "TIMED_OUT"
    running = bare.start(bare.machine(wait, TimeoutSeconds=1))
    time.sleep(1.2)
    assert bare.client("stepfunctions").describe_execution(executionArn=running)["status"] == "RUNNING"


# ---------------------------------------------------------------------------------------------- retry and catch
def waits_between_attempts(rig: Rig, retry: dict[str, Any]) -> list[float]:
    """Returns the simulated seconds between the attempts of a task that always fails."""
    missing = "arn:aws:lambda:ap-northeast-1:111111111111:function:missing"
    ended = rig.run({"Task": task(missing, Retry=[{"ErrorEquals": ["States.ALL"], **retry}])})
    assert ended["status"] == "FAILED"
    at = [event["timestamp"] for event in rig.events(ended["executionArn"]) if event["type"] == "TaskScheduled"]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(at)]


def test_retry_delays_grow_up_to_the_limit(rig: Rig) -> None:
    waits = waits_between_attempts(
        rig, {"IntervalSeconds": 10, "BackoffRate": 10, "MaxDelaySeconds": 70, "MaxAttempts": 3}
    )
    assert [round(wait, -1) for wait in waits] == pytest.approx([10, 70, 70], abs=20)


def test_full_jitter_shortens_delays(rig: Rig) -> None:
    waits = waits_between_attempts(
        rig, {"IntervalSeconds": 50, "BackoffRate": 1, "MaxAttempts": 4, "JitterStrategy": "FULL"}
    )
    assert all(wait < 70 for wait in waits) and len({round(wait) for wait in waits}) > 1


def test_terminal_errors_cannot_be_caught_by_all(rig: Rig) -> None:
    big = {"Type": "Pass", "Output": "{% $pad('', 300000, 'x') %}", "Next": "After"}
    ended = rig.run({"Big": big, "After": {"Type": "Succeed"}})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded")
    inner = {"Type": "Pass", "Output": "{% $pad('', 300000, 'x') %}", "End": True}
    caught = inline({"Big": inner}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "After"}])
    ended = rig.run({"Map": caught, "After": {"Type": "Succeed"}}, given={"items": [1]})
    assert ended["error"] == "States.DataLimitExceeded"


def test_task_timeout_may_be_jsonata(rig: Rig) -> None:
    slow = rig.function("import time\ndef handler(e, c):\n    time.sleep(3)")
    ended = rig.run({"Task": task(slow, TimeoutSeconds="{% 1 %}")})
    assert ended["error"] == "States.Timeout"


def test_throttled_function_has_its_own_error_name(rig: Rig) -> None:
    function = rig.function(ECHO)
    rig.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    assert rig.run({"Task": task(function)})["error"] == "Lambda.TooManyRequestsException"


# ------------------------------------------------------------------------------------------------- task tokens
@pytest.fixture(scope="module")
def queue(rig: Rig) -> str:
    """Returns the queue that receives the tokens."""
    return rig.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]


def token_task(queue: str, **more: Any) -> dict[str, Any]:
    """Returns a Task that waits for its token."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "End": True,
        "Arguments": {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"},
        **more,
    }


def receive(rig: Rig, queue: str) -> str:
    """Receives the next token."""
    message = rig.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
    rig.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return message["Body"]


def test_token_is_answered(rig: Rig, queue: str) -> None:
    execution = rig.start(rig.machine({"Ask": token_task(queue)}))
    rig.client("stepfunctions").send_task_success(taskToken=receive(rig, queue), output='{"by": "me"}')
    assert json.loads(rig.finish(execution)["output"]) == {"by": "me"}


def test_token_timeout_runs_on_the_simulated_clock(rig: Rig, queue: str) -> None:
    begun = time.monotonic()
    assert rig.run({"Ask": token_task(queue, TimeoutSeconds=100)})["error"] == "States.Timeout"
    assert time.monotonic() - begun < 5
    receive(rig, queue)


def test_missed_heartbeat_fails_the_task(rig: Rig, queue: str) -> None:
    ended = rig.run({"Ask": token_task(queue, TimeoutSeconds=100000, HeartbeatSeconds=50)})
    assert ended["error"] == "States.HeartbeatTimeout"
    receive(rig, queue)


def test_failed_call_with_a_token_fails_at_once(rig: Rig) -> None:
    missing = {
        "Type": "Task",
        "Resource": f"{LAMBDA}.waitForTaskToken",
        "End": True,
        "Arguments": {"FunctionName": "arn:aws:lambda:ap-northeast-1:111111111111:function:missing", "Payload": {}},
    }
    assert rig.run({"Ask": missing})["error"] == "Lambda.ResourceNotFoundException"


# ------------------------------------------------------------------------------------------------ history, role
def test_history_has_parameters_and_inner_states(rig: Rig, echo: str) -> None:
    ended = rig.run(
        {"Map": inline({"Inner": task(echo, {"secret": "{% $states.input %}"})})}, given={"items": ["hush"]}
    )
    events = rig.events(ended["executionArn"])
    scheduled = next(event["taskScheduledEventDetails"] for event in events if event["type"] == "TaskScheduled")
    assert (scheduled["resourceType"], scheduled["resource"]) == ("lambda", "invoke")
    assert json.loads(scheduled["parameters"])["Payload"] == {"secret": "hush"}
    assert entered(rig, ended["executionArn"], "Inner") == 1
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))


def test_25000_events_end_an_execution(rig: Rig) -> None:
    loop = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    ended = rig.finish(rig.start(rig.machine(loop)), seconds=30)
    assert ended["status"] == "FAILED" and "25000" in ended["cause"]


def test_role_of_the_machine_is_asked(rig: Rig, bare: Rig, echo: str) -> None:
    nothing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    assert rig.run({"Task": task(echo)}, nothing)["error"] == "Lambda.AWSLambdaException"
    only = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": echo}
    assert rig.run({"Task": task(echo)}, only)["status"] == "SUCCEEDED"
    assert bare.run({"Task": task(bare.function(ECHO))}, nothing)["status"] == "SUCCEEDED"


def test_role_is_asked_for_tokens_too(rig: Rig, queue: str) -> None:
    nothing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    assert rig.run({"Ask": token_task(queue)}, nothing)["error"] == "SQS.AccessDeniedException"


# ------------------------------------------------------------------------------------------------------ starting
def test_same_name_and_input_while_running_is_the_same_execution(rig: Rig) -> None:
    machine = rig.machine({"Wait": {"Type": "Wait", "Seconds": 300, "End": True}})
    first = rig.start(machine, {"a": 1}, name="same")
    assert rig.start(machine, {"a": 1}, name="same") == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        rig.start(machine, {"a": 2}, name="same")
    rig.client("stepfunctions").stop_execution(executionArn=first)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        rig.start(machine, {"a": 1}, name="same")


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "a:b", "InvalidName"),
        ("name", "x" * 81, "InvalidName"),
        ("input", "{", "InvalidExecutionInput"),
        ("input", json.dumps("x" * 262_144), "InvalidExecutionInput"),
    ],
)
def test_what_aws_refuses_is_refused(rig: Rig, field: str, value: str, error: str) -> None:
    machine = rig.machine({"Only": {"Type": "Succeed"}})
    # Without botocore's own validation, so that the request reaches the service.
    states = boto3.client(
        "stepfunctions",
        region_name=REGION,
        endpoint_url=rig.cloud.endpoint,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )
    with pytest.raises(ClientError, match=error):
        states.start_execution(stateMachineArn=machine, **{field: value})


def test_version_runs_its_own_definition(rig: Rig) -> None:
    states, machine = rig.client("stepfunctions"), rig.machine({"Only": {"Type": "Pass", "Output": 1, "End": True}})
    version = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    alias = states.create_state_machine_alias(
        name="live", routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
    )["stateMachineAliasArn"]
    newer = {
        "QueryLanguage": "JSONata",
        "StartAt": "Only",
        "States": {"Only": {"Type": "Pass", "Output": 2, "End": True}},
    }
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(newer))
    ended = [rig.finish(rig.start(arn)) for arn in (version, alias, machine)]
    assert [end["output"] for end in ended] == ["1", "1", "2"]
    assert [end.get("stateMachineVersionArn") for end in ended] == [version, version, None]
    assert ended[1]["stateMachineAliasArn"] == alias


# ------------------------------------------------------------------------------------------------------ stopping
def test_stop_reaches_iterations_and_children(rig: Rig) -> None:
    wait = {"Wait": {"Type": "Wait", "Seconds": 30, "Next": "Again"}, "Again": {"Type": "Pass", "Next": "Wait"}}
    execution = rig.start(
        rig.machine({"Outer": inline({"Children": distributed(wait)})}), {"items": [{"items": [1, 2]}]}
    )
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and len(children(rig, execution)) < 2:
        time.sleep(0.02)
    rig.client("stepfunctions").stop_execution(executionArn=execution, error="Enough", cause="of this")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and {c["status"] for c in children(rig, execution)} != {"ABORTED"}:
        time.sleep(0.02)
    assert {child["status"] for child in children(rig, execution)} == {"ABORTED"}
    count = len(rig.events(execution))
    time.sleep(0.5)
    assert len(rig.events(execution)) == count
    ended = rig.finish(execution)
    assert (ended["status"], ended["error"]) == ("ABORTED", "Enough")


def children(rig: Rig, execution: str) -> list[dict[str, Any]]:
    """Returns the children of an execution's map runs."""
    runs = rig.client("stepfunctions").list_map_runs(executionArn=execution)["mapRuns"]
    arns = {run["mapRunArn"] for run in runs}
    return [child for child in rig.executions() if child.get("mapRunArn") in arns]


# ---------------------------------------------------------------------------------------------------------- maps
def test_failed_iteration_stops_the_later_ones(rig: Rig, bare: Rig) -> None:
    ended = rig.run({"Map": inline(FAIL_AT_2)}, given={"items": [1, 2, 3, 4]})
    assert (ended["error"], ended["cause"]) == ("Broken", "at two")
    assert entered(rig, ended["executionArn"], "Which") == 2
    # Natively all four run. Its history does not show that, so a queue counts them.
    queue = bare.client("sqs").create_queue(QueueName="ran")["QueueUrl"]
    notify = {
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Next": "Which",
            "Output": "{% $states.input %}",
            "Arguments": {"QueueUrl": queue, "MessageBody": "{% $string($states.input) %}"},
        }
    }
    bare.run({"Map": inline({**notify, **FAIL_AT_2})}, given={"items": [1, 2, 3, 4]})
    attributes = bare.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "4"


def test_catch_on_a_map_keeps_variables(rig: Rig) -> None:
    caught = inline(
        FAIL_AT_2,
        Catch=[{"ErrorEquals": ["Broken"], "Output": {"error": "{% $states.errorOutput.Error %}"}, "Next": "After"}],
    )
    states = {
        "Set": {"Type": "Pass", "Assign": {"kept": "yes"}, "Next": "Map"},
        "Map": caught,
        "After": {"Type": "Pass", "Output": "{% $kept & ' ' & $states.input.error %}", "End": True},
    }
    assert json.loads(rig.run(states, given={"items": [1, 2]})["output"]) == "yes Broken"


def test_expressions_of_one_assign_do_not_see_each_other(rig: Rig, bare: Rig) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"n": 1}, "Next": "Both"},
        "Both": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}", "old": "{% $n %}"}, "Next": "Show"},
        "Show": {"Type": "Pass", "Output": "{% [$n, $old] %}", "End": True},
    }
    assert rig.run(states)["output"] == "[2, 1]"
    assert bare.run(states)["output"] == "[2, 2]"


def test_children_have_a_scope_and_a_context_of_their_own(rig: Rig) -> None:
    probe = {
        "Probe": {
            "Type": "Pass",
            "End": True,
            "Output": {
                "outer": "{% $exists($outer) %}",
                "id": "{% $states.context.Execution.Id %}",
                "input": "{% $states.context.Execution.Input %}",
            },
        }
    }
    states = {"Set": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "Map"}, "Map": distributed(probe)}
    ended = rig.run(states, given={"items": [{"n": 1}]})
    (child,) = json.loads(ended["output"])
    assert child["outer"] is False
    assert child["input"] == {"n": 1}
    assert child["id"] == children(rig, ended["executionArn"])[0]["executionArn"]


@pytest.mark.parametrize(
    ("percentage", "status"), [(0, "FAILED"), (24, "FAILED"), (25, "SUCCEEDED"), (100, "SUCCEEDED")]
)
def test_tolerated_failure_percentage(rig: Rig, percentage: int, status: str) -> None:
    state = distributed(FAIL_AT_2, ToleratedFailurePercentage=f"{{% {percentage} %}}")
    ended = rig.run({"Map": state}, given={"items": [1, 2, 3, 4]})
    assert ended["status"] == status
    assert status == "SUCCEEDED" or ended["error"] == "States.ExceedToleratedFailureThreshold"


def test_threshold_stops_the_remaining_items(rig: Rig) -> None:
    state = distributed(FAIL_AT_2, MaxConcurrency=1)
    ended = rig.run({"Map": state}, given={"items": [2, 1, 1, 1]})
    assert ended["error"] == "States.ExceedToleratedFailureThreshold"
    assert len(children(rig, ended["executionArn"])) == 1


def test_reader_writer_and_their_permissions(rig: Rig) -> None:
    s3 = rig.client("s3")
    s3.put_object(Bucket=BUCKET, Key="in/items.json", Body=b"[1, 2, 3]")
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": BUCKET, "Key": "{% $states.input.key %}"},
    }
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": BUCKET, "Prefix": "{% $states.input.prefix %}"},
    }
    state = distributed(FAIL_AT_2, ItemReader=reader, ResultWriter=writer, ToleratedFailurePercentage=100)
    del state["Items"]
    given = {"key": "in/items.json", "prefix": "out"}
    details = json.loads(rig.run({"Map": state}, given=given)["output"])["ResultWriterDetails"]
    manifest = json.loads(s3.get_object(Bucket=BUCKET, Key=details["Key"])["Body"].read())
    files = {
        kind: [json.loads(s3.get_object(Bucket=BUCKET, Key=file["Key"])["Body"].read()) for file in kinds]
        for kind, kinds in manifest["ResultFiles"].items()
    }
    assert [len(files[kind][0]) if files[kind] else 0 for kind in ("SUCCEEDED", "FAILED", "PENDING")] == [2, 1, 0]
    failed = files["FAILED"][0][0]
    assert (failed["Status"], failed["Error"], failed["Cause"], failed["Input"]) == ("FAILED", "Broken", "at two", "2")
    base = [
        {"Effect": "Allow", "Action": "states:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/in/*"},
    ]
    assert rig.run({"Map": state}, *base, given=given)["error"] == "States.ResultWriterFailed"
    assert rig.run({"Map": state}, base[0], given=given)["error"] == "States.ItemReaderFailed"
    assert rig.run({"Map": state}, base[1], given=given)["error"] == "States.Permissions"


def test_results_above_256_kib_need_a_writer(rig: Rig) -> None:
    big = {"Big": {"Type": "Pass", "Output": "{% $pad('', 200000, 'x') %}", "End": True}}
    assert rig.run({"Map": distributed(big)}, given={"items": [1]})["status"] == "SUCCEEDED"
    assert rig.run({"Map": distributed(big)}, given={"items": [1, 2]})["error"] == "States.DataLimitExceeded"


def test_batches(rig: Rig) -> None:
    state = distributed(
        {"Only": {"Type": "Pass", "End": True}}, ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"x": 1}}
    )
    ended = rig.run({"Map": state}, given={"items": [1, 2, 3]})
    assert json.loads(ended["output"]) == [
        {"BatchInput": {"x": 1}, "Items": [1, 2]},
        {"BatchInput": {"x": 1}, "Items": [3]},
    ]


def test_empty_dataset(rig: Rig) -> None:
    ended = rig.run({"Map": distributed({"Only": {"Type": "Pass", "End": True}})}, given={"items": []})
    assert ended["output"] == "[]"


def test_expressions_have_time_when_the_computer_is_busy(rig: Rig) -> None:
    """Natively the limit of one second is real time, and healthy expressions fail when many children evaluate."""
    work = {"Work": {"Type": "Pass", "End": True, "Output": "{% $sum([1..300].($ * $states.input)) %}"}}
    ended = rig.finish(rig.start(rig.machine({"Map": distributed(work)}), {"items": list(range(60))}), seconds=40)
    assert ended["status"] == "SUCCEEDED"


def test_parallel_executions_do_not_share_a_clock_or_a_role(rig: Rig, echo: str) -> None:
    machine = rig.machine({"Task": task(echo, "{% $states.input.n %}", Output="{% $states.result.Payload %}")})
    executions: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: executions.update({n: rig.start(machine, {"n": n})})) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: rig.finish(execution)["output"] for n, execution in executions.items()} == {n: str(n) for n in range(8)}
    assert isinstance(rig.finish(executions[0])["startDate"], datetime)
