"""Two small servers on loopback: a Runtime API with one event, and an AWS that has no objects and denies every call.

A function runs between them, so that a measurement contains its own work and no network.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

NO_OBJECT = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>not there</Message></Error>'
_DENIED_QUERY = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
)
_DENIED_JSON = b'{"__type": "AccessDeniedException", "message": "no"}'


class QuietHandler(BaseHTTPRequestHandler):
    """Answers at once: waits neither for more data to send nor to acknowledge what it received."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: Any) -> None:
        """Writes no log."""

    def parse_request(self) -> bool:
        """Acknowledges at once, so that the client's next small write does not wait."""
        if hasattr(socket, "TCP_QUICKACK"):
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().parse_request()

    def body(self) -> bytes:
        """Returns the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Sends a response."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def reply_in_pieces(self, pieces: Iterable[bytes]) -> None:
        """Sends a body that is made while it is sent, in chunks."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


class Server:
    """Runs a server in a thread for the time of a `with` block."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        # A short poll interval, because closing waits for the next poll.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Aws(Server):
    """Stands in for AWS: no object exists, every write succeeds, all other calls are denied. Nothing is retried."""

    def __init__(self) -> None:
        class Handler(QuietHandler):
            def do_GET(self) -> None:
                self.reply(404, NO_OBJECT, {"Content-Type": "application/xml"})

            def do_PUT(self) -> None:
                self.body()
                self.reply(200, headers={"ETag": '"0"'})

            def do_POST(self) -> None:
                query = self.body().startswith(b"Action=")
                content = "text/xml" if query else "application/x-amz-json-1.0"
                self.reply(403 if query else 400, _DENIED_QUERY if query else _DENIED_JSON, {"Content-Type": content})

        super().__init__(Handler)


class RuntimeApi(Server):
    """Hands out the event once and holds the answer back until the block ends, so that its sender can be examined."""

    def __init__(self, event: dict[str, Any]) -> None:
        answers: queue.Queue[tuple[float, str, bytes]] = queue.Queue()
        events = [json.dumps(event).encode()]
        over = threading.Event()

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                if not events:
                    over.wait()
                    self.close_connection = True
                    return
                deadline = str(int((time.time() + 60) * 1000))
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": "00000000-0000-4000-8000-000000000000",
                    "Lambda-Runtime-Deadline-Ms": deadline,
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:ap-northeast-1:111111111111:function:bench",
                    "Content-Type": "application/json",
                }
                self.reply(200, events.pop(), headers)

            def do_POST(self) -> None:
                at = time.perf_counter()
                answers.put((at, self.path, self.body()))
                over.wait()
                self.close_connection = True

        super().__init__(Handler)
        self._answers = answers
        self._over = over

    def __exit__(self, *_: object) -> None:
        self._over.set()
        super().__exit__()

    def answer(self, timeout: float) -> tuple[float, str, bytes]:
        """Returns the answer's time (time.perf_counter), path and text; raises queue.Empty if none came in time."""
        return self._answers.get(timeout=timeout)
