"""The server: connections that ask nothing are closed in time, and nothing is believed of forwarded addresses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from service.access.key_file import KeyFile
from service.app import create_app
from service.server import server_config
from service.settings import Settings
from tests import fake_pipeline
from tests.chaos.clients import ask, events_of, submit
from tests.chaos.polling import status
from tests.fake_pipeline import spectrum

IDLE = 1
ENOUGH = 4.0
"""Seconds after which an idle connection must be gone, also on a slow machine."""


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[int]:
    """The port of a service behind the server that `mrsquant serve` starts."""
    chosen = Settings(data_dir=folder, cache_dir=folder, executor="inline:", log_level="error", **settings)
    app = create_app(chosen, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(server_config(app, chosen))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield int(listener.getsockname()[1])
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(tmp_path_factory.mktemp("data"), idle_seconds=IDLE) as port:
        yield port


def test_the_server_believes_no_forwarded_address(tmp_path: Path) -> None:
    """Neither does the server in front of the application: 80 wrong keys of 80 invented clients end in 429."""
    keys = tmp_path / "keys.toml"
    KeyFile(keys).write([])
    with served(tmp_path, api_keys_file=keys) as port:
        statuses = []
        for number in range(80):
            headers = {"Authorization": f"Bearer mrsq_{number:012x}_x", "X-Forwarded-For": f"198.51.100.{number}"}
            statuses.append(status(f"http://127.0.0.1:{port}/v1/analyses", headers))

    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 45
    assert statuses[-1] == 429


def seconds_until_closed(connection: socket.socket, trickle: bytes = b"") -> float:
    """How long the service keeps the connection, while a byte is sent now and then."""
    connection.settimeout(0.2)
    begin = time.monotonic()
    while time.monotonic() - begin < 10:
        try:
            if trickle:
                connection.sendall(trickle)
            if connection.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begin


HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/scores HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
IDLERS = {
    "silent": (b"", b""),
    "half a head": (HEAD, b""),
    "a head that trickles": (HEAD, b"X-A: b\r\n"),
    "silent after an answer": (HEAD + b"\r\n", b""),
    "a second head that trickles": (HEAD + b"\r\n" + HEAD, b"X-A: b\r\n"),
    "half a body": (POST + b"{", b""),
}


@pytest.mark.parametrize(("sent", "trickle"), IDLERS.values(), ids=IDLERS)
def test_idle_connections_are_closed(port: int, sent: bytes, trickle: bytes) -> None:
    """Whether nothing comes, or too little."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)

        assert seconds_until_closed(connection, trickle) < ENOUGH


def test_hundreds_of_silent_connections_go(port: int) -> None:
    """And meanwhile others are answered."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
    try:
        assert ask(f"http://127.0.0.1:{port}", "/healthz") == {"status": "ok"}
        time.sleep(ENOUGH)
        for connection in connections:
            connection.setblocking(False)
            assert connection.recv(1) == b""
    finally:
        for connection in connections:
            connection.close()


def test_connections_waiting_for_an_answer_stay_open(port: int, tmp_path: Path) -> None:
    """A stream of events goes on while nothing happens, and so does a request that waits for its result."""
    url = f"http://127.0.0.1:{port}"
    running = submit(url, "x.json", spectrum("sleep", seconds=3 * IDLE), {})
    states = [event["state"] for event in events_of(url, running["id"]) if event["step"] is None]

    assert states[-1] == "succeeded"


def test_a_slow_upload_is_kept(port: int) -> None:
    """A body that arrives in pieces, each in time, may take longer than the limit in all."""
    body = b'{"region": "ACC"}'
    head = POST.replace(b"1000", str(len(body)).encode())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head)
        for at in range(len(body)):
            connection.sendall(body[at : at + 1])
            time.sleep(0.15 * IDLE)
        connection.settimeout(10)
        assert connection.recv(100).startswith(b"HTTP/1.1 422")
