"""Sends plain HTTP requests to the two local servers."""

from __future__ import annotations

import http.client
import json
from typing import Any


def request(address: str, path: str, method: str = "GET", timeout: float = 30.0, body: bytes = b"") -> bytes:
    """Returns the body of the response. A status of 300 or more is an OSError, like a server that is not there."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        length = {"content-length": str(len(body))} if method == "POST" else {}
        connection.request(method, path, body, length)
        response = connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise OSError(f"{address}{path} answered {response.status}: {answer[:200]!r}")
        return answer
    finally:
        connection.close()


def get_json(address: str, path: str) -> Any:
    """Returns a JSON document."""
    return json.loads(request(address, path))
