"""Calibrations that the workers make of stored spectra: learned, followed, cancelled, not lost with their workers."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fitting.request import PersonVisit, Subject
from fitting.run import Job, calibrate
from fitting.sites import Site, read_site
from service.app import create_app
from service.jobs import calibration_runner
from service.jobs.tasks import run_control, run_evidence
from service.settings import Settings
from service.storage import site_renewal
from service.storage.site_renewal import SiteRenewal
from tests.clients import on_this_machine
from tests.measure.families import GOOD, scanner
from tests.servers.cluster import cluster

PEOPLE = 4
FAMILY, FOREIGN = 1, 4
StartClient = Callable[..., TestClient]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("basis")


@pytest.fixture(scope="module")
def people() -> list[Job]:
    """Spectra of five people of one scanner, whose macromolecules no publication shows."""
    jobs = scanner(FAMILY, GOOD, PEOPLE + 1).jobs["simulated basis"].values()
    return [as_submitted(job, f"ctl-{number}") for number, job in enumerate(jobs)]


def as_submitted(job: Job, person: str) -> Job:
    return replace(job, subject=Subject(region="ACC"), relaxation=None, visit=PersonVisit(subject=person))


@pytest.fixture(scope="module")
def expected(people: list[Job], cache: Path) -> Site:
    """What ``mrsquant calibrate`` makes of the first four."""
    return calibrate(people[:PEOPLE], name="made", cache_dir=cache)


@pytest.fixture
def started(tmp_path: Path, cache: Path) -> StartClient:
    """Makes services on one data folder, to be entered."""

    def made(**settings: Any) -> TestClient:
        chosen = {"data_dir": tmp_path / "data", "cache_dir": cache, "executor": "inline:", **settings}
        return on_this_machine(create_app(Settings(**chosen)))

    return made


@pytest.fixture
def client(started: StartClient) -> Iterator[TestClient]:
    """A service without workers of its own."""
    with started() as client:
        yield client


def submitted(client: TestClient, job: Job, **said: Any) -> str:
    request = {"region": "ACC", "subject": job.visit.subject, "keep_files": True, **said}
    answer = client.post(
        "/v1/analyses",
        files={"metabolite": (job.metabolite[0].name, job.metabolite[0].content)},
        data={"request": json.dumps(request)},
        headers={"Prefer": "wait=60"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "succeeded"
    return str(answer.json()["id"])


def asked(client: TestClient, analyses: list[str], **said: Any) -> Any:
    return client.post("/v1/sites", json={"name": "made", "analyses": analyses, **said})


def ended(client: TestClient, answer: Any) -> dict[str, Any]:
    """The calibration once it has ended."""
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(answer.headers["Location"]).json()
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.1)
    raise AssertionError("it did not end")


def running(client: TestClient, answer: Any, step: str | None = None) -> dict[str, Any]:
    """The calibration while a worker is at it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(answer.headers["Location"]).json()
        assert found["state"] in ("queued", "running"), found
        if found["step"] is not None and step in (None, found["step"]):
            return found
        time.sleep(0.02)
    raise AssertionError("it did not begin")


def test_service_learns_what_the_command_learns(client: TestClient, people: list[Job], expected: Site) -> None:
    """Norms and macromolecules in one profile, byte for byte that of ``calibrate``; later analyses use both."""
    made = ended(client, asked(client, [submitted(client, job) for job in people[:PEOPLE]]))

    assert made["problem"] is None
    assert made["site_id"] == expected.id
    content = client.get(f"/v1/sites/{made['site_id']}").content
    learned = read_site(content).learned
    assert content == expected.content
    assert learned is not None

    analysis = client.get(f"/v1/analyses/{submitted(client, people[-1])}").json()
    assert analysis["provenance"]["site"] == {"id": expected.id, "name": "made", "applied": True, "reason": None}
    assert learned.id in analysis["provenance"]["macromolecules"]
    assert {norm["source"] for norm in analysis["norms"] if norm["id"].startswith("site.")} != set()


def test_foreign_spectrum_is_told_as_such(client: TestClient, people: list[Job], expected: Site) -> None:
    """An analysis of another scanner's macromolecules under this site is of limited use."""
    client.post("/v1/sites", content=expected.content)
    foreign = list(scanner(FOREIGN, GOOD, 2).jobs["simulated basis"].values())
    found = [
        client.get(f"/v1/analyses/{submitted(client, as_submitted(job, f'x-{number}'))}").json()
        for number, job in enumerate(foreign)
    ]

    codes = [{reason["code"] for reason in item["verdict"]["reasons"]} for item in found]
    assert any("background-mismatch" in said for said in codes)
    assert {
        item["verdict"]["usable"] for item, said in zip(found, codes, strict=True) if "background-mismatch" in said
    } <= {
        "limited",
        "no",
    }


def test_progress_is_stated_and_cancelling_ends_it(client: TestClient, people: list[Job]) -> None:
    """On the API and on the page; a cancelled one makes no site, and the same request is begun anew."""
    analyses = [submitted(client, job) for job in people[:PEOPLE]]
    answer = asked(client, analyses)
    again = asked(client, analyses)
    now = running(client, answer)
    page = client.get("/sites").text
    cancelled = client.delete(answer.headers["Location"])

    assert again.json()["id"] == answer.json()["id"]
    assert now["total"] == PEOPLE
    assert 0 <= now["done"] < PEOPLE
    assert answer.json()["id"] in page
    assert "Learn the scanner" in page
    assert cancelled.json()["state"] == "cancelled"
    assert asked(client, analyses).json()["id"] != answer.json()["id"]
    assert client.get("/v1/sites").json()["items"] == []
    assert client.delete(answer.headers["Location"]).status_code == 204
    assert client.get(answer.headers["Location"]).json()["code"] == "calibration-not-found"


def test_dead_worker_and_restarted_service_lose_nothing(
    started: StartClient, people: list[Job], expected: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed worker's spectrum goes to another one, and a calibration that the service left begins again."""
    monkeypatch.setattr(calibration_runner, "run_evidence", slow_evidence)
    with started(executor="processes:1") as first:
        answer = asked(first, [submitted(first, job) for job in people[:PEOPLE]])
        running(first, answer)
        kill_workers(first)
        running(first, answer, "learning")
    monkeypatch.undo()
    with started(executor="processes:1") as second:
        made = ended(second, answer)

    assert made["problem"] is None
    assert made["site_id"] == expected.id


def slow_evidence(*given: Any, **said: Any) -> Any:
    """Take a second longer."""
    time.sleep(1.0)
    return run_evidence(*given, **said)


def test_cluster_learns_the_same(started: StartClient, people: list[Job], expected: Site, tmp_path: Path) -> None:
    """On dask workers, byte for byte."""
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster", "one") as workers, started(executor=workers.address) as client:
        made = ended(client, asked(client, [submitted(client, job) for job in people[:PEOPLE]]))

    assert made["problem"] is None
    assert made["site_id"] == expected.id


def kill_workers(client: TestClient) -> None:
    pool = client.app_state["services"].dispatcher._supervisor._pool
    for process in list(pool.executor._processes):
        os.kill(process, signal.SIGKILL)


def test_spectrum_that_kills_its_workers_is_left_out(
    started: StartClient, people: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After several of them, with the reason; the others teach."""
    monkeypatch.setattr(calibration_runner, "run_control", deadly)
    monkeypatch.setattr(calibration_runner, "MAX_ATTEMPTS", 2)
    with started(executor="processes:1") as client:
        made = ended(client, asked(client, [submitted(client, job) for job in people[:PEOPLE]]))
        (site,) = client.get("/v1/sites").json()["items"]

    assert made["state"] == "succeeded"
    assert [(item["id"], item["code"]) for item in site["left_out"]] == [("ctl-1", "worker-crashed")]
    assert (site["people"], site["has_background"]) == (PEOPLE - 1, True)


def deadly(job: Job, person: str, *given: Any, **said: Any) -> Any:
    """Take the worker down at one person's spectrum."""
    if person == "ctl-1":
        os._exit(13)
    return run_control(job, person, *given, **said)


def test_files_that_were_not_kept_teach_nothing(client: TestClient, people: list[Job]) -> None:
    """Values alone calibrate at once and say so; who asks for macromolecules is refused."""
    analyses = [submitted(client, job, keep_files=False) for job in people[:PEOPLE]]
    refused = asked(client, analyses, learn_macromolecules=True)
    made = asked(client, analyses)

    assert (refused.status_code, refused.json()["code"]) == (400, "unusable-controls")
    assert "4 of 4" in refused.json()["detail"]
    assert made.status_code == 201
    assert made.json()["has_background"] is False
    assert made.json()["warnings"][-1]["code"] == "background-not-learned"


def test_files_are_kept_only_where_asked_and_go_with_the_analysis(client: TestClient, people: list[Job]) -> None:
    """One analysis keeps its spectrum, one does not; removing the analysis removes it."""
    kept, dropped = submitted(client, people[0]), submitted(client, people[1], keep_files=False)
    repository = client.app_state["services"].repository

    assert repository.kept_spectra([kept, dropped]) == {kept}
    assert client.delete(f"/v1/analyses/{kept}").status_code == 204
    assert repository.kept_spectra([kept, dropped]) == set()


def test_removed_person_is_not_in_the_site(
    client: TestClient, people: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An analysis that is removed while it is worked on takes its person out: the calibration begins again."""
    analyses = [submitted(client, job) for job in people]
    answer = asked(client, analyses)
    running(client, answer)
    assert client.delete(f"/v1/analyses/{analyses[0]}").status_code == 204
    made = ended(client, answer)
    (site,) = client.get("/v1/sites").json()["items"]

    assert made["state"] == "succeeded"
    assert site["people"] == PEOPLE
    assert "ctl-0" not in client.get(f"/v1/sites/{site['id']}").text


def test_another_project_sees_no_calibration(client: TestClient) -> None:
    """Neither by its id nor in the list; nor can it be cancelled from there."""
    services = client.app_state["services"]
    row = services.calibrations.submit("made", [], "request", "theirs")

    assert client.get("/v1/calibrations").json()["items"] == []
    assert client.get(f"/v1/calibrations/{row.id}").status_code == 404
    assert client.delete(f"/v1/calibrations/{row.id}").status_code == 404
    assert services.calibrations.get(row.id, "theirs").id == row.id


def test_prefer_wait_answers_with_the_site(client: TestClient, people: list[Job]) -> None:
    """As without learning: 201 and the site, when it is made in time."""
    analyses = [submitted(client, job) for job in people[:3]]
    body = {"name": "made", "analyses": analyses}
    answer = client.post("/v1/sites", json=body, headers={"Prefer": "wait=60"})

    assert answer.status_code == 201
    assert answer.json()["has_background"] is True
    assert answer.headers["Location"] == f"/v1/sites/{answer.json()['id']}"


def test_learned_site_is_made_again_after_an_update(
    client: TestClient, people: list[Job], expected: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the workers, from the kept spectra of its controls."""
    ended(client, asked(client, [submitted(client, job) for job in people[:PEOPLE]]))
    monkeypatch.setattr(site_renewal, "values_digest", lambda: "beef" * 16)
    services = client.app_state["services"]
    renewal = SiteRenewal(services.database, services.storage.blobs, 100)

    assert renewal.run() == 0
    assert renewal.is_waiting
    newest, first = client.get("/v1/calibrations").json()["items"]
    assert newest["analyses"] == first["analyses"] == PEOPLE
    assert newest["id"] != first["id"]
    until = time.monotonic() + 60
    while (made := client.get(f"/v1/calibrations/{newest['id']}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert made["site_id"] == expected.id
