"""Compares bodies with botocore's models, for the contract tests of fleet-sim and for the questions to AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Points in which AWS itself differs from its model: a duration that the model takes for a date, and values that the
# model writes with a capital letter.
KNOWN_DIFFERENCES = re.compile(
    r"\.ExecutionElapsedTime: 'PT\d+S'|\.Platform: 'windows'|VpcEndpoints\[\d+\]\.State: '(available|pending)'"
)


def differences(value: Any, shape: Any) -> list[str]:
    """Returns where a value differs from its shape, except for known differences of AWS itself."""
    return [text for text in walk(value, shape) if not KNOWN_DIFFERENCES.search(text)]


def walk(value: Any, shape: Any, path: str = "$") -> Iterator[str]:
    """Yields violations of what botocore's ParamValidator does not check: enums, patterns, maxima, nulls."""
    rules = shape.metadata
    if value is None:
        yield f"{path}: null"
    elif shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from walk(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        if len(value) > rules.get("max", len(value)):
            yield f"{path}: more than {rules['max']} items"
        for index, member in enumerate(value):
            yield from walk(member, shape.member, f"{path}[{index}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            yield from walk(name, shape.key, f"{path}[{name}](key)")
            yield from walk(member, shape.value, f"{path}[{name}]")
    elif shape.type_name in ("integer", "long"):
        if value > rules.get("max", value):
            yield f"{path}: {value} > {rules['max']}"
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is not in the enum"
        if not matches(rules.get("pattern"), value):
            yield f"{path}: {value!r} does not match {rules['pattern']}"
        if len(value) > rules.get("max", len(value)):
            yield f"{path}: longer than {rules['max']}"


def matches(pattern: str | None, value: str) -> bool:
    """Returns whether a value matches a pattern of a model."""
    if pattern is None:
        return True
    try:
        return re.search(pattern, value) is not None
    except re.error:  # Some patterns are in Java's dialect.
        return True
