"""Measured macromolecules and the concentration prior through the whole service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.api.test_real_pipeline import parts
from tests.clients import on_this_machine
from tests.unit.test_measured_background import noise, published, scan


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder, cache_dir=folder / "cache", executor="inline:")
    with on_this_machine(create_app(settings)) as client:
        yield client


def _measured() -> tuple[str, bytes]:
    return "MM of Mueller.json", scan(published() + noise())[0].content


def _post(client: TestClient, address: str, files: dict[str, Any], **request: Any) -> Any:
    return client.post(address, files=files, data={"request": json.dumps(request)}, headers={"Prefer": "wait=60"})


def test_a_measured_background_is_used_and_named(service: TestClient) -> None:
    """The part ``macromolecules`` replaces the published spectra, by hash; nothing of its name is kept."""
    plain = _post(service, "/v1/analyses", parts()).json()
    answer = _post(service, "/v1/analyses", {**parts(), "macromolecules": _measured()})

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] != plain["id"]
    assert plain["provenance"]["macromolecules"] == "default"
    assert answer.json()["provenance"]["macromolecules"].startswith("measured, sha256 ")
    assert "Mueller" not in answer.text
    assert "macromolecules" not in {item["model_move"]["model"].split()[0] for item in answer.json()["metabolites"]}


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (scan(noise())[0].content, "unusable-basis", "does not look like one"),
        (parts()["metabolite"][1], "unusable-basis", "same file"),
    ],
    ids=["noise", "the spectrum itself"],
)
def test_validation_refuses_unusable_backgrounds(service: TestClient, content: bytes, code: str, said: str) -> None:
    """Validation says what is wrong with the part before anything is fitted."""
    part = ("mm.nii.gz" if content[:2] == b"\x1f\x8b" else "mm.json", content)
    problem = _post(service, "/v1/analyses/validate", {**parts(), "macromolecules": part})

    assert problem.status_code == 400, problem.text
    assert problem.json()["code"] == code
    assert said in problem.json()["detail"]


def test_a_background_of_no_known_format_is_not_queued(service: TestClient) -> None:
    """What no reader recognises is refused on arrival."""
    problem = _post(service, "/v1/analyses", {**parts(), "macromolecules": ("mm.txt", b"no spectrum")})

    assert problem.status_code in {415, 422}
    assert "macromolecules.txt" in problem.json()["detail"]


def test_the_prior_is_an_option_and_its_effect_is_reported(service: TestClient) -> None:
    """Provenance names the table, every value its move, and the report shows it; an unknown table is refused."""
    answer = _post(service, "/v1/analyses", parts(), options={"concentration_prior": "adult-brain"})
    document = answer.json()
    report = service.get(f"/v1/analyses/{document['id']}/report", params={"format": "html"}).text

    assert document["provenance"]["options"]["concentration_prior"] == "adult-brain"
    assert all(isinstance(item["prior_move"], float) for item in document["metabolites"])
    assert "Expected concentrations (adult-brain)" in report

    refused = _post(service, "/v1/analyses", parts(), options={"concentration_prior": "unicorn"})
    assert refused.status_code == 400
    assert "adult-brain" in refused.json()["detail"]


def test_people_choose_both_on_the_upload_page(service: TestClient) -> None:
    """The form submits what a program would, and says at its field what is wrong with either, also beside others."""
    chosen = {"concentration_prior": "adult-brain"}
    sent = service.post(
        "/upload", files={**parts(), "macromolecules": _measured()}, data=chosen, follow_redirects=False
    )
    same = _post(service, "/v1/analyses", {**parts(), "macromolecules": _measured()}, options=chosen).json()
    wrong = service.post(
        "/upload", files={**parts(), "macromolecules": ("mm.txt", b"no spectrum")}, data={"subject": "Anna Müller"}
    )

    assert sent.status_code == 303, sent.text
    assert sent.headers["Location"] == f"/analyses/{same['id']}"
    assert wrong.status_code == 422
    for field in ("macromolecules", "subject"):
        assert f'data-error="{field}" hidden' not in wrong.text
    assert '<details class="group" data-group="advanced" open>' in wrong.text
