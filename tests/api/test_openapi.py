"""The description of the interface is current, complete and true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from starlette.testclient import TestClient

from service.api.analysis_result import AnalysisOut
from service.api.example import example_analysis
from service.errors import BY_CODE
from service.routes import openapi_yaml
from service.schemas.analysis_request import AnalysisRequest, ArraySubmission
from tests.fake_pipeline import spectrum

DOCUMENT: dict[str, Any] = yaml.safe_load(openapi_yaml())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def _named_in(schema: object) -> set[str]:
    """The component schemas that a part of the description refers to, and those they refer to."""
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))
    return names.union(*(_named_in(SCHEMAS[name]) for name in names))


INPUTS = _named_in([operation.get("requestBody") for operation in OPERATIONS.values()])


def test_file_is_current() -> None:
    """``openapi.yaml`` is what the code says; ``mrsquant openapi`` writes it."""
    kept = (Path(__file__).parents[2] / "openapi.yaml").read_text(encoding="utf-8")

    assert kept == openapi_yaml()
    assert DOCUMENT["openapi"].startswith("3.1")


def test_served_document_is_the_same(client: TestClient) -> None:
    """Programs that ask the service see what the file says."""
    assert client.get("/openapi.json").json() == DOCUMENT


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_documents_its_problems(name: str) -> None:
    """Each has words for people, and each error answer is a problem document of known kinds."""
    operation = OPERATIONS[name]
    errors = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}

    assert operation["summary"]
    assert operation["description"]
    assert {"405", "422", "500", "503"} <= set(errors)
    for answer in errors.values():
        schema = answer["content"]["application/problem+json"]["schema"]
        codes = answer["description"].split("`")[1::2]
        assert schema == {"$ref": "#/components/schemas/ProblemDocument"}
        assert codes
        assert set(codes) <= set(BY_CODE)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_described(name: str) -> None:
    """Every field says what it is; answers have all their fields and no defaults."""
    schema = SCHEMAS[name]
    for field, description in schema.get("properties", {}).items():
        assert description.get("description"), f"{name}.{field}"
        assert name in INPUTS or "default" not in description, f"{name}.{field}"

    assert schema.get("description")
    if name not in INPUTS and "properties" in schema:
        assert set(schema["required"]) == set(schema["properties"])
    if name in INPUTS:
        assert schema["additionalProperties"] is False


def test_references_lead_somewhere() -> None:
    """No schema is named that is not there."""
    text = json.dumps(DOCUMENT)

    assert {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]} == set(SCHEMAS)


def test_numbers_of_a_result_have_examples() -> None:
    """A reader of the schema sees a plausible number beside each quantity."""
    for name in ("Quality", "AcquisitionFacts", "ZScore", "MetaboliteResult", "Ratio", "Concentration", "NormUsed"):
        for field, description in SCHEMAS[name]["properties"].items():
            kinds = {item.get("type") for item in description.get("anyOf", [description])}
            if kinds & {"number", "integer"}:
                assert description.get("examples"), f"{name}.{field}"


def test_answers_keep_to_the_schema(client: TestClient) -> None:
    """A finished, a failed and an unfinished analysis, the list, and the shipped example validate."""
    answers = []
    for content in (spectrum(), spectrum("refuse"), spectrum("sleep", seconds=1)):
        waits = b"sleep" not in content
        answer = client.post(
            "/v1/analyses", files={"metabolite": ("x", content)}, headers={"Prefer": "wait=20"} if waits else {}
        )
        answers.append(answer.json())
    answers.append(example_analysis())
    schema = {"$ref": "#/components/schemas/AnalysisOut", "components": DOCUMENT["components"]}

    for answer in answers:
        jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)
    assert set(answers[0]) == set(answers[3]) == set(AnalysisOut.model_fields)


@pytest.mark.parametrize("model", [AnalysisRequest, ArraySubmission])
def test_input_examples_are_valid(model: type[AnalysisRequest]) -> None:
    """What the schema shows as examples is accepted."""
    schema = SCHEMAS[model.__name__]
    document = {name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field}

    assert model.model_validate_json(json.dumps(document))


def test_operation_ids_are_names_for_people() -> None:
    """Each is unique and a verb with its object, for it becomes a function of generated clients."""
    ids = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+){1,3}", name)] == []


def test_files_are_described_for_generators() -> None:
    """Every part that is a file says so in the words of OpenAPI 3.1 and in those that generators look at."""
    body = OPERATIONS["POST /v1/analyses"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    parts = {name: part.get("items", part) for name, part in body.items() if name != "request"}

    assert "metabolite" in parts
    for part in parts.values():
        assert (part["format"], part["contentMediaType"]) == ("binary", "application/octet-stream")


def test_description_names_server_and_licence() -> None:
    """A program that has the description knows where the calls go, and under which licence the service is."""
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]
    assert DOCUMENT["info"]["license"]["identifier"] == "MIT"
