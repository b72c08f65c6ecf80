"""The diagram in statemachine/README.md is that of the state machine, with every transition."""

import copy
import re
import sys
from typing import Any

import pytest

from . import asl, sources

sys.path.insert(0, str(sources.ROOT / "scripts"))

import state_diagram


def test_the_committed_diagram_is_that_of_the_state_machine() -> None:
    text = state_diagram.DOCUMENT.read_text()
    drawn = state_diagram.diagram(sources.state_machine())
    assert text == state_diagram.in_document(text, drawn), "run scripts/state_diagram.py"


def test_every_state_and_every_transition_is_drawn_once() -> None:
    places = list(asl.walk(sources.state_machine()))
    names = [place.name for place in places]
    assert len(names) == len(set(names)), "a name stands for one state in the whole diagram"
    lines = state_diagram.diagram(sources.state_machine()).splitlines()
    nodes = [found[1] for line in lines if (found := re.match(r" *(?:subgraph )?(\w+)(?:\[|\{| \[|\(\()", line))]
    assert sorted(nodes) == sorted(names)
    edges = [found.groups() for line in lines if (found := re.match(r" *(\w+) -.*-> (\w+)$", line))]
    expected = [(place.name, target) for place in places for target in asl.targets(place.state)]
    assert sorted(edges) == sorted(expected)
    starts = [found[1] for line in lines if (found := re.match(r" *start\w*\(\[.*\]\) --> (\w+)$", line))]
    assert starts == ["LambdaLimit", "Enter", "AssumeRole", "LookupEvents"]


def test_the_document_lists_every_path_of_a_target() -> None:
    [listed] = re.findall(r"(?s)```text\n(.*?)```", state_diagram.DOCUMENT.read_text())
    source = (sources.ROOT / "crates" / "engine" / "src" / "phases.rs").read_text()
    [walked] = re.findall(r'(?s)assert_snapshot!\(paths.*?@r"\n(.*?)\n *"\);', source)
    assert sorted(listed.splitlines()) == sorted(line.strip() for line in walked.splitlines())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("States", "Report", "Next"), "Reported"),
        (("States", "Reported", "Choices", 0, "Condition"), "{% $report.decision = 'halted' %}"),
        (("States", "Reported", "Default"), "Advanced"),
        (("States", "Notify", "Catch", 0, "Next"), "Advanced"),
        (("States", "Steps", "MaxConcurrency"), 2),
        (("States", "Report", "Arguments", "FunctionName"), "${GateArn}"),
        (("States", "Steps", "ItemProcessor", "StartAt"), "Judge"),
    ],
)
def test_a_change_of_the_state_machine_changes_the_diagram(path: tuple[str | int, ...], value: Any) -> None:
    changed = copy.deepcopy(sources.state_machine())
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    assert state_diagram.diagram(changed) != state_diagram.diagram(sources.state_machine())
