"""Holds each Lambda worker to its MemorySize and to the largest answer, as Lambda does.

* Memory: natively a worker may take all memory of the computer. Here the high-water mark of its resident memory counts:
  a worker beyond its function's MemorySize is killed, and the invocation ends as Runtime.ExitError. It is read at every
  answer, so that the result does not depend on the moment of a look, and while a worker runs, so that the computer is
  safe.
* Answer: one of more than 6 MB becomes Function.ResponseSizeTooLarge ("Lambda quotas": synchronous responses).

Patches `ProvidedWorker._record_result` and `._spawn`. Must come after `workers`. Only Linux tells the high-water mark;
elsewhere memory is not limited.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from .clock import CLOCK
from .evidence import MEMORY
from .workers import end

_LOOK_SECONDS = 0.2
_MIB = 1024 * 1024
# The words and the number are Lambda's.
_LARGEST_ANSWER_BYTES = 6_291_556
_TOO_LARGE = {
    "errorType": "Function.ResponseSizeTooLarge",
    "errorMessage": f"Response payload size exceeded maximum allowed payload size ({_LARGEST_ANSWER_BYTES} bytes).",
}


def peak_mib(pid: int) -> float:
    """Returns the most resident memory that a process has had, in MiB; 0 if it has ended or cannot be asked."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    kib = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
    return int(kib) / 1024


def install() -> None:
    """Wraps the names."""
    kind = lambda_runtime.ProvidedWorker
    native_record, native_spawn = kind._record_result, kind._spawn

    def record_result(self: Any, generation: int, request_id: str, outcome: str, payload: Any) -> bool:
        if generation == self._generation and _is_over(self):
            # The invocation finds that the process has ended.
            return False
        if outcome == "response" and len(json.dumps(payload)) > _LARGEST_ANSWER_BYTES:
            outcome, payload = "error", _TOO_LARGE
        return bool(native_record(self, generation, request_id, outcome, payload))

    def spawn(self: Any, *arguments: Any, **named: Any) -> None:
        # The process is a new one.
        self._peak_mib = 0.0
        native_spawn(self, *arguments, **named)
        threading.Thread(target=_watch, args=(self, self._proc), daemon=True, name=f"memory-{self.func_name}").start()

    kind._record_result = record_result
    kind._spawn = spawn


def _watch(worker: Any, process: Any) -> None:
    # A worker that is replaced has another process. `Popen.wait` would look twenty times a second, for many workers.
    while process.poll() is None and worker._proc is process and not _is_over(worker):
        time.sleep(_LOOK_SECONDS)


def _is_over(worker: Any) -> bool:
    """Returns whether a worker has had more memory than its function may have. If so, its process is killed."""
    process, limit = worker._proc, int(worker.config.get("MemorySize", 128))
    if process is None or process.poll() is not None:
        return False
    peak = peak_mib(process.pid)
    if peak > worker._peak_mib:
        worker._peak_mib = peak
        MEMORY.write(
            at=CLOCK.now_iso(), function=worker.func_name, pid=process.pid, peakMiB=round(peak, 1), limitMiB=limit
        )
    if peak <= limit:
        return False
    end(process)
    return True
