"""A gigabyte, announced or not, and JSON made to swell cost a running service a bounded part of its memory."""

from __future__ import annotations

import json
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from service.web.body_limit import MOST_JSON_PARTS
from tests.chaos.service import Service

GIGABYTE = 10**9
CHUNK = bytes(1 << 20)
MULTIPART = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="metabolite"; filename="a.rda"\r\n\r\n'
LIMITS = Settings.model_fields


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service as a process of its own, with the limits it has by default and stand-ins for the numerics."""
    folder = tmp_path_factory.mktemp("service")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{"MRSQUANT_DATA_DIR": str(folder), "MRSQUANT_CACHE_DIR": str(folder), "MRSQUANT_LOG_LEVEL": "error"},
        **{"MRSQUANT_EXECUTOR": "inline:", "TMPDIR": str(folder)},
    }
    running = Service(port, environment, folder / "log", "tests.measure.load.service", "fake")
    running.start()
    running.wait()
    yield running
    assert running.stop()


def megabytes(service: Service, of: str) -> int:
    """``VmHWM``: the most memory the service ever had in RAM; ``VmRSS``: what it has now (Linux's proc(5))."""
    status = Path(f"/proc/{service.pid}/status").read_text()
    found = re.search(rf"^{of}:\s+(\d+) kB", status, re.M)
    assert found is not None
    return int(found[1]) // 1000


def forget_the_peak(service: Service) -> int:
    """From here on the peak counts anew; answers what is used now."""
    Path(f"/proc/{service.pid}/clear_refs").write_text("5")
    return megabytes(service, "VmRSS")


def post(
    service: Service, path: str, content_type: str, body: Iterator[bytes], length: int | None
) -> tuple[int, Any, int]:
    """Status, document and how many bytes were taken, of a client that sends until it is answered."""
    port = int(service.url.rpartition(":")[2])
    how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{how}\r\n\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(head.encode())
        for part in body:
            if select.select([line], [], [], 0)[0]:
                break
            try:
                line.sendall(part if length is not None else b"%x\r\n%b\r\n" % (len(part), part))
            except ConnectionError:
                break
            sent += len(part)
        else:
            if length is None:
                line.sendall(b"0\r\n\r\n")
        answer = line.makefile("rb")
        status = int(answer.readline().split()[1])
        size = next(int(row.split(b":")[1]) for row in answer if row.lower().startswith(b"content-length:"))
        while answer.readline().strip():
            pass
        return status, json.loads(answer.read(size)), sent


def gigabyte(start: bytes = b"") -> Iterator[bytes]:
    """It, without being held in memory here either."""
    yield start
    for _ in range(GIGABYTE // len(CHUNK)):
        yield CHUNK


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("path", "content_type", "limit"),
    [
        ("/v1/analyses", MULTIPART, "max_upload_bytes"),
        ("/v1/analyses/validate", MULTIPART, "max_upload_bytes"),
        ("/v1/analyses", "application/json", "max_json_bytes"),
        ("/v1/norms", "application/json", "max_json_bytes"),
        ("/sign-in", MULTIPART, "max_upload_bytes"),
    ],
)
def test_a_gigabyte_is_refused(service: Service, path: str, content_type: str, limit: str, announced: bool) -> None:
    """At once when it is announced, else at the limit; the memory does not grow with it."""
    before = forget_the_peak(service)
    body = gigabyte(PART if content_type == MULTIPART else b"[")
    status, problem, sent = post(service, path, content_type, body, GIGABYTE if announced else None)

    assert (status, problem["code"]) == (413, "too-large")
    assert f"MRSQUANT_{limit.upper()}" in problem["detail"]
    assert sent < LIMITS[limit].default + 30_000_000  # what is under way when the answer comes
    assert not announced or sent < 30_000_000
    assert megabytes(service, "VmHWM") - before < 150


def _keys(count: int) -> bytes:
    return b"{" + b",".join(b'"%x":0' % number for number in range(count)) + b"}"


def _arrays(samples: bytes) -> bytes:
    return b'{"dwell_time":0.0005,"spectrometer_frequency":1e8,"echo_time":0.03,"fid_imag":[0],"fid_real":[' + samples


FULL = LIMITS["max_json_bytes"].default - 1000
SWELLING = {
    "100 MB of numbers": (_arrays(b"1e9," * 25_000_000 + b"0]}"), 413),
    "numbers": (_arrays(b"1e9," * (FULL // 4) + b"0]}"), 422),
    "long numbers": (_arrays(b"-1.2345678901234567," * (FULL // 20) + b"0]}"), 422),
    "unknown fields": (_keys(MOST_JSON_PARTS - 10), 422),
    "lists": (_arrays(b"[0]," * (MOST_JSON_PARTS - 100) + b"0]}"), 422),
    "texts": (_arrays(b'"",' * (MOST_JSON_PARTS - 100) + b"0]}"), 422),
    "more fields": (_keys(FULL // 10), 413),
    "more lists": (_arrays(b"[0]," * (FULL // 4) + b"0]}"), 413),
    "depth": (b"[" * (MOST_JSON_PARTS - 10), 400),
}


@pytest.mark.parametrize(
    ("kind", "path"), [*((kind, "/v1/analyses") for kind in SWELLING), ("numbers", "/v1/norms"), ("lists", "/v1/norms")]
)
def test_json_that_swells(service: Service, kind: str, path: str) -> None:
    """A text that becomes a hundred times larger when it is parsed is refused before; less than 1 GB in all."""
    content, status = SWELLING[kind]
    before = forget_the_peak(service)
    pieces = (content[at : at + len(CHUNK)] for at in range(0, len(content), len(CHUNK)))
    got, problem, _ = post(service, path, "application/json", pieces, len(content))

    assert got == status or (got == 422 and status == 400)
    assert len(problem["errors"]) <= 100
    assert megabytes(service, "VmHWM") < 1000, f"{before} MB before"
