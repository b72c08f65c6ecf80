"""The conformance tests, asked of the local cloud; and the tool itself: what it sends, reports and removes."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber
from checks import documents
from conformance import asker as asking
from conformance import cli, report
from conformance.asker import READS, SENDS, WRITES, Asker, Permitted
from conformance.errors import CannotTell, Forbidden
from conformance.fact import ACCEPTED, Fact, Limit, Model, Needs, Page, plain
from conformance.facts import FACTS, NOT_ASKED, iam, s3, ssm_baselines
from conformance.paths import ROOT
from conformance.rendered import state_machine
from conformance.run import Outcome, Result, Status, ask, run
from conformance_rig import BUCKET, INSTANCE, Sandbox, sandbox
from conftest import ACCOUNT, REGION, create_role, document_of

HERE = Path(__file__).resolve().parent
EVERYTHING = Permitted(write=True, bucket=BUCKET, instance=INSTANCE)
BY_NAME = {fact.name: fact for fact in FACTS}
# What the local cloud answers here depends on how fast the machine is: fleet-sim's lists are behind for a moment.
BY_SPEED = {"command-is-found-again"}


def made_up() -> Any:
    """Returns a client of Systems Manager whose answers a test makes up."""
    return boto3.client("ssm", REGION, aws_access_key_id="x", aws_secret_access_key="x")


def alone(client: Any = None, permitted: Permitted | None = None) -> Asker:
    """Returns an asker without a local cloud."""
    return Asker(lambda _: client, permitted or Permitted(), ACCOUNT, REGION, "aws")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Runs a local cloud with two instances, and a bucket of another team."""
    with sandbox(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


# --------------------------------------------------------------------------------------------------- the local cloud


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_the_local_cloud_answers_as_the_fact_says(box: Sandbox, fact: Fact) -> None:
    asker = box.asker(EVERYTHING)
    result = ask(fact, asker)
    if fact.not_local:
        assert result.status is Status.NOT_ASKED, f"it can be asked: {result.answer}"
        return
    # One answer, so that an expectation that has become stale fails.
    assert result.answer in (fact.aws if fact.name in BY_SPEED else {fact.local}), result.notes
    assert not asker.deviations
    assert not asker.left_behind


# ------------------------------------------------------------------------------------------------- what may be sent


def test_without_write_only_reads_are_sent(box: Sandbox) -> None:
    asker = box.asker(Permitted())
    outcome = run(FACTS, asker)
    assert set(asker.calls) <= READS
    # Enough was asked for this to mean something.
    assert len(asker.calls) > 60
    not_asked = {result.fact.needs: result.answer for result in outcome.with_status(Status.NOT_ASKED)}
    assert "WRITE=1" in not_asked[Needs.WRITE]
    assert "INSTANCE=" in not_asked[Needs.INSTANCE]


def test_with_write_nothing_is_sent_to_an_instance_and_nothing_stays(box: Sandbox) -> None:
    asker = box.asker(Permitted(write=True, bucket=BUCKET))
    outcome = run(FACTS, asker)
    assert not set(asker.calls) & SENDS
    assert {"ssm:CreatePatchBaseline", "s3:PutObject"} <= set(asker.calls)
    assert not outcome.left_behind
    assert (box.baselines(), box.stored()) == ([], []), "everything is removed again"


def test_an_instance_gets_one_scan(box: Sandbox) -> None:
    asker = box.asker(Permitted(instance=INSTANCE))
    run(FACTS, asker)
    assert asker.calls.count("ssm:SendCommand") == 1
    assert set(asker.calls) <= READS | SENDS


IN_DOUBT = BY_NAME["results-are-authorized-on-instances"]
RESULTS = {"ssm:DescribeInstancePatches", "ssm:DescribeInstancePatchStates"}


def test_results_are_asked_for_with_a_session_that_may_read_those_of_one_instance_only(box: Sandbox) -> None:
    made = box.client("iam")
    read = {"Effect": "Allow", "Action": "ssm:DescribeInstancePatchStates", "Resource": "*"}
    role = create_role(made, "reader", document_of(read))
    sessions: list[dict[str, Any]] = []

    def clients(service: str) -> Any:
        client = box.client(service)
        keep = lambda params, **_: sessions.extend(json.loads(params["Policy"])["Statement"])  # noqa: E731
        client.meta.events.register("provide-client-params.sts.AssumeRole", keep)
        return client

    asker = box.asker(Permitted(role=role), clients)
    result = ask(IN_DOUBT, asker)
    assert result.answer == ACCEPTED, result.notes
    assert asker.calls[-2:] == ["sts:AssumeRole", "ssm:DescribeInstancePatchStates"]
    [session] = sessions
    assert (session["Effect"], set(session["Action"])) == ("Allow", RESULTS)
    assert session["Resource"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{asker.managed_instance()}"
    # A role without the permission is denied with every session. That is no answer to the question.
    made.delete_role_policy(RoleName="reader", PolicyName="p")
    without = ask(IN_DOUBT, asker)
    assert without.status is Status.NOT_ASKED and "ROLE has no permission" in without.answer
    assert sessions[-1]["Resource"] == ["*"]


@pytest.mark.parametrize("answer", IN_DOUBT.aws)
def test_both_answers_about_results_say_what_becomes_of_the_member_role(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_as(_asker: Asker, _role: str, statement: dict[str, Any], _instance: str) -> str:
        return ACCEPTED if statement["Resource"] == ["*"] else answer

    monkeypatch.setattr(iam, "read_as", read_as)
    result = ask(IN_DOUBT, alone(permitted=Permitted(role="a role", instance=INSTANCE)))
    assert (result.status, result.answer) == (Status.SETTLED, answer)
    can = "can be narrowed" if answer == ACCEPTED else "cannot be narrowed"
    assert can in IN_DOUBT.consequence(answer)


@pytest.mark.parametrize(
    ("resource", "given"),
    [
        ("*", ["*"]),
        ({"Fn::Sub": "arn:${AWS::Partition}:ssm:*:${AWS::AccountId}:a/*"}, [f"arn:aws-cn:ssm:*:{ACCOUNT}:a/*"]),
        (["*", {"Fn::Sub": "arn:${AWS::Partition}:ec2:*:*:b/*"}], ["*", "arn:aws-cn:ec2:*:*:b/*"]),
    ],
)
def test_the_statement_of_the_member_role_is_taken_as_it_is(
    resource: Any, given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = {"Sid": "ReadPatchResults", "Effect": "Allow", "Action": ["ssm:DescribeInstancePatches"]}
    policies = [{"PolicyDocument": {"Statement": [{**statement, "Resource": resource}]}}]
    template = tmp_path / "member-role.yaml"
    template.write_text(json.dumps({"Resources": {"MemberLookRole": {"Properties": {"Policies": policies}}}}))
    monkeypatch.setattr(iam, "MEMBER_ROLE", template)
    assert iam.statement_of_results(replace(alone(), region="cn-north-1", partition="aws-cn")) == {
        **statement,
        "Resource": given,
    }


def test_reads_read() -> None:
    words = ("Describe", "Get", "List", "Lookup", "Simulate", "Validate")
    others = {call for call in READS if not call.split(":")[1].startswith(words)}
    assert others == {"sts:AssumeRole"}
    assert not READS & (WRITES | SENDS)


SCAN = {"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": [INSTANCE], "Parameters": {"Operation": ["Scan"]}}


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        # Without a right of its own.
        ("ssm", "cancel_command", {"CommandId": "00000000-0000-4000-8000-000000000000"}),
        ("ssm", "register_default_patch_baseline", {"BaselineId": "pb-0123456789abcdef0"}),
        # Of another owner.
        ("ssm", "create_patch_baseline", {"Name": "production"}),
        ("ssm", "delete_patch_baseline", {"BaselineId": "pb-0123456789abcdef0"}),
        ("s3", "put_object", {"Bucket": BUCKET, "Key": "their-own", "Body": b""}),
        ("s3", "put_object", {"Bucket": "another-bucket", "Key": f"{asking.PREFIX}1", "Body": b""}),
        ("s3", "delete_object", {"Bucket": BUCKET, "Key": "their-own"}),
        # To another instance, of another document, or an install.
        ("ssm", "send_command", {**SCAN, "InstanceIds": ["i-00000002"]}),
        ("ssm", "send_command", {**SCAN, "InstanceIds": [INSTANCE, "i-00000002"]}),
        ("ssm", "send_command", {**SCAN, "DocumentName": "AWS-RunShellScript"}),
        ("ssm", "send_command", {**SCAN, "Parameters": {"Operation": ["Install"]}}),
        # A session with all permissions of a role.
        ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any", "RoleSessionName": "any"}),
    ],
)
def test_a_question_cannot_send_what_is_not_of_this_run(
    box: Sandbox, service: str, operation: str, params: dict[str, Any]
) -> None:
    asker = box.asker(EVERYTHING)
    with pytest.raises(Forbidden):
        asker.call(service, operation, **params)
    assert asker.calls == []


# ---------------------------------------------------------------------------------------- what is reported and removed


def answered(status: int) -> AWSResponse:
    """Returns the HTTP part of an answer that a test makes up."""
    return AWSResponse("https://example.com", status, {}, io.BytesIO())


def fact(answer: Callable[[Asker], str], *aws: str, **more: Any) -> Fact:
    """Returns a fact with this question."""
    given = {
        "name": "it",
        "says": "It is so.",
        "calls": ("ssm:ListCommands",),
        "orgpatch": {"known": "goes on"},
        **more,
    }
    return Fact(sources=(Page("https://example.com", "so"),), aws=aws or ("known",), ask=answer, **given)


def test_a_different_answer_is_reported_with_everything_that_a_bug_report_needs(box: Sandbox) -> None:
    """AWS is played by a stub that takes a rule which the fact says it refuses."""
    client = made_up()
    stub = Stubber(client)
    stub.add_client_error(
        "list_command_invocations",
        "InvalidFilterKey",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Ops/ann@example.com may not filter {INSTANCE} by Status",
    )
    with stub:
        outcome = run([BY_NAME["invocations-that-are-Pending"]], box.asker(Permitted(), lambda _: client))
    (result,) = outcome.results
    assert (result.status, result.answer) == (Status.DIFFERENT, "InvalidFilterKey")
    assert not outcome.well
    text = report.written(outcome, REGION, "aws", "2026-11-28", report.Mask())
    assert "1 answered differently" in text
    assert "`invocations-that-are-Pending`" in text
    assert "AWS answered: **InvalidFilterKey**" in text
    assert "Expected: accepted" in text
    assert "orgpatch was not built for this answer" in text
    assert "InvalidFilterKey: <arn> may not filter <id> by Status" in text
    assert ACCOUNT not in text


def test_an_open_question_is_reported_as_answered() -> None:
    found = fact(lambda _: "b", "a", "b", orgpatch={"a": "does this", "b": "does that"})
    outcome = run([found], alone())
    assert outcome.results[0].status is Status.SETTLED
    assert outcome.well
    assert "does that" in report.written(outcome, REGION, "aws", "2026-11-28", report.Mask())


def test_what_identifies_an_account_is_masked() -> None:
    hide = report.Mask(("sandbox-bucket", "ops-profile"))
    for secret in (
        ACCOUNT,
        "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:patchbaseline/pb-0123456789abcdef0",
        "i-0123456789abcdef0",
        "pb-0123456789abcdef0",
        "mw-0123456789abcdef0",
        "0b7a9c9e-1111-4222-8333-444455556666",
        "ASIAABCDEFGHIJKLMNOP",
        "ann.lee@example.com",
        "sandbox-bucket",
        "ops-profile",
    ):
        masked = hide(f"before {secret}, after")
        assert secret not in masked, masked
        assert masked.startswith("before <") and masked.endswith(", after")
    assert hide("Request ID: 7Q3X/ab+c=") == "Request ID: <id>"
    assert (
        hide("1000 accepted, 1001 InvalidParameterValue, 21600") == "1000 accepted, 1001 InvalidParameterValue, 21600"
    )


def created(asker: Asker) -> str:
    """Creates an upload and an object, and then fails."""
    place = s3.new_object(asker)
    s3.begin_upload(asker, place, {})
    asker.call("s3", "put_object", **place, Body=b"x")
    raise KeyError("a field that the answer lacks")


def interrupted(asker: Asker) -> str:
    """Creates a baseline; then the person at the terminal presses Ctrl-C."""
    ssm_baselines.create_baseline(asker, "AMAZON_LINUX_2023")
    raise KeyboardInterrupt


def test_a_question_that_fails_is_cleaned_up(box: Sandbox) -> None:
    outcome = run([fact(created, needs=Needs.WRITE)], box.asker(EVERYTHING))
    assert outcome.results[0].status is Status.BROKEN
    assert not outcome.well
    assert outcome.left_behind == []
    assert box.stored() == []


def mistaken(asker: Asker) -> str:
    """Creates a baseline; then trips over a mistake of its own."""
    ssm_baselines.create_baseline(asker, "AMAZON_LINUX_2023")
    nothing: Any = None
    return str(nothing["Resource"])


def test_a_mistake_in_one_question_costs_no_other_answer_and_not_the_file(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clients(service: str) -> Any:
        client = box.client(service)
        if service == "ssm":
            # A handler of the client that fails is an error that no list of errors names.
            client.meta.events.register("before-call.ssm.DeletePatchBaseline", lambda **_: len(None))  # type: ignore[arg-type]
        return client

    asked = [
        fact(mistaken, needs=Needs.WRITE, name="one-that-trips"),
        fact(lambda _: "known", name="the-next"),
    ]
    monkeypatch.setattr(cli, "FACTS", asked)
    lines: list[str] = []
    try:
        code = cli.conduct(box.asker(EVERYTHING, clients), "sandbox-profile", tmp_path / "found.md", lines.append)
    finally:
        box.empty()
    text, output = (tmp_path / "found.md").read_text(), "\n".join(lines)
    assert code == 1
    assert "BROKEN: TypeError: " in output and "LEFT BEHIND: the baseline" in output
    assert "### `one-that-trips`" in text.partition("## Questions that went wrong")[2]
    assert "`the-next`: known" in text.partition("## As expected")[2]
    assert "aws ssm delete-patch-baseline" in text.partition("## Left behind in the account")[2]


def test_ctrl_c_cleans_up_and_asks_no_further_question(box: Sandbox) -> None:
    asked: list[str] = []

    def asking_again(_: Asker) -> str:
        asked.append("asked")
        return "known"

    last = fact(asking_again)
    outcome = run([fact(interrupted, needs=Needs.WRITE), last], box.asker(EVERYTHING))
    assert outcome.interrupted
    assert not outcome.well
    assert (asked, box.baselines()) == ([], [])


def test_a_creation_whose_answer_is_lost_is_cleaned_up(box: Sandbox) -> None:
    """The service has created the baseline, and the answer has no id."""

    def clients(service: str) -> Any:
        client = box.client(service)
        client.meta.events.register("after-call.ssm.CreatePatchBaseline", lambda parsed, **_: parsed.clear())
        return client

    asker = box.asker(EVERYTHING, clients)
    outcome = run([BY_NAME["ubuntu-rule-with-days"]], asker)
    assert outcome.results[0].status is Status.BROKEN
    assert "ssm:DeletePatchBaseline" in asker.calls
    assert box.baselines() == []


def test_what_cannot_be_removed_is_named_with_the_command(box: Sandbox) -> None:
    def clients(service: str) -> Any:
        client = box.client(service)
        if service == "ssm":
            refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
            client.meta.events.register("before-call.ssm.DeletePatchBaseline", lambda **_: (answered(400), refused))
        return client

    asker = box.asker(EVERYTHING, clients)
    try:
        outcome = run([BY_NAME["ubuntu-rule-with-days"], BY_NAME["baseline-is-created-once"]], asker)
        assert len(outcome.left_behind) == 2
        assert "aws ssm delete-patch-baseline" in outcome.left_behind[0]
        assert not outcome.well
    finally:
        box.empty()


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnauthorizedOperation", "ThrottlingException"])
def test_no_permission_is_no_answer(code: str) -> None:
    client = made_up()
    stub = Stubber(client)
    stub.add_client_error("get_service_setting", code)
    with stub:
        result = ask(BY_NAME["default-host-management"], alone(client))
    assert result.status is Status.NOT_ASKED
    assert code in result.answer


def test_answers_are_compared_with_the_model() -> None:
    client = made_up()
    client.meta.events.register_first(
        "before-call.ssm.ListCommands",
        lambda **_: (
            answered(200),
            {"Commands": [{"CommandId": "a-name-of-ours", "Status": "Dreaming"}]},
        ),
    )
    asker = alone(client)
    asker.call("ssm", "list_commands")
    assert "ssm:ListCommands $.Commands[].Status: 'Dreaming' is not in the enum" in asker.deviations
    assert "a-name-of-ours" not in " ".join(asker.deviations)


# ---------------------------------------------------------------------------------------------------- the permissions

# What Systems Manager checks beside CreatePatchBaseline, and the local cloud does not.
NOT_CHECKED_HERE = {"ssm:AddTagsToResource"}
# What the local cloud does not simulate or authorize, and what needs ROLE or a bucket with versions.
NOT_CALLED_HERE = {"lambda:GetAccountSettings", "ssm:DescribeDocument", "sts:AssumeRole", "s3:DeleteObjectVersion"}


def policy() -> dict[str, Any]:
    """Returns the policy in the document, with the names of the sandbox."""
    page = documents.blocks(ROOT / "docs" / "conformance.md")
    (text,) = (block.text for block in page if block.language == "json")
    names = {"Bucket": BUCKET, "InstanceId": INSTANCE, "Role": f"arn:aws:iam::{ACCOUNT}:role/none"}
    for name, value in names.items():
        assert f"<{name}>" in text
        text = text.replace(f"<{name}>", value)
    return json.loads(text)


def test_the_policy_in_the_document_is_neither_too_small_nor_too_large(box: Sandbox) -> None:
    document = policy()
    asker = box.asker(EVERYTHING, box.as_role(json.dumps(document)))
    outcome = run(FACTS, asker)
    denied = [result.answer for result in outcome.results if "no permission" in result.answer]
    assert denied == []
    assert not outcome.left_behind
    lines = [json.loads(line) for line in (box.evidence / "authorized.jsonl").read_text().splitlines()]
    used = {line["action"] for line in lines if line["principal"] == "operator" and line["decision"] == "authorized"}
    allowed = {action for statement in document["Statement"] for action in statement["Action"]}
    assert allowed - used - NOT_CHECKED_HERE - NOT_CALLED_HERE == set(), "allowed and never used"
    assert not any("*" in action for action in allowed)


# ------------------------------------------------------------------------------------------------------------- sources


def documentation(source: Model) -> str:
    """Returns what botocore's model says at a place."""
    model = botocore.session.get_session().get_service_model(source.service)
    name, _, member = source.place.partition(".")
    if name in model.operation_names:
        return plain(model.operation_model(name).documentation)
    shape = model.shape_for(name)
    return plain(shape.members[member].documentation if member else shape.documentation)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_fact_has_a_witness_besides_code_and_simulator(fact: Fact) -> None:
    assert fact.sources
    for source in fact.sources:
        if isinstance(source, Model):
            assert len(source.quote) > 20
            assert source.quote in documentation(source)
        elif isinstance(source, Limit):
            model = botocore.session.get_session().get_service_model(source.service)
            shape = model.operation_model(source.operation).input_shape.members[source.field]
            assert shape.metadata["max"] == source.most
        else:
            assert re.match(r"https://[\w.-]+/", source.url) and source.says


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_fact_says_what_orgpatch_does_under_each_answer(fact: Fact) -> None:
    assert set(fact.aws) <= fact.orgpatch.keys()
    assert not fact.simulator or fact.simulator in fact.orgpatch
    different = fact.simulator is not None and fact.simulator not in fact.aws
    assert different == bool(fact.because), "a difference of the local cloud has a reason"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_fact_says_one_answer_of_the_local_cloud(fact: Fact) -> None:
    if fact.not_local or fact.name in BY_SPEED:
        assert fact.simulator is None
    else:
        assert bool(fact.simulator) == (fact.local != fact.aws[0] or fact.is_open)
        assert fact.local in fact.orgpatch
    assert fact.says.endswith(".")


def test_names_are_unique_and_the_state_machine_comes_first() -> None:
    assert len(BY_NAME) == len(FACTS)
    assert FACTS[0].calls == ("stepfunctions:ValidateStateMachineDefinition",)


def operations_of_orgpatch() -> set[str]:
    """Returns the operations that the code calls: `.list_commands()` on a client of the SDK."""
    services = ("dynamodb", "ec2", "organizations", "s3", "ssm", "stepfunctions", "sts")
    session = botocore.session.get_session()
    known: dict[str, set[str]] = {}
    for service in services:
        for name in session.get_service_model(service).operation_names:
            known.setdefault(xform_name(name), set()).add(f"{service.replace('stepfunctions', 'states')}:{name}")
    found = set()
    for file in (ROOT / "crates").rglob("*.rs"):
        if "fleet-sim" in file.parts:
            continue
        text = file.read_text()
        for call in re.findall(r"\.([a-z][a-z0-9_]+)\(\)", text) + re.findall(r"list!\(self, (\w+),", text):
            for operation in known.get(call, ()):
                service = operation.split(":")[0].replace("states", "sfn")
                if f"aws_sdk_{service}" in text:
                    found.add(operation)
    return found


def test_every_call_of_orgpatch_has_a_line_or_a_reason() -> None:
    called = operations_of_orgpatch()
    assert len(called) > 35, called
    asked = {call for fact in FACTS for call in fact.calls}
    assert called - asked - NOT_ASKED.keys() == set()
    assert NOT_ASKED.keys() <= called, "a reason for a call that orgpatch no longer makes"
    assert not asked & NOT_ASKED.keys()


@pytest.mark.parametrize("number", ["F-01", "F-02", "F-03", "F-04", "F-14", "F-15", "F-16", "F-19", "F-20", "F-24"])
def test_a_finding_that_needs_an_account_has_a_line(number: str) -> None:
    assert any(number in fact.concerns for fact in FACTS)


@pytest.mark.parametrize(("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1")])
def test_the_rendered_state_machine_is_whole(partition: str, region: str) -> None:
    text = state_machine(partition, region)
    assert json.loads(text)["States"]
    assert "${" not in text
    assert f"arn:{partition}:lambda:{region}:" in text


# --------------------------------------------------------------------------------------------------- the command line


def command(tmp_path: Path, *arguments: str, config: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command with an AWS configuration of its own, which reaches no account."""
    (tmp_path / "config").write_text(config)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.run(program, cwd=HERE.parent, env=environment, capture_output=True, text=True, check=False)


KEYS = "aws_access_key_id = AKIAXXXXXXXXXXXXXXXX\naws_secret_access_key = x\n"


@pytest.mark.parametrize(
    ("arguments", "config", "says"),
    [
        (["--profile", "none"], "[profile team]\n", "there is no profile 'none' in ~/.aws (profiles: team)"),
        (["--profile", "team"], "[profile team]\n", "names no Region: set REGION=<Region>"),
        (["--profile", "team"], "[profile team]\nregion = eu-west-1\n", "has no credentials: run `aws configure"),
        (["--profile", "team"], f"[profile team]\nregion = eu-west-1\n{KEYS}", "AWS cannot be reached"),
        (
            ["--profile", "team"],
            "[profile team]\nregion = eu-west-1\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
            "[sso-session s]\nsso_start_url = https://example.com\nsso_region = eu-west-1\n",
            "run `aws sso login --profile team`",
        ),
        (["--profile", "team", "--instance", "web-1"], "[profile team]\n", "INSTANCE is 'web-1'"),
        (["--profile", "team", "--bucket", "b"], "[profile team]\n", "set WRITE=1, too"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(tmp_path: Path, arguments: list[str], config: str, says: str) -> None:
    done = command(tmp_path, *arguments, config=config)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and says in done.stderr
    assert "Traceback" not in done.stderr


def test_progress_and_the_file(box: Sandbox, tmp_path: Path) -> None:
    lines: list[str] = []
    asker = box.asker(replace(EVERYTHING, instance=None))
    code = cli.conduct(asker, "sandbox-profile", tmp_path / "found.md", lines.append)
    text, output = (tmp_path / "found.md").read_text(), "\n".join(lines)
    # What the local cloud answers otherwise than AWS is what the tool would report of AWS.
    different = {fact.name for fact in FACTS if fact.because and fact.needs is not Needs.INSTANCE}
    reported = {name for name in BY_NAME if f"### `{name}`" in text.partition("## Open questions")[0]}
    assert reported == different
    assert code == 1
    assert lines[0].startswith(f"Asking account {ACCOUNT} in {REGION}. Creates baselines")
    assert f"[ 1/{len(FACTS)}] state-machine-is-accepted  same: OK" in output
    assert sum(line.startswith("[") for line in lines) == len(FACTS)
    for private in (ACCOUNT, BUCKET, INSTANCE, "sandbox-profile"):
        assert private not in text
    assert "arn:" not in text.replace("https://docs.aws.amazon.com/cli/latest/reference/", "")


def test_an_outcome_is_well_only_without_differences() -> None:
    same = Result(fact(lambda _: "known"), Status.SAME, "known")
    assert Outcome([same]).well
    assert not Outcome([same], left_behind=["an object"]).well
    assert not Outcome([same, replace(same, status=Status.DIFFERENT)]).well


def test_a_question_without_an_instance_says_so() -> None:
    client = made_up()
    stub = Stubber(client)
    stub.add_response("describe_instance_information", {"InstanceInformationList": []})
    with stub, pytest.raises(CannotTell, match="start one"):
        alone(client).managed_instance()


def test_accepted_is_what_a_call_without_error_answers(box: Sandbox) -> None:
    assert box.asker(Permitted()).answer("ssm", "list_commands", MaxResults=50) == ACCEPTED
