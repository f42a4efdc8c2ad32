"""No value of any parameter, field or form is answered as a fault of the service, on either database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, APIRouter
from starlette.testclient import TestClient

from service.app import create_app
from service.pages.analysis_list import NAMES
from service.pages.form_fields import FIELDS
from service.routes import ROUTED
from service.settings import Settings
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.fuzz.values import JSON_NUMBERS, JSON_TEXTS, NUMBERS, TEXTS
from tests.openapi import DOCUMENT

READ_BY_HAND = {"/": (*NAMES, "cursor"), "/upload": tuple(field.name for field in FIELDS)}
"""Query parameters of pages that take them from the request themselves, so that no route declares them."""
ABSENT = "00000000-0000-4000-8000-000000000000"
KNOWN = {
    "calibration_id": ABSENT,
    "pseudonym": "sub-017",
    "code": "not-found",
    "norm_id": "site.acc.v1",
    "version_asked": "x",
    "name": "room.css",
}
SHARE = 4
"""Pages take longer, and forms have many fields: each field gets one text of so many, and the next field others."""


def routes(router: APIRouter) -> Iterator[APIRoute]:
    """Every route below a router, also those of pages that stand in no description."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes(route.original_router)  # type: ignore[attr-defined]


ROUTES = [(method, route) for module in ROUTED for route in routes(module.router) for method in sorted(route.methods)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("hostile")
    database = {"database_url": request.getfixturevalue("server").new_database()} if request.param != "sqlite" else {}
    settings = Settings(
        data_dir=folder / "data", cache_dir=folder / "cache", executor="inline:", queue_limit=1_000_000,
        log_level="error", **database,
    )  # fmt: skip
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with ExitStack() as stack:
        yield stack.enter_context(on_this_machine(app))


@pytest.fixture(scope="module")
def analysis_id(service: TestClient) -> str:
    answer = service.post(
        "/v1/analyses",
        files={"metabolite": ("x.rda", fake_pipeline.spectrum())},
        data={"request": json.dumps({"subject": "sub-017", "region": "ACC"})},
        headers={"Prefer": "wait=30"},
    )
    assert answer.json()["state"] == "succeeded"
    return str(answer.json()["id"])


@pytest.mark.parametrize(("method", "route"), ROUTES, ids=[f"{method} {route.path}" for method, route in ROUTES])
def test_no_parameter_is_a_fault(service: TestClient, analysis_id: str, method: str, route: APIRoute) -> None:
    """Numbers beyond any type, ends of the calendar, digits of other scripts: an answer, or a refusal."""
    declared = [(field.field_info.in_.value, field.alias) for field in get_flat_params(route.dependant)]
    by_hand = [("query", name) for name in READ_BY_HAND.get(route.path, ()) if method == "GET"]
    is_page = not route.path.startswith("/v1/")
    faults = []
    for number, (where, name) in enumerate((*declared, *by_hand)):
        known = {**KNOWN, "analysis_id": ABSENT if method == "DELETE" else analysis_id}
        for text in TEXTS[number % SHARE :: SHARE] if is_page else TEXTS:
            path = route.path
            for parameter, value in (known | ({name: text} if where == "path" else {})).items():
                path = path.replace(f"{{{parameter}}}", quote(value, safe="")).replace(
                    f"{{{parameter}:path}}", quote(value, safe="")
                )
            query = f"?{urlencode({name: text})}" if where == "query" else ""
            headers = {name: text.encode()} if where == "header" else {}
            answer = service.request(method, path + query, headers=headers, follow_redirects=False)
            if answer.status_code >= 500:
                faults.append((where, name, text[:40], answer.status_code))
    assert faults == []


CONTROLS = [{"value": 1.0 + 0.02 * k, "sd": 0.04, "age_years": 30.0 + k, "sex": "female", "gm": 0.6} for k in range(9)]
VALUE = {"metabolite": "tNAA", "value": 1.05, "sd": 0.04, "region": "ACC", "field_t": 3.0, "echo_time": 0.03,
         "sequence": "PRESS", "verdict": "yes", "age_years": 44.0, "sex": "female", "gm": 0.62}  # fmt: skip
STUDIES = [{"mean": 1.1, "sd": 0.1, "n": 20}, {"mean": 1.0, "sd": 0.12, "n": 30}]
NORM = {"name": "acc", "region": "ACC", "unit": "tCr", "field_t": 3.0, "echo_time": 0.03, "sequence": "PRESS",
        "software": "LCModel 6.3"}  # fmt: skip
ARRAYS = {"fid_real": [1.0, 0.5], "fid_imag": [0.0, 0.1], "dwell_time": 5e-4, "spectrometer_frequency": 1.23e8,
          "echo_time": 0.03, "repetition_time": 2.0, "mixing_time": 0.01}  # fmt: skip
REQUEST = {"region": "ACC", "age_years": 44.0, "tissue": {"gm": 0.6, "wm": 0.3, "csf": 0.1}, "session_day": 1.0,
           "subject": "sub-017", "clinical": {"pain_vas": 1.0, "odi": 1.0}, "overrides": {"echo_time": 0.03},
           "options": {"deadline_seconds": 60.0}}  # fmt: skip
BODIES: dict[str, tuple[str, Any]] = {
    "score against values": ("/v1/scores", {**VALUE, "controls": {"values": CONTROLS, "field_t": 3.0}}),
    "score against a summary": ("/v1/scores", {**VALUE, "controls": {"mean": 1.1, "sd": 0.1, "n": 48}}),
    "score against studies": ("/v1/scores", {**VALUE, "controls": {"studies": STUDIES}}),
    "score against published norms": (
        "/v1/scores",
        {**VALUE, "value": 9.0, "unit": "mM", "tcr": {"value": 8.5, "sd": 0.7, "correlation": 0.5}},
    ),
    "scores together": ("/v1/score-sets", {"scores": [VALUE, {**VALUE, "metabolite": "tCho", "value": 0.2}]}),
    "norm": (
        "/v1/norms",
        {**NORM, "controls": [{"id": f"ctl-{k}", "values": {"tNAA": {"value": 1.4 + 0.01 * k, "sd": 0.04}},
                               "age_years": 30.0 + k, "gm": 0.6} for k in range(8)]},
    ),
    "site of analyses": ("/v1/sites", {"name": "acc", "analyses": [ABSENT]}),
    "cohort": (
        "/v1/cohorts",
        {"name": "ACC pilot", "plan": "schema = 1\n[levels]\n", "wide_unit": "tCr",
         "participants": [{"participant_id": "sub-01", "group": "control", "age_years": 41.0}],
         "measurements": [{"participant_id": "sub-01", "ACC_midline_tNAA": 1.4}],
         "tables": {"studies.csv": "study,g,variance\nA,-0.8,0.1\n"}},
    ),
    "cohort of analyses": ("/v1/cohorts", {"name": "x", "preset": "gussew-2011", "analyses": [ABSENT]}),
    "cohort by filter": (
        "/v1/cohorts/validate",
        {"name": "x", "filter": {"region": "ACC", "created_from": "2026-01-01T00:00:00Z"}},
    ),
    "power": ("/v1/power", {"difference_percent": 10.0, "cv_percent": 8.0, "n": [20, 20]}),
    "norm of analyses": ("/v1/norms", {"name": "acc", "analyses": [ABSENT]}),
    "spectrum": ("/v1/analyses", {**ARRAYS, **REQUEST}),
    "spectrum to inspect": ("/v1/analyses/validate", {**ARRAYS, **REQUEST}),
    "norm of a cohort": ("/v1/cohorts/{cohort_id}/norm",
                         {"name": "acc", "group": "control", "region": "ACC", "hemisphere": "midline", "unit": "tCr"}),
    "site of a cohort": ("/v1/cohorts/{cohort_id}/site", {"name": "acc", "group": "control"}),
    "sign-off": ("/v1/analyses/{analysis_id}/sign-off",
                 {"action": "return", "position": 0, "reviewer": "Dr A", "comment": "x"}),
}  # fmt: skip


def leaves(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Places and values of a document; of a list only the first item's."""
    match document:
        case dict():
            for name, item in document.items():
                yield from leaves(item, (*path, name))
        case list():
            yield from leaves(document[0], (*path, 0))
        case _:
            yield path, document


def changed(document: Any, path: tuple[str | int, ...], token: str) -> bytes:
    """The document as JSON with a token, which may be no JSON, at one place."""
    whole = json.loads(json.dumps(document))
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "@here@"
    return json.dumps(whole).replace('"@here@"', token).encode()


@pytest.mark.parametrize("name", BODIES)
def test_no_field_is_a_fault(service: TestClient, analysis_id: str, name: str) -> None:
    """The same for every number and text of every JSON body."""
    path, document = BODIES[name]
    faults = []
    for place, value in leaves(document):
        for token in JSON_TEXTS if isinstance(value, str) else JSON_NUMBERS:
            answer = service.post(
                path.replace("{analysis_id}", analysis_id).replace("{cohort_id}", ABSENT),
                content=changed(document, place, token),
                headers={"Content-Type": "application/json"},
            )
            if answer.status_code >= 500:
                faults.append((place, token[:40], answer.status_code))
    assert faults == []


def test_every_json_body_is_tried() -> None:
    """A call that takes JSON and is missing above would not be tried."""
    takes = {
        path
        for path, operations in DOCUMENT["paths"].items()
        for operation in operations.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert takes == {path for path, _ in BODIES.values()}


FORMS = {
    "/upload": {**{field.name: "" for field in FIELDS}},
    "/upload/preview": {**{field.name: "" for field in FIELDS}},
    "/analyses/{analysis_id}/sign-off": dict.fromkeys(("action", "position", "reviewer", "comment", "amendment"), "1"),
    "/norms": {**{name: str(value) for name, value in NORM.items()}, "hemisphere": "", "analyses": "",
               "csv": "id,tNAA,tNAA_sd,age_years,gm\n" + "".join(f"ctl-{k},1.{k},0.1,40,0.5\n" for k in range(8))},
    "/sign-in": {"key": "mrsq_0123456789ab_x", "next": "/"},
}  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_a_fault(service: TestClient, analysis_id: str, path: str) -> None:
    """The same for every field of every form, and for every cell of the CSV of controls."""
    given, address = FORMS[path], path.replace("{analysis_id}", analysis_id)
    files = {"metabolite": ("x.rda", fake_pipeline.spectrum())} if path.startswith("/upload") else None
    tried = [{**given, name: text} for number, name in enumerate(given) for text in TEXTS[number % SHARE :: SHARE]]
    if "csv" in given:
        row = "ctl-3,1.3,0.1,40,0.5"
        tried += [{**given, "csv": given["csv"].replace(row, f"ctl-3,{text},{text},40,0.5")} for text in NUMBERS]
    faults = []
    for form in tried:
        answer = service.post(address, data=form, files=files, follow_redirects=False)
        if answer.status_code >= 500:
            faults.append(({name: text[:40] for name, text in form.items() if text != given[name]}, answer.status_code))
    assert faults == []
