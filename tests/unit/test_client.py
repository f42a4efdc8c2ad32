"""The clients of a service: what they send, how they wait, what failures become. Both are held to the same tests."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.cli.client import calling
from service.cli.exit_codes import CommandFailure, ExitCode
from service.client import (
    BUSY_TRIES,
    LONGEST_PAUSE,
    AsyncClient,
    Client,
    ClientError,
    File,
    Refused,
    ServiceFailed,
    Unreachable,
)

Handler = Callable[[httpx2.Request], httpx2.Response]
Run = Callable[..., Any]
BASE = "http://mrs.local/base"
SPECTRUM: Mapping[str, list[File]] = {"metabolite": [("scan.sdat", b"samples"), ("scan.spar", b"header")]}


def _blocking(handler: Handler, pauses: list[float], method: str, *arguments: Any, **named: Any) -> Any:
    with Client(BASE, transport=httpx2.MockTransport(handler), pause=pauses.append) as client:
        return getattr(client, method)(*arguments, **named)


def _asynchronous(handler: Handler, pauses: list[float], method: str, *arguments: Any, **named: Any) -> Any:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def run() -> Any:
        async with AsyncClient(BASE, transport=httpx2.MockTransport(handler), pause=pause) as client:
            return await getattr(client, method)(*arguments, **named)

    return asyncio.run(run())


@pytest.fixture(params=[_blocking, _asynchronous], ids=["blocking", "asynchronous"])
def run(request: pytest.FixtureRequest) -> Any:
    """Calls one method of a client whose service is a handler."""
    return request.param


def answers(*responses: httpx2.Response) -> Handler:
    left = list(responses)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def problem(status: int, code: str) -> httpx2.Response:
    return httpx2.Response(status, json={"status": status, "code": code, "detail": "Send it again."})


def recorder(seen: list[httpx2.Request], response: httpx2.Response) -> Handler:
    def handler(request: httpx2.Request) -> httpx2.Response:
        request.read()
        seen.append(request)
        return response

    return handler


def test_both_clients_have_the_same_methods() -> None:
    """A method of one client is a method of the other."""

    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(Client) == public(AsyncClient)


def test_upload_is_the_documented_multipart_message(run: Run, tmp_path: Path) -> None:
    """Files of one part share its name, the request is JSON, and a key makes repeating safe."""
    seen: list[httpx2.Request] = []
    accepted = httpx2.Response(202, headers={"Location": "/base/v1/analyses/7"}, json={"id": "7"})
    water = tmp_path / "w.rda"
    water.write_bytes(b"water")
    sent = {**SPECTRUM, "water_reference": [water]}

    assert run(recorder(seen, accepted), [], "submit", sent, {"region": "ACC"}) == f"{BASE}/v1/analyses/7"
    body = seen[0].content
    assert str(seen[0].url) == f"{BASE}/v1/analyses"
    assert body.count(b'name="metabolite"; filename="scan.s') == 2
    assert b'name="water_reference"; filename="w.rda"' in body
    assert json.dumps({"region": "ACC"}).encode() in body
    assert seen[0].headers["Idempotency-Key"]


def test_an_id_and_an_address_name_the_same_analysis(run: Run) -> None:
    """What ``submit`` returned and the bare id lead to the same call."""
    for analysis in ("7", "v1/analyses/7", f"{BASE}/v1/analyses/7"):
        seen: list[httpx2.Request] = []
        run(recorder(seen, httpx2.Response(200, content=b"%PDF")), [], "report", analysis, "pdf")
        assert str(seen[0].url) == f"{BASE}/v1/analyses/7/report?format=pdf"


def test_polling_keeps_to_retry_after(run: Run) -> None:
    """Polling keeps to ``Retry-After``, within sensible bounds."""
    handler = answers(
        httpx2.Response(200, headers={"Retry-After": "2"}, json={"state": "queued"}),
        httpx2.Response(200, headers={"Retry-After": "9999"}, json={"state": "running"}),
        httpx2.Response(200, json={"state": "running"}),
        httpx2.Response(200, json={"state": "succeeded"}),
    )
    pauses: list[float] = []

    assert run(handler, pauses, "wait", "7") == {"state": "succeeded"}
    assert pauses == [2.0, LONGEST_PAUSE, 1.0]


def test_busy_service_is_asked_again(run: Run) -> None:
    """503 and 429 are not failures while the queue empties."""
    busy = httpx2.Response(503, headers={"Retry-After": "3"}, json={"status": 503, "code": "queue-full"})
    handler = answers(busy, problem(429, "slow-down"), httpx2.Response(202, json={"id": "7"}))
    pauses: list[float] = []

    assert run(handler, pauses, "submit", SPECTRUM) == f"{BASE}/v1/analyses/7"
    assert pauses == [3.0, 1.0]


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (lambda: problem(400, "implausible-parameter"), Refused, "implausible-parameter"),
        (lambda: problem(415, "unknown-format"), Refused, "unknown-format"),
        (lambda: problem(422, "invalid-request"), Refused, "invalid-request"),
        (lambda: problem(401, "not-authenticated"), ServiceFailed, "not-authenticated"),
        (lambda: problem(500, "internal-error"), ServiceFailed, "internal-error"),
        (lambda: problem(503, "queue-full"), ServiceFailed, "queue-full"),
        (lambda: httpx2.Response(502, text="<html>bad gateway"), ServiceFailed, "server-failed"),
        (lambda: httpx2.Response(404, text="not here"), ServiceFailed, "server-failed"),
        (lambda: httpx2.Response(200, text="<html>some portal"), ServiceFailed, "server-failed"),
        (lambda: httpx2.Response(200, json=["no", "object"]), ServiceFailed, "server-failed"),
    ],
)
def test_refusals_and_failures_differ(
    run: Run, response: Callable[[], httpx2.Response], kind: type[ClientError], code: str
) -> None:
    """4xx with a problem document is the input's fault; everything else is the service's, also as an exit code."""
    pauses: list[float] = []
    with pytest.raises(kind) as caught:
        run(answers(answer := response()), pauses, "submit", SPECTRUM)
    with pytest.raises(CommandFailure) as failure, calling():
        raise caught.value

    assert caught.value.code == code
    assert failure.value.exit_code == (ExitCode.REFUSED if kind is Refused else ExitCode.SERVER)
    assert len(pauses) == (BUSY_TRIES - 1 if answer.status_code == 503 else 0)


def test_broken_connection_is_unreachable(run: Run) -> None:
    """A connection that breaks is an exception with the address, and exit code 4."""

    def handler(request: httpx2.Request) -> Any:
        raise httpx2.ReadTimeout("timed out", request=request)

    with pytest.raises(Unreachable) as caught:
        run(handler, [], "wait", "7")
    with pytest.raises(CommandFailure) as failure, calling():
        raise caught.value

    assert failure.value.exit_code == ExitCode.SERVER
    assert f"{BASE}/" in failure.value.line


def test_key_of_the_environment_is_sent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key goes into the header; it stands in no error."""
    monkeypatch.setenv("MRSQUANT_API_KEY", "mrsq_secret")
    seen: list[httpx2.Request] = []
    with pytest.raises(ServiceFailed) as caught:
        run(recorder(seen, problem(401, "not-authenticated")), [], "table", region="ACC")

    assert seen[0].headers["Authorization"] == "Bearer mrsq_secret"
    assert str(seen[0].url) == f"{BASE}/v1/analyses?region=ACC&format=csv"
    assert "secret" not in str(caught.value)


def test_the_client_needs_nothing_but_an_http_library() -> None:
    """Importing it loads neither the numerics nor the service."""
    code = (
        "import sys, service.client; loaded = {name.split('.')[0] for name in sys.modules};"
        "assert not loaded & {'numpy', 'fitting', 'fastapi', 'sqlalchemy', 'pydantic', 'typer'}, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
