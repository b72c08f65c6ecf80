"""The command line."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import yaml

from .errors import DriverError


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """`run`, `series` and `up`."""
    parser = argparse.ArgumentParser(
        prog="local_cloud", description="Runs the deployed system against a simulated organization, on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="deploy, run one plan, bring everything home",
        epilog="exit code: 0 the run advanced through all steps, 3 a gate halted it, 1 an error",
    )
    run.add_argument("--plan", type=Path, required=True, help="plan document (YAML)")
    run.add_argument(
        "--operation", choices=["scan", "install", "preview-baselines", "restore-baselines"], required=True
    )
    run.add_argument("--stages", help="only these stages, separated by commas")
    run.add_argument("--input", help="further fields of the execution input, as JSON")
    run.add_argument("--name", help="run id; given by the driver otherwise")
    series = commands.add_parser("series", help="deploy, run several plans, bring everything home; for the tests")
    series.add_argument("--series", type=Path, required=True, help="the runs, as JSON: see series.py")
    for command in (run, series):
        command.add_argument("--out", type=Path, required=True, help="directory that the results are written to")
        command.add_argument(
            "--evidence", action="store_true", help="also logs, authorizations, secrets and the bucket"
        )
        command.add_argument("--quiet", action="store_true", help="no progress, only the summary")
        command.add_argument(
            "--timeout", type=float, default=300, help="seconds of real time until a run is stopped (%(default)s)"
        )
    up = commands.add_parser("up", help="deploy and keep running until Ctrl-C")
    for command in (run, series, up):
        command.add_argument("--scenario", type=Path, required=True, help="scenario file of fleet-sim")
        command.add_argument("--template", type=Path, help="another template than this checkout's")
        command.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the template")
        command.add_argument("--region", default="ap-northeast-1", help="home Region (%(default)s)")
    options = parser.parse_args(arguments)
    files = (getattr(options, name, None) for name in ("scenario", "template", "plan", "series"))
    for file in filter(None, files):
        if not file.is_file():
            parser.error(f"{file} is not a file")
    return options


def template_parameters(options: argparse.Namespace) -> dict[str, str]:
    """--parameter NAME=VALUE, repeated."""
    pairs = [parameter.partition("=") for parameter in options.parameter]
    if wrong := [name for name, found, _ in pairs if not found]:
        raise DriverError(f"--parameter {wrong[0]}: write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def plan_name(plan: Path) -> str:
    """The name that the plan gives itself, because its object in the bucket is called so; for a plan that cannot say,
    the name of its file.
    """
    try:
        document = yaml.safe_load(plan.read_text())
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    name = document.get("name") if isinstance(document, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,63}", name) else plan.stem


def execution_input(options: argparse.Namespace) -> dict[str, Any]:
    """What the execution is started with."""
    given: dict[str, Any] = {"operation": options.operation, "plan": plan_name(options.plan)}
    if options.stages:
        given["stages"] = options.stages.split(",")
    if options.input:
        try:
            further = json.loads(options.input)
        except ValueError as error:
            raise DriverError(f"--input is not JSON: {error}") from error
        if not isinstance(further, dict):
            raise DriverError("--input must be a JSON object")
        given.update(further)
    return given
