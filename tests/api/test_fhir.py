"""``GET /v1/analyses/{id}/fhir``: a valid Bundle of a finished analysis; what the caller knows is not kept."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from starlette.testclient import TestClient

from service.client import Client
from tests.api.test_service_client import ToApplication
from tests.fake_pipeline import spectrum


@pytest.fixture
def service(start: Callable[..., TestClient]) -> TestClient:
    return start()


@pytest.fixture
def address(service: TestClient) -> str:
    client = Client("http://localhost", transport=ToApplication(service), pause=lambda _: None)
    analysis = client.submit({"metabolite": [("svs.json", spectrum())]}, {"region": "ACC", "subject": "sub-01"})
    return f"/v1/analyses/{client.wait(analysis)['id']}/fhir"


def report_of(bundle: dict[str, Any]) -> dict[str, Any]:
    return next(item["resource"] for item in bundle["entry"] if item["resource"]["resourceType"] == "DiagnosticReport")


def test_bundle_of_a_finished_analysis(service: TestClient, address: str) -> None:
    answer = service.get(address)
    Bundle.model_validate_json(answer.content)

    assert answer.headers["content-type"] == "application/fhir+json"
    assert report_of(answer.json())["subject"]["identifier"]["value"] == "sub-01"
    assert {item["resource"]["resourceType"] for item in answer.json()["entry"]} == {
        *("Device", "Observation", "DiagnosticReport", "Provenance")
    }


def test_the_caller_names_patient_and_study(service: TestClient, address: str) -> None:
    """Both are in that answer only; the report holds the PDF when it is asked for."""
    named = service.get(address, params={"subject": "Patient/p-1", "study": "urn:oid:1.2.840.3", "pdf": "true"})
    report = report_of(named.json())
    Bundle.model_validate_json(named.content)

    assert report["subject"] == {"reference": "Patient/p-1"}
    assert report["imagingStudy"] == [{"identifier": {"value": "urn:oid:1.2.840.3"}}]
    assert base64.b64decode(report["presentedForm"][0]["data"]).startswith(b"%PDF")
    assert "Patient/" not in service.get(address).text


@pytest.mark.parametrize("query", ["subject=Patient/Anna%20M", "study=1.2.3", "study=urn:oid:3.1"])
def test_other_forms_are_refused(service: TestClient, address: str, query: str) -> None:
    assert service.get(f"{address}?{query}").status_code == 422


def test_without_a_result_there_is_no_bundle(service: TestClient) -> None:
    """A failed analysis answers 409 and its code, as the report does."""
    client = Client("http://localhost", transport=ToApplication(service), pause=lambda _: None)
    failed = client.wait(client.submit({"metabolite": [("svs.json", spectrum("refuse"))]}))
    answer = service.get(f"/v1/analyses/{failed['id']}/fhir")

    assert (answer.status_code, answer.json()["code"]) == (409, "no-result")


def test_of_an_unfinished_analysis_there_is_no_bundle_yet(start: Callable[..., TestClient]) -> None:
    service = start()
    client = Client("http://localhost", transport=ToApplication(service), pause=lambda _: None)
    running = client.look(client.submit({"metabolite": [("svs.json", spectrum("sleep", seconds=2))]}))
    answer = service.get(f"/v1/analyses/{running['id']}/fhir")

    assert (answer.status_code, answer.json()["code"]) == (409, "not-finished")
    assert int(answer.headers["Retry-After"]) > 0
