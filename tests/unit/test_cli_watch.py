"""A watched folder: what is whole is sent once, with its water; outcomes are recorded and inputs stay as they are."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydicom import dcmread

from service.cli import app
from service.cli.folder import Folder
from service.client import Client, ServiceFailed
from service.schemas.region_rules import read_rules
from tests.conformance.reader_fixtures import brain_fid, water_fid
from tests.conformance.reader_fixtures.siemens_dicom import DWELL_TIME, FREQUENCY, POINTS, ima
from tests.conformance.reader_fixtures.siemens_rda import DWELL_TIME as RDA_DWELL_TIME
from tests.conformance.reader_fixtures.siemens_rda import rda

FID = brain_fid(POINTS, DWELL_TIME, FREQUENCY, scale=1e5)
WATER = water_fid(POINTS, DWELL_TIME, scale=1e7)
RDA, RDA_WATER = rda()[0].content, rda(water_fid(256, RDA_DWELL_TIME, scale=1e4))[0].content


def dicom(
    kind: str = "spectrum", *, study: str = "1.2", series: str = "1.2.3", number: int = 1, factor: float = 1
) -> bytes:
    """An .IMA object of one volume: a spectrum or its water reference."""
    data = dcmread(BytesIO(ima((WATER if kind == "water" else FID) * factor)[0].content))
    data.StudyInstanceUID, data.SeriesInstanceUID, data.InstanceNumber = study, series, number
    data.FrameOfReferenceUID = "1.9"
    written = BytesIO()
    data.save_as(written)
    return written.getvalue()


class Service:
    """Answers with the configured status and keeps received bodies."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.state: dict[str, Any] = {"state": "running"}
        self.refusal: httpx2.Response | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and request.url.path.endswith("/report"):
            return httpx2.Response(200, content=f"report as {request.url.params['format']}".encode())
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
    scan.write_bytes(RDA[:900])
    folder.look()
    clock.now = 9
    scan.write_bytes(RDA)
    folder.look()
    clock.now = 18
    folder.look()
    assert service.sent == []
    clock.now = 19
    folder.look()
    assert len(service.sent) == 1
    assert RDA in service.sent[0]
    assert b'{"region": "ACC"}' in service.sent[0]
    service.state = succeeded()
    folder.look()
    clock.now = 100
    folder.look()

    assert len(service.sent) == 1
    assert names(folder) == {"scan.rda", "scan.rda.done"}
    done = json.loads((folder.path / "scan.rda.done").read_text())
    assert done == {"analysis": "http://mrs.local/v1/analyses/7", "state": "succeeded", "usable": "yes"}
    assert scan.read_bytes() == RDA


def settled(folder: Folder, clock: Clock) -> None:
    """Two looks, the settle time between them."""
    folder.look()
    clock.now += 11
    folder.look()


def part_of(body: bytes, name: str) -> list[bytes]:
    """The bodies of the parts of one name in a multipart message."""
    boundary = body.split(b"\r\n", 1)[0]
    parts = body.split(boundary)
    return [part for part in parts if f'name="{name}"'.encode() in part.split(b"\r\n\r\n", 1)[0]]


def outcome(folder: Folder, name: str) -> dict[str, Any]:
    return json.loads((folder.path / name).read_text())


def test_a_refused_file_gets_its_problem(folder: Folder, service: Service, clock: Clock) -> None:
    """At once when the service refuses it, or later when its analysis fails."""
    problem = {"status": 415, "code": "unsupported-data", "detail": "It is edited."}
    service.refusal = httpx2.Response(415, json=problem)
    (folder.path / "edited.rda").write_bytes(RDA)
    settled(folder, clock)
    service.refusal = None
    (folder.path / "late.rda").write_bytes(RDA + b"\0")
    service.state = {"state": "failed", "problem": {"status": 400, "code": "damaged-file", "detail": "It ends early."}}
    settled(folder, clock)

    assert outcome(folder, "edited.rda.error.json") == {"code": "unsupported-data", "detail": "It is edited."}
    assert outcome(folder, "late.rda.error.json")["code"] == "damaged-file"


def test_files_without_spectra_get_no_sidecar(folder: Folder, service: Service, clock: Clock) -> None:
    """By their ending or by their content; the log counts those of unknown content."""
    told: list[str] = []
    folder.tell = told.append
    for name in ("notes.txt", "report.pdf", "something.dat", "empty.rda", ".partial.rda"):
        (folder.path / name).write_bytes(b"" if name == "empty.rda" else b"no spectrum")
    settled(folder, clock)

    assert service.sent == []
    assert names(folder) == {"notes.txt", "report.pdf", "something.dat", "empty.rda", ".partial.rda"}
    assert [line.split(": ", 1)[1] for line in told] == ["1 files are no spectra and are left alone"]
    assert not folder.is_waiting


def test_absent_service_is_not_reported_as_error_of_the_file(folder: Folder, service: Service, clock: Clock) -> None:
    """The file waits and is sent when the service is back."""
    (folder.path / "scan.rda").write_bytes(RDA)
    folder.look()
    clock.now = 11
    service.refusal = httpx2.Response(502, text="bad gateway")
    with pytest.raises(ServiceFailed):
        folder.look()
    assert names(folder) == {"scan.rda"}
    service.refusal = None
    folder.look()

    assert len(service.sent) == 1


def test_companion_files_go_along(folder: Folder, service: Service, clock: Clock) -> None:
    """An SDAT takes its SPAR along and is what the outcome stands beside."""
    from tests.conformance.reader_fixtures import philips_sdat  # noqa: PLC0415

    for file in philips_sdat.named("PRESS"):
        (folder.path / f"a{Path(file.name).suffix}").write_bytes(file.content)
    service.state = succeeded()
    settled(folder, clock)

    assert len(service.sent) == 1
    assert service.sent[0].count(b"filename=") == 2
    assert [name for name in names(folder) if name.endswith(".done")] == [
        f"a{Path(file.name).suffix}.done" for file in philips_sdat.named("PRESS") if "sdat" in file.name.lower()
    ]


@pytest.mark.parametrize(
    ("spectrum", "reference"),
    [
        ("acc.rda", "acc_ref.rda"),
        ("acc.rda", "ACC_W.RDA"),
        ("acc.rda", "acc-water.rda"),
        ("acc.rda", "acc_H2O.rda"),
        ("raw_act.rda", "raw_ref.rda"),
        ("sub-01_svs.rda", "sub-01_mrsref.rda"),
    ],
)
def test_reference_is_paired_by_name(
    spectrum: str, reference: str, folder: Folder, service: Service, clock: Clock
) -> None:
    """It goes as the water of its spectrum, is no analysis of its own, and its outcome names its spectrum."""
    (folder.path / spectrum).write_bytes(RDA)
    (folder.path / reference).write_bytes(RDA_WATER)
    service.state = succeeded()
    settled(folder, clock)
    settled(folder, clock)

    assert len(service.sent) == 1
    assert RDA in part_of(service.sent[0], "metabolite")[0]
    assert RDA_WATER in part_of(service.sent[0], "water_reference")[0]
    assert outcome(folder, f"{reference}.done") == {"used_by": spectrum}
    assert outcome(folder, f"{spectrum}.done")["water_reference"] == reference


def test_a_water_pattern_replaces_the_usual_names(folder: Folder, service: Service, clock: Clock) -> None:
    """A reference of a usual name is then none of this spectrum's."""
    folder.water_pattern = "W{stem}{suffix}"
    louder = rda(water_fid(256, RDA_DWELL_TIME, scale=2e4))[0].content
    for name, content in (("acc.rda", RDA), ("Wacc.rda", RDA_WATER), ("acc_ref.rda", louder)):
        (folder.path / name).write_bytes(content)
    service.state = succeeded()
    settled(folder, clock)

    assert len(service.sent) == 1
    assert outcome(folder, "Wacc.rda.done") == {"used_by": "acc.rda"}
    assert outcome(folder, "acc_ref.rda.error.json")["code"] == "water-reference-alone"


def test_dicom_is_paired_by_its_headers(folder: Folder, service: Service, clock: Clock) -> None:
    """Names tell nothing here; the data say which is water, headers to what it belongs."""
    (folder.path / "1.IMA").write_bytes(dicom("water"))
    (folder.path / "2.IMA").write_bytes(dicom(series="1.2.4"))
    service.state = succeeded()
    settled(folder, clock)

    assert len(service.sent) == 1
    assert len(part_of(service.sent[0], "water_reference")) == 1
    assert outcome(folder, "1.IMA.done") == {"used_by": "2.IMA"}


def test_water_of_another_study_is_not_used(folder: Folder, service: Service, clock: Clock) -> None:
    """Also when volume and name fit: a wrong reference is worse than none."""
    (folder.path / "acc.IMA").write_bytes(dicom(study="1.2"))
    (folder.path / "acc_ref.IMA").write_bytes(dicom("water", study="1.3"))
    service.state = succeeded()
    settled(folder, clock)

    assert len(service.sent) == 1
    assert part_of(service.sent[0], "water_reference") == []
    assert outcome(folder, "acc_ref.IMA.error.json")["code"] == "water-reference-alone"


def test_of_several_references_none_is_used_and_the_outcome_names_them(
    folder: Folder, service: Service, clock: Clock
) -> None:
    (folder.path / "2.IMA").write_bytes(dicom(series="1.2.4"))
    (folder.path / "w1.IMA").write_bytes(dicom("water", series="1.2.5"))
    (folder.path / "w2.IMA").write_bytes(dicom("water", series="1.2.6", factor=1.1))
    service.state = succeeded()
    settled(folder, clock)

    assert part_of(service.sent[0], "water_reference") == []
    assert "w1.IMA, w2.IMA" in outcome(folder, "2.IMA.done")["note"]


def test_files_of_one_scan_are_sent_together(folder: Folder, service: Service, clock: Clock) -> None:
    """A late one is not analysed as a scan of its own."""
    for number in (1, 2, 3):
        (folder.path / f"{number}.IMA").write_bytes(dicom(number=number, factor=1 + number / 100))
    service.state = succeeded()
    settled(folder, clock)
    (folder.path / "4.IMA").write_bytes(dicom(number=4, factor=1.04))
    settled(folder, clock)

    assert [len(part_of(body, "metabolite")) for body in service.sent] == [3]
    assert outcome(folder, "2.IMA.done")["part_of"] == "1.IMA"
    assert outcome(folder, "4.IMA.error.json")["code"] == "part-came-late"


def test_a_reference_after_its_spectrum_is_named_and_both_can_be_sent_again(
    folder: Folder, service: Service, clock: Clock
) -> None:
    (folder.path / "acc.rda").write_bytes(RDA)
    service.state = succeeded()
    settled(folder, clock)
    (folder.path / "acc_ref.rda").write_bytes(RDA_WATER)
    settled(folder, clock)
    assert outcome(folder, "acc_ref.rda.error.json")["code"] == "reference-came-late"
    (folder.path / "acc.rda.done").unlink()
    settled(folder, clock)

    assert [len(part_of(body, "water_reference")) for body in service.sent] == [0, 1]
    assert names(folder) == {"acc.rda", "acc.rda.done", "acc_ref.rda", "acc_ref.rda.done"}


def test_reports_and_outcomes_stand_elsewhere(folder: Folder, service: Service, clock: Clock, tmp_path: Path) -> None:
    """With a folder of their own, in the same subfolders; nothing is written among the scans."""
    folder.out = tmp_path / "out"
    folder.path = tmp_path / "export"
    folder.reports = ("pdf", "json")
    (folder.path / "person1").mkdir(parents=True)
    (folder.path / "person1" / "acc.rda").write_bytes(RDA)
    service.state = succeeded()
    settled(folder, clock)

    assert {path.name for path in (folder.path / "person1").iterdir()} == {"acc.rda"}
    assert {path.name for path in (folder.out / "person1").iterdir()} == {
        "acc.rda.done",
        "acc.rda.report.pdf",
        "acc.rda.report.json",
    }
    assert (folder.out / "person1" / "acc.rda.report.pdf").read_bytes() == b"report as pdf"


def test_region_comes_from_the_first_rule_of_name_or_folder(
    folder: Folder, service: Service, clock: Clock, tmp_path: Path
) -> None:
    """The name comes before the folder; a scan that no rule knows has the region of the options."""
    rules = tmp_path / "rules.toml"
    rules.write_text(
        """[[region]]
pattern = '(?i)\\bacc\\b'
region = "ACC"
hemisphere = "midline"
[[region]]
pattern = '(?i)thal'
region = "thalamus"
sequence = "PRESS"
"""
    )
    folder.rules = read_rules(rules)
    folder.request = {"region": "OFC"}
    for place in ("acc.rda", "thal/x.rda", "other.rda"):
        path = folder.path / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(RDA)
    settled(folder, clock)

    said = {json.loads(part_of(body, "request")[0].split(b"\r\n\r\n", 1)[1])["region"]: body for body in service.sent}
    assert said.keys() == {"ACC", "thalamus", "OFC"}
    assert b'"hemisphere": "midline"' in said["ACC"]
    assert b'"overrides": {"sequence": "PRESS"}' in said["thalamus"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "has no [[region]]"),
        ("[[region]]\nregion = 'ACC'", "has no pattern"),
        ("[[region]]\npattern = '('\nregion = 'ACC'", "no regular expression"),
        ("[[region]]\npattern = 'a'\nregoin = 'ACC'", "regoin"),
        ("[[region]]\npattern = 'a'\nhemisphere = 'top'", "hemisphere"),
        ("pattern", "is not TOML"),
    ],
)
def test_unusable_rules_are_refused_before_anything_is_sent(
    content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.toml").write_text(content)
    command = ["watch", str(tmp_path), "--url", "http://mrs.local", "--region-rules", str(tmp_path / "rules.toml")]

    assert app.run(command) == 3
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [("--report", "pdf,doc"), ("--water-pattern", "{name}_ref"), ("--water-pattern", "ref")]
)
def test_unusable_options_of_watch_are_refused(
    option: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["watch", str(tmp_path), "--url", "http://mrs.local", *option]) == 1
    assert option[0] in capsys.readouterr().err


def test_watch_refuses_a_missing_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is refused in one line."""
    assert app.run(["watch", str(tmp_path / "absent"), "--url", "http://mrs.local"]) == 3
    assert capsys.readouterr().err.startswith("mrsquant: inaccessible-file: ")
