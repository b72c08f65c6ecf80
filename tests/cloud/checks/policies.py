"""Reads the IAM statements of the two templates, each with the comments beside it in the YAML source.

Two comments have a meaning. Both are at the end of their line, or on the lines directly above it:
  # any-resource-because: <why>    beside `Resource: "*"`
  # unused-because: <why>          beside an action, or beside `Action:` for all of the statement
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse

from . import sources

_COMMENT = re.compile(r"(?:^|\s)#\s*(.*)$")
_MARK = re.compile(r"(any-resource-because|unused-because):\s*(\S.*)")


@dataclass(frozen=True)
class Statement:
    """A statement of a role."""

    role: str
    policy: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    document: dict[str, Any] = field(compare=False, repr=False)
    file: str
    line: int
    any_resource_because: str | None
    unused_because: dict[str, str] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.role}/{self.sid}"


def all_statements() -> list[Statement]:
    """Returns the statements of template.yaml and member-role.yaml."""
    return statements(sources.TEMPLATE) + statements(sources.MEMBER_ROLE)


def statements(path: Path) -> list[Statement]:
    """Returns every statement of every role in a template, in the order of the file."""
    text = path.read_text()
    document, lines = yaml_parse(text), text.splitlines()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None, f"{path} is empty"
    found: list[Statement] = []
    for role, resource in sources.resources(document, "AWS::IAM::Role").items():
        policies_node = _child(root, "Resources", role, "Properties", "Policies")
        for policy, policy_node in zip(resource["Properties"].get("Policies", []), policies_node.value, strict=True):
            nodes = _child(policy_node, "PolicyDocument", "Statement").value
            for statement, node in zip(policy["PolicyDocument"]["Statement"], nodes, strict=True):
                found.append(_statement(path.name, lines, role, policy["PolicyName"], statement, node))
    return found


def _statement(
    file: str, lines: list[str], role: str, policy: str, statement: dict[str, Any], node: yaml.MappingNode
) -> Statement:
    keys = {key.value: (key, value) for key, value in node.value}
    action_key, action_node = keys["Action"]
    for_all = _mark(lines, action_key, "unused-because")
    action_nodes = action_node.value if isinstance(action_node, yaml.SequenceNode) else [action_node]
    unused = {}
    for action in action_nodes:
        because = _mark(lines, action, "unused-because") or for_all
        if because:
            unused[action.value] = because
    return Statement(
        role=role,
        policy=policy,
        sid=statement.get("Sid", ""),
        effect=statement["Effect"],
        actions=tuple(_list(statement.get("Action"))),
        resources=tuple(_list(statement.get("Resource"))),
        document=statement,
        file=file,
        line=node.start_mark.line + 1,
        any_resource_because=_mark(lines, keys["Resource"][0], "any-resource-because") if "Resource" in keys else None,
        unused_because=unused,
    )


def _mark(lines: list[str], node: yaml.Node, name: str) -> str | None:
    """Returns the reason in a marked comment beside a node or directly above it."""
    number = node.start_mark.line
    candidates = [lines[number]]
    while number > 0 and lines[number - 1].lstrip().startswith("#"):
        number -= 1
        candidates.append(lines[number])
    for line in candidates:
        comment = _COMMENT.search(line)
        mark = _MARK.search(comment.group(1)) if comment else None
        if mark and mark.group(1) == name:
            return mark.group(2)
    return None


def _child(node: yaml.Node, *path: str) -> yaml.Node:
    for name in path:
        node = next(value for key, value in node.value if key.value == name)
    return node


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
