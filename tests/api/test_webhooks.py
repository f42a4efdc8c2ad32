"""Webhooks: signed messages about ended analyses, repeated until the receiver answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from service.storage.tables import WebhookDeliveryRow
from service.webhooks import sender
from tests.fake_pipeline import spectrum

SECRET = "a secret of enough characters"
SETTINGS = {"webhook_hosts": ("127.0.0.1",), "webhook_secret": SECRET, "webhook_private_addresses": True}


class Receiver(ThreadingHTTPServer):
    """Keeps received messages and answers with the configured status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}/told"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
        status = self.server.statuses.pop(0) if self.server.statuses else 204
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(sender, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(sender, "PAUSES", tuple(pause / 100 for pause in sender.PAUSES[:3]))
    with Receiver() as opened:
        yield opened
        opened.shutdown()


def submit(client: Any, content: bytes, url: str) -> str:
    data = {"request": json.dumps({"callback_url": url})}
    sent = client.post("/v1/analyses", files={"metabolite": ("x.json", content)}, data=data)
    assert sent.status_code in (200, 202), sent.text
    return str(sent.json()["id"])


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def deliveries(client: Any) -> list[WebhookDeliveryRow]:
    with client.app_state["services"].database.reading() as session:
        return list(session.scalars(select(WebhookDeliveryRow)))


def test_signed_call_at_the_end(start: Any, receiver: Receiver) -> None:
    """The secret allows to check sender, time and content; the content is an address, not a result."""
    client = start(**SETTINGS)
    done, refused = submit(client, spectrum(), receiver.url), submit(client, spectrum("refuse"), receiver.url)
    until(lambda: len(receiver.calls) == 2)
    told = {json.loads(body)["data"]["id"]: json.loads(body) for _, body in receiver.calls}

    assert told[done]["type"] == "analysis.succeeded"
    assert told[refused]["data"] == {"id": refused, "state": "failed", "location": f"/v1/analyses/{refused}"}
    for headers, body in receiver.calls:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert abs(time.time() - int(headers["webhook-timestamp"])) < 60


def test_repeated_until_answered(start: Any, receiver: Receiver) -> None:
    """With the same id each time; a redirection is not followed; then it is over."""
    receiver.statuses = [500, 302]
    client = start(**SETTINGS)
    submit(client, spectrum(), receiver.url)
    until(lambda: [row.delivered for row in deliveries(client)] != [None])
    time.sleep(0.3)

    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1
    assert len(receiver.calls) == 3
    assert [(row.attempts, row.due, row.failure) for row in deliveries(client)] == [(3, None, None)]
    assert 'mrsquant_webhooks_total{result="failed"} 2.0' in client.get("/metrics").text


def test_given_up(start: Any, receiver: Receiver) -> None:
    """After the last pause, or at once when the receiver says it is gone for good."""
    receiver.statuses = [500] * 9
    client = start(**SETTINGS)
    submit(client, spectrum(), receiver.url)
    until(lambda: [(row.attempts, row.due) for row in deliveries(client)] == [(4, None)])
    receiver.statuses = [410]
    submit(client, spectrum(number=2), receiver.url)
    until(
        lambda: (
            {(row.attempts, row.due, row.failure) for row in deliveries(client)}
            == {(4, None, "http-500"), (1, None, "http-410")}
        )
    )


def test_due_webhooks_survive_a_restart(start: Any, receiver: Receiver) -> None:
    """What was due when the service stopped is sent by the next one."""
    receiver.statuses = [500] * 2
    first = start(**SETTINGS)
    submit(first, spectrum(), receiver.url)
    until(lambda: len(receiver.calls) >= 1)
    first.exit_stack.close()
    second = start(**SETTINGS)
    until(lambda: [row.delivered for row in deliveries(second)] != [None])

    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1


def test_equal_submission_gets_its_own_webhook(start: Any, receiver: Receiver) -> None:
    """Another callback address makes no other analysis; for a finished one it is called at once, and once."""
    client = start(**SETTINGS)
    first = submit(client, spectrum(), f"{receiver.url}/first")
    until(lambda: len(receiver.calls) == 1)

    assert {submit(client, spectrum(), f"{receiver.url}/second") for _ in range(2)} == {first}
    until(lambda: len(receiver.calls) == 2)
    time.sleep(0.3)
    assert len(receiver.calls) == 2


@pytest.mark.parametrize("settings", [{}, {"webhook_hosts": ("pacs.example",), "webhook_secret": SECRET}])
def test_callback_that_is_not_allowed(start: Any, settings: dict[str, Any]) -> None:
    """It is refused at once, and nothing is accepted."""
    client = start(**settings)
    data = {"request": json.dumps({"callback_url": "https://127.0.0.1/"})}
    sent = client.post("/v1/analyses", files={"metabolite": ("x.json", spectrum())}, data=data)

    assert (sent.status_code, sent.json()["code"]) == (400, "callback-not-allowed")
    assert client.get("/v1/analyses").json()["items"] == []
