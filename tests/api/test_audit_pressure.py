"""While the audit log cannot be written the service refuses quickly, tells so, and recovers by itself."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import OperationalError

from service.access import audit_writer as audit_writer_module
from service.storage.audit import AuditEntry, AuditLog
from tests.api.conftest import StartClient
from tests.fake_pipeline import spectrum

MOST = 50


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set while the log takes nothing."""
    is_away, append = threading.Event(), AuditLog.append

    def stubborn(self: AuditLog, entries: Sequence[AuditEntry]) -> None:
        if is_away.is_set():
            raise OperationalError("", None, OSError())
        append(self, entries)

    monkeypatch.setattr(AuditLog, "append", stubborn)
    monkeypatch.setattr(audit_writer_module, "MAX_WAITING", MOST)
    monkeypatch.setattr(audit_writer_module, "_RETRY_SECONDS", 0.1)
    return is_away


def test_nothing_is_shown_unrecorded(start: StartClient, away: threading.Event) -> None:
    """Beyond what can wait, 503 with ``Retry-After`` in no time; probes tell the truth; afterwards all is recorded."""
    client = start()
    analysis = client.post("/v1/analyses", files={"metabolite": ("x", spectrum())}, headers={"Prefer": "wait=20"})
    address = f"/v1/analyses/{analysis.json()['id']}"
    time.sleep(0.5)
    away.set()
    begin = time.monotonic()
    answers = [client.get(address) for _ in range(3 * MOST)]
    seconds = time.monotonic() - begin
    shown = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 503]

    assert len(shown) + len(refused) == len(answers)
    assert len(refused) >= MOST
    assert seconds < 20
    assert all(answer.json()["code"] == "unavailable" and answer.headers["Retry-After"] for answer in refused)
    for path in (address, "/v1/analyses", "/", f"{address}/report", f"{address}/events"):
        assert client.get(path).status_code == 503, path
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    told = re.search(r"^mrsquant_audit_waiting (.*)$", client.get("/metrics").text, re.M)
    assert told is not None
    assert float(told[1]) >= MOST

    away.clear()
    deadline = time.monotonic() + 20
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.get(address).status_code == 200
    services = client.app_state["services"]
    while services.audit_writer.waiting:
        time.sleep(0.05)
    time.sleep(0.5)
    looks = [row for row in AuditLog(services.database).rows() if row.action.startswith("GET") and row.status == 200]
    assert len(looks) == len(shown) + 1
