"""A service that analyses: submitted once, looked at until it has ended, and with ``signed`` until it is signed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.client import Refused, ServiceFailed
from service.gateway.analyst import LocalAnalyst, Parts, Rejected, RemoteAnalyst
from service.gateway.stripping import parsed, stripped
from service.reports import result_json
from service.workers.executors import open_executor
from tests.data import report_cases
from tests.data.dicom_study import Scan, content
from tests.unit.gateway.conftest import ANALYSIS, TRACES, Archive, Running, send, until

PARTS = Parts((b"scan",), (b"water",), {"region": "ACC"})
DRAFT = report_cases.document(ANALYSIS)
SIGNED = report_cases.signed_and_amended(DRAFT)


class Service:
    """The client of a service with one analysis; ``states`` are answered in turn, the last one for ever."""

    def __init__(self, states: list[dict[str, Any]], document: Any = DRAFT) -> None:
        self.states = states
        self.document = document
        self.submitted: list[Any] = []
        self.down = False

    def submit(self, files: Any, request: Any) -> str:
        if self.down:
            raise ServiceFailed("server-failed", "http://mrs", "…")
        self.submitted.append((files, request))
        return "http://mrs/v1/analyses/1"

    def look(self, _: str) -> dict[str, Any]:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def report(self, _: str, format: str) -> bytes:
        return result_json.render(self.document, TRACES).content if format == "json" else b"%PDF signed"

    def traces(self, _: str) -> dict[str, Any]:
        spectra = json.loads(json.dumps(TRACES.to_dict()))
        names, values = spectra.pop("names"), spectra.pop("components")
        return spectra | {
            "components": [{"name": name, "values": row} for name, row in zip(names, values, strict=True)]
        }

    def close(self) -> None:
        return None


SUCCEEDED = {"state": "succeeded"}


def test_unfinished_analysis_has_no_result_yet() -> None:
    analyst = RemoteAnalyst(Service([{"state": "queued"}, {"state": "running"}, SUCCEEDED]))

    found = [analyst.result(PARTS, "id") for _ in range(3)]

    assert found[:2] == [None, None]
    assert found[2].document.analysis == ANALYSIS
    assert found[2].traces.names == TRACES.names


def test_signed_mode_waits_for_the_signature_and_takes_the_signed_pdf() -> None:
    service = Service([SUCCEEDED])
    analyst = RemoteAnalyst(service, signed=True)

    assert analyst.result(PARTS, "id") is None
    service.document = SIGNED

    found = analyst.result(PARTS, "id")
    assert found.document.status == "signed"
    assert found.signed_pdf == b"%PDF signed"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"state": "failed", "problem": {"code": "missing-parameter", "detail": "…"}}, "missing-parameter"),
        ({"state": "cancelled", "problem": None}, "cancelled"),
    ],
)
def test_analysis_without_a_result_rejects_the_scan(state: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as rejected:
        RemoteAnalyst(Service([state])).result(PARTS, "id")

    assert rejected.value.code == code


def test_refused_submission_rejects_the_scan_and_a_service_that_is_down_does_not() -> None:
    service = Service([SUCCEEDED])
    service.submit = lambda *_: (_ for _ in ()).throw(Refused("unknown-format", "http://mrs", "…"))

    with pytest.raises(Rejected):
        RemoteAnalyst(service).submit(PARTS)
    service = Service([SUCCEEDED])
    service.down = True
    with pytest.raises(ServiceFailed):
        RemoteAnalyst(service).submit(PARTS)


def test_signed_results_reach_the_archive_only_once_they_are_signed(
    running: Running, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.gateway.courier.SIGNATURE_SECONDS", 0.2)
    service = Service([SUCCEEDED])
    running.analyst = RemoteAnalyst(service, signed=True)
    running.settings |= {"send": "signed", "url": "http://mrs"}
    running.start()
    send(running.port, Scan())
    until(lambda: any(entry.state == "submitted" for entry in running.spool.all()))

    assert archive.kept == {}
    service.document = SIGNED
    until(lambda: len(archive.kept) == 3 and running.spool.all() == [])

    flags = {item.Modality: item.get("VerificationFlag") for item in archive.objects()}
    assert flags == {"SR": "VERIFIED", "DOC": None, "OT": None}
    assert len(service.submitted) == 1


def test_service_that_is_down_is_tried_again_and_nothing_is_lost(running: Running, archive: Archive) -> None:
    service = Service([SUCCEEDED])
    service.down = True
    running.analyst = RemoteAnalyst(service)
    running.start()
    send(running.port, Scan())
    until(lambda: any(entry.tries >= 2 for entry in running.spool.all()))

    service.down = False

    until(lambda: len(archive.kept) == 3)


@pytest.mark.parametrize(
    "more",
    [
        (("MRSpectroscopyAcquisitionType", "VOLUME"),),
        (("ResonantNucleus", "31P"), ("TransmitterFrequency", 49.89)),
        (("PulseSequenceName", "mega_press"), ("SeriesDescription", "MEGA_PRESS_68")),
    ],
    ids=["imaging", "31P", "edited"],
)
def test_file_that_cannot_be_analysed_here_rejects_the_scan(tmp_path, more) -> None:
    analyst = LocalAnalyst(workers=1, cache_dir=tmp_path, open_pool=lambda: open_executor("inline:"))
    unsupported = stripped(parsed(content(Scan(more=more))), b"key")

    with pytest.raises(Rejected) as rejected:
        analyst.result(Parts((unsupported,), (), {}), None)
    analyst.close()

    assert rejected.value.code == "unsupported-data"
