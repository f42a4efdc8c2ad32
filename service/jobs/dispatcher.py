"""From queued rows to stored answers: claims, submits, stores, and survives workers that die.

The row is the truth; a future is only how the answer travels. At most two tasks for each worker are handed
out, so that the queue stays in the database, where it can be cancelled and seen.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future, wait
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from fitting import pipeline
from fitting.errors import FittingError
from fitting.io import Files, SourceFile
from fitting.pipeline import Inspection, Job
from service.errors import InternalError, NotReady, ProblemDocument, WorkerCrashed, problem_of
from service.jobs.executors import Pool, is_crash, open_executor
from service.jobs.tasks import Analyse, Defect, Inspect, run_analysis, run_inspection, warm
from service.logs import frames_of
from service.metrics import Metrics
from service.storage.documents import Answer, load_options, load_subject
from service.storage.repositories import AnalysisRepository, StoredFile
from service.storage.tables import AnalysisRow, Role

MAX_ATTEMPTS = 2
POLL_SECONDS = 0.5
"""How soon work that another process queued is seen."""
BEAT_SECONDS = 3.0
SILENCE = timedelta(seconds=20)
"""A claimant that has not said a word for this long is dead."""
STOP_SECONDS = 10.0
"""How long a stopping service waits for the fits that are running."""

log = structlog.get_logger()


class Dispatcher:
    """A thread that keeps one executor busy with the analyses of one repository."""

    def __init__(
        self,
        repository: AnalysisRepository,
        *,
        executor: str,
        cache_dir: Path,
        metrics: Metrics,
        analyse: Analyse = pipeline.analyse,
        inspect: Inspect = pipeline.inspect,
    ) -> None:
        self._repository = repository
        self._open: Callable[[], Pool] = partial(open_executor, executor)
        self._task = partial(run_analysis, cache_dir=cache_dir, analyse=analyse)
        self._inspect = inspect
        self._metrics = metrics
        self._claimant = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._in_flight: dict[str, tuple[AnalysisRow, Future[Answer]]] = {}
        self._warming: list[Future[None]] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._next_beat = 0.0
        self._runs_alone = False
        self._is_broken = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Open the executor, warm its workers and begin."""
        self._open_pool()
        self._thread.start()

    def stop(self) -> None:
        """Let running fits end for a while, put the others back into the queue and close the executor."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Say that something was queued."""
        self._wake.set()

    def cancel(self, analysis_id: str) -> None:
        """Spare the workers an analysis that was cancelled, if it is not computing yet."""
        held = self._in_flight.get(analysis_id)
        if held is not None:
            held[1].cancel()

    def inspect(self, job: Job) -> Future[Inspection]:
        """Have a worker say what would be analysed.

        Raises
        ------
        NotReady
            When there is no worker at the moment.
        """
        try:
            future = self._pool.executor.submit(run_inspection, job, self._inspect)
        except RuntimeError as error:  # the executor is broken or being replaced
            self._note_broken()
            raise NotReady("The workers are being restarted; try again.", headers={"Retry-After": "5"}) from error
        future.add_done_callback(lambda done: self._note_broken() if _is_crashed(done) else None)
        return future

    @property
    def ready(self) -> bool:
        """Have the workers answered, and is somebody giving them work?"""
        answered = all(future.done() for future in self._warming)
        return self._thread.is_alive() and answered and not any(_is_broken(future) for future in self._warming)

    def _note_broken(self) -> None:
        self._is_broken = True
        self._wake.set()

    def _open_pool(self) -> None:
        self._pool, self._is_broken = self._open(), False
        self._warming = [self._pool.executor.submit(warm) for _ in range(self._pool.workers)]

    def _run(self) -> None:
        while not self._stopping.is_set():
            for part in (self._beat, self._collect, self._fill):
                self._guarded(part)
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        self._wind_down()

    def _guarded(self, part: Callable[[], None]) -> bool:
        """Run one part of the work; an exception is logged and may not stop the others."""
        try:
            part()
        except SQLAlchemyError as error:
            log.error("database does not answer", error=type(error).__name__)
        except Exception as error:
            log.error("dispatcher defect", error=type(error).__name__, frames=frames_of(error))
        else:
            return True
        return False

    def _beat(self) -> None:
        if time.monotonic() < self._next_beat:
            return
        if self._in_flight:
            self._repository.beat(self._claimant, self._in_flight.keys())
        for row in self._repository.abandoned(SILENCE):
            if row.claimed_by == self._claimant:  # claimed, but then the database failed before it was submitted
                self._repository.release(self._claimant, row.id, count_attempt=False)
            elif row.claimed_by is not None:
                self._retry_or_fail(row, row.claimed_by)
        self._next_beat = time.monotonic() + BEAT_SECONDS

    def _collect(self) -> None:
        for analysis_id, (row, future) in list(self._in_flight.items()):
            # what cannot be stored now is kept until it can
            if future.done() and self._guarded(partial(self._store, row, future)):
                del self._in_flight[analysis_id]
        self._is_broken |= any(_is_broken(future) for future in self._warming)
        if not self._in_flight:
            self._runs_alone = False
        self._metrics.in_flight.set(len(self._in_flight))

    def _store(self, row: AnalysisRow, future: Future[Answer]) -> None:
        try:
            answer = future.result()
        except CancelledError:
            return
        except FittingError as error:
            self._fail(row, self._claimant, problem_of(error, row.request_id), final=True)
        except Defect as error:
            log.error(
                "analysis defect", analysis_id=row.id, request_id=row.request_id, error=error.kind, frames=error.frames
            )
            self._fail(row, self._claimant, _defect(row), final=False)
        except Exception as error:
            if is_crash(error):
                self._is_broken |= isinstance(error, BrokenExecutor)
                self._retry_or_fail(row, self._claimant)
                return
            log.error("executor defect", analysis_id=row.id, request_id=row.request_id, error=type(error).__name__)
            self._fail(row, self._claimant, _defect(row), final=False)
        else:
            self._succeed(row, answer)

    def _succeed(self, row: AnalysisRow, answer: Answer) -> None:
        if self._repository.succeed(row.id, self._claimant, answer):
            self._metrics.fit_seconds.observe(answer.seconds)
            self._metrics.outcomes.labels("succeeded").inc()
            log.info(
                "analysis succeeded", analysis_id=row.id, request_id=row.request_id, seconds=round(answer.seconds, 3)
            )

    def _fail(self, row: AnalysisRow, claimant: str, problem: ProblemDocument, *, final: bool) -> None:
        if self._repository.fail(row.id, claimant, problem, final=final):
            self._metrics.outcomes.labels(problem.code).inc()
            log.info("analysis failed", analysis_id=row.id, request_id=row.request_id, code=problem.code)

    def _retry_or_fail(self, row: AnalysisRow, claimant: str) -> None:
        log.warning("worker died", analysis_id=row.id, request_id=row.request_id, attempt=row.attempts)
        if row.attempts < MAX_ATTEMPTS:
            self._repository.release(claimant, row.id, count_attempt=True)
            return
        detail = f"The process computing this analysis died {row.attempts} times, perhaps for lack of memory."
        self._fail(row, claimant, problem_of(WorkerCrashed(detail), row.request_id), final=False)

    def _fill(self) -> None:
        if self._is_broken:
            self._replace_pool()
        if self._runs_alone:
            return
        if self._repository.has_retries():
            # one that may kill its worker runs alone, or its neighbours would be blamed with it
            if not self._in_flight:
                claimed = self._repository.claim(self._claimant, 1, retried=True)
                self._runs_alone = bool(claimed)
                self._submit_all(claimed)
            return
        free = 2 * self._pool.workers - len(self._in_flight)
        if free > 0:
            self._submit_all(self._repository.claim(self._claimant, free, retried=False))

    def _replace_pool(self) -> None:
        log.warning("executor replaced")
        self._pool.close()
        self._open_pool()

    def _submit_all(self, rows: list[AnalysisRow]) -> None:
        for row in rows:
            try:
                self._in_flight[row.id] = (row, self._pool.executor.submit(self._task, self._job(row)))
            except BrokenExecutor:
                self._is_broken = True
                self._repository.release(self._claimant, row.id, count_attempt=False)
            except (OSError, ValueError) as error:
                # the files were removed meanwhile, or a stored request is no longer understood
                log.error("analysis cannot start", analysis_id=row.id, error=type(error).__name__)
                self._fail(row, self._claimant, _defect(row), final=False)
            else:
                self._in_flight[row.id][1].add_done_callback(lambda _: self._wake.set())
        self._metrics.in_flight.set(len(self._in_flight))

    def _job(self, row: AnalysisRow) -> Job:
        files = self._repository.content(row.id, "metabolite", "water_reference")
        return Job(
            metabolite=_sources(files, "metabolite"),
            water_reference=_sources(files, "water_reference"),
            subject=load_subject(row.request),
            options=load_options(row.request),
        )

    def _wind_down(self) -> None:
        wait([future for _, future in self._in_flight.values() if not future.cancel()], timeout=STOP_SECONDS)
        for part in (self._collect, self._release_all):
            self._guarded(part)
        self._pool.close()

    def _release_all(self) -> None:
        # cancelled futures are gone from the table of those in flight, but their rows are still ours
        self._repository.release(self._claimant, count_attempt=False)


def _sources(files: list[StoredFile], role: Role) -> Files:
    return tuple(SourceFile(file.name, file.content) for file in files if file.role == role)


def _defect(row: AnalysisRow) -> ProblemDocument:
    detail = "The analysis ended with an unexpected error; the operator finds it in the log by the request_id."
    return problem_of(InternalError(detail), row.request_id)


def _is_broken(future: Future[None]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def _is_crashed(future: Future[Inspection]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)
