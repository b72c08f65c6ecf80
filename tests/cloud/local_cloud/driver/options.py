"""Parses the command line."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import yaml

from .errors import DriverError


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parses the options of `run`, `series` and `up`."""
    parser = argparse.ArgumentParser(
        prog="local_cloud", description="Runs orgpatch against a simulated organization on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="deploy, run one plan, collect the results",
        epilog="exit code: 0 the run advanced through all steps, 3 a gate halted it, 1 an error occurred",
    )
    run.add_argument("--plan", type=Path, required=True, help="plan document (YAML)")
    run.add_argument(
        "--operation",
        choices=["scan", "install", "preview-baselines", "apply-baselines", "restore-baselines"],
        required=True,
    )
    run.add_argument("--stages", help="run only these stages (names separated by commas)")
    run.add_argument("--input", help="more fields of the execution input, as a JSON object")
    run.add_argument("--name", help="run ID (default: the operation and a random number)")
    series = commands.add_parser("series", help="deploy, run several plans, collect the results; for the tests")
    series.add_argument("--series", type=Path, required=True, help="JSON file of the runs; its format is in series.py")
    for command in (run, series):
        command.add_argument("--out", type=Path, required=True, help="folder for the results")
        command.add_argument(
            "--evidence",
            action="store_true",
            help="also collect logs, IAM decisions, issued credentials and the bucket",
        )
        command.add_argument("--quiet", action="store_true", help="show the summary only, no progress")
        command.add_argument(
            "--timeout", type=float, default=300, help="stop a run after this many seconds of real time (%(default)s)"
        )
    up = commands.add_parser("up", help="deploy and keep running until Ctrl-C")
    for command in (run, series, up):
        command.add_argument("--scenario", type=Path, required=True, help="scenario file of fleet-sim")
        command.add_argument("--template", type=Path, help="deploy this template instead of the checkout's")
        command.add_argument(
            "--parameter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="set a template parameter (repeatable)",
        )
        command.add_argument(
            "--clock",
            choices=["stepping", "running"],
            default="running" if command is up else "stepping",
            help="stepping: simulated time stands still while anything works, and skips what everything waits for; "
            "running: it runs at the scenario's clock.speed (%(default)s)",
        )
        command.add_argument("--region", default="ap-northeast-1", help="home Region (%(default)s)")
    options = parser.parse_args(arguments)
    for name in ("scenario", "template", "plan", "series"):
        file = getattr(options, name, None)
        if file is not None and not file.is_file():
            parser.error(f"--{name}: {file} is not a file")
    return options


def template_parameters(options: argparse.Namespace) -> dict[str, str]:
    """Returns the template parameters that `--parameter NAME=VALUE` sets."""
    pairs = [parameter.partition("=") for parameter in options.parameter]
    if wrong := [name for name, found, _ in pairs if not found]:
        raise DriverError(f"--parameter {wrong[0]}: the value is missing; write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def plan_name(plan: Path) -> str:
    """Returns the `name` in the plan, which is also the name of its object in the bucket.

    A plan without a valid name gets the name of its file: the run then reports what is wrong with it.
    """
    try:
        document = yaml.safe_load(plan.read_text())
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    name = document.get("name") if isinstance(document, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", name) else plan.stem


def execution_input(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the input of the execution."""
    given: dict[str, Any] = {"operation": options.operation, "plan": plan_name(options.plan)}
    if options.stages:
        given["stages"] = options.stages.split(",")
    if options.input:
        try:
            further = json.loads(options.input)
        except ValueError as error:
            raise DriverError(f"--input: not valid JSON: {error}") from error
        if not isinstance(further, dict):
            raise DriverError('--input: must be a JSON object, such as {"comment": "CHG-1"}')
        given.update(further)
    return given
