"""Draws the state machine as a Mermaid diagram into statemachine/README.md, between the lines that name this script.

    scripts/state_diagram.py            writes the diagram
    scripts/state_diagram.py --check    exit status 1 if the diagram in the file is not that of the state machine

A state has its name and below it what it calls. An arrow has the condition that leads along it; a dotted one is an
error that the state machine catches.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DEFINITION = ROOT / "statemachine" / "patch-run.asl.json"
DOCUMENT = ROOT / "statemachine" / "README.md"
BEGIN, END = "<!-- scripts/state_diagram.py writes what follows -->\n", "<!-- scripts/state_diagram.py wrote that -->\n"


def diagram(definition: dict[str, Any]) -> str:
    """Returns the diagram of a state machine."""
    lines = ["flowchart TD", *_machine(definition, "start([execution input])", 1)]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def in_document(text: str, drawn: str) -> str:
    """Returns a document with that diagram in place of the one that it has."""
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + drawn + END + rest.split(END, 1)[1]


def _machine(machine: dict[str, Any], start: str, depth: int) -> Iterator[str]:
    indent = "    " * depth
    yield f"{indent}{start} --> {machine['StartAt']}"
    for name, state in machine["States"].items():
        if "ItemProcessor" in state:
            yield f'{indent}subgraph {name} ["{_label_of_map(name, state)}"]'
            yield from _machine(state["ItemProcessor"], f"start{name}([each item])", depth + 1)
            yield f"{indent}end"
        else:
            yield f"{indent}{_node(name, state)}"
        for arrow, target in _arrows(state):
            yield f"{indent}{name} {arrow} {target}"


def _label_of_map(name: str, state: dict[str, Any]) -> str:
    mode = state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode", "INLINE").lower()
    at_once = state.get("MaxConcurrency", "")
    return f"{name}: Map, {mode}, {_plain(at_once) if isinstance(at_once, str) else at_once} at the same time"


def _node(name: str, state: dict[str, Any]) -> str:
    match state["Type"]:
        case "Task":
            return f'{name}["{name}<br/><i>{_called(state)}</i>"]'
        case "Choice":
            return f"{name}{{{name}}}"
        case "Succeed" | "Fail":
            return f"{name}(({name}))"
        case _:
            return f"{name}[{name}]"


def _called(state: dict[str, Any]) -> str:
    """Returns the function that a Task calls, by the name of its crate; otherwise the service and its operation."""
    function = re.fullmatch(r"\$\{(\w+)Arn\}", state.get("Arguments", {}).get("FunctionName", ""))
    if function:
        return re.sub(r"(?<!^)(?=[A-Z])", "-", function[1]).lower()
    return state["Resource"].removeprefix("arn:${Partition}:states:::").removeprefix("aws-sdk:")


def _arrows(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for choice in state.get("Choices", []):
        yield f'-- "{_plain(choice["Condition"])}" -->', choice["Next"]
    if "Default" in state:
        yield "-- otherwise -->", state["Default"]
    if "Next" in state:
        yield "-->", state["Next"]
    for catcher in state.get("Catch", []):
        errors = "any error" if catcher["ErrorEquals"] == ["States.ALL"] else ", ".join(catcher["ErrorEquals"])
        yield f'-. "{errors}" .->', catcher["Next"]


def _plain(expression: str) -> str:
    """Returns an expression without the signs of JSONata: `next = scan` for `{% $states.input.next = 'scan' %}`."""
    inner = expression.removeprefix("{%").removesuffix("%}").strip()
    return re.sub(r"\$states\.input = |\$states\.input\.|[$']", "", inner)


def main() -> int:
    """Writes the diagram, or compares it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    text = DOCUMENT.read_text(encoding="utf-8")
    wanted = in_document(text, diagram(json.loads(DEFINITION.read_text(encoding="utf-8"))))
    if check:
        return int(text != wanted)
    DOCUMENT.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
