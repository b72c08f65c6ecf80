"""Shows the progress of a run: bars in a terminal, lines elsewhere, nothing with --quiet."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

# Each look costs requests to the process that also runs the state machine.
_INTERVAL_SECONDS = 0.5
# A step whose phase has not changed gets a new line after this time at the earliest.
_LINE_SECONDS = 2


@dataclass(frozen=True)
class StepProgress:
    """How far a step is."""

    step: str
    label: str
    targets: int
    phase: str
    done: int


def _read(s3: Any, bucket: str, run_id: str) -> list[StepProgress]:
    """Reads the progress from the objects of the run; returns an empty list until run.json exists."""
    try:
        document = json.loads(s3.get_object(Bucket=bucket, Key=f"runs/{run_id}/run.json")["Body"].read())
    except ClientError:
        return []
    prefix = f"runs/{run_id}/steps/"
    keys: list[str] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys += [entry["Key"].removeprefix(prefix) for entry in page.get("Contents", [])]
    steps = document["steps"]
    return [_step_progress(step, step_label(step, steps), keys) for step in steps]


def step_label(step: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    """Returns the name of the stage, and the wave if the stage has several."""
    waves = sum(other["stage"] == step["stage"] for other in steps)
    return f"{step['stage']} wave {step['wave']}" if waves > 1 else str(step["stage"])


def _step_progress(step: dict[str, Any], label: str, keys: list[str]) -> StepProgress:
    own = [key.split("/")[1:] for key in keys if key.startswith(f"{step['id']}/")]
    scanned = len(_recorded(own, "scan"))
    installed = len(_recorded(own, "install"))
    phase, done = ("waiting", 0) if not own else ("scan", scanned)
    if installed:
        phase, done = "install", installed
    if ["gate.json"] in own and scanned:
        phase = f"{phase}, gate decided"
    return StepProgress(step["id"], label, int(step["targets"]), phase, done)


def _recorded(keys: list[list[str]], work: str) -> set[tuple[str, str]]:
    """Returns the targets of which every chunk has a record of `scan` or `install`.

    It is targets/<account>/<Region>/<round>/scan/0001.json and so on, or one scan-ended-by-<function>.json for all.
    """
    # What says how many chunks there are to record.
    before = {"scan": "inventory", "install": "order"}[work]
    targets = [key for key in keys if key[0] == "targets" and len(key) > 4]
    files = Counter((key[1], key[2], key[4]) for key in targets)
    ended = {(key[1], key[2]) for key in targets if key[4].startswith(f"{work}-ended-by-")}
    return ended | {
        (account, region)
        for (account, region, folder), count in files.items()
        if folder == work and count >= files[account, region, before]
    }


class Progress:
    """Shows nothing: for --quiet, and the base of the other two."""

    def __init__(self) -> None:
        self._read_at = 0.0
        self._run: tuple[Any, str, str] | None = None

    def say(self, text: str) -> None:
        """Shows a sentence."""

    def show(self, steps: list[StepProgress]) -> None:
        """Shows how far each step is."""

    def screen(self) -> AbstractContextManager[Any]:
        """Returns what is open while the run is watched."""
        return nullcontext()

    @contextmanager
    def watching(self, s3: Any, bucket: str, run_id: str) -> Iterator[None]:
        """Watches a run for the time of the block."""
        self._run = (s3, bucket, run_id)
        with self.screen():
            yield
            self._show_run()

    def update(self) -> None:
        """Shows the run again if enough time has passed."""
        if time.monotonic() - self._read_at >= _INTERVAL_SECONDS:
            self._show_run()

    def _show_run(self) -> None:
        self._read_at = time.monotonic()
        if self._run is not None and type(self) is not Progress:
            self.show(_read(*self._run))


class Lines(Progress):
    """Prints lines for logs and pipes: one per change of a step, but at most one every two seconds within a phase."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, tuple[float, StepProgress]] = {}

    def say(self, text: str) -> None:
        """Prints a sentence at once."""
        print(text, flush=True)

    def show(self, steps: list[StepProgress]) -> None:
        """Prints the steps that have changed."""
        for step in steps:
            at, last = self._shown.get(step.step, (0.0, None))
            is_due = last is None or step.phase != last.phase or time.monotonic() - at > _LINE_SECONDS
            if step != last and is_due and step.phase != "waiting":
                self._shown[step.step] = (time.monotonic(), step)
                self.say(f"  {step.label}: {step.done} of {step.targets} targets, {step.phase}")


class Screen(Progress):
    """Shows a bar per step."""

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
        """Prints a sentence above the bars."""
        self._console.print(text, highlight=False)

    def screen(self) -> AbstractContextManager[Any]:
        """Returns the live display."""
        return self._bars

    def show(self, steps: list[StepProgress]) -> None:
        """Moves the bars. The clock of a bar starts with its step."""
        for step in steps:
            if step.step not in self._tasks:
                self._tasks[step.step] = self._bars.add_task(
                    step.label, total=max(step.targets, 1), phase="waiting", start=False
                )
            task = self._tasks[step.step]
            if step.phase != "waiting" and self._bars.tasks[task].start_time is None:
                self._bars.start_task(task)
            self._bars.update(task, completed=step.done, phase=step.phase)


def reporter(quiet: bool) -> Progress:
    """Returns the display that fits the output: none, bars in a terminal, or lines."""
    if quiet:
        return Progress()
    return Screen() if sys.stdout.isatty() else Lines()
