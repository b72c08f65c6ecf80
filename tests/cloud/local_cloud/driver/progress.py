"""What a run is doing, while it does it: bars in a terminal, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

# Looking costs requests to the same process that runs the state machine.
_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True)
class Standing:
    """How far one step is."""

    step: str
    label: str
    targets: int
    phase: str
    done: int


def _standings(s3: Any, bucket: str, run_id: str) -> list[Standing]:
    """From the objects of the run; empty before run.json is there."""
    try:
        document = json.loads(s3.get_object(Bucket=bucket, Key=f"runs/{run_id}/run.json")["Body"].read())
    except ClientError:
        return []
    prefix = f"runs/{run_id}/steps/"
    keys: list[str] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys += [entry["Key"].removeprefix(prefix) for entry in page.get("Contents", [])]
    steps = document["steps"]
    return [_standing(step, step_label(step, steps), keys) for step in steps]


def step_label(step: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    """The stage, and its wave where the stage has more than one."""
    waves = sum(other["stage"] == step["stage"] for other in steps)
    return f"{step['stage']} wave {step['wave']}" if waves > 1 else str(step["stage"])


def _standing(step: dict[str, Any], label: str, keys: list[str]) -> Standing:
    own = [key.split("/")[1:] for key in keys if key.startswith(f"{step['id']}/")]
    scanned = sum(key[0] == "scan" for key in own)
    installed = sum(key[0] == "install" for key in own)
    phase, done = ("waiting", 0) if not own else ("scan", scanned)
    if installed:
        phase, done = "install", installed
    if ["gate.json"] in own and scanned:
        phase = f"{phase}, judged"
    return Standing(step["id"], label, int(step["targets"]), phase, done)


class Progress:
    """Says nothing: the base, and what --quiet asks for."""

    def __init__(self) -> None:
        self._looked = 0.0
        self._where: tuple[Any, str, str] | None = None

    def say(self, text: str) -> None:
        """One sentence."""

    def show(self, standings: list[Standing]) -> None:
        """How far each step is."""

    def screen(self) -> AbstractContextManager[Any]:
        """What is open while the run is watched."""
        return nullcontext()

    @contextmanager
    def watching(self, s3: Any, bucket: str, run_id: str) -> Iterator[None]:
        """Around the run."""
        self._where = (s3, bucket, run_id)
        with self.screen():
            yield
            self._look()

    def update(self) -> None:
        """Looks, when it is time again."""
        if time.monotonic() - self._looked >= _INTERVAL_SECONDS:
            self._look()

    def _look(self) -> None:
        self._looked = time.monotonic()
        if self._where is not None and type(self) is not Progress:
            self.show(_standings(*self._where))


class Lines(Progress):
    """For logs and pipes: a line whenever something changed, not more often than every other second."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, tuple[float, Standing]] = {}

    def say(self, text: str) -> None:
        """On stdout, at once."""
        print(text, flush=True)

    def show(self, standings: list[Standing]) -> None:
        """Only what changed."""
        for standing in standings:
            at, last = self._shown.get(standing.step, (0.0, None))
            changed = last is None or standing.phase != last.phase or time.monotonic() - at > 2
            if standing != last and changed and standing.phase != "waiting":
                self._shown[standing.step] = (time.monotonic(), standing)
                self.say(f"  {standing.label}: {standing.phase} {standing.done}/{standing.targets} targets")


class Screen(Progress):
    """A bar per step."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console()
        self._bars = Bars(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[phase]}"),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._tasks: dict[str, Any] = {}

    def say(self, text: str) -> None:
        """Above the bars."""
        self._console.print(text, highlight=False)

    def screen(self) -> AbstractContextManager[Any]:
        """The live display."""
        return self._bars

    def show(self, standings: list[Standing]) -> None:
        """Moves the bars; a bar's clock starts with its step."""
        for standing in standings:
            if standing.step not in self._tasks:
                self._tasks[standing.step] = self._bars.add_task(
                    standing.label, total=max(standing.targets, 1), phase="waiting", start=False
                )
            task = self._tasks[standing.step]
            if standing.phase != "waiting" and self._bars.tasks[task].start_time is None:
                self._bars.start_task(task)
            self._bars.update(task, completed=standing.done, phase=standing.phase)


def reporter(quiet: bool) -> Progress:
    """The right one for where the output goes."""
    if quiet:
        return Progress()
    return Screen() if sys.stdout.isatty() else Lines()
