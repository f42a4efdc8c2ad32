"""What is asked all the time costs the same however many analyses there are: each query reads what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, event

from service.api.subjects import followed_of
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.events import EventRepository
from service.storage.files import StoredFile
from service.storage.lists import Cursor, Filters, listed
from service.storage.queue import JobQueue
from service.storage.repositories import AnalysisRepository, Submission
from service.storage.sign_offs import SignOffRepository
from service.storage.tables import ANALYSES, AnalysisRow
from service.storage.upkeep import Upkeep
from service.storage.webhooks import WebhookRepository
from tests.measure.load.rows import PROJECT, created_of, fill
from tests.servers.postgresql import PostgreSql

ROWS = 6000
LENGTH = 20
SUBJECT = "sub-3"

_MIDDLE = created_of(ROWS // 2)
_TIMES: tuple[dict[str, datetime], ...] = (
    {},
    {"created_from": created_of(ROWS - 10)},
    {"created_from": created_of(1), "created_before": _MIDDLE},
    {"created_before": created_of(3)},
)
FILTERS = [
    Filters(subject, region, state, verdict, **times)
    for subject, region, state, verdict, times in product(
        (None, SUBJECT, "nobody"),
        (None, "ACC", "Pons", "Nowhere"),
        (None, "succeeded", "running"),
        (None, "yes", "no"),
        _TIMES,
    )
]
"""Common, rare and absent values, alone and together; some match nothing although each of their values is common."""


class Steps:
    """Counts the instructions of SQLite's virtual machine: what a query costs, without a clock."""

    def __init__(self, database: Database) -> None:
        self.count = 0

        @event.listens_for(database._engine, "checkout")
        def watch(connection: Any, _record: object, _proxy: object) -> None:
            connection.set_progress_handler(self._tick, 1)

    def _tick(self) -> int:
        self.count += 1
        return 0

    def of(self, action: Callable[[], object]) -> int:
        """How many the action takes."""
        before = self.count
        action()
        return self.count - before


class Office(NamedTuple):
    """What the service asks of a database."""

    database: Database
    repository: AnalysisRepository
    queue: JobQueue
    upkeep: Upkeep


def opened(url: str, folder: Path) -> Office:
    database, blobs = Database(url), BlobStore(folder / "blobs")
    database.migrate()
    repository = AnalysisRepository(database, blobs).of(PROJECT)
    return Office(database, repository, JobQueue(database, blobs), Upkeep(database, blobs))


@pytest.fixture(scope="module", params=["without statistics", "with statistics"])
def sqlite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Thousands of analyses; read only."""
    folder = tmp_path_factory.mktemp("many")
    office = opened(f"sqlite:///{folder}/many.sqlite3", folder)
    fill(f"sqlite:///{folder}/many.sqlite3", range(ROWS), ROWS, with_results=False)
    if request.param == "with statistics":
        with office.database.changing() as connection:
            connection.exec_driver_sql("ANALYZE")
        office.database.close()  # a connection reads them when it opens
    yield office
    office.database.close()


def deep(office: Office) -> Cursor:
    """A place after nine tenths of the list."""
    cursor = office.repository.page(Filters(created_before=created_of(ROWS // 10)), None, 1).next_cursor
    assert cursor is not None
    return cursor


def test_sqlite_lists_read_only_shown_rows(sqlite: Office) -> None:
    """Whatever is asked for, at the beginning and deep in the list: a few instructions for each row that is shown."""
    steps, cursor = Steps(sqlite.database), deep(sqlite)
    costs = {
        (filters, place): steps.of(lambda filters=filters, place=place: sqlite.repository.page(filters, place, LENGTH))
        for filters, place in product(FILTERS, (None, cursor))
    }

    assert {asked: cost for asked, cost in costs.items() if cost > 25 * LENGTH + 100} == {}


def test_a_sorted_list_reads_what_is_sorted_together(sqlite: Office) -> None:
    """The newest hundred that match and no more, whatever the filter, before they are sorted."""
    steps, cursor = Steps(sqlite.database), deep(sqlite)
    worklist = sqlite.repository.worklist()
    costs = {
        (filters, place): steps.of(lambda filters=filters, place=place: worklist.newest(filters, place, 100))
        for filters, place in product(FILTERS[::3], (None, cursor))
    }

    assert {asked: cost for asked, cost in costs.items() if cost > 25 * 100 + 100} == {}


def test_lists_show_the_requested_rows(sqlite: Office) -> None:
    """Page by page each list has the analyses that match, newest first, as the rows themselves say."""
    with sqlite.database.asking() as connection:
        columns = (ANALYSES.c.id, ANALYSES.c.created, ANALYSES.c.subject, ANALYSES.c.region, ANALYSES.c.state)
        query = ANALYSES.select().with_only_columns(*columns, ANALYSES.c.verdict)
        rows = connection.execute(query.where(ANALYSES.c.project == PROJECT)).all()
    rows = sorted(rows, key=lambda row: (row.created, row.id), reverse=True)
    for filters in FILTERS[::5]:
        expected = [row.id for row in rows if _matches(filters, row)][: 2 * LENGTH]
        first = sqlite.repository.page(filters, None, LENGTH)
        found = list(first.rows)
        if first.next_cursor is not None:
            found += sqlite.repository.page(filters, first.next_cursor, LENGTH).rows

        assert [row.id for row in found] == expected, filters


def _matches(filters: Filters, row: Any) -> bool:
    equal = all(
        getattr(filters, name) in (None, getattr(row, name)) for name in ("subject", "region", "state", "verdict")
    )
    return (
        equal
        and (filters.created_from is None or row.created >= filters.created_from)
        and (filters.created_before is None or row.created < filters.created_before)
    )


def test_sqlite_reads_no_more_of_a_larger_database(tmp_path: Path) -> None:
    """Whatever else is asked all the time takes as many instructions with ten times the rows."""
    costs = {rows: _costs(tmp_path / str(rows), rows) for rows in (600, 6000)}

    assert {name: costs[600][name] for name in costs[600]} == pytest.approx(costs[6000], rel=0.15, abs=60)


def _costs(folder: Path, rows: int) -> dict[str, int]:
    folder.mkdir()
    office = opened(f"sqlite:///{folder}/many.sqlite3", folder)
    fill(f"sqlite:///{folder}/many.sqlite3", range(rows), rows, with_results=False)
    blobs, steps = BlobStore(folder / "blobs"), Steps(office.database)
    sign_offs, webhooks = SignOffRepository(office.database, blobs), WebhookRepository(office.database)
    shown = office.repository.page(Filters(), None, LENGTH).rows
    newest = shown[0].id
    retained = 40
    actions: dict[str, Callable[[], object]] = {
        "the timeline": lambda: followed_of(office.repository, SUBJECT),
        "sessions of a list": lambda: office.repository.worklist().sessions({row.subject for row in shown}),
        "rows of a sorted page": lambda: office.repository.worklist().rows([row.id for row in shown]),
        "chosen analyses": lambda: office.repository.page(Filters(ids=tuple(row.id for row in shown)), None, 50),
        "an analysis": lambda: office.repository.get(newest, with_result=True),
        "its events": lambda: EventRepository(office.database).after(newest, 0),
        "sign-offs of a list": lambda: sign_offs.states(row.id for row in shown),
        "submitting": lambda: office.repository.submit(_submission(), queue_limit=100),
        "submitting again": lambda: office.repository.submit(_submission(), queue_limit=100),
        "what waits": office.queue.waiting,
        "depths of the queue": office.queue.depths,
        "claiming": lambda: office.queue.claim("me", 4),
        "claimants": office.queue.owners,
        "the abandoned": lambda: office.queue.stale(timedelta(hours=1)),
        "releasing": lambda: office.queue.release("me", count_attempt=False),
        "calls that are due": lambda: webhooks.take(10, timedelta(minutes=1)),
        "retention": lambda: office.upkeep.expire(created_of(retained)),
        "retention with nothing to remove": lambda: office.upkeep.expire(created_of(retained)),
    }
    costs = {name: steps.of(action) for name, action in actions.items()}
    office.database.close()
    return costs


def _submission() -> Submission:
    return Submission((StoredFile("metabolite", "metabolite.json", b"{}"),), {"subject": SUBJECT}, "request")


def test_retention_passes_signed_analyses_once(tmp_path: Path) -> None:
    """They stay for ever: a chore of every hour must not read them all each time."""
    office = opened(f"sqlite:///{tmp_path}/many.sqlite3", tmp_path)
    fill(f"sqlite:///{tmp_path}/many.sqlite3", range(300), 300, with_results=False)
    steps = Steps(office.database)
    removed = office.upkeep.expire(datetime.now(UTC))
    again = steps.of(lambda: office.upkeep.expire(datetime.now(UTC)))
    left = office.repository.page(Filters(), None, 1000).rows
    office.database.close()

    assert removed > len(left) > 40
    assert again < 100


@pytest.fixture(scope="module")
def postgresql(server: PostgreSql, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The same in PostgreSQL, with the statistics that it collects by itself after a minute."""
    url, folder = server.new_database(), tmp_path_factory.mktemp("many")
    office = opened(url, folder)
    fill(url, range(ROWS), ROWS, with_results=False)
    with office.database.changing() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield office
    office.database.close()


def test_postgresql_lists_read_only_shown_rows(postgresql: Office) -> None:
    """Whatever is asked for: a few blocks for each row that is shown, of the thousands there are."""
    cursor = deep(postgresql)
    with postgresql.database.asking() as connection:
        asked = list(product(FILTERS[::5], (None, cursor)))
        costs = {(filters, place): _blocks(connection, filters, place) for filters, place in asked}

    assert {asked: cost for asked, cost in costs.items() if cost > 3 * LENGTH + 10} == {}


def _blocks(connection: Connection, filters: Filters, place: Cursor | None) -> int:
    query = listed(filters, place, LENGTH + 1, with_result=False).where(AnalysisRow.project == PROJECT)
    compiled = query.compile(dialect=connection.dialect)
    explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}", compiled.params)
    plan = explained.scalar_one()[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
