"""Objects of every state pass the validators of others."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from service.reports.analysis_document import AnalysisDocument
from service.reports.dicom import DICOM_FORMATS, Source, read_header, render_dicom
from service.reports.dicom.failure_page import failure_page
from tests.data import analysis_factory as factory
from tests.data import report_cases
from tests.data.dicom_study import Patient, Scan, content
from tests.peers.conftest import installed

DRAFT = report_cases.document(factory.make_analysis())
STATES: dict[str, Callable[[], AnalysisDocument]] = {
    "draft": lambda: DRAFT,
    "reviewed": lambda: replace(DRAFT, status="reviewed"),
    "signed and amended": lambda: report_cases.signed_and_amended(DRAFT),
    "not interpretable": lambda: report_cases.document(factory.unusable(factory.make_analysis())),
    "no norm, no water": lambda: report_cases.document(factory.make_analysis(norm=False, water=False)),
}
MISREAD = re.compile(r"Template 300 Measurement/\[Row 1\] NUM \*/\[Row (2|9|10)\]")
"""PixelMed takes children of TID 300 for its wildcard rows."""


def _source(**more: object) -> Source:
    scan = Scan(patient=Patient(**more))  # type: ignore[arg-type]
    water = read_header(content(Scan(water=True, series=12)), "water.dcm")
    return Source(read_header(content(scan), "scan.dcm"), water=water)


@pytest.fixture(params=STATES)
def document(request: pytest.FixtureRequest) -> AnalysisDocument:
    return STATES[request.param]()


@pytest.mark.parametrize("format", DICOM_FORMATS)
def test_dciodvfy_finds_no_error(tmp_path: Path, format: str, document: AnalysisDocument) -> None:
    installed("dciodvfy")
    path = tmp_path / "object.dcm"
    for item in render_dicom(format, document, factory.make_traces(), _source()):  # type: ignore[arg-type]
        path.write_bytes(item)
        said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, errors="replace", check=False)

        assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []
        assert "EncapsulatedPDF" in said.stderr or "SR" in said.stderr or "SCImage" in said.stderr


def test_dciodvfy_finds_no_error_in_the_page_of_a_refused_scan(tmp_path: Path) -> None:
    installed("dciodvfy")
    path = tmp_path / "object.dcm"
    path.write_bytes(failure_page("unsupported-data", "The scan is a series; send one part of it.", _source()))
    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, errors="replace", check=False)

    assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []
    assert "SCImage" in said.stderr


@pytest.mark.parametrize("character_set", ["ISO_IR 100", None])
def test_dciodvfy_finds_no_error_in_other_character_sets(tmp_path: Path, character_set: str | None) -> None:
    installed("dciodvfy")
    path = tmp_path / "object.dcm"
    path.write_bytes(render_dicom("dicom-sr", DRAFT, factory.make_traces(), _source(character_set=character_set))[0])

    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, errors="replace", check=False)

    assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []


def test_dsrdump_shows_the_tree(tmp_path: Path, document: AnalysisDocument) -> None:
    installed("dsrdump")
    path = tmp_path / "sr.dcm"
    path.write_bytes(render_dicom("dicom-sr", document, factory.make_traces(), _source())[0])

    said = subprocess.run(["dsrdump", path], capture_output=True, text=True, errors="replace", check=True)

    assert '"Imaging Measurement Report"' in said.stdout
    assert '"Spectrum may be interpreted"' in said.stdout
    assert [line for line in said.stderr.splitlines() if line.startswith(("E:", "F:"))] == []


def _short(document: AnalysisDocument) -> AnalysisDocument:
    """The same with every kind of row and few rows: PixelMed needs gigabytes and minutes for forty measurements."""
    kept = ("tNAA", "tCho", "tCr", "Glu", "Gln", "Lac")
    rows = tuple(item for item in document.analysis.metabolites if item.name in kept)
    return replace(document, analysis=replace(document.analysis, metabolites=rows))


def test_pixelmed_finds_no_error_in_the_template(tmp_path: Path, document: AnalysisDocument) -> None:
    installed("java")
    jars = sorted(Path("/usr/share/java").glob("*.jar"))
    if not any(jar.name.startswith("pixelmed") for jar in jars):
        pytest.skip("not installed: libpixelmed-java")
    others = re.compile("slf4j-(log4j|jcl|jdk14|simple)")
    path = tmp_path / "sr.dcm"
    path.write_bytes(render_dicom("dicom-sr", _short(document), factory.make_traces(), _source())[0])
    # newer Java limits the size of XPath expressions, and those of TID 1500 are larger
    limits = [f"-Djdk.xml.xpath{name}Limit=0" for name in ("ExprGrp", "ExprOp", "TotalOp")]
    where = ":".join(str(jar) for jar in jars if not others.search(jar.name))

    said = subprocess.run(
        ["java", *limits, "-Xmx3g", "-Xss64m", "-cp", where, "com.pixelmed.validate.DicomSRValidator", path],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=500,
    )

    lines = (said.stdout + said.stderr).splitlines()
    assert "Found Root Template TID_1500 (MeasurementReport)" in lines
    assert "IOD validation complete" in lines
    assert [line for line in lines if line.startswith("Error") and not MISREAD.search(line)] == []
