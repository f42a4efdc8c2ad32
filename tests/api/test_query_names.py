"""Query parameters that a call does not take are refused by name; nothing is filtered by a misspelt one."""

from __future__ import annotations

import re

import pytest
import yaml
from starlette.testclient import TestClient

from service.routes import openapi_yaml


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/v1/analyses?subjekt=sub-1", "the parameter 'subjekt' is unknown; 'subject' was probably meant"),
        ("/v1/analyses?limit=5&colour=red", "the parameter 'colour' is unknown; this call takes subject, region"),
        ("/v1/regions?region=ACC", "the parameter 'region' is unknown; this call takes none"),
        ("/v1/analyses?Jane%20Doe=1", "a parameter is unknown; this call takes subject"),
        ("/healthz?deep=1", "the parameter 'deep' is unknown"),
    ],
)
def test_unknown_parameter_returns_422_and_the_likely_name(client: TestClient, address: str, said: str) -> None:
    """The answer names the parameter unless it may be a value, and what was probably meant."""
    answer = client.get(address)

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-request"
    assert said in answer.json()["detail"]
    assert "Jane" not in answer.text


def test_parameters_of_calls_and_pages_are_taken(client: TestClient) -> None:
    """Known parameters pass, also of a dependency; a page ignores what a link elsewhere added to its address."""
    assert client.get("/v1/analyses?limit=5&region=ACC").status_code == 200
    assert client.get("/v1/norms?region=PCC").status_code == 200
    assert client.get("/?utm_source=mail", headers={"Accept": "text/html"}).status_code == 200


def test_every_unknown_parameter_is_listed(client: TestClient) -> None:
    """``errors`` has one entry for each, ten at most."""
    answer = client.get("/v1/analyses", params={f"x{number}": "1" for number in range(12)})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 10
    assert {item["location"] for item in answer.json()["errors"]} == {"query"}


def _calls() -> list[tuple[str, str]]:
    paths = yaml.safe_load(openapi_yaml())["paths"]
    return [
        (method, re.sub(r"\{\w+\}", "018f3c1e-7b2a-7c11-9d20-5c8e3b1f0a77", path))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "pages" not in operation["tags"]
        and not path.startswith("/problems")  # pages for people, too, to whose addresses others add
    ]


@pytest.mark.parametrize(("method", "address"), _calls())
def test_every_described_call_refuses_an_unknown_parameter(client: TestClient, method: str, address: str) -> None:
    """Whatever else is missing: the name stands in the refusal."""
    answer = client.request(method, address, params={"colour": "red"})

    assert answer.status_code == 422
    assert "the parameter 'colour' is unknown" in answer.json()["detail"]
