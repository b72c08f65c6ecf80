"""The real `orgpatch` binary against the real stack in a local cloud: baselines are compared, reports are read."""

from __future__ import annotations

import argparse
import csv
import json
import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_cloud.driver import paths, session
from local_cloud.driver.deployment import Aws

ONE, OTHER, REGION = "222200000001", "222200000002", "ap-northeast-1"
WRITES = ("Create", "Update", "AddTags", "Register", "Deregister", "Delete", "Send")
SCENARIO: dict[str, Any] = {
    "schemaVersion": 1,
    "clock": {"start": "2026-11-10T00:00:00Z", "speed": 1200},
    "management": "111111111111",
    "organization": [{"ou": "Test", "id": "ou-e2e0-11111111", "accounts": [ONE, OTHER]}],
    "accounts": {
        account: {
            "baselines": [
                {
                    "name": "theirs",
                    "os": "AMAZON_LINUX_2023",
                    "default": True,
                    "rules": [{"filters": {"CLASSIFICATION": ["Security"]}, "approveAfterDays": 0}],
                }
            ]
        }
        for account in (ONE, OTHER)
    },
    "patches": [],
    "fleet": [
        {"account": account, "region": REGION, "id": f"i-{number:017x}", "os": system}
        for number, (account, system) in enumerate(
            (account, system) for account in (ONE, OTHER) for system in ("AMAZON_LINUX_2023", "WINDOWS")
        )
    ],
}
PLAN = """schemaVersion: 1
name: monthly
regions: [ap-northeast-1]
select: {operatingSystems: [AMAZON_LINUX_2023, WINDOWS]}
baselines:
  AMAZON_LINUX_2023: {rules: [{classification: [Security]}]}
  WINDOWS: {rules: [{classification: [SecurityUpdates]}]}
stages: [{name: test, ous: [ou-e2e0-11111111], approve: {afterDays: 7}}]
"""


class Desk:
    """An operator with the command line and a cloud."""

    def __init__(self, opened: session.Session, directory: Path) -> None:
        self.opened, self.directory = opened, directory
        self.environment = {
            **opened.operator.environment(),
            "PATH": "/usr/bin:/bin",
            "AWS_EC2_METADATA_DISABLED": "true",
            "ORGPATCH_STATE_MACHINE": opened.deployed.state_machine,
            "ORGPATCH_BUCKET": opened.deployed.bucket,
        }

    def orgpatch(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs orgpatch without a terminal, so that it cannot ask a question."""
        binary = paths.fleet_sim().with_name("orgpatch")
        return subprocess.run(
            [str(binary), *arguments],
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.directory,
            check=False,
        )

    def at_terminal(self, answer: str | None, *arguments: str, **more: str) -> tuple[int, str]:
        """Runs orgpatch in a terminal and types the answer to its question; returns exit code and output."""
        ours, theirs = pty.openpty()
        binary = paths.fleet_sim().with_name("orgpatch")
        process = subprocess.Popen(
            [str(binary), *arguments], env={**self.environment, **more}, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        shown = b""
        try:
            if answer is not None:
                while b"[y/N]" not in shown:
                    shown += os.read(ours, 4096)
                os.write(ours, f"{answer}\n".encode())
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:
            pass  # Linux reports the closed other side of a terminal as an error.
        finally:
            os.close(ours)
        return process.wait(timeout=60), shown.decode()

    def write(self, text: str, upload: bool = True) -> None:
        """Writes the plan to a file, and with `upload` also to the bucket."""
        (self.directory / "monthly.yaml").write_text(text)
        if upload:
            s3 = self.opened.operator.client("s3")
            s3.put_object(Bucket=self.opened.deployed.bucket, Key="plans/monthly.yaml", Body=text.encode())

    def scan(self) -> None:
        """Makes a scan run, which only compares the baselines with the plan."""
        states = self.opened.operator.client("stepfunctions")
        given = json.dumps({"operation": "scan", "plan": "monthly"})
        run = states.start_execution(stateMachineArn=self.opened.deployed.state_machine, input=given)["executionArn"]
        deadline = time.monotonic() + 60
        while (status := states.describe_execution(executionArn=run)["status"]) == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert status == "SUCCEEDED"

    def calls(self) -> list[str]:
        """Returns every SSM call so far that changes something."""
        calls = (json.loads(line)["operation"] for line in self.opened.simulator.calls().splitlines())
        return [call for call in calls if call.startswith("ssm:") and call.removeprefix("ssm:").startswith(WRITES)]

    def defaults(self, account: str) -> dict[str, str]:
        """Returns operating system → name of the default baseline, without predefined ones."""
        defaults = json.loads(self.opened.simulator.ground_truth())["baselines"][account][REGION]["defaults"]
        return {system: baseline["name"] for system, baseline in defaults.items()}

    def choose(self, account: str, system: str) -> None:
        """Makes another baseline the default, as a team in the account would."""
        ssm = Aws(self.opened.cloud, account, "test").client("ssm")
        made = ssm.create_patch_baseline(Name="chosen-since", OperatingSystem=system)["BaselineId"]
        ssm.register_default_patch_baseline(BaselineId=made)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory = tmp_path_factory.mktemp("desk")
    (directory / "scenario.yaml").write_text(json.dumps(SCENARIO))
    chosen = argparse.Namespace(
        scenario=directory / "scenario.yaml", template=None, region=REGION, parameter=[], clock="stepping"
    )
    with session.opened(chosen, None) as opened:
        opened.start_clock()
        yield Desk(opened, directory)


def test_baselines_are_compared_and_given_back(desk: Desk) -> None:
    # A run reads its plan from the bucket, so the preview refuses a plan that is missing there or different.
    desk.write(PLAN, upload=False)
    refused = desk.orgpatch("preview", "monthly.yaml", "--baselines")
    assert refused.returncode == 1
    assert f"aws s3 cp monthly.yaml s3://{desk.opened.deployed.bucket}/plans/monthly.yaml" in refused.stderr
    desk.write(PLAN)
    desk.write(PLAN.replace("7", "8"), upload=False)
    assert "differs from monthly.yaml" in desk.orgpatch("preview", "monthly.yaml", "--baselines").stderr
    desk.write(PLAN)

    # The same difference in both accounts is shown once, and nothing is changed.
    shown = desk.orgpatch("preview", "monthly.yaml", "--baselines")
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stderr
    assert shown.stdout.count("create orgpatch-monthly-test-AMAZON_LINUX_2023: 1 rule") == 1
    assert shown.stdout.count("becomes the default for AMAZON_LINUX_2023 instead of theirs") == 1
    assert "2 targets:" in shown.stdout and ONE in shown.stdout and OTHER in shown.stdout
    assert desk.calls() == []
    as_json = desk.orgpatch("preview", "monthly.yaml", "--baselines", "--format", "json")
    targets = json.loads(as_json.stdout)["targets"]
    kinds = ["create", "register-default", "create", "register-default"]
    assert [[change["change"] for change in target["baselineChanges"]] for target in targets] == [kinds, kinds]

    # A scan changes none either. Applying them asks first, and then there is no difference.
    desk.scan()
    assert not [call for call in desk.calls() if "Baseline" in call]
    code, asked = desk.at_terminal("n", "baselines", "apply", "monthly")
    assert code == 1 and "From then on every tool there patches by them" in asked, asked
    assert not [call for call in desk.calls() if "Baseline" in call]
    code, applied = desk.at_terminal("y", "baselines", "apply", "monthly")
    assert code == 0 and "applied, or left alone for a reason, in 2 of 2 targets" in applied, applied
    ours = {system: f"orgpatch-monthly-test-{system}" for system in ("AMAZON_LINUX_2023", "WINDOWS")}
    assert (desk.defaults(ONE), desk.defaults(OTHER)) == (ours, ours)
    after = desk.orgpatch("preview", "monthly.yaml", "--baselines").stdout
    assert "2 targets: the baselines are as the plan wants them" in after, after

    # Without a terminal there is no question, and after a "no" nothing changes.
    before = desk.calls()
    silent = desk.orgpatch("baselines", "restore", "monthly")
    assert silent.returncode == 2 and "--yes" in silent.stderr
    code, asked = desk.at_terminal("n", "baselines", "restore", "monthly")
    assert code == 1 and "stages test" in asked and "nothing was changed" in asked, asked
    assert desk.calls() == before

    # A default that the account has chosen since then stays; the others are restored.
    desk.choose(OTHER, "WINDOWS")
    code, restored = desk.at_terminal("y", "baselines", "restore", "monthly")
    assert code == 0, restored
    assert (
        "theirs becomes the default for AMAZON_LINUX_2023 instead of orgpatch-monthly-test-AMAZON_LINUX_2023"
        in restored
    )
    assert "chosen-since was made the default for WINDOWS since then, not by orgpatch; it stays" in restored
    assert desk.defaults(ONE) == {"AMAZON_LINUX_2023": "theirs"}
    assert desk.defaults(OTHER) == {"AMAZON_LINUX_2023": "theirs", "WINDOWS": "chosen-since"}
    again = desk.orgpatch("baselines", "restore", "monthly", "--yes")
    assert again.returncode == 0 and "2 targets: no run has replaced anything here" in again.stdout, again.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (["preview", "monthly.yaml", "--baselines", "--stages", "prod"], {}, 1, "name stages of the plan"),
        (["baselines", "restore", "weekly", "--yes"], {}, 1, "has no plan weekly"),
        (["baselines", "restore", "monthly", "--stages", "prod", "--yes"], {}, 1, "its stages are test"),
        (
            ["baselines", "restore", "monthly", "--yes"],
            {"ORGPATCH_STATE_MACHINE": "orgpatch"},
            2,
            "not the ARN of a state machine",
        ),
        (
            ["baselines", "restore", "monthly", "--yes"],
            {"ORGPATCH_STATE_MACHINE": f"arn:aws:states:{REGION}:111111111111:stateMachine:another"},
            1,
            "states:StartExecution",
        ),
        (["baselines", "restore", "monthly", "--yes"], {"ORGPATCH_BUCKET": "another"}, 1, "the bucket cannot be read"),
        (
            ["baselines", "restore", "monthly", "--yes"],
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            1,
            "there are no credentials",
        ),
    ],
)
def test_what_cannot_be_done_says_what_to_do(
    desk: Desk, arguments: list[str], environment: dict[str, str], code: int, says: str
) -> None:
    desk.write(PLAN)
    before = desk.calls()
    ended = desk.orgpatch(*arguments, **environment)
    assert (ended.returncode, ended.stdout) == (code, ""), ended
    assert says in ended.stderr and ("help:" in ended.stderr or code == 2), ended.stderr
    assert desk.calls() == before


def test_reports_are_found_filtered_and_opened(desk: Desk, tmp_path: Path) -> None:
    desk.write(PLAN)
    desk.scan()
    desk.scan()
    bucket, s3 = desk.opened.deployed.bucket, desk.opened.operator.client("s3")
    latest = json.loads(s3.get_object(Bucket=bucket, Key="latest/monthly.json")["Body"].read())
    run = latest["runId"]
    assert latest["previous"] != run

    # The report is compared with the previous one, which has the same findings.
    compared = json.loads(s3.get_object(Bucket=bucket, Key=f"runs/{run}/report/report.json")["Body"].read())[
        "comparison"
    ]
    assert compared == {"runId": latest["previous"], "newlyFailing": [], "fixed": [], "new": [], "gone": []}

    # The latest report, and the same report by its run ID.
    whole = json.loads(desk.orgpatch("report", "--latest", "--format", "json").stdout)
    written = json.loads(s3.get_object(Bucket=bucket, Key=f"runs/{run}/report/report.json")["Body"].read())
    assert whole == written and len(whole["instances"]) == 4
    assert json.loads(desk.orgpatch("report", run, "--format", "json").stdout) == written
    assert json.loads(desk.orgpatch("report", "--latest", "--plan", "monthly", "--format", "json").stdout) == written
    older = json.loads(desk.orgpatch("report", latest["previous"], "--format", "json").stdout)
    assert older["run"]["id"] == latest["previous"]

    # Every format contains the same instances.
    asked = [
        "report",
        "--latest",
        "--ou",
        "Test",
        "--os",
        "windows",
        "--account",
        ONE,
        "--region",
        REGION,
        "--stages",
        "test",
    ]
    [instance] = json.loads(desk.orgpatch(*asked, "--format", "json").stdout)["instances"]
    assert (instance["accountId"], instance["os"]) == (ONE, "WINDOWS")
    table = desk.orgpatch(*asked)
    assert (table.returncode, table.stderr) == (0, ""), table.stderr
    assert instance["instanceId"] in table.stdout and f"1 of 4 instances: 1 {instance['outcome']}" in table.stdout
    saved = desk.orgpatch(*asked, "--format", "csv", "--output", str(tmp_path / "some.csv"))
    assert (saved.returncode, saved.stdout) == (0, "")
    assert saved.stderr == f"The report is in {tmp_path / 'some.csv'}.\n"
    [line] = csv.DictReader((tmp_path / "some.csv").read_text(encoding="utf-8-sig").splitlines())
    assert (line["instanceId"], line["outcome"]) == (instance["instanceId"], instance["outcome"])
    summary = desk.orgpatch("report", "--latest", "--format", "md").stdout
    assert summary.encode() == s3.get_object(Bucket=bucket, Key=f"runs/{run}/report/summary.md")["Body"].read()
    assert desk.orgpatch("report", "--latest", "--outcome", "failed").stdout.endswith("0 of 4 instances\n")

    # `--open` passes the path of the page to the program that opens pages.
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    opener.chmod(0o755)
    places = {"PATH": f"{opener.parent}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    piped = desk.orgpatch("report", "--latest", "--open", **places)
    assert piped.returncode == 0, piped.stderr
    # In a terminal, `report` opens the page without `--open`.
    status, seen = desk.at_terminal(None, "report", run, **places)
    assert status == 0, seen
    for output in (piped.stdout, seen):
        page = Path(output.strip())
        assert (
            page.parent == tmp_path
            and page.read_bytes() == s3.get_object(Bucket=bucket, Key=f"runs/{run}/report/report.html")["Body"].read()
        )
    deadline = time.monotonic() + 10
    while not (tmp_path / "opened").exists() or (tmp_path / "opened").read_text().strip() != str(page):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (["report", "no-such-run"], {}, 1, "has no report of a run no-such-run"),
        (["report", "--latest", "--plan", "weekly"], {}, 1, "has no report of the plan weekly"),
        (["report"], {}, 2, "the following required arguments were not provided"),
        (["report", "../plans"], {}, 2, "may contain only letters"),
        (["report", "--latest", "--outcome", "broken"], {}, 2, "outcomes are patched, compliant"),
        (["report", "--latest", "--open", "--os", "WINDOWS"], {}, 2, "cannot be used with"),
        (["report", "--latest"], {"ORGPATCH_BUCKET": "another"}, 1, "the bucket cannot be read"),
        (["report", "--latest"], {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 1, "there are no credentials"),
    ],
)
def test_a_report_that_cannot_be_shown_says_what_to_do(
    desk: Desk, arguments: list[str], environment: dict[str, str], code: int, says: str
) -> None:
    ended = desk.orgpatch(*arguments, **environment)
    assert (ended.returncode, ended.stdout) == (code, ""), ended
    assert says in ended.stderr and ("help:" in ended.stderr or code == 2), ended.stderr
