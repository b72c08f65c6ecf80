"""iam_usage finds denied calls and unused permissions, and nothing else."""

import json
from pathlib import Path

import pytest

from . import iam_usage, policies, sources
from .iam_usage import Call

TEMPLATE = """\
Resources:
  ScanRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: scan
          PolicyDocument:
            Statement:
              - Sid: Data
                Effect: Allow
                Action:
                  - s3:GetObject
                  # unused-because: nothing is written in a test.
                  - s3:PutObject
                  - s3:AbortMultipartUpload  # unused-because: results are small.
                Resource: !Sub ${Runs.Arn}/*
              - Sid: Logs
                Effect: Allow
                # unused-because: Lambda writes
                # them itself.
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: "*"  # any-resource-because: a test.
              - Sid: Intents
                Effect: Allow
                Action: dynamodb:PutItem
                # any-resource-because: two lines,
                # of which this is the second.
                Resource: "*"
              - Sid: Enter
                # A comment that carries no meaning.
                Effect: Allow
                Action: sts:AssumeRole
                Resource: "*"
"""
ROLE = "some-stack-ScanRole-1A2B3C"
MEMBERS = {"MemberRole": "orgpatch-member", "MemberLookRole": "orgpatch-member-look"}


@pytest.fixture
def statements(tmp_path: Path) -> list[policies.Statement]:
    """Returns the statements of the template above."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return policies.statements(path)


def call(action: str, principal: str = ROLE, allowed: bool = True, by: str = "identity") -> Call:
    """Returns a call of the scan role, unless `principal` names another."""
    return Call(principal, "111111111111", action, "arn:aws:s3:::b/k", allowed, by)


USED = [call("s3:GetObject"), call("dynamodb:PutItem"), call("sts:AssumeRole")]


def test_comments_are_read_where_they_stand(statements: list[policies.Statement]) -> None:
    data, logs, intents, enter = statements
    assert set(data.unused_because) == {"s3:PutObject", "s3:AbortMultipartUpload"}
    assert data.unused_because["s3:AbortMultipartUpload"] == "results are small."
    assert logs.unused_because == {"logs:CreateLogStream": "Lambda writes", "logs:PutLogEvents": "Lambda writes"}
    assert (logs.any_resource_because, intents.any_resource_because) == ("a test.", "two lines,")
    assert (enter.unused_because, enter.any_resource_because) == ({}, None)
    assert (data.sid, data.line, data.actions[0]) == ("Data", 9, "s3:GetObject")


def test_all_is_well_when_every_action_is_used_or_excused(statements: list[policies.Statement]) -> None:
    usage = iam_usage.compare(USED, statements)
    assert usage.well, iam_usage.table(usage)
    assert (usage.calls, len(usage.excused)) == (3, 4)


def test_a_denied_call_is_found(statements: list[policies.Statement]) -> None:
    usage = iam_usage.compare(
        [*USED, call("s3:DeleteObject", allowed=False), call("s3:DeleteObject", allowed=False)], statements
    )
    assert dict(usage.denied) == {("ScanRole", "s3:DeleteObject", "arn:aws:s3:::b/k"): 2}
    assert not usage.well
    assert "s3:DeleteObject" in iam_usage.table(usage)


def test_a_refused_trust_is_an_answer_and_no_complaint(statements: list[policies.Statement]) -> None:
    assert iam_usage.compare([*USED, call("sts:AssumeRole", allowed=False, by="trust")], statements).well


def test_an_unused_action_is_found(statements: list[policies.Statement]) -> None:
    usage = iam_usage.compare(USED[:1], statements)
    assert [(role, action) for role, action, _ in usage.unused] == [
        ("ScanRole", "dynamodb:PutItem"),
        ("ScanRole", "sts:AssumeRole"),
    ]
    assert not usage.well


def test_a_denied_call_is_no_use(statements: list[policies.Statement]) -> None:
    usage = iam_usage.compare([*USED[:2], call("sts:AssumeRole", allowed=False)], statements)
    assert [action for _, action, _ in usage.unused] == ["sts:AssumeRole"]


def test_an_excuse_for_something_used_is_mentioned(statements: list[policies.Statement]) -> None:
    usage = iam_usage.compare([*USED, call("s3:PutObject")], statements)
    assert [action for _, action, _ in usage.stale] == ["s3:PutObject"]
    assert usage.well
    assert "NOTE" in iam_usage.table(usage)


def test_the_calls_of_others_do_not_count(statements: list[policies.Statement]) -> None:
    others = [call("dynamodb:PutItem", principal=principal) for principal in ("root", "Admin", "x-OtherRole-1A2B3C")]
    usage = iam_usage.compare([*others, call("s3:DeleteObject", principal="root", allowed=False)], statements)
    assert usage.calls == 0
    assert len(usage.unused) == 3


@pytest.mark.parametrize(
    ("principal", "role"),
    [
        ("orgpatch-ScanRole-1A2B3C", "ScanRole"),
        ("a-stack-with-hyphens-ScanRole-aB3dE", "ScanRole"),
        ("orgpatch-member", "MemberRole"),
        ("orgpatch-member-look", "MemberLookRole"),
        ("orgpatch-MemberLookRole-1A2B3C", None),
        ("orgpatch-GateRole-1A2B3C", None),
        ("ScanRole", None),
        ("root", None),
    ],
)
def test_roles_are_recognised_by_the_names_that_cloudformation_gives(principal: str, role: str | None) -> None:
    assert iam_usage.role_of(principal, {"ScanRole", "MemberRole", "MemberLookRole"}, "orgpatch-member") == role


def test_command_reads_files_and_says_how_it_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert iam_usage.main([str(tmp_path)]) == 2
    folder = tmp_path / "run-1"
    folder.mkdir()
    line = {
        "principal": "orgpatch-GateRole-1A2B3C",
        "account": "111111111111",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "decision": "denied",
        "by": "identity",
    }
    (folder / "authorized.jsonl").write_text(json.dumps(line) + "\n")
    assert iam_usage.main([str(tmp_path)]) == 1
    output = capsys.readouterr().out
    assert "DENIED" in output
    assert "GateRole" in output
    assert "UNUSED" in output


def test_each_member_role_is_compared_with_its_own_calls() -> None:
    """What one role may do and the other one does is unused in the first, and denied in the second."""
    look = [call("ec2:DescribeRegions", "orgpatch-member-look"), call("ssm:GetInventory", "orgpatch-member-look")]
    refused = call("ssm:SendCommand", "orgpatch-member-look", allowed=False)
    usage = iam_usage.compare([*look, refused], policies.statements(sources.MEMBER_ROLE))
    unused = {(role, action) for role, action, _ in usage.unused}
    assert ("MemberRole", "ssm:GetInventory") in unused
    assert ("MemberLookRole", "ssm:DescribeInstancePatches") in unused
    assert ("MemberLookRole", "ec2:DescribeRegions") not in unused
    assert dict(usage.denied) == {("MemberLookRole", "ssm:SendCommand", "arn:aws:s3:::b/k"): 1}


def test_every_action_of_the_real_templates_can_be_complete(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The real templates pass if every action without an excuse is used once."""
    lines = []
    for statement in policies.all_statements():
        principal = MEMBERS.get(statement.role, f"orgpatch-{statement.role}-1A2B3C")
        lines += [
            json.dumps(
                {"principal": principal, "account": "", "action": action, "resource": "*", "decision": "authorized"}
            )
            for action in statement.actions
            if action not in statement.unused_because
        ]
    (tmp_path / "authorized.jsonl").write_text("\n".join(lines))
    assert iam_usage.main([str(tmp_path)]) == 0, capsys.readouterr().out
