"""A session of the local cloud from start to stop: the commands `run` and `up`. `series` uses it, too."""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from . import analyst, deployment, options, paths, results, summary
from .cloud import Cloud
from .deployment import Aws, Deployment
from .errors import DriverError
from .progress import Progress, reporter
from .simulator import Simulator

T = TypeVar("T")

_POLL_SECONDS = 0.05
_AROUND_SECONDS = 180


@dataclass
class Session:
    """The running servers, the deployed stack and the operator's identity."""

    simulator: Simulator
    cloud: Cloud
    deployed: Deployment
    operator: Aws
    # "stepping" or "running".
    clock: str

    def start_clock(self) -> None:
        """Starts the simulated time, once everything is deployed."""
        if self.clock == "stepping":
            self.cloud.start_clock()
        else:
            self.simulator.start_clock()

    def await_closings(self, timeout: float) -> None:
        """Waits until no execution runs: one that did not succeed is looked at once more, and perhaps closed."""
        states = deployment.administrator(self.cloud).client("stepfunctions")

        def none_runs() -> bool | None:
            running = states.list_executions(stateMachineArn=self.deployed.state_machine, statusFilter="RUNNING")
            return None if running["executions"] else True

        self.poll(none_runs, timeout, "an execution did not end")

    def poll(self, ask: Callable[[], T | None], timeout: float, otherwise: str) -> T:
        """Asks until the answer is not None; raises an error if there is none in time."""
        deadline = time.monotonic() + timeout
        while (answer := ask()) is None:
            check_alive(self)
            if time.monotonic() > deadline:
                clock = json.dumps(self.cloud.clock())
                raise DriverError(f"{otherwise} within {timeout:g} s of real time (--timeout)\nclock: {clock}")
            time.sleep(_POLL_SECONDS)
        return answer

    def ground_truth(self) -> bytes:
        """Returns what has really happened to each instance until now, as JSON."""
        if self.clock == "stepping":
            self.simulator.tell(self.cloud.clock()["nowMilliseconds"])
        return self.simulator.ground_truth()


@contextmanager
def opened(chosen: argparse.Namespace, evidence: Path | None) -> Iterator[Session]:
    """Starts the servers and deploys the system; stops the servers at the end of the block, however it ends."""
    paths.SESSIONS.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="local-cloud-", dir=paths.SESSIONS)).resolve()
    simulator: Simulator | None = None
    cloud: Cloud | None = None
    try:
        template = deployment.template(chosen.template)
        simulator = Simulator(chosen.scenario.resolve(), directory)
        simulator.wait()
        organization = simulator.organization()
        account = organization["managementAccountId"]
        cloud = Cloud(simulator.address, account, chosen.region, directory, evidence, clock=chosen.clock)
        cloud.start()
        deployed = deployment.deploy(cloud, template, organization, options.template_parameters(chosen))
        yield Session(simulator, cloud, deployed, deployment.operator(cloud, deployed), chosen.clock)
    finally:
        # This always runs to its end: cli ignores a second signal.
        if cloud is not None:
            cloud.stop()
        if simulator is not None:
            simulator.child.stop()
        if evidence is not None:
            results.keep_evidence(directory, evidence)
        shutil.rmtree(directory, ignore_errors=True)


def run(chosen: argparse.Namespace) -> int:
    """Deploys, runs, collects the results and prints the summary; returns the exit code."""
    # A limit for all of it, in addition to the run's own, so that not even a deployment can hang a test.
    signal.alarm(int(chosen.timeout) + _AROUND_SECONDS)
    out = results.prepare(chosen.out)
    given = options.execution_input(chosen)
    started = time.monotonic()
    progress = reporter(chosen.quiet)
    progress.say("Starting the simulator and the local cloud, deploying orgpatch …")
    with opened(chosen, out if chosen.evidence else None) as session:
        progress.say(f"Deployed after {time.monotonic() - started:.1f} s. Starting the {chosen.operation} run …")
        name = chosen.name or f"{chosen.operation}-{secrets.token_hex(4)}"
        execution = _execute(session, chosen, name, given, progress)
        session.await_closings(chosen.timeout)
        execution["wallSeconds"] = round(time.monotonic() - started, 1)
        results.fetch(session, out, name, execution, chosen.evidence)
        if chosen.evidence:
            analyst.keep_answers(session, out)
    return summary.show(out, execution)


def _execute(
    session: Session, chosen: argparse.Namespace, name: str, given: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    s3, states = session.operator.client("s3"), session.operator.client("stepfunctions")
    bucket = session.deployed.bucket
    s3.put_object(Bucket=bucket, Key=f"plans/{options.plan_name(chosen.plan)}.yaml", Body=chosen.plan.read_bytes())
    session.start_clock()
    begun = time.monotonic()
    arn = states.start_execution(stateMachineArn=session.deployed.state_machine, name=name, input=json.dumps(given))[
        "executionArn"
    ]
    stopped_by_us, clock = False, {}
    with progress.watching(s3, bucket, name):
        while True:
            execution = states.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                break
            check_alive(session)
            if time.monotonic() - begun > chosen.timeout:
                clock = session.cloud.clock()
                states.stop_execution(executionArn=arn, error="DriverTimeout", cause=f"more than {chosen.timeout} s")
                stopped_by_us = True
                continue
            progress.update()
            time.sleep(_POLL_SECONDS)
    if stopped_by_us:
        print(f"error: the run was stopped after {chosen.timeout:g} s of real time (--timeout)", file=sys.stderr)
        print(f"clock: {json.dumps(clock)}", file=sys.stderr)
    return results.execution_document(execution)


def check_alive(session: Session) -> None:
    """Raises an error if a server has ended, because the run then never ends."""
    for child in (session.simulator.child, session.cloud.child):
        if child is not None and child.has_ended():
            raise DriverError(f"{child.name} ended during the run:\n{child.log_tail()}")


def up(chosen: argparse.Namespace) -> int:
    """Deploys the system and keeps it running until a signal."""
    print("Starting the simulator and the local cloud, deploying orgpatch …", flush=True)
    with opened(chosen, None) as session:
        session.start_clock()
        cloud = session.cloud
        print(f"export AWS_ENDPOINT_URL={cloud.endpoint} AWS_DEFAULT_REGION={cloud.region}")
        print(f"export AWS_ACCESS_KEY_ID={cloud.account} AWS_SECRET_ACCESS_KEY=test")
        deployed = session.deployed
        print(f"export ORGPATCH_STATE_MACHINE={deployed.state_machine} ORGPATCH_BUCKET={deployed.bucket}")
        for key, value in sorted(session.deployed.outputs.items()):
            print(f"# {key}: {value}")
        print(f"# What really happened to the instances: http://{session.simulator.address}/_sim/truth", flush=True)
        print("# Press Ctrl-C to stop.", flush=True)
        while True:
            check_alive(session)
            time.sleep(1)
