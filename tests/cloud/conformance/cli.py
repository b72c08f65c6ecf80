"""The command line of the conformance tests. `make conformance` calls it; docs/conformance.md describes it."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import textwrap
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)

from . import report
from .asker import Asker, Permitted
from .errors import CannotStart
from .facts import FACTS
from .paths import ROOT
from .run import Outcome, Result, Status, run

# A question is answered in a second or two. The client retries what is throttled, and gives up soon after.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=30,
    # Otherwise the client adds a checksum to a part that a question wants to send without one.
    request_checksum_calculation="when_required",
)
_INSTANCE = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_SIGNS = {Status.SAME: "same", Status.SETTLED: "answered", Status.DIFFERENT: "DIFFERENT", Status.BROKEN: "BROKEN"}


def main(arguments: Sequence[str]) -> int:
    """Asks the questions and writes the file. Returns 0: as expected; 1: something differs; 2: nothing was asked."""
    chosen = _parser().parse_args(arguments)
    # So that what was made is removed before the process ends.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        asker = _connect(chosen)
    except CannotStart as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return conduct(asker, chosen.profile, chosen.out)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conformance", description="Asks AWS what orgpatch and its simulator rest on."
    )
    parser.add_argument("--profile", required=True, help="profile of the AWS CLI; an account for tries, not production")
    parser.add_argument("--region", help="Region to ask (usually that of the profile)")
    parser.add_argument("--account", help="refuse to start if the profile is for another account")
    parser.add_argument(
        "--write", action="store_true", help="create a baseline, an object, an upload; remove them again"
    )
    parser.add_argument("--bucket", help="with --write: a bucket of the account, for objects and uploads")
    parser.add_argument("--instance", help="send one scan to this instance")
    parser.add_argument("--role", help="ARN of a role that the profile may assume, for the question about results")
    parser.add_argument(
        "--out", type=Path, help="file to write (usually build/orgpatch-conformance-<date>-<Region>.md)"
    )
    return parser


def _connect(chosen: argparse.Namespace) -> Asker:
    if chosen.instance and not _INSTANCE.fullmatch(chosen.instance):
        raise CannotStart(f"INSTANCE is {chosen.instance!r}: an instance id looks like i-0123456789abcdef0")
    if chosen.bucket and not chosen.write:
        raise CannotStart("BUCKET is only for questions that write: set WRITE=1, too")
    session = _session(chosen.profile, chosen.region)
    region = session.region_name
    if not region:
        raise CannotStart(f"profile {chosen.profile} names no Region: set REGION=<Region>")
    account = _account(session, chosen.profile)
    if chosen.account and chosen.account != account:
        raise CannotStart(
            f"profile {chosen.profile} is for account {account} and not for {chosen.account}: "
            "set PROFILE to one of the right account, or correct ACCOUNT"
        )
    permitted = Permitted(chosen.write, chosen.bucket, chosen.instance, chosen.role)

    def client(service: str) -> Any:
        # IAM and Organizations have one endpoint for all Regions; botocore knows which.
        return session.client(service, config=_CONFIG)

    return Asker(client, permitted, account, region, session.get_partition_for_region(region))


def _session(profile: str, region: str | None) -> boto3.Session:
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound:
        known = ", ".join(boto3.Session().available_profiles) or "none"
        raise CannotStart(
            f"there is no profile {profile!r} in ~/.aws (profiles: {known}): "
            "set PROFILE to one of them, or make one with `aws configure sso`"
        ) from None


def _account(session: boto3.Session, profile: str) -> str:
    try:
        return str(session.client("sts", config=_CONFIG).get_caller_identity()["Account"])
    except NoCredentialsError:
        raise CannotStart(f"profile {profile} has no credentials: run `aws configure --profile {profile}`") from None
    except EndpointConnectionError as error:
        raise CannotStart(
            f"AWS cannot be reached from this machine ({error}): check Region, network and proxy"
        ) from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise CannotStart(
            f"AWS does not accept the credentials of profile {profile} ({code}): "
            f"run `aws sso login --profile {profile}`, or renew its keys"
        ) from None
    except BotoCoreError as error:
        raise CannotStart(
            f"the credentials of profile {profile} cannot be used ({error}): run `aws sso login --profile {profile}`"
        ) from None
    except ValueError as error:
        raise CannotStart(f"the Region of profile {profile} cannot be used ({error}): set REGION=<Region>") from None


def conduct(asker: Asker, profile: str, out: Path | None, say: Callable[[str], None] = print) -> int:
    """Asks, shows the progress, writes the file and says what it found; returns the exit code."""
    permitted = asker.permitted
    say(f"Asking account {asker.account} in {asker.region}. {_will(permitted)}")
    count = 0

    def progress(result: Result) -> None:
        nonlocal count
        count += 1
        if result.status is Status.NOT_ASKED:
            line = f"not asked: {result.answer}"
        else:
            line = f"{_SIGNS[result.status]}: {result.answer} ({result.seconds:.1f} s)"
        say(f"[{count:2}/{len(FACTS)}] {result.fact.name}  {line}")

    outcome = run(FACTS, asker, progress)
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    path = out or ROOT / "build" / report.name(date, asker.region)
    hide = report.mask(permitted, profile)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.written(outcome, asker.region, asker.partition, date, hide), encoding="utf-8")
    _conclude(outcome, path, say)
    return 0 if outcome.well else 1


def _will(permitted: Permitted) -> str:
    parts = ["Reads only; WRITE=1 asks more."]
    if permitted.write:
        parts = ["Creates baselines that no instance uses, and removes each again."]
        parts += ["Also objects and uploads in BUCKET." if permitted.bucket else "BUCKET=<bucket> asks more."]
    parts += [f"Sends one scan to {permitted.instance}." if permitted.instance else "Sends nothing to instances."]
    return " ".join(parts)


def _conclude(outcome: Outcome, path: Path, say: Callable[[str], None]) -> None:
    for result in outcome.with_status(Status.DIFFERENT):
        say("")
        expected = " or ".join(map(repr, result.fact.aws))
        say(f"{result.fact.name}: AWS answers {result.answer!r}, expected was {expected}.")
        say(textwrap.indent(textwrap.fill(result.fact.says, 100), "  "))
        say(f"  orgpatch then: {result.fact.consequence(result.answer)}")
    for text in outcome.left_behind:
        say(f"\nLEFT BEHIND: {text}")
    if outcome.interrupted:
        say("\nInterrupted. What the open question had made is removed, unless a line above says otherwise.")
    say("")
    say(f"{report.summary(outcome)}.")
    say(f"Written to {path}; it names no account. Attach it to a bug report if something differs.")
