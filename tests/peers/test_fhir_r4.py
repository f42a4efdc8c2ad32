"""Bundles and the CodeSystem keep to the StructureDefinitions of FHIR R4, by the package ``fhir`` of npm (Lantana).

``fhir.resources``, which the other tests use, knows R4B and not R4. HL7's own validator needs packages of its server.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from service.reports.analysis_document import AnalysisDocument
from service.reports.fhir import Caller, bundle
from service.reports.fhir.code_system import code_system
from tests.data import analysis_factory as factory
from tests.data import report_cases
from tests.peers.conftest import ROOT, installed

MODULES = ROOT / "build" / "peers" / "node_modules"
DRAFT = report_cases.document(factory.make_analysis())
RESOURCES: dict[str, Callable[[], dict[str, Any]]] = {
    "draft": lambda: bundle(DRAFT, Caller()),
    "signed and amended": lambda: bundle(report_cases.signed_and_amended(DRAFT), Caller()),
    "not interpretable": lambda: bundle(report_cases.document(factory.unusable(factory.make_analysis())), Caller()),
    "no norm, no water": lambda: bundle(AnalysisDocument(factory.make_analysis(norm=False, water=False)), Caller()),
    "of a patient": lambda: bundle(DRAFT, Caller("Patient/123", "urn:oid:1.2.3", b"%PDF-1.7")),
    "code system": code_system,
}


@pytest.fixture
def errors(tmp_path: Path) -> Callable[[dict[str, Any]], list[dict[str, str]]]:
    installed("node")
    if not (MODULES / "fhir").is_dir():
        pytest.skip("the npm package fhir is not installed: make peers")

    def validated(resource: dict[str, Any]) -> list[dict[str, str]]:
        path = tmp_path / "resource.json"
        path.write_text(json.dumps(resource), encoding="utf-8")
        program = ["node", str(Path(__file__).with_name("fhir_r4.js")), str(path)]
        environment = {**os.environ, "NODE_PATH": str(MODULES)}
        done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120, env=environment)
        return list(json.loads(done.stdout))

    return validated


@pytest.mark.parametrize("make", RESOURCES.values(), ids=RESOURCES)
def test_r4_finds_no_error(make: Callable[[], dict[str, Any]], errors: Callable[..., list[dict[str, str]]]) -> None:
    assert errors(make()) == []


def test_r4_finds_errors(errors: Callable[..., list[dict[str, str]]]) -> None:
    """A status that does not exist, a missing code, an element of another resource."""
    wrong = deepcopy(RESOURCES["draft"]())
    first, second, third = (item["resource"] for item in wrong["entry"][1:4])
    first["status"] = "nonsense"
    del second["code"]
    third["deviceName"] = "x"

    assert {error["location"] for error in errors(wrong)} == {
        *("Observation.status", "Observation.code", "Observation.deviceName")
    }
