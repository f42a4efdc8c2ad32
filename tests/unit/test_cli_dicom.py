"""DICOM results of the command line: from a DICOM spectrum, from another format with ``--study``, and of a service."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pydicom
import pytest

from service.cli import app
from service.reports import pdf, result_json
from service.reports.analysis_document import Rendered
from service.reports.fetched import report_document
from tests.data import analysis_factory as factory
from tests.data import report_cases
from tests.data.dicom_study import EXAMPLES, Scan, content

DOCUMENT = report_cases.document(factory.make_analysis())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fitting.run.analyse", lambda *_, **__: (factory.make_analysis(), factory.make_traces()))
    monkeypatch.setattr(pdf, "render", lambda *_: Rendered("application/pdf", b"%PDF made"))
    Path("scan.dcm").write_bytes(content(Scan()))
    Path("water.dcm").write_bytes(content(Scan(water=True, series=12)))
    Path("svs.nii.gz").write_bytes((EXAMPLES / "acc_press30.nii.gz").read_bytes())


@pytest.mark.parametrize(("format", "modality"), [("dicom-sr", "SR"), ("dicom-pdf", "DOC")])
def test_analyse_writes_an_object_of_the_spectrums_study(format, modality):
    assert app.run(["analyse", "scan.dcm", "--water-reference", "water.dcm", "--format", format, "-o", "out.dcm"]) == 0

    result = pydicom.dcmread("out.dcm")
    assert (result.Modality, result.PatientID, result.StudyInstanceUID) == (
        modality,
        "PLANTED-0001",
        Scan().study_instance_uid,
    )


def test_pages_are_files_of_their_own():
    assert app.run(["analyse", "scan.dcm", "--format", "dicom-sc", "-o", "out.dcm"]) == 0

    pages = [pydicom.dcmread(name) for name in ("out.dcm", "out-2.dcm")]
    assert [page.InstanceNumber for page in pages] == [1, 2]
    assert all(page.Rows > page.Columns > 1000 for page in pages)


def test_spectrum_without_dicom_is_refused_before_the_analysis(capsys, monkeypatch):
    monkeypatch.setattr("fitting.run.analyse", lambda *_, **__: pytest.fail("analysed"))

    assert app.run(["analyse", "svs.nii.gz", "--format", "dicom-sr", "-o", "out.dcm"]) == 3

    assert "no-dicom-source" in (said := capsys.readouterr().err)
    assert "--study scan.dcm" in said
    assert not Path("out.dcm").exists()


def test_any_instance_of_the_study_lends_its_header():
    assert app.run(["analyse", "svs.nii.gz", "--study", "scan.dcm", "--format", "dicom-sr", "-o", "out.dcm"]) == 0

    result = pydicom.dcmread("out.dcm")
    assert result.PatientName == "Planted^Petra"
    assert "CurrentRequestedProcedureEvidenceSequence" not in result


def test_instance_of_another_study_is_refused(capsys):
    Path("other.dcm").write_bytes(content(Scan(study="another")))

    assert app.run(["analyse", "scan.dcm", "--study", "other.dcm", "--format", "dicom-sr", "-o", "out.dcm"]) == 3
    assert "other-study" in capsys.readouterr().err


@pytest.mark.parametrize("named", ["scan.dcm", "water.dcm"])
def test_output_never_overwrites_an_input(named):
    before = Path(named).read_bytes()
    command = ["analyse", "scan.dcm", "--water-reference", "water.dcm", "--format", "dicom-sr", "-o", named]

    assert app.run(command) == 1
    assert Path(named).read_bytes() == before


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A service that holds one signed analysis; what it is asked for."""
    asked: list[str] = []
    signed = replace(report_cases.signed_and_amended(DOCUMENT))
    answers = {"json": result_json.render(signed, factory.make_traces()).content, "pdf": b"%PDF signed"}
    traces = factory.make_traces()
    spectra = {name: getattr(traces, name).tolist() for name in ("ppm", "data", "fit", "baseline", "residual")}
    spectra["components"] = [
        {"name": name, "values": values.tolist()} for name, values in zip(traces.names, traces.components, strict=True)
    ]

    class Fake:
        def __init__(self, url: str) -> None:
            asked.append(url)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def report(self, analysis: str, format: str) -> bytes:
            asked.append(f"{analysis} {format}")
            return answers[format]

        def traces(self, analysis: str):
            asked.append(f"{analysis} traces")
            return spectra

    monkeypatch.setattr("service.client.Client", Fake)
    return asked


def test_signed_analysis_of_a_service_is_delivered_as_it_was_signed(service):
    command = ["dicom-report", "an-id", "--url", "http://mrs", "--study", "scan.dcm", "-o", "out.dcm"]

    assert app.run([*command, "--format", "dicom-pdf"]) == 0
    assert pydicom.dcmread("out.dcm").EncapsulatedDocument.rstrip(b"\0") == b"%PDF signed"
    assert app.run([*command, "--format", "dicom-sr"]) == 0
    assert pydicom.dcmread("out.dcm").VerificationFlag == "VERIFIED"
    assert service[:4] == ["http://mrs", "an-id json", "an-id pdf", "an-id traces"]


@pytest.mark.parametrize("document", [DOCUMENT, report_cases.signed_and_amended(DOCUMENT)])
def test_json_report_is_read_back_as_it_was_written(document):
    stated = json.loads(result_json.render(document, factory.make_traces()).content)

    assert asdict(report_document(stated)) == asdict(document)
