"""Which scope each call needs, written out: a scope that is declared too weak differs from this table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from service.access.principal import SCOPES
from service.app import create_app
from service.settings import Settings
from tests import fake_pipeline
from tests.api.test_access import ELSEWHERE, Keys, bearer, sent
from tests.openapi import ACCESS

NEEDED = {
    "submit": (
        "POST /v1/analyses", "POST /v1/analyses/validate", "POST /v1/scores", "POST /v1/score-sets", "POST /upload",
        "POST /upload/preview", "POST /sites/spectra", "POST /v1/cohorts", "POST /v1/cohorts/validate",
        "POST /cohorts", "POST /example", "POST /upload/pairing",
    ),
    "read": (
        "GET /", "GET /upload", "GET /compare", "GET /norms", "GET /analyses/{analysis_id}",
        "GET /subjects/{pseudonym}", "GET /v1/analyses", "GET /v1/analyses/{analysis_id}",
        "GET /v1/analyses/{analysis_id}/events", "GET /v1/analyses/{analysis_id}/report",
        "GET /v1/analyses/{analysis_id}/traces", "GET /v1/analyses/{analysis_id}/fhir",
        "GET /v1/analyses/{analysis_id}/export",
        "GET /v1/analyses/{analysis_id}/sign-off",
        "GET /v1/subjects/{pseudonym}/timeline", "GET /v1/sites", "GET /v1/sites/{site_id}",
        "GET /v1/sites/{site_id}/share", "GET /sites", "GET /v1/cohorts", "GET /v1/cohorts/{cohort_id}",
        "GET /v1/cohorts/{cohort_id}/report", "GET /cohorts", "GET /cohorts/{cohort_id}",
        "GET /export", "GET /v1/calibrations", "GET /v1/calibrations/{calibration_id}",
    ),
    "sign": ("POST /v1/analyses/{analysis_id}/sign-off", "POST /analyses/{analysis_id}/sign-off"),
    "admin": (
        "DELETE /v1/analyses/{analysis_id}", "POST /v1/norms", "DELETE /v1/norms/{norm_id}", "GET /metrics",
        "POST /norms", "POST /v1/sites", "DELETE /v1/sites/{site_id}", "POST /sites",
        "POST /sites/{site_id}/withdraw", "DELETE /v1/cohorts/{cohort_id}", "POST /v1/cohorts/{cohort_id}/norm",
        "POST /v1/cohorts/{cohort_id}/site", "POST /cohorts/{cohort_id}/remove", "POST /cohorts/{cohort_id}/norm",
        "POST /cohorts/{cohort_id}/site", "DELETE /v1/calibrations/{calibration_id}",
        "POST /sites/calibrations/{calibration_id}/remove",
    ),
    "any": (
        "GET /v1/norms", "GET /v1/norms/{norm_id}", "GET /v1/regions", "GET /v1/basis-sets", "GET /v1/cohort-presets",
        "GET /v1/cohort-presets/{name}", "POST /v1/power",
    ),
}  # fmt: skip
"""Reading shows, submitting computes, signing answers for a report, admin removes and counts."""

PUBLIC = {
    "GET /healthz", "GET /readyz", "GET /docs", "GET /docs/{path}", "GET /problems", "GET /problems/{code}",
    "GET /static/{version_asked}/{name}", "GET /sign-in", "POST /sign-in", "POST /sign-out",
}  # fmt: skip
CALLS = [(scope, call) for scope, calls in NEEDED.items() for call in calls]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys") / "keys.toml")


@pytest.fixture(scope="module")
def service(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(
        data_dir=data, cache_dir=data, executor="inline:", api_keys_file=keys.file.path, log_level="error"
    )
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with TestClient(app, "http://mrs.hospital.example", client=ELSEWHERE) as client:
        yield client


def test_the_table_names_every_call() -> None:
    """A new call needs a line here, and its author a thought about who may make it."""
    assert {call for _, call in CALLS} | PUBLIC == set(ACCESS)


@pytest.mark.parametrize(("scope", "call"), CALLS)
def test_a_call_needs_this_scope_and_no_other(service: TestClient, keys: Keys, scope: str, call: str) -> None:
    """With every other scope it is refused, and this one alone is enough; knowledge takes any key."""
    others = sent(service, call, bearer(keys.new(*(SCOPES - {scope}))))
    alone = [sent(service, call, bearer(keys.new(one))) for one in (SCOPES if scope == "any" else {scope})]

    assert (others.status_code == 403) == (scope != "any")
    assert not {answer.status_code for answer in alone} & {401, 403}
