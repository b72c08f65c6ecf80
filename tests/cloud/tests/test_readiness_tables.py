"""The readiness tables at the end of a run: which rows they have, in which order, and with which texts."""

from __future__ import annotations

from typing import Any

from local_cloud.driver import readiness
from rich.console import Console


def report(*instances: dict[str, Any], causes: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"instances": list(instances), "readiness": {"checks": {}, "firstToFix": list(causes)}}


def instance(name: str | None, **statuses: str) -> dict[str, Any]:
    found = dict.fromkeys(readiness.CHECKS, "pass") | {key.replace("_", "-"): value for key, value in statuses.items()}
    findings = [{"check": check, "status": status} for check, status in found.items()]
    return {"accountId": "222200000001", "region": "eu-west-1", "name": name, "os": "UBUNTU", "findings": findings}


def printed(document: dict[str, Any]) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        for table in readiness.tables(document):
            console.print(table)
    return capture.get()


def test_nothing_is_printed_where_everything_passes_or_nothing_was_looked_at() -> None:
    assert readiness.tables(report(instance("web"))) == []
    assert readiness.tables(report({**instance("web"), "findings": []})) == []
    assert readiness.tables({"instances": []}) == []


def test_instances_that_are_alike_are_one_row_and_the_worst_comes_first() -> None:
    text = printed(
        report(
            instance("web", python="unknown"),
            instance("web", python="unknown"),
            instance(None, managed="fail", instance_profile="fail"),
            instance("fine"),
        )
    )
    lines = [line for line in text.splitlines() if "222200000001" in line]
    assert len(lines) == 2
    assert "UBUNTU" in lines[0] and lines[0].count("✘ fail") == 2
    assert "web ×2" in lines[1] and "? unknown" in lines[1]
    assert "3 of 4 instances" in text and "fine" not in text


def test_what_to_fix_first_is_in_the_order_of_the_report() -> None:
    causes = (
        {
            "text": "vpc-1 has no ssm endpoint [here]",
            "check": "endpoints",
            "status": "fail",
            "fix": "Create one.",
            "instances": 14,
        },
        {"text": "the member role may not call x", "check": "python", "status": "unknown", "instances": 2},
    )
    text = printed(report(instance("web", endpoints="fail"), causes=causes))
    assert text.index("vpc-1 has no ssm endpoint [here]") < text.index("may not call x")
    assert "14" in text and "Create one." in text
    many = tuple({**causes[0], "text": f"cause {n}"} for n in range(readiness.MOST_CAUSES + 3))
    assert "and 3 more" in printed(report(instance("web", endpoints="fail"), causes=many))
