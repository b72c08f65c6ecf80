"""Lets a handler close the caller's connection instead of answering, as if the response were lost.

Patches `hypercorn…TCPServer.run` (to know the socket of each client) and `app.app` (to discard the answer).
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

from hypercorn.asyncio.tcp_server import TCPServer
from ministack import app

_writers: dict[tuple[str, int], asyncio.StreamWriter] = {}


class Exchange:
    """An HTTP exchange whose response a handler may drop."""

    def __init__(self) -> None:
        self.dropped = False


_exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def drop() -> None:
    """Closes the connection of the current request instead of answering it."""
    exchange = _exchange.get()
    if exchange is not None:
        exchange.dropped = True


def leave() -> None:
    """Forgets the HTTP exchange, for threads that outlive the request that started them."""
    _exchange.set(None)


def install() -> None:
    """Wraps the server and the application."""
    native_run, native_app = TCPServer.run, app.app

    async def run(self: TCPServer) -> None:
        peer = tuple(self.writer.get_extra_info("peername")[:2])
        _writers[peer] = self.writer
        try:
            await native_run(self)
        finally:
            _writers.pop(peer, None)

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await native_app(scope, receive, send)
            return
        exchange = Exchange()
        token = _exchange.set(exchange)

        async def send_unless_dropped(message: dict[str, Any]) -> None:
            if not exchange.dropped:
                await send(message)

        try:
            await native_app(scope, receive, send_unless_dropped)
        finally:
            _exchange.reset(token)
        if exchange.dropped:
            writer = _writers.get(tuple(scope["client"]))
            if writer is not None:
                writer.transport.abort()

    TCPServer.run = run  # type: ignore[method-assign]
    app.app = serve
