"""The client of ``mrsquant submit``: what it sends, how it waits, what its failures become."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fitting.io import SourceFile
from service.cli.client import BUSY_TRIES, LONGEST_PAUSE, ServiceClient
from service.cli.failures import CommandFailure, ExitCode

Handler = Callable[[httpx2.Request], httpx2.Response]
SPECTRUM = (SourceFile("scan.sdat", b"samples"), SourceFile("scan.spar", b"header"))


def client(handler: Handler) -> tuple[ServiceClient, list[float]]:
    pauses: list[float] = []
    return ServiceClient("http://mrs.local/base", transport=httpx2.MockTransport(handler), pause=pauses.append), pauses


def answers(*responses: httpx2.Response) -> Handler:
    left = list(responses)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def problem(status: int, code: str) -> httpx2.Response:
    return httpx2.Response(status, json={"status": status, "code": code, "detail": "Send it again."})


def test_the_upload_is_the_documented_multipart_message() -> None:
    """Companions go under the same part name, the request as JSON, with a key that makes repeating safe."""
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(202, headers={"Location": "/base/v1/analyses/7"}, json={"id": "7"})

    with client(handler)[0] as service:
        address = service.submit(
            {"metabolite": SPECTRUM, "water_reference": (SourceFile("w.rda", b"water"),)}, {"region": "ACC"}
        )

    body = seen[0].content
    assert address == "http://mrs.local/base/v1/analyses/7"
    assert str(seen[0].url) == "http://mrs.local/base/v1/analyses"
    assert body.count(b'name="metabolite"; filename="scan.s') == 2
    assert b'name="water_reference"; filename="w.rda"' in body
    assert json.dumps({"region": "ACC"}).encode() in body
    assert seen[0].headers["Idempotency-Key"]


def test_waiting_asks_as_seldom_as_the_service_wants() -> None:
    """Polling keeps to ``Retry-After``, within sensible bounds."""
    service, pauses = client(
        answers(
            httpx2.Response(200, headers={"Retry-After": "2"}, json={"state": "queued"}),
            httpx2.Response(200, headers={"Retry-After": "9999"}, json={"state": "running"}),
            httpx2.Response(200, json={"state": "running"}),
            httpx2.Response(200, json={"state": "succeeded"}),
        )
    )

    assert service.wait("v1/analyses/7") == {"state": "succeeded"}
    assert pauses == [2.0, LONGEST_PAUSE, 1.0]


def test_a_busy_service_is_asked_again() -> None:
    """503 and 429 are not failures while the queue empties."""
    busy = httpx2.Response(503, headers={"Retry-After": "3"}, json={"status": 503, "code": "queue-full"})
    service, pauses = client(answers(busy, problem(429, "slow-down"), httpx2.Response(202, json={"id": "7"})))

    assert service.submit({"metabolite": SPECTRUM}, {}) == "http://mrs.local/base/v1/analyses/7"
    assert pauses == [3.0, 1.0]


@pytest.mark.parametrize(
    ("response", "exit_code", "code"),
    [
        (problem(400, "implausible-parameter"), ExitCode.REFUSED, "implausible-parameter"),
        (problem(415, "unknown-format"), ExitCode.REFUSED, "unknown-format"),
        (problem(422, "invalid-request"), ExitCode.REFUSED, "invalid-request"),
        (problem(500, "internal-error"), ExitCode.SERVER, "internal-error"),
        (problem(503, "queue-full"), ExitCode.SERVER, "queue-full"),
        (httpx2.Response(502, text="<html>bad gateway"), ExitCode.SERVER, "server-failed"),
        (httpx2.Response(404, text="not here"), ExitCode.SERVER, "server-failed"),
        (httpx2.Response(200, text="<html>some portal"), ExitCode.SERVER, "server-failed"),
        (httpx2.Response(200, json=["no", "object"]), ExitCode.SERVER, "server-failed"),
    ],
)
def test_refusals_and_failures_have_different_exit_codes(
    response: httpx2.Response, exit_code: ExitCode, code: str
) -> None:
    """4xx with a problem document is the input's fault; everything else is the server's."""
    service, pauses = client(answers(response))
    with pytest.raises(CommandFailure) as caught:
        service.submit({"metabolite": SPECTRUM}, {})

    assert (caught.value.exit_code, caught.value.code) == (exit_code, code)
    assert len(pauses) == (BUSY_TRIES - 1 if response.status_code == 503 else 0)


def test_no_answer_is_a_server_failure() -> None:
    """A connection that breaks is exit code 4 with the address, not a traceback."""

    def handler(request: httpx2.Request) -> Any:
        raise httpx2.ReadTimeout("timed out", request=request)

    with pytest.raises(CommandFailure) as caught:
        client(handler)[0].wait("v1/analyses/7")

    assert caught.value.exit_code == ExitCode.SERVER
    assert "http://mrs.local/base/" in caught.value.line
