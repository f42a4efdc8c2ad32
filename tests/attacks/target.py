"""A running service to attack, with keys of two projects, and a look at what it says afterwards."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2

from fitting.sites import site_of
from service.access.key_file import KeyFile
from service.access.keys import Key, new_key
from service.access.principal import SCOPES, Scope
from tests.chaos.service import Service
from tests.data.controls_of_site import candidates
from tests.fake_pipeline import spectrum

SECONDS = 20.0
"""An answer may take this long; an attack that makes the service slower has not been held."""
MAX_BODY = 2_000_000
REFUSALS = 40
"""Wrong keys in a minute that are answered 401."""
SITE = site_of("acc", candidates(3))
"""The calibration that the project under attack has."""
_PEOPLE = [{"participant_id": f"sub-{number:02}", "group": ("control", "patient")[number % 2]} for number in range(12)]
_VALUES = [
    {
        "participant_id": f"sub-{number:02}",
        "region": "ACC",
        "metabolite": "tNAA",
        "unit": "tCr",
        "value": 1 + number / 50,
    }
    for number in range(12)
]
COHORT = {
    "name": "cohort",
    "plan": 'schema = 1\nreference = "control"\nother = "patient"\n\n[levels]\n',
    "participants": _PEOPLE,
    "measurements": _VALUES,
}
"""The cohort that it has."""
SUBJECT = "sub-4711"
"""Pseudonym of the project under attack: no other project may read it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One service on loopback and what the attacker may know of it."""

    url: str
    log: Path
    keys: Mapping[str, str]
    """Shown keys: ``admin`` and ``reader`` of the attacked project, ``stranger`` with all scopes in another one."""
    analysis: str
    """Id of a finished analysis of ``SUBJECT``."""
    site: str
    """Id of a calibration of the attacked project."""
    cohort: str
    """Id of a cohort of the attacked project."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @contextmanager
    def client(self, key: str | None) -> Iterator[httpx2.Client]:
        """A client with one of the keys, or with none."""
        headers = {} if key is None else {"Authorization": f"Bearer {self.keys[key]}"}
        with httpx2.Client(base_url=self.url, headers=headers, timeout=SECONDS, trust_env=False) as client:
            yield client

    def send(self, method: str, path: str, *, key: str | None = "admin", **more: object) -> httpx2.Response:
        """One request, redirects not followed."""
        with self.client(key) as client:
            return client.request(method, path, **more)  # type: ignore[arg-type]

    def raw(self, request: bytes) -> bytes:
        """The first bytes of the answer to a request as it stands; empty when the connection is cut."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as line:
            try:
                line.sendall(request)
                return line.recv(65536)
            except ConnectionError:
                return b""

    def session(self) -> str:
        """A browser's session cookie of the admin."""
        answer = self.send("POST", "/sign-in", key=None, data={"key": self.keys["admin"]})
        return answer.headers["set-cookie"].partition(";")[0]

    def defects(self) -> int:
        """Lines of the log that say an exception was not foreseen."""
        return self.log.read_text(encoding="utf-8", errors="replace").count('"request defect"')


@contextmanager
def running(folder: Path) -> Iterator[Target]:
    """A service with stand-ins for the numerics, keys, webhooks and small limits; ended in order."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept, shown = _keys()
    KeyFile(folder / "keys.toml").write(kept)
    environment = {
        "MRSQUANT_DATA_DIR": str(folder / "data"),
        "MRSQUANT_CACHE_DIR": str(folder / "cache"),
        "MRSQUANT_EXECUTOR": "inline:",
        "MRSQUANT_LOG_LEVEL": "error",
        "MRSQUANT_API_KEYS_FILE": str(folder / "keys.toml"),
        "MRSQUANT_ALLOWED_HOSTS": '["localhost", "127.0.0.1"]',
        "MRSQUANT_MAX_UPLOAD_BYTES": str(MAX_BODY),
        "MRSQUANT_WEBHOOK_HOSTS": '["hooks.hospital.example"]',
        "MRSQUANT_WEBHOOK_SECRET": "x" * 32,
        "MRSQUANT_REQUESTS_PER_MINUTE": "1000000",
        "MRSQUANT_REFUSALS_PER_MINUTE": str(REFUSALS),
    }
    service = Service(port, environment, folder / "log", "tests.chaos.service")
    service.start()
    try:
        service.wait()
        admin = {"Authorization": f"Bearer {shown['admin']}"}
        with httpx2.Client(base_url=service.url, headers=admin, timeout=SECONDS, trust_env=False) as client:
            site = client.post("/v1/sites", content=SITE.content, headers={"Content-Type": "application/json"})
            cohort = client.post("/v1/cohorts", json=COHORT)
            answer = client.post(
                "/v1/analyses",
                files={"metabolite": ("x.rda", spectrum())},
                data={"request": json.dumps({"subject": SUBJECT, "region": "ACC"})},
                headers={"Prefer": "wait=20"},
            )
        yield Target(service.url, folder / "log", shown, answer.json()["id"], site.json()["id"], cohort.json()["id"])
    finally:
        service.stop()


def _keys() -> tuple[list[Key], dict[str, str]]:
    reader: frozenset[Scope] = frozenset({"read"})
    made = {
        "admin": new_key("admin", "clinic", SCOPES, timedelta(hours=1)),
        "reader": new_key("reader", "clinic", reader, timedelta(hours=1)),
        "stranger": new_key("stranger", "elsewhere", SCOPES, timedelta(hours=1)),
    }
    return [key for key, _ in made.values()], {name: shown for name, (_, shown) in made.items()}
