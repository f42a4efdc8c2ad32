"""After an update the controls of a calibration are analysed anew, when their files were kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.run import Job
from service.app import create_app
from service.settings import Settings
from service.storage import site_renewal
from service.storage.site_renewal import SiteRenewal
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data.controls_of_site import CODE, control_analysis
from tests.fake_pipeline import example_traces, spectrum

UPDATED = "beef" * 16
VERSIONS = [CODE]
"""The code that computes values now."""


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """The person whose number the file holds, analysed by the present code; an update doubles every value."""
    made = control_analysis(json.loads(job.metabolite[0].content)["person"], scale=2.0 if VERSIONS[-1] != CODE else 1.0)
    return replace(made, provenance=replace(made.provenance, values_code=VERSIONS[-1])), example_traces()


def service(tmp_path: Path, *, keep_inputs: bool) -> TestClient:
    settings = Settings(
        data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:", keep_inputs=keep_inputs
    )
    return on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect))


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(site_renewal, "values_digest", lambda: VERSIONS[-1])
    yield
    del VERSIONS[1:]


def calibrated(client: TestClient) -> dict[str, object]:
    ids = []
    for person in range(1, 5):
        answer = client.post(
            "/v1/analyses",
            files={"metabolite": ("x", spectrum(person=person))},
            data={"request": json.dumps({"region": "ACC", "subject": f"ctl-{person}"})},
            headers={"Prefer": "wait=20"},
        )
        ids.append(answer.json()["id"])
    made = client.post("/v1/sites", json={"name": "acc", "analyses": ids, "learn_macromolecules": False})
    assert made.status_code == 201, made.text
    return dict(made.json())


def renewal(client: TestClient) -> SiteRenewal:
    services = client.app_state["services"]
    return SiteRenewal(services.database, services.storage.blobs, 100)


def test_kept_controls_are_analysed_anew(tmp_path: Path) -> None:
    """The calibration of the same people with the values of the present code takes the place of the old one, once."""
    with service(tmp_path, keep_inputs=True) as client:
        old = calibrated(client)
        chore = renewal(client)
        assert chore.run() == 0
        VERSIONS.append(UPDATED)
        deadline = time.monotonic() + 30
        while not chore.run():
            assert chore.is_waiting
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (new,) = client.get("/v1/sites").json()["items"]

        assert (new["name"], new["people"], new["processing"]["engine"]) == ("acc", 4, UPDATED)
        means = [{item["name"]: item["mean"] for item in site["regions"][0]["metabolites"]} for site in (old, new)]
        assert means[1]["tNAA"] == pytest.approx(2.0 * means[0]["tNAA"])
        assert chore.run() == 0
        assert not chore.is_waiting


def test_without_their_files_the_calibration_stays_and_is_not_applied(tmp_path: Path) -> None:
    """Nothing is submitted, and the list says that it does not hold."""
    with service(tmp_path, keep_inputs=False) as client:
        old = calibrated(client)
        VERSIONS.append(UPDATED)
        chore = renewal(client)

        assert chore.run() == 0
        assert not chore.is_waiting
        (kept,) = client.get("/v1/sites").json()["items"]
        assert kept["id"] == old["id"]
        assert kept["is_current"] is False
