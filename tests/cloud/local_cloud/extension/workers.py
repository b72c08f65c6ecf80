"""Gives each Lambda worker its own credentials, removes 90 ms of idle waiting per call, and keeps every log line.

* Credentials: natively all environments of a function share one session, so a call does not show which of them made it.
  Here, as on AWS, each environment has its own. `kill_caller` depends on it.
* Condition key: a call with these credentials has `lambda:SourceFunctionArn`, the ARN of the function without a
  version, as on AWS. A call in a session that was assumed with them has not.
* Speed: natively Nagle's algorithm and delayed ACKs on the Runtime API socket cost 40 ms per call, and ministack waits
  50 ms for the log of a function that logs nothing.

Patches `lambda_svc.execution_credentials`, `lambda_runtime.execution_credentials`, `Worker._spawn`,
`ProvidedWorker._spawn`, `._build_handler_class`, `._pump_output`, `Worker._drain_stderr_bounded` and
`iam_evaluator.enforce`.
"""

from __future__ import annotations

import hashlib
import os
import queue
import secrets
import socket
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import lambda_svc, sts

from .clock import CLOCK
from .evidence import LOGS

_spawning: ContextVar[Any] = ContextVar("spawning_worker", default=None)
_worker_of_key: dict[str, Any] = {}
_function_of_key: dict[str, str] = {}


def caller(access_key: str | None) -> Any:
    """Returns the Lambda worker whose session, or a session assumed from it, signed the call, or None."""
    for _ in range(5):  # A chain of roles is never longer, and a cycle must not hang a request.
        if not access_key or access_key in _worker_of_key:
            break
        access_key = (sts._sessions.get(access_key) or {}).get("SourceAccessKeyId")
    return _worker_of_key.get(access_key or "")


def kill_caller(access_key: str | None) -> bool:
    """Kills the process of the calling worker at once, as a crash or a lost sandbox does. Returns False without one."""
    worker = caller(access_key)
    process = getattr(worker, "_proc", None)
    if process is None:
        return False
    end(process)
    return True


def end(process: Any) -> None:
    """Kills a process and waits for its end: otherwise the next invocation could go to the dying process."""
    process.kill()
    process.wait(timeout=5)


def install() -> None:
    """Replaces the names."""
    native_credentials = lambda_runtime.execution_credentials
    native_enforce = iam_evaluator.enforce

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        worker = _spawning.get()
        if worker is None:
            return native_credentials(config)
        account, region = lambda_runtime._account_region_from_function_config(config)
        role = config.get("Role", "").rsplit("/", 1)[-1]
        session = config.get("FunctionName", "lambda")[:64]
        access_key = "ASIA" + secrets.token_hex(8).upper()
        secret, token = secrets.token_urlsafe(30), hashlib.sha256(os.urandom(32)).hexdigest()
        _worker_of_key[access_key] = worker
        _function_of_key[access_key] = f"arn:aws:lambda:{region}:{account}:function:{config.get('FunctionName', '')}"
        sts.register_session(
            access_key,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
                "UserId": f"{role}:{session}",
                "SecretAccessKey": secret,
                "SessionToken": token,
                "AccountId": account,
            },
        )
        return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        if function := _function_of_key.get(access_key_id or ""):
            service_context = {**(service_context or {}), "lambda:SourceFunctionArn": function}
        return native_enforce(
            access_key_id, iam_action, service, region, resource_arn=resource_arn, service_context=service_context
        )

    iam_evaluator.enforce = enforce
    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials
    for kind in (lambda_runtime.Worker, lambda_runtime.ProvidedWorker):
        kind._spawn = _spawn_as_self(kind._spawn)
    lambda_runtime.ProvidedWorker._build_handler_class = _without_delays(
        lambda_runtime.ProvidedWorker._build_handler_class
    )
    lambda_runtime.ProvidedWorker._pump_output = _pump_output
    # Seconds to wait for the first line, between lines, and in total. The line of a call arrives before its answer.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.008, 0.003, 0.25)


def _spawn_as_self(native: Any) -> Any:
    def spawn(self: Any, *args: Any, **kwargs: Any) -> Any:
        token = _spawning.set(self)
        try:
            return native(self, *args, **kwargs)
        finally:
            _spawning.reset(token)

    return spawn


def _without_delays(native: Any) -> Any:
    def build_handler_class(self: Any, *args: Any, **kwargs: Any) -> Any:
        class Handler(native(self, *args, **kwargs)):  # type: ignore[misc]
            """The Runtime API without delays."""

            disable_nagle_algorithm = True

            def parse_request(self) -> bool:
                """Acknowledges at once, so that the runtime's next small write does not wait."""
                parsed = super().parse_request()
                if hasattr(socket, "TCP_QUICKACK"):
                    self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                return parsed

        return Handler

    return build_handler_class


def _pump_output(self: Any, stream: Any, log_queue: queue.Queue[str]) -> None:
    """Reads the bootstrap's output until its end, and keeps a copy of each line as evidence."""
    try:
        for raw in iter(stream.readline, b""):
            line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
            LOGS.write(at=CLOCK.now_iso(), function=self.func_name, line=line)
            while True:
                try:
                    log_queue.put_nowait(line)
                    break
                except queue.Full:
                    # Drop the oldest line: blocking here would stall the pipe that this thread reads.
                    log_queue.get_nowait()
    except (OSError, ValueError, queue.Empty):
        pass  # The pipe closes when the environment ends.
    finally:
        stream.close()
