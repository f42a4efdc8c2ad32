"""The sessions of one person through HTTP: two of them, a course of five, refusals, and who may see it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fitting.analysis import Analysis
from fitting.model.result import Traces
from fitting.run import Job
from service.access.key_file import KeyFile
from service.access.keys import new_key
from service.access.principal import SCOPES
from service.app import create_app
from service.settings import Settings
from service.storage.audit import AuditLog
from service.storage.database import Database
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data import analysis_factory as factory
from tests.fake_pipeline import spectrum


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """A plausible analysis of the request's region, with what the file says multiplied or replaced."""
    content = job.metabolite[0].content
    order = json.loads(content)
    made = factory.make_analysis()
    factors = order.get("factors", {})
    facts = {"region": job.subject.region, "hemisphere": job.subject.hemisphere, **order.get("acquired", {})}
    analysis = replace(
        made,
        metabolites=tuple(
            result
            if result.ratio_tcr is None
            else replace(
                result,
                ratio_tcr=replace(result.ratio_tcr, value=result.ratio_tcr.value * factors.get(result.name, 1.0)),
            )
            for result in made.metabolites
        ),
        acquisition=replace(made.acquisition, **facts),
        provenance=replace(made.provenance, input_sha256=hashlib.sha256(content).hexdigest()),
    )
    return (factory.unusable(analysis) if order.get("bad") else analysis), factory.make_traces()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", executor="inline:")


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with on_this_machine(create_app(settings, analyse=analyse, inspect=fake_pipeline.inspect)) as opened:
        yield opened


def submit(client: TestClient, subject: str, session: str, headers: dict[str, str] | None = None, **more: Any) -> str:
    """Id of a finished analysis; ``factors``, ``acquired`` and ``bad`` go to the file, the rest to the request."""
    file = {key: more.pop(key) for key in ("factors", "acquired", "bad") if key in more}
    request = {"region": "ACC", "hemisphere": "midline", "subject": subject, "session": session, **more}
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": ("x", spectrum("succeed", of=f"{subject} {session}", **file))},
        data={"request": json.dumps(request)},
        headers={"Prefer": "wait=20", **(headers or {})},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def timeline(client: TestClient, subject: str, query: str = "", **headers: str) -> Any:
    answer = client.get(f"/v1/subjects/{subject}/timeline{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ratio(series: Any, name: str) -> Any:
    return next(item for item in series["followed"] if (item["metabolite"], item["quantity"]) == (name, "ratio_tcr"))


def test_two_sessions_make_one_change(client: TestClient) -> None:
    """A fall of 30 % is beyond what published repeats show, its source is named, and two sessions have no trend."""
    first = submit(client, "sub-1", "ses-1", clinical={"pain_vas": 7})
    second = submit(client, "sub-1", "ses-2", factors={"tNAA": 0.7}, clinical={"pain_vas": 3})
    answer = timeline(client, "sub-1")
    (series,) = answer["series"]
    found = ratio(series, "tNAA")
    (change,) = found["changes"]

    assert (answer["axis"], answer["time_unit"], series["sessions"]) == ("order", "session", [first, second])
    assert change["percent"] == pytest.approx(-30.0)
    assert change["reliable"]["beyond"]
    assert change["reliable"]["low"] < change["change"] < change["reliable"]["high"] < 0.0
    assert change["reliable"]["minimal_detectable_change"] == pytest.approx(
        change["reliable"]["high"] - change["change"]
    )
    assert "10.3389/fnhum.2016.00300" in found["repeatability"]["source"]
    assert found["trend_absent"]["code"] == "trend-too-few"
    assert not ratio(series, "tCho")["changes"][0]["reliable"]["beyond"]
    assert ratio(series, "Gln")["repeatability_absent"]["code"] == "repeatability-missing"
    assert answer["clinical"][0]["measure"] == "pain_vas"
    assert [item["value"] for item in answer["clinical"][0]["values"]] == [7.0, 3.0]
    assert "Research use only" in answer["notice"]


def test_a_course_of_five_sessions(client: TestClient) -> None:
    """Days order the sessions whatever the order of submission; the trend is per 30 days; no correlation is claimed."""
    days = {"ses-1": 0, "ses-2": 28, "ses-3": 61, "ses-4": 90, "ses-5": 120}
    ids = {
        name: submit(
            client,
            "sub-2",
            name,
            session_day=days[name],
            factors={"tNAA": 1.0 + 0.002 * days[name]},
            clinical={"pain_nrs": 8 - days[name] / 30, "odi": 50},
        )
        for name in ("ses-1", "ses-3", "ses-5", "ses-2", "ses-4")
    }
    answer = timeline(client, "sub-2")
    (series,) = answer["series"]
    found = ratio(series, "tNAA")

    assert (answer["axis"], answer["time_unit"]) == ("days", "30 days")
    assert [visit["time"] for visit in answer["visits"]] == list(days.values())
    assert series["sessions"] == [ids[name] for name in sorted(ids)]
    assert [(c["earlier"], c["later"]) for c in found["changes"]].count((ids["ses-1"], ids["ses-5"])) == 1
    assert len(found["changes"]) == 7
    assert found["trend"]["slope"] == pytest.approx(1.21 * 0.002 * 30, rel=1e-6)
    assert found["trend"]["df"] == 3
    assert series["together"] == []
    assert series["together_absent"]["code"] == "sessions-too-few"
    ratios = next(item for item in series["judged"] if item["quantity"] == "ratio_tcr")
    assert ratios["tests"] == 7 * 5
    assert ratios["expected_by_chance"] == pytest.approx(ratios["tests"] / 20)
    page = client.get("/subjects/sub-2", headers={"Accept": "text/html"}).text
    assert "Minimal detectable change" in page
    assert "Days since the first visit" in page


def test_own_repeats_take_the_place_of_published_ones(client: TestClient) -> None:
    """Six people measured twice judge every metabolite, also where nothing is published (dlPFC)."""
    for number in range(6):
        for visit in (1, 2):
            wobble = 1.0 + 0.02 * (-1) ** visit * (number + 1) / 6
            submit(client, f"c-{number}", f"ses-{visit}", region="dlPFC", factors={"tNAA": wobble, "Gln": wobble})
    submit(client, "sub-3", "ses-1", region="dlPFC")
    submit(client, "sub-3", "ses-2", region="dlPFC", factors={"tNAA": 0.8})
    people = "&".join(f"repeats=c-{number}" for number in range(6))
    (alone,) = timeline(client, "sub-3")["series"]
    (judged,) = timeline(client, "sub-3", f"?{people}")["series"]

    assert ratio(alone, "tNAA")["repeatability"] is None
    assert ratio(alone, "tNAA")["changes"][0]["reliable"] is None
    own = ratio(judged, "tNAA")
    assert (own["repeatability"]["kind"], own["repeatability"]["people"], own["repeatability"]["df"]) == ("own", 6, 6.0)
    assert own["changes"][0]["reliable"]["beyond"]
    assert not ratio(judged, "Gln")["changes"][0]["reliable"]["beyond"]
    few = ratio(timeline(client, "sub-3", "?repeats=c-1")["series"][0], "tNAA")
    assert few["repeatability_absent"]["code"] == "repeats-too-few"


@pytest.mark.parametrize(
    ("acquired", "code"),
    [
        ({"field_t": 1.5}, "field"),
        ({"sequence": "sLASER"}, "sequence"),
        ({"echo_time": 0.035}, "echo_time"),
        ({"repetition_time": 3.0}, "repetition_time"),
        ({"hemisphere": "left"}, None),
        ({"vendor": "GE"}, "vendor"),
        ({"voi_volume_ml": 27.0}, "volume"),
        ({"gm": 0.3, "wm": 0.6}, "tissue_fractions"),
    ],
)
def test_what_was_measured_differently_is_not_compared(
    client: TestClient, acquired: dict[str, Any], code: str | None
) -> None:
    """No change, no trend; the one difference is named. Another side is another place and needs no refusal."""
    first, second = submit(client, "sub-4", "ses-1"), submit(client, "sub-4", "ses-2", acquired=acquired)
    answer = timeline(client, "sub-4")

    assert [series["sessions"] for series in answer["series"]] == [[first], [second]]
    assert all(series["followed"] == [] for series in answer["series"])
    named = [item["code"] for refusal in answer["refusals"] for item in refusal["differences"]]
    assert named == ([] if code is None else [code])


def test_unusable_spectra_are_left_out_with_their_reason(client: TestClient) -> None:
    """A spectrum that is not interpretable, one analysed twice and one without region stand in no series."""
    first = submit(client, "sub-5", "ses-1")
    bad = submit(client, "sub-5", "ses-2", bad=True)
    homeless = submit(client, "sub-5", "ses-3", region=None)
    again = submit(client, "sub-5", "ses-1", age_years=44)
    answer = timeline(client, "sub-5")

    assert {item["id"]: item["code"] for item in answer["left_out"]} == {
        first: "same-spectrum",
        bad: "verdict-no",
        homeless: "region-not-given",
    }
    assert [series["sessions"] for series in answer["series"]] == [[again]]


def test_unknown_subjects_and_impossible_requests_are_refused(client: TestClient) -> None:
    """404 for a subject without analyses, 422 for what looks like a name or a date, 400 for one's own repeats."""
    submit(client, "sub-6", "ses-1")

    def problem(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.json()["code"]

    assert problem("/v1/subjects/sub-7/timeline") == (404, "subject-not-found")
    assert problem("/v1/subjects/sub-6/timeline?repeats=sub-7") == (404, "subject-not-found")
    assert problem("/v1/subjects/sub-6/timeline?repeats=sub-6") == (400, "implausible-parameter")
    assert problem("/v1/subjects/Anna-Example/timeline") == (422, "invalid-request")
    assert problem("/v1/subjects/20260131/timeline") == (422, "invalid-request")


def test_date_in_place_of_a_day_is_refused(client: TestClient) -> None:
    """A visit is placed by a number of days; dates, negative days and centuries are refused."""
    for wrong in ("2026-01-31", -1, 40000):
        answer = client.post(
            "/v1/analyses",
            files={"metabolite": ("x", spectrum())},
            data={"request": json.dumps({"session_day": wrong})},
        )
        assert answer.status_code == 422, wrong


def test_subjects_are_private_to_projects_and_reads_are_audited(settings: Settings, tmp_path: Path) -> None:
    """The same pseudonym in two projects is two people; reading needs ``read``; each analysis shown is in the log."""
    made = {
        name: new_key(name, project, scopes, timedelta(days=1))
        for name, project, scopes in (("one", "a", SCOPES), ("two", "b", SCOPES), ("blind", "a", SCOPES - {"read"}))
    }
    file = KeyFile(tmp_path / "keys.toml")
    file.write([key for key, _ in made.values()])
    bearer = {name: {"Authorization": f"Bearer {shown}"} for name, (_, shown) in made.items()}
    guarded = settings.model_copy(update={"api_keys_file": file.path})
    app = create_app(guarded, analyse=analyse, inspect=fake_pipeline.inspect)
    with TestClient(app, "http://mrs.hospital.example", client=("192.0.2.7", 50000)) as client:
        ids = [submit(client, "sub-1", f"ses-{n}", bearer["one"]) for n in (1, 2)]
        address = "/v1/subjects/sub-1/timeline"

        assert len(timeline(client, "sub-1", **bearer["one"])["visits"]) == 2
        assert client.get(address, headers=bearer["two"]).status_code == 404
        assert client.get(address, headers=bearer["blind"]).status_code == 403
        assert client.get(address).status_code == 401
    looks = [
        row.analysis_id
        for row in AuditLog(Database(settings.database_url)).rows()
        if row.action == "GET /v1/subjects/{pseudonym}/timeline" and row.status == 200
    ]
    assert {*looks} == {*ids}
    assert len(looks) == len(ids)
