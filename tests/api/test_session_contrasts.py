"""Contrasts of one session over HTTP: in the result, the timeline, the report and the pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.storage.audit import AuditLog
from service.storage.database import Database
from tests import fake_pipeline
from tests.api.test_subjects import analyse, submit
from tests.clients import on_this_machine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect)) as opened:
        yield opened


def result(client: TestClient, analysis_id: str) -> Any:
    answer = client.get(f"/v1/analyses/{analysis_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_result_has_the_contrasts_of_its_session(client: TestClient) -> None:
    """Two regions of a session: Glu of one is 60 % high against the other; another session changes nothing."""
    acc = submit(client, "sub-1", "ses-1", region="ACC", factors={"Glu": 1.6})
    alone = result(client, acc)
    pcc = submit(client, "sub-1", "ses-1", region="PCC")
    submit(client, "sub-1", "ses-2", region="dlPFC")
    found = {(item["kind"], item["a"], item["b"]): item for item in result(client, acc)["contrasts"]}
    glu = found["regions", "ACC Glu", "PCC Glu"]

    assert alone["contrasts"] is None
    assert alone["contrasts_left_out"] is None
    assert result(client, pcc)["contrasts"] == result(client, acc)["contrasts"]
    assert {kind for kind, _, _ in found} == {"regions", "metabolites"}
    assert glu["log_ratio"] == pytest.approx(0.470, abs=1e-3)
    assert not any("dlPFC" in name for key in found for name in key)
    assert result(client, acc)["multiplicity"] == alone["multiplicity"]


def test_sides_of_the_brain_are_contrasted(client: TestClient) -> None:
    """Left against right of one region, 25 % lower tNAA on the left."""
    left = submit(client, "sub-2", "ses-1", region="dlPFC", hemisphere="left", factors={"tNAA": 0.75})
    submit(client, "sub-2", "ses-1", region="dlPFC", hemisphere="right")
    sides = [item for item in result(client, left)["contrasts"] if item["kind"] == "sides"]
    tnaa = next(item for item in sides if item["a"] == "left dlPFC tNAA")

    assert tnaa["b"] == "right dlPFC tNAA"
    assert tnaa["flag"] == "below"
    assert tnaa["controls"] == 0


def test_spectra_that_are_not_alike_are_named(client: TestClient) -> None:
    """Another echo time leaves nothing to contrast, and says so."""
    acc = submit(client, "sub-3", "ses-1", region="ACC")
    submit(client, "sub-3", "ses-1", region="PCC", acquired={"echo_time": 0.068})
    found = result(client, acc)

    assert found["contrasts"] == []
    assert [item["code"] for item in found["contrasts_left_out"]] == ["session-not-alike"]


def test_report_timeline_and_pages_show_them(client: TestClient) -> None:
    """The flagged difference stands in the report of either spectrum, the PDF, the timeline and the person's page."""
    acc = submit(client, "sub-4", "ses-1", region="ACC", factors={"mI": 2.5})
    submit(client, "sub-4", "ses-1", region="PCC")
    report = client.get(f"/v1/analyses/{acc}/report", params={"format": "html"}).text
    page = client.get("/subjects/sub-4", headers={"Accept": "text/html"}).text
    timeline = client.get("/v1/subjects/sub-4/timeline").json()

    assert "Within this session" in report
    assert "<td>PCC mI</td>" in report
    assert "Within session" in page
    assert "<td>PCC mI</td>" in page
    (session,) = timeline["contrasts"]
    assert session["session"] == "ses-1"
    assert session["contrasts"]["items"] == result(client, acc)["contrasts"]
    assert client.get(f"/v1/analyses/{acc}/report", params={"format": "pdf"}).content.startswith(b"%PDF")


def test_the_audit_log_names_every_analysis_that_was_read(client: TestClient, settings: Settings) -> None:
    """A look at one result of a session is a look at the others, which its contrasts show."""
    ids = {submit(client, "sub-5", "ses-1", region=region) for region in ("ACC", "PCC")}
    result(client, min(ids))
    client.get("/health")
    looks: set[str | None] = set()
    for _ in range(100):
        rows = AuditLog(Database(settings.database_url)).rows()
        looks = {row.analysis_id for row in rows if row.action.startswith("GET /v1/analyses/{")}
        if looks:
            break
        time.sleep(0.05)

    assert looks == ids
