"""Connections to a PostgreSQL that may be unavailable: all waits are bounded, and one thread at a time reconnects.

Without this a server that vanished without a word (a cut cable, a frozen machine) holds each thread that asked it
for ever, and one that comes back meets every thread at its door at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event

CONNECT_SECONDS = 5
"""Timeout of connecting."""
READ_TIMEOUT_SECONDS = 10.0
"""Longest silence of the server during a query; waiting for a lock counts."""
POOL_SECONDS = 5.0
"""Timeout of a request for a pooled connection."""
RETRY_SECONDS = 1.0
"""Pause between two attempts to connect while the server is unavailable; requests meanwhile are refused at once."""

_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": int(READ_TIMEOUT_SECONDS * 1000),
}
"""Parameters of libpq; those that the database's URL sets itself are left alone."""


def open_engine(url: URL) -> Engine:
    """An engine whose connections give up in time."""
    arguments = {name: value for name, value in _NETWORK.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=POOL_SECONDS, connect_args=arguments)
    door = _Door()

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, positional: tuple[Any, ...], named: Mapping[str, Any]) -> object:
        return door.connect(positional, named)

    return engine


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server does not answer for too long."""

    read_timeout: float | None = READ_TIMEOUT_SECONDS

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **options: Any) -> Any:
        return super().wait(self._watched(gen), *arguments, **options)

    def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        last_answer = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # nothing is ready when the driver only wakes from its wait
                if ready:
                    last_answer = time.monotonic()
                elif self.read_timeout is not None and time.monotonic() - last_answer > self.read_timeout:
                    self.close()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


class _Door:
    """Connects, and once that failed lets one at a time try again, after a pause."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def connect(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> ImpatientConnection:
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                raise psycopg.OperationalError("the server was away a moment ago")
            if self._closed_until:  # this one tries; the others wait for its result
                self._closed_until = now + CONNECT_SECONDS + RETRY_SECONDS
        try:
            connection = ImpatientConnection.connect(*positional, **named)
        except BaseException:
            self._closed_until = time.monotonic() + RETRY_SECONDS
            raise
        self._closed_until = 0.0
        return connection
