"""What clients get wrong: each a clear problem document, and the service goes on answering."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from httpx2 import Response
from sqlalchemy.exc import DataError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.testclient import TestClient

from service.app import create_app
from service.errors import BY_CODE, STATUS
from service.settings import Settings
from service.storage.repositories import AnalysisRepository
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.fake_pipeline import spectrum

LIMIT = 200_000
JPEG = bytes.fromhex("ffd8ffe000104a464946") + bytes(500)
ARRAYS = {"fid_real": [1, 2], "fid_imag": [0, 1], "dwell_time": 5e-4, "spectrometer_frequency": 1e8, "echo_time": 0.03}


class Case(NamedTuple):
    """A wrong request and the problem that names it."""

    name: str
    send: Callable[[TestClient], Response]
    status: int
    code: str
    says: str
    """Part of the detail or of a pointer that leads to the mistake."""


def upload(content: bytes = spectrum(), name: str = "x.rda", **parts: Any) -> Callable[[TestClient], Response]:
    return lambda client: client.post("/v1/analyses", files={"metabolite": (name, content), **parts})


def request(document: object) -> Callable[[TestClient], Response]:
    text = document if isinstance(document, str) else json.dumps(document)
    return lambda client: client.post(
        "/v1/analyses", files={"metabolite": ("x.rda", spectrum())}, data={"request": text}
    )


def arrays(**changes: object) -> Callable[[TestClient], Response]:
    document = {name: value for name, value in {**ARRAYS, **changes}.items() if value is not ...}
    return lambda client: client.post(
        "/v1/analyses", content=json.dumps(document), headers={"Content-Type": "application/json"}
    )


def score(controls: object) -> Callable[[TestClient], Response]:
    document = {"metabolite": "tNAA", "value": 1.05, "sd": 0.04, "controls": controls}
    return lambda client: client.post("/v1/scores", json=document)


def raw(content: bytes | str, content_type: str) -> Callable[[TestClient], Response]:
    return lambda client: client.post("/v1/analyses", content=content, headers={"Content-Type": content_type})


def get(address: str, **headers: str) -> Callable[[TestClient], Response]:
    return lambda client: client.get(address, headers=headers)


def call(method: str, address: str) -> Callable[[TestClient], Response]:
    return lambda client: client.request(method, address)


def chunked(client: TestClient) -> Response:
    def chunks() -> Iterator[bytes]:
        for _ in range(10):
            yield bytes(LIMIT // 5)

    return client.post("/v1/analyses", content=chunks(), headers={"Content-Type": "application/json"})


def report_as(accept: str) -> Callable[[TestClient], Response]:
    def send(client: TestClient) -> Response:
        address = upload()(client).headers["Location"]
        return client.get(address + "/report", headers={"Accept": accept})

    return send


def report_format(name: str) -> Callable[[TestClient], Response]:
    return lambda client: client.get(upload()(client).headers["Location"] + f"/report?format={name}")


CASES = (
    Case("empty file", upload(b""), 400, "damaged-file", "metabolite.rda"),
    Case("a JPEG", upload(JPEG, "x.jpg"), 415, "unsupported-data", "metabolite"),
    Case("a text", upload(b"Dear Sir or Madam,\n" * 9, "letter.doc"), 415, "unknown-format", "metabolite"),
    Case("JPEG as water", upload(water_reference=("w.jpg", JPEG)), 415, "unsupported-data", "water_reference"),
    Case("no spectrum", lambda client: client.post("/v1/analyses", files={"request": ("r", b"{}")}), 422,
         "invalid-request", "#/metabolite"),
    Case("spectrum as text field", lambda client: client.post("/v1/analyses", files={"request": ("r", b"{}")},
         data={"metabolite": "x"}), 422, "invalid-request", "#/metabolite"),
    Case("another part", upload(patient=("p", b"x")), 422, "invalid-request", "csf and request"),
    Case("no multipart", raw(b"hello", "multipart/form-data; boundary=x"), 400, "malformed-request", "parsed"),
    Case("no boundary", raw(b"hello", "multipart/form-data"), 400, "malformed-request", "boundary"),
    Case("request is no JSON", request("{age: 4"), 400, "malformed-request", "part 'request'"),
    Case("request is a list", request([1]), 422, "invalid-request", "#/request"),
    Case("age as text", request({"age_years": "old"}), 422, "invalid-request", "#/request/age_years"),
    Case("age of Methuselah", request({"age_years": 969}), 422, "invalid-request", "#/request/age_years"),
    Case("age NaN", request('{"age_years": NaN}'), 422, "invalid-request", "#/request/age_years"),
    Case("unknown field", request({"patient_name": "x"}), 422, "invalid-request", "#/request/patient_name"),
    Case("a name as pseudonym", request({"subject": "Hans Müller"}), 422, "invalid-request", "#/request/subject"),
    Case("tissue of 2", request({"tissue": {"gm": 1, "wm": 1, "csf": 0}}), 400, "implausible-parameter", "sum to 2"),
    Case("pain of 11", request({"clinical": {"pain_vas": 11}}), 422, "invalid-request", "#/request/clinical/pain_vas"),
    Case("sequence", request({"overrides": {"sequence": "EPI"}}), 400, "implausible-parameter", "PRESS"),
    Case("arrays are no JSON", raw(b"{", "application/json"), 400, "malformed-request", "JSON"),
    Case("arrays of text", arrays(fid_real=["a", "b"]), 422, "invalid-request", "#/fid_real"),
    Case("arrays of two lengths", arrays(fid_imag=[0]), 422, "invalid-request", "same shape"),
    Case("ragged arrays", arrays(fid_real=[[1, 2], [1]]), 422, "invalid-request", "#/fid_real"),
    Case("no dwell time", arrays(dwell_time=...), 422, "invalid-request", "#/dwell_time"),
    Case("unknown array field", arrays(te=30), 422, "invalid-request", "#/te"),
    Case("another content type", raw(b"x", "text/plain"), 415, "unsupported-media-type", "multipart/form-data"),
    Case("no content type", call("POST", "/v1/analyses"), 415, "unsupported-media-type", "multipart/form-data"),
    Case("too large, declared", upload(bytes(LIMIT)), 413, "too-large", str(LIMIT)),
    Case("too large, chunked", chunked, 413, "too-large", str(LIMIT)),
    Case("empty idempotency key", lambda client: client.post("/v1/analyses", files={"metabolite": ("x", spectrum())},
         headers={"Idempotency-Key": ""}), 422, "invalid-request", "#/idempotency-key"),
    Case("unacceptable report", report_as("image/png"), 406, "not-acceptable", "application/pdf"),
    Case("unknown report format", report_format("docx"), 422, "invalid-request", "#/format"),
    Case("cursor", get("/v1/analyses?cursor=!"), 400, "invalid-cursor", "Link"),
    Case("cursor beyond the calendar", get("/v1/analyses?cursor=" + 32 * "f"), 400, "invalid-cursor", "Link"),
    Case("cursor of another kind", get("/v1/analyses?cursor=MTIz"), 400, "invalid-cursor", "Link"),
    Case("limit", get("/v1/analyses?limit=100000"), 422, "invalid-request", "#/limit"),
    Case("state", get("/v1/analyses?state=lost"), 422, "invalid-request", "#/state"),
    Case("date without zone", get("/v1/analyses?created_from=2026-01-01T00:00:00"), 422, "invalid-request",
         "#/created_from"),
    Case("studies around zero", score({"studies": [{"mean": 0, "sd": 1, "n": 9}] * 2}), 400, "implausible-parameter",
         "mean"),
    Case("controls of 10²⁰ people", score({"mean": 1, "sd": 1, "n": 10**20}), 422, "invalid-request", "#/controls/n"),
    Case("an SD of 10³⁰⁸", score({"mean": 1, "sd": 1e308, "n": 9}), 422, "invalid-request", "#/controls/sd"),
    Case("version of a norm", get("/v1/norms/site.x.v99999999999999999999"), 404, "norm-not-found", "/v1/norms"),
    Case("version in other digits", get("/v1/norms/site.x.v²"), 404, "norm-not-found", "/v1/norms"),
    Case("id", get("/v1/analyses/17"), 422, "invalid-request", "#/analysis_id"),
    Case("address", get("/v1/nothing"), 404, "not-found", "openapi.json"),
    Case("norm", get("/v1/norms/moon"), 404, "norm-not-found", "/v1/norms"),
    Case("problem", get("/problems/none"), 404, "problem-not-found", "/problems"),
    Case("method", call("PUT", "/v1/analyses"), 405, "method-not-allowed", "PUT"),
    Case("method of the world", call("BREW", "/v1/norms"), 405, "method-not-allowed", "Allow"),
)  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service that takes all the blows."""
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder, cache_dir=folder, executor="inline:", max_upload_bytes=LIMIT)
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with on_this_machine(app) as client:
        upload()(client)
        yield client


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_wrong_request_gets_its_problem(service: TestClient, case: Case) -> None:
    """Status, code, a hint at the mistake, and the whole shape of RFC 9457; afterwards all is well."""
    answer = case.send(service)
    problem = answer.json()

    assert (answer.status_code, problem["code"]) == (case.status, case.code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(problem) == ["type", "title", "status", "detail", "code", "request_id", "errors", "data"]
    assert problem["status"] == case.status
    assert problem["title"] == BY_CODE[case.code].title
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert case.says in problem["detail"] + " ".join(error["pointer"] for error in problem["errors"])
    assert bool(problem["errors"]) == (case.status == 422)
    assert service.get(problem["type"]).json()["code"] == case.code
    assert service.get("/healthz").status_code == 200


def test_people_read_pages_and_programs_read_documents(service: TestClient) -> None:
    """Addresses a browser may be led to answer with pages; the interface for programs never does."""
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for address, status in (("/problems", 200), ("/problems/not-found", 200), ("/problems/none", 404), ("/none", 404)):
        page, document = (service.get(address, headers=headers) for headers in (browser, {}))

        assert (page.status_code, document.status_code) == (status, status)
        assert page.headers["Content-Type"].startswith("text/html")
        assert "Content-Security-Policy" in page.headers
        assert document.headers["Content-Type"].startswith("application/")
    assert service.get("/v1/none", headers=browser).headers["Content-Type"] == "application/problem+json"


def test_rejected_values_are_not_repeated(service: TestClient) -> None:
    """A name in the wrong place is not sent back, so it enters no log."""
    answer = request({"subject": "Hans Müller", "age_years": "12.3.1970", "region": "<script>"})(service)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "#/request/subject",
        "#/request/age_years",
        "#/request/region",
    }
    assert "ller" not in answer.text
    assert "1970" not in answer.text
    assert "<script>" not in answer.text


def test_status_of_refusals_follows_the_policy() -> None:
    """422 is for schemas only, and everything else of the table has a status that names the side at fault."""
    assert {kind.__name__ for kind, status in STATUS.items() if status == 422} == {"InvalidRequest"}
    assert all(400 <= status < 600 for status in STATUS.values())


FIRST, LAST = "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"


def test_the_ends_of_the_calendar_are_dates(service: TestClient) -> None:
    """Beyond the first and the last moment in UTC nothing was submitted: everything, or nothing, is listed."""
    for query, found in (
        (f"created_from={FIRST}", True),
        (f"created_before={FIRST}", False),
        (f"created_from={LAST}", False),
        (f"created_before={LAST}", True),
    ):
        answer = service.get(f"/v1/analyses?{query}")

        assert answer.status_code == 200, answer.text
        assert bool(answer.json()["items"]) is found, query
    for query, found in (("to=9999-12-31", True), ("from=9999-12-31", False), ("to=0001-01-01", False)):
        page = service.get(f"/?{query}")

        assert page.status_code == 200
        assert ("/analyses/" in page.text) is found, query


@pytest.mark.parametrize("number", ["99999999999999999999", "9223372036854775808", "٣", "²", "-1", "1e3", "NaN"])
def test_unknown_event_numbers_replay_all_events(service: TestClient, number: str) -> None:
    """Numbers that were never given out, in whatever digits, are no reason to leave an event out, nor to fail."""
    address = upload()(service).headers["Location"]
    service.get(address, headers={"Prefer": "wait=20"})
    answer = service.get(f"{address}/events", headers={"Last-Event-ID": number.encode()})

    assert answer.status_code == 200
    assert "id: 1\n" in answer.text


@pytest.mark.parametrize("length", ["9" * 5000, "99999999999999999999"])
def test_a_declared_length_of_any_size_is_compared(service: TestClient, length: str) -> None:
    """More digits than a number may have are a number above the limit."""
    answer = service.post("/v1/scores", content=b"{}", headers={"Content-Length": length})

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StatementError("x", "SELECT 1", {}, ValueError()), 500, "internal-error"),
        (DataError("SELECT 1", {}, ValueError()), 500, "internal-error"),
        (OperationalError("SELECT 1", {}, ValueError()), 503, "unavailable"),
        (PoolTimeout(), 503, "unavailable"),
    ],
)
def test_refused_value_is_not_reported_as_database_failure(
    service: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    """The problem 'the database does not answer' is used for that fault only."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(AnalysisRepository, "page", fail)
    answer = service.get("/v1/analyses")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("does not answer" in answer.json()["detail"]) is (status == 503)
