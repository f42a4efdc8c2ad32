"""A watched folder: what is whole is sent once, what became of it stands beside it, and inputs stay as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.cli import app
from service.cli.folder import Folder
from service.client import Client, ServiceFailed


class Service:
    """Answers with the configured status and keeps received bodies."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.state: dict[str, Any] = {"state": "running"}
        self.refusal: httpx2.Response | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=self.state)
        if self.refusal is not None:
            return self.refusal
        self.sent.append(request.content)
        return httpx2.Response(202, headers={"Location": "/v1/analyses/7"}, json={"id": "7"})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, service: Service, clock: Clock) -> Folder:
    client = Client("http://mrs.local", transport=httpx2.MockTransport(service), pause=lambda _: None)
    return Folder(tmp_path, client, {"region": "ACC"}, 10.0, lambda _: None, clock)


def succeeded() -> dict[str, Any]:
    return {"state": "succeeded", "verdict": {"usable": "yes"}, "problem": None}


def names(folder: Folder) -> set[str]:
    return {path.name for path in folder.path.iterdir()}


def test_sent_when_whole_and_once(folder: Folder, service: Service, clock: Clock) -> None:
    """Not while it grows, not before the settle time, and never again after its end."""
    scan = folder.path / "scan.rda"
    scan.write_bytes(b"half")
    folder.look()
    clock.now = 9
    scan.write_bytes(b"half and half")
    folder.look()
    clock.now = 18
    folder.look()
    assert service.sent == []
    clock.now = 19
    folder.look()
    assert len(service.sent) == 1
    assert b"half and half" in service.sent[0]
    assert b'{"region": "ACC"}' in service.sent[0]
    service.state = succeeded()
    folder.look()
    clock.now = 100
    folder.look()

    assert len(service.sent) == 1
    assert names(folder) == {"scan.rda", "scan.rda.done"}
    done = json.loads((folder.path / "scan.rda.done").read_text())
    assert done == {"analysis": "http://mrs.local/v1/analyses/7", "state": "succeeded", "usable": "yes"}
    assert scan.read_bytes() == b"half and half"


def test_a_refused_file_gets_its_problem(folder: Folder, service: Service, clock: Clock) -> None:
    """At once when the service refuses it, or later when its analysis fails."""
    problem = {"status": 415, "code": "unknown-format", "detail": "It is no spectrum."}
    service.refusal = httpx2.Response(415, json=problem)
    (folder.path / "notes.txt").write_bytes(b"x")
    folder.look()
    clock.now = 11
    folder.look()
    service.refusal = None
    (folder.path / "late.rda").write_bytes(b"x")
    folder.look()
    clock.now = 22
    service.state = {"state": "failed", "problem": {"status": 400, "code": "damaged-file", "detail": "It ends early."}}
    folder.look()

    assert json.loads((folder.path / "notes.txt.error.json").read_text()) == {
        "code": "unknown-format",
        "detail": "It is no spectrum.",
    }
    assert json.loads((folder.path / "late.rda.error.json").read_text())["code"] == "damaged-file"


def test_an_absent_service_is_no_error_of_the_file(folder: Folder, service: Service, clock: Clock) -> None:
    """The file waits and is sent when the service is back."""
    (folder.path / "scan.rda").write_bytes(b"x")
    folder.look()
    clock.now = 11
    service.refusal = httpx2.Response(502, text="bad gateway")
    with pytest.raises(ServiceFailed):
        folder.look()
    assert names(folder) == {"scan.rda"}
    service.refusal = None
    folder.look()

    assert len(service.sent) == 1


def test_pairs_go_together_and_hidden_files_stay(folder: Folder, service: Service, clock: Clock) -> None:
    """An SDAT takes its SPAR along; half-copied files of other programs, hidden or empty, are not spectra."""
    for name in ("a.SDAT", "a.SPAR", ".partial.rda", "empty.rda"):
        (folder.path / name).write_bytes(b"" if name == "empty.rda" else b"x")
    folder.look()
    clock.now = 11
    folder.look()

    assert len(service.sent) == 1
    assert service.sent[0].count(b"filename=") == 2


def test_watch_refuses_a_missing_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is refused in one line."""
    assert app.run(["watch", str(tmp_path / "absent"), "--url", "http://mrs.local"]) == 3
    assert capsys.readouterr().err.startswith("mrsquant: inaccessible-file: ")
