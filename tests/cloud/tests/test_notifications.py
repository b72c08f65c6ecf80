"""SNS: subjects that AWS refuses."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import ANYTHING, Rig, is_refused

SUBJECTS = [
    ("run 1 advanced", True),
    ("x" * 99, True),
    ("x" * 100, False),
    ("two\nlines", False),
    ("日本", False),
    (" begins with a blank", False),
]


@pytest.mark.parametrize(("subject", "taken"), SUBJECTS)
def test_a_subject_is_short_ascii(rig: Rig, subject: str, taken: bool) -> None:
    client = rig.client("sns")
    topic = client.create_topic(Name="subjects")["TopicArn"]
    refused = is_refused("InvalidParameter", lambda: client.publish(TopicArn=topic, Subject=subject, Message="m"))
    assert refused is not taken


def test_the_state_machine_meets_the_same_refusal(rig: Rig) -> None:
    topic = rig.client("sns").create_topic(Name="subjects")["TopicArn"]

    def publish(subject: str) -> dict[str, Any]:
        arguments = {"TopicArn": topic, "Subject": subject, "Message": "m"}
        state = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": arguments, "End": True}
        return rig.run({"Tell": state}, ANYTHING)

    assert publish("x" * 99)["status"] == "SUCCEEDED"
    assert publish("x" * 100)["status"] == "FAILED"


def test_bare_ministack_takes_a_long_subject(bare: Rig) -> None:
    topic = bare.client("sns").create_topic(Name="subjects")["TopicArn"]
    bare.client("sns").publish(TopicArn=topic, Subject="x" * 100, Message="m")
