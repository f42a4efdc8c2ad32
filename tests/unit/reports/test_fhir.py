"""The FHIR Bundle is valid R4, holds the result's numbers value by value, and nothing that is not known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.codesystem import CodeSystem

from fitting.analysis import Analysis
from service.reports import AnalysisDocument, render
from service.reports.analysis_document import SignOffStep
from service.reports.fhir import Caller, bundle
from service.reports.fhir.code_system import code_system
from service.reports.results_csv import upper
from tests.data.analysis_factory import failed, limited, make_analysis, make_traces, unusable

ID, FINISHED = "0190e3a4-0000-7000-8000-000000000000", "2026-01-02T03:04:05Z"
ROOT = Path(__file__).parents[3]
REGIONS = ("ACC", "M1", "dlPFC", "thalamus", "insula", "PAG")
UNKNOWN = Caller()
CASES = {
    "norm and water": make_analysis(),
    "no norm": make_analysis(norm=False),
    "no water": make_analysis(water=False),
    "limited": limited(make_analysis()),
    "not interpretable": unusable(make_analysis()),
    "failed": failed(make_analysis()),
}


def resources(document: AnalysisDocument, kind: str, caller: Caller = UNKNOWN) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle(document, caller)["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


@pytest.mark.parametrize("analysis", CASES.values(), ids=CASES)
@pytest.mark.parametrize("status", ["draft", "reviewed", "signed"])
@pytest.mark.parametrize("stored", [True, False])
def test_bundle_is_valid(analysis: Analysis, status: Any, stored: bool) -> None:
    """As R4B, whose elements used here are those of R4; with and without the envelope of a service."""
    envelope = {"id": ID, "finished": FINISHED, "subject": "sub-01"} if stored else {}
    document = AnalysisDocument(analysis, status=status, **envelope)
    content = render("fhir", document, make_traces()).content

    Bundle.model_validate_json(content)
    assert content == render("fhir", document, make_traces()).content


def test_every_value_stands_in_its_observation() -> None:
    """Value to cell: each ratio and concentration that may be interpreted, its deviation, range and z."""
    document = AnalysisDocument(make_analysis(), id=ID, finished=FINISHED)
    found = {item["code"]["text"]: item for item in resources(document, "Observation")}
    for result in document.analysis.metabolites:
        for name, measured in ((f"{result.name}/tCr", result.ratio_tcr), (result.name, result.concentration)):
            if measured is None or result.verdict.usable == "no" or name == "tCr/tCr":
                assert name not in found
                continue
            value = found[name]["valueQuantity"]
            if result.detected:
                assert value["value"] == measured.value
                assert found[name]["component"][0]["valueQuantity"]["value"] == measured.sd
            else:
                assert value["comparator"] == "<"
                assert f"{value['value']:.8g}" == upper(result, measured.value, measured.sd)
                assert "interpretation" not in found[name]
        if result.z is not None and result.detected:
            compared = [item for item in (found.get(f"{result.name}/tCr"), found.get(result.name)) if item]
            (item,) = [item for item in compared if "referenceRange" in item]
            reference = item["referenceRange"][0]
            assert (reference["low"]["value"], reference["high"]["value"]) == (
                result.z.reference_low,
                result.z.reference_high,
            )
            assert item["component"][1]["valueQuantity"]["value"] == result.z.value
            flag = item["interpretation"][0]["coding"][0]["code"]
            assert flag == {"within": "N", "above": "H", "below": "L"}[result.z.flag]


def test_a_withheld_z_has_its_reason_and_no_interpretation() -> None:
    document = AnalysisDocument(make_analysis(norm=False), id=ID)
    for item in resources(document, "Observation"):
        assert "interpretation" not in item
        assert "referenceRange" not in item
    reasons = {result.z_absent.sentence for result in document.analysis.metabolites if result.z_absent is not None}
    noted = {note["text"] for item in resources(document, "Observation") for note in item.get("note", [])}

    assert reasons & noted


def test_a_spectrum_that_may_not_be_interpreted_has_no_metabolite() -> None:
    """Verdict and quality only: silence would look like a lost result."""
    document = AnalysisDocument(unusable(make_analysis()), id=ID)
    (only,) = resources(document, "Observation")

    assert only["code"]["text"] == "Quality of the spectrum"
    assert only["component"][0]["valueString"] == "no"


@pytest.mark.parametrize(
    ("status", "version", "expected"),
    [("draft", 1, "preliminary"), ("reviewed", 1, "preliminary"), ("signed", 1, "final"), ("signed", 2, "amended")],
)
def test_status_follows_the_sign_off(status: Any, version: int, expected: str) -> None:
    document = AnalysisDocument(make_analysis(), id=ID, status=status, version=version)

    assert {item["status"] for kind in ("Observation", "DiagnosticReport") for item in resources(document, kind)} == {
        expected
    }


def test_the_person_is_a_pseudonym_or_the_callers_reference() -> None:
    """Never a reference to a Patient that this program made up."""
    document = AnalysisDocument(make_analysis(), id=ID, subject="sub-01")
    (report,) = resources(document, "DiagnosticReport")
    (named,) = resources(document, "DiagnosticReport", Caller("Patient/123", "urn:oid:1.2.3"))
    (unknown,) = resources(replace(document, subject=None), "DiagnosticReport")

    assert report["subject"] == {"identifier": {"system": "urn:mrsquant:pseudonym", "value": "sub-01"}}
    assert named["subject"] == {"reference": "Patient/123"}
    assert named["imagingStudy"][0]["identifier"]["value"] == "urn:oid:1.2.3"
    assert "subject" not in unknown


@pytest.mark.parametrize(
    ("subject", "study"), [("Patient/../x", None), ("Anna", None), (None, "1.2.3"), (None, "urn:oid:x")]
)
def test_other_references_are_refused(subject: str | None, study: str | None) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        Caller(subject, study)


def test_conclusion_begins_with_the_impression_of_the_reviewer() -> None:
    """Under the reviewer's name; a draft has neither."""
    step = SignOffStep("review", 1, "Dr A. Example", "2026-11-22T10:00:00Z", impression="Ordinary spectrum.")
    draft = AnalysisDocument(make_analysis(), id=ID, finished=FINISHED)
    (reviewed,) = resources(replace(draft, status="reviewed", sign_off=(step,)), "DiagnosticReport")
    (before,) = resources(draft, "DiagnosticReport")

    assert reviewed["conclusion"].startswith(
        "Impression of Dr A. Example, 2026-11-22 10:00 UTC: Ordinary spectrum. Usable"
    )
    assert reviewed["resultsInterpreter"] == [{"display": "Dr A. Example"}]
    assert "Impression" not in before["conclusion"]
    assert "resultsInterpreter" not in before


def test_every_own_code_is_in_the_published_code_system() -> None:
    """The resource is valid, current, and holds each code of this project that a Bundle has."""
    published = json.loads((ROOT / "docs" / "fhir" / "CodeSystem-mrsquant.json").read_text(encoding="utf-8"))
    CodeSystem.model_validate(published)
    known = {item["code"]: item["display"] for item in published["concept"]}
    regions = [
        replace(make_analysis(), acquisition=replace(make_analysis().acquisition, region=name)) for name in REGIONS
    ]
    used = {
        (coding["code"], coding["display"])
        for analysis in (*CASES.values(), *regions)
        for coding in codings(bundle(AnalysisDocument(analysis, id=ID, finished=FINISHED), UNKNOWN))
        if coding["system"] == published["url"]
    }

    assert published == code_system()
    assert {code for code, _ in used} >= {"ACC", "M1", "tNAA/tCr", "Glu", "quality", "engine"}
    assert {(code, words) for code, words in used if known.get(code) != words and not code.startswith("MM")} == set()


def codings(element: Any) -> Iterator[dict[str, str]]:
    """Every coding in a resource."""
    if isinstance(element, dict):
        yield from element.get("coding", ())
        for value in element.values():
            yield from codings(value)
    elif isinstance(element, list):
        for value in element:
            yield from codings(value)
