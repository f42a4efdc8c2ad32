"""What the service is asked all the time: each call by the name it has in the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from fitting.follow_up import course
from service.api.subjects import followed_of, sessions_of
from service.documents import PackedAnalysis, dump_analysis, dump_traces
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.files import StoredFile
from service.storage.lists import Filters
from service.storage.queue import JobQueue
from service.storage.repositories import AnalysisRepository, Submission
from service.storage.sign_offs import SignOffRepository
from service.storage.upkeep import Upkeep
from service.storage.webhooks import WebhookRepository
from tests.fake_pipeline import example_analysis, example_traces
from tests.measure.load.rows import EACH_SUBJECT, PROJECT, created_of

Asked = Mapping[str, Callable[[int], object]]
"""Name of a call: what makes it, with another argument for each number."""

LENGTH = 20
"""Rows of a page: the smallest database has so many of nearly every kind."""
EXPIRED = 10
"""Analyses that one step of the retention looks at."""


def directly(database: Database, folder: Path, rows: int) -> Asked:
    """Calls of the storage, on a database with so many analyses that no service works on."""
    blobs = BlobStore(folder)
    repository = AnalysisRepository(database, blobs).of(PROJECT)
    return {
        **_lists(repository, rows),
        **_subjects(repository, rows),
        **_single(database, blobs, repository),
        **_writing(repository, JobQueue(database, blobs), rows),
    }


def _subject(number: int, rows: int) -> str:
    people = max(rows // EACH_SUBJECT, 1)
    return f"sub-{number * 7919 % people // 10 * 10}"  # of the first of ten: the last is in another project


def _lists(repository: AnalysisRepository, rows: int) -> Asked:
    middle, late = created_of(rows // 2), created_of(rows - rows // 20)
    one_day = Filters(created_from=middle, created_before=middle + timedelta(days=1))
    deep = repository.page(Filters(created_before=middle), None, 1).next_cursor
    filters = {
        "all": Filters(),
        "`region`": Filters(region="ACC"),
        "`region`, rare": Filters(region="Hippocampus"),
        "`region` that nothing has": Filters(region="Nowhere"),
        "`state=succeeded`": Filters(state="succeeded"),
        "`state=failed`": Filters(state="failed"),
        "`state=running`, of which there is none": Filters(state="running"),
        "`verdict=yes`": Filters(verdict="yes"),
        "`verdict=no`": Filters(verdict="no"),
        "`created_from`, the newest twentieth": Filters(created_from=late),
        "`created_before`, the older half": Filters(created_before=middle),
        "one day": one_day,
        "a time before all": Filters(created_before=created_of(-10)),
        "`region` and `verdict`": Filters(region="ACC", verdict="no"),
        "`region` and `verdict` that never meet": Filters(region="Pons", verdict="no"),
        "`region` and `state`": Filters(region="ACC", state="failed"),
        "`verdict` in the older half": Filters(verdict="no", created_before=middle),
        "`region`, `verdict` and a day": replace(one_day, region="ACC", verdict="no"),
    }
    deeply = ("all", "`region`, rare", "`verdict=no`", "`state=succeeded`")

    def calls(narrowed: Filters) -> Callable[[int], object]:
        return lambda _: repository.page(narrowed, None, LENGTH)

    def deep_calls(narrowed: Filters) -> Callable[[int], object]:
        return lambda _: repository.page(narrowed, deep, LENGTH)

    return {
        **{f"list: {name}": calls(narrowed) for name, narrowed in filters.items()},
        **{f"list, deep: {name}": deep_calls(filters[name]) for name in deeply},
    }


def _subjects(repository: AnalysisRepository, rows: int) -> Asked:
    def page(number: int, **more: str) -> object:
        return repository.page(Filters(subject=_subject(number, rows), **more), None, LENGTH)  # type: ignore[arg-type]

    return {
        "list: `subject`": page,
        "list: unknown `subject`": lambda _: repository.page(Filters(subject="nobody"), None, LENGTH),
        "list: `subject` and `verdict`": lambda number: page(number, verdict="no"),
        "list: `subject`, `region` and `state`": lambda number: page(number, region="ACC", state="succeeded"),
        "timeline": lambda number: course(sessions_of(followed_of(repository, _subject(number, rows)).rows)),
    }


def _writing(repository: AnalysisRepository, queue: JobQueue, rows: int) -> Asked:
    found = example_analysis()
    answer = PackedAnalysis(dump_analysis(found), dump_traces(example_traces()), 1.0)
    claimed: list[str] = []

    def submit(number: int) -> object:
        content = json.dumps({"fid_real": [1.0], "fid_imag": [0.0], "number": [rows, number]}).encode()
        files = (StoredFile("metabolite", "metabolite.json", content),)
        request = {"subject": f"new-{number}", "region": "ACC"}
        return repository.submit(Submission(files, request, "request"), queue_limit=1000)

    def claim(_: int) -> None:
        claimed.extend(row.id for row in queue.claim("scale", 1))

    return {
        "submit": submit,
        "what waits": lambda _: queue.waiting(),
        "depths of the queue": lambda _: queue.depths(),
        "claim": claim,
        "heartbeat": lambda _: queue.heartbeat("scale", claimed),
        "keep an answer": lambda _: queue.succeed(claimed.pop(), "scale", answer),
    }


def _single(database: Database, blobs: BlobStore, repository: AnalysisRepository) -> Asked:
    sign_offs, webhooks = SignOffRepository(database, blobs), WebhookRepository(database)
    newest = [row.id for row in repository.page(Filters(state="succeeded"), None, LENGTH).rows]
    return {
        "an analysis with its result": lambda number: repository.get(newest[number % LENGTH], with_result=True),
        "sign-offs of a list": lambda _: sign_offs.states(newest),
        "calls that are due": lambda _: webhooks.take(10, timedelta(minutes=1)),
    }


def retention(database: Database, folder: Path, first: int) -> Asked:
    """Steps of the retention that begin with this analysis; those before it have been removed or are signed."""
    upkeep = Upkeep(database, BlobStore(folder))
    name = f"retention of {EXPIRED} analyses, of which the signed ones stay"
    return {name: lambda number: upkeep.expire(created_of(first + EXPIRED * (number + 1)))}


def over_http(client: TestClient, rows: int) -> Asked:
    """Calls of a service in this process."""

    def get(address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"

    return {
        "`GET /v1/analyses`": lambda _: get(f"/v1/analyses?limit={LENGTH}"),
        "`GET /v1/analyses?verdict=no&region=Pons`": lambda _: get("/v1/analyses?verdict=no&region=Pons"),
        "`GET /v1/subjects/{pseudonym}/timeline`": lambda number: get(
            f"/v1/subjects/{_subject(number, rows)}/timeline"
        ),
        "`GET /subjects/{pseudonym}`": lambda number: get(f"/subjects/{_subject(number, rows)}"),
        "`GET /`": lambda _: get("/"),
        "`GET /?sort=subject`": lambda _: get("/?sort=subject"),
        "`GET /?sort=flagged&verdict=no`": lambda _: get("/?sort=flagged&verdict=no"),
        "`GET /?sort=sign_off&region=ACC`": lambda _: get("/?sort=sign_off&region=ACC"),
        "`GET /readyz`": lambda _: get("/readyz"),
        "`GET /metrics`": lambda _: get("/metrics"),
    }
