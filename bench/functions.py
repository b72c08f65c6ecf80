"""Measures each function's binary behind a Runtime API: time from exec to its first answer, memory, size of its zip."""

from __future__ import annotations

import io
import queue
import statistics
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

from . import places, processes, stand_in, template
from .figure import BenchError, Figure, Section

_REPETITIONS = 11
_ANSWER_SECONDS = 30
_NOW = "2026-11-10T00:00:00Z"
_DEADLINE = "2026-11-10T21:50:00Z"
_RUN = {"runId": "bench", "now": _NOW}
_TARGET = {
    "accountId": "222200000001",
    "accountName": "shop-test",
    "accountState": "ACTIVE",
    "ouPath": "Test",
    "region": "ap-northeast-1",
    "stage": "test",
    "wave": 1,
}


def measure() -> Section:
    """Measures all functions, each with the binary that goes to AWS if that has been built."""
    figures = []
    for function, declared in template.functions().items():
        binary, profile = find_binary(function)
        starts = [_start(function, binary, declared) for _ in range(_REPETITIONS)]
        peaks = [peak for _, peak in starts if peak is not None]
        zipped = _zip_bytes(binary) / 1e6
        note = f"profile {profile}{_age(function, binary)}"
        figures += [
            Figure(
                f"{function}: exec → first answer", 1000 * statistics.median(t for t, _ in starts), "ms", None, 0, note
            ),
            Figure(f"{function}: peak memory", max(peaks) / 1e6 if peaks else None, "MB", 30, 1, note),
            # The limit is for what goes to AWS, which is built with the profile `release`.
            Figure(f"{function}: zip", zipped, "MB", 6 if profile == "release" else None, 1, note),
        ]
    return Section(
        f"Functions, started {_REPETITIONS} times: median time, largest memory",
        "python -m bench --only functions",
        figures,
    )


def find_binary(function: str) -> tuple[Path, str]:
    """Returns the binary of a function and the profile that it was built with: `release` if there is one."""
    release, local = places.release_binary(function), places.local_binary(function)
    if release.exists():
        return release, "release"
    if local.exists():
        return local, "dev"
    raise BenchError(f"{function} has no binary: run `make build`")


def _age(function: str, binary: Path) -> str:
    """Returns a note if the binary is older than its sources. A release build is slow, so its binaries often are."""
    crates = [places.ROOT / "crates" / name for name in (function, "aws", "engine", "model", "records")]
    newest = max(source.stat().st_mtime for crate in crates for source in crate.glob("src/**/*.rs"))
    return ", older than the sources" if binary.stat().st_mtime < newest else ""


def _start(function: str, binary: Path, declared: template.Function) -> tuple[float, int | None]:
    """Starts the function; returns the seconds until its first answer, and its peak memory in bytes until then."""
    with stand_in.Aws() as aws, stand_in.RuntimeApi(_event(function)) as api:
        environment = environment_of(function, declared, aws.address, api.address)
        began = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            at, path, text = api.answer(_ANSWER_SECONDS)
            peak = processes.peak_bytes(process.pid)
        except queue.Empty:
            process.kill()
            log = process.communicate()[1].decode(errors="replace")[-500:]
            raise BenchError(f"{function} did not answer within {_ANSWER_SECONDS} s: {log}") from None
        finally:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
    # "Access denied" and "not found" count as answers. A failed start-up and an event that is not understood do not.
    if path.endswith("/init/error") or b'"InvalidInput"' in text:
        raise BenchError(
            f"{function} does not start with the environment of template.yaml: {text.decode(errors='replace')}"
        )
    return at - began, peak


def environment_of(function: str, declared: template.Function, aws: str, api: str) -> dict[str, str]:
    """Returns the environment that Lambda and the template set. The values name nothing that exists."""
    given = {
        "RUST_LOG": "info",
        "MEMBER_ROLE_NAME": "orgpatch-member",
        "MEMBER_ROLE_PATH": "/",
        "EVIDENCE_RETENTION_DAYS": "0",
    }
    return {
        "PATH": "/usr/bin:/bin",
        "AWS_LAMBDA_FUNCTION_NAME": f"orgpatch-{function}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(declared.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/orgpatch-{function}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": "ap-northeast-1",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "bench",
        "AWS_ENDPOINT_URL": f"http://{aws}",
        **{name: given.get(name, "bench-bench-bench") for name in declared.environment},
    }


def _event(function: str) -> dict[str, Any]:
    """Returns a request that the function accepts as valid."""
    if function == "list-accounts":
        execution = "arn:aws:states:ap-northeast-1:111111111111:execution:orgpatch-patch-run:bench"
        given = {"operation": "scan", "plan": "monthly"}
        machine = execution.rpartition(":")[0].replace(":execution:", ":stateMachine:")
        return {
            **_RUN,
            "executionArn": execution,
            "stateMachineArn": machine,
            "startedAt": _NOW,
            "input": given,
            "lambdaConcurrency": 1_000,
        }
    hashes = {"settings": "0" * 64}
    if function == "gate":
        return {**_RUN, "step": "01-test-1", "question": "enter", "hashes": hashes}
    if function == "report":
        return dict(_RUN)
    phase = "install" if function == "install" else "scan"
    request = {**_RUN, "step": "01-test-1", "phase": phase, "deadline": _DEADLINE, "hashes": hashes, "target": _TARGET}
    # The first function of a target knows no pass and no look.
    return request if function == "assume-role" else {**request, "pass": 1, "look": 1}


def _zip_bytes(binary: Path) -> int:
    """Returns the size of the zip that `sam package` and `aws cloudformation package` make."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.write(binary, "bootstrap")
    return archive.tell()
