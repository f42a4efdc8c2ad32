"""The HTTP server: uvicorn, without its trust in this machine's proxies, and with a time limit for idle connections."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.settings import Settings

STOP_SECONDS = 20
"""Grace period of open requests after SIGTERM, seconds."""


def server_config(app: FastAPI, settings: Settings, *, host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=IdleLimit,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # `service.web.trusted_proxies` does it, for the proxies that the settings name
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class IdleLimit(H11Protocol):
    """A connection that is closed when its client keeps it without asking anything.

    uvicorn waits without end for a first request, for the rest of a request's head and for a body. Here a head has
    ``timeout_keep_alive`` seconds from the connection's beginning or the answer before it, however it trickles in,
    and a body may pause as long. While a request is answered, as a stream of events or after a long wait, there is no
    limit; nor while the service itself does not read on.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._last_answer = self._last_data = self.loop.time()
        self._timer: asyncio.TimerHandle = self.loop.call_later(self.timeout_keep_alive, self._close_when_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._last_data = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._last_answer = self.loop.time()
        super().on_response_complete()

    def _close_when_idle(self) -> None:
        now = self.loop.time()
        ends = self._idle_since(now) + self.timeout_keep_alive
        if ends > now:
            self._timer = self.loop.call_at(ends, self._close_when_idle)
        else:
            self.transport.close()

    def _idle_since(self, now: float) -> float:
        """Since when the client has kept the service waiting; ``now`` when it does not."""
        if self.cycle is None or self.cycle.response_complete:
            return self._last_answer
        return self._last_data if self.cycle.more_body and not self.flow.read_paused else now
