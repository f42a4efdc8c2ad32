"""The schema, the documents and the files that analyses are kept in."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import ValidationError
from sqlalchemy import create_engine

from fitting.errors import DamagedFile
from fitting.request import request_of
from service.documents import dump_analysis, dump_traces, load_traces
from service.errors import DamagedStorage
from service.problem_documents import problem_of
from service.storage.blobs import BlobStore
from service.storage.database import Database
from service.storage.files import StoredFile
from service.storage.queue import JobQueue
from service.storage.repositories import AnalysisRepository, Submission
from service.storage.tables import Base
from tests.fake_pipeline import example_analysis, example_traces


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path}/test.sqlite3")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def repository(database: Database, tmp_path: Path) -> AnalysisRepository:
    return AnalysisRepository(database, BlobStore(tmp_path / "blobs"))


@pytest.fixture
def queue(database: Database, tmp_path: Path) -> JobQueue:
    return JobQueue(database, BlobStore(tmp_path / "blobs"))


def submission(number: int = 0) -> Submission:
    return Submission((StoredFile("metabolite", "metabolite.rda", str(number).encode()),), {}, "request")


def test_migrations_make_the_tables_of_the_code(database: Database, tmp_path: Path) -> None:
    """Nothing is in the code's tables that no revision makes, and migrating again changes nothing."""
    database.migrate()
    engine = create_engine(f"sqlite:///{tmp_path}/test.sqlite3")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()

    assert differences == []


def test_two_instances_share_the_queue(repository: AnalysisRepository, queue: JobQueue) -> None:
    """However many ask at once, each analysis is claimed once, and oldest first."""
    ids = [repository.submit(submission(number), 100)[0].id for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(lambda name: queue.claim(str(name), 5, retried=False), range(4)))

    assert sorted(row.id for claim in claims for row in claim) == ids
    assert all([row.id for row in claim] == sorted(row.id for row in claim) for claim in claims)
    assert queue.depths() == {"queued": 0, "running": 20}


def test_equal_submissions_at_once_make_one_analysis(repository: AnalysisRepository) -> None:
    """A script that sends twice in the same moment gets one analysis."""
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: repository.submit(submission(), 100), range(8)))

    assert len({row.id for row, _ in answers}) == 1
    assert sum(is_new for _, is_new in answers) == 1


def test_only_the_claimant_finishes(repository: AnalysisRepository, queue: JobQueue) -> None:
    """An answer of a worker that lost its claim is not kept."""
    problem = problem_of(DamagedFile("It is damaged."), "request")
    analysis_id = repository.submit(submission(), 100)[0].id
    queue.claim("first", 1, retried=False)
    queue.release("first", analysis_id, count_attempt=True)
    queue.claim("second", 1, retried=True)

    assert not queue.fail(analysis_id, "first", problem, final=True)
    assert queue.fail(analysis_id, "second", problem, final=True)
    assert not queue.fail(analysis_id, "second", problem, final=True)


def test_blobs(tmp_path: Path) -> None:
    """Content is kept once under its digest, readable by its owner only, and gone after removal."""
    blobs = BlobStore(tmp_path / "blobs")
    sha256 = hashlib.sha256(b"content").hexdigest()
    for _ in range(2):
        blobs.ensure(sha256, b"content")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert blobs.get(sha256) == b"content"
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0
    blobs.remove(sha256)
    blobs.remove(sha256)
    with pytest.raises(DamagedStorage, match="missing"):
        blobs.get(sha256)


def test_traces_round_trip() -> None:
    """Arrays and names come back as they were, and equal traces are equal bytes."""
    traces = example_traces()
    copy = load_traces(dump_traces(traces))

    assert copy.names == traces.names
    for item in fields(traces):
        assert np.array_equal(getattr(copy, item.name), getattr(traces, item.name))
    assert dump_traces(traces) == dump_traces(traces)


def test_numbers_must_be_finite() -> None:
    """What JSON cannot hold is refused, in the analysis and in the traces."""
    with pytest.raises(ValidationError):
        dump_analysis(replace(example_analysis(), quality=replace(example_analysis().quality, snr=float("inf"))))
    with pytest.raises(ValueError, match="fit"):
        dump_traces(replace(example_traces(), fit=np.full(64, np.nan)))


def test_request_becomes_a_job() -> None:
    """What a request leaves out has the pipeline's default; what it says arrives."""
    request = {"region": "ACC", "tissue": {"gm": 0.6, "wm": 0.3, "csf": 0.1}, "overrides": {"echo_time": 0.03}}

    assert request_of(request).subject.tissue.gm == 0.6
    assert request_of({}).subject.region is None
    assert request_of(request).options.overrides.echo_time == 0.03
    assert request_of({"options": {"deadline_seconds": 5}}).options.deadline_seconds == 5
    assert request_of({}).options.optimiser == request_of({"options": {}}).options.optimiser
