"""A service with a small disk and a database of its own, for one storm or one fault."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from tests.chaos.clients import age_of, ask, submit
from tests.chaos.disk import Disk, small_disk
from tests.chaos.service import Service
from tests.fake_pipeline import spectrum
from tests.servers.cluster import free_port
from tests.servers.postgresql import PostgreSql

Kind = Literal["SQLite", "PostgreSQL"]
DATABASES: tuple[Kind, ...] = get_args(Kind)
UNFINISHED = ("queued", "running")


@dataclass
class Scene:
    """Everything a fault may touch."""

    kind: Kind
    disk: Disk
    """Holds the data folder."""
    service: Service
    folder: Path
    """For everything else."""
    server: PostgreSql | None
    """The database server; None on SQLite."""
    settings: dict[str, str] = field(default_factory=dict)
    """The environment of the service."""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.disk.folder

    @property
    def log(self) -> str:
        """What the service has logged."""
        return (self.folder / "service.log").read_text(errors="replace")

    def other_database(self) -> str:
        """The address of an empty database of the same kind."""
        return f"sqlite:///{self.folder}/other.sqlite3" if self.server is None else self.server.new_database()

    def start(self, more: Mapping[str, str] | None = None) -> None:
        """Start the service, with ``more`` in its environment for this once, and wait until it takes work."""
        self.service.start(more)
        self.service.wait("/readyz")

    def submit(self, number: int, **details: Any) -> str:
        """Submit the spectrum of this number; the id of its analysis."""
        request = {"age_years": age_of(number), "subject": f"sub-{number}"}
        content = spectrum("sleep", **{"seconds": 0.01, "number": number} | details)
        return str(submit(self.service.url, "x.json", content, request)["id"])

    def states(self, ids: list[str]) -> set[str]:
        """The states of these analyses."""
        return {ask(self.service.url, f"/v1/analyses/{analysis_id}")["state"] for analysis_id in ids}

    def settle(self, ids: list[str], seconds: float = 120) -> None:
        """Until these analyses have ended."""
        deadline = time.monotonic() + seconds
        while self.states(ids) & set(UNFINISHED):
            assert time.monotonic() < deadline, "the queue does not get empty"
            time.sleep(0.2)


@contextmanager
def scene(kind: Kind, server: PostgreSql | None) -> Iterator[Scene]:
    """A scene; its service is ended afterwards, and its log is shown when something went wrong."""
    with tempfile.TemporaryDirectory(prefix="chaos") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        with small_disk(folder / "data") as disk:
            url = f"sqlite:///{disk.folder}/mrsquant.sqlite3" if server is None else server.new_database()
            settings = {
                "MRSQUANT_DATA_DIR": str(disk.folder),
                "MRSQUANT_DATABASE_URL": url,
                "MRSQUANT_CACHE_DIR": str(folder / "cache"),
                "MRSQUANT_EXECUTOR": "processes:2",
                "MRSQUANT_QUEUE_LIMIT": "40",
                "MRSQUANT_REQUESTS_PER_MINUTE": "1000000",
            }
            service = Service(free_port(), settings, folder / "service.log")
            opened = Scene(kind, disk, service, folder, server, settings)
            try:
                yield opened
                assert not service.is_running or service.stop(), "the service did not end in order after SIGTERM"
            except BaseException:
                sys.stderr.write(opened.log[-4000:] if (folder / "service.log").exists() else "")
                if service.is_running:
                    service.kill()
                raise
