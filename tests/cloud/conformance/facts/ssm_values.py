"""Systems Manager: the values that filters of a patch baseline may have."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from ..asker import Asker
from ..fact import Fact, Model, Page
from ..paths import ROOT

_CALL = "ssm:DescribePatchProperties"
_LISTED = "as listed"
_OTHER = "other values"
# Patch Manager no longer supports them, and no plan can name them.
_RETIRED = frozenset({"AMAZON_LINUX", "AMAZON_LINUX_2022", "RASPBIAN"})
_LISTS = "crates/facts/data/patch-values.json"


@cache
def _lists() -> list[dict[str, Any]]:
    """Returns the lists by which orgpatch refuses and warns."""
    found: list[dict[str, Any]] = json.loads((ROOT / _LISTS).read_text())["properties"]
    return found


def _of_aws(asker: Asker, system: str, key: str, patch_set: str | None) -> set[str]:
    request = {"OperatingSystem": system, "Property": key, **({"PatchSet": patch_set} if patch_set else {})}
    values: set[str] = set()
    while True:
        answer = asker.call("ssm", "describe_patch_properties", **request)
        values |= {entry["Name"] for entry in answer["Properties"]}
        if not answer.get("NextToken"):
            return values
        request["NextToken"] = answer["NextToken"]


def _compare(key: str) -> Callable[[Asker], str]:
    """Compares each list of a key. Of an open list only what AWS lacks is a difference."""

    def ask(asker: Asker) -> str:
        same = True
        for entry in (entry for entry in _lists() if entry["key"] == key):
            for system in sorted(set(entry["systems"]) - _RETIRED):
                of_aws = _of_aws(asker, system, key, entry.get("patchSet"))
                lacks = set(entry["documented"]) - of_aws
                more = set() if entry.get("open") else of_aws - set(entry["documented"])
                if lacks or more:
                    same = False
                    asker.notes.append(f"{system}: AWS lacks {sorted(lacks)} and has also {sorted(more)}")
        return _LISTED if same else _OTHER

    return ask


def _fact(key: str, says: str, *sources: Page) -> Fact:
    return Fact(
        name=f"values-of-{key.lower().replace('_', '-')}",
        says=says,
        calls=(_CALL,),
        sources=(Model("ssm", "PatchFilter.Values", "view lists of valid values for each key"), *sources),
        aws=(_LISTED,),
        orgpatch={
            _LISTED: f"refuses and warns by {_LISTS}",
            _OTHER: f"refuses a value that AWS has, or takes one that AWS refuses; {_LISTS} is to be corrected",
        },
        ask=_compare(key),
        concerns=("F-15",),
    )


_CLOSED = "DescribePatchProperties lists for {} exactly the values by which plans are refused."
FACTS = (
    _fact("CLASSIFICATION", _CLOSED.format("CLASSIFICATION")),
    _fact("SEVERITY", _CLOSED.format("SEVERITY")),
    _fact("MSRC_SEVERITY", _CLOSED.format("MSRC_SEVERITY")),
    _fact("PRIORITY", _CLOSED.format("PRIORITY")),
    _fact(
        "PRODUCT",
        "DescribePatchProperties lists every product that plans may name without a warning.",
        Page(
            "https://github.com/hashicorp/terraform-provider-aws/issues/18359",
            "Invalid Filter Value: All for Key: PRODUCT, valid values are: AmazonLinux2012.03, …",
        ),
    ),
    _fact(
        "PRODUCT_FAMILY", "DescribePatchProperties lists every product family that plans may name without a warning."
    ),
)
