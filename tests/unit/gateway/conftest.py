"""A gateway in this process, an archive that keeps what it gets, and a scanner that sends."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
import pytest
from PIL import Image
from pynetdicom import AE, evt

from service.gateway.configuration import GatewayConfiguration
from service.gateway.courier import Courier
from service.gateway.delivery import delivery_of
from service.gateway.dimse import SPECTRA, SYNTAXES
from service.gateway.gateway import Gateway
from service.gateway.person import site_key
from service.gateway.spool import Spool
from service.reports import Rendered, pdf
from service.reports.analysis_document import AnalysisDocument
from service.reports.fetched import Fetched
from service.schemas.region_rules import rules_of
from tests.data import analysis_factory as factory
from tests.data.dicom_study import Scan, content

RESULTS = ("1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.7")
ANALYSIS = factory.make_analysis()
TRACES = factory.make_traces()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(picture, "PNG")
    monkeypatch.setattr(pdf, "render", lambda *_: Rendered("application/pdf", b"%PDF-1.7 page %%EOF"))
    monkeypatch.setattr(pdf, "pictures", lambda *_: [picture.getvalue()])


@dataclass
class Archive:
    """A node that keeps every object; ``answer`` is the status it gives."""

    port: int = field(default_factory=free_port)
    classes: tuple[str, ...] = RESULTS
    syntaxes: list[str] = field(default_factory=lambda: list(SYNTAXES))
    answer: Callable[[pydicom.Dataset], int] = lambda _: 0
    kept: dict[str, bytes] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)
    server: Any = None

    def start(self, **more: Any) -> None:
        entity = AE("TESTPACS")
        for name in self.classes:
            entity.add_supported_context(name, self.syntaxes)
        self.server = entity.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=[(evt.EVT_C_STORE, self._store)], **more
        )

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server = None

    def _store(self, event: evt.Event) -> int:
        status = self.answer(event.dataset)
        if status == 0:
            self.received.append(str(event.dataset.SOPInstanceUID))
            self.kept[str(event.dataset.SOPInstanceUID)] = event.encoded_dataset()
        return status

    def objects(self) -> list[pydicom.FileDataset]:
        return [pydicom.dcmread(io.BytesIO(item)) for item in list(self.kept.values())]

    def modalities(self) -> list[str]:
        return sorted(item.Modality for item in self.objects())


@pytest.fixture
def archive() -> Iterator[Archive]:
    node = Archive()
    node.start()
    yield node
    node.stop()


@dataclass
class FakeAnalyst:
    """Answers at once with the same numbers; remembers what it was given."""

    given: list[Any] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    delay: float = 0.0

    def submit(self, parts: Any) -> None:
        return None

    def result(self, parts: Any, analysis: str | None) -> Fetched:
        time.sleep(self.delay)
        if self.fails:
            raise self.fails.pop(0)
        self.given.append(parts)
        return Fetched(AnalysisDocument(ANALYSIS, subject=parts.document.get("subject")), TRACES, None)

    def close(self) -> None:
        return None


@dataclass
class Running:
    """A gateway that runs in threads."""

    folder: Path
    archive_port: int
    analyst: Any = field(default_factory=FakeAnalyst)
    settings: dict[str, Any] = field(default_factory=dict)
    gateway: Gateway | None = None
    spool: Spool | None = None
    port: int = field(default_factory=free_port)

    def configuration(self) -> GatewayConfiguration:
        stated = {
            "port": self.port,
            "accept_from": ("MRSCANNER1",),
            "settle_seconds": 0.3,
            "to": {"ae_title": "TESTPACS", "port": self.archive_port},
            "spool": self.folder / "spool",
            "region": rules_of([{"pattern": r"(?i)\bacc\b|_acc", "region": "ACC"}], Path("gateway.toml")),
        }
        return GatewayConfiguration.model_validate({**stated, **self.settings})

    def start(self) -> None:
        configuration = self.configuration()
        self.spool = Spool.open(configuration.spool)
        key = site_key(configuration.spool)
        courier = Courier(configuration, self.spool, self.analyst, delivery_of(configuration), key)
        self.gateway = Gateway(courier)
        self.gateway.start()
        self._thread = threading.Thread(target=self.gateway.run)
        self._thread.start()

    def stop(self) -> None:
        if self.gateway is not None:
            self.gateway.stop()
            self._thread.join(20)
            self.gateway = None

    def ended(self) -> bool:
        assert self.spool is not None
        return all(entry.state in ("refused", "failed", "reference") for entry in self.spool.all())


@pytest.fixture
def running(tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr("service.gateway.gateway.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("service.gateway.courier.PAUSES", (0.2,))
    gateway = Running(tmp_path, archive.port)
    yield gateway
    gateway.stop()


def send(port: int, *scans: Scan | bytes, calling: str = "MRSCANNER1", called: str = "MRSQUANT") -> list[int | None]:
    """Statuses of C-STORE, in one association; an association that is not accepted gives none."""
    entity = AE(calling)
    for name in SPECTRA:
        entity.add_requested_context(name)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    if not association.is_established:
        return []
    statuses = []
    for scan in scans:
        dataset = pydicom.dcmread(io.BytesIO(scan if isinstance(scan, bytes) else content(scan)))
        statuses.append(association.send_c_store(dataset).get("Status"))
    association.release()
    return statuses


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition.

    Raises
    ------
    AssertionError
        When it does not come true in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)
