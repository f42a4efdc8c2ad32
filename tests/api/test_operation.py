"""What operators, browsers and restarts need."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fitting.basis.macromolecule_templates import templates
from fitting.norms import literature_norms
from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline
from tests.fake_pipeline import spectrum

PAGES = ("/", "/docs", "/upload", "/norms")


def submit(client: TestClient, content: bytes, wait: int = 20, **request: Any) -> Any:
    return client.post(
        "/v1/analyses",
        files={"metabolite": ("x.json", content)},
        data={"request": json.dumps(request)},
        headers={"Prefer": f"wait={wait}"},
    )


def test_ready_once_a_worker_has_answered(client: TestClient) -> None:
    """Readiness follows the workers; liveness does not wait for them."""
    for _ in range(100):
        if client.get("/readyz").status_code == 200:
            break
        time.sleep(0.05)

    assert client.get("/readyz").json() == {"status": "ok"}
    assert client.get("/healthz").json() == {"status": "ok"}


def test_not_ready_without_database(client: TestClient, tmp_path: Path) -> None:
    """A database that is gone is a problem of readiness and a 503 for clients, not an exception."""
    for file in (tmp_path / "data").glob("mrsquant.sqlite3*"):
        file.unlink()
    (tmp_path / "data" / "mrsquant.sqlite3").write_bytes(b"this is no database" * 500)
    client.app_state["services"].database.close()  # so that the next connection sees the file that is there
    answers = [client.get(address) for address in ("/readyz", "/v1/analyses")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (503, "not-ready"),
        (503, "unavailable"),
    ]
    assert client.get("/healthz").status_code == 200


def test_metrics_count_events(client: TestClient) -> None:
    """Outcomes, durations, requests by route and the queue's depth; no label holds what a client wrote."""
    submit(client, spectrum())
    submit(client, spectrum("refuse"))
    client.request("BREW", "/nothing/MUELLER")
    text = client.get("/metrics").text

    assert 'mrsquant_analyses_total{outcome="succeeded"} 1.0' in text
    assert 'mrsquant_analyses_total{outcome="missing-parameter"} 1.0' in text
    assert "mrsquant_analysis_seconds_count 1.0" in text
    assert 'mrsquant_requests_total{method="POST",route="/v1/analyses",status="200"} 2.0' in text
    assert 'mrsquant_requests_total{method="other",route="",status="404"} 1.0' in text
    assert 'mrsquant_queue_depth{state="queued"} 0.0' in text


def test_every_answer_has_safe_headers(client: TestClient) -> None:
    """Patients' results are not cached, framed, sniffed or leaked by a referrer."""
    for address in ("/", "/healthz", "/nothing", "/v1/analyses"):
        headers = client.get(address).headers

        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


def test_pages_work_offline(client: TestClient) -> None:
    """Pages load nothing from outside the service, link to publications only, and list the analyses."""
    submitted = submit(client, spectrum(), region="ACC", subject="sub-9")
    pages = {address: client.get(address).text for address in PAGES}

    for page in pages.values():
        named = re.findall(r"""<(\w+)[^>]*?\s(?:src|href)\s*=\s*["']?((?:https?:)?//[^"'>\s]*)""", page)
        assert all(tag == "a" and address.startswith("https://doi.org/10.") for tag, address in named), named
    assert all("Research use only" in page for page in pages.values())
    assert f"/analyses/{submitted.json()['id']}" in pages["/"]
    assert "sub-9" in pages["/"]
    assert "POST /v1/analyses/validate" in pages["/docs"]


def test_page_escapes_shown_values(client: TestClient) -> None:
    """What a file makes a reader say is text on the page, not markup."""
    submit(client, spectrum("refuse"))

    assert "does not say echo_time" in client.get("/").text
    assert "&#39;metabolite.json&#39;" in client.get("/").text


def test_queue_survives_a_restart(start: Any) -> None:
    """What waits or runs when the service stops is done by the next one."""
    first = start()
    addresses = [
        submit(first, spectrum("sleep", seconds=0.3, number=number), wait=0).headers["Location"] for number in range(4)
    ]
    first.exit_stack.close()
    second = start()
    for _ in range(200):
        states = {second.get(address).json()["state"] for address in addresses}
        if states == {"succeeded"}:
            break
        time.sleep(0.05)

    assert states == {"succeeded"}


def test_norms_regions_and_basis_sets(client: TestClient) -> None:
    """The catalogues are those of the library, and each norm has an address."""
    norms = client.get("/v1/norms").json()
    first = client.get(f"/v1/norms/{norms['items'][0]['id']}").json()
    pcc = client.get("/v1/norms", params={"region": "PCC"}).json()["items"]
    regions = client.get("/v1/regions").json()["items"]
    basis = client.get("/v1/basis-sets").json()

    assert [item["id"] for item in norms["items"]] == [norm.id for norm in literature_norms()]
    assert {**first, "cohorts": None} == {**norms["items"][0], "cohorts": None}
    assert sum(cohort["n"] for cohort in first["cohorts"]) == first["n"]
    assert {item["region"] for item in norms["items"]} <= {region["name"] for region in regions}
    assert {item["region"] for item in pcc} == {"PCC"}
    assert "PRESS" in basis["sequences"]
    shipped = {name: entry.default for name, entry in templates().items()}
    assert {item["name"]: item["default"] for item in basis["macromolecules"]} == shipped
    assert any(shipped.values())
    assert {"NAA", "Glu", "mI"} <= {metabolite["name"] for metabolite in basis["metabolites"]}


def test_creating_the_application_opens_nothing(tmp_path: Path) -> None:
    """Only starting it touches the disk; so the description can be written anywhere."""
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    create_app(settings, analyse=fake_pipeline.analyse)

    assert list(tmp_path.iterdir()) == []


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The prefix is MRSQUANT_, the database follows the data folder, and every setting is described."""
    monkeypatch.setenv("MRSQUANT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MRSQUANT_MAX_UPLOAD_BYTES", "5")
    settings = Settings()

    assert settings.max_upload_bytes == 5
    assert settings.database_url == f"sqlite:///{tmp_path}/mrsquant.sqlite3"
    assert all(field.description for field in Settings.model_fields.values())
