"""Cohorts over HTTP: of tables and of analyses, queued, answered, reported, cancelled, removed."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fitting.analysis import Analysis
from fitting.cohort import plan_of, preset_names
from fitting.model.result import Traces
from fitting.run import Job
from service.app import create_app
from service.jobs import cohort_runner, side_runner
from service.settings import Settings
from service.storage.cohort_queue import CohortQueue
from service.storage.database import Database
from service.storage.upkeep import Upkeep
from tests import fake_pipeline
from tests.clients import on_this_machine
from tests.data.cohorts import PLAN, Tables, cohort, write
from tests.data.controls_of_site import control_analysis
from tests.fake_pipeline import example_traces, spectrum

PEOPLE = 16
DATABASE = "mrsquant.sqlite3"


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """The person whose number the file holds."""
    said = json.loads(job.metabolite[0].content)
    made = control_analysis(said["person"], region=job.subject.region)
    return replace(made, verdict=replace(made.verdict, usable=said.get("usable", "yes"))), example_traces()


def started(tmp_path: Path, **settings: Any) -> TestClient:
    chosen = {"data_dir": tmp_path / "data", "cache_dir": tmp_path / "cache", "executor": "inline:", **settings}
    return on_this_machine(create_app(Settings(**chosen), analyse=analyse, inspect=fake_pipeline.inspect))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with started(tmp_path) as client:
        yield client


def rows(tables: Tables, name: str = "ACC pilot", **more: Any) -> dict[str, Any]:
    """A request with the tables as rows."""
    return {
        "name": name,
        "plan": tables.plan,
        "participants": [dict(row) for row in tables.participants],
        "measurements": [dict(row) for row in tables.measurements],
        **more,
    }


def ended(client: TestClient, answer: Any) -> dict[str, Any]:
    """The cohort of an answer once it has ended."""
    assert answer.status_code in (200, 202), answer.text
    address = f"/v1/cohorts/{answer.json()['id']}"
    for _ in range(600):
        found: dict[str, Any] = client.get(address).json()
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found['state']}")


def submitted(client: TestClient, person: int, group: str | None, *, region: str = "ACC", **said: Any) -> str:
    clinical = {"bdi": 10 + person} if group == "patient" else None
    request = {"region": region, "subject": f"sub-{person:02d}", "age_years": 30 + person, "sex": "female"}
    request |= {key: value for key, value in (("group", group), ("clinical", clinical)) if value is not None}
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": ("x", spectrum(person=person, **said))},
        data={"request": json.dumps(request)},
        headers={"Prefer": "wait=20"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def grouped(client: TestClient) -> list[str]:
    """Analyses of eight controls and eight patients."""
    return [submitted(client, person, "patient" if person % 2 else "control") for person in range(1, PEOPLE + 1)]


LEVELS = 'schema = 1\nreference = "control"\nother = "patient"\nunit = "tCr"\npermutations = 99\n[levels]\n'


def test_tables_give_the_answer_of_the_library(client: TestClient) -> None:
    """The service adds nothing to the numbers, and changes none."""
    tables = cohort(effects={"tNAA": -0.2})
    found = ended(client, client.post("/v1/cohorts", json=rows(tables)))

    assert found["state"] == "succeeded", found["problem"]
    expected = tables.answer()["levels"]
    for item, wanted in zip(found["result"]["levels"], expected, strict=True):
        assert item == pytest.approx(wanted) if isinstance(item, float) else item == wanted
    assert found["steps"] == ["levels"]
    assert found["people"] == 24
    assert found["result"]["plan"]["sha256"] == plan_of(PLAN).sha256


def test_equal_submission_returns_the_cohort_there_is(client: TestClient) -> None:
    tables = cohort()
    first = client.post("/v1/cohorts", json=rows(tables))
    ended(client, first)
    again = client.post("/v1/cohorts", json=rows(tables))
    other = client.post("/v1/cohorts", json=rows(replace(tables, plan=tables.plan.replace("= 10", "= 5"))))

    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 202)
    assert again.json()["id"] == first.json()["id"] != other.json()["id"]
    assert again.json()["result"] is not None


def test_files_give_the_same_answer_as_rows(client: TestClient) -> None:
    tables = cohort()
    files = [
        ("participants", ("p.tsv", write(tables.participants, "\t"))),
        ("measurements", ("m.csv", write(tables.measurements, ","))),
        ("plan", ("plan.toml", tables.plan)),
    ]
    of_files = ended(client, client.post("/v1/cohorts", data={"name": "files"}, files=files))
    of_rows = ended(client, client.post("/v1/cohorts", json=rows(tables)))

    assert of_files["result"]["levels"] == of_rows["result"]["levels"]


def test_two_tables_of_one_name_are_refused(client: TestClient) -> None:
    """One of them would have taken the place of the other without a word."""
    text = "study,g,variance\nA,-0.8,0.12\n"
    files = [("table", (f"{folder}/studies.csv", text)) for folder in ("a", "b")]
    answer = client.post("/v1/cohorts", data={"name": "files"}, files=files)

    assert answer.status_code == 422, answer.text
    assert "two files are named studies.csv" in answer.text


@pytest.mark.parametrize("name", ["..", "plan.toml", "a/b.csv"])
def test_table_that_would_leave_or_overwrite_the_archive_is_refused(client: TestClient, name: str) -> None:
    asked = {**rows(cohort()), "tables": {name: "study,g,variance\nA,-0.8,0.12\n"}}
    answer = client.post("/v1/cohorts", json=asked)

    assert answer.status_code == 422, answer.text
    assert "tables" in answer.text


def test_list_names_cohorts_newest_first_in_pages(client: TestClient) -> None:
    for name in ("first", "second", "third"):
        ended(client, client.post("/v1/cohorts", json=rows(cohort(), name=name)))
    page = client.get("/v1/cohorts?limit=2")
    rest = client.get("/v1/cohorts", params={"cursor": page.json()["next_cursor"], "limit": 2})

    assert [item["name"] for item in page.json()["items"]] == ["third", "second"]
    assert [item["name"] for item in rest.json()["items"]] == ["first"]
    assert rest.json()["next_cursor"] is None
    assert 'rel="next"' in page.headers["link"]
    assert "result" not in page.json()["items"][0]


def test_validate_names_what_presets_lack_and_stores_nothing(client: TestClient) -> None:
    answer = client.post("/v1/cohorts/validate", json=rows(cohort()))
    found = answer.json()

    assert answer.status_code == 200, answer.text
    assert found["people"] == 24
    assert {item["name"] for item in found["presets"]} == set(preset_names())
    gussew = next(item for item in found["presets"] if item["name"] == "gussew-2011")
    assert any("insula" in reason for reason in gussew["lacks"])
    assert client.get("/v1/cohorts").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"plan": "schema = 1\nreferense = 'x'\n[levels]\n"}, "unusable-plan", "reference"),
        ({"plan": "schema = ["}, "unusable-plan", "TOML"),
        (
            {"plan": LEVELS.replace("[levels]", "exclude = ['value < 1  # low']\n[levels]")},
            "filter-depends-on-value",
            "",
        ),
        ({"preset": "gussew-2012", "plan": None}, "unusable-plan", "gussew-2011"),
    ],
)
def test_unusable_plan_is_refused_at_once(client: TestClient, change: dict[str, Any], code: str, words: str) -> None:
    asked = {key: value for key, value in {**rows(cohort()), **change}.items() if value is not None}
    answer = client.post("/v1/cohorts", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert words in answer.json()["detail"]
    assert client.get("/v1/cohorts").json()["items"] == []


@pytest.mark.parametrize(
    ("column", "cell", "table", "code"),
    [
        ("value", "low", "measurements", "unreadable-number"),
        ("participant_id", "sub-999", "measurements", "unknown-participant"),
        ("participant_id", "Jane_Doe", "participants", "identity-in-pseudonym"),
        ("group", "patiens", "participants", "unknown-group"),
        ("age_years", "230", "participants", "implausible-parameter"),
    ],
)
def test_bad_cell_is_refused_with_row_and_column(
    client: TestClient, column: str, cell: str, table: str, code: str
) -> None:
    asked = rows(cohort())
    asked[table][3][column] = cell
    answer = client.post("/v1/cohorts", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert column in answer.json()["detail"]
    assert "Jane" not in answer.text


@pytest.mark.parametrize("column", ["name", "Date of birth", "MRN", "e-mail", "hospital_number"])
def test_column_that_identifies_people_is_refused(client: TestClient, column: str) -> None:
    asked = rows(cohort())
    asked["participants"][0][column] = "secret"
    answer = client.post("/v1/cohorts", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (400, "identity-in-pseudonym")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "analyses": [], "measurements": []},
        {"name": "x", "plan": "schema = 1", "preset": "gussew-2011", "analyses": []},
        {"name": "x" * 81, "analyses": []},
        {"name": "x", "analyses": ["no-uuid"]},
        {"name": "x", "filter": {"created_from": "yesterday"}},
        {"name": "x", "analyses": [], "plam": "schema = 1"},
    ],
)
def test_body_that_fails_its_schema_is_422(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/v1/cohorts", json=body).status_code == 422


def test_unknown_part_of_a_form_is_422(client: TestClient) -> None:
    answer = client.post("/v1/cohorts", data={"name": "x", "meassurements": "y"}, files={"plan": ("p", b"schema = 1")})
    assert answer.status_code == 422
    assert "measurements" in answer.json()["detail"]


def test_analyses_become_a_cohort(client: TestClient) -> None:
    """People, groups and scales come from what the analyses were submitted with; a person counts once."""
    analyses = grouped(client)
    plan = f'{LEVELS}[associations]\nmeasures = ["bdi"]\ngroups = ["patient"]\n'
    found = ended(client, client.post("/v1/cohorts", json={"name": "stored", "plan": plan, "analyses": analyses}))

    assert found["state"] == "succeeded", found["problem"]
    result = found["result"]
    assert result["cohort"]["groups"] == {"control": PEOPLE // 2, "patient": PEOPLE // 2}
    tnaa = next(item for item in result["levels"] if item["metabolite"] == "tNAA")
    assert (tnaa["n_reference"], tnaa["n_other"], tnaa["unit"]) == (8, 8, "tCr")
    assert any(item.get("n") == 8 for item in result["associations"])


def test_filter_selects_succeeded_analyses_of_a_region(client: TestClient) -> None:
    grouped(client)
    submitted(client, 40, "patient", region="thalamus")
    found = ended(client, client.post("/v1/cohorts", json={"name": "f", "plan": LEVELS, "filter": {"region": "ACC"}}))

    assert found["people"] == PEOPLE
    assert {item["region"] for item in found["result"]["levels"]} == {"ACC"}


def test_participants_beside_analyses_decide_about_groups(client: TestClient) -> None:
    analyses = [submitted(client, person, None) for person in range(1, PEOPLE + 1)]
    people = [
        {"participant_id": f"sub-{person:02d}", "group": "control" if person < 9 else "patient"}
        for person in range(1, PEOPLE + 1)
    ]
    asked = {"name": "p", "plan": LEVELS, "analyses": analyses, "participants": people}
    found = ended(client, client.post("/v1/cohorts", json=asked))

    assert found["result"]["cohort"]["groups"] == {"control": 8, "patient": 8}


def test_spectra_of_analyses_are_classified(client: TestClient) -> None:
    """Each spectrum is one row of features; with few people the answer says so instead of an accuracy."""
    analyses = grouped(client)
    plan = f'{LEVELS}[[classification]]\nname = "acc"\nregion = "ACC"\n'
    found = ended(client, client.post("/v1/cohorts", json={"name": "c", "plan": plan, "analyses": analyses}))
    content = client.get(f"/v1/cohorts/{found['id']}/report?format=zip").content

    item = found["result"]["classification"][0]
    assert item["refused"]["code"] == "too-few-people"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        head, *lines = archive.read("spectra.csv").decode().splitlines()
    assert len(lines) == PEOPLE
    assert head.count(",") == 206


def test_contradicting_analyses_of_one_person_are_refused(client: TestClient) -> None:
    analyses = [submitted(client, 1, "control"), submitted(client, 1, "patient")]
    answer = client.post("/v1/cohorts", json={"name": "x", "plan": LEVELS, "analyses": analyses})

    assert (answer.status_code, answer.json()["code"]) == (400, "unusable-table")
    assert "group" in answer.json()["detail"]


def test_unknown_analysis_is_404(client: TestClient) -> None:
    asked = {"name": "x", "plan": LEVELS, "analyses": ["01994f0e-7c4a-7000-8000-2f1d6a3b9c55"]}
    assert client.post("/v1/cohorts", json=asked).status_code == 404


def test_reports_are_offered_in_five_formats(client: TestClient) -> None:
    found = ended(client, client.post("/v1/cohorts", json=rows(cohort())))
    address = f"/v1/cohorts/{found['id']}/report"
    html = client.get(address)
    answers = {name: client.get(address, params={"format": name}) for name in ("pdf", "json", "csv", "zip")}

    assert html.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in html.headers["content-security-policy"]
    assert answers["pdf"].content.startswith(b"%PDF-")
    assert answers["json"].json() == found["result"]
    assert answers["csv"].text.startswith("analysis,name,region")
    assert all(answer.status_code == 200 for answer in answers.values())
    for answer in (html, answers["pdf"], answers["csv"]):
        assert b"sub-0" not in answer.content


def test_archive_repeats_the_study(client: TestClient) -> None:
    """What the archive holds gives the same answer again, and it is the same archive each time."""
    tables = cohort()
    found = ended(client, client.post("/v1/cohorts", json=rows(tables)))
    address = f"/v1/cohorts/{found['id']}/report?format=zip"
    first, again = client.get(address).content, client.get(address).content
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        members = {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
    files = [(name, (name, members[file])) for name, file in FILES.items()]
    repeated = ended(client, client.post("/v1/cohorts", data={"name": "again"}, files=files))

    assert first == again
    assert {"README.md", "report.html", "report.pdf", "result.json", "statements.csv", "participants.json"} <= set(
        members
    )
    assert json.loads(members["result.json"]) == found["result"]
    assert repeated["result"]["levels"] == found["result"]["levels"]
    assert json.loads(members["participants.json"])["age_years"]["Units"] == "year"


FILES = {"participants": "participants.tsv", "measurements": "measurements.csv", "plan": "plan.toml"}


def test_unfinished_cohort_is_cancelled_and_finished_one_removed(tmp_path: Path, monkeypatch: Any) -> None:
    """A cohort that waits is cancelled; deleting again removes it with its tables."""
    monkeypatch.setattr(cohort_runner.CohortRunner, "start", lambda _: None)
    monkeypatch.setattr(cohort_runner.CohortRunner, "stop", lambda _: None)
    with started(tmp_path) as client:
        made = client.post("/v1/cohorts", json=rows(cohort())).json()
        report = client.get(f"/v1/cohorts/{made['id']}/report")
        cancelled = client.delete(f"/v1/cohorts/{made['id']}")
        none = client.get(f"/v1/cohorts/{made['id']}/report")
        removed = client.delete(f"/v1/cohorts/{made['id']}")
        gone = client.get(f"/v1/cohorts/{made['id']}")

    assert (report.status_code, report.json()["code"]) == (409, "not-finished")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (none.status_code, none.json()["code"]) == (409, "no-result")
    assert removed.status_code == 204
    assert (gone.status_code, gone.json()["code"]) == (404, "cohort-not-found")
    assert b"sub-001" not in (tmp_path / "data" / DATABASE).read_bytes()


def test_cohort_of_a_runner_that_died_is_computed_by_the_next(tmp_path: Path, monkeypatch: Any) -> None:
    """Another runner's heartbeat is old: the cohort goes back into the queue and succeeds."""
    monkeypatch.setattr(side_runner, "STALE_AFTER", timedelta(seconds=0.5))
    with started(tmp_path) as client:
        first = ended(client, client.post("/v1/cohorts", json=rows(cohort())))
    database = Database(f"sqlite:///{tmp_path / 'data' / DATABASE}")
    with database.changing() as connection:
        connection.exec_driver_sql(
            "UPDATE cohorts SET state = 'running', claimed_by = 'dead', result = NULL, attempts = 1, "
            "heartbeat_at = '2026-01-01 00:00:00.000000'"
        )
    database.close()
    with started(tmp_path) as client:
        again = ended(client, client.get(f"/v1/cohorts/{first['id']}"))

    assert again["state"] == "succeeded"
    assert again["result"] == first["result"]


def test_cohort_that_loses_every_worker_fails_with_a_reason(tmp_path: Path) -> None:
    with started(tmp_path) as client:
        first = ended(client, client.post("/v1/cohorts", json=rows(cohort())))
    database = Database(f"sqlite:///{tmp_path / 'data' / DATABASE}")
    with database.changing() as connection:
        connection.exec_driver_sql("UPDATE cohorts SET state = 'queued', result = NULL, attempts = 3")
    database.close()
    with started(tmp_path) as client:
        again = ended(client, client.get(f"/v1/cohorts/{first['id']}"))

    assert (again["state"], again["problem"]["code"]) == ("failed", "worker-crashed")


def test_answer_of_a_cancelled_cohort_is_dropped(tmp_path: Path) -> None:
    """Two runners never both store: only the owner of a running cohort does."""
    with started(tmp_path) as client:
        ended(client, client.post("/v1/cohorts", json=rows(cohort())))
    database = Database(f"sqlite:///{tmp_path / 'data' / DATABASE}")
    queue = CohortQueue(database)
    with database.changing() as connection:
        connection.exec_driver_sql("UPDATE cohorts SET state = 'queued', result = NULL")
    claimed = queue.claim("me")
    assert claimed is not None

    assert queue.claim("you") is None
    assert queue.heartbeat("me", claimed.id, {"step": "levels"})
    assert not queue.heartbeat("you", claimed.id, {"step": "levels"})
    queue.release("me", claimed.id, count_attempt=True)
    assert not queue.heartbeat("me", claimed.id, {"step": "levels"})
    database.close()


def test_removed_analysis_leaves_the_cohort(client: TestClient) -> None:
    """The person's values go with the analysis, and the answer is computed without them."""
    analyses = grouped(client)
    first = ended(client, client.post("/v1/cohorts", json={"name": "x", "plan": LEVELS, "analyses": analyses}))
    assert client.delete(f"/v1/analyses/{analyses[0]}").status_code == 204
    again = ended(client, client.get(f"/v1/cohorts/{first['id']}"))
    archive = client.get(f"/v1/cohorts/{first['id']}/report?format=zip").content

    assert again["people"] == PEOPLE - 1
    assert again["result"]["cohort"]["participants"] == PEOPLE - 1
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        tables = members.read("measurements.csv") + members.read("participants.tsv")
    assert b"sub-01" not in tables
    assert b"sub-02" in tables


def test_cohort_without_any_analysis_left_is_removed(client: TestClient) -> None:
    analyses = grouped(client)
    first = ended(client, client.post("/v1/cohorts", json={"name": "x", "plan": LEVELS, "analyses": analyses}))
    for analysis in analyses:
        client.delete(f"/v1/analyses/{analysis}")

    assert client.get(f"/v1/cohorts/{first['id']}").status_code == 404


def test_retention_removes_cohorts_and_keeps_values_of_expired_analyses(client: TestClient) -> None:
    analyses = grouped(client)
    first = ended(client, client.post("/v1/cohorts", json={"name": "x", "plan": LEVELS, "analyses": analyses}))
    services = client.app_state["services"]  # type: ignore[attr-defined]
    before = datetime.fromisoformat(first["finished"]) - timedelta(milliseconds=1)
    Upkeep(services.database, services.storage.blobs).expire(before)
    kept = client.get(f"/v1/cohorts/{first['id']}").json()
    Upkeep(services.database, services.storage.blobs).expire(datetime.now(UTC) + timedelta(seconds=5))

    assert client.get(f"/v1/analyses/{analyses[0]}").status_code == 404
    assert kept["result"] == first["result"]
    assert client.get(f"/v1/cohorts/{first['id']}").status_code == 404


def test_controls_of_a_cohort_become_a_norm(client: TestClient) -> None:
    analyses = grouped(client)
    found = ended(client, client.post("/v1/cohorts", json={"name": "x", "plan": LEVELS, "analyses": analyses}))
    made = client.post(f"/v1/cohorts/{found['id']}/norm", json={"name": "acc-own"})
    again = client.post(f"/v1/cohorts/{found['id']}/norm", json={"name": "acc-own"})

    assert made.status_code == 201, made.text
    assert again.status_code == 200
    assert made.json()["n"] == 8
    assert client.get(made.headers["location"]).status_code == 200


def test_controls_of_a_cohort_calibrate_their_scanner(client: TestClient) -> None:
    analyses = grouped(client)
    found = ended(client, client.post("/v1/cohorts", json={"name": "x", "plan": LEVELS, "analyses": analyses}))
    made = client.post(f"/v1/cohorts/{found['id']}/site", json={"name": "prisma-acc"})

    assert made.status_code == 201, made.text
    assert made.json()["people"] == 8


def test_cohort_of_tables_calibrates_no_scanner(client: TestClient) -> None:
    found = ended(client, client.post("/v1/cohorts", json=rows(cohort())))
    answer = client.post(f"/v1/cohorts/{found['id']}/site", json={"name": "x"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unusable-controls")


def test_presets_are_listed_and_read(client: TestClient) -> None:
    listed = client.get("/v1/cohort-presets").json()["items"]
    one = client.get("/v1/cohort-presets/gussew-2011").json()

    assert [item["name"] for item in listed] == list(preset_names())
    assert plan_of(one["plan"]).common.title == one["title"]
    assert client.get("/v1/cohort-presets/gussew-2012").json()["code"] == "preset-not-found"


def test_power_is_that_of_the_command(client: TestClient) -> None:
    """The two-sided t test of 10 % with a CV of 8 % (scipy's noncentral t); 11 people a group reach 79.6 %."""
    found = client.post("/v1/power", json={"difference_percent": 10, "cv_percent": 8, "n": [20, 20]}).json()

    assert found["power"] == pytest.approx(0.9706977680, rel=1e-6)
    assert found["n_per_group_80"] == 12
    assert client.post("/v1/power", json={"difference_percent": 0, "cv_percent": 8}).status_code == 400
    assert client.post("/v1/power", json={"difference_percent": 5, "cv_percent": 0}).status_code == 422


def test_every_worker_pool_answers_the_same(tmp_path: Path) -> None:
    """Worker processes give what the service's own thread gives."""
    answers = []
    for executor in ("inline:", "processes:1"):
        with started(tmp_path / executor.rstrip(":1"), executor=executor) as client:
            answers.append(ended(client, client.post("/v1/cohorts", json=rows(cohort()))))
    assert answers[0]["result"] == answers[1]["result"]


def test_running_cohort_shows_its_section(tmp_path: Path, monkeypatch: Any) -> None:
    """The step is the section of the plan that the worker is at."""
    reached, goes_on = threading.Event(), threading.Event()

    def waiting(document: dict[str, Any], task_id: str, send: Any) -> Any:
        send(task_id, "levels")
        reached.set()
        goes_on.wait(20)
        raise MemoryError

    monkeypatch.setattr(cohort_runner, "run_cohort", waiting)
    monkeypatch.setattr(cohort_runner, "HEARTBEAT_SECONDS", 0.05)
    with started(tmp_path) as client:
        made = client.post("/v1/cohorts", json=rows(cohort())).json()
        reached.wait(20)
        for _ in range(200):
            running = client.get(f"/v1/cohorts/{made['id']}").json()
            if running["step"] is not None:
                break
            time.sleep(0.02)
        cancelled = client.delete(f"/v1/cohorts/{made['id']}").json()
        goes_on.set()
        after = client.get(f"/v1/cohorts/{made['id']}").json()

    assert (running["state"], running["step"]) == ("running", "levels")
    assert cancelled["state"] == after["state"] == "cancelled"


def test_worker_leaves_a_cohort_that_is_cancelled(tmp_path: Path, monkeypatch: Any) -> None:
    """The worker process lives on and computes the next cohort long before the first would have ended."""
    monkeypatch.setattr(cohort_runner, "HEARTBEAT_SECONDS", 0.05)
    question = '[[classification]]\nname = "{}"\nfeatures = "metabolites"\n'
    plan = PLAN.replace("199", "1000") + "".join(question.format(number) for number in range(20))
    with started(tmp_path, executor="processes:1") as client:
        made = client.post("/v1/cohorts", json={**rows(cohort(60)), "plan": plan}).json()
        for _ in range(1200):
            if client.get(f"/v1/cohorts/{made['id']}").json()["step"] == "classification":
                break
            time.sleep(0.05)
        else:
            raise AssertionError("it did not begin")
        begin = time.monotonic()
        client.delete(f"/v1/cohorts/{made['id']}")
        following = ended(client, client.post("/v1/cohorts", json=rows(cohort())))
        seconds = time.monotonic() - begin
        workers = client.app_state["services"].dispatcher.ready  # type: ignore[attr-defined]

    assert following["state"] == "succeeded"
    assert workers
    assert seconds < 60  # the first would take several minutes
