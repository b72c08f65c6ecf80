"""Each function's binary behind a Runtime API: time from exec to its first answer, memory, and size of its zip."""

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
    """All functions, each with the binary that goes to AWS if it has been built."""
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
            # The limit is one for what is uploaded, and that is the profile `release`.
            Figure(f"{function}: zip", zipped, "MB", 6 if profile == "release" else None, 1, note),
        ]
    return Section(
        f"Functions, started {_REPETITIONS} times: median time, largest memory",
        "python -m bench --only functions",
        figures,
    )


def find_binary(function: str) -> tuple[Path, str]:
    release, local = places.release_binary(function), places.local_binary(function)
    if release.exists():
        return release, "release"
    if local.exists():
        return local, "dev"
    raise BenchError(f"there is no binary of {function}: run `make build`")


def _age(function: str, binary: Path) -> str:
    """`make package` is slow and therefore rare: whoever reads its figures should know when they are of older code."""
    crates = [places.ROOT / "crates" / name for name in (function, "aws", "core")]
    newest = max(source.stat().st_mtime for crate in crates for source in crate.glob("src/**/*.rs"))
    return ", older than the sources" if binary.stat().st_mtime < newest else ""


def _start(function: str, binary: Path, declared: template.Function) -> tuple[float, int | None]:
    """Seconds until its first answer, and its peak memory in bytes by then."""
    with stand_in.Aws() as aws, stand_in.RuntimeApi(_event(function)) as api:
        environment = environment_of(function, declared, aws.address, api.address)
        began = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            at, path, text = api.answer(_ANSWER_SECONDS)
            peak = processes.peak_bytes(process.pid)
        except queue.Empty:
            process.kill()
            raise BenchError(f"{function} does not answer: {_last_words(process)}") from None
        finally:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
    # Denied and not found are answers; a start-up that fails or an event that is not understood is none.
    if path.endswith("/init/error") or b'"InvalidInput"' in text:
        raise BenchError(f"{function} does not start as the template starts it: {text.decode(errors='replace')}")
    return at - began, peak


def _last_words(process: subprocess.Popen[bytes]) -> str:
    return process.communicate()[1].decode(errors="replace")[-500:]


def environment_of(function: str, declared: template.Function, aws: str, api: str) -> dict[str, str]:
    """What Lambda sets, and what the template does; the values name nothing that exists."""
    given = {"RUST_LOG": "info", "MEMBER_ROLE_NAME": "orgpatch-member"}
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
    """A request that the function takes seriously."""
    if function == "list-accounts":
        execution = "arn:aws:states:ap-northeast-1:111111111111:execution:orgpatch-patch-run:bench"
        return {**_RUN, "executionArn": execution, "input": {"operation": "scan", "plan": "monthly"}}
    if function == "gate":
        return {**_RUN, "step": "01-test-1", "question": "enter"}
    if function == "report":
        return dict(_RUN)
    phase = "install" if function == "install" else "scan"
    return {**_RUN, "step": "01-test-1", "phase": phase, "target": _TARGET}


def _zip_bytes(binary: Path) -> int:
    """As `sam package` and `aws cloudformation package` make it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.write(binary, "bootstrap")
    return archive.tell()
