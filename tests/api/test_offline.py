"""Without internet everything works: nothing ever tries to reach an address beyond this machine."""

from __future__ import annotations

import ipaddress
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from service.app import create_app
from service.settings import Settings
from tests.clients import on_this_machine

EXAMPLE = Path(__file__).parents[2] / "examples" / "acc_press30.nii.gz"


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that code tried to reach or resolve; those beyond loopback fail as they do without a network."""
    tried: list[Any] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def is_here(host: Any) -> bool:
        try:
            return ipaddress.ip_address(str(host)).is_loopback
        except ValueError:
            return host in (None, "localhost")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not is_here(address[0]):
            tried.append(address)
            raise OSError("Network is unreachable")
        connect(self, address)

    def guarded_resolve(host: Any, *rest: Any, **more: Any) -> Any:
        if not is_here(host):
            tried.append(host)
            raise socket.gaierror("Temporary failure in name resolution")
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)
    return tried


def test_a_whole_analysis_without_network(tmp_path: Path, attempts: list[Any]) -> None:
    """Start, upload, real fit, every kind of report, pages, metrics, stop."""
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")
    with on_this_machine(create_app(settings)) as client:
        sent = client.post(
            "/v1/analyses",
            files={"metabolite": (EXAMPLE.name, EXAMPLE.read_bytes())},
            data={"request": json.dumps({"region": "ACC", "age_years": 40})},
            headers={"Prefer": "wait=60"},
        )
        while sent.json()["state"] in ("queued", "running"):
            sent = client.get(f"/v1/analyses/{sent.json()['id']}")
        assert sent.json()["state"] == "succeeded"
        for kind in ("html", "pdf", "json", "csv"):
            assert client.get(f"/v1/analyses/{sent.json()['id']}/report", params={"format": kind}).status_code == 200
        for address in ("/", "/docs", "/metrics", "/v1/norms", "/v1/regions", "/v1/basis-sets"):
            assert client.get(address).status_code == 200
        steps = client.get(f"/v1/analyses/{sent.json()['id']}/events").text
        assert '"step":"fitting"' in steps
        assert 'mrsquant_stage_seconds_count{stage="fitting"} 1.0' in client.get("/metrics").text

    assert attempts == []


def test_the_guard_sees_attempts(attempts: list[Any]) -> None:
    """A test that cannot fail is a defect: this is what it would have seen."""
    with pytest.raises(OSError, match="name resolution"):
        socket.create_connection(("mrs.example", 80))
    with socket.socket() as outward, pytest.raises(OSError, match="unreachable"):
        outward.connect(("192.0.2.1", 80))

    assert attempts == ["mrs.example", ("192.0.2.1", 80)]
