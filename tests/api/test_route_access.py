"""Each route declares who may call it and what the audit log keeps, and the declaration is what happens."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from service import routes
from service.access.route_access import Access, access_of
from service.api.access import UndeclaredRoute
from service.app import create_app
from service.settings import Settings
from service.storage.audit import AuditEntry, AuditLog
from tests.fake_pipeline import spectrum
from tests.openapi import ACCESS

SEVERAL = {
    "GET /compare": "/compare?with={first}&with={second}",
    "GET /subjects/{pseudonym}": "/subjects/sub-1",
    "GET /v1/subjects/{pseudonym}/timeline": "/v1/subjects/sub-1/timeline",
}
"""An address of every route that shows several analyses, which shows the two of ``shown``."""


@pytest.fixture
def shown(client: TestClient) -> list[str]:
    """Ids of two analyses of one person."""
    return [submitted(client, number) for number in range(2)]


def submitted(client: TestClient, number: int) -> str:
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": ("x", spectrum("succeed", of=str(number)))},
        data={"request": json.dumps({"subject": "sub-1", "session": f"ses-{number}"})},
        headers={"Prefer": "wait=20"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def noted(client: TestClient, action: str) -> list[AuditEntry]:
    """Entries of the audit log, once all are written."""
    services = client.app_state["services"]
    while services.audit_writer.waiting:
        time.sleep(0.02)
    time.sleep(0.3)
    return [row for row in AuditLog(services.database).rows() if row.action == action]


def test_no_route_lacks_a_declaration(tmp_path: Path) -> None:
    """Whatever the application answers was declared; only the description itself is served by the framework."""
    app = create_app(Settings(data_dir=tmp_path, cache_dir=tmp_path))
    routes = list(iter_route_contexts(app.routes))

    assert [route.path for route in routes if access_of(route.original_route) is None] == ["/openapi.json"]
    assert len(routes) > 30


def test_the_service_does_not_start_with_an_undeclared_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that is added without a declaration stops the start, and the message names it."""
    router = APIRouter()
    router.add_api_route("/v1/new", lambda: None, methods=["GET"])
    monkeypatch.setattr(routes, "ROUTED", (*routes.ROUTED, type("new", (), {"router": router})))

    with pytest.raises(UndeclaredRoute, match="GET /v1/new"):
        routes.mount(FastAPI())


@pytest.mark.parametrize(("need", "note"), [("read", "none"), ("any", "none"), ("public", "one"), ("public", "list")])
def test_contradictory_declarations_are_refused(need: str, note: str) -> None:
    """A guarded route records refusals at least, and a public one shows no analysis."""
    with pytest.raises(ValueError, match="record"):
        Access(need, note)  # type: ignore[arg-type]


def test_routes_with_an_analysis_record_the_look() -> None:
    """A route of one analysis that is read declares ``one``, and one that changes something a change."""
    for name, access in ACCESS.items():
        method = name.split(" ")[0]
        if "{analysis_id}" in name:
            assert access.note in ({"one"} if method == "GET" else {"change", "own-transaction"}), name
        elif method != "GET":
            assert access.note in {"change", "own-transaction"}, name


def test_every_route_of_several_analyses_is_tried() -> None:
    """A new route that shows several analyses needs an address in ``SEVERAL``."""
    assert {name for name, access in ACCESS.items() if access.note == "several"} == set(SEVERAL)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_analyses_are_recorded_each(client: TestClient, shown: list[str], name: str) -> None:
    """The log has one entry for each analysis that was shown, with its id."""
    answer = client.get(SEVERAL[name].format(first=shown[0], second=shown[1]))

    assert answer.status_code == 200, answer.text
    assert sorted(str(row.analysis_id) for row in noted(client, name)) == sorted(shown)


def test_a_list_is_one_entry_and_an_analysis_one_with_its_id(client: TestClient, shown: list[str]) -> None:
    """Lists are recorded once, looks with the id, and knowledge without patient data not at all."""
    for path in ("/v1/analyses", f"/v1/analyses/{shown[0]}", "/v1/regions"):
        assert client.get(path).status_code == 200

    assert [row.analysis_id for row in noted(client, "GET /v1/analyses")] == [None]
    assert [row.analysis_id for row in noted(client, "GET /v1/analyses/{analysis_id}")] == [shown[0]]
    assert noted(client, "GET /v1/regions") == []


def test_a_change_with_its_own_record_is_recorded_once(client: TestClient, shown: list[str]) -> None:
    """A submission and a removal each appear once, and a failed removal too."""
    assert client.delete(f"/v1/analyses/{shown[0]}").status_code == 204
    assert client.delete(f"/v1/analyses/{shown[0]}").status_code == 404

    assert [row.analysis_id for row in noted(client, "submit")] == shown
    assert [row.analysis_id for row in noted(client, "remove")] == shown[:1]
    assert noted(client, "POST /v1/analyses") == []
    assert [row.status for row in noted(client, "DELETE /v1/analyses/{analysis_id}")] == [404]
